//! The command line under trial, and the workspace that it made.

use crate::checks::Outcome;
use crate::course::{Course, Module};
use crate::files;
use crate::scratch::Files;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// `tito`, and a workspace in which it works.
pub struct Tito {
    program: PathBuf,
    home: PathBuf,
    root: PathBuf,
}

/// What it said.
pub struct Said {
    pub status: i32,
    pub text: String,
    /// From the call to the end.
    pub seconds: f64,
}

/// What `tito module test --json` prints.
#[derive(Deserialize)]
pub struct Verdict {
    pub passed: usize,
    pub total: usize,
    pub whole: bool,
    pub checks: Vec<Outcome>,
    broke_off: Option<(String, String)>,
    does_not_compile: Vec<String>,
    pub fault_in: Option<String>,
}

impl Tito {
    /// Somebody with nothing but `tito`, who then makes a workspace.
    pub fn beginning(
        course: &Course,
        program: Option<&Path>,
        track: Option<&str>,
    ) -> Result<Self, String> {
        let program = match program {
            Some(program) => program.canonicalize().map_err(|e| e.to_string())?,
            None => built(course)?,
        };
        // A name such as people have, and such as programs stumble over.
        let home = course.root.join("target/xtask/learner/J\u{fc}rgen M");
        if home.exists() {
            std::fs::remove_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
        }
        std::fs::create_dir_all(&home).map_err(|e| format!("{}: {e}", home.display()))?;
        let tito = Self { program, root: home.join("my-tinytorch"), home };
        let along: Vec<&str> = track.map_or(vec![], |track| vec!["--track", track]);
        tito.does(&[&["init", "my-tinytorch"], along.as_slice()].concat())?;
        Ok(tito)
    }

    /// Calls it with these words.
    pub fn say(&self, words: &[&str]) -> Result<Said, String> {
        let mut command = Command::new(&self.program);
        command.args(words).stdin(Stdio::null());
        command.current_dir(if self.root.is_dir() { &self.root } else { &self.home });
        // What cargo tells the programs that it runs is not for a learner's builds.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy().into_owned();
            if name.starts_with("CARGO") && name != "CARGO_HOME" || name.starts_with("TITO_") {
                command.env_remove(name);
            }
        }
        command.env("TINYTORCH_DATA", self.home.join("data")).env("LANG", "C.UTF-8");
        let begin = Instant::now();
        let output = command.output().map_err(|e| format!("{}: {e}", self.program.display()))?;
        let seconds = begin.elapsed().as_secs_f64();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = text(&output.stdout) + &text(&output.stderr);
        Ok(Said { status: output.status.code().unwrap_or(-1), text, seconds })
    }

    /// Calls it, and it has to end well.
    pub fn does(&self, words: &[&str]) -> Result<(), String> {
        let said = self.say(words)?;
        match said.status {
            0 => Ok(()),
            status => Err(format!("tito {}: status {status}\n{}", words.join(" "), said.text)),
        }
    }

    /// Judges a module. That it can't be judged at all is an error.
    pub fn judges(&self, id: &str) -> Result<(Verdict, f64), String> {
        let said = self.say(&["module", "test", id, "--json"])?;
        let verdict: Verdict = serde_json::from_str(&said.text)
            .map_err(|e| format!("tito module test {id} --json: {e}\n{}", said.text))?;
        if let Some(error) = verdict.does_not_compile.first() {
            return Err(format!("module {id} does not compile\n{error}"));
        }
        if let Some((check, how)) = &verdict.broke_off {
            return Err(format!("check {check} ends the process: {how}"));
        }
        Ok((verdict, said.seconds))
    }

    /// The modules that are complete or adopted.
    pub fn usable(&self) -> Result<BTreeSet<String>, String> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            standing: String,
        }
        let said = self.say(&["module", "list", "--json"])?;
        let rows: Vec<Row> = serde_json::from_str(&said.text)
            .map_err(|e| format!("tito module list --json: {e}\n{}", said.text))?;
        let there = |row: &Row| ["complete", "adopted"].contains(&row.standing.as_str());
        Ok(rows.into_iter().filter(there).map(|row| row.id).collect())
    }

    /// The folder of the learner's files.
    pub fn sources(&self, module: &Module) -> PathBuf {
        self.root.join("modules").join(module.folder_name()).join("src")
    }

    /// Every file of the workspace but what was built.
    pub fn files(&self) -> Result<Files, String> {
        let mut found = files::under(&self.root)?;
        found.retain(|name, _| !name.starts_with(".tito/target/"));
        let read = |(name, path): (String, PathBuf)| {
            let content = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
            Ok((name, content))
        };
        found.into_iter().map(read).collect()
    }

    /// The records of runs, by name: the newest is the last.
    pub fn records(&self) -> Result<BTreeMap<String, Vec<u8>>, String> {
        files::read_under(&self.root.join(".tito/runs"))
    }
}

/// Builds `tito` from here.
fn built(course: &Course) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let target = course.root.join("target");
    let mut command = Command::new(cargo);
    command.args(["build", "--offline", "--quiet", "--package", "tito"]);
    command.current_dir(&course.root).env("CARGO_TARGET_DIR", &target);
    let status = command.status().map_err(|e| format!("cargo: {e}"))?;
    match status.success() {
        true => Ok(target.join(format!("debug/tito{EXE_SUFFIX}"))),
        false => Err("tito does not compile".to_string()),
    }
}
