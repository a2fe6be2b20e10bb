//! What a learner has reached, and the events that led there.
//!
//! An [`Event`] is one line of the journal; the [`State`] is what all of them come to. Whatever
//! happened to `state.json`, the journal gives it back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::course::Milestone;

/// The form in which the state is written. A greater number is written by a newer tito.
pub const FORMAT: u32 = 1;

/// The sha256 of each file of a learner's `src`, by its path from there.
pub type Files = BTreeMap<String, String>;

/// Which course a workspace was made from, or updated to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edition {
    /// As `tito --version` says it.
    pub version: String,
    /// A sha256 over every file of the course.
    pub digest: String,
}

/// All that is known of a learner's way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// [`FORMAT`].
    pub format: u32,
    /// How many events led here: the number of the last line of the journal that is counted in.
    pub events: u64,
    /// When the workspace was made.
    pub created: String,
    /// The course whose stubs and lessons are in the workspace.
    pub course: Edition,
    /// By id; a module that was never touched is absent.
    pub modules: BTreeMap<String, ModuleState>,
    /// What milestones reached on this code: the latest run of each bar, by
    /// `03 tinydigits accuracy`.
    pub milestones: BTreeMap<String, Reached>,
}

/// All that is known of one module.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModuleState {
    /// When its folder was made.
    pub started: Option<String>,
    /// Set when the answer key's version was taken.
    pub adopted: Option<Stamp>,
    /// Set when every check passed and the module was exported.
    pub completed: Option<Stamp>,
    /// What the last run of its checks found.
    pub tested: Option<Tested>,
    /// How many hints were shown, by exercise.
    pub hints: BTreeMap<String, u8>,
    /// Exercises whose answer was shown before they passed.
    pub given_up: BTreeSet<String>,
}

/// A moment, and the files as they were then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// In UTC.
    pub when: String,
    /// Of the module's `src`.
    pub files: Files,
}

/// What a run of the checks found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tested {
    /// What was judged, and when.
    #[serde(flatten)]
    pub stamp: Stamp,
    /// The exercises of which every check passed.
    pub passed: BTreeSet<String>,
    /// How many checks passed.
    pub checks: usize,
    /// Out of how many.
    pub of: usize,
}

/// What a milestone reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reached {
    /// In UTC.
    pub when: String,
    /// Whether the bar was met.
    pub passed: bool,
    /// The judged number.
    pub value: f64,
}

/// Something that happened; its name is the `event` of a line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The workspace was made.
    Created { course: Edition },
    /// A module's folder was made.
    Started { module: String },
    /// The answer key's version of a module was taken.
    Adopted { module: String, files: Files },
    /// The checks of a module were run, and found something new.
    Tested { module: String, files: Files, passed: BTreeSet<String>, checks: usize, of: usize },
    /// A module was judged, whole, and exported.
    Completed { module: String, files: Files },
    /// A hint was shown.
    Hint { module: String, exercise: String, level: u8 },
    /// An answer was shown before the exercise passed.
    GaveUp { module: String, exercise: String },
    /// A module began again from its stub; what was there is in `backup`.
    Reset { module: String, backup: String },
    /// A milestone came to a verdict on this code.
    Milestone { milestone: String, data: String, metric: String, passed: bool, value: f64 },
    /// Another edition of the course came into the workspace.
    Updated { course: Edition },
    /// A state came from elsewhere: another machine, or a `state.json` that outlived its journal.
    Imported { state: Box<State> },
}

