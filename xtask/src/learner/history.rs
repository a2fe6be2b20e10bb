//! Milestones: they open when `course.toml` says so, and run on the code of the workspace.

use super::Learner;
use super::tito::Tito;
use crate::course::{Milestone, Module};
use crate::files;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Which milestones ran, and how often.
#[derive(Default)]
pub struct History {
    runs: BTreeMap<String, usize>,
}

/// A run record.
#[derive(Deserialize)]
struct Record {
    modules: Vec<Used>,
    report: Report,
}

#[derive(Deserialize)]
struct Used {
    id: String,
    whose: String,
    sha256: String,
}

#[derive(Deserialize)]
struct Report {
    passed: bool,
}

impl History {
    /// After a module: those that it opened are run, and the others must wait.
    pub fn turn(&mut self, learner: &mut Learner, quick: bool) -> Result<(), String> {
        let course = learner.course;
        for milestone in course.milestones.iter().filter(|it| it.is_in(course)) {
            let there = |ids: &[String]| ids.iter().all(|id| learner.usable.contains(id));
            let open = there(&milestone.needs);
            let due = match self.runs.get(&milestone.id) {
                None => open,
                Some(1) => !milestone.again.is_empty() && there(&milestone.again),
                Some(_) => false,
            };
            if !open {
                expect_closed(learner, milestone)?;
            } else if due && !(quick && self.runs.contains_key(&milestone.id)) {
                run(learner, milestone, quick)?;
                *self.runs.entry(milestone.id.clone()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// At the end of a track: a milestone that waits only for modules which the track left out, and
    /// nothing needed so far, has them adopted and runs.
    pub fn end(&mut self, learner: &mut Learner, quick: bool) -> Result<(), String> {
        let last = learner.walked.last().map_or("", |module| &module.id).to_string();
        for milestone in learner.course.milestones.iter().filter(|it| it.is_in(learner.course)) {
            let late = milestone.needs.iter().any(|id| *id > last);
            if self.runs.contains_key(&milestone.id) || late {
                continue;
            }
            for id in milestone.needs.iter().filter(|id| !learner.usable.contains(*id)) {
                learner.tito.does(&["module", "adopt", id])?;
            }
            learner.usable = learner.tito.usable()?;
            self.turn(learner, quick)?;
        }
        Ok(())
    }

    /// How many runs there were.
    pub fn runs(&self) -> usize {
        self.runs.values().sum()
    }

    /// Whether a milestone ran.
    pub fn has(&self, milestone: &Milestone) -> bool {
        self.runs.contains_key(&milestone.id)
    }
}

fn expect_closed(learner: &mut Learner, milestone: &Milestone) -> Result<(), String> {
    let said = learner.tito.say(&["milestone", "run", &milestone.name])?;
    if said.status != 2 || !said.text.contains("waits for") {
        let words = format!("milestone {} is open too early: {}", milestone.id, said.text);
        learner.find(words);
    }
    Ok(())
}

/// Runs a milestone that is open: its bars are met, on the learner's files. A `quick` run is of the
/// first data set alone.
fn run(learner: &mut Learner, milestone: &Milestone, quick: bool) -> Result<(), String> {
    let before = learner.tito.records()?;
    let mut words = vec!["milestone", "run", &milestone.name, "--json"];
    if let Some(bar) = milestone.bars.first().filter(|_| quick) {
        words.extend(["--data", &bar.data]);
    }
    let said = learner.tito.say(&words)?;
    println!("     milestone {} {}  {:.1} s", milestone.id, milestone.name, said.seconds);
    if said.status != 0 {
        let words = format!("milestone {}: status {}: {}", milestone.id, said.status, said.text);
        learner.find(words);
    }
    let mut records = learner.tito.records()?;
    records.retain(|name, _| !before.contains_key(name));
    if records.is_empty() {
        learner.find(format!("milestone {} left no record", milestone.id));
    }
    for (name, content) in records {
        let record: Record =
            serde_json::from_slice(&content).map_err(|e| format!("{name}: {e}"))?;
        if !record.report.passed {
            learner.find(format!("{name}: its bar was missed"));
        }
        let walked = learner.walked.iter().copied();
        let walked: Vec<&Module> = walked.filter(|it| milestone.needs.contains(&it.id)).collect();
        for module in walked {
            let used = record.modules.iter().find(|used| used.id == module.id);
            let yours = used.is_some_and(|used| used.whose == "yours");
            let digest = digest(&learner.tito, module)?;
            if !yours || used.is_some_and(|used| used.sha256 != digest) {
                learner.find(format!("{name}: it did not run on the learner's {}", module.id));
            }
        }
    }
    Ok(())
}

/// What a run record says of a learner's files: names, lengths and contents, in order.
fn digest(tito: &Tito, module: &Module) -> Result<String, String> {
    let mut hasher = Sha256::new();
    for (name, content) in files::read_under(&tito.sources(module))? {
        hasher.update(format!("{name} {}\n", content.len()));
        hasher.update(&content);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
