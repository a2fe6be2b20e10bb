//! `tito dataset path`.

use std::process::ExitCode;

use super::find_remote;
use crate::course::Course;
use crate::data_folder::DataFolder;
use crate::failure::Failure;
use crate::terminal::Terminal;

/// Prints a folder and nothing else, for use in scripts: `cd "$(tito dataset path mnist)"`.
///
/// The folder may not exist yet; that it is printed says nothing about the data.
pub fn path(
    name: Option<&str>,
    course: &Course,
    data: &DataFolder,
    terminal: &Terminal,
) -> Result<ExitCode, Failure> {
    let folder = match name {
        Some(name) => data.data_set(&find_remote(course, name)?.id),
        None => data.root().to_owned(),
    };
    terminal.print_exactly(&folder);
    Ok(ExitCode::SUCCESS)
}