impl State {
    /// The state after one more event that happened at `when`.
    pub fn apply(&mut self, event: Event, when: &str) {
        let when = when.to_owned();
        match event {
            Event::Created { course } => {
                self.created = when;
                self.course = course;
            }
            Event::Started { module } => {
                self.module_mut(&module).started.get_or_insert(when);
            }
            Event::Adopted { module, files } => {
                let module = self.module_mut(&module);
                *module = ModuleState { adopted: Some(Stamp { when, files }), ..module.clone() };
                (module.completed, module.tested) = (None, None);
            }
            Event::Tested { module, files, passed, checks, of } => {
                let stamp = Stamp { when, files };
                self.module_mut(&module).tested = Some(Tested { stamp, passed, checks, of });
            }
            Event::Completed { module, files } => {
                let module = self.module_mut(&module);
                module.completed = Some(Stamp { when, files });
                module.adopted = None;
            }
            Event::Hint { module, exercise, level } => {
                let shown = self.module_mut(&module).hints.entry(exercise).or_default();
                *shown = level.max(*shown);
            }
            Event::GaveUp { module, exercise } => {
                self.module_mut(&module).given_up.insert(exercise);
            }
            Event::Reset { module, .. } => {
                let module = self.module_mut(&module);
                (module.adopted, module.completed, module.tested) = (None, None, None);
                module.started.get_or_insert(when);
            }
            Event::Milestone { milestone, data, metric, passed, value } => {
                let reached = Reached { when, passed, value };
                self.milestones.insert(format!("{milestone} {data} {metric}"), reached);
            }
            Event::Updated { course } => self.course = course,
            Event::Imported { state } => {
                let events = self.events;
                *self = State { events, ..*state };
            }
        }
        self.format = FORMAT;
    }

    fn module_mut(&mut self, id: &str) -> &mut ModuleState {
        self.modules.entry(id.to_owned()).or_default()
    }

    /// What is known of a module.
    pub fn module(&self, id: &str) -> ModuleState {
        self.modules.get(id).cloned().unwrap_or_default()
    }

    /// Whether the learner completed it: every check passed on their own code.
    pub fn completed(&self, id: &str) -> bool {
        self.modules.get(id).is_some_and(|module| module.completed.is_some())
    }

    /// Whether the answer key's version stands in for it.
    pub fn adopted(&self, id: &str) -> bool {
        self.modules.get(id).is_some_and(|module| module.adopted.is_some())
    }

    /// Whether every bar of a milestone on a data set was met by the latest run on this code.
    pub fn met(&self, milestone: &Milestone, data: &str) -> bool {
        let mut bars = milestone.bars.iter().filter(|bar| bar.data == data);
        bars.all(|bar| {
            let key = format!("{} {data} {}", milestone.id, bar.metric);
            self.milestones.get(&key).is_some_and(|reached| reached.passed)
        })
    }

    /// Whether others can build on it.
    pub fn usable(&self, id: &str) -> bool {
        self.completed(id) || self.adopted(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(events: Vec<Event>) -> State {
        let mut state = State::default();
        events.into_iter().for_each(|event| state.apply(event, "now"));
        state
    }

    fn module() -> String {
        "01".to_owned()
    }

    #[test]
    fn a_completed_module_that_is_reset_is_no_longer_complete_but_its_hints_are_remembered() {
        let hint = Event::Hint { module: module(), exercise: "01.1".into(), level: 2 };
        let done = Event::Completed { module: module(), files: Files::new() };
        let reset = Event::Reset { module: module(), backup: "b".into() };
        let state = after(vec![hint.clone(), done.clone()]);
        assert!(state.completed("01") && state.usable("01") && !state.adopted("01"));
        let state = after(vec![hint, done, reset]);
        assert!(!state.usable("01"));
        assert_eq!(state.module("01").hints["01.1"], 2);
    }

    #[test]
    fn a_hint_is_never_taken_back() {
        let hint = |level| Event::Hint { module: module(), exercise: "01.1".into(), level };
        assert_eq!(after(vec![hint(3), hint(1)]).module("01").hints["01.1"], 3);
    }

    #[test]
    fn an_adopted_module_is_usable_and_not_complete_until_it_is_earned() {
        let adopted = Event::Adopted { module: module(), files: Files::new() };
        let state = after(vec![adopted.clone()]);
        assert!(state.usable("01") && !state.completed("01"));
        let done = Event::Completed { module: module(), files: Files::new() };
        let state = after(vec![adopted, done]);
        assert!(state.completed("01") && !state.adopted("01"));
    }
}
