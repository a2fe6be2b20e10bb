//! The stage that milestones perform on: what a milestone is given, what it reports, and how it
//! draws in a terminal.
//!
//! A milestone is a function of its [`Settings`] that tells its story to a [`Stage`] and returns
//! one [`Report`] for each data set that it ran on. It prints nothing itself, reads no argument
//! and ends no process, so that the same code runs in three places:
//!
//! - in a clone, where `tito` links it and draws its progress in the terminal,
//! - in a learner's workspace, as a program of its own whose events travel as [`JsonLines`],
//! - in a test, in front of a [`Recorder`] or of nobody ([`Silent`]).
//!
//! Whether a run met its bar is decided in one place, [`Report::judge`], from the values of its
//! seeds. The pictures (curves, digits, decision boundaries, tables) are pure functions in
//! [`draw`].
//!
//! ```
//! use stage::{Bar, Milestone, Report, SeedResult, Settings, Silent, Stage, StageError};
//!
//! /// Learns nothing, and shows how a milestone is built.
//! pub const COIN: Milestone = Milestone { id: "00", name: "coin", run };
//!
//! fn run(settings: &Settings, stage: &mut dyn Stage) -> Result<Vec<Report>, StageError> {
//!     let mut reports = Vec::new();
//!     for data in settings.parts(&["coins"])? {
//!         stage.chapter("Toss a coin");
//!         let mut seeds = Vec::new();
//!         for seed in settings.seeds(&[0, 1, 2]) {
//!             stage.seed_started(seed);
//!             let value = 0.5;
//!             stage.seed_finished(seed, value);
//!             seeds.push(SeedResult { seed, value });
//!         }
//!         reports.push(Report::judge("00", data, "accuracy", Bar::at_least(0.95), seeds));
//!     }
//!     Ok(reports)
//! }
//!
//! let reports = (COIN.run)(&Settings::default(), &mut Silent)?;
//! assert!(!reports[0].passed());
//! # Ok::<(), StageError>(())
//! ```

mod settings;
mod events;
mod report;
mod error;
mod nearest;
mod amount;
mod json;
mod json_lines;
pub mod draw;

pub use amount::thousands;
pub use draw::Style;
pub use error::StageError;
pub use events::{Event, Recorder, Silent, Stage};
pub use json_lines::JsonLines;
pub use nearest::nearest;
pub use report::{Bar, Direction, Over, Report, Requirement, SeedResult};
pub use settings::Settings;

/// One milestone of the course: a piece of history, replayed on the learner's own framework.
#[derive(Clone, Copy, Debug)]
pub struct Milestone {
    /// Its number in `course.toml`, two digits: `"03"`.
    pub id: &'static str,
    /// Its name in `course.toml`: `"mlp"`.
    pub name: &'static str,
    /// Runs the parts that the settings ask for and gives back one report for each of them.
    ///
    /// A bar that is missed is a report that did not pass, never an error; an error says that
    /// the milestone could not be run.
    pub run: fn(&Settings, &mut dyn Stage) -> Result<Vec<Report>, StageError>,
}
