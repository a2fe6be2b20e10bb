//! One module, from the holes to the last check.

use super::tito::Verdict;
use super::{Learner, answers};
use crate::course::Module;
use crate::files;
use cut::Exercise;
use std::collections::BTreeSet;

/// Starts a module, writes its exercises one after the other, or all in one go, and completes it.
///
/// After each exercise its own checks and those before it pass; those behind it are not written
/// yet, and nothing else.
pub fn walk(learner: &mut Learner, module: &Module, quick: bool) -> Result<(), String> {
    let exercises = module.exercises()?.exercises;
    learner.tito.does(&["module", "start", &module.id])?;
    let sources = learner.tito.sources(module);
    if files::read_under(&sources)? != answers::with(module, &[])?.files {
        learner.find(format!("module {}: its folder is not the stubs and nothing else", module.id));
    }
    println!("{}", module.folder_name());
    let mut odd = BTreeSet::new();
    for written in 0..=exercises.len() {
        if quick && written > 0 && written < exercises.len() {
            continue;
        }
        let (done, ahead) = exercises.split_at(written);
        files::settle(&sources, &answers::with(module, done)?.files)?;
        let (verdict, seconds) = learner.tito.judges(&module.id)?;
        let last = done.last().map_or("nothing written", |it| it.title.as_str());
        let id = done.last().map_or("", |it| it.id.as_str());
        let (passed, total) = (verdict.passed, verdict.total);
        println!("{id:>7}  {last:<54}  {passed:>3} of {total} checks  {seconds:5.1} s");
        for (check, finding) in odd_checks(&verdict, done, ahead) {
            if odd.insert(check) {
                learner.find(finding);
            }
        }
        if let Some(fault) = &verdict.fault_in {
            learner.find(format!("module {}: the fault is said to be in {fault}", module.id));
        }
    }
    learner.tito.does(&["module", "complete", &module.id])
}

/// The checks that are not as they should be with these exercises written and those not, and how.
fn odd_checks(
    verdict: &Verdict,
    written: &[Exercise],
    ahead: &[Exercise],
) -> Vec<(String, String)> {
    let mut odd = Vec::new();
    for outcome in &verdict.checks {
        let behind = written.iter().any(|it| it.id == outcome.exercise);
        let last = written.last().map_or("nothing", |it| it.id.as_str());
        let expected = if behind { "passed" } else { "not written yet" };
        if outcome.status != expected {
            let (check, status) = (&outcome.check, &outcome.status);
            let said = outcome.text();
            let finding = format!("check {check} is {status} after {last}, not {expected}: {said}");
            odd.push((outcome.check.clone(), finding));
        }
    }
    for exercise in written.iter().chain(ahead) {
        if !verdict.checks.iter().any(|outcome| outcome.exercise == exercise.id) {
            odd.push((exercise.id.clone(), format!("exercise {} has no check", exercise.id)));
        }
    }
    if ahead.is_empty() != verdict.whole {
        let finding = format!("whole is {} with {} to be written", verdict.whole, ahead.len());
        odd.push((String::new(), finding));
    }
    odd
}
