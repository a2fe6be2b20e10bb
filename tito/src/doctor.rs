//! `tito doctor` and `tito setup`: is everything there, and what to do where it is not.

mod machine;
mod workplace;

use std::process::ExitCode;

use serde::Serialize;

use crate::failure::{ENVIRONMENT, Failure};
use crate::init;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// How to show it.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Exit status: 0 all is well, 3 something has to be put right first")]
pub struct Request {
    /// Print one JSON array, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Good,
    /// Works, and could be better.
    Note,
    /// Keeps a learner from working.
    Bad,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What: `linker`.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, in words.
    pub found: String,
    /// What to do about it.
    pub cures: Vec<String>,
}

impl Finding {
    fn good(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { what, health: Health::Good, found: found.into(), cures: Vec::new() }
    }

    fn note(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { health: Health::Note, ..Finding::good(what, found) }
    }

    fn bad(what: &'static str, found: impl Into<String>) -> Finding {
        Finding { health: Health::Bad, ..Finding::good(what, found) }
    }

    fn cure(mut self, line: impl Into<String>) -> Finding {
        self.cures.push(line.into());
        self
    }
}

/// Looks at the machine, and at the workspace where there is one.
pub fn doctor(request: &Request, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let findings = findings(terminal)?;
    if request.json {
        terminal.print_json(&serde_json::to_string(&findings).expect("findings are JSON"));
    } else {
        tell(&findings, terminal);
        let bad = findings.iter().filter(|it| it.health == Health::Bad).count();
        terminal.print(match bad {
            0 => terminal.green("\nAll is well."),
            1 => terminal.red("\nOne thing has to be put right first."),
            count => terminal.red(&format!("\n{count} things have to be put right first.")),
        });
    }
    Ok(status(&findings))
}

/// Looks at everything, and puts back what a workspace lost of the files that tito makes.
pub fn setup(terminal: &Terminal) -> Result<ExitCode, Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    let workspace = Workspace::above(&here)?;
    let mut made = Vec::new();
    if let Some(workspace) = &workspace {
        made = init::complete_workspace(workspace)?;
        let ledger = workspace.ledger()?;
        workspace.export(ledger.state())?;
    }
    let findings = findings(terminal)?;
    tell(&findings, terminal);
    made.iter().for_each(|path| terminal.print(format!("  {}  {path}", terminal.green("made"))));
    let bad = findings.iter().any(|it| it.health == Health::Bad);
    terminal.print(match (bad, &workspace) {
        (true, _) => "\nPut this right, then: tito setup".to_owned(),
        (false, Some(_)) => "\nReady. Next: tito".to_owned(),
        (false, None) => "\nReady. Next: tito init my-tinytorch".to_owned(),
    });
    Ok(status(&findings))
}

fn findings(terminal: &Terminal) -> Result<Vec<Finding>, Failure> {
    let here = std::env::current_dir().unwrap_or_default();
    let mut findings = vec![Finding::good("tito", env!("CARGO_PKG_VERSION"))];
    findings.extend(machine::toolchain());
    findings.push(machine::linker());
    findings.push(machine::disk(&here));
    findings.push(machine::data_folder());
    findings.push(machine::terminal(terminal));
    match Workspace::above(&here) {
        Ok(Some(workspace)) => findings.extend(workplace::all(&workspace)?),
        Ok(None) => {
            let finding = Finding::note("workspace", "this is none");
            findings.push(finding.cure("make one: tito init my-tinytorch"));
        }
        Err(failure) => findings.push(Finding::bad("workspace", failure.to_string())),
    }
    Ok(findings)
}

fn tell(findings: &[Finding], terminal: &Terminal) {
    for finding in findings {
        let mark = match finding.health {
            Health::Good => terminal.green("\u{2713}"),
            Health::Note => terminal.bold("\u{b7}"),
            Health::Bad => terminal.red("\u{2717}"),
        };
        terminal.print(format!("  {mark} {:<12} {}", finding.what, finding.found));
        finding.cures.iter().for_each(|cure| terminal.print(terminal.wrap(cure, 17)));
    }
}

fn status(findings: &[Finding]) -> ExitCode {
    match findings.iter().any(|it| it.health == Health::Bad) {
        true => ExitCode::from(ENVIRONMENT),
        false => ExitCode::SUCCESS,
    }
}
