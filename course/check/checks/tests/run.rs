//! The harness as a program: its lines, its exit codes, and what survives.

use std::process::{Command, Output};

fn run(args: &[&str]) -> (Output, Vec<String>) {
    let program = env!("CARGO_BIN_EXE_checks-check");
    let output = Command::new(program).args(args).output().expect("the program starts");
    let text = String::from_utf8_lossy(&output.stdout);
    // As the documentation says: a line counts from its JSON on, the rest was printed by others.
    let from = |line: &str| line.find("{\"").map(|start| line[start..].to_string());
    let lines = text.lines().filter_map(from).collect();
    (output, lines)
}

/// The outcome of check `id`, as it was printed.
fn outcome<'a>(lines: &'a [String], id: &str) -> &'a str {
    let begins = format!("{{\"check\":\"{id}\",\"exercise\"");
    let mut found = lines.iter().filter(|line| line.starts_with(&begins));
    let line = found.next().expect("the check has an outcome");
    assert!(found.next().is_none(), "two outcomes of {id}");
    line
}

#[test]
fn every_check_has_an_outcome_and_the_run_an_end() {
    let calm = ["--only", "00.1", "--only", "00.2", "--only", "00.3", "--only", "00.10"];
    let (output, lines) = run(&calm);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    for (id, part) in [
        ("00.1.holds", r#""status":"passed""#),
        ("00.1.differs", r#""because":"9 is 2 + 3 + 4: sizes multiply, they do not add""#),
        ("00.2.indexes", r#""panic":"index out of bounds: the len is 3 but the index is 3""#),
        ("00.2.indexes", r#"main.rs:"#),
        ("00.10.waits", r#""status":"too slow""#),
        ("00.10.after", r#""status":"passed""#),
    ] {
        let line = outcome(&lines, id);
        assert!(line.contains(part), "{part} in {line}");
    }
    let end = r#"{"module":"00","passed":2,"total":9,"exercises":[{"exercise":"00.1","passed":1"#;
    assert!(lines.last().is_some_and(|line| line.starts_with(end)), "{:?}", lines.last());
}

#[test]
fn a_missing_body_is_told_from_a_wrong_one_wherever_it_was_met() {
    let (_, lines) = run(&["--only", "00.3"]);
    for id in ["00.3.unwritten", "00.3.elsewhere", "00.3.swallowed", "00.3.refuses"] {
        let line = outcome(&lines, id);
        assert!(line.contains(r#""status":"not written yet""#), "{line}");
        assert!(line.contains(r#""panic":"exercise 00.3 is not written yet: a body""#), "{line}");
        assert!(line.contains(r#"main.rs:"#), "{line}");
    }
}

#[test]
fn the_check_that_ended_the_process_is_the_last_one_started() {
    for (only, id) in [("00.11", "00.11.overflows"), ("00.12", "00.12.leaves")] {
        let (_, lines) = run(&["--only", only]);
        assert_eq!(lines, [format!("{{\"check\":\"{id}\",\"status\":\"started\"}}")]);
    }
}

#[test]
fn all_passed_is_exit_code_zero_and_a_wrong_option_two() {
    assert_eq!(run(&["--only", "00.1.holds"]).0.status.code(), Some(0));
    assert_eq!(run(&["--only", "00.4"]).0.status.code(), Some(2));
    assert_eq!(run(&["--olny"]).0.status.code(), Some(2));
}

#[test]
fn a_list_runs_nothing() {
    let (output, lines) = run(&["--list"]);
    assert_eq!((output.status.code(), lines.len()), (Some(0), 11));
    assert!(
        lines[10].starts_with(r#"{"check":"00.12.leaves","exercise":"00.12","fact":"no exit""#)
    );
}
