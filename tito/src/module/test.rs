//! `tito module test`: which facts hold, and which do not.

use std::process::ExitCode;

use serde::Serialize;

use super::{begun, status};
use crate::course::Module;
use crate::failure::{Failure, MISSED};
use crate::judge::outcome::{Outcome, Status};
use crate::judge::{self, Bench, Verdict, blame, show};
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Files, State};

/// Which module, and how to show it.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Exit status: 0 every check passed, 1 not yet, 2 wrong usage, 3 the machine")]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
    /// Show every failure, not only those of the first exercise
    #[arg(long)]
    pub all: bool,
    /// Do not look whether the fault is in an earlier module
    #[arg(long)]
    pub quick: bool,
    /// Print one JSON object, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// A verdict, for programs.
#[derive(Serialize)]
struct Shown<'a> {
    module: &'a str,
    files: &'a Files,
    passed: usize,
    total: usize,
    whole: bool,
    checks: &'a [Outcome],
    broke_off: Option<&'a (String, String)>,
    does_not_compile: Vec<&'a str>,
    fault_in: Option<&'a str>,
}

/// Judges a module and says what was found; remembers which exercises passed.
pub fn test(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = begun(request.module.as_deref(), workspace, &state)?;
    judgeable(module, workspace, &state)?;
    let bench = Bench::default();
    let verdict = bench.judge(workspace, module, terminal)?;
    if request.json {
        return json(&verdict, module, request, workspace, &state, terminal);
    }
    let whole = report(&verdict, module, request, workspace, &bench, terminal)?;
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
}

/// Shows and remembers a verdict, and looks for the fault in earlier modules. Says whether every
/// check passed.
pub fn report(
    verdict: &Verdict,
    module: &Module,
    request: &Request,
    workspace: &Workspace,
    bench: &Bench,
    terminal: &Terminal,
) -> Result<bool, Failure> {
    show::tell(verdict, module, request.all, workspace, terminal)?;
    let Verdict::Judged(judgment) = verdict else { return Ok(false) };
    judge::remember(workspace, module, judgment)?;
    let state = workspace.state(terminal)?;
    let suspects = suspects(verdict, module);
    if !request.quick && !suspects.is_empty() {
        let fault = blame::find(module, &suspects, workspace, &state, terminal, &bench.cancel)?;
        if let Some(fault) = fault {
            terminal.print(format!("\n{}", accuse(fault, module, terminal)));
            return Ok(false);
        }
    }
    if workspace.current(&state).is_some_and(|current| current.id == module.id) {
        status::next_line(workspace, &state, terminal)?;
    }
    Ok(judgment.is_whole())
}

/// The module can't be judged while something that it needs has no folder.
pub fn judgeable(module: &Module, workspace: &Workspace, state: &State) -> Result<(), Failure> {
    let needs = workspace.course.closure(std::slice::from_ref(&module.id));
    let missing = needs.into_iter().find(|need| !workspace.sources(need).is_dir());
    match missing {
        Some(need) => Err(begun(Some(&need.id), workspace, state)
            .err()
            .unwrap_or_else(|| Failure::input(format!("module {} has no folder", need.id)))),
        None => Ok(()),
    }
}

/// Failures that may come from an earlier module: wrong values, and holes of other modules.
fn suspects<'a>(verdict: &'a Verdict, module: &Module) -> Vec<&'a Outcome> {
    let Verdict::Judged(judgment) = verdict else { return Vec::new() };
    let own = |id: &str| id.starts_with(&format!("{}.", module.id));
    let suspect = |it: &&Outcome| match it.status {
        Status::Passed => false,
        Status::NotWritten => show::hole(it).is_some_and(|id| !own(id)),
        Status::Wrong | Status::TooSlow => true,
    };
    judgment.outcomes.iter().filter(suspect).collect()
}

fn accuse(fault: &Module, module: &Module, terminal: &Terminal) -> String {
    let words = format!("The fault is in {} {}.", fault.id, fault.name);
    format!(
        "{}\n{}\n  tito module test {}",
        terminal.red(&words),
        terminal.wrap(
            &format!(
                "With the answer key's {} in its place, your {} passes here: what you wrote in {} \
                 is not what fails. Look there:",
                fault.name, module.name, module.id
            ),
            0
        ),
        fault.id
    )
}

fn json(
    verdict: &Verdict,
    module: &Module,
    request: &Request,
    workspace: &Workspace,
    state: &State,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let nothing = Files::new();
    let mut shown = Shown {
        module: &module.id,
        files: &nothing,
        passed: 0,
        total: 0,
        whole: false,
        checks: &[],
        broke_off: None,
        does_not_compile: Vec::new(),
        fault_in: None,
    };
    match verdict {
        Verdict::Judged(judgment) => {
            judge::remember(workspace, module, judgment)?;
            (shown.passed, shown.total) = judgment.counts();
            (shown.files, shown.checks) = (&judgment.files, &judgment.outcomes);
            (shown.whole, shown.broke_off) = (judgment.is_whole(), judgment.broke_off.as_ref());
            let suspects = suspects(verdict, module);
            if !request.quick && !suspects.is_empty() {
                let cancel = Default::default();
                let fault = blame::find(module, &suspects, workspace, state, terminal, &cancel)?;
                shown.fault_in = fault.map(|it| it.id.as_str());
            }
        }
        Verdict::DoesNotCompile(diagnostics) => {
            shown.does_not_compile = diagnostics.iter().map(|it| it.text.as_str()).collect();
        }
        Verdict::Cancelled => {}
    }
    terminal.print_json(&serde_json::to_string(&shown).expect("it is JSON"));
    Ok(if shown.whole { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
}
