//! `tito`: where you are, and what comes next.

pub mod map;

use std::env;
use std::process::ExitCode;

use crate::failure::Failure;
use crate::module::status;
use crate::terminal::Terminal;
use crate::workspace::Workspace;

/// Shows the journey, or to somebody without a workspace how one begins.
pub fn home(terminal: &Terminal) -> Result<ExitCode, Failure> {
    let here = env::current_dir()
        .map_err(|error| Failure::environment(format!("there is no current folder: {error}")))?;
    let Some(workspace) = Workspace::above(&here)? else {
        terminal.print(WELCOME);
        return Ok(ExitCode::SUCCESS);
    };
    let state = workspace.state(terminal)?;
    terminal.print(map::journey(&workspace, &state, terminal)?);
    status::next_line(&workspace, &state, terminal)?;
    Ok(ExitCode::SUCCESS)
}

const WELCOME: &str = "\
TinyTorch: build a deep-learning framework, and replay the history of machine learning on it.

  tito init my-tinytorch     make a workspace, offline, in a second
  cd my-tinytorch
  tito                       shows where you are and what comes next

  tito milestone run mlp     or first see what you are going to build
  tito --help                every command";
