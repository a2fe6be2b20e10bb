//! What is taught in a module: its exercises and its questions, read from the course.

pub use cut::{Exercise, Exercises, Kind, Question, Questions};

use crate::course::Module;
use crate::failure::Failure;
use crate::tree::Tree;

/// Whether the module can be taken: there is code, and there are exercises in it.
pub fn is_taught(tree: &Tree, module: &Module) -> bool {
    let folder = module.folder();
    let there = |file: &str| tree.bytes(&format!("{folder}/{file}")).is_some();
    there("Cargo.toml") && there("exercises.toml") && there("checks/src/main.rs")
}

/// What a learner writes in a module, and all that is given; nothing where it comes later.
///
/// # Errors
/// The course's own file is not of its form: the fault of whoever writes the course.
pub fn spec(tree: &Tree, module: &Module) -> Result<Exercises, Failure> {
    let path = format!("{}/exercises.toml", module.folder());
    let text = tree.text(&path).unwrap_or_default();
    Exercises::read(text).map_err(|error| malformed(&path, error))
}

/// The exercises of a module, in the order of its lesson; none where it comes later.
///
/// # Errors
/// As [`spec`].
pub fn exercises(tree: &Tree, module: &Module) -> Result<Vec<Exercise>, Failure> {
    Ok(spec(tree, module)?.exercises)
}

/// The questions of a module; none where it has none.
///
/// # Errors
/// As [`spec`].
pub fn questions(tree: &Tree, module: &Module) -> Result<Vec<Question>, Failure> {
    let path = format!("{}/questions.toml", module.folder());
    let Some(text) = tree.text(&path) else { return Ok(Vec::new()) };
    Ok(Questions::read(text).map_err(|error| malformed(&path, error))?.questions)
}

/// The course has a fault; a learner can do nothing about it but say so.
pub fn malformed(path: &str, error: impl ToString) -> Failure {
    let text = error.to_string();
    Failure::environment(format!("{path} of the course can't be used: {}", text.trim_end()))
        .cure("this is a fault of the course, not yours: please report it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::course::Course;

    #[test]
    fn every_module_that_is_taught_can_be_read() {
        let tree = Tree::embedded();
        for module in Course::embedded().modules {
            let exercises = exercises(tree, &module).unwrap();
            assert!(!is_taught(tree, &module) || !exercises.is_empty(), "{}", module.id);
            questions(tree, &module).unwrap();
        }
    }
}
