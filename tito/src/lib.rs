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

pub mod course;
pub mod remote;
pub mod data_folder;
pub mod fetch;
pub mod failure;
mod terminal;
mod words;
mod cli;
pub mod milestone;
mod dataset;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};
use failure::Failure;
use terminal::Terminal;

/// Reads the command line, does what it says, and gives back the exit status.
pub fn main() -> ExitCode {
    let terminal = Terminal::detect();
    let done = match Cli::parse().command {
        Command::Milestone(it) => milestone::perform(it.command, &terminal),
        Command::Dataset(it) => dataset::perform(it.command, &terminal),
    };
    done.unwrap_or_else(|failure: Failure| {
        terminal.complain(&failure);
        failure.status()
    })
}
