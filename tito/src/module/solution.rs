//! `tito module solution`: the answer key's way, after one's own or after giving up.

use std::process::ExitCode;

use super::hint;
use crate::course::Module;
use crate::durable;
use crate::failure::Failure;
use crate::judge::answers;
use crate::locate;
use crate::syllabus::Exercise;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Event, State};

/// Which exercise.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
A solution is shown once your own passes, to compare. Before that, it is shown after the third
hint and with --give-up, and the exercise is marked as given up.")]
pub struct Request {
    /// An exercise (05.3) or a module (05). Without one, the exercise you are at
    pub exercise: Option<String>,
    /// Show it although the exercise did not pass; after the third hint
    #[arg(long)]
    pub give_up: bool,
    /// Put it into your file, after a backup of the module
    #[arg(long)]
    pub write: bool,
}

/// A function of the answer key.
struct Answer {
    /// Its file in `src`.
    file: String,
    /// As in `exercises.toml`, without the file.
    item: String,
    text: String,
}

/// Shows the answer key's functions of one exercise.
pub fn solution(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let (module, exercise) = hint::exercise(request.exercise.as_deref(), workspace, &state)?;
    let known = state.module(&module.id);
    let passed = known.tested.as_ref().is_some_and(|it| it.passed.contains(&exercise.id));
    if !passed && !known.given_up.contains(&exercise.id) {
        refuse_unless_given_up(request, &exercise, &state, module)?;
        let (module, exercise) = (module.id.clone(), exercise.id.clone());
        workspace.ledger()?.record(Event::GaveUp { module, exercise })?;
    }
    let answers = answers_of(workspace, module, &exercise)?;
    terminal.print(terminal.bold(&format!("{} {}", exercise.id, exercise.title)));
    for answer in &answers {
        let head = terminal.dim(&format!("// {}/src/{}", module.folder(), answer.file));
        terminal.print(format!("\n{head}\n{}", answer.text));
    }
    if request.write {
        write(&answers, workspace, module, terminal)?;
    } else if !passed {
        terminal.print("\nRead it, close it, and write it yourself: that is how it stays.");
    }
    Ok(ExitCode::SUCCESS)
}

fn refuse_unless_given_up(
    request: &Request,
    exercise: &Exercise,
    state: &State,
    module: &Module,
) -> Result<(), Failure> {
    let id = &exercise.id;
    let shown = state.module(&module.id).hints.get(id).copied().unwrap_or(0);
    let of = exercise.hints.len() as u8;
    if shown < of {
        return Err(Failure::input(format!(
            "{id} did not pass yet, and {shown} of {of} hints were \
                                           shown"
        ))
        .cure(format!("the next hint: tito module hint {id}")));
    }
    if !request.give_up {
        return Err(Failure::input(format!("{id} did not pass yet"))
            .cure(format!("if it must be: tito module solution {id} --give-up"))
            .cure("it will be marked as given up; you can still write it yourself"));
    }
    Ok(())
}

fn answers_of(
    workspace: &Workspace,
    module: &Module,
    exercise: &Exercise,
) -> Result<Vec<Answer>, Failure> {
    let sources = answers::of(&workspace.tree, module);
    let answer = |path: &String| {
        let (file, item) = path.split_once("::")?;
        let file = format!("{file}.rs");
        let (_, bytes) = sources.iter().find(|(name, _)| *name == file)?;
        let text = String::from_utf8_lossy(bytes);
        let span = locate::span(&text, item)?;
        let lines: Vec<&str> = text.lines().skip(span.start).take(span.len()).collect();
        Some(Answer { file, item: item.to_owned(), text: lines.join("\n") })
    };
    let answers: Vec<Answer> = exercise.functions.iter().filter_map(answer).collect();
    match answers.len() == exercise.functions.len() {
        true => Ok(answers),
        false => Err(Failure::environment(format!("the answer to {} was not found", exercise.id))
            .cure(format!("take the whole module's: tito module adopt {}", module.id))),
    }
}

/// Puts answers in the place of the learner's functions.
fn write(
    answers: &[Answer],
    workspace: &Workspace,
    module: &Module,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let name = format!("{}_{}", module.id, module.name);
    let kept = workspace.back_up(&name, &workspace.sources(module))?;
    for answer in answers {
        let path = workspace.sources(module).join(&answer.file);
        let text = std::fs::read_to_string(&path)
            .map_err(|error| durable::trouble("read", &path, &error))?;
        let Some(span) = locate::span(&text, &answer.item) else {
            return Err(Failure::input(format!("your {} has no {}", answer.file, answer.item))
                .cure("copy it by hand from above"));
        };
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let written = answer.text.replace('\n', end) + end;
        let (above, below) = (lines[..span.start].concat(), lines[span.end..].concat());
        let all = format!("{above}{written}{below}");
        durable::replace(&path, all.as_bytes())?;
        terminal.print(format!("\n{}  {}", terminal.green("written"), workspace.shown(&path)));
    }
    terminal.print(terminal.dim(&format!("  what was there is in {kept}")));
    Ok(())
}
