//! Is the fault in an earlier module? Found out by putting the answer key's in their places.

use std::collections::BTreeSet;

use super::child::Cancel;
use super::outcome::{Outcome, Status};
use super::{Bench, Verdict};
use crate::course::Module;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::State;

/// How many failing checks are tried again.
const TRIED: usize = 8;

/// Names the earlier module of the learner's that makes checks of `module` fail; none where the
/// answer key's in the places of all of them change nothing.
///
/// Modules are swapped from the first on. The check that is mended when all are swapped is mended
/// from some number of them on: the last of those holds the fault, and halving finds it.
///
/// # Errors
/// Nothing can be built.
pub fn find<'a>(
    module: &Module,
    failures: &[&Outcome],
    workspace: &'a Workspace,
    state: &State,
    terminal: &Terminal,
    cancel: &Cancel,
) -> Result<Option<&'a Module>, Failure> {
    let mut earlier = workspace.course.closure(std::slice::from_ref(&module.id));
    earlier.retain(|it| it.id != module.id);
    let own = |it: &&Module| !state.adopted(&it.id);
    if failures.is_empty() || !earlier.iter().any(own) {
        return Ok(None);
    }
    let failing: Vec<String> = failures.iter().take(TRIED).map(|it| it.check.clone()).collect();
    let mended = |count: usize, checks: &[String]| -> Result<Vec<String>, Failure> {
        let answered: BTreeSet<String> = earlier[..count].iter().map(|it| it.id.clone()).collect();
        let bench = Bench { answered, only: checks.to_vec(), ..Bench::default() };
        Ok(match bench.judge(workspace, module, terminal)? {
            Verdict::Judged(judgment) => judgment
                .outcomes
                .into_iter()
                .filter(|it| it.status == Status::Passed)
                .map(|it| it.check)
                .collect(),
            _ => Vec::new(),
        })
    };
    let Some(check) = mended(earlier.len(), &failing)?.into_iter().next() else { return Ok(None) };
    let check = [check];
    let (mut too_few, mut enough) = (0, earlier.len());
    while too_few + 1 < enough && !cancel.is_cancelled() {
        let middle = (too_few + enough) / 2;
        match mended(middle, &check)?.is_empty() {
            true => too_few = middle,
            false => enough = middle,
        }
    }
    Ok(Some(earlier[enough - 1]))
}
