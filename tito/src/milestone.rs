//! `tito milestone`: history, replayed and judged.

pub mod registry;
mod list;
mod info;
pub(crate) mod run;
mod show;
mod verdict;
mod record;
mod sources;

use std::process::ExitCode;

use crate::cli::MilestoneCommand;
use crate::course::Course;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Does what the command says.
pub(crate) fn perform(command: MilestoneCommand, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let course = Course::embedded();
    let data = DataFolder::from_environment()?;
    match command {
        MilestoneCommand::List => list::list(&course, terminal),
        MilestoneCommand::Info { milestone } => info::info(&milestone, &course, &data, terminal),
        MilestoneCommand::Run(request) => {
            let house = run::House { course: &course, known: registry::MILESTONES, data: &data };
            house.run(&request, terminal)
        }
    }
}
