//! `tito`, the command line of TinyTorch.
//!
//! | in | is |
//! |---|---|
//! | [`course`], [`remote`], `tree`, `syllabus` | the manifests and the course's files, read and checked |
//! | `workspace` | a learner's folder: its files, its journal, what comes next |
//! | `judge` | checks, built on a learner's modules and run; whose fault it is |
//! | [`fetch`] | downloads: resumed, checked, atomic |
//! | `home`, `init`, `module`, `milestone`, `checkpoint`, ... | the commands, a file each |
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
mod keys;
mod questions;
mod workspace;
mod judge;
mod init;
mod doctor;
mod module;
mod checkpoint;
mod progress;
mod update;
mod clean;
mod home;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, ExportCommand, ImportCommand};
use failure::Failure;
use terminal::Terminal;

/// Reads the command line, does what it says, and gives back the exit status.
pub fn main() -> ExitCode {
    let terminal = Terminal::detect();
    let cli = Cli::parse();
    let done = enter(cli.directory.as_deref()).and_then(|()| match cli.command {
        None => home::home(&terminal),
        Some(Command::Init(request)) => init::init(&request, &terminal),
        Some(Command::Setup) => doctor::setup(&terminal),
        Some(Command::Doctor(request)) => doctor::doctor(&request, &terminal),
        Some(Command::Checkpoint(it)) => checkpoint::perform(it.command, &terminal),
        Some(Command::Export(it)) => match it.command {
            ExportCommand::Progress(request) => progress::export(&request, &terminal),
        },
        Some(Command::Import(it)) => match it.command {
            ImportCommand::Progress(request) => progress::import(&request, &terminal),
        },
        Some(Command::Update(request)) => update::update(&request, &terminal),
        Some(Command::Clean(request)) => clean::clean(&request, &terminal),
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
    std::env::set_current_dir(folder)
        .map_err(|error| Failure::input(format!("can't work in {}: {error}", folder.display())))
}
