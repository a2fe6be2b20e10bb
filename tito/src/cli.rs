//! The words of the command line.

use clap::{Args, Parser, Subcommand};

use crate::{dataset, milestone};

/// Build a deep-learning framework and replay the history of machine learning.
#[derive(Debug, Parser)]
#[command(
    name = "tito",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    infer_long_args = true,
    after_help = START
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const START: &str = "\
Start here:
  tito milestone list            what there is to run
  tito milestone run mlp         teach a network to read digits as you watch
  tito milestone run all         every milestone that can run now

In a clone of the repository, say `cargo run --release --` instead of `tito`.

Exit status: 0 bars met, 1 a bar missed, 2 wrong usage or input, 3 the machine";

/// The first word.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Replay a chapter of history on the framework, and judge it
    Milestone(Milestone),
    /// Get the data that milestones learn from
    Dataset(Dataset),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Milestone {
    #[command(subcommand)]
    pub command: MilestoneCommand,
}

#[derive(Debug, Subcommand)]
pub enum MilestoneCommand {
    /// Show all milestones, their bars, and which can run now
    List,
    /// Tell about one milestone: what it needs, what it must reach
    Info {
        /// Its number, name or year: 03, mlp, 1986
        milestone: String,
    },
    /// Run one milestone, or all that can run now
    Run(milestone::run::Request),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Dataset {
    #[command(subcommand)]
    pub command: DatasetCommand,
}

#[derive(Debug, Subcommand)]
pub enum DatasetCommand {
    /// Show all data sets, and which are here
    List,
    /// Download a data set, or take it from a folder
    Download(dataset::download::Request),
    /// Read every byte of a data set and compare it with the publisher's
    Verify {
        /// Its name: mnist. Without one, every data set that is here
        name: Option<String>,
    },
    /// Print the folder of a data set, and nothing else
    Path {
        /// Its name: mnist. Without one, the folder that holds all of them
        name: Option<String>,
    },
}
