//! The course as it lies on the disk.

use crate::files;
use crate::mistakes::Mistakes;
use cut::{Exercises, Questions, Source};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The modules of `course.toml`, and where they are.
pub struct Course {
    /// The folder of the repository.
    pub root: PathBuf,
    /// All modules, in order.
    pub modules: Vec<Module>,
    /// All milestones, in order.
    pub milestones: Vec<Milestone>,
    /// Ways through it.
    pub tracks: Vec<Track>,
}

/// A module: what `course.toml` says of it, and its folder.
#[derive(Clone)]
pub struct Module {
    /// Two digits.
    pub id: String,
    /// Its word.
    pub name: String,
    /// Ids of the modules that it needs.
    pub needs: Vec<String>,
    /// The name of its crate.
    pub package: String,
    /// Where it is.
    pub folder: PathBuf,
}

/// A milestone: what `course.toml` says of it.
#[derive(Clone, Deserialize)]
pub struct Milestone {
    /// Two digits.
    pub id: String,
    /// Its word.
    pub name: String,
    year: u32,
    /// Ids of the modules without which it can't run.
    pub needs: Vec<String>,
    /// Ids of the modules after which the rest of it can.
    #[serde(default)]
    pub again: Vec<String>,
    /// What it is judged by; the first is the quickest.
    #[serde(default, rename = "bar")]
    pub bars: Vec<Bar>,
}

/// A bar of a milestone.
#[derive(Clone, Deserialize)]
pub struct Bar {
    /// The id of its data set.
    pub data: String,
}

/// What is read of `course.toml` here; all of it is checked where it is embedded, in `tito`.
#[derive(Deserialize)]
struct Manifest {
    module: Vec<Entry>,
    #[serde(default)]
    milestone: Vec<Milestone>,
    #[serde(default)]
    track: Vec<Track>,
}

/// A way through the course.
#[derive(Deserialize)]
pub struct Track {
    id: String,
    modules: Vec<String>,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    name: String,
    needs: Vec<String>,
    #[serde(rename = "crate")]
    package: String,
}

/// The folder of this repository.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("is in the repository").to_path_buf()
}

impl Course {
    /// Reads the course in `root`.
    pub fn read(root: &Path) -> Result<Self, String> {
        let root = root.canonicalize().map_err(|e| format!("{}: {e}", root.display()))?;
        let manifest: Manifest = read(&root.join("course.toml"), |text| toml::from_str(text))?;
        let modules = manifest.module.into_iter().map(|entry| Module {
            folder: root.join(format!("modules/{}_{}", entry.id, entry.name)),
            id: entry.id,
            name: entry.name,
            needs: entry.needs,
            package: entry.package,
        });
        Ok(Self {
            modules: modules.collect(),
            milestones: manifest.milestone,
            tracks: manifest.track,
            root,
        })
    }

    /// The modules with these ids, or all that have exercises by now.
    pub fn chosen(&self, ids: &[String]) -> Result<Vec<&Module>, String> {
        let chosen: Vec<&Module> = match ids {
            [] => self.modules.iter().filter(|module| module.has_exercises()).collect(),
            ids => ids.iter().map(|id| self.module(id)).collect::<Result<_, _>>()?,
        };
        match chosen.iter().find(|module| !module.has_exercises()) {
            Some(module) => Err(format!("module {} has no exercises.toml yet", module.id)),
            None if chosen.is_empty() => Err("no module has an exercises.toml yet".to_string()),
            None => Ok(chosen),
        }
    }

    /// The modules of a track that have exercises by now.
    pub fn on_track(&self, id: &str) -> Result<Vec<&Module>, String> {
        let track = self.tracks.iter().find(|track| track.id == id);
        let ids: Vec<&str> = self.tracks.iter().map(|track| track.id.as_str()).collect();
        let track = track.ok_or_else(|| format!("no track {id}; there are {}", ids.join(", ")))?;
        let on_track = |module: &&Module| track.modules.contains(&module.id);
        Ok(self.modules.iter().filter(on_track).filter(|it| it.has_exercises()).collect())
    }

    /// The module `id`.
    pub fn module(&self, id: &str) -> Result<&Module, String> {
        let found = self.modules.iter().find(|module| module.id == id);
        found.ok_or_else(|| format!("there is no module {id}; ids have two digits, as in 05"))
    }

    /// The crates that a module may use: those of its needs, and of what these need.
    pub fn usable(&self, module: &Module) -> BTreeSet<&str> {
        let mut open: Vec<&String> = module.needs.iter().collect();
        let mut usable = BTreeSet::new();
        while let Some(id) = open.pop() {
            if let Ok(needed) = self.module(id)
                && usable.insert(needed.package.as_str())
            {
                open.extend(&needed.needs);
            }
        }
        usable
    }
}

impl Milestone {
    /// Whether it is written by now.
    pub fn is_in(&self, course: &Course) -> bool {
        let folder = format!("milestones/{}_{}_{}", self.id, self.year, self.name);
        course.root.join(folder).join("Cargo.toml").is_file()
    }
}

impl Module {
    /// Whether it is a chapter by now.
    pub fn has_exercises(&self) -> bool {
        self.folder.join("exercises.toml").is_file()
    }

    /// The folder's own name: `05_autograd`.
    pub fn folder_name(&self) -> String {
        format!("{}_{}", self.id, self.name)
    }

    /// The package of its checks.
    pub fn checks(&self) -> String {
        format!("checks-{}", self.name)
    }

    /// The text of one of its files.
    pub fn text(&self, file: &str) -> Result<String, String> {
        files::text(&self.folder.join(file))
    }

    /// Its `exercises.toml`.
    pub fn exercises(&self) -> Result<Exercises, String> {
        read(&self.folder.join("exercises.toml"), Exercises::read)
    }

    /// Its `questions.toml`.
    pub fn questions(&self) -> Result<Questions, String> {
        read(&self.folder.join("questions.toml"), Questions::read)
    }

    /// Its `mistakes.toml`.
    pub fn mistakes(&self) -> Result<Mistakes, String> {
        read(&self.folder.join("mistakes.toml"), |text| toml::from_str(text))
    }

    /// The Rust files of its `src`.
    pub fn sources(&self) -> Result<Vec<Source>, String> {
        let found = files::under(&self.folder.join("src"))?;
        let rust = found.into_iter().filter_map(|(name, path)| {
            let file = name.strip_suffix(".rs")?.to_string();
            Some(files::text(&path).map(|text| Source { file, text }))
        });
        rust.collect()
    }
}

fn read<T>(path: &Path, parse: impl Fn(&str) -> Result<T, toml::de::Error>) -> Result<T, String> {
    parse(&files::text(path)?).map_err(|e| format!("{}: {e}", path.display()))
}
