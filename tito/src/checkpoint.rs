//! `tito checkpoint`: what a learner can do by now, answered from evidence.

use std::process::ExitCode;

use serde::Serialize;

use crate::cli::CheckpointCommand;
use crate::course::{Checkpoint, Course, Module};
use crate::failure::{Failure, MISSED};
use crate::judge::{self, Bench, Verdict, show};
use crate::module::{status, test};
use crate::terminal::Terminal;
use crate::words::unknown;
use crate::workspace::Workspace;
use crate::workspace::ledger::{self, Line};
use crate::workspace::state::{Event, State};

/// How to show it.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Print one JSON array, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// Which checkpoint.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = "\
Exit status: 0 yes, 1 not yet, 2 wrong usage, 3 the machine")]
pub struct Which {
    /// Its number or name: 05, gradients
    pub checkpoint: String,
}

/// Does what the command says.
pub fn perform(command: CheckpointCommand, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let workspace = Workspace::here()?;
    match command {
        CheckpointCommand::Status(request) => status_of_all(&request, &workspace, terminal),
        CheckpointCommand::Timeline(request) => timeline(&request, &workspace, terminal),
        CheckpointCommand::Test(which) => judge_again(&which, &workspace, terminal),
    }
}

/// A checkpoint, for programs.
#[derive(Serialize)]
struct Row<'a> {
    id: &'a str,
    name: &'a str,
    question: &'a str,
    /// `yes`, `changed` (its code is another one by now) or `not yet`.
    answer: &'static str,
    modules: &'a [String],
    waits_for: Vec<&'a str>,
}

fn status_of_all(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let checkpoints = workspace.course.checkpoints.iter();
    let rows: Result<Vec<Row>, Failure> =
        checkpoints.map(|checkpoint| row(checkpoint, workspace, &state)).collect();
    let rows = rows?;
    if request.json {
        terminal.print_json(&serde_json::to_string(&rows).expect("rows are JSON"));
        return Ok(ExitCode::SUCCESS);
    }
    for row in &rows {
        let mark = match row.answer {
            "yes" => terminal.green("\u{2713}"),
            "changed" => terminal.bold("?"),
            _ => terminal.dim("\u{b7}"),
        };
        terminal.print(terminal.hang(&format!("{mark} {} ", row.id), row.question, 5));
        let words = match row.answer {
            "yes" => continue,
            "changed" => format!("changed since: tito checkpoint test {}", row.id),
            _ => format!("waits for {}", row.waits_for.join(", ")),
        };
        terminal.print(terminal.dim(&format!("     {words}")));
    }
    let met = rows.iter().filter(|row| row.answer == "yes").count();
    terminal.print(format!("\n{met} of {} answered with yes", rows.len()));
    status::next_line(workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

fn row<'a>(
    checkpoint: &'a Checkpoint,
    workspace: &'a Workspace,
    state: &State,
) -> Result<Row<'a>, Failure> {
    let modules: Vec<&Module> =
        checkpoint.modules.iter().filter_map(|id| workspace.course.module(id)).collect();
    let waits: Vec<&Module> =
        modules.iter().copied().filter(|module| !state.completed(&module.id)).collect();
    let mut changed = false;
    for module in modules.iter().filter(|_| waits.is_empty()) {
        changed |= status::changed(module, workspace, state)?;
    }
    let answer = match (waits.is_empty(), changed) {
        (true, false) => "yes",
        (true, true) => "changed",
        (false, _) => "not yet",
    };
    Ok(Row {
        id: &checkpoint.id,
        name: &checkpoint.name,
        question: &checkpoint.question,
        answer,
        modules: &checkpoint.modules,
        waits_for: waits.iter().map(|module| module.name.as_str()).collect(),
    })
}

/// A moment of a learner's way.
#[derive(Serialize)]
struct Moment {
    when: String,
    what: String,
}

