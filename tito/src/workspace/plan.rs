//! Where a learner is, and what comes next.

use std::path::PathBuf;

use super::Workspace;
use super::state::State;
use crate::course::{Milestone, Module};
use crate::failure::Failure;
use crate::locate;
use crate::syllabus::{self, Exercise};

/// What to do next.
#[derive(Clone, Debug)]
pub enum Step<'a> {
    /// Begin a module.
    Start(&'a Module),
    /// Write an exercise, here.
    Write(&'a Module, Box<Exercise>, Option<Place>),
    /// Every exercise passed: judge the module as a whole, and export it.
    Complete(&'a Module),
    /// Run a milestone that has just come within reach.
    Perform(&'a Milestone),
    /// The next module of the track is still being written.
    Later(&'a Module),
    /// The track is done.
    Done,
}

/// A line of a learner's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// In the workspace.
    pub file: PathBuf,
    /// From 1.
    pub line: usize,
}

/// Where a module stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Every check passed, and it is exported.
    Complete,
    /// The answer key's version is in its place.
    Adopted,
    /// Its folder is there.
    Started,
    /// Everything that it needs is there.
    Ready,
    /// It waits for other modules.
    Waiting,
    /// It is still being written.
    Later,
}

impl Standing {
    /// One word, for programs.
    pub fn word(self) -> &'static str {
        match self {
            Standing::Complete => "complete",
            Standing::Adopted => "adopted",
            Standing::Started => "started",
            Standing::Ready => "ready",
            Standing::Waiting => "waiting",
            Standing::Later => "later",
        }
    }
}

impl Workspace {
    /// Where a module stands.
    pub fn standing(&self, module: &Module, state: &State) -> Standing {
        if state.completed(&module.id) {
            Standing::Complete
        } else if state.adopted(&module.id) {
            Standing::Adopted
        } else if !syllabus::is_taught(&self.tree, module) {
            Standing::Later
        } else if state.module(&module.id).started.is_some() {
            Standing::Started
        } else if self.waits_for(module, state).is_empty() {
            Standing::Ready
        } else {
            Standing::Waiting
        }
    }

    /// The modules that must be complete or adopted before this one can begin, without those that
    /// the track leaves out: they are adopted when it begins.
    pub fn waits_for(&self, module: &Module, state: &State) -> Vec<&Module> {
        let mut needs = self.course.closure(std::slice::from_ref(&module.id));
        needs.retain(|it| it.id != module.id && !state.usable(&it.id) && !self.skips(it));
        needs
    }

    /// Whether the track leaves a module out.
    pub fn skips(&self, module: &Module) -> bool {
        !self.track().modules.contains(&module.id)
    }

    /// The module that a learner works at: the first that is begun and not complete, on the track
    /// before off it.
    pub fn current(&self, state: &State) -> Option<&Module> {
        let open = |module: &&Module| self.standing(module, state) == Standing::Started;
        let mut on_track = self.course.modules.iter().filter(|it| !self.skips(it));
        on_track.find(open).or_else(|| self.course.modules.iter().find(open))
    }

    /// What to do next.
    ///
    /// # Errors
    /// The learner's files or the course's can't be read.
    pub fn next_step(&self, state: &State) -> Result<Step<'_>, Failure> {
        if let Some(module) = self.current(state) {
            return Ok(match self.first_open(module, state)? {
                Some(exercise) => {
                    let place = self.place(module, &exercise)?;
                    Step::Write(module, Box::new(exercise), place)
                }
                None => Step::Complete(module),
            });
        }
        if let Some(milestone) = self.within_reach(state) {
            return Ok(Step::Perform(milestone));
        }
        let next = self.track().modules.iter().filter_map(|id| self.course.module(id));
        let mut next = next.filter(|module| !state.usable(&module.id));
        Ok(match next.next() {
            Some(module) if syllabus::is_taught(&self.tree, module) => Step::Start(module),
            Some(module) => Step::Later(module),
            None => Step::Done,
        })
    }

    /// The first exercise of a module that did not pass when it was last tested.
    ///
    /// # Errors
    /// The course can't be read.
    pub fn first_open(&self, module: &Module, state: &State) -> Result<Option<Exercise>, Failure> {
        let passed = state.module(&module.id).tested.map(|it| it.passed).unwrap_or_default();
        let mut exercises = syllabus::exercises(&self.tree, module)?.into_iter();
        Ok(exercises.find(|exercise| !passed.contains(&exercise.id)))
    }

    /// Where an exercise is to be written: its hole, or else the function that stands there now.
    ///
    /// # Errors
    /// The learner's files can't be read.
    pub fn place(&self, module: &Module, exercise: &Exercise) -> Result<Option<Place>, Failure> {
        let sources = self.read(module)?;
        let found = locate::exercise(&sources, exercise);
        Ok(found.map(|(file, line)| Place { file: self.sources(module).join(file), line }))
    }

    /// A place as people and editors write it: `modules/01_tensor/src/shape.rs:41`.
    pub fn at_place(&self, place: &Place) -> String {
        format!("{}:{}", self.shown(&place.file), place.line)
    }

    /// A milestone that can run on the learner's code and has not met its first bar yet.
    pub fn within_reach(&self, state: &State) -> Option<&Milestone> {
        let first = |milestone: &&Milestone| !state.met(milestone, milestone.data_sets()[0]);
        let mut open = self.course.milestones.iter().filter(|it| self.is_unlocked(it, state));
        open.find(first)
    }

    /// Whether a milestone can run: it is written, and every module that it needs is there, the
    /// learner's own or, where the track leaves it out, the answer key's.
    pub fn is_unlocked(&self, milestone: &Milestone, state: &State) -> bool {
        self.is_staged(milestone) && self.milestone_waits_for(milestone, state).is_empty()
    }

    /// Whether a milestone is part of this edition of the course.
    pub fn is_staged(&self, milestone: &Milestone) -> bool {
        self.tree.bytes(&format!("{}/Cargo.toml", milestone.folder())).is_some()
    }

    /// The modules that a milestone waits for.
    pub fn milestone_waits_for(&self, milestone: &Milestone, state: &State) -> Vec<&Module> {
        let needs = milestone.needs.iter().filter_map(|id| self.course.module(id));
        needs.filter(|module| !state.usable(&module.id)).collect()
    }
}
