//! All files of a module at once.

use crate::exercises::Exercises;
use crate::problem::{CutError, Problem};
use crate::stub::{Stub, cut};
use std::collections::BTreeSet;

/// A file of a module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// Seen from `src`, without `.rs`, with `/`: `lib`, `ops/matmul`.
    pub file: String,
    /// What is in it.
    pub text: String,
}

/// The learner's files of a module, in the order of `sources`. Files that are there for tests only
/// have none.
///
/// # Errors
/// What [`cut`] finds in each file, and entries of `spec` in files that do not exist.
pub fn module(sources: &[Source], spec: &Exercises) -> Result<Vec<(String, Stub)>, Vec<CutError>> {
    let tests = test_files(sources);
    let in_tests = |file: &str| {
        tests
            .iter()
            .any(|test| file.strip_prefix(test).is_some_and(|r| r.is_empty() || r.starts_with('/')))
    };
    let kept: Vec<&Source> = sources.iter().filter(|source| !in_tests(&source.file)).collect();
    let (mut stubs, mut errors) = (Vec::new(), Vec::new());
    for source in &kept {
        match cut(&source.text, &source.file, spec) {
            Ok(stub) => stubs.push((source.file.clone(), stub)),
            Err(error) => errors.push(error),
        }
    }
    let files: BTreeSet<&str> = kept.iter().map(|source| source.file.as_str()).collect();
    errors.extend(strays(spec, &files));
    if errors.is_empty() { Ok(stubs) } else { Err(errors) }
}

/// Files that are there for tests only: those that another one declares so.
fn test_files(sources: &[Source]) -> Vec<String> {
    let everything_given = |file: &str| Exercises {
        given_files: vec![file.to_string()],
        given: vec![],
        removed: vec![],
        exercises: vec![],
    };
    let mut files = Vec::new();
    for source in sources {
        // What is not Rust is found when it is cut.
        let Ok(stub) = cut(&source.text, &source.file, &everything_given(&source.file)) else {
            continue;
        };
        let folder = match source.file.as_str() {
            "lib" => String::new(),
            file => format!("{}/", file.strip_suffix("/mod").unwrap_or(file)),
        };
        files.extend(stub.test_files.iter().map(|name| format!("{folder}{name}")));
    }
    files
}

/// Entries in files that are not among `files`.
fn strays(spec: &Exercises, files: &BTreeSet<&str>) -> Vec<CutError> {
    let cut = spec.exercises.iter().flat_map(|exercise| &exercise.functions);
    let functions = spec.given.iter().chain(&spec.removed).chain(cut);
    let functions =
        functions.map(|name| (name.split_once("::").map_or("", |(file, _)| file), name));
    let all = spec.given_files.iter().map(|file| (file.as_str(), file)).chain(functions);
    let stray = all.filter(|(file, _)| !files.contains(file));
    stray
        .map(|(file, name)| CutError {
            file: file.to_string(),
            problems: vec![Problem::Missing(name.clone())],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(file: &str, text: &str) -> Source {
        Source { file: file.to_string(), text: text.to_string() }
    }

    #[test]
    fn files_for_tests_are_not_a_learners() {
        let sources = [
            source("lib", "mod a;\n#[cfg(test)]\nmod trial;\n"),
            source("trial", "fn unlisted() {}"),
            source("trial/deeper", "fn unlisted() {}"),
            source("a", "fn f() {}"),
        ];
        let spec = Exercises::read("given = [\"a::f\"]").expect("is of the form");
        let stubs = module(&sources, &spec).expect("all is listed");
        let files: Vec<&str> = stubs.iter().map(|(file, _)| file.as_str()).collect();
        assert_eq!(files, ["lib", "a"]);
        assert_eq!(stubs[0].1.text, "mod a;\n");
    }

    #[test]
    fn entries_of_files_that_do_not_exist_are_missing() {
        let spec = Exercises::read("given_files = [\"b\"]\ngiven = [\"c::f\", \"f\"]");
        let spec = spec.expect("is of the form");
        let errors = module(&[source("lib", "")], &spec).expect_err("three files are not there");
        assert_eq!(errors.len(), 3);
        assert_eq!(errors[1].to_string(), "c: `c::f` is listed, and there is no such function");
    }
}
