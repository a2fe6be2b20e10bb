//! What a milestone reached, kept in a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::value::RawValue;
use stage::Report;

use super::sources;
use crate::course::{self, Course, Milestone};
use crate::data_folder::DataFolder;
use crate::moment;

/// A run record: the report, and all that is needed to know what it speaks of.
#[derive(Serialize)]
struct Record<'a> {
    /// When it was written, in UTC.
    when: String,
    tito: &'a str,
    system: String,
    processors: usize,
    /// The modules that the milestone stands on.
    modules: &'a [Module<'a>],
    report: Box<RawValue>,
}

/// A module that a run stood on.
#[derive(Serialize)]
pub struct Module<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its crate.
    #[serde(rename = "crate")]
    pub package: &'a str,
    /// `yours`, or `the answer key's`.
    pub whose: &'a str,
    /// Over its sources.
    pub sha256: String,
}

/// Writes the record of a run and says where.
///
/// The file appears as a whole under a name of its own; a second run in the same second gets
/// another name.
///
/// # Errors
/// The data folder can't be written.
pub fn keep(report: &Report, modules: &[Module], data: &DataFolder) -> io::Result<PathBuf> {
    let when = moment::now();
    let record = Record {
        when: when.clone(),
        tito: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        modules,
        report: RawValue::from_string(report.to_record())?,
    };
    let folder = data.runs();
    std::fs::create_dir_all(&folder)?;
    let name = format!("{}_{}_{}", when.replace(':', "-"), report.milestone, report.data);
    write_new(&folder, &name, &serde_json::to_vec_pretty(&record)?)
}

/// Every module that a milestone stands on, in the course's order.
pub fn stands_on<'a>(milestone: &Milestone, course: &'a Course) -> Vec<&'a course::Module> {
    let needs: Vec<String> = milestone.needs.iter().chain(&milestone.again).cloned().collect();
    course.closure(&needs)
}

/// The modules that a milestone stands on when it runs on what tito was built from.
pub fn of_the_answer_key<'a>(milestone: &Milestone, course: &'a Course) -> Vec<Module<'a>> {
    let used = stands_on(milestone, course).into_iter().filter_map(|module| {
        let (id, package) = (&*module.id, &*module.package);
        Some(Module { id, package, whose: "the answer key's", sha256: sources::sha256(id)? })
    });
    used.collect()
}

/// Writes a file that was not there before.
fn write_new(folder: &Path, name: &str, content: &[u8]) -> io::Result<PathBuf> {
    let mut file = tempfile::Builder::new().prefix(".tito-").tempfile_in(folder)?;
    file.write_all(content)?;
    file.write_all(b"\n")?;
    file.as_file().sync_all()?;
    for copy in 1.. {
        let ending = if copy == 1 { String::new() } else { format!("_{copy}") };
        let path = folder.join(format!("{name}{ending}.json"));
        match file.persist_noclobber(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => file = error.file,
            Err(error) => return Err(error.error),
        }
    }
    unreachable!("some number is free")
}

/// The newest record of a milestone: the names begin with their time.
pub fn latest(data: &DataFolder, id: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(data.runs()).ok()?.flatten().map(|entry| entry.path());
    let of_it = entries.filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains(&format!("_{id}_")) && name.ends_with(".json")
    });
    of_it.max()
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Bar, SeedResult};

    #[test]
    fn a_record_names_the_modules_and_holds_the_report_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path());
        let course = Course::embedded();
        let seeds = vec![SeedResult { seed: 3, value: 0.75 }];
        let report = Report::judge("01", "clusters", "accuracy", Bar::at_least(0.95), seeds)
            .with_curve("loss", vec![1.0, 0.5]);
        let modules = of_the_answer_key(&course.milestones[0], &course);
        let keep = || keep(&report, &modules, &data).unwrap();
        let (first, second) = (keep(), keep());
        assert_ne!(first, second);
        assert_eq!(latest(&data, "01"), Some(first.clone().max(second)));
        assert_eq!(latest(&data, "02"), None);
        let text = std::fs::read_to_string(first).unwrap();
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["modules"][0]["crate"], "tinytorch-tensor");
        assert_eq!(value["modules"].as_array().unwrap().len(), 7);
        assert_eq!(value["modules"][6]["sha256"].as_str().unwrap().len(), 64);
        assert_eq!(value["report"]["passed"], false);
        assert_eq!(value["report"]["curve"][0]["values"][1], 0.5);
        assert_eq!(value["report"]["seeds"][0]["seed"], 3);
    }
}
