//! The checks, run: what each found, told by JSON lines.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, ExitStatus};

use serde::{Deserialize, Serialize};

use super::build::in_workspace;
use super::child::{Cancel, Ended};
use crate::failure::Failure;
use crate::workspace::Workspace;
use crate::workspace::state::Files;

/// What a check found.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub enum Status {
    /// The fact holds.
    #[serde(rename = "passed")]
    Passed,
    /// It does not.
    #[serde(rename = "wrong")]
    Wrong,
    /// An exercise is still a hole.
    #[serde(rename = "not written yet")]
    NotWritten,
    /// No answer in time.
    #[serde(rename = "too slow")]
    TooSlow,
}

impl Status {
    /// As the checks say it.
    pub fn words(self) -> &'static str {
        match self {
            Status::Passed => "passed",
            Status::Wrong => "wrong",
            Status::NotWritten => "not written yet",
            Status::TooSlow => "too slow",
        }
    }
}

/// One check, run.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Outcome {
    /// Stable for ever.
    pub check: String,
    /// What it belongs to.
    pub exercise: String,
    /// What should hold, in words.
    pub fact: String,
    /// What was found.
    pub status: Status,
    /// The value that is right.
    #[serde(default)]
    pub expected: Option<String>,
    /// The value that was there.
    #[serde(default)]
    pub got: Option<String>,
    /// The mistake that gives this value.
    #[serde(default)]
    pub because: Option<String>,
    /// What else helps.
    #[serde(default)]
    pub note: Option<String>,
    /// What a panic said.
    #[serde(default)]
    pub panic: Option<String>,
    /// Where it happened: a file of the learner's, line and column.
    #[serde(default)]
    pub at: Option<String>,
}

/// What all checks of a module found.
#[derive(Clone, Debug, Default)]
pub struct Judgment {
    /// What was judged.
    pub files: Files,
    /// In the order of the checks.
    pub outcomes: Vec<Outcome>,
    /// What the learner's code printed, and under which check.
    pub printed: Vec<(String, String)>,
    /// Set when the process ended before its last check: which one, and how.
    pub broke_off: Option<(String, String)>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Outcome(Box<Outcome>),
    Started { check: String },
    Done { total: usize },
}

/// Runs the checks; none where the run was cancelled.
///
/// # Errors
/// The program can't be started.
pub fn run(
    program: &Path,
    only: &[String],
    workspace: &Workspace,
    cancel: &Cancel,
) -> Result<Option<Judgment>, Failure> {
    let mut command = Command::new(program);
    command.arg("--json").current_dir(&workspace.root).env("RUST_BACKTRACE", "0");
    only.iter().for_each(|prefix| {
        command.args(["--only", prefix]);
    });
    let mut judgment = Judgment::default();
    let mut at = String::new();
    let mut total = None;
    let ended = cancel.run(&mut command, |line| {
        let (printed, told) = split(&line);
        if !printed.is_empty() || told.is_none() {
            judgment.printed.push((at.clone(), printed.to_owned()));
        }
        match told {
            Some(Line::Started { check }) => at = check,
            Some(Line::Done { total: all }) => total = Some(all),
            Some(Line::Outcome(mut outcome)) => {
                outcome.at = outcome.at.map(|it| in_workspace(&it, workspace));
                judgment.outcomes.push(*outcome);
            }
            None => {}
        }
    });
    let ended = ended
        .map_err(|error| Failure::environment(format!("the checks can't be started: {error}")))?;
    let Some(ended) = ended else { return Ok(None) };
    if total != Some(judgment.outcomes.len()) {
        judgment.broke_off = Some((at, how(&ended)));
    }
    Ok(Some(judgment))
}

/// A line of output: what the learner's code printed, and what the checks said after it.
fn split(line: &str) -> (&str, Option<Line>) {
    let marks = ["{\"check\":", "{\"module\":"];
    let starts = marks.iter().filter_map(|mark| line.rfind(mark)).min();
    match starts.and_then(|at| Some((at, serde_json::from_str(&line[at..]).ok()?))) {
        Some((at, told)) => (&line[..at], Some(told)),
        None => (line, None),
    }
}

/// How a run ended that did not come to its end.
fn how(ended: &Ended) -> String {
    let said = &ended.stderr;
    if said.contains("has overflowed its stack") {
        return "the stack overflowed: does a function call itself without end?".to_owned();
    }
    if said.contains("memory allocation of") {
        return "the memory is exhausted: is a shape far too large?".to_owned();
    }
    let last = said.trim().lines().last().map_or(String::new(), |line| format!(": {line}"));
    format!("{}{last}", exit(ended.status))
}

