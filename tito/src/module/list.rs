//! `tito module list`.

use std::process::ExitCode;

use serde::Serialize;

use super::{named, status};
use crate::course::Module;
use crate::failure::Failure;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::plan::Standing;
use crate::workspace::state::State;

/// How to show it.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Print one JSON array, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// A module, for programs.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    title: &'a str,
    tier: &'a str,
    standing: &'static str,
    on_track: bool,
    needs: &'a [String],
    exercises_passed: usize,
    exercises: usize,
}

/// Shows every module in a line: where it stands, and what it waits for.
pub fn list(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    if request.json {
        let modules = workspace.course.modules.iter();
        let rows: Result<Vec<Row>, _> = modules.map(|it| row(it, workspace, &state)).collect();
        let json = serde_json::to_string(&rows?).expect("rows are JSON");
        terminal.print_json(&json);
        return Ok(ExitCode::SUCCESS);
    }
    for tier in &workspace.course.tiers {
        terminal.print(terminal.bold(&tier.title));
        for module in workspace.course.modules.iter().filter(|it| it.tier == tier.id) {
            terminal.print(line(module, workspace, &state, terminal)?);
        }
        terminal.print("");
    }
    let track = workspace.track();
    terminal.print(terminal.dim(&format!("Track: {} ({})", track.id, track.title)));
    status::next_line(workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

fn row<'a>(module: &'a Module, workspace: &Workspace, state: &State) -> Result<Row<'a>, Failure> {
    Ok(Row {
        id: &module.id,
        name: &module.name,
        title: &module.title,
        tier: &module.tier,
        standing: workspace.standing(module, state).word(),
        on_track: !workspace.skips(module),
        needs: &module.needs,
        exercises_passed: passed(module, state),
        exercises: syllabus::exercises(&workspace.tree, module)?.len(),
    })
}

fn passed(module: &Module, state: &State) -> usize {
    state.module(&module.id).tested.map_or(0, |tested| tested.passed.len())
}

fn line(
    module: &Module,
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> Result<String, Failure> {
    let standing = workspace.standing(module, state);
    let words = match standing {
        Standing::Complete => terminal.green("complete"),
        Standing::Adopted => "the answer key's".to_owned(),
        Standing::Started => {
            let of = syllabus::exercises(&workspace.tree, module)?.len();
            terminal.bold(&format!("{} of {of} exercises", passed(module, state)))
        }
        Standing::Ready => format!("ready: tito module start {}", module.id),
        Standing::Waiting => {
            let waits = workspace.waits_for(module, state);
            let waits = match waits.as_slice() {
                [] | [_] | [_, _] => named(&waits),
                [first, .., last] => format!("{} to {}", first.id, last.id),
            };
            terminal.dim(&format!("waits for {waits}"))
        }
        Standing::Later => terminal.dim("comes later"),
    };
    let skipped = workspace.skips(module) && standing != Standing::Adopted;
    let skipped = if skipped { terminal.dim("  (not on your track)") } else { String::new() };
    Ok(format!("  {} {:<14} {words}{skipped}", module.id, module.name))
}
