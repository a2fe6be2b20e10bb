//! The results as a file, from which the table can be printed again.
//!
//! It is written anew whenever something has been measured, and at once: who interrupts a race
//! after an hour has what an hour gave.

use crate::probe::Probe;
use crate::race::{Raced, Rules};
use crate::results::{MARGIN, SHARED_MARGIN, Spread, Standing, standing};
use crate::workload::Precision;
use crate::{Machine, entrant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

/// Machine, rules and rows. Times are milliseconds, memory MiB.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub struct Record {
    /// The processor.
    pub machine: String,
    /// How many cores it has.
    pub cores: usize,
    /// When it began, since 1970.
    pub unix_seconds: u64,
    /// How often everyone was to run.
    pub rounds: usize,
    /// How long each workload was timed in a round.
    pub seconds_each: f64,
    /// Whether the least disturbed call of a process stands for it.
    pub least_disturbed: bool,
    /// Whether all workloads of a family ran in one process.
    pub one_process_per_family: bool,
    /// Who has a column.
    pub peers: Vec<String>,
    /// What the machine can do.
    pub peaks: Vec<Peak>,
    /// What came of it so far.
    pub rows: Vec<Row>,
}

/// What a number of threads can do at most.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub struct Peak {
    pub threads: usize,
    pub f32_gflops: f64,
    pub bf16_gflops: f64,
    pub int8_gops: f64,
    pub read_gb_per_s: f64,
}

/// One workload on one number of threads.
#[derive(Serialize, Deserialize, PartialEq, Debug)]
pub struct Row {
    pub workload: String,
    pub threads: usize,
    /// `ms` or `MiB`.
    pub unit: String,
    pub ours: Option<Spread>,
    /// All modes of each framework that measured it, the best first.
    pub others: BTreeMap<String, Vec<Spread>>,
    /// The best mode of all.
    pub best: Option<String>,
    /// Ours as a part of the best.
    pub ratio: Option<f64>,
    pub standing: Option<Standing>,
    /// The least time that the work takes on this machine, in milliseconds.
    pub limit: Option<f64>,
    /// Which part of the machine's peak we reach: 1 is all of it.
    pub share: Option<f64>,
    /// Whether all that was trained was the same thing, in words.
    pub losses: String,
    /// Why our own process failed, if it did.
    pub failure: Option<String>,
}

impl Record {
    /// Before the race.
    pub fn new(machine: &Machine, rules: &Rules, peers: &[&str]) -> Self {
        Self {
            machine: machine.name.clone(),
            cores: machine.cores,
            unix_seconds: machine.seconds,
            rounds: rules.rounds,
            seconds_each: rules.seconds,
            least_disturbed: rules.least,
            one_process_per_family: rules.together,
            peers: peers.iter().map(|peer| (*peer).to_string()).collect(),
            peaks: machine.probes.iter().map(|(threads, probe)| peak(*threads, probe)).collect(),
            rows: Vec::new(),
        }
    }

    /// What was written.
    ///
    /// # Errors
    /// When the file can't be read, or is none of these.
    pub fn read(file: &Path) -> io::Result<Self> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }

    /// Puts this in the place of the file: whoever looks, and whatever happens meanwhile, finds
    /// the old one or the new one whole.
    ///
    /// # Errors
    /// When there is no such folder and none can be made, or no room.
    pub fn write(&self, file: &Path) -> io::Result<()> {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut name = file.file_name().unwrap_or_default().to_os_string();
        name.push(".part"); // beside it, as a file can't be renamed from one disk to another
        let part = file.with_file_name(name);
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let mut to = File::create(&part)?;
        to.write_all(&text)?;
        to.sync_all()?;
        fs::rename(part, file)
    }
}

fn peak(threads: usize, probe: &Probe) -> Peak {
    let giga = |precision| probe.products(precision) / 1e9;
    Peak {
        threads,
        f32_gflops: giga(Precision::F32),
        bf16_gflops: giga(Precision::Bf16),
        int8_gops: giga(Precision::Int8),
        read_gb_per_s: probe.reading(f64::INFINITY) / 1e9,
    }
}

impl Row {
    /// Puts what was measured beside what the machine can do.
    pub fn new(raced: &Raced, probe: &Probe) -> Self {
        let work = raced.workload.work;
        let shared = raced.threads > 1 && probe.waits_for_memory(work);
        Self::beside(raced, probe.limit(work), if shared { SHARED_MARGIN } else { MARGIN })
    }

