//! `tito clean`: what can be built again.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::durable::trouble;
use crate::failure::Failure;
use crate::fetch::bytes;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// What to remove.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Also what cargo and your editor built for themselves, in target/
    #[arg(long)]
    pub all: bool,
}

/// Removes what was built, and nothing that anybody wrote.
pub fn clean(request: &Request, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    let hidden = workspace.hidden();
    let mut folders = vec![hidden.join("target"), hidden.join("graph"), hidden.join("checks")];
    folders.push(hidden.join("milestones"));
    if request.all {
        folders.push(workspace.root.join("target"));
    }
    let mut freed = 0;
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        freed += size(folder);
        fs::remove_dir_all(folder).map_err(|error| trouble("remove", folder, &error))?;
        terminal.print(format!("removed  {}", workspace.shown(folder)));
    }
    terminal.print(match freed {
        0 => "there was nothing to remove".to_owned(),
        freed => format!("{} are free again; the next test builds anew", bytes(freed)),
    });
    Ok(ExitCode::SUCCESS)
}

/// Bytes of all files below a folder. What can't be looked at counts as nothing.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => size(&entry.path()),
        Ok(_) => entry.metadata().map_or(0, |it| it.len()),
        Err(_) => 0,
    });
    sizes.sum()
}
