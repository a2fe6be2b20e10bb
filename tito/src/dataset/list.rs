//! `tito dataset list`.

use std::process::ExitCode;

use crate::course::{Course, DataSet, Source};
use crate::data_folder::{DataFolder, VARIABLE};
use crate::failure::Failure;
use crate::fetch::{Depth, State, bytes, examine};
use crate::remote::{self, Remote};
use crate::terminal::Terminal;
use crate::tree::Tree;

/// Shows every data set in a few lines.
pub fn list(course: &Course, data: &DataFolder, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let remotes = remote::embedded();
    let mut lines = Vec::new();
    for set in &course.data_sets {
        let state = state(set, data, terminal);
        lines.push(format!("{}  {state}", terminal.bold(&format!("{:<15}", set.id))));
        lines.push(terminal.dim(&terminal.wrap(&set.summary, 17)));
    }
    lines.push(String::new());
    lines.push(format!("Data folder: {} (set {VARIABLE} to move it)", data.root().display()));
    let absent = remotes.iter().find(|remote| whole_files(remote, data) == Some(0));
    lines.push(match absent {
        Some(remote) => format!("Next: tito dataset download {}", remote.id),
        None => "Next: tito dataset verify".to_owned(),
    });
    terminal.print(lines.join("\n"));
    Ok(ExitCode::SUCCESS)
}

/// Where a data set is, in words.
pub fn state(set: &DataSet, data: &DataFolder, terminal: &Terminal) -> String {
    let remote = remote::embedded().into_iter().find(|remote| remote.id == set.id);
    match (set.source, remote) {
        (Source::Remote, Some(remote)) => remote_state(&remote, data, terminal),
        (Source::Shipped, _) if Tree::embedded().has(&format!("datasets/{}", set.id)) => {
            terminal.green("comes with tito")
        }
        (Source::Shipped | Source::Remote, _) => terminal.dim("still to come"),
        (Source::Drawn, _) => terminal.green("computed from a seed"),
    }
}

fn remote_state(remote: &Remote, data: &DataFolder, terminal: &Terminal) -> String {
    match whole_files(remote, data) {
        None => terminal.red("can't be looked at"),
        Some(0) => format!("not here ({} to download)", bytes(remote.download)),
        Some(count) if count == remote.files.len() => {
            terminal.green(&format!("here ({} on the disk)", bytes(remote.size())))
        }
        Some(count) => terminal.red(&format!(
            "incomplete ({count} of {} files): tito dataset verify {}",
            remote.files.len(),
            remote.id
        )),
    }
}

/// Whether every file of a downloadable data set is here, by its size.
pub fn at_hand(id: &str, data: &DataFolder) -> bool {
    let remote = remote::embedded().into_iter().find(|remote| remote.id == id);
    remote.is_some_and(|remote| whole_files(&remote, data) == Some(remote.files.len()))
}

/// How many files are here, by their sizes; none where the folder can't be looked at.
fn whole_files(remote: &Remote, data: &DataFolder) -> Option<usize> {
    let states = examine(remote, &data.data_set(&remote.id), Depth::Size).ok()?;
    Some(states.iter().filter(|(_, state)| *state == State::Published).count())
}
