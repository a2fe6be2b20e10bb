//! `tito milestone`: history, replayed and judged.

pub mod registry;
mod list;
mod info;
pub(crate) mod run;
pub(crate) mod own;
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
use crate::workspace::Workspace;

/// Does what the command says: on the learner's modules in a workspace, else on the answer key.
pub(crate) fn perform(command: MilestoneCommand, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let data = DataFolder::from_environment()?;
    let on_the_key = matches!(&command, MilestoneCommand::Run(request) if request.answer_key);
    let here = std::env::current_dir().unwrap_or_default();
    if let Some(workspace) = Workspace::above(&here)?.filter(|_| !on_the_key) {
        let state = workspace.state(terminal)?;
        let own = own::Own { workspace: &workspace, state: &state };
        let records = DataFolder::at(workspace.hidden());
        let house = run::House {
            course: &workspace.course,
            known: registry::MILESTONES,
            data: &data,
            records: &records,
            own: Some(&own),
        };
        return in_house(command, &house, terminal);
    }
    let course = Course::embedded();
    let known = registry::MILESTONES;
    let house = run::House { course: &course, known, data: &data, records: &data, own: None };
    in_house(command, &house, terminal)
}

fn in_house(
    command: MilestoneCommand,
    house: &run::House,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    match command {
        MilestoneCommand::List => list::list(house.course, house.own, terminal),
        MilestoneCommand::Info { milestone } => {
            info::info(&milestone, house.course, house.data, house.records, house.own, terminal)
        }
        MilestoneCommand::Run(request) => house.run(&request, terminal),
    }
}
