//! The words of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::{checkpoint, clean, dataset, doctor, init, milestone, module, progress, update};

/// Build a deep-learning framework and replay the history of machine learning.
#[derive(Debug, Parser)]
#[command(
    name = "tito",
    version,
    disable_help_subcommand = true,
    infer_long_args = true,
    after_help = START
)]
pub struct Cli {
    /// Work as if tito had been started in this folder
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub directory: Option<PathBuf>,
    /// Without one, tito shows where you are and what comes next
    #[command(subcommand)]
    pub command: Option<Command>,
}

const START: &str = "\
Start here:
  tito init my-tinytorch         make a workspace; then cd my-tinytorch
  tito                           there: where you are and what comes next
  tito milestone run mlp         teach a network to read digits as you watch

In a clone of the repository, say `cargo run --release --` instead of `tito`.

Exit status: 0 bars met, 1 a bar missed, 2 wrong usage or input, 3 the machine";

/// The first word.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a workspace to build your own framework in
    Init(init::Request),
    /// Begin a module, have it judged, get a hint, complete it
    Module(Module),
    /// Replay a chapter of history on the framework, and judge it
    Milestone(Milestone),
    /// See what you can do by now, and how you came there
    Checkpoint(Checkpoint),
    /// Get the data that milestones learn from
    Dataset(Dataset),
    /// Look at everything, and put back what a workspace lost
    Setup,
    /// Look at machine and workspace: each finding with its cure
    Doctor(doctor::Request),
    /// Write your progress into a file, for another machine
    Export(Export),
    /// Take over progress from another machine
    Import(Import),
    /// Bring the workspace to a newer course; what you wrote stays
    Update(update::Request),
    /// Remove what can be built again
    Clean(clean::Request),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Checkpoint {
    #[command(subcommand)]
    pub command: CheckpointCommand,
}

#[derive(Debug, Subcommand)]
pub enum CheckpointCommand {
    /// Answer every question: can I compute gradients?
    Status(checkpoint::Request),
    /// Show your way so far, day by day
    Timeline(checkpoint::Request),
    /// Judge the modules behind one question as they are now
    Test(checkpoint::Which),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Export {
    #[command(subcommand)]
    pub command: ExportCommand,
}

#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Write what you did into one file
    Progress(progress::Export),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Import {
    #[command(subcommand)]
    pub command: ImportCommand,
}

#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Take over what `tito export progress` wrote
    Progress(progress::Import),
}

#[derive(Debug, Args)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Module {
    #[command(subcommand)]
    pub command: ModuleCommand,
}

#[derive(Debug, Subcommand)]
pub enum ModuleCommand {
    /// Show all modules, and where you are with each
    List(module::list::Request),
    /// Show one module, exercise by exercise
    Status(module::status::Request),
    /// Begin a module: makes its folder, with the lesson and the exercises
    Start(module::start::Request),
    /// Read the lesson
    View(module::view::Request),
    /// See which facts hold and which do not
    Test(module::test::Request),
    /// Have the module judged whenever you save
    Watch(module::watch::Request),
    /// Be asked a question that helps; then an idea; then the shape of the code
    Hint(module::hint::Request),
    /// See how something is checked
    Show(module::show::Request),
    /// Have a finished module judged, and put it into your package
    Complete(module::complete::Request),
    /// See the answer key's way, after yours passed or after the third hint
    Solution(module::solution::Request),
    /// See what you changed
    Diff(module::diff::Request),
    /// Begin a module again; everything is kept
    Reset(module::reset::Request),
    /// Take the answer key's version of a module
    Adopt(module::adopt::Request),
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
