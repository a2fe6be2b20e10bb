//! What a workspace has lost, or is about to.

use std::fs;

use super::Finding;
use crate::failure::Failure;
use crate::module::named;
use crate::workspace::state::State;
use crate::workspace::{Workspace, edition, ledger};

/// Everything about a workspace.
pub fn all(workspace: &Workspace) -> Result<Vec<Finding>, Failure> {
    let mut findings =
        vec![Finding::good("workspace", workspace.root.display().to_string()), writable(workspace)];
    match ledger::read(&workspace.hidden()) {
        Err(failure) => findings.push(Finding::bad("record", failure.to_string())),
        Ok(read) => {
            let events = format!("{} events", read.state.events);
            findings.push(match read.remark {
                None => Finding::good("record", events),
                Some(remark) => Finding::note("record", remark)
                    .cure("it is made good by the next thing that you do"),
            });
            findings.push(folders(workspace, &read.state));
            findings.push(course(workspace, &read.state));
        }
    }
    findings.push(editor(workspace));
    Ok(findings)
}

fn writable(workspace: &Workspace) -> Finding {
    match tempfile::tempfile_in(workspace.hidden()) {
        Ok(_) => Finding::good("writable", "yes"),
        Err(error) => Finding::bad("writable", format!("no: {error}"))
            .cure("nothing can be recorded or built here; copy the workspace to a folder of yours"),
    }
}

/// Modules that are recorded, and whose folder is gone.
fn folders(workspace: &Workspace, state: &State) -> Finding {
    let begun = workspace.course.modules.iter().filter(|it| state.module(&it.id).started.is_some());
    let begun: Vec<_> = begun.collect();
    let lost: Vec<_> =
        begun.iter().copied().filter(|module| !workspace.sources(module).is_dir()).collect();
    if lost.is_empty() {
        return Finding::good("modules", format!("{} begun", begun.len()));
    }
    let mut finding = Finding::bad("modules", format!("the folder is gone of {}", named(&lost)));
    for module in lost {
        let again = format!("tito module reset {}", module.id);
        finding =
            finding.cure(format!("bring {} back, or begin it again: {again}", module.folder()));
    }
    finding
}

/// Whether this tito carries another edition of the course.
fn course(workspace: &Workspace, state: &State) -> Finding {
    if state.course == edition(&workspace.tree) {
        return Finding::good("course", format!("of tito {}", state.course.version));
    }
    let found = format!("another edition than this tito's: from tito {}", state.course.version);
    Finding::note("course", found).cure("bring it up to date: tito update. What you wrote stays")
}

/// Whether an editor can work here: rust-analyzer reads these.
fn editor(workspace: &Workspace) -> Finding {
    let needed = ["Cargo.toml", "rust-analyzer.toml", "tinytorch/Cargo.toml"];
    let missing: Vec<&str> =
        needed.into_iter().filter(|name| !workspace.root.join(name).is_file()).collect();
    if !missing.is_empty() {
        return Finding::bad("editor", format!("{} missing", missing.join(", ")))
            .cure("tito setup puts them back");
    }
    let settings = fs::read_to_string(workspace.root.join("rust-analyzer.toml"));
    if settings.unwrap_or_default().contains("cargo.targetDir") {
        return Finding::good("editor", "rust-analyzer has a target folder of its own");
    }
    Finding::note("editor", "rust-analyzer shares cargo's target folder, so they wait in turn")
        .cure("put this line into rust-analyzer.toml: cargo.targetDir = true")
}
