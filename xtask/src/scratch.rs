//! A workspace in which one module is on trial, with its checks: all others are the answer key's.

use crate::course::{Course, Module};
use crate::files;
use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use toml::{Table, Value};

/// The workspace of one module on trial, in `target/xtask`.
///
/// The modules that it needs are used where they are, so that they are compiled once for all
/// trials that share a target folder; only the module and its checks are compiled again.
pub struct Scratch {
    folder: PathBuf,
    target: PathBuf,
    module: PathBuf,
    package: String,
}

/// A module's files, by their paths seen from its folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of a module that its trial needs: all but its `target`, if it has one.
pub fn files_of(module: &Module) -> Result<Files, String> {
    files::read_under(&module.folder)
}

impl Scratch {
    /// Makes the workspace `name` for `module`, with nothing in the module yet. Workspaces with
    /// the same `worker` share what was compiled; one of them at a time may build.
    pub fn new(
        course: &Course,
        module: &Module,
        name: &str,
        worker: usize,
    ) -> Result<Self, String> {
        let place = course.root.join("target").join("xtask");
        let folder = place.join(format!("{name}-{worker}")).join(&module.id);
        let inner = folder.join("modules").join(module.folder_name());
        let manifest = manifest(course, module)?;
        files::write(&folder.join("Cargo.toml"), manifest.as_bytes())?;
        // Versions are those of the repository; cargo drops what is not used here.
        let lock = std::fs::read(course.root.join("Cargo.lock"));
        if let Ok(lock) = lock {
            files::write(&folder.join("Cargo.lock"), &lock)?;
        }
        // Data sets are compiled in by their place in the repository.
        files::settle(
            &folder.join("datasets"),
            &files::read_under(&course.root.join("datasets"))?,
        )?;
        Ok(Self {
            folder,
            target: place.join(format!("target-{worker}")),
            module: inner,
            package: module.checks(),
        })
    }

    /// Makes the module's folder hold exactly `files`.
    pub fn put(&self, files: &Files) -> Result<(), String> {
        files::settle(&self.module, files)
    }

    /// Compiles the module and its checks: the program, and the warnings.
    pub fn build(&self) -> Result<Built, String> {
        let output = build(&self.folder, &self.package)
            .env("CARGO_TARGET_DIR", &self.target)
            .output()
            .map_err(|e| format!("cargo: {e}"))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_string();
        Ok(match output.status.success() {
            true => Built::Program(program(&self.target, &self.package), said),
            false => Built::Errors(said),
        })
    }
}

/// What came of a build.
pub enum Built {
    /// The program of checks, and what the compiler warned of.
    Program(PathBuf, String),
    /// Why there is none.
    Errors(String),
}

/// Compiles the checks of a module as it is in the repository.
pub fn build_key(course: &Course, module: &Module) -> Result<PathBuf, String> {
    let target = course.root.join("target");
    let output = build(&course.root, &module.checks())
        .env("CARGO_TARGET_DIR", &target)
        .output()
        .map_err(|e| format!("cargo: {e}"))?;
    match output.status.success() {
        true => Ok(program(&target, &module.checks())),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_string()),
    }
}

fn build(folder: &Path, package: &str) -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["build", "--offline", "--quiet", "--package", package]);
    command
}

fn program(target: &Path, package: &str) -> PathBuf {
    target.join("debug").join(format!("{package}{EXE_SUFFIX}"))
}

/// The workspace's manifest: the repository's, with one module of its own.
fn manifest(course: &Course, module: &Module) -> Result<String, String> {
    let path = course.root.join("Cargo.toml");
    let in_manifest = |problem: String| format!("{}: {problem}", path.display());
    let mut root: Table =
        toml::from_str(&files::text(&path)?).map_err(|e| in_manifest(e.to_string()))?;
    let workspace = root.get_mut("workspace").and_then(Value::as_table_mut);
    let workspace = workspace.ok_or_else(|| in_manifest("is no workspace".to_string()))?;
    let own = format!("modules/{}", module.folder_name());
    let members = [own.clone(), format!("{own}/checks")].map(Value::from);
    workspace.insert("members".to_string(), Value::from(members.to_vec()));
    workspace.remove("default-members");
    let dependencies = workspace.get_mut("dependencies").and_then(Value::as_table_mut);
    for (name, dependency) in dependencies.into_iter().flatten() {
        if let Some(Value::String(path)) = dependency.get_mut("path") {
            *path = match *name == module.package {
                true => own.clone(),
                false => course.root.join(&*path).display().to_string(),
            };
        }
    }
    root.insert("profile".to_string(), Value::from(profile()));
    toml::to_string(&root).map_err(|e| in_manifest(e.to_string()))
}

/// What is on trial changes all the time and computes little: it is not optimized, which makes a
/// trial of module 01 take 0.4 s of compiling instead of 9. What it needs is compiled once.
fn profile() -> Table {
    let level = |level: i64| ("opt-level".to_string(), Value::from(level));
    let needed = Table::from_iter([level(2)]);
    let package = Table::from_iter([("*".to_string(), Value::from(needed))]);
    let debug = ("debug".to_string(), Value::from("line-tables-only"));
    let dev = Table::from_iter([level(0), debug, ("package".to_string(), Value::from(package))]);
    Table::from_iter([("dev".to_string(), Value::from(dev))])
}
