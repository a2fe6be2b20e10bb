//! The journal and the state on the disk.
//!
//! `journal.jsonl` is only ever appended to, a line an event, and is the truth. `state.json` is
//! what the lines come to: replaced as a whole after each event, so that either file gives back
//! what the other lost. One process at a time writes, under the lock `lock`; reading needs none.

use std::fs::{self, File, TryLockError};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::state::{Event, FORMAT, State};
use crate::durable::{self, trouble};
use crate::failure::Failure;
use crate::moment;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Counts up from 1.
    pub n: u64,
    /// In UTC.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// The number of a line, whatever else is in it.
#[derive(Deserialize)]
struct Numbered {
    n: u64,
}

/// The format of a state, whatever else is in it.
#[derive(Deserialize)]
struct Formatted {
    format: u32,
}

/// What was read, and what a person should know about how.
#[derive(Debug)]
pub struct Read {
    /// What the journal and `state.json` come to.
    pub state: State,
    /// Something was damaged, and made good.
    pub remark: Option<String>,
    /// The number of the last line of the journal.
    last_line: u64,
}

/// Reads the state from a `.tito` folder; changes nothing.
///
/// # Errors
/// The files can't be read, or were written by a newer tito.
pub fn read(folder: &Path) -> Result<Read, Failure> {
    let (mut state, mut remark) = match read_state(folder)? {
        Stored::Whole(state) => (*state, None),
        Stored::Absent => (State::default(), None),
        Stored::Damaged => (
            State::default(),
            Some(".tito/state.json was damaged; it was read again from the journal".to_owned()),
        ),
    };
    let mut last_line = 0;
    let lines = journal(folder)?;
    let mut unread = 0;
    for line in &lines {
        // One write may have been cut off, by a crash; what it was about did not happen.
        let Ok(Numbered { n }) = serde_json::from_str(line) else {
            unread += 1;
            continue;
        };
        if n > state.events {
            let line: Line = serde_json::from_str(line).map_err(|_| newer())?;
            state.apply(line.event, &line.at);
            state.events = n;
        }
        last_line = n.max(last_line);
    }
    if unread > 0 {
        let what = format!("{unread} damaged line(s) of .tito/journal.jsonl were left out");
        remark = Some(remark.map_or(what.clone(), |remark| format!("{remark}; {what}")));
    }
    Ok(Read { state, remark, last_line })
}