fn timeline(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let lines = ledger::history(&workspace.hidden())?;
    let moments = moments(&lines, &workspace.course);
    if request.json {
        terminal.print_json(&serde_json::to_string(&moments).expect("moments are JSON"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut day = "";
    for moment in &moments {
        let (date, time) = moment.when.split_once('T').unwrap_or((&moment.when, ""));
        if date != day {
            terminal.print(format!(
                "{}{}",
                if day.is_empty() { "" } else { "\n" },
                terminal.bold(date)
            ));
            day = date;
        }
        let time = terminal.dim(time.get(..5).unwrap_or(time));
        terminal.print(format!("  {time}  {}", moment.what));
    }
    Ok(ExitCode::SUCCESS)
}

/// What is worth telling of a journal: each exercise when it passed first, each module, each
/// milestone.
fn moments(lines: &[Line], course: &Course) -> Vec<Moment> {
    let name = |id: &str| course.module(id).map_or(id.to_owned(), |it| format!("{id} {}", it.name));
    let mut state = State::default();
    let mut moments = Vec::new();
    for line in lines {
        let what = match &line.event {
            Event::Created { .. } => Some("made this workspace".to_owned()),
            Event::Started { module } if state.module(module).started.is_none() => {
                Some(format!("began {}", name(module)))
            }
            Event::Adopted { module, .. } => Some(format!("adopted {}", name(module))),
            Event::Tested { module, passed, .. } => {
                let before = state.module(module).tested.map(|it| it.passed).unwrap_or_default();
                let new: Vec<&str> = passed.difference(&before).map(String::as_str).collect();
                (!new.is_empty()).then(|| format!("passed {}", in_order(new).join(", ")))
            }
            Event::Completed { module, .. } if !state.completed(module) => {
                Some(format!("completed {}", name(module)))
            }
            Event::Milestone { milestone, data, passed: true, .. } => {
                let found = course.milestones.iter().find(|it| it.id == *milestone);
                found.map(|it| format!("{} {}: met on {data}", it.year, it.title))
            }
            Event::Reset { module, .. } => Some(format!("began {} again", name(module))),
            Event::Updated { course } => Some(format!("updated to course {}", course.version)),
            Event::Imported { .. } => Some("brought progress from elsewhere".to_owned()),
            _ => None,
        };
        moments.extend(what.map(|what| Moment { when: line.at.clone(), what }));
        state.apply(line.event.clone(), &line.at);
    }
    moments
}

/// Exercises by their numbers: 01.2 before 01.10.
fn in_order(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_by_key(|id| id.split('.').next_back().and_then(|it| it.parse::<u32>().ok()));
    ids
}

/// Judges the modules of a checkpoint as they are now.
fn judge_again(
    which: &Which,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let checkpoint = find(&which.checkpoint, &workspace.course)?;
    terminal.print(terminal.bold(&checkpoint.question));
    let modules = checkpoint.modules.iter().filter_map(|id| workspace.course.module(id));
    let mut yes = true;
    for module in modules {
        if !state.completed(&module.id) {
            let words = format!("{} {} is not complete", module.id, module.name);
            terminal.print(format!("  {}", terminal.dim(&words)));
            yes = false;
            continue;
        }
        test::judgeable(module, workspace, &state)?;
        let verdict = Bench::default().judge(workspace, module, terminal)?;
        if let Verdict::Judged(judgment) = &verdict {
            judge::remember(workspace, module, judgment)?;
            let (passed, of) = judgment.counts();
            let words = format!("{} {}: {passed} of {of} checks", module.id, module.name);
            terminal.print(format!("  {words}"));
            if judgment.is_whole() {
                continue;
            }
        }
        show::tell(&verdict, module, false, workspace, terminal)?;
        yes = false;
    }
    terminal.print(match yes {
        true => terminal.green("\nYes."),
        false => terminal.red("\nNot yet."),
    });
    Ok(if yes { ExitCode::SUCCESS } else { ExitCode::from(MISSED) })
}

fn find<'a>(word: &str, course: &'a Course) -> Result<&'a Checkpoint, Failure> {
    let number = word.parse::<u32>().ok();
    let means = |it: &&Checkpoint| {
        it.name.eq_ignore_ascii_case(word)
            || number.is_some_and(|number| it.id.parse() == Ok(number))
    };
    course.checkpoints.iter().find(means).ok_or_else(|| {
        let known: Vec<&str> = course.checkpoints.iter().map(|it| it.name.as_str()).collect();
        unknown("checkpoint", word, &known).cure("`tito checkpoint status` shows all of them")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_timeline_tells_each_thing_once() {
        let passed: BTreeSet<String> = ["01.2", "01.10"].map(str::to_owned).into();
        let tested = |passed: &BTreeSet<String>| Event::Tested {
            module: "01".into(),
            files: Default::default(),
            passed: passed.clone(),
            checks: 1,
            of: 2,
        };
        let hint = Event::Hint { module: "01".into(), exercise: "01.1".into(), level: 1 };
        let done = Event::Completed { module: "01".into(), files: Default::default() };
        let events = [
            Event::Started { module: "01".into() },
            hint,
            tested(&passed),
            tested(&passed),
            done.clone(),
            done,
        ];
        let line = |(n, event)| Line { n: n as u64, at: "2026-11-21T10:00:00Z".into(), event };
        let lines: Vec<Line> = events.into_iter().enumerate().map(line).collect();
        let told = moments(&lines, &Course::embedded()).into_iter().map(|moment| moment.what);
        let told: Vec<String> = told.collect();
        assert_eq!(told, ["began 01 tensor", "passed 01.2, 01.10", "completed 01 tensor"]);
    }
}
