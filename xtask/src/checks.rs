//! Runs a program of checks and reads what it prints.

use serde::Deserialize;
use std::path::Path;
use std::process::{Command, Stdio};

/// A check: which one, and what became of it. As the crate `check` describes it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Outcome {
    pub check: String,
    #[serde(default)]
    pub exercise: String,
    #[serde(default)]
    pub fact: String,
    /// Empty when the checks were only listed.
    #[serde(default)]
    pub status: String,
    pub expected: Option<String>,
    pub got: Option<String>,
    pub because: Option<String>,
    pub note: Option<String>,
    pub panic: Option<String>,
}

impl Outcome {
    pub fn passed(&self) -> bool {
        self.status == "passed"
    }

    /// Everything that a learner reads of it, the cause first.
    pub fn text(&self) -> String {
        let said = [&self.because, &self.panic, &self.got, &self.expected, &self.note];
        let said = said.into_iter().flatten().filter(|said| !said.is_empty());
        let lines: Vec<&str> = said.map(String::as_str).chain([self.fact.as_str()]).collect();
        lines.join("\n")
    }
}

/// Runs `program` and gives back its outcomes, in order.
///
/// A check that was started and has no outcome ended the process: its status is `ended the
/// process`, and it is the last.
pub fn run(program: &Path, arguments: &[&str]) -> Result<Vec<Outcome>, String> {
    let mut command = Command::new(program);
    command.args(arguments).arg("--json").stdin(Stdio::null());
    let output = command.output().map_err(|e| format!("{}: {e}", program.display()))?;
    if output.status.code() == Some(2) {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_string());
    }
    read(&String::from_utf8_lossy(&output.stdout))
}

fn read(printed: &str) -> Result<Vec<Outcome>, String> {
    let (mut outcomes, mut running) = (Vec::new(), None);
    for line in printed.lines() {
        // In front of it may be what the code under test printed.
        let Some(start) = line.find("{\"check\":") else { continue };
        let outcome: Outcome = serde_json::from_str(&line[start..])
            .map_err(|e| format!("a check printed `{line}`: {e}"))?;
        match outcome.status.as_str() {
            "started" => running = Some(outcome),
            _ => {
                running = None;
                outcomes.push(outcome);
            }
        }
    }
    outcomes.extend(running.map(|outcome| {
        // What it belongs to was not printed any more; an id begins with it.
        let exercise = outcome.check.rsplit_once('.').map_or("", |(exercise, _)| exercise);
        let (exercise, status) = (exercise.to_string(), "ended the process".to_string());
        Outcome { exercise, status, ..outcome }
    }));
    Ok(outcomes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_the_process_is_the_last_outcome() {
        let printed = concat!(
            "{\"check\":\"01.1.a\",\"status\":\"started\"}\n",
            "debugging {\"check\":\"01.1.a\",\"exercise\":\"01.1\",\"fact\":\"f\",",
            "\"status\":\"wrong\",\"expected\":\"1\",\"got\":\"2\",\"because\":\"b\",",
            "\"note\":null,\"panic\":null,\"at\":null}\n",
            "{\"check\":\"01.2.deep\",\"status\":\"started\"}\n",
        );
        let outcomes = read(printed).expect("is of the form");
        assert_eq!(outcomes[0].text(), "b\n2\n1\nf");
        assert_eq!((&*outcomes[1].exercise, &*outcomes[1].status), ("01.2", "ended the process"));
        assert_eq!(outcomes.len(), 2);
    }
}
