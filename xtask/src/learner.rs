//! A learner who knows every answer goes through the course, with the real `tito` in an empty
//! folder.
//!
//! | in | is |
//! |---|---|
//! | [`tito`] | the binary, and a workspace that it made |
//! | [`answers`] | a module's files with some of its exercises written |
//! | [`walk`] | one module: every check from *not written yet* to *passed* |
//! | [`history`] | milestones: when they open, and whose code they run on |
//! | [`faults`] | what must be noticed when a function is wrong |

mod answers;
mod faults;
mod history;
mod tito;
mod walk;

use crate::course::{Course, Module};
use crate::leaks::Given;
use history::History;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tito::Tito;

/// How the learner goes.
#[derive(clap::Args)]
pub struct Manner {
    /// Write each module in one go, not exercise by exercise, and leave out what takes minutes
    #[arg(long)]
    quick: bool,
    /// Go along this track instead, from `tito init --track`: what it leaves out is adopted by
    /// `tito` when it is needed
    #[arg(long, conflicts_with = "modules")]
    pub track: Option<String>,
    /// Use this program, not the one that is built from here
    #[arg(long)]
    tito: Option<PathBuf>,
}

/// Where a learner is.
struct Learner<'a> {
    course: &'a Course,
    tito: Tito,
    /// Complete or adopted.
    usable: BTreeSet<String>,
    /// Complete, in order.
    walked: Vec<&'a Module>,
    findings: Vec<String>,
}

/// Goes through the course up to the last of `modules`, and walks those; what they need and are
/// not among them is adopted. Returns what is not as it should be.
pub fn verify(
    course: &Course,
    modules: &[&Module],
    manner: &Manner,
) -> Result<Vec<String>, String> {
    let track = manner.track.as_deref();
    let tito = Tito::beginning(course, manner.tito.as_deref(), track)?;
    let usable = BTreeSet::new();
    let mut learner = Learner { course, tito, usable, walked: vec![], findings: vec![] };
    let mut history = History::default();
    let last = modules.iter().map(|module| &module.id).max().expect("some are chosen");
    learner.expect_no_answer(course.modules.iter())?;
    for module in course.modules.iter().filter(|module| module.id <= *last) {
        let ahead = course.modules.iter().filter(|it| it.id >= module.id);
        match modules.iter().any(|chosen| chosen.id == module.id) {
            true => {
                walk::walk(&mut learner, module, manner.quick)?;
                learner.walked.push(module);
            }
            false if track.is_none() => learner.tito.does(&["module", "adopt", &module.id])?,
            false => continue,
        }
        learner.usable = learner.tito.usable()?;
        learner.expect_no_answer(ahead.skip(1))?;
        history.turn(&mut learner, manner.quick)?;
    }
    history.end(&mut learner, manner.quick)?;
    faults::in_an_earlier_module(&mut learner)?;
    if !manner.quick {
        faults::in_a_milestone(&mut learner, &history)?;
    }
    let (walked, runs) = (learner.walked.len(), history.runs());
    println!("{walked} modules complete, {runs} runs of milestones on the learner's code");
    Ok(learner.findings)
}

impl<'a> Learner<'a> {
    fn find(&mut self, finding: String) {
        println!("      {finding}");
        self.findings.push(finding);
    }

    /// Nothing in the workspace may hold the answers of these modules.
    fn expect_no_answer(
        &mut self,
        modules: impl Iterator<Item = &'a Module>,
    ) -> Result<(), String> {
        let given = Given::of_files("my-tinytorch", &self.tito.files()?);
        for module in modules.filter(|module| module.has_exercises()) {
            let cuts: Vec<cut::Cut> = answers::with(module, &[])?.cuts;
            given.leaks(&cuts).into_iter().for_each(|leak| self.find(leak));
        }
        Ok(())
    }
}
