//! `tito`, the command line of TinyTorch.
//!
//! | in | is |
//! |---|---|
//! | [`course`], [`remote`] | the two manifests, read and checked |
//! | [`fetch`] | downloads: resumed, checked, atomic |
//! | `milestone`, `dataset` | the commands, a file each |
//! | `terminal`, `failure`, `words` | how it speaks |
//!
//! The parts that have promises of their own (`course`, `fetch`) can be called from outside, so
//! that tests hold them to it.

mod tree;
pub mod course;
pub mod remote;
pub mod data_folder;
pub mod fetch;
pub mod failure;
mod durable;
mod moment;
mod terminal;
mod words;
mod cli;
pub mod milestone;
mod dataset;
mod syllabus;
mod stub;
mod locate;
mod reading;
mod questions;
mod workspace;
mod judge;
mod init;
mod module;
mod home;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;
use terminal::Terminal;

/// Reads the command line, does what it says, and gives back the exit status.
pub fn main() -> ExitCode {
    let terminal = Terminal::detect();
    let cli = Cli::parse();
    let done = enter(cli.directory.as_deref()).and_then(|()| match cli.command {
        None => home::home(&terminal),
        Some(Command::Init(request)) => init::init(&request, &terminal),
        Some(Command::Module(it)) => module::perform(it.command, &terminal),
        Some(Command::Milestone(it)) => milestone::perform(it.command, &terminal),
        Some(Command::Dataset(it)) => dataset::perform(it.command, &terminal),
    });
    done.unwrap_or_else(|failure: Failure| {
        terminal.complain(&failure);
        failure.status()
    })
}

/// Goes to the folder that the command line names.
fn enter(folder: Option<&Path>) -> Result<(), Failure> {
    let Some(folder) = folder else { return Ok(()) };
    std::env::set_current_dir(folder).map_err(|error| {
        Failure::input(format!("can't work in {}: {error}", folder.display()))
    })
}
