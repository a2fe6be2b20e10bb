//! What a milestone reached, kept in a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::value::RawValue;
use stage::Report;

use super::sources;
use crate::course::{Course, Milestone};
use crate::data_folder::DataFolder;

/// A run record: the report, and all that is needed to know what it speaks of.
#[derive(Serialize)]
struct Record<'a> {
    /// When it was written, in UTC.
    when: String,
    tito: &'a str,
    system: String,
    processors: usize,
    /// The modules that the milestone stands on.
    modules: Vec<Module<'a>>,
    report: Box<RawValue>,
}

#[derive(Serialize)]
struct Module<'a> {
    id: &'a str,
    #[serde(rename = "crate")]
    package: &'a str,
    version: &'a str,
    sha256: String,
}

/// Writes the record of a run and says where.
///
/// The file appears as a whole under a name of its own; a second run in the same second gets
/// another name.
///
/// # Errors
/// The data folder can't be written.
pub fn keep(
    report: &Report,
    milestone: &Milestone,
    course: &Course,
    data: &DataFolder,
) -> io::Result<PathBuf> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let needs: Vec<String> = milestone.needs.iter().chain(&milestone.again).cloned().collect();
    let record = Record {
        when: utc(now),
        tito: env!("CARGO_PKG_VERSION"),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        processors: std::thread::available_parallelism().map_or(1, usize::from),
        modules: modules(course, &needs),
        report: RawValue::from_string(report.to_record())?,
    };
    let folder = data.runs();
    std::fs::create_dir_all(&folder)?;
    let name = format!("{}_{}_{}", utc(now).replace(':', "-"), report.milestone, report.data);
    write_new(&folder, &name, &serde_json::to_vec_pretty(&record)?)
}

fn modules<'a>(course: &'a Course, needs: &[String]) -> Vec<Module<'a>> {
    let used = course.closure(needs).into_iter().filter_map(|module| {
        // All crates of the workspace share one version.
        let (id, package, version) = (&*module.id, &*module.package, env!("CARGO_PKG_VERSION"));
        Some(Module { id, package, version, sha256: sources::sha256(id)? })
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

/// Seconds since 1970 as `2026-11-21T10:55:03Z`.
fn utc(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Days since 1970 as year, month and day of the Gregorian calendar.
///
/// Counts from March, so that the leap day is a year's last (Howard Hinnant, "chrono-Compatible
/// Low-Level Date Algorithms", `civil_from_days`).
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Bar, SeedResult};

    #[test]
    fn seconds_become_dates() {
        assert_eq!(utc(0), "1970-01-01T00:00:00Z");
        assert_eq!(utc(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(utc(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(utc(1_795_258_503), "2026-11-21T10:55:03Z");
        assert_eq!(utc(4_107_542_400), "2100-03-01T00:00:00Z");
    }

    #[test]
    fn a_record_names_the_modules_and_holds_the_report_and_none_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::at(folder.path());
        let course = Course::embedded();
        let seeds = vec![SeedResult { seed: 3, value: 0.75 }];
        let report = Report::judge("01", "clusters", "accuracy", Bar::at_least(0.95), seeds)
            .with_curve("loss", vec![1.0, 0.5]);
        let keep = || keep(&report, &course.milestones[0], &course, &data).unwrap();
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
