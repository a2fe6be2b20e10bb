//! The rounds: in each, everyone in turn, so that what disturbs the machine disturbs all alike.

use crate::entrant::{Entrant, OURS, Places};
use crate::process::{Outcome, run};
use crate::results::Cell;
use crate::workload::{Ours, Workload};
use std::collections::HashSet;
use std::time::Duration;

/// How it is raced.
pub struct Rules {
    /// How often everyone runs.
    pub rounds: usize,
    /// How long each workload is timed, in seconds.
    pub seconds: f64,
    /// After how long a process is given up, in seconds.
    pub patience: u64,
    /// Whether the least disturbed call of a process stands for it.
    pub least: bool,
}

/// A row of the table on one number of threads.
pub struct Raced<'a> {
    /// Which.
    pub workload: &'a Workload,
    /// On how many threads.
    pub threads: usize,
    /// What came of it.
    pub cell: Cell,
}

/// Runs all rounds of all workloads. A round is ours, then each mode of each other, every one in a
/// fresh process; the next starts with another one.
pub fn race<'a>(
    workloads: &[&'a Workload],
    threads: &[usize],
    entrants: &[Entrant],
    places: &Places,
    rules: &Rules,
) -> Vec<Raced<'a>> {
    let each = workloads.iter().flat_map(|&workload| {
        threads.iter().map(move |&threads| {
            let cell = Cell { least: rules.least, ..Cell::default() };
            Raced { workload, threads, cell }
        })
    });
    let mut raced: Vec<Raced> = each.collect();
    let mut absent = HashSet::new(); // who has nothing to tell of a workload is not asked again
    for round in 0..rules.rounds {
        for row in &mut raced {
            eprintln!(
                "{} on {} threads, round {} of {}",
                row.workload.name,
                row.threads,
                round + 1,
                rules.rounds
            );
            for i in 0..entrants.len() {
                let at = (i + round) % entrants.len();
                let known = (at, row.workload.asked());
                if absent.contains(&known) || is_missing(&entrants[at], row.workload) {
                    continue;
                }
                if !turn(row, &entrants[at], places, rules) {
                    absent.insert(known);
                }
            }
        }
    }
    raced
}

/// Whether we have no function for this yet.
fn is_missing(entrant: &Entrant, workload: &Workload) -> bool {
    entrant.peer == OURS && matches!(workload.ours, Ours::NotBuilt(_))
}

/// One process. Whether it told something of the workload.
fn turn(row: &mut Raced, entrant: &Entrant, places: &Places, rules: &Rules) -> bool {
    let asked = row.workload.asked();
    let mut command = entrant.command(places, asked, row.threads, rules.seconds);
    let (lines, wall, failure) = match run(&mut command, Duration::from_secs(rules.patience)) {
        Ok(Outcome { lines, wall, failure }) => (lines, wall, failure),
        Err(error) => (Vec::new(), 0.0, Some(error.to_string())),
    };
    if let Some(failure) = failure {
        eprintln!("  {} {}: {failure}", entrant.peer, entrant.mode);
        if entrant.peer == OURS {
            row.cell.failure = Some(failure);
        }
    }
    row.cell.add(row.workload, entrant.peer, &lines, wall, |told| entrant.name(told));
    lines.iter().any(|line| line.workload == asked)
}
