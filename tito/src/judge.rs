//! A learner's module, judged: its checks are built against it and run, fact by fact.
//!
//! What is judged are the files of the learner's `src` and nothing else: manifests and checks are
//! tito's own, written again when they differ.

pub mod graph;
pub mod answers;
pub mod child;
pub mod build;
pub mod outcome;
pub mod blame;
pub mod show;

use std::collections::BTreeSet;

use crate::course::Module;
use crate::failure::Failure;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Event, Files};
use build::{Built, Diagnostic};
use child::Cancel;
use graph::Graph;
use outcome::Judgment;

/// What came of a module.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The checks ran.
    Judged(Judgment),
    /// The compiler did not get so far.
    DoesNotCompile(Vec<Diagnostic>),
    /// Somebody saved a file, and this run no longer matters.
    Cancelled,
}

/// How to judge.
#[derive(Debug, Default)]
pub struct Bench {
    /// Ends the run from another thread.
    pub cancel: Cancel,
    /// The modules in whose place the answer key's stand.
    pub answered: BTreeSet<String>,
    /// Run only the checks whose id begins so; all where there is none.
    pub only: Vec<String>,
}

impl Bench {
    /// Builds the checks of a module and runs them.
    ///
    /// # Errors
    /// There is no cargo, no linker, no disk: nothing that says something about the module.
    pub fn judge(
        &self,
        workspace: &Workspace,
        module: &Module,
        terminal: &Terminal,
    ) -> Result<Verdict, Failure> {
        let files = workspace.hashes(module)?;
        let manifest = Graph::new(workspace, &self.answered).checks(module)?;
        let target = workspace.target();
        match build::build(
            &manifest,
            &target,
            build::Profile::Dev,
            workspace,
            terminal,
            &self.cancel,
        )? {
            Built::Cancelled => Ok(Verdict::Cancelled),
            Built::Wrong(diagnostics) => Ok(Verdict::DoesNotCompile(diagnostics)),
            Built::Ready(executable) => {
                let run = outcome::run(&executable, &self.only, workspace, &self.cancel)?;
                Ok(match run {
                    Some(mut judgment) => {
                        judgment.files = files;
                        Verdict::Judged(judgment)
                    }
                    None => Verdict::Cancelled,
                })
            }
        }
    }
}

/// Keeps what a whole run of the checks found, if it is anything new.
///
/// # Errors
/// The disk does not play along.
pub fn remember(
    workspace: &Workspace,
    module: &Module,
    judgment: &Judgment,
) -> Result<(), Failure> {
    let passed = judgment.passed_exercises();
    let (checks, of) = judgment.counts();
    let mut ledger = workspace.ledger()?;
    let before = ledger.state().module(&module.id).tested;
    let same = before.is_some_and(|it| {
        it.passed == passed
            && (it.checks, it.of) == (checks, of)
            && it.stamp.files == judgment.files
    });
    if same {
        return Ok(());
    }
    let files: Files = judgment.files.clone();
    ledger.record(Event::Tested { module: module.id.clone(), files, passed, checks, of })
}
