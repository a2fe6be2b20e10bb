//! A learner with a workspace: what all tests of the cycle share.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let status = output.status.code().unwrap_or(-1);
        Said { status, out: text(output.stdout), err: text(output.stderr) }
    }
}

impl Said {
    /// The command ended with this status; else all that it said is shown.
    #[track_caller]
    pub fn ended(self, status: i32) -> Said {
        assert_eq!(self.status, status, "{}\n{}", self.out, self.err);
        self
    }

    /// These words are somewhere in what it said.
    #[track_caller]
    pub fn with(self, words: &str) -> Said {
        let all = format!("{}\n{}", self.out, self.err);
        assert!(all.contains(words), "no `{words}` in:\n{all}");
        self
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// The small course with the repository's own harness, macro and stage, once for all tests.
pub fn course() -> &'static Path {
    static COURSE: OnceLock<TempDir> = OnceLock::new();
    COURSE.get_or_init(fresh_course).path()
}

/// A copy of the small course that a test may change.
pub fn fresh_course() -> TempDir {
    let home = tempfile::tempdir().unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&here.join("tests/mini"), home.path());
    for part in ["course/exercise", "course/check", "milestones/stage"] {
        copy(&here.join("..").join(part), &home.path().join(part));
    }
    home
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &place),
            false => fs::write(place, fs::read(entry.path()).unwrap()).unwrap(),
        }
    }
}

/// A home with a workspace in it.
pub struct Learner {
    pub home: TempDir,
    /// Of the workspace.
    pub root: PathBuf,
    pub course: PathBuf,
}

impl Learner {
    /// Somebody who has just made a workspace.
    pub fn new() -> Learner {
        Learner::named("my-tinytorch")
    }

    pub fn named(name: &str) -> Learner {
        let learner = Learner::without_workspace(name);
        learner.command(&["init", name]).output().map(Said::from).unwrap().ended(0);
        learner
    }

    pub fn without_workspace(name: &str) -> Learner {
        Learner::at_home(tempfile::tempdir().unwrap(), name)
    }

    /// Somebody who will make a workspace below this folder.
    pub fn living_in(folder: &Path) -> Learner {
        Learner::at_home(tempfile::tempdir_in(folder).unwrap(), "my-tinytorch")
    }

    fn at_home(home: TempDir, name: &str) -> Learner {
        // Where the temporary folder is behind a link, tito says where it really is.
        let root = home.path().canonicalize().unwrap().join(name);
        Learner { home, root, course: course().to_owned() }
    }

    /// Somebody who has completed these modules, with the answer key's code typed in.
    pub fn who_completed(modules: &[&str]) -> Learner {
        let learner = Learner::new();
        for module in modules {
            learner.say(&["module", "start", module]).ended(0);
            learner.type_in(module);
            learner.say(&["module", "complete", module]).ended(0);
        }
        learner
    }

    /// tito with these words, in the workspace or where it will be.
    pub fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("tito"));
        command.args(words).env("TITO_COURSE", &self.course);
        command.env("TINYTORCH_DATA", self.home.path().join("data"));
        for name in ["CARGO", "TERM", "NO_COLOR", "LC_ALL", "LC_CTYPE"] {
            command.env_remove(name);
        }
        command.env("LANG", "C.UTF-8");
        let here = if self.root.is_dir() { &self.root } else { self.home.path() };
        command.current_dir(here);
        command
    }

    pub fn say(&self, words: &[&str]) -> Said {
        Said::from(self.command(words).output().unwrap())
    }

    /// tito with these words, unheard, going on.
    pub fn spawn(&self, words: &[&str]) -> Child {
        let mut command = self.command(words);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    }

    /// Puts the answer key's sources into a module's folder.
    pub fn type_in(&self, module: &str) {
        let folder = folder(module);
        copy(&self.course.join("modules").join(folder).join("src"), &self.sources(module));
    }

    pub fn sources(&self, module: &str) -> PathBuf {
        self.root.join("modules").join(folder(module)).join("src")
    }

    /// Replaces text in a file of a module; it has to be there once.
    #[track_caller]
    pub fn edit(&self, module: &str, file: &str, from: &str, to: &str) {
        let path = self.sources(module).join(file);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {text}");
        fs::write(path, text.replacen(from, to, 1)).unwrap();
    }

    /// Where each module stands, by id.
    pub fn standings(&self) -> BTreeMap<String, String> {
        let listed = self.say(&["module", "list", "--json"]).ended(0).json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        listed
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (text(&row["id"]), text(&row["standing"])))
            .collect()
    }

    /// The ids of the modules that are complete.
    pub fn completed(&self) -> Vec<String> {
        let all = self.standings().into_iter();
        all.filter(|(_, standing)| standing == "complete").map(|(id, _)| id).collect()
    }
}

fn folder(module: &str) -> &'static str {
    match module {
        "01" => "01_tensor",
        "02" => "02_layers",
        _ => "03_training",
    }
}

/// Every file below a folder, by its path from there; what is built is left out.
pub fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    collect(folder, folder, &mut found);
    found
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().unwrap() != "target" {
            collect(root, &path, found);
        } else if path.is_file() {
            found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

/// How often a test that takes long is repeated: a few times here, more where somebody asks.
pub fn rounds(usual: usize) -> usize {
    let asked = std::env::var("TITO_TEST_ROUNDS").ok().and_then(|it| it.parse().ok());
    asked.unwrap_or(usual)
}
