//! `exercises.toml`: what a learner writes, and every function that they do not.

use serde::Deserialize;
use std::collections::BTreeSet;

/// The exercises of a module, and all that is given.
///
/// A function is named by its file (without `.rs`, seen from `src`) and itself: `ops/matmul::sums`,
/// `shape::Shape::numel`, `ops/matmul::<MatMul as Op>::forward`. A closure in a table, which is a
/// constant or a static whose value is an array, is named by the type argument of its row:
/// `rules::RULES[Mul]`; `rules::RULES` names all rows that are not named one by one. Generics and
/// the front of paths may be left out where that is not ambiguous.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercises {
    /// Whole files in which nothing is to be written.
    #[serde(default)]
    pub given_files: Vec<String>,
    /// Single functions of the other files.
    #[serde(default)]
    pub given: Vec<String>,
    /// Functions that are not in a learner's file at all.
    #[serde(default)]
    pub removed: Vec<String>,
    /// In the order of the lesson.
    #[serde(default, rename = "exercise")]
    pub exercises: Vec<Exercise>,
}

/// One exercise.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exercise {
    /// Stable for ever: module and number, `01.1`.
    pub id: String,
    /// What is to be written, in a few words.
    pub title: String,
    /// The functions whose bodies are cut out.
    pub functions: Vec<String>,
    /// What it is worth.
    pub points: u32,
    /// The contract, in Markdown.
    pub task: String,
    /// A question; the idea; the shape of the code.
    pub hints: [String; 3],
}

impl Exercises {
    /// Reads the text of an `exercises.toml`.
    ///
    /// # Errors
    /// When it is not of this form. What else must hold is said by [`faults`](Self::faults).
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// What must hold in the exercises of module `module` (two digits) and does not.
    pub fn faults(&self, module: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if self.exercises.is_empty() {
            faults.push("there is no exercise".to_string());
        }
        for (i, exercise) in self.exercises.iter().enumerate() {
            let expected = format!("{module}.{}", i + 1);
            if exercise.id != expected {
                faults.push(format!("exercise {}: its place is that of {expected}", exercise.id));
            }
            faults.extend(exercise.faults());
        }
        let mut seen = BTreeSet::new();
        let listed = self.given.iter().chain(&self.removed);
        let cut = self.exercises.iter().flat_map(|exercise| &exercise.functions);
        for name in self.given_files.iter().chain(listed).chain(cut) {
            if !seen.insert(name) {
                faults.push(format!("`{name}` is listed twice"));
            }
        }
        faults
    }

    /// The exercise `id`.
    pub fn get(&self, id: &str) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.id == id)
    }

    /// What all exercises are worth together.
    pub fn points(&self) -> u32 {
        self.exercises.iter().map(|exercise| exercise.points).sum()
    }
}

impl Exercise {
    fn faults(&self) -> impl Iterator<Item = String> {
        let blank = |text: &String| text.trim().is_empty();
        let said = [
            (blank(&self.title), "has no title"),
            (self.title.trim_end().ends_with('.'), "has a title that ends in a full stop"),
            (self.title.contains('\n'), "has a title of two lines"),
            (self.functions.is_empty(), "names no function"),
            (self.points == 0, "is worth nothing"),
            (blank(&self.task), "has no task"),
            (self.hints.iter().any(blank), "has a hint that says nothing"),
        ];
        let faults = said.into_iter().filter(|(fault, _)| *fault);
        faults.map(|(_, said)| format!("exercise {} {said}", self.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exercise(id: &str, more: &str) -> String {
        format!(
            "[[exercise]]\nid = \"{id}\"\ntitle = \"Count\"\nfunctions = [\"a::{id}\"]\n\
             points = 5\ntask = \"Count.\"\nhints = [\"a\", \"b\", \"c\"]\n{more}"
        )
    }

    #[test]
    fn a_sound_file_has_no_faults() {
        let text = exercise("01.1", "") + &exercise("01.2", "");
        let read = Exercises::read(&text).expect("is of the form");
        assert_eq!(read.faults("01"), [""; 0]);
        assert_eq!((read.points(), read.get("01.2").map(|e| e.points)), (10, Some(5)));
    }

    #[test]
    fn what_the_form_does_not_know_is_an_error() {
        assert!(Exercises::read(&exercise("01.1", "pionts = 3")).is_err());
        let two_hints = exercise("01.1", "").replace(", \"c\"", "");
        assert!(Exercises::read(&two_hints).is_err());
    }

    #[test]
    fn numbers_run_on_without_a_gap() {
        let text = exercise("01.1", "") + &exercise("01.3", "") + &exercise("02.3", "");
        let faults = Exercises::read(&text).expect("is of the form").faults("01");
        assert_eq!(
            faults,
            [
                "exercise 01.3: its place is that of 01.2",
                "exercise 02.3: its place is that of 01.3"
            ]
        );
    }

    #[test]
    fn each_fault_is_named() {
        let text = exercise("01.1", "").replace("points = 5", "points = 0").replace("Count.", " ");
        let text = format!("given = [\"a::x\", \"a::x\"]\n{}", text.replace("\"b\"", "\"\""));
        let faults = Exercises::read(&text).expect("is of the form").faults("01");
        let said = ["is worth nothing", "has no task", "has a hint that says nothing"];
        assert_eq!(faults.len(), 4, "{faults:?}");
        assert!(said.iter().all(|said| faults.iter().any(|fault| fault.ends_with(said))));
        assert_eq!(faults[3], "`a::x` is listed twice");
    }
}
