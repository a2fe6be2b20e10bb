//! The packages that tito builds: the course's graph of modules, each with the learner's sources
//! or the answer key's.
//!
//! A package lies where its sources decide: under `yours/` when it and all that it needs are the
//! learner's, under `answers/` when all are the answer key's, else under a name that says which
//! are. So cargo keeps what it built for each, and swapping a module builds nothing twice.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::answers;
use crate::course::Module;
use crate::durable::settle;
use crate::failure::Failure;
use crate::workspace::manifest::{self, PACKAGE, quoted};
use crate::workspace::{Workspace, facade};

/// The packages of a workspace, some of them with the answer key's sources.
#[derive(Debug)]
pub struct Graph<'a> {
    workspace: &'a Workspace,
    answered: &'a BTreeSet<String>,
}

impl Graph<'_> {
    /// All packages are the learner's but these.
    pub fn new<'a>(workspace: &'a Workspace, answered: &'a BTreeSet<String>) -> Graph<'a> {
        Graph { workspace, answered }
    }

    fn root(&self) -> PathBuf {
        self.workspace.hidden().join("graph")
    }

    /// Writes the package of a module's checks with all that it needs; gives back its manifest.
    ///
    /// # Errors
    /// The disk does not play along, or the answer key's module is not there.
    pub fn checks(&self, module: &Module) -> Result<PathBuf, Failure> {
        let tree = &self.workspace.tree;
        let hidden = self.workspace.hidden();
        let folder = format!("{}/checks", module.folder());
        let place = hidden.join("checks").join(folder_name(module));
        for (name, content) in tree.below(&format!("{folder}/src")) {
            settle(&place.join("src").join(name), content)?;
        }
        for (name, content) in tree.below("course/check/src") {
            settle(&hidden.join("checks/check/src").join(name), content)?;
        }
        let alone = manifest::alone("check");
        settle(&hidden.join("checks/check/Cargo.toml"), alone.as_bytes())?;
        let name = format!("checks-{}", module.name);
        let needs = manifest::dependencies(tree, &folder);
        let mut text = format!(
            "[package]\nname = \"{name}\"\n{PACKAGE}\n\
             [[bin]]\nname = \"{name}\"\npath = \"../../../checks/{}/src/main.rs\"\n\n\
             [workspace]\n\n{PROFILES}\n{}[dependencies]\n\
             check = {{ path = \"../../../checks/check\" }}\n",
            folder_name(module),
            on_trial(module, &name)
        );
        text.push_str(&self.depend_on(&needs)?);
        let ids = self.workspace.course.closure(std::slice::from_ref(&module.id));
        let place = format!("{}-{}", folder_name(module), self.key(&ids));
        self.write_root(&place, &text)
    }

    /// Writes a package `name` that has its main function in `main`, with all that a milestone's
    /// package needs; gives back its manifest.
    ///
    /// # Errors
    /// As [`Graph::checks`].
    pub fn program(
        &self,
        name: &str,
        main: &str,
        modules: &[&Module],
        crates: &[(&str, PathBuf)],
    ) -> Result<PathBuf, Failure> {
        let place = format!("{name}-{}", self.key(modules));
        let facade = self.facade(&place, modules)?;
        let mut text = format!(
            "[package]\nname = \"{name}\"\n{PACKAGE}\n[workspace]\n\n{PROFILES}\n[dependencies]\n"
        );
        for (krate, folder) in crates {
            let package = self.root().join("run").join(&place).join(krate);
            self.write_program_part(krate, folder, &package, &facade)?;
            text.push_str(&format!("{krate} = {{ path = {} }}\n", path(&package)));
        }
        settle(&self.root().join("run").join(&place).join("src/main.rs"), main.as_bytes())?;
        self.write_root(&place, &text)
    }

    /// A crate that a program is made of: its sources where they lie, its manifest here.
    fn write_program_part(
        &self,
        name: &str,
        sources: &std::path::Path,
        package: &std::path::Path,
        facade: &std::path::Path,
    ) -> Result<(), Failure> {
        let beside = package.with_file_name("stage");
        let needs = match name {
            "stage" => String::new(),
            _ => format!(
                "tinytorch = {{ path = {} }}\nstage = {{ path = {} }}\n",
                path(facade),
                path(&beside)
            ),
        };
        let text = format!(
            "[package]\nname = \"{name}\"\n{PACKAGE}\n[lib]\npath = {}\n\n[dependencies]\n{needs}",
            path(&sources.join("src/lib.rs"))
        );
        settle(&package.join("Cargo.toml"), text.as_bytes()).map(|_| ())
    }

    /// The package `tinytorch` of these modules.
    fn facade(&self, place: &str, modules: &[&Module]) -> Result<PathBuf, Failure> {
        let folder = self.root().join("run").join(place).join("tinytorch");
        let source = facade::source(&self.workspace.tree, modules, &Default::default());
        let names: Vec<String> = modules.iter().map(|module| module.package.clone()).collect();
        let text = format!(
            "[package]\nname = \"tinytorch\"\n{PACKAGE}\n[dependencies]\n{}",
            self.depend_on(&names)?
        );
        facade::write(&folder, &source, &text)?;
        Ok(folder)
    }

    fn write_root(&self, place: &str, text: &str) -> Result<PathBuf, Failure> {
        let path = self.root().join("run").join(place).join("Cargo.toml");
        settle(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Lines of `[dependencies]` for packages of the course, which are written too.
    fn depend_on(&self, packages: &[String]) -> Result<String, Failure> {
        let mut lines = String::new();
        for module in &self.workspace.course.modules {
            if packages.contains(&module.package) {
                let folder = self.package(module)?;
                lines.push_str(&format!("{} = {{ path = {} }}\n", module.package, path(&folder)));
            }
        }
        Ok(lines)
    }

    /// Writes the package of a module, and of what it needs; gives back its folder.
    fn package(&self, module: &Module) -> Result<PathBuf, Failure> {
        let Workspace { tree, course, .. } = self.workspace;
        let ids = course.closure(std::slice::from_ref(&module.id));
        let folder = self.root().join(self.key(&ids)).join(folder_name(module));
        let source = if self.answered.contains(&module.id) {
            answers::unpack(tree, module)?
        } else {
            self.workspace.sources(module).join("lib.rs")
        };
        let needs = manifest::dependencies(tree, &module.folder());
        let exercise = self.workspace.hidden().join("exercise");
        let text = format!(
            "[package]\nname = \"{}\"\n{PACKAGE}\n[lib]\npath = {}\n\n\
             [lints.rust]\nunsafe_code = \"forbid\"\n\n[dependencies]\nexercise = {{ path = {} }}\n{}",
            module.package,
            path(&source),
            path(&exercise),
            self.depend_on(&needs)?
        );
        settle(&folder.join("Cargo.toml"), text.as_bytes())?;
        self.lay_out_exercise()?;
        Ok(folder)
    }

    /// The macro that stands in holes; written again where it was changed.
    fn lay_out_exercise(&self) -> Result<(), Failure> {
        let folder = self.workspace.hidden().join("exercise");
        settle(&folder.join("Cargo.toml"), manifest::alone("exercise").as_bytes())?;
        for (name, content) in self.workspace.tree.below("course/exercise/src") {
            settle(&folder.join("src").join(name), content)?;
        }
        Ok(())
    }

    /// Names a set of modules by whose they are.
    fn key(&self, modules: &[&Module]) -> String {
        let answered: Vec<&str> = modules
            .iter()
            .filter(|module| self.answered.contains(&module.id))
            .map(|module| module.id.as_str())
            .collect();
        match answered.len() {
            0 => "yours".to_owned(),
            count if count == modules.len() => "answers".to_owned(),
            _ => format!("answers-{}", answered.join("-")),
        }
    }
}

/// How everything is built, but for the module that is [`on_trial`]: optimized, with the checks that tell a
/// learner of an overflow. The same in every root, so that what one has built serves the others.
const PROFILES: &str = "\
[profile.dev]
opt-level = 2
debug = false

[profile.release]
opt-level = 3
debug = false
overflow-checks = true
incremental = true
";

/// The module that needs no other is by far the largest, and computes little in its own checks:
/// while it is being written it is not optimized, which takes half a second from a save to a
/// verdict and not six. The others take about a second, and are too slow in their checks without.
fn on_trial(module: &Module, checks: &str) -> String {
    if !module.needs.is_empty() {
        return String::new();
    }
    let profile = |name: &str| format!("[profile.dev.package.{name}]\nopt-level = 0\n\n");
    profile(checks) + &profile(&module.package)
}

fn folder_name(module: &Module) -> String {
    format!("{}_{}", module.id, module.name)
}

fn path(path: &std::path::Path) -> String {
    quoted(&path.to_string_lossy())
}
