//! A module's files in a workspace: made, looked at, and kept before they are replaced.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::state::Files;
use super::{Workspace, manifest};
use crate::course::Module;
use crate::durable::{self, read_folder, trouble};
use crate::failure::Failure;
use crate::moment;
use crate::syllabus::{self, Kind, Question};
use crate::tree::{Tree, sha256};

/// Files by their path in a module's `src`.
pub type Sources = Vec<(String, Vec<u8>)>;

impl Workspace {
    /// The learner's files: all of the module's `src`.
    ///
    /// # Errors
    /// They can't be read.
    pub fn read(&self, module: &Module) -> Result<Sources, Failure> {
        read_folder(&self.sources(module))
    }

    /// The sha256 of each of the learner's files.
    ///
    /// # Errors
    /// They can't be read.
    pub fn hashes(&self, module: &Module) -> Result<Files, Failure> {
        Ok(hashes(&self.read(module)?))
    }

    /// Copies a folder into `.tito/backup`, under the moment and a name, and gives back where.
    ///
    /// # Errors
    /// The disk does not play along; then nothing must be replaced.
    pub fn back_up(&self, name: &str, folder: &Path) -> Result<String, Failure> {
        let files = read_folder(folder)?;
        let backups = self.hidden().join("backup");
        let stamp = format!("{}_{name}", moment::now().replace(':', "-"));
        for copy in 1.. {
            let ending = if copy == 1 { String::new() } else { format!("_{copy}") };
            let place = backups.join(format!("{stamp}{ending}"));
            if !place.exists() {
                durable::place_folder(&place, as_slices(&files))?;
                return Ok(self.shown(&place));
            }
        }
        unreachable!("some number is free")
    }

    /// Makes a module's folder with these sources: lesson, questions, figures and manifest with
    /// them, and what the sources include from `datasets/`.
    ///
    /// # Errors
    /// The disk does not play along, or the folder is there already.
    pub fn lay_out(&self, module: &Module, sources: &Sources) -> Result<(), Failure> {
        self.lay_out_shipped_data(sources)?;
        let files = given(&self.tree, module, sources)?;
        durable::place_folder(&self.module(module), as_slices(&files))
    }

    /// Puts these sources in the place of a module's, after a copy of what was there, and gives
    /// back where the copy is. Files that are not among them are taken away.
    ///
    /// # Errors
    /// The disk does not play along; what was there is in the copy.
    pub fn replace_sources(&self, module: &Module, sources: &Sources) -> Result<String, Failure> {
        let folder = self.sources(module);
        let kept = self.back_up(&format!("{}_{}", module.id, module.name), &folder)?;
        self.lay_out_shipped_data(sources)?;
        for (name, content) in sources {
            durable::settle(&folder.join(name), content)?;
        }
        let wanted: BTreeSet<&str> = sources.iter().map(|(name, _)| name.as_str()).collect();
        for (name, _) in read_folder(&folder)? {
            let path = folder.join(&name);
            if !wanted.contains(name.as_str()) {
                fs::remove_file(&path).map_err(|error| trouble("remove", &path, &error))?;
            }
        }
        Ok(kept)
    }

    /// Keeps a module's files as the course gave them.
    ///
    /// # Errors
    /// The disk does not play along.
    pub fn keep_base(&self, module: &Module, sources: &Sources) -> Result<(), Failure> {
        let folder = self.base(module);
        let files = given(&self.tree, module, sources)?;
        for (name, content) in &files {
            durable::settle(&folder.join(name), content)?;
        }
        for (name, _) in read_folder(&folder)? {
            if !files.iter().any(|(wanted, _)| *wanted == name) {
                let path = folder.join(&name);
                fs::remove_file(&path).map_err(|error| trouble("remove", &path, &error))?;
            }
        }
        Ok(())
    }