    /// The same, where the least time is `limit` and ratios up to `margin` mean nothing.
    pub fn beside(raced: &Raced, limit: Option<f64>, margin: f64) -> Self {
        let Raced { workload, threads, cell, .. } = raced;
        let others = entrant::peers().into_iter().map(|peer| (peer.to_string(), cell.modes(peer)));
        let (ours, ratio) = (cell.ours(), cell.ratio());
        Self {
            workload: workload.name.clone(),
            threads: *threads,
            unit: workload.unit().to_string(),
            others: others.filter(|(_, modes)| !modes.is_empty()).collect(),
            best: cell.best().map(|best| best.entrant),
            ratio,
            standing: ratio.map(|ratio| standing(ratio, margin)),
            limit,
            share: limit.and_then(|limit| Some(limit / ours.as_ref()?.median)),
            losses: losses(raced),
            failure: cell.failure.clone(),
            ours,
        }
    }
}

fn losses(raced: &Raced) -> String {
    let Raced { workload, cell, .. } = raced;
    let different = cell.different.iter().map(|(mode, loss)| format!("{mode} differs: {loss}"));
    let different: Vec<String> = different.collect();
    match (workload.losses, different.is_empty()) {
        ([], _) => String::new(),
        (_, false) => different.join(", "),
        (_, true) if cell.same.iter().any(|mode| mode == entrant::OURS) => "equal".to_string(),
        (_, true) if cell.same.is_empty() => String::new(),
        (_, true) => "equal among others".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrant::OURS;
    use crate::results::Cell;
    use crate::workload::{Work, Workload};

    fn row(workload: &Workload) -> Row {
        let mut cell = Cell::default();
        cell.runs.insert((OURS, OURS.to_string()), vec![2.0]);
        cell.runs.insert(("torch", "torch-eager".to_string()), vec![4.0, 6.0]);
        Row::beside(&Raced { workload, threads: 1, rounds: 2, cell }, Some(1.0), 1.1)
    }

    fn record(rows: Vec<Row>) -> Record {
        let machine =
            Machine { name: "a machine".to_string(), cores: 2, seconds: 7, probes: Vec::new() };
        let rules = Rules { rounds: 2, seconds: 0.25, patience: 1, least: false, together: false };
        Record { rows, ..Record::new(&machine, &rules, &["torch"]) }
    }

    #[test]
    fn a_row_holds_every_mode_and_how_we_stand() {
        let row = row(&Workload::new("W2.x", Work::NONE, |_| ()));
        assert_eq!(
            (row.standing, row.ratio, row.share),
            (Some(Standing::Ahead), Some(0.4), Some(0.5))
        );
        let mode = &row.others["torch"][0];
        assert_eq!((mode.median, mode.min, mode.max, mode.rounds), (5.0, 4.0, 6.0, 2));
        assert_eq!(row.best.as_deref(), Some("torch-eager"));
    }

    #[test]
    fn another_loss_is_named() {
        let workload = Workload { losses: &[(1, 2.0)], ..Workload::new("W2", Work::NONE, |_| ()) };
        let mut raced = Raced { workload: &workload, threads: 1, rounds: 1, cell: Cell::default() };
        assert_eq!(losses(&raced), "");
        raced.cell.same.push(OURS.to_string());
        assert_eq!(losses(&raced), "equal");
        raced.cell.different.insert("jax".to_string(), 2.5);
        assert_eq!(losses(&raced), "jax differs: 2.5");
    }

    #[test]
    fn what_is_written_is_read_and_a_later_one_takes_its_place() {
        let folder = std::env::temp_dir().join(format!("bench-record-{}", std::process::id()));
        let (file, workload) =
            (folder.join("made/x.json"), Workload::new("W2.x", Work::NONE, |_| ()));
        let (empty, filled) = (record(Vec::new()), record(vec![row(&workload)]));
        empty.write(&file).expect("a folder is made");
        assert_eq!(Record::read(&file).expect("it is whole"), empty);
        filled.write(&file).expect("the same folder");
        assert_eq!(Record::read(&file).expect("it is whole"), filled);
        let files = fs::read_dir(folder.join("made")).expect("it is there").count();
        assert_eq!(files, 1, "nothing is left beside it");
        fs::write(&file, "{\"machine\":").expect("the same folder");
        assert!(Record::read(&file).is_err());
        fs::remove_dir_all(folder).expect("it is there");
    }
}
