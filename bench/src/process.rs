//! One process, and the lines that it prints.

use serde::Deserialize;
use std::io::{self, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// A result, as every program prints them; see [`meter::Meter`].
#[derive(Deserialize, Clone, PartialEq, Debug)]
pub struct Line {
    /// Who ran: a framework, in one of its modes.
    pub entrant: String,
    /// What.
    pub workload: String,
    /// `ms`, `mib`, `loss1`, `loss10`.
    pub metric: String,
    /// How much.
    pub value: f64,
    /// The least disturbed sample, where there were several.
    #[serde(default)]
    pub min: Option<f64>,
    /// What other processes had of the machine meanwhile, in cores.
    #[serde(default)]
    pub others: f64,
}

/// What came of a process.
#[derive(Debug)]
pub struct Outcome {
    /// All that it printed, and could be read.
    pub lines: Vec<Line>,
    /// From its start to its end, in milliseconds.
    pub wall: f64,
    /// Why it failed, if it did.
    pub failure: Option<String>,
}

/// Lines among whatever else a framework finds worth telling.
pub fn lines(printed: &str) -> Vec<Line> {
    printed.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Runs `command` to its end, or ends it after `patience`.
///
/// # Errors
/// When it does not start.
pub fn run(command: &mut Command, patience: Duration) -> io::Result<Outcome> {
    let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let start = Instant::now();
    let mut child = command.spawn()?;
    // Both are read while it runs, as a full pipe would stop it. The end of what it prints is its
    // own end, too: waiting for that takes no time from it, as looking again and again would.
    let printed = all_of(child.stdout.take());
    let complaints = all_of(child.stderr.take());
    let mut text = printed.recv_timeout(patience).ok();
    let ended = match text {
        Some(_) => Some(child.wait()?),
        None => child.try_wait()?,
    };
    let wall = start.elapsed().as_secs_f64() * 1e3;
    if ended.is_none() {
        child.kill()?;
        child.wait()?;
        text = printed.recv_timeout(SOON).ok(); // what it measured before counts
    }
    let failure = match ended {
        Some(status) if status.success() => None,
        Some(_) => Some(reason(&complaints.recv_timeout(SOON).unwrap_or_default())),
        None => Some(format!("took longer than {} s", patience.as_secs_f64())),
    };
    Ok(Outcome { lines: lines(&text.unwrap_or_default()), wall, failure })
}

/// For what is known already and only has to be handed over.
const SOON: Duration = Duration::from_secs(1);

/// All that comes out of a pipe, once it has ended.
fn all_of(pipe: Option<impl Read + Send + 'static>) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            _ = pipe.read_to_end(&mut bytes); // what came before an error is still of use
        }
        _ = sender.send(String::from_utf8_lossy(&bytes).into_owned()); // unless nobody waits
    });
    receiver
}

/// A panic tells its reason in the line after its place; others in the last line.
fn reason(complaints: &str) -> String {
    let mut lines = complaints.lines().filter(|line| !line.trim().is_empty());
    let last = lines.clone().next_back().unwrap_or("no reason given");
    let panic = lines.find(|line| line.contains(" panicked at ")).and_then(|_| lines.next());
    panic.unwrap_or(last).trim().chars().take(160).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_found_among_others() {
        let printed = concat!(
            "UserWarning: {something}\n",
            r#"{"entrant":"candle","workload":"W2.x","threads":2,"metric":"ms","value":1.94,"others":0.1}"#,
            "\n",
            r#"{"entrant": "jax", "workload": "W2.x", "threads": 2, "metric": "loss1", "value": 2.3}"#,
            "\n{\"broken\":\n",
        );
        let lines = lines(printed);
        assert_eq!(lines.len(), 2);
        assert_eq!((lines[0].value, lines[0].others), (1.94, 0.1));
        assert_eq!((lines[1].entrant.as_str(), lines[1].metric.as_str()), ("jax", "loss1"));
    }

    #[test]
    fn a_reason_is_the_panic_or_else_the_last_line() {
        let panic = "noise\nthread 'main' (7) panicked at src/a.rs:1:2:\nloss 1 is 3\nnote: run\n";
        assert_eq!(reason(panic), "loss 1 is 3");
        assert_eq!(reason("Traceback:\n  File\nValueError: no\n\n"), "ValueError: no");
        assert_eq!(reason(""), "no reason given");
    }

    #[test]
    #[cfg(unix)]
    fn processes_end_well_or_badly_or_are_ended() {
        let shell = |script: &str, patience| {
            run(Command::new("sh").args(["-c", script]), Duration::from_millis(patience)).unwrap()
        };
        let line = r#"{"entrant":"x","workload":"W0.x","threads":1,"metric":"ms","value":7}"#;
        let good = shell(&format!("echo hello; echo '{line}'"), 10_000);
        assert_eq!((good.lines.len(), good.lines[0].value, good.failure), (1, 7.0, None));
        assert!(good.wall > 0.0);
        assert_eq!(shell("echo oh >&2; exit 3", 10_000).failure.as_deref(), Some("oh"));
        let slow = shell(&format!("echo '{line}'; exec sleep 60"), 500);
        let failure = slow.failure.expect("it takes longer");
        assert!(failure.contains("took longer") && slow.lines.len() == 1, "{failure}");
    }

    #[test]
    fn what_does_not_exist_does_not_start() {
        assert!(run(&mut Command::new("/no/such/program"), Duration::from_secs(1)).is_err());
    }
}
