//! `tito export progress` and `tito import progress`: a learner's way, from one machine to another.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde::{Deserialize, Serialize};

use crate::durable::{self, read_folder, trouble};
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Event, FORMAT, State};

/// Where to.
#[derive(Debug, Default, clap::Args)]
pub struct Export {
    /// The file to write. One that is there is not overwritten
    #[arg(default_value = "tinytorch-progress.json")]
    pub file: PathBuf,
}

/// Where from.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
The workspace takes over what the file holds. Modules that both have and that differ are kept in
.tito/backup first.")]
pub struct Import {
    /// What `tito export progress` wrote
    pub file: PathBuf,
}

/// All that a learner did, in one file.
#[derive(Serialize, Deserialize)]
struct Bundle {
    /// [`FORMAT`] of the state; a greater one is from a newer tito.
    tinytorch_progress: u32,
    tito: String,
    state: State,
    /// Text files by their path from the workspace's folder, with `/` between the parts.
    files: BTreeMap<String, String>,
}

/// Writes state, sources and answers into one file.
pub fn export(request: &Export, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    let state = workspace.state(terminal)?;
    let mut files = BTreeMap::new();
    for module in &workspace.course.modules {
        let folder = workspace.module(module);
        for (name, bytes) in read_folder(&folder)? {
            let path = format!("{}/{name}", module.folder());
            if !is_work(&path, &workspace) {
                continue;
            }
            let text = String::from_utf8(bytes).map_err(|_| {
                Failure::input(format!("{path} is not text in UTF-8, so it can't be exported"))
                    .cure("save it as UTF-8, or move it out of src/")
            })?;
            files.insert(path, text);
        }
    }
    let tito = env!("CARGO_PKG_VERSION").to_owned();
    let bundle = Bundle { tinytorch_progress: FORMAT, tito, state, files };
    if request.file.exists() {
        return Err(Failure::input(format!("{} is there already", request.file.display()))
            .cure("name another: tito export progress another.json"));
    }
    let text = serde_json::to_vec_pretty(&bundle).expect("a bundle is JSON");
    let path = std::path::absolute(&request.file).unwrap_or(request.file.clone());
    durable::replace(&path, &text)?;
    let count = bundle.files.len();
    terminal.print(format!("{}  {} ({count} files)", terminal.green("written"), path.display()));
    terminal.print("\nThere: tito init my-tinytorch, cd my-tinytorch, tito import progress FILE");
    Ok(ExitCode::SUCCESS)
}

/// Takes over what another workspace exported.
pub fn import(request: &Import, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    let bundle = read(&request.file)?;
    let foreign: Vec<&String> =
        bundle.files.keys().filter(|path| !is_work(path, &workspace)).collect();
    if let Some(path) = foreign.first() {
        return Err(Failure::input(format!("{} holds {path:?}", request.file.display()))
            .cure("that is no file of a module; nothing was changed"));
    }
    let mut ledger = workspace.ledger()?;
    let mut kept = Vec::new();
    for module in &workspace.course.modules {
        let start = format!("{}/", module.folder());
        let inside = |path: &str| path.strip_prefix(&start).map(str::to_owned);
        let files: Vec<(String, &str)> =
            bundle.files.iter().filter_map(|(path, it)| Some((inside(path)?, &**it))).collect();
        if files.is_empty() {
            continue;
        }
        let folder = workspace.module(module);
        let same = |(name, text): &(String, &str)| {
            fs::read(folder.join(name)).is_ok_and(|there| there == text.as_bytes())
        };
        if folder.is_dir() && !files.iter().all(same) {
            kept.push(workspace.back_up(&format!("{}_{}", module.id, module.name), &folder)?);
        }
        prepare(module, &workspace)?;
        for (name, text) in &files {
            durable::settle(&folder.join(name), text.as_bytes())?;
        }
    }
    ledger.record(Event::Imported { state: Box::new(bundle.state) })?;
    workspace.export(ledger.state())?;
    let done = ledger.state().modules.values().filter(|it| it.completed.is_some()).count();
    drop(ledger);
    terminal.print(format!("{}  {done} complete modules", terminal.green("taken over")));
    kept.iter().for_each(|kept| terminal.print(format!("  what you had is in {kept}")));
    terminal.print("\nNext: tito");
    Ok(ExitCode::SUCCESS)
}

/// Makes a module's folder as the course gives it, if it is not there.
fn prepare(module: &crate::course::Module, workspace: &Workspace) -> Result<(), Failure> {
    if workspace.module(module).is_dir() {
        return Ok(());
    }
    let sources = crate::stub::of(&workspace.tree, module)?;
    workspace.keep_base(module, &sources)?;
    workspace.lay_out(module, &sources)
}

fn read(path: &Path) -> Result<Bundle, Failure> {
    let text = fs::read(path).map_err(|error| trouble("read", path, &error))?;
    #[derive(Deserialize)]
    struct Head {
        tinytorch_progress: u32,
    }
    let head: Head = serde_json::from_slice(&text).map_err(|_| {
        Failure::input(format!("{} was not written by tito export progress", path.display()))
            .cure("nothing was changed")
    })?;
    if head.tinytorch_progress > FORMAT {
        return Err(Failure::input(format!("{} is from a newer tito", path.display()))
            .cure("install the newer tito; nothing was changed"));
    }
    serde_json::from_slice(&text).map_err(|error| {
        Failure::input(format!("{} is damaged: {error}", path.display()))
            .cure("export it again; nothing was changed")
    })
}

/// Whether a path is a learner's: a source of a known module, or its answers. Nothing else is
/// ever written from a file that somebody sent.
fn is_work(path: &str, workspace: &Workspace) -> bool {
    let inside = |module: &crate::course::Module| {
        let rest = path.strip_prefix(&module.folder())?.strip_prefix('/')?;
        let parts: Vec<&str> = rest.split('/').collect();
        let plain = |part: &&str| {
            !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', ':', '\0'])
        };
        let source = parts[0] == "src" && parts.len() > 1 && rest.ends_with(".rs");
        Some(parts.iter().all(plain) && (source || rest == "answers.md"))
    };
    workspace.course.modules.iter().any(|module| inside(module) == Some(true))
}