/// Every event that can be read, in order: a learner's own history.
///
/// # Errors
/// The journal can't be read.
pub fn history(folder: &Path) -> Result<Vec<Line>, Failure> {
    Ok(journal(folder)?.iter().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

enum Stored {
    Whole(Box<State>),
    Absent,
    Damaged,
}

fn read_state(folder: &Path) -> Result<Stored, Failure> {
    let path = folder.join("state.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Stored::Absent),
        Err(error) => return Err(trouble("read", &path, &error)),
    };
    match serde_json::from_slice::<Formatted>(&text) {
        Ok(Formatted { format }) if format > FORMAT => Err(newer()),
        _ => Ok(serde_json::from_slice(&text).map_or(Stored::Damaged, Stored::Whole)),
    }
}

fn newer() -> Failure {
    Failure::input("this workspace was last used with a newer tito than this one")
        .cure(format!("this is tito {}; install the newer one", env!("CARGO_PKG_VERSION")))
        .cure("nothing was changed")
}

/// The lines of the journal; one that was cut off at the end is still being written, or never was.
fn journal(folder: &Path) -> Result<Vec<String>, Failure> {
    let path = folder.join("journal.jsonl");
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(trouble("read", &path, &error)),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let text = String::from_utf8_lossy(&bytes[..whole]);
    Ok(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect())
}

/// The state, held by this process alone until it is dropped.
#[derive(Debug)]
pub struct Ledger {
    folder: PathBuf,
    read: Read,
    _lock: File,
}

impl Ledger {
    /// Takes the lock of a `.tito` folder, waiting for whoever has it, and reads.
    ///
    /// # Errors
    /// As [`read`]; or the folder can't be written to.
    pub fn open(folder: &Path) -> Result<Ledger, Failure> {
        durable::make_folder(folder)?;
        let path = folder.join("lock");
        let lock = File::options().create(true).write(true).truncate(false).open(&path);
        let lock = lock.map_err(|error| trouble("write", &path, &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                lock.lock().map_err(|error| trouble("lock", &path, &error))?;
            }
            // Some network file systems have no locks: then a learner has one window at a time.
            Err(TryLockError::Error(_)) => {}
        }
        Ok(Ledger { folder: folder.to_owned(), read: read(folder)?, _lock: lock })
    }

    /// What is known.
    pub fn state(&self) -> &State {
        &self.read.state
    }

    /// Writes one more event, first into the journal, then into the state.
    ///
    /// # Errors
    /// The disk does not play along. An event of which the journal has the whole line happened,
    /// even if the state could not be written after it.
    pub fn record(&mut self, event: Event) -> Result<(), Failure> {
        if self.read.last_line < self.read.state.events {
            // The journal was lost and the state was not: begin it again with what is known.
            let state = Box::new(self.read.state.clone());
            self.append(Event::Imported { state })?;
        }
        self.append(event)?;
        let text = serde_json::to_vec_pretty(&self.read.state).expect("a state is JSON");
        durable::replace(&self.folder.join("state.json"), &text)
    }

    fn append(&mut self, event: Event) -> Result<(), Failure> {
        let path = self.folder.join("journal.jsonl");
        let line = Line { n: self.read.state.events + 1, at: moment::now(), event };
        let mut text = serde_json::to_string(&line).expect("an event is JSON");
        text.push('\n');
        let write = || {
            let mut file = File::options().create(true).append(true).read(true).open(&path)?;
            let whole = fs::read(&path)?.iter().rposition(|byte| *byte == b'\n');
            file.set_len(whole.map_or(0, |end| end as u64 + 1))?; // what a crash cut off
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            durable::sync_folder(&self.folder)
        };
        write().map_err(|error| trouble("write", &path, &error))?;
        self.read.state.events = line.n;
        self.read.last_line = line.n;
        self.read.state.apply(line.event, &line.at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::state::Files;

    fn done(module: &str) -> Event {
        Event::Completed { module: module.into(), files: Files::new() }
    }

    fn folder_with(modules: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        for module in modules {
            Ledger::open(home.path()).unwrap().record(done(module)).unwrap();
        }
        home
    }

    fn completed(folder: &Path) -> Vec<String> {
        read(folder).unwrap().state.modules.into_keys().collect()
    }

    #[test]
    fn a_state_cut_anywhere_is_read_again_from_the_journal() {
        let home = folder_with(&["01", "02"]);
        let path = home.path().join("state.json");
        let whole = fs::read(&path).unwrap();
        let before = read(home.path()).unwrap().state;
        for length in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            let read = read(home.path()).unwrap();
            assert_eq!(read.state, before, "{length}");
            assert!(read.remark.unwrap().contains("read again from the journal"));
        }
        fs::remove_file(&path).unwrap();
        assert_eq!(read(home.path()).unwrap().state, before);
    }

    #[test]
    fn a_journal_cut_anywhere_loses_nothing_that_the_state_has_and_goes_on() {
        let home = folder_with(&["01", "02"]);
        let path = home.path().join("journal.jsonl");
        let whole = fs::read(&path).unwrap();
        for length in [0, 1, whole.len() / 2, whole.len() - 1] {
            fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(completed(home.path()), ["01", "02"]);
        }
        Ledger::open(home.path()).unwrap().record(done("03")).unwrap();
        assert_eq!(completed(home.path()), ["01", "02", "03"]);
        fs::remove_file(home.path().join("state.json")).unwrap();
        assert_eq!(completed(home.path()), ["01", "02", "03"], "the journal alone has all again");
    }

    #[test]
    fn an_event_in_the_journal_counts_although_the_state_was_not_written() {
        let home = folder_with(&["01"]);
        let state = fs::read(home.path().join("state.json")).unwrap();
        Ledger::open(home.path()).unwrap().record(done("02")).unwrap();
        fs::write(home.path().join("state.json"), state).unwrap();
        assert_eq!(completed(home.path()), ["01", "02"]);
    }

    #[test]
    fn a_line_that_was_cut_off_is_cut_away_before_the_next() {
        let home = folder_with(&["01"]);
        let path = home.path().join("journal.jsonl");
        let mut torn = fs::read(&path).unwrap();
        torn.extend(br#"{"n":2,"at":"now","event":"compl"#);
        fs::write(&path, torn).unwrap();
        Ledger::open(home.path()).unwrap().record(done("02")).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.lines().all(|line| serde_json::from_str::<Line>(line).is_ok()), "{text}");
    }

    #[test]
    fn a_state_from_the_future_is_left_alone() {
        let home = folder_with(&["01"]);
        let future = br#"{"format": 2, "events": "another form"}"#;
        fs::write(home.path().join("state.json"), future).unwrap();
        let failure = read(home.path()).unwrap_err().to_string();
        assert!(failure.contains("a newer tito"), "{failure}");
        let failure = Ledger::open(home.path()).unwrap_err();
        assert!(failure.to_string().contains("nothing was changed"));
        assert_eq!(fs::read(home.path().join("state.json")).unwrap(), future);
    }

    #[test]
    fn eight_processes_worth_of_threads_lose_no_event() {
        let home = folder_with(&[]);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let folder = home.path();
                scope.spawn(move || {
                    for event in 0..5 {
                        let mut ledger = Ledger::open(folder).unwrap();
                        ledger.record(done(&format!("{thread}-{event}"))).unwrap();
                    }
                });
            }
        });
        assert_eq!(completed(home.path()).len(), 40);
        assert_eq!(history(home.path()).unwrap().len(), 40);
        fs::remove_file(home.path().join("state.json")).unwrap();
        assert_eq!(completed(home.path()).len(), 40);
    }
}
