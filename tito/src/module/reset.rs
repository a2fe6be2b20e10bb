//! `tito module reset`: begin again, with everything kept.

use std::fs;
use std::process::ExitCode;

use super::{chosen, later, named, status};
use crate::course::Module;
use crate::durable::{read_folder, trouble};
use crate::failure::Failure;
use crate::stub;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::files::Sources;
use crate::workspace::state::Event;

/// Which module, and to what.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Whatever is in the folder is kept in .tito/backup first, whether it was yours, a backup or the
answer key's. --list shows what is there, --restore brings it back.")]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
    /// Show the backups of the module, and change nothing
    #[arg(long)]
    pub list: bool,
    /// Bring this backup back instead of the empty exercises
    #[arg(long, value_name = "BACKUP", conflicts_with = "list")]
    pub restore: Option<String>,
}

/// Puts a module's files back to the empty exercises, or to a backup.
pub fn reset(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = chosen(request.module.as_deref(), workspace, &state)?;
    if request.list {
        return list(module, workspace, terminal);
    }
    if !syllabus::is_taught(&workspace.tree, module) && request.restore.is_none() {
        return Err(later(module));
    }
    let mut ledger = workspace.ledger()?;
    if ledger.state().module(&module.id).started.is_none() {
        return Err(Failure::input(format!("module {} {} is not begun", module.id, module.name))
            .cure(format!("begin it: tito module start {}", module.id)));
    }
    let sources = match &request.restore {
        Some(name) => backup(name, module, workspace)?,
        None => stub::of(&workspace.tree, module)?,
    };
    let kept = if workspace.module(module).is_dir() {
        Some(workspace.replace_sources(module, &sources)?)
    } else {
        workspace.lay_out(module, &sources)?;
        None
    };
    if request.restore.is_none() {
        workspace.keep_base(module, &sources)?;
    }
    let backup = kept.clone().unwrap_or_default();
    ledger.record(Event::Reset { module: module.id.clone(), backup })?;
    workspace.export(ledger.state())?;
    let state = ledger.state().clone();
    drop(ledger);
    let word = if request.restore.is_some() { "restored" } else { "reset" };
    terminal.print(format!("{}  {} {}", terminal.green(word), module.id, module.name));
    if let Some(kept) = kept {
        terminal.print(format!("  what was there is in {kept}"));
        let name = kept.rsplit('/').next().unwrap_or_default();
        let back = format!("tito module reset {} --restore {name}", module.id);
        terminal.print(terminal.dim(&format!("  bring it back: {back}")));
    }
    let above = |it: &&Module| it.needs.contains(&module.id) && state.completed(&it.id);
    let above: Vec<&Module> = workspace.course.modules.iter().filter(above).collect();
    if !above.is_empty() {
        terminal.print(format!("  {} build on it and wait for it", named(&above)));
    }
    status::next_line(workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// The names of a module's backups, oldest first.
fn backups(module: &Module, workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let folder = workspace.hidden().join("backup");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(trouble("read", &folder, &error)),
    };
    let mark = format!("_{}_{}", module.id, module.name);
    let names = entries.flatten().map(|it| it.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains(&mark)).collect();
    names.sort();
    Ok(names)
}

fn list(module: &Module, workspace: &Workspace, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let names = backups(module, workspace)?;
    if names.is_empty() {
        terminal.print(format!("no backup of {} {} yet", module.id, module.name));
    }
    names.iter().for_each(|name| terminal.print(name));
    Ok(ExitCode::SUCCESS)
}

fn backup(name: &str, module: &Module, workspace: &Workspace) -> Result<Sources, Failure> {
    let names = backups(module, workspace)?;
    if !names.iter().any(|it| it == name) {
        return Err(Failure::input(format!("there is no backup `{name}`"))
            .cure(format!("`tito module reset {} --list` shows them", module.id)));
    }
    read_folder(&workspace.hidden().join("backup").join(name))
}
