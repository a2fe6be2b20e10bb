//! Puts the course into the binary: every file that a learner's workspace can need.
//!
//! The list names files; the compiler reads them (`include_bytes!`), and so rebuilds when one
//! changes. What is done with them (stubs, digests, workspaces) is left to the program.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A folder of the repository, and which of its files are part of the course.
type Room = (&'static str, fn(&str) -> bool);

const ROOMS: &[Room] = &[
    ("modules", part_of_a_module),
    ("milestones", part_of_a_crate),
    ("course/exercise", part_of_a_crate),
    ("course/check", part_of_a_crate),
    ("tinytorch", part_of_a_crate),
    ("datasets", |_| true),
];

fn main() {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("..");
    let root = root.canonicalize().expect("the repository");
    let mut list = String::from("&[\n");
    enter(&mut list, &root, &root.join("course.toml"));
    for (room, wanted) in ROOMS {
        let folder = root.join(room);
        if !folder.exists() {
            continue;
        }
        println!("cargo:rerun-if-changed={}", folder.display());
        let mut files = Vec::new();
        collect(&folder, &mut files);
        for file in files.into_iter().filter(|file| wanted(&below(file, &folder))) {
            enter(&mut list, &root, &file);
        }
    }
    list.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("tree.rs"), list).expect("cargo's own folder");
}

/// A module's sources and all that is taught with them; not its own tests.
fn part_of_a_module(path: &str) -> bool {
    let Some((_, inside)) = path.split_once('/') else { return false };
    let taught = ["lesson.md", "exercises.toml", "questions.toml"];
    taught.contains(&inside)
        || inside.starts_with("figures/")
        || inside.strip_prefix("checks/").is_some_and(part_of_a_crate)
        || part_of_a_crate(path)
}

/// A crate's manifest and sources; not its tests and examples.
fn part_of_a_crate(path: &str) -> bool {
    path.ends_with("Cargo.toml") || path.split('/').any(|part| part == "src")
}

fn enter(list: &mut String, root: &Path, file: &Path) {
    println!("cargo:rerun-if-changed={}", file.display());
    writeln!(list, "    ({:?}, include_bytes!({file:?})),", below(file, root)).expect("grows");
}

/// The file's path as seen from a folder, with `/` between the parts.
fn below(file: &Path, folder: &Path) -> String {
    file.strip_prefix(folder).expect("below it").to_string_lossy().replace('\\', "/")
}

/// Every file below a folder, in an order that no file system changes.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "target") {
                collect(&path, files);
            }
        } else {
            files.push(path);
        }
    }
}