#[cfg(unix)]
fn exit(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(9), _) => "the system ended it, as it does when memory runs out".to_owned(),
        (Some(signal), _) => format!("it was ended by signal {signal}"),
        (_, code) => format!("it ended itself with status {}", code.unwrap_or(0)),
    }
}

#[cfg(not(unix))]
fn exit(status: ExitStatus) -> String {
    format!("it ended itself with status {}", status.code().unwrap_or(0))
}

impl Judgment {
    /// What was found for each exercise, in order of appearance: the worst of its checks.
    pub fn exercises(&self) -> BTreeMap<&str, Status> {
        let mut found = BTreeMap::new();
        let weight = |status: Status| match status {
            Status::Passed => 0,
            Status::NotWritten => 1,
            Status::TooSlow => 2,
            Status::Wrong => 3,
        };
        for outcome in &self.outcomes {
            let worst = found.entry(outcome.exercise.as_str()).or_insert(outcome.status);
            if weight(outcome.status) > weight(*worst) {
                *worst = outcome.status;
            }
        }
        if let Some((check, _)) = &self.broke_off {
            let parts: Vec<&str> = check.splitn(3, '.').take(2).collect();
            let length = parts.join(".").len();
            found.insert(&check[..length], Status::Wrong);
        }
        found
    }

    /// The exercises of which every check passed.
    pub fn passed_exercises(&self) -> BTreeSet<String> {
        let passed = self.exercises().into_iter().filter(|(_, status)| *status == Status::Passed);
        passed.map(|(exercise, _)| exercise.to_owned()).collect()
    }

    /// How many checks passed, and how many ran.
    pub fn counts(&self) -> (usize, usize) {
        let passed = self.outcomes.iter().filter(|it| it.status == Status::Passed).count();
        (passed, self.outcomes.len())
    }

    /// Whether every check ran and passed; nothing at all is not enough.
    pub fn is_whole(&self) -> bool {
        let (passed, of) = self.counts();
        of > 0 && passed == of && self.broke_off.is_none()
    }

    /// The checks that found something wrong, or nothing in time.
    pub fn failures(&self) -> impl Iterator<Item = &Outcome> {
        let failed = [Status::Wrong, Status::TooSlow];
        self.outcomes.iter().filter(move |outcome| failed.contains(&outcome.status))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_begins_where_the_checks_speak_whatever_was_printed_before() {
        let (printed, told) = split("x = 3{\"check\":\"01.1.a\",\"status\":\"started\"}");
        assert_eq!(printed, "x = 3");
        assert!(matches!(told, Some(Line::Started { check }) if check == "01.1.a"));
        let (printed, told) = split("{\"check\": but not ours");
        assert!(told.is_none() && printed == "{\"check\": but not ours");
        let end = "{\"module\":\"01\",\"passed\":0,\"total\":2,\"exercises\":[]}";
        assert!(matches!(split(end).1, Some(Line::Done { total: 2 })));
    }

    fn outcome(exercise: &str, status: Status) -> Outcome {
        let (check, exercise) = (format!("{exercise}.x"), exercise.to_owned());
        let fact = String::new();
        let (expected, got, because) = (None, None, None);
        let (note, panic, at) = (None, None, None);
        Outcome { check, exercise, fact, status, expected, got, because, note, panic, at }
    }

    #[test]
    fn an_exercise_is_as_good_as_the_worst_of_its_checks() {
        let found = [("01.1", Status::Passed), ("01.2", Status::Passed), ("01.2", Status::Wrong)];
        let outcomes = found.map(|(exercise, status)| outcome(exercise, status)).to_vec();
        let judgment = Judgment { outcomes, ..Judgment::default() };
        assert_eq!(judgment.passed_exercises().into_iter().collect::<Vec<_>>(), ["01.1"]);
        assert_eq!(judgment.counts(), (2, 3));
        assert!(!judgment.is_whole());
    }

    #[test]
    fn a_run_that_broke_off_is_never_whole_and_its_exercise_is_wrong() {
        let outcomes = vec![outcome("01.1", Status::Passed)];
        let broke_off = Some(("01.1.deep".to_owned(), "how".to_owned()));
        let judgment = Judgment { outcomes, broke_off, ..Judgment::default() };
        assert!(!judgment.is_whole());
        assert!(judgment.passed_exercises().is_empty());
        assert!(!Judgment::default().is_whole(), "no check at all proves nothing");
    }
}
