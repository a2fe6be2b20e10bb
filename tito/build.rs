//! Lists the sources of every module, so that a run record can say on which code it ran, and the
//! data sets that the repository ships.
//!
//! The list names files; the compiler reads them (`include_bytes!`), and so rebuilds when one
//! changes. Hashing is left to the program, which needs sha256 anyway.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let root = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("..");
    let modules = root.join("modules");
    println!("cargo:rerun-if-changed={}", modules.display());
    let mut list = String::from("&[\n");
    for module in sorted(&modules) {
        let name = module.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some((id, _)) = name.split_once('_') else {
            continue;
        };
        if !module.join("Cargo.toml").is_file() {
            continue;
        }
        let mut files = vec![module.join("Cargo.toml")];
        collect(&module.join("src"), &mut files);
        writeln!(list, "    ({id:?}, &[").expect("a string grows");
        for file in files {
            let shown = file.strip_prefix(&module).expect("below it").to_string_lossy();
            let shown = shown.replace('\\', "/");
            let file = file.canonicalize().expect("just listed");
            writeln!(list, "        ({shown:?}, include_bytes!({file:?})),").expect("grows");
        }
        list.push_str("    ]),\n");
    }
    list.push_str("]\n");
    let datasets = root.join("datasets");
    println!("cargo:rerun-if-changed={}", datasets.display());
    let shipped: Vec<String> = sorted(&datasets)
        .iter()
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    fs::write(out.join("sources.rs"), list).expect("cargo's own folder");
    fs::write(out.join("shipped.rs"), format!("&{shipped:?}")).expect("cargo's own folder");
}

/// What is in a folder, in an order that no file system changes.
fn sorted(folder: &Path) -> Vec<PathBuf> {
    let read = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = read.map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for path in sorted(folder) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|it| it == "rs") {
            files.push(path);
        }
    }
}