    /// Data sets that sources include (`../../../datasets/...`) lie where they do in a clone.
    fn lay_out_shipped_data(&self, sources: &Sources) -> Result<(), Failure> {
        for set in shipped_data(&self.tree, sources) {
            let folder = self.root.join("datasets").join(&set);
            for (name, content) in self.tree.below(&format!("datasets/{set}")) {
                durable::settle(&folder.join(name), content)?;
            }
        }
        Ok(())
    }
}

/// The shipped data sets that sources name.
pub fn shipped_data(tree: &Tree, sources: &Sources) -> BTreeSet<String> {
    let sets = tree.below("datasets").filter_map(|(path, _)| path.split_once('/'));
    let sets: BTreeSet<String> = sets.map(|(set, _)| set.to_owned()).collect();
    let names = |set: &String| {
        let path = format!("datasets/{set}/");
        sources.iter().any(|(_, it)| String::from_utf8_lossy(it).contains(&path))
    };
    sets.into_iter().filter(names).collect()
}

/// The sha256 of each file.
pub fn hashes(sources: &Sources) -> Files {
    sources.iter().map(|(name, bytes)| (name.clone(), sha256(bytes))).collect()
}

/// Names and contents, borrowed.
pub fn as_slices(files: &Sources) -> impl Iterator<Item = (&str, &[u8])> {
    files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
}

/// All files of a module's folder as the course gives them, with these sources.
///
/// # Errors
/// The course's questions can't be read.
pub fn given(tree: &Tree, module: &Module, sources: &Sources) -> Result<Sources, Failure> {
    let mut files: Sources =
        sources.iter().map(|(name, bytes)| (format!("src/{name}"), bytes.clone())).collect();
    files.push(("Cargo.toml".into(), manifest::module(tree, module).into()));
    files.extend(teaching(tree, module)?);
    Ok(files)
}

/// The lesson, its figures, and a sheet for the answers to its questions.
pub fn teaching(tree: &Tree, module: &Module) -> Result<Sources, Failure> {
    let folder = module.folder();
    let mut files = Vec::new();
    if let Some(lesson) = tree.bytes(&format!("{folder}/lesson.md")) {
        files.push(("README.md".to_owned(), lesson.to_vec()));
    }
    let figures = tree.below(&format!("{folder}/figures"));
    files.extend(figures.map(|(name, bytes)| (format!("figures/{name}"), bytes.to_vec())));
    let questions = syllabus::questions(tree, module)?;
    if !questions.is_empty() {
        files.push(("answers.md".to_owned(), sheet(module, &questions).into_bytes()));
    }
    Ok(files)
}

/// Where a learner writes answers; `tito module status` reads the numbers from it.
fn sheet(module: &Module, questions: &[Question]) -> String {
    let mut text = format!(
        "# {} {}: questions\n\nWrite behind each colon. `tito module status {}` judges the \
         numbers; answers in words are for you, and for whoever teaches you.\n",
        module.id, module.title, module.id
    );
    for question in questions {
        let unit = match &question.kind {
            Kind::Number { unit, .. } => format!(" (a number, in {unit})"),
            Kind::Text { .. } => String::new(),
        };
        text.push_str(&format!("\n## {}{unit}\n\n{}\n\nAnswer:\n", question.id, question.ask));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;

    #[test]
    fn sources_that_include_a_data_set_bring_it_along() {
        let tree = Tree::embedded();
        let course = Course::embedded();
        let of = |id: &str| -> Vec<String> {
            let folder = format!("{}/src", course.module(id).unwrap().folder());
            let sources = tree.below(&folder).map(|(name, it)| (name.to_owned(), it.to_vec()));
            shipped_data(tree, &sources.collect()).into_iter().collect()
        };
        assert_eq!(of("01"), Vec::<String>::new());
        // TinyDigits' files are named by `concat!("../../../datasets/tinydigits/", $name)`.
        assert_eq!(of("08"), ["tinydigits", "tinytalks"]);
    }
}
