//! `tito module start`: the folder to work in.

use std::process::ExitCode;

use super::{later, named, status};
use crate::course::Module;
use crate::failure::Failure;
use crate::stub;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::ledger::Ledger;
use crate::workspace::plan::Step;
use crate::workspace::state::{Event, State};

/// Which module.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the next on your track
    pub module: Option<String>,
}

/// Makes a module's folder, with its lesson and its files to fill in, once what it needs is there.
pub fn start(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let mut ledger = workspace.ledger()?;
    let module = choose(request, workspace, ledger.state())?;
    if !syllabus::is_taught(&workspace.tree, module) {
        return Err(later(module));
    }
    let waits = workspace.waits_for(module, ledger.state());
    if !waits.is_empty() {
        return Err(locked(module, &waits, workspace));
    }
    if workspace.sources(module).is_dir() {
        terminal.print(format!("module {} {} is begun already", module.id, module.name));
    } else {
        adopt_what_the_track_skips(module, workspace, &mut ledger, terminal)?;
        let sources = stub::of(&workspace.tree, module)?;
        workspace.keep_base(module, &sources)?;
        workspace.lay_out(module, &sources)?;
        ledger.record(Event::Started { module: module.id.clone() })?;
        let words = format!("{}  {}", terminal.green("made"), module.folder());
        terminal.print(words);
    }
    let state = ledger.state().clone();
    drop(ledger);
    introduce(module, workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

fn choose<'a>(
    request: &Request,
    workspace: &'a Workspace,
    state: &State,
) -> Result<&'a Module, Failure> {
    if let Some(word) = &request.module {
        return workspace.find(word);
    }
    let next = workspace.track().modules.iter().filter_map(|id| workspace.course.module(id));
    let mut open = next.filter(|module| !state.usable(&module.id));
    open.next().ok_or_else(|| {
        Failure::input("every module of your track is done")
            .cure("`tito module list` shows the others")
    })
}

fn locked(module: &Module, waits: &[&Module], workspace: &Workspace) -> Failure {
    let first = waits[0];
    Failure::input(format!("module {} {} waits for {}", module.id, module.name, named(waits)))
        .cure(match workspace.sources(first).is_dir() {
            true => format!("finish {} first: tito module complete {0}", first.id),
            false => format!("begin with {}: tito module start {0}", first.id),
        })
        .cure(format!("or take the answer key's: tito module adopt {}", first.id))
}

/// What a track leaves out and this module needs comes from the answer key, with a word.
fn adopt_what_the_track_skips(
    module: &Module,
    workspace: &Workspace,
    ledger: &mut Ledger,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let needs = workspace.course.closure(std::slice::from_ref(&module.id));
    for need in needs {
        if need.id != module.id && !ledger.state().usable(&need.id) {
            super::adopt::take(need, workspace, ledger)?;
            let word = terminal.green("adopted");
            terminal.print(format!("{word}  {} {}: your track skips it", need.id, need.name));
        }
    }
    Ok(())
}

fn introduce(
    module: &Module,
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let exercises = syllabus::exercises(&workspace.tree, module)?;
    let [quick, careful] = module.hours;
    terminal.print(format!(
        "\n{}\n{}\n",
        terminal.bold(&format!("{} {}", module.id, module.title)),
        terminal.wrap(&module.summary, 0),
    ));
    terminal.print(format!("  read    {}/README.md", module.folder()));
    terminal.print(format!("  write   {} exercises, {quick} to {careful} hours", exercises.len()));
    if let Step::Write(at, exercise, Some(place)) = workspace.next_step(state)?
        && at.id == module.id
    {
        let first = format!("  begin   {}", workspace.at_place(&place));
        terminal.print(format!("{first}\n          {} {}", exercise.id, exercise.title));
    }
    status::next_line(workspace, state, terminal)
}
