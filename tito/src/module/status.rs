//! `tito module status`: one module, exercise by exercise.

use std::process::ExitCode;

use serde::Serialize;

use super::{chosen, named};
use crate::course::Module;
use crate::failure::Failure;
use crate::locate;
use crate::questions::{self, Answered};
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::plan::{Standing, Step};
use crate::workspace::state::State;

/// Which module, and how to show it.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
    /// Print one JSON object, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// A module, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    standing: &'static str,
    changed_since_complete: bool,
    exercises: Vec<Row>,
    questions: Vec<Answered>,
}

/// An exercise, for programs.
#[derive(Serialize)]
struct Row {
    id: String,
    title: String,
    points: u32,
    /// `passed`, `written` (and not passed yet) or `open`.
    standing: &'static str,
    place: Option<String>,
    hints: u8,
}

/// Shows where a module stands.
pub fn status(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = chosen(request.module.as_deref(), workspace, &state)?;
    let shown = Shown {
        id: &module.id,
        name: &module.name,
        standing: workspace.standing(module, &state).word(),
        changed_since_complete: changed(module, workspace, &state)?,
        exercises: rows(module, workspace, &state)?,
        questions: questions::answered(workspace, module)?,
    };
    if request.json {
        terminal.print_json(&serde_json::to_string(&shown).expect("it is JSON"));
        return Ok(ExitCode::SUCCESS);
    }
    head(module, workspace, &state, &shown, terminal);
    shown.exercises.iter().for_each(|row| terminal.print(line(row, terminal)));
    if !shown.questions.is_empty() && workspace.module(module).is_dir() {
        terminal.print(format!("\nQuestions, answered in {}/answers.md", module.folder()));
        shown.questions.iter().for_each(|it| terminal.print(it.line(terminal)));
    }
    next_line(workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a completed module's files are others by now.
pub fn changed(module: &Module, workspace: &Workspace, state: &State) -> Result<bool, Failure> {
    match state.module(&module.id).completed {
        Some(stamp) => Ok(stamp.files != workspace.hashes(module)?),
        None => Ok(false),
    }
}

fn rows(module: &Module, workspace: &Workspace, state: &State) -> Result<Vec<Row>, Failure> {
    let sources = workspace.read(module)?;
    let known = state.module(&module.id);
    let passed = known.tested.as_ref().map(|it| it.passed.clone()).unwrap_or_default();
    let exercises = syllabus::exercises(&workspace.tree, module)?;
    let row = |exercise: cut::Exercise| {
        let standing = match passed.contains(&exercise.id) {
            true => "passed",
            false if locate::has_hole(&sources, &exercise.id) || sources.is_empty() => "open",
            false => "written",
        };
        let place = locate::exercise(&sources, &exercise);
        Row {
            place: place.map(|(file, line)| format!("{}/src/{file}:{line}", module.folder())),
            hints: known.hints.get(&exercise.id).copied().unwrap_or(0),
            standing,
            points: exercise.points,
            title: exercise.title,
            id: exercise.id,
        }
    };
    Ok(exercises.into_iter().map(row).collect())
}

fn head(module: &Module, workspace: &Workspace, state: &State, shown: &Shown, terminal: &Terminal) {
    let of = shown.exercises.len();
    let passed = shown.exercises.iter().filter(|row| row.standing == "passed").count();
    let known = state.module(&module.id);
    let words = match workspace.standing(module, state) {
        Standing::Complete if shown.changed_since_complete => {
            format!("complete; changed since: tito module test {} judges it again", module.id)
        }
        Standing::Complete => "complete, and part of your package".to_owned(),
        Standing::Adopted => "the answer key's version stands in for it".to_owned(),
        Standing::Started => {
            let checks = known
                .tested
                .map_or(String::new(), |it| format!(", {} of {} checks", it.checks, it.of));
            format!("{passed} of {of} exercises{checks}")
        }
        Standing::Ready => format!("ready: tito module start {}", module.id),
        Standing::Waiting => format!("waits for {}", named(&workspace.waits_for(module, state))),
        Standing::Later => "comes later".to_owned(),
    };
    terminal.print(terminal.bold(&format!("{} {}", module.id, module.title)));
    terminal.print(format!("{words}\n"));
}

fn line(row: &Row, terminal: &Terminal) -> String {
    let mark = match row.standing {
        "passed" => terminal.green("\u{2713}"),
        "written" => terminal.bold("\u{b7}"),
        _ => terminal.dim("\u{b7}"),
    };
    let place = row.place.as_deref().unwrap_or_default();
    let after = match row.standing {
        "passed" => String::new(),
        "written" => format!("  {}", terminal.dim(&format!("not passed yet  {place}"))),
        _ => format!("  {}", terminal.dim(place)),
    };
    format!("  {mark} {}  {}{after}", row.id, row.title)
}

/// Says what to do next, after a blank line.
pub fn next_line(workspace: &Workspace, state: &State, terminal: &Terminal) -> Result<(), Failure> {
    terminal.print(format!("\n{}", next(workspace, state)?));
    Ok(())
}

/// What to do next, in a line or two.
pub fn next(workspace: &Workspace, state: &State) -> Result<String, Failure> {
    Ok(match workspace.next_step(state)? {
        Step::Start(module) => {
            format!("Next: tito module start {}   {}", module.id, module.title)
        }
        Step::Write(module, exercise, place) => {
            let place = place.map_or(module.folder(), |place| workspace.at_place(&place));
            format!(
                "Next: {} {}\n      {place}\n      save, then: tito module test {}",
                exercise.id, exercise.title, module.id
            )
        }
        Step::Complete(module) => {
            format!("Next: tito module complete {}   every check passed", module.id)
        }
        Step::Perform(milestone) => {
            format!("Next: tito milestone run {}   {}", milestone.name, milestone.title)
        }
        Step::Later(module) => {
            format!("Next: {} {} comes later in this edition", module.id, module.title)
        }
        Step::Done => "Next: your track is done; `tito module list` shows the others".to_owned(),
    })
}
