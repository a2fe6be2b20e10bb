//! The rounds: in each, everyone in turn, so that what disturbs the machine disturbs all alike.

use crate::entrant::{Entrant, OURS, Places};
use crate::process::{Outcome, run};
use crate::results::Cell;
use crate::workload::{Metric, Workload};
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
    /// Whether all workloads of a family run in one process.
    pub together: bool,
}

/// A row of the table on one number of threads.
pub struct Raced<'a> {
    /// Which.
    pub workload: &'a Workload,
    /// On how many threads.
    pub threads: usize,
    /// How many rounds it has had.
    pub rounds: usize,
    /// What came of them.
    pub cell: Cell,
}

/// Runs all rounds of all workloads. A round is ours, then each mode of each other, every one in a
/// fresh process, in another [`order`] each time. After each round of a workload, `show` gets
/// all rows that have had one, whole as they are by then: nobody has to wait for the end.
pub fn race(
    workloads: &[&Workload],
    threads: &[usize],
    entrants: &[Entrant],
    places: &Places,
    rules: &Rules,
    mut show: impl FnMut(&[&Raced]),
) {
    let each = workloads.iter().flat_map(|&workload| {
        threads.iter().map(move |&threads| {
            let cell = Cell { least: rules.least, ..Cell::default() };
            Raced { workload, threads, rounds: 0, cell }
        })
    });
    let mut heats = heats(each.collect(), rules.together);
    let mut absent = HashSet::new(); // who has nothing to tell of a heat is not asked again
    for round in 0..rules.rounds {
        for number in 0..heats.len() {
            let heat = &mut heats[number];
            let names = heat.iter().map(|row| row.workload.name.as_str()).collect::<Vec<_>>();
            let (threads, of) = (heat[0].threads, rules.rounds);
            eprintln!("{} on {threads} threads, round {} of {of}", names.join(", "), round + 1);
            for at in order(round, entrants.len()) {
                let silent = absent.contains(&(at, number));
                if !silent && !turn(heat, &entrants[at], places, rules) {
                    absent.insert((at, number));
                }
            }
            heat.iter_mut().for_each(|row| row.rounds += 1);
            let begun = heats.iter().flatten().filter(|row| row.rounds > 0);
            show(&begun.collect::<Vec<_>>());
        }
    }
}

/// In which order the entrants run. Each round begins with another one, and every second goes the
/// other way round: whoever else uses the machine at intervals does not meet the same one again.
fn order(round: usize, entrants: usize) -> Vec<usize> {
    let after = |i| if round.is_multiple_of(2) { i } else { entrants - i };
    (0..entrants).map(|i| (round + after(i)) % entrants).collect()
}

/// What runs in one process: one workload; or, if they may run `together`, all of a family that
/// are timed, as for some frameworks to start takes longer than to be measured.
fn heats(rows: Vec<Raced>, together: bool) -> Vec<Vec<Raced>> {
    let mut heats: Vec<Vec<Raced>> = Vec::new();
    for row in rows {
        let fits = |heat: &&mut Vec<Raced>| {
            let both = [&heat[0], &row];
            let [family, other] = both.map(|row| row.workload.name.split('.').next());
            let timed = both.iter().all(|row| row.workload.metric == Metric::Time);
            together && timed && family == other && heat[0].threads == row.threads
        };
        match heats.iter_mut().find(fits) {
            Some(heat) => heat.push(row),
            None => heats.push(vec![row]),
        }
    }
    heats
}

/// One process. Whether it told something of what it was asked.
fn turn(heat: &mut [Raced], entrant: &Entrant, places: &Places, rules: &Rules) -> bool {
    let asked: Vec<&str> = heat.iter().map(|row| row.workload.asked()).collect();
    let patience = Duration::from_secs(rules.patience * heat.len() as u64);
    let mut command = entrant.command(places, &asked.join(","), heat[0].threads, rules.seconds);
    let outcome = run(&mut command, patience).unwrap_or_else(|error| Outcome {
        lines: Vec::new(),
        wall: 0.0,
        failure: Some(error.to_string()),
    });
    let Outcome { lines, wall, failure } = outcome;
    if let Some(failure) = &failure {
        eprintln!("  {} {}: {failure}", entrant.peer, entrant.mode);
    }
    let mut told = false;
    for row in heat {
        let heard = lines.iter().any(|line| line.workload == row.workload.asked());
        if entrant.peer == OURS && !heard {
            row.cell.failure.clone_from(&failure);
        }
        told |= heard;
        row.cell.add(row.workload, entrant.peer, &lines, wall, |mode| entrant.name(mode));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entrant::Program;
    use crate::workload::Work;

    #[test]
    fn everyone_runs_once_a_round_and_after_another_one_each_time() {
        for round in 0..6 {
            let (this, next) = (order(round, 5), order(round + 1, 5));
            let mut all = this.clone();
            all.sort();
            assert_eq!(all, [0, 1, 2, 3, 4]);
            assert_ne!(this[0], next[0]);
            for pair in this.windows(2) {
                assert!(!next.windows(2).any(|other| other == pair), "round {round}");
            }
        }
    }

    #[test]
    fn a_family_may_run_in_one_process_but_not_what_is_measured_of_the_process() {
        let timed = ["W1.a", "W1.b", "W2.a"].map(|name| Workload::new(name, Work::NONE, |_| ()));
        let new = || Workload::new("W1.c", Work::NONE, |_| ());
        let first = Workload { metric: Metric::Process, ..new() };
        let all: Vec<&Workload> = timed.iter().chain([&first]).collect();
        let rows = || {
            let rows = all.iter().flat_map(|&workload| {
                [1, 2].map(|threads| Raced { workload, threads, rounds: 0, cell: Cell::default() })
            });
            rows.collect::<Vec<_>>()
        };
        let sizes = |together| heats(rows(), together).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(sizes(false), [1; 8]);
        assert_eq!(sizes(true), [2, 2, 1, 1, 1, 1]);
    }

    #[test]
    fn who_does_not_start_has_failed_and_has_told_nothing() {
        let workload = Workload::new("W1.a", Work::NONE, |_| ());
        let mut heat =
            [Raced { workload: &workload, threads: 1, rounds: 0, cell: Cell::default() }];
        let places = Places { installed: "/no/such".into(), scripts: "/no/such".into() };
        let rules = Rules { rounds: 1, seconds: 0.0, patience: 5, least: false, together: false };
        let candle = Entrant {
            peer: "candle",
            program: Program::Rust("candle-bench"),
            mode: "",
            keeps: false,
        };
        assert!(!turn(&mut heat, &candle, &places, &rules));
        assert!(heat[0].cell.runs.is_empty() && heat[0].cell.failure.is_none());
    }

    #[test]
    fn what_was_measured_is_shown_after_each_round_of_each_workload() {
        let all = ["W1.a", "W2.a"].map(|name| Workload::new(name, Work::NONE, |_| ()));
        let places = Places { installed: "/no/such".into(), scripts: "/no/such".into() };
        let rules = Rules { rounds: 2, seconds: 0.0, patience: 5, least: false, together: false };
        let mut shown = Vec::new();
        race(&all.each_ref(), &[1], &[], &places, &rules, |rows| {
            shown.push(rows.iter().map(|row| row.rounds).collect::<Vec<_>>());
        });
        assert_eq!(shown, [vec![1], vec![1, 1], vec![2, 1], vec![2, 2]]);
    }
}
