//! The learner's package: the answer key's facade, with what is exported so far.

use std::path::Path;

use super::Workspace;
use super::manifest;
use super::state::State;
use crate::course::{Course, Module};
use crate::durable;
use crate::failure::Failure;
use crate::tree::Tree;

/// The modules that a learner's package re-exports: completed ones, and the answer key's where
/// those were adopted.
pub fn exported<'a>(course: &'a Course, state: &State) -> Vec<&'a Module> {
    course.modules.iter().filter(|module| state.usable(&module.id)).collect()
}

impl Workspace {
    /// Brings the learner's package in line with what is exported.
    ///
    /// What somebody wrote into it by hand is kept in `.tito/backup`.
    ///
    /// # Errors
    /// The disk does not play along.
    pub fn export(&self, state: &State) -> Result<(), Failure> {
        let modules = exported(&self.course, state);
        let folder = self.root.join("tinytorch");
        let path = folder.join("src/lib.rs");
        let source = source(&self.tree, &modules, state);
        let there = std::fs::read_to_string(&path).unwrap_or_default();
        if !there.is_empty() && there != source && !there.starts_with(MARK) {
            self.back_up("tinytorch", &folder)?;
        }
        durable::settle(&path, source.as_bytes())?;
        durable::settle(&folder.join("Cargo.toml"), package(&modules).as_bytes())?;
        self.stage_milestones(state)
    }
}

/// How a file begins that nobody wrote.
const MARK: &str = "//! Your TinyTorch, written by `tito module complete`";

fn package(modules: &[&Module]) -> String {
    let needs: Vec<String> = modules.iter().map(|module| module.package.clone()).collect();
    manifest::member("tinytorch", &needs)
}

/// The facade's source for these modules.
pub fn source(tree: &Tree, modules: &[&Module], state: &State) -> String {
    let listed = modules.iter().map(|module| {
        let whose = if state.adopted(&module.id) { "the answer key's" } else { "yours" };
        format!("//! - {} [`{}`]: {whose}\n", module.id, module.name)
    });
    let listed: String = listed.collect();
    let listed = if listed.is_empty() { "//! - nothing yet\n".to_owned() } else { listed };
    let facade = tree.text("tinytorch/src/lib.rs").unwrap_or_default();
    format!(
        "\
{MARK}: change the modules, not this file.
//!
//! Exported so far:
//!
{listed}
{}",
        select(facade, modules)
    )
}

/// The re-exports of the answer key's facade that come from these modules: those at the top, then
/// those of its prelude.
fn select(facade: &str, modules: &[&Module]) -> String {
    let mut top = String::new();
    let mut prelude = String::new();
    let mut statement = String::new();
    for line in facade.lines() {
        if statement.is_empty() && !line.trim_start().starts_with("pub use tinytorch_") {
            continue;
        }
        let inner = line.starts_with(' ');
        statement.push_str(line);
        statement.push('\n');
        if line.trim_end().ends_with(';') {
            let from = |module: &&Module| {
                let name = format!("pub use {}", module.package.replace('-', "_"));
                let rest = statement.trim_start().strip_prefix(&name);
                rest.is_some_and(|rest| rest.starts_with([':', ' ', ';']))
            };
            if modules.iter().any(from) {
                if inner { &mut prelude } else { &mut top }.push_str(&statement);
            }
            statement.clear();
        }
    }
    format!(
        "{top}\n/// What a program that trains a model needs: `use tinytorch::prelude::*;`.\n\
         pub mod prelude {{\n{prelude}}}\n"
    )
}

/// A package of these modules under the name `tinytorch` for tito's own builds.
pub fn write(folder: &Path, source: &str, manifest: &str) -> Result<(), Failure> {
    durable::settle(&folder.join("src/lib.rs"), source.as_bytes())?;
    durable::settle(&folder.join("Cargo.toml"), manifest.as_bytes()).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(ids: &[&str]) -> String {
        let course = Course::embedded();
        let modules: Vec<&Module> = ids.iter().filter_map(|id| course.module(id)).collect();
        source(Tree::embedded(), &modules, &State::default())
    }

    #[test]
    fn only_what_is_exported_is_re_exported() {
        let source = of(&["01", "02"]);
        assert!(source.contains("pub use tinytorch_tensor as tensor;"), "{source}");
        assert!(source.contains("pub use tinytorch_tensor::{Rng, Shape, Tensor};"), "{source}");
        assert!(source.contains("pub use tinytorch_activations::Activations;"), "{source}");
        assert!(!source.contains("tinytorch_layers"), "{source}");
        assert!(!source.contains("tinytorch_autograd"), "{source}");
    }

    #[test]
    fn re_exports_over_several_lines_stay_whole() {
        let source = of(&["03"]);
        assert!(source.contains("sequential, state, summary,\n    };"), "{source}");
        assert_eq!(source.matches('{').count(), source.matches('}').count());
    }

    #[test]
    fn an_empty_package_says_so() {
        let source = of(&[]);
        assert!(source.contains("//! - nothing yet"), "{source}");
        assert!(!source.contains("pub use"), "{source}");
    }
}
