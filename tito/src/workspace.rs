//! A learner's workspace: where it is, what is in it, and what is known about it.
//!
//! | in the folder | is |
//! |---|---|
//! | `tito.toml` | the settings; marks a folder as a workspace |
//! | `modules/` | what the learner writes, a folder a module from `tito module start` on |
//! | `tinytorch/` | the learner's package: re-exports what is exported so far |
//! | `.tito/state.json`, `.tito/journal.jsonl` | the way so far ([`ledger`]) |
//! | `.tito/base/` | the stub that each file started from |
//! | `.tito/backup/` | what `reset`, `solution` and `adopt` replaced |
//! | `.tito/checks/`, `.tito/graph/`, `.tito/target/` | made again whenever they are missing |

pub mod state;
pub mod ledger;
pub mod manifest;
pub mod facade;
pub mod files;
pub mod plan;

use std::borrow::Cow;
use std::env;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::course::{Course, Module, Track};
use crate::durable::trouble;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::tree::Tree;
use ledger::Ledger;
use state::{Edition, Event, State};

/// The file that marks a workspace.
pub const SETTINGS: &str = "tito.toml";

/// A learner's workspace, and the course that it follows.
#[derive(Clone, Debug)]
pub struct Workspace {
    /// Its folder.
    pub root: PathBuf,
    /// The course's files.
    pub tree: Cow<'static, Tree>,
    /// The course's manifest.
    pub course: Course,
    /// What `tito.toml` says.
    settings: Settings,
}

/// `tito.toml`.
#[derive(Clone, Debug, Deserialize)]
struct Settings {
    /// A track's id.
    track: String,
}

impl Workspace {
    /// The workspace that this process stands in: the nearest folder upward with a `tito.toml`.
    ///
    /// # Errors
    /// There is none, or its settings can't be read.
    pub fn here() -> Result<Workspace, Failure> {
        let here = env::current_dir().map_err(|error| {
            Failure::environment(format!("the current folder can't be found: {error}"))
        })?;
        match Workspace::above(&here)? {
            Some(workspace) => Ok(workspace),
            None => Err(Failure::input("this is no workspace, and neither is a folder above it")
                .cure("make one: tito init my-tinytorch, then cd my-tinytorch")
                .cure("or go to the one that you have")),
        }
    }

    /// The nearest workspace at a folder or above it.
    ///
    /// # Errors
    /// Its settings or the course can't be read.
    pub fn above(folder: &Path) -> Result<Option<Workspace>, Failure> {
        match folder.ancestors().find(|it| it.join(SETTINGS).is_file()) {
            Some(root) => Workspace::at(root).map(Some),
            None => Ok(None),
        }
    }

    /// The workspace in this folder.
    ///
    /// # Errors
    /// Its settings or the course can't be read.
    pub fn at(root: &Path) -> Result<Workspace, Failure> {
        let path = root.join(SETTINGS);
        let text = std::fs::read_to_string(&path).map_err(|it| trouble("read", &path, &it))?;
        let settings: Settings = toml::from_str(&text).map_err(|error| {
            Failure::input(format!("{} can't be read: {error}", path.display()))
                .cure("one line is enough: track = \"complete\"")
        })?;
        let (tree, course) = course_in_use()?;
        let workspace = Workspace { root: root.to_owned(), tree, course, settings };
        workspace.course.find_track(&workspace.settings.track)?;
        Ok(workspace)
    }

    /// The learner's way through the course.
    pub fn track(&self) -> &Track {
        let found = self.course.tracks.iter().find(|track| track.id == self.settings.track);
        found.expect("looked up when the settings were read")
    }

    /// The folder of all that is not the learner's to edit.
    pub fn hidden(&self) -> PathBuf {
        self.root.join(".tito")
    }

    /// The folder of a module.
    pub fn module(&self, module: &Module) -> PathBuf {
        self.root.join(module.folder())
    }

    /// The folder of a module's sources: what is judged.
    pub fn sources(&self, module: &Module) -> PathBuf {
        self.module(module).join("src")
    }

    /// Where a module's files are kept as the course gave them: what updates compare with.
    pub fn base(&self, module: &Module) -> PathBuf {
        self.hidden().join("base").join(format!("{}_{}", module.id, module.name))
    }

    /// Where cargo builds for tito; a folder of its own, so that editors and tito never wait for
    /// each other.
    pub fn target(&self) -> PathBuf {
        self.hidden().join("target")
    }

    /// The path as seen from the workspace's folder, with `/` between the parts.
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy().replace('\\', "/")
    }

    /// What is known, read without a lock.
    ///
    /// # Errors
    /// As [`ledger::read`].
    pub fn state(&self, terminal: &Terminal) -> Result<State, Failure> {
        let read = ledger::read(&self.hidden())?;
        if let Some(remark) = read.remark {
            terminal.remark(format!("note: {remark}"));
        }
        Ok(self.with_what_is_there(read.state))
    }

    /// What is known, held by this process alone.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        let mut ledger = Ledger::open(&self.hidden())?;
        if ledger.state().events == 0 {
            // Both records were lost: what lies in the folder is what is known.
            ledger.record(Event::Created { course: edition(&self.tree) })?;
        }
        for module in self.unrecorded(ledger.state()) {
            ledger.record(Event::Started { module })?;
        }
        Ok(ledger)
    }

    /// Modules whose folder is there although no event says so: a crash came in between.
    fn unrecorded(&self, state: &State) -> Vec<String> {
        let known = |id: &str| state.modules.get(id).is_some_and(|it| it.started.is_some());
        let there = self.course.modules.iter().filter(|module| self.sources(module).is_dir());
        there.filter(|module| !known(&module.id)).map(|module| module.id.clone()).collect()
    }

    fn with_what_is_there(&self, mut state: State) -> State {
        for module in self.unrecorded(&state) {
            state.apply(Event::Started { module }, "");
        }
        state
    }

    /// The module that a word means: its number (`5`, `05`), name or folder.
    ///
    /// # Errors
    /// A word that means none.
    pub fn find(&self, word: &str) -> Result<&Module, Failure> {
        self.course.find_module(word)
    }
}

/// The course in use: its files and its manifest.
///
/// # Errors
/// `TITO_COURSE` names something else than a course.
pub fn course_in_use() -> Result<(Cow<'static, Tree>, Course), Failure> {
    let tree = Tree::in_use()?;
    let text = tree.text("course.toml").unwrap_or_default();
    let course = Course::parse(text)
        .map_err(|error| Failure::input(format!("course.toml can't be read: {error}")))?;
    Ok((tree, course))
}

/// Which course this is.
pub fn edition(tree: &Tree) -> Edition {
    Edition { version: env!("CARGO_PKG_VERSION").to_owned(), digest: tree.digest() }
}
