//! A verdict in words that teach.

use super::Verdict;
use super::build::Diagnostic;
use super::outcome::{Judgment, Outcome, Status};
use crate::course::Module;
use crate::failure::Failure;
use crate::locate;
use crate::syllabus::{self, Exercise};
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// How many failures of one exercise are shown: more of the same cause is noise.
const SHOWN: usize = 2;
/// How many errors of the compiler are shown: the first is most often the cause of the others.
const ERRORS: usize = 3;
/// How many printed lines are shown.
const PRINTED: usize = 12;

/// Shows what came of a module: every exercise in a line, then what is wrong with the first that
/// is wrong; with `all`, every failure.
///
/// # Errors
/// The course or the learner's files can't be read.
pub fn tell(
    verdict: &Verdict,
    module: &Module,
    all: bool,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<(), Failure> {
    match verdict {
        Verdict::Judged(judgment) => {
            let exercises = syllabus::exercises(&workspace.tree, module)?;
            terminal.print(head(judgment, &exercises, module, terminal));
            let sources = workspace.read(module)?;
            let open = |it: &Exercise| locate::has_hole(&sources, &it.id);
            let failed = |it: &Exercise| judgment.failures().any(|of| of.exercise == it.id);
            let cause = exercises.iter().find(|it| failed(it) && !open(it));
            for exercise in &exercises {
                // With a cause in what is written, what is not written is no mistake.
                let excused = open(exercise) && cause.is_some();
                terminal.print(line(exercise, open(exercise), excused, judgment, terminal));
            }
            details(judgment, &exercises, all, module, workspace, terminal)
        }
        Verdict::DoesNotCompile(diagnostics) => {
            errors(diagnostics, module, all, terminal);
            Ok(())
        }
        Verdict::Cancelled => Ok(()),
    }
}

fn head(
    judgment: &Judgment,
    exercises: &[Exercise],
    module: &Module,
    terminal: &Terminal,
) -> String {
    let (passed, of) = judgment.counts();
    let done = judgment.passed_exercises();
    let done = exercises.iter().filter(|exercise| done.contains(&exercise.id)).count();
    let counts = format!("{done} of {} exercises, {passed} of {of} checks", exercises.len());
    let title = format!("{} {}", module.id, module.title);
    format!("{}   {counts}\n", terminal.bold(&title))
}

fn line(
    exercise: &Exercise,
    open: bool,
    excused: bool,
    judgment: &Judgment,
    terminal: &Terminal,
) -> String {
    let status = judgment.exercises().get(exercise.id.as_str()).copied();
    let (mark, after) = match status {
        Some(Status::Passed) => (terminal.green("\u{2713}"), String::new()),
        Some(status) if excused && status != Status::Passed => {
            (terminal.dim("\u{b7}"), String::new())
        }
        Some(Status::NotWritten) if open => (terminal.dim("\u{b7}"), String::new()),
        Some(Status::NotWritten) => {
            (terminal.dim("\u{b7}"), waits(exercise, judgment).unwrap_or_default())
        }
        Some(status) => (terminal.red("\u{2717}"), status.words().to_owned()),
        None => (terminal.dim("\u{b7}"), "not looked at".to_owned()),
    };
    let after = if after.is_empty() { after } else { terminal.dim(&format!("   {after}")) };
    format!("  {mark} {}  {}{after}", exercise.id, exercise.title)
}

/// The other exercise that one waits for, where it is itself written.
fn waits(exercise: &Exercise, judgment: &Judgment) -> Option<String> {
    let mine = |it: &&Outcome| it.exercise == exercise.id && it.status == Status::NotWritten;
    let holes = judgment.outcomes.iter().filter(mine).filter_map(|it| hole(it));
    let mut others = holes.filter(|id| *id != exercise.id);
    others.next().map(|other| format!("needs {other}, which is not written yet"))
}

/// The exercise whose hole a check ran into.
pub fn hole(outcome: &Outcome) -> Option<&str> {
    let said = outcome.panic.as_deref()?.split_once("exercise ")?.1;
    said.split_whitespace().next()
}

/// What is wrong, from the first exercise that is wrong on.
fn details(
    judgment: &Judgment,
    exercises: &[Exercise],
    all: bool,
    module: &Module,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let failed = |exercise: &&Exercise| judgment.failures().any(|it| it.exercise == exercise.id);
    let shown = if all { exercises.len() } else { 1 };
    for exercise in exercises.iter().filter(failed).take(shown) {
        let place = workspace.place(module, exercise)?;
        let place = place.map_or(String::new(), |place| workspace.at_place(&place));
        let title = terminal.bold(&format!("{}  {}", exercise.id, exercise.title));
        terminal.print(format!("\n{title}\n{}", terminal.dim(&place)));
        let failures: Vec<&Outcome> =
            judgment.failures().filter(|it| it.exercise == exercise.id).collect();
        let count = if all { failures.len() } else { SHOWN };
        for outcome in failures.iter().take(count) {
            terminal.print(format!("\n{}", failure(outcome, terminal)));
            printed(judgment, &outcome.check, terminal);
        }
        if failures.len() > count {
            let more = failures.len() - count;
            let words = format!("and {more} more of {}; --all shows them", exercise.id);
            terminal.print(format!("\n  {}", terminal.dim(&words)));
        }
    }
    if let Some((check, how)) = &judgment.broke_off {
        let first = format!("\n  {}  {check} ended the whole run", terminal.red("broke off"));
        terminal.print(first);
        terminal.print(terminal.wrap(&format!("{how}. The checks after it did not run."), 6));
        printed(judgment, check, terminal);
    }
    Ok(())
}

/// One failure: the fact, the known mistake, what was expected and what came.
fn failure(outcome: &Outcome, terminal: &Terminal) -> String {
    let status = terminal.red(outcome.status.words());
    let mut lines = vec![format!("  {status}  {}", outcome.fact)];
    if let Some(because) = &outcome.because {
        lines.push(terminal.bold(&terminal.wrap(because, 6)));
    }
    let named = [
        ("expected", &outcome.expected),
        ("got", &outcome.got),
        ("panicked", &outcome.panic),
        ("at", &outcome.at),
        ("", &outcome.note),
    ];
    for (name, said) in named {
        let said = said.as_deref().unwrap_or_default();
        for (number, line) in said.lines().enumerate() {
            let name = if number == 0 { name } else { "" };
            lines.push(format!("      {name:<9} {line}").trim_end().to_owned());
        }
    }
    lines.push(
        terminal.dim(&format!("      how it is checked: tito module show {}", outcome.check)),
    );
    lines.join("\n")
}

/// What the learner's own code printed under a check.
fn printed(judgment: &Judgment, check: &str, terminal: &Terminal) {
    let lines: Vec<&str> = judgment
        .printed
        .iter()
        .filter(|(under, _)| under == check)
        .map(|(_, line)| line.as_str())
        .collect();
    if lines.is_empty() {
        return;
    }
    terminal.print(terminal.dim("      your code printed:"));
    lines.iter().take(PRINTED).for_each(|line| terminal.print(format!("        {line}")));
    if lines.len() > PRINTED {
        terminal.print(terminal.dim(&format!("        and {} lines more", lines.len() - PRINTED)));
    }
}

/// What the compiler said: the learner's own files first, and not everything at once.
fn errors(diagnostics: &[Diagnostic], module: &Module, all: bool, terminal: &Terminal) {
    let yours: Vec<&Diagnostic> = diagnostics.iter().filter(|it| it.yours).collect();
    let (shown, words) = match yours.len() {
        0 => (
            diagnostics.iter().collect(),
            format!(
                "The checks of {} no longer fit your code: most likely a name, a parameter or a \
                 result of it was changed.",
                module.id
            ),
        ),
        1 => (yours, "It does not compile yet: one error.".to_owned()),
        count => (yours, format!("It does not compile yet: {count} errors, the first first.")),
    };
    terminal.print(format!("{}\n", terminal.bold(&terminal.wrap(&words, 0))));
    let count = if all { shown.len() } else { ERRORS };
    shown.iter().take(count).for_each(|it| terminal.print(format!("{}\n", it.text)));
    if shown.len() > count {
        let more = format!("and {} more; --all shows them", shown.len() - count);
        terminal.print(terminal.dim(&more));
    }
}
