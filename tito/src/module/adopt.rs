//! `tito module adopt`: the answer key's version of a module, marked as such.

use std::process::ExitCode;

use super::{later, status};
use crate::course::Module;
use crate::failure::Failure;
use crate::judge::answers;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::files::hashes;
use crate::workspace::ledger::Ledger;
use crate::workspace::state::Event;

/// Which module.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
An adopted module lets you go on. It is marked as the answer key's wherever it is shown, counts
for no checkpoint, and becomes yours when you begin it after all: tito module reset NN")]
pub struct Request {
    /// Its number or name: 04, losses
    pub module: String,
}

/// Takes the answer key's version of a module, and of what it needs where nothing is begun.
pub fn adopt(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let module = workspace.find(&request.module)?;
    let mut ledger = workspace.ledger()?;
    if ledger.state().adopted(&module.id) {
        terminal.print(format!("{} {} is the answer key's already", module.id, module.name));
        return Ok(ExitCode::SUCCESS);
    }
    if ledger.state().completed(&module.id) {
        return Err(Failure::input(format!("{} {} is complete", module.id, module.name))
            .cure("your own version stands; there is nothing to take over"));
    }
    for need in workspace.course.closure(std::slice::from_ref(&module.id)) {
        let begun = workspace.sources(need).is_dir();
        if need.id == module.id || (!begun && !ledger.state().usable(&need.id)) {
            let kept = take(need, workspace, &mut ledger)?;
            let word = terminal.green("adopted");
            terminal.print(format!("{word}  {} {}: the answer key's", need.id, need.name));
            if let Some(kept) = kept {
                terminal.print(format!("         what you had is in {kept}"));
            }
        }
    }
    let state = ledger.state().clone();
    drop(ledger);
    status::next_line(workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// Puts the answer key's sources into a module's folder and records it; gives back where what
/// was there is kept.
///
/// # Errors
/// The module is still to be written, or the disk does not play along.
pub fn take(
    module: &Module,
    workspace: &Workspace,
    ledger: &mut Ledger,
) -> Result<Option<String>, Failure> {
    let sources = answers::of(&workspace.tree, module);
    if sources.is_empty() {
        return Err(later(module));
    }
    let kept = match workspace.sources(module).is_dir() {
        true => Some(workspace.replace_sources(module, &sources)?),
        false => {
            workspace.lay_out(module, &sources)?;
            None
        }
    };
    workspace.keep_base(module, &sources)?;
    ledger.record(Event::Started { module: module.id.clone() })?;
    let files = hashes(&sources);
    ledger.record(Event::Adopted { module: module.id.clone(), files })?;
    workspace.export(ledger.state())?;
    Ok(kept)
}
