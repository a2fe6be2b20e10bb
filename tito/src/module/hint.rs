//! `tito module hint`: a question, then an idea, then the shape of the code.

use std::process::ExitCode;

use super::begun;
use crate::course::Module;
use crate::failure::Failure;
use crate::reading;
use crate::syllabus::{self, Exercise};
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Event, State};

/// Which hint.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Each call shows one hint more: a question, then the idea, then the shape of the code.
A hint that was shown once is shown again with --level.")]
pub struct Request {
    /// An exercise (05.3) or a module (05, autograd). Without one, the exercise you are at
    pub exercise: Option<String>,
    /// Show this hint again: 1, 2 or 3
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=3))]
    pub level: Option<u8>,
}

/// Shows the next hint of an exercise, with its task.
pub fn hint(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let (module, exercise) = exercise(request.exercise.as_deref(), workspace, &state)?;
    let shown = state.module(&module.id).hints.get(&exercise.id).copied().unwrap_or(0);
    let of = exercise.hints.len() as u8;
    let level = request.level.unwrap_or(shown + 1).min(of);
    if request.level.is_some_and(|level| level > shown + 1) {
        return Err(Failure::input(format!("hint {level} comes after hint {}", shown + 1))
            .cure(format!("tito module hint {}", exercise.id)));
    }
    terminal.print(terminal.bold(&format!("{} {}", exercise.id, exercise.title)));
    if let Some(place) = workspace.place(module, &exercise)? {
        terminal.print(terminal.dim(&workspace.at_place(&place)));
    }
    terminal.print(format!("\n{}\n", reading::markdown(exercise.task.trim(), terminal)));
    terminal.print(terminal.bold(&format!("Hint {level} of {of}")));
    let hint = &exercise.hints[usize::from(level) - 1];
    terminal.print(reading::markdown(hint.trim(), terminal));
    if level > shown {
        let (module, exercise) = (module.id.clone(), exercise.id.clone());
        workspace.ledger()?.record(Event::Hint { module, exercise, level })?;
    }
    terminal.print(match level < of {
        true => format!("\nOne more: tito module hint {}", exercise.id),
        false => format!(
            "\nThat was the last. If it must be: tito module solution {} --give-up",
            exercise.id
        ),
    });
    Ok(ExitCode::SUCCESS)
}

/// The exercise that a word means: its own id, a module's next open one, or the one at hand.
pub fn exercise<'a>(
    word: Option<&str>,
    workspace: &'a Workspace,
    state: &State,
) -> Result<(&'a Module, Exercise), Failure> {
    if let Some((module, number)) = word.and_then(|word| word.split_once('.')) {
        let module = begun(Some(module), workspace, state)?;
        let id = format!("{}.{number}", module.id);
        let exercises = syllabus::exercises(&workspace.tree, module)?;
        let count = exercises.len();
        let found = exercises.into_iter().find(|exercise| exercise.id == id);
        return found.map(|exercise| (module, exercise)).ok_or_else(|| {
            Failure::input(format!("there is no exercise {id}"))
                .cure(format!("module {0} has {0}.1 to {0}.{count}", module.id))
        });
    }
    let module = begun(word, workspace, state)?;
    match workspace.first_open(module, state)? {
        Some(exercise) => Ok((module, exercise)),
        None => Err(Failure::input(format!("every exercise of module {} passed", module.id))
            .cure(format!("name one all the same: tito module hint {}.1", module.id))),
    }
}
