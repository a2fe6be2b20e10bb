//! The crates of the workspace, held against `course.toml`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use tito::course::{Course, Module};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folders below one, in order.
fn folders(below: &str) -> Vec<PathBuf> {
    let read = fs::read_dir(root().join(below)).unwrap().flatten();
    let mut folders: Vec<_> =
        read.map(|entry| entry.path()).filter(|path| path.join("Cargo.toml").is_file()).collect();
    folders.sort();
    folders
}

fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

fn manifest(folder: &Path) -> toml::Table {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap().parse().unwrap()
}

/// What a manifest depends on outside of tests, whatever the platform.
fn dependencies(manifest: &toml::Table) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (key, value) in manifest {
        match (key.as_str(), value.as_table()) {
            ("dependencies" | "build-dependencies", Some(table)) => {
                found.extend(table.keys().cloned());
            }
            ("target", Some(targets)) => {
                let tables = targets.values().filter_map(toml::Value::as_table);
                tables.for_each(|target| found.extend(dependencies(target)));
            }
            _ => {}
        }
    }
    found
}

/// Every crate of the course that a folder's sources name outside of comments.
fn mentions(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(mentions(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.extend(mentioned_in(&fs::read_to_string(&path).unwrap()));
        }
    }
    found
}

fn mentioned_in(source: &str) -> BTreeSet<String> {
    let code = source.lines().map(str::trim_start).filter(|line| !line.starts_with("//"));
    let words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    words.filter(|word| word.starts_with("tinytorch_")).map(|it| it.replace('_', "-")).collect()
}

/// The crates that a module may use: what it needs and, through that, what those need.
fn allowed(course: &Course, module: &Module) -> BTreeSet<String> {
    course.closure(&module.needs).into_iter().map(|it| it.package.clone()).collect()
}

/// The modules that exist, each with its folder.
fn built(course: &Course) -> Vec<(&Module, PathBuf)> {
    let with_folder = |module| (module, root().join(Module::folder(module)));
    course.modules.iter().map(with_folder).filter(|(_, folder)| folder.is_dir()).collect()
}

#[test]
fn every_folder_of_a_module_is_in_the_course_and_its_crate_has_the_modules_name() {
    let course = Course::embedded();
    let expected: Vec<_> = built(&course).iter().map(|(_, folder)| name(folder)).collect();
    let found: Vec<_> = folders("modules").iter().map(|folder| name(folder)).collect();
    assert_eq!(found, expected);
    assert!(found.len() >= 8, "modules 01 to 08 exist");
    for (module, folder) in built(&course) {
        let package = manifest(&folder)["package"]["name"].as_str().unwrap().to_owned();
        assert_eq!(package, module.package);
    }
}

#[test]
fn a_module_depends_on_what_it_needs_and_on_nothing_else() {
    let course = Course::embedded();
    for (module, folder) in built(&course) {
        let (depends, allowed) = (dependencies(&manifest(&folder)), allowed(&course, module));
        let foreign: Vec<_> = depends.difference(&allowed).collect();
        assert!(foreign.is_empty(), "module {} may not depend on {foreign:?}", module.id);
    }
}

#[test]
fn a_modules_sources_name_only_what_the_module_needs() {
    let course = Course::embedded();
    for (module, folder) in built(&course) {
        let mut allowed = allowed(&course, module);
        allowed.insert(module.package.clone());
        let named = mentions(&folder.join("src"));
        let foreign: Vec<_> = named.difference(&allowed).collect();
        assert!(foreign.is_empty(), "the sources of module {} name {foreign:?}", module.id);
    }
}

#[test]
fn imports_are_found_in_code_and_not_in_comments() {
    let source = "\
//! Like `tinytorch_autograd`.
use tinytorch_tensor::{Op, Tensor};
    // use tinytorch_losses::mse_loss;
pub use tinytorch_layers as layers; let x = tinytorch_losses::Mse;
";
    let found: Vec<_> = mentioned_in(source).into_iter().collect();
    assert_eq!(found, ["tinytorch-layers", "tinytorch-losses", "tinytorch-tensor"]);
}

#[test]
fn dependencies_are_found_in_every_table() {
    let manifest = "\
[dependencies]\na = \"1\"\n[dependencies.b]\nversion = \"1\"\n[dev-dependencies]\nc = \"1\"
[build-dependencies]\nd = \"1\"\n[target.'cfg(unix)'.dependencies]\ne = \"1\"\n";
    let found: Vec<_> = dependencies(&manifest.parse().unwrap()).into_iter().collect();
    assert_eq!(found, ["a", "b", "d", "e"]);
}

#[test]
fn a_milestone_depends_on_the_framework_and_the_stage_alone() {
    let course = Course::embedded();
    for folder in folders("milestones") {
        let listed = course.milestones.iter().find(|it| it.folder().ends_with(&name(&folder)));
        let Some(milestone) = listed else {
            assert_eq!(name(&folder), "stage", "an unknown milestone");
            assert!(dependencies(&manifest(&folder)).is_empty(), "the stage needs nothing");
            continue;
        };
        let manifest = manifest(&folder);
        assert_eq!(manifest["package"]["name"].as_str(), Some(milestone.package.as_str()));
        let own = |it: &String| it == "stage" || it == "tinytorch" || it.starts_with("tinytorch-");
        let foreign: Vec<_> = dependencies(&manifest).into_iter().filter(|it| !own(it)).collect();
        assert!(foreign.is_empty(), "milestone {} depends on {foreign:?}", milestone.id);
    }
}
