//! `tito`: where you are, and what comes next.

pub mod map;

use std::env;
use std::io::{IsTerminal, stdin};
use std::process::ExitCode;

use crate::failure::Failure;
use crate::keys::{self, Key};
use crate::milestone;
use crate::module::{complete, hint, start, status, test, view, watch};
use crate::terminal::Terminal;
use crate::workspace::Workspace;
use crate::workspace::plan::Step;

/// Shows the journey, or to somebody without a workspace how one begins.
///
/// In a terminal, single keys do what comes next.
pub fn home(terminal: &Terminal) -> Result<ExitCode, Failure> {
    let here = env::current_dir()
        .map_err(|error| Failure::environment(format!("there is no current folder: {error}")))?;
    let Some(workspace) = Workspace::above(&here)? else {
        terminal.print(WELCOME);
        return Ok(ExitCode::SUCCESS);
    };
    show(&workspace, terminal)?;
    if terminal.bars && terminal.is_terminal() && stdin().is_terminal() {
        by_keys(&workspace, terminal)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(workspace: &Workspace, terminal: &Terminal) -> Result<(), Failure> {
    let state = workspace.state(terminal)?;
    terminal.print(map::journey(workspace, &state, terminal)?);
    status::next_line(workspace, &state, terminal)
}

/// Does what single keys say, until somebody quits.
fn by_keys(workspace: &Workspace, terminal: &Terminal) -> Result<(), Failure> {
    loop {
        let keys = "\nn next   t test   w watch   h hint   r read   m map   q quit";
        terminal.print(terminal.dim(keys));
        let key = {
            let _raw = keys::Raw::enter(terminal)?;
            keys::next()
        };
        let done = match key {
            None | Some(Key::Quit | Key::Char('q')) => return Ok(()),
            Some(Key::Char('n' | '\r')) => next(workspace, terminal),
            Some(Key::Char('t')) => test::test(&Default::default(), workspace, terminal),
            Some(Key::Char('w')) => watch::watch(&Default::default(), workspace, terminal),
            Some(Key::Char('h')) => hint::hint(&Default::default(), workspace, terminal),
            Some(Key::Char('r')) => view::view(&Default::default(), workspace, terminal),
            Some(Key::Char('m')) => show(workspace, terminal).map(|()| ExitCode::SUCCESS),
            Some(Key::Char(_)) => continue,
        };
        // A failure is said, and the next key may be a better one.
        if let Err(failure) = done {
            terminal.complain(&failure);
        }
    }
}

/// Does the next step; where that is to write something, says what.
fn next(workspace: &Workspace, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let state = workspace.state(terminal)?;
    match workspace.next_step(&state)? {
        Step::Start(_) => start::start(&Default::default(), workspace, terminal),
        Step::Complete(_) => complete::complete(&Default::default(), workspace, terminal),
        Step::Perform(it) => {
            let request = milestone::run::Request {
                milestone: it.name.clone(),
                ..milestone::run::Request::default()
            };
            milestone::perform(crate::cli::MilestoneCommand::Run(request), terminal)
        }
        Step::Write(_, exercise, place) => {
            let title = format!("{} {}", exercise.id, exercise.title);
            terminal.print(format!("\n{}", terminal.bold(&title)));
            if let Some(place) = place {
                terminal.print(terminal.dim(&workspace.at_place(&place)));
            }
            let task = crate::reading::markdown(exercise.task.trim(), terminal);
            terminal.print(format!("\n{task}"));
            Ok(ExitCode::SUCCESS)
        }
        Step::Later(_) | Step::Done => {
            status::next_line(workspace, &state, terminal)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

const WELCOME: &str = "\
TinyTorch: build a deep-learning framework, and replay the history of machine
learning on it.

  tito init my-tinytorch     make a workspace, offline, in a second
  cd my-tinytorch
  tito                       shows where you are and what comes next

  tito milestone run mlp     or first see what you are going to build
  tito doctor                is everything there?
  tito --help                every command";
