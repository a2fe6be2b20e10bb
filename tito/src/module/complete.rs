//! `tito module complete`: judged as a whole, exported, recorded.

use std::process::ExitCode;

use super::{begun, named, status, test};
use crate::course::{Course, Module};
use crate::failure::{Failure, MISSED};
use crate::judge::outcome::Judgment;
use crate::judge::{Bench, Verdict};
use crate::locate;
use crate::syllabus;
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::state::{Event, State};

/// Which module.
#[derive(Debug, Default, clap::Args)]
pub struct Request {
    /// Its number or name: 05, autograd. Without one, the module you work at
    pub module: Option<String>,
}

/// Judges a module and, when every check passed on the files as they are, puts it into the
/// learner's package.
pub fn complete(
    request: &Request,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    let module = begun(request.module.as_deref(), workspace, &state)?;
    let waits = workspace.waits_for(module, &state);
    if !waits.is_empty() {
        return Err(Failure::input(format!("{} waits for {}", module.id, named(&waits)))
            .cure(format!("complete it first: tito module complete {}", waits[0].id)));
    }
    test::judgeable(module, workspace, &state)?;
    let bench = Bench::default();
    let verdict = bench.judge(workspace, module, terminal)?;
    let Verdict::Judged(judgment) = &verdict else {
        let request = test::Request::default();
        test::report(&verdict, module, &request, workspace, &bench, terminal)?;
        return Ok(ExitCode::from(MISSED));
    };
    if !judgment.is_whole() || has_open_exercises(judgment, module, workspace)? {
        let request = test::Request::default();
        test::report(&verdict, module, &request, workspace, &bench, terminal)?;
        let words = format!("{} {} is not complete yet", module.id, module.name);
        terminal.print(format!("\n{}", terminal.red(&words)));
        return Ok(ExitCode::from(MISSED));
    }
    record(judgment, module, &state, workspace, terminal)?;
    Ok(ExitCode::SUCCESS)
}

/// Whether an exercise was not judged at all, or is still a hole that no check came upon.
fn has_open_exercises(
    judgment: &Judgment,
    module: &Module,
    workspace: &Workspace,
) -> Result<bool, Failure> {
    let passed = judgment.passed_exercises();
    let sources = workspace.read(module)?;
    let exercises = syllabus::exercises(&workspace.tree, module)?;
    let open =
        |it: &syllabus::Exercise| !passed.contains(&it.id) || locate::has_hole(&sources, &it.id);
    Ok(exercises.iter().any(open))
}

fn record(
    judgment: &Judgment,
    module: &Module,
    before: &State,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let mut ledger = workspace.ledger()?;
    if workspace.hashes(module)? != judgment.files {
        return Err(Failure::missed(format!("{} was changed while it was judged", module.id))
            .cure(format!("say it again: tito module complete {}", module.id)));
    }
    let (checks, of) = judgment.counts();
    let (id, files) = (module.id.clone(), judgment.files.clone());
    let passed = judgment.passed_exercises();
    let tested = Event::Tested { module: id.clone(), files: files.clone(), passed, checks, of };
    ledger.record(tested)?;
    ledger.record(Event::Completed { module: id, files })?;
    workspace.export(ledger.state())?;
    let state = ledger.state().clone();
    drop(ledger);
    celebrate(module, before, &state, workspace, terminal)
}

fn celebrate(
    module: &Module,
    before: &State,
    state: &State,
    workspace: &Workspace,
    terminal: &Terminal,
) -> Result<(), Failure> {
    let word = if before.completed(&module.id) { "complete, again" } else { "complete" };
    let words = terminal.green(&format!("{} {} is {word}.", module.id, module.title));
    terminal.print(words);
    terminal.print(format!("  use tinytorch::{};   works in your package now", module.name));
    for line in unlocked(module, before, state, workspace) {
        terminal.print(format!("  {line}"));
    }
    status::next_line(workspace, state, terminal)
}

/// What became possible: milestones, checkpoints, modules.
fn unlocked(module: &Module, before: &State, state: &State, workspace: &Workspace) -> Vec<String> {
    let course: &Course = &workspace.course;
    let mut lines = Vec::new();
    for milestone in &course.milestones {
        let now = workspace.is_unlocked(milestone, state);
        if now && !workspace.is_unlocked(milestone, before) {
            let what = format!("{} {}", milestone.year, milestone.title);
            lines.push(format!("unlocked: {what}   tito milestone run {}", milestone.name));
        }
    }
    for checkpoint in course.checkpoints.iter().filter(|it| it.modules.contains(&module.id)) {
        let met = |state: &State| checkpoint.modules.iter().all(|id| state.completed(id));
        if met(state) && !met(before) {
            lines.push(format!("{}   Yes.", checkpoint.question));
        }
    }
    let opened = |it: &&Module| {
        let ready = |state| workspace.waits_for(it, state).is_empty();
        it.needs.contains(&module.id) && ready(state) && !ready(before) && !workspace.skips(it)
    };
    let opened: Vec<&Module> = course.modules.iter().filter(opened).collect();
    if !opened.is_empty() {
        lines.push(format!("now open: {}", named(&opened)));
    }
    lines
}
