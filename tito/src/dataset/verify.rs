//! `tito dataset verify`.

use std::process::ExitCode;

use super::find_remote;
use crate::course::Course;
use crate::data_folder::DataFolder;
use crate::failure::{Failure, MISSED};
use crate::fetch::{Depth, State, examine};
use crate::remote::{self, Remote, RemoteFile};
use crate::terminal::Terminal;

/// Reads every byte of one data set, or of all that are here, and says what they are.
///
/// The exit status is 1 when a file is missing or damaged.
pub fn verify(
    name: Option<&str>,
    course: &Course,
    data: &DataFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let sets = match name {
        Some(name) => vec![find_remote(course, name)?],
        None => here(data)?,
    };
    if sets.is_empty() {
        terminal.print(format!("no downloaded data set is in {}", data.root().display()));
        terminal.print("Next: tito dataset download mnist");
    }
    let mut sound = true;
    for remote in &sets {
        sound &= verify_one(remote, data, terminal)?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
}

/// The data sets of which at least one file is here.
fn here(data: &DataFolder) -> Result<Vec<Remote>, Failure> {
    let mut sets = Vec::new();
    for remote in remote::embedded() {
        let states = examine(&remote, &data.data_set(&remote.id), Depth::Size);
        let states = states.map_err(|trouble| trouble.failure(&remote))?;
        if states.iter().any(|(_, state)| *state != State::Missing) {
            sets.push(remote);
        }
    }
    Ok(sets)
}

fn verify_one(remote: &Remote, data: &DataFolder, terminal: &Terminal) -> Result<bool, Failure> {
    let id = &remote.id;
    let folder = data.data_set(id);
    let states = examine(remote, &folder, Depth::Bytes).map_err(|it| it.failure(remote))?;
    terminal.print(format!("{} in {}", terminal.bold(id), folder.display()));
    for (file, state) in &states {
        terminal.print(line(remote, file, state, terminal));
    }
    let bad = |state: &State| !matches!(state, State::Published | State::Other { .. });
    if states.iter().any(|(_, state)| bad(state)) {
        terminal.print(format!("Next: tito dataset download {id} (keeps what is whole)"));
        return Ok(false);
    }
    let other = states.iter().find_map(|(_, state)| match state {
        State::Other { origin } => Some(origin),
        _ => None,
    });
    if let Some(origin) = other {
        let said = "Other bytes were accepted when they came, and have not changed since. \
                    Results may differ from published ones. They came from";
        terminal.print(format!("{}\n  {origin}", terminal.wrap(said, 2)));
    }
    Ok(true)
}

fn line(remote: &Remote, file: &RemoteFile, state: &State, terminal: &Terminal) -> String {
    let verdict = match state {
        State::Published => terminal.green("the publisher's bytes"),
        State::Other { .. } => "other bytes".to_owned(),
        State::Missing => terminal.red("missing"),
        State::Size { got } => {
            terminal.red(&format!("damaged: {got} bytes instead of {}", file.size))
        }
        State::Damaged { sha256 } => {
            let (got, expected) = (&sha256[..12], &file.sha256[..12]);
            terminal.red(&format!("damaged: sha256 {got}... instead of {expected}..."))
        }
    };
    format!("  {:<38} {verdict}", remote.place(file))
}
