//! The `Cargo.toml` files of a workspace, as text.

use serde::Deserialize;

use crate::course::{Course, Module};
use crate::tree::Tree;

/// What every package says about itself.
pub const PACKAGE: &str = "\
version = \"0.1.0\"
edition = \"2024\"
rust-version = \"1.95\"
";

/// The workspace's own manifest. It names every module of the course, so that it need not change
/// when one is started.
pub fn root(course: &Course) -> String {
    let modules = course
        .modules
        .iter()
        .map(|module| format!("{} = {{ path = \"{}\" }}\n", module.package, module.folder()));
    format!(
        "\
# Your TinyTorch: cargo and your editor start here.

[workspace]
resolver = \"3\"
members = [\"modules/*\", \"milestones/*\", \"tinytorch\"]

[workspace.package]
{PACKAGE}
[workspace.dependencies]
exercise = {{ path = \".tito/exercise\" }}
stage = {{ path = \"milestones/stage\" }}
tinytorch = {{ path = \"tinytorch\" }}
{}
[workspace.lints.rust]
unsafe_code = \"forbid\"

# Numeric code without optimization runs 18 to 350 times slower.
[profile.dev]
opt-level = 2
",
        modules.collect::<String>()
    )
}

/// The manifest of a package of the course in a workspace: as in the repository, without what
/// only its own tests need.
pub fn member(name: &str, dependencies: &[String]) -> String {
    let needs = dependencies.iter().map(|it| format!("{it}.workspace = true\n"));
    format!(
        "\
[package]
name = \"{name}\"
version.workspace = true
edition.workspace = true
rust-version.workspace = true

[lints]
workspace = true

[dependencies]
{}",
        needs.collect::<String>()
    )
}

/// The manifest of a module in a workspace.
pub fn module(tree: &Tree, module: &Module) -> String {
    let mut needs = dependencies(tree, &module.folder());
    needs.insert(0, "exercise".to_owned());
    member(&module.package, &needs)
}

/// A package that stands alone: its manifest does not look for a workspace.
pub fn alone(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\n{PACKAGE}\n[dependencies]\n")
}

/// The packages that the package in a folder of the course depends on.
pub fn dependencies(tree: &Tree, folder: &str) -> Vec<String> {
    #[derive(Deserialize)]
    struct Manifest {
        #[serde(default)]
        dependencies: toml::Table,
    }
    let text = tree.text(&format!("{folder}/Cargo.toml")).unwrap_or_default();
    let manifest: Option<Manifest> = toml::from_str(text).ok();
    manifest.map_or(Vec::new(), |it| it.dependencies.into_iter().map(|(name, _)| name).collect())
}

/// Text as a TOML string.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifests_are_toml_and_name_what_the_repository_does() {
        let (tree, course) = (Tree::embedded(), Course::embedded());
        let root: toml::Table = toml::from_str(&root(&course)).unwrap();
        assert_eq!(root["workspace"]["dependencies"].as_table().unwrap().len(), 23);
        let autograd = course.module("05").unwrap();
        let manifest: toml::Table = toml::from_str(&module(tree, autograd)).unwrap();
        let needs = manifest["dependencies"].as_table().unwrap();
        assert!(needs.contains_key("tinytorch-tensor") && needs.contains_key("exercise"));
        let data = dependencies(tree, &course.module("08").unwrap().folder());
        assert_eq!(data, ["tinytorch-tensor"], "what only tests need is left out");
    }

    #[test]
    fn a_path_survives_quoting() {
        for path in ["/home/J\u{fc}rgen M/x", "C:\\Users\\x", "a\"b", "tab\there"] {
            let table: toml::Table = toml::from_str(&format!("p = {}", quoted(path))).unwrap();
            assert_eq!(table["p"].as_str(), Some(path));
        }
    }
}
