//! `tito dataset`: the data that milestones learn from.

pub mod list;
pub mod download;
pub mod verify;
pub mod path;

use std::process::ExitCode;

use crate::cli::DatasetCommand;
use crate::course::{Course, DataSet, Source};
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::remote::{self, Remote};
use crate::terminal::Terminal;

/// Does what the command says.
pub fn perform(command: DatasetCommand, terminal: &Terminal) -> Result<ExitCode, Failure> {
    let course = Course::embedded();
    let data = DataFolder::from_environment()?;
    match command {
        DatasetCommand::List => list::list(&course, &data, terminal),
        DatasetCommand::Download(request) => download::download(&request, &course, &data, terminal),
        DatasetCommand::Verify { name } => {
            verify::verify(name.as_deref(), &course, &data, terminal)
        }
        DatasetCommand::Path { name } => path::path(name.as_deref(), &course, &data, terminal),
    }
}

/// The downloadable data set that a word names.
///
/// # Errors
/// A word that names none, or one that needs no download: the failure says what to do instead.
fn find_remote(course: &Course, word: &str) -> Result<Remote, Failure> {
    let found = course.find_data_set(word)?;
    let remote = remote::embedded().into_iter().find(|remote| remote.id == found.id);
    remote.ok_or_else(|| no_download(course, found))
}

fn no_download(course: &Course, found: &DataSet) -> Failure {
    let (id, title) = (&found.id, &found.title);
    let failure = Failure::input(match found.source {
        Source::Drawn => format!("{title} is computed from a seed: there is nothing on the disk"),
        _ => format!("{title} comes with tito: there is nothing to download"),
    });
    let user = course.milestones.iter().find(|it| it.data_sets().contains(&id.as_str()));
    match user {
        Some(user) => failure.cure(format!("see it used: tito milestone run {}", user.name)),
        None => failure,
    }
}
