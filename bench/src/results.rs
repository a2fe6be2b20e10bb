//! What the rounds came to.

use crate::entrant::OURS;
use crate::process::Line;
use crate::workload::{Metric, Workload, same_loss};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One workload on one number of threads.
#[derive(Default, Debug)]
pub struct Cell {
    /// What was measured, by framework and mode, round by round: milliseconds or MiB.
    pub runs: BTreeMap<(&'static str, String), Vec<f64>>,
    /// Modes whose loss is another than the expected one, with that loss.
    pub different: BTreeMap<String, f64>,
    /// Modes whose losses are the expected ones.
    pub same: Vec<String>,
    /// Why our own process failed, if it did.
    pub failure: Option<String>,
    /// Whether the least disturbed call of a process stands for it, and not the median: for a
    /// machine that does other things as well.
    pub least: bool,
}

/// The median over the rounds, and the ends.
#[derive(Serialize, Deserialize, Clone, PartialEq, Debug)]
pub struct Spread {
    /// The mode: `torch-eager-fused+keep`.
    #[serde(rename = "mode")]
    pub entrant: String,
    /// Half of the rounds gave less.
    pub median: f64,
    /// The least that a round gave.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// How many rounds there were.
    pub rounds: usize,
}

/// How we stand to the best of the others.
#[derive(Serialize, Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Clearly less time or memory.
    Ahead,
    /// Within what runs of one program differ by.
    Tie,
    /// Clearly more.
    Behind,
}

/// Below this ratio, two programs that take turns may be one and the same.
pub const MARGIN: f64 = 1.1;

/// The same on several cores where memory is waited for: how much they get together is not ours
/// to say, and on rented machines it comes and goes.
pub const SHARED_MARGIN: f64 = 1.3;

impl Cell {
    /// Files what a process of `peer` printed, with what it took in all; `name` makes the name of a
    /// mode from what the program tells.
    pub fn add(
        &mut self,
        row: &Workload,
        peer: &'static str,
        lines: &[Line],
        wall: f64,
        name: impl Fn(&str) -> String,
    ) {
        for line in lines.iter().filter(|line| line.workload == row.asked()) {
            let mode = name(&line.entrant);
            if let Some(step) = line.metric.strip_prefix("loss") {
                self.compare(row, mode.clone(), step, line.value);
            }
            let value = match (row.metric, line.metric.as_str()) {
                (Metric::Time, "ms") if self.least => line.min.unwrap_or(line.value),
                (Metric::Time, "ms") | (Metric::Memory(_), "mib") => line.value,
                (Metric::Process, "loss1") => wall, // it got there
                _ => continue,
            };
            self.runs.entry((peer, mode)).or_default().push(value);
        }
    }

    fn compare(&mut self, row: &Workload, mode: String, step: &str, loss: f64) {
        let of_step = |(at, _): &&(usize, f64)| step.parse() == Ok(*at);
        let Some((_, expected)) = row.losses.iter().find(of_step) else { return };
        if !same_loss(row.work.precision, loss, *expected) {
            self.different.insert(mode, loss);
        } else if !self.same.contains(&mode) {
            self.same.push(mode);
        }
    }

    /// The median of each mode of a framework, the best first. A mode with other losses computes
    /// something else and is left out.
    pub fn modes(&self, peer: &str) -> Vec<Spread> {
        let of_peer = self
            .runs
            .iter()
            .filter(|((of, mode), _)| *of == peer && !self.different.contains_key(mode));
        let mut modes: Vec<Spread> = of_peer.map(|((_, mode), runs)| spread(mode, runs)).collect();
        modes.sort_by(|a, b| a.median.total_cmp(&b.median));
        modes
    }

    /// Ours.
    pub fn ours(&self) -> Option<Spread> {
        self.modes(OURS).into_iter().next()
    }

    /// The best of all others in its best mode.
    pub fn best(&self) -> Option<Spread> {
        let mut peers: Vec<&str> = self.runs.keys().map(|(peer, _)| *peer).collect();
        peers.retain(|&peer| peer != OURS);
        peers.dedup();
        let best = peers.into_iter().filter_map(|peer| self.modes(peer).into_iter().next());
        best.min_by(|a, b| a.median.total_cmp(&b.median))
    }

    /// Ours as a part of the best of the others: below 1 we are ahead.
    pub fn ratio(&self) -> Option<f64> {
        Some(self.ours()?.median / self.best()?.median)
    }
}

/// What a ratio means where differences up to `margin` mean nothing.
pub fn standing(ratio: f64, margin: f64) -> Standing {
    match ratio {
        _ if ratio < 1.0 / margin => Standing::Ahead,
        _ if ratio > margin => Standing::Behind,
        _ => Standing::Tie,
    }
}

/// The mean of ratios, as a ratio: half and twice cancel out. `None` of none.
pub fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> Option<f64> {
    let (mut sum, mut n) = (0.0, 0);
    ratios.into_iter().for_each(|ratio| (sum, n) = (sum + ratio.ln(), n + 1));
    (n > 0).then(|| (sum / f64::from(n)).exp())
}

fn spread(entrant: &str, runs: &[f64]) -> Spread {
    let mut runs = runs.to_vec();
    runs.sort_by(f64::total_cmp);
    let (n, middle) = (runs.len(), runs.len() / 2);
    let median = if n % 2 == 1 { runs[middle] } else { (runs[middle - 1] + runs[middle]) / 2.0 };
    Spread { entrant: entrant.to_string(), median, min: runs[0], max: runs[n - 1], rounds: n }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Work;

    fn line(entrant: &str, metric: &str, value: f64) -> Line {
        let (entrant, metric) = (entrant.to_string(), metric.to_string());
        Line {
            entrant,
            workload: "W2.x".to_string(),
            metric,
            value,
            min: Some(value / 2.0),
            others: 0.0,
        }
    }

    fn row() -> Workload {
        Workload { losses: &[(1, 2.0)], ..Workload::new("W2.x", Work::NONE, |_| ()) }
    }

    fn filled() -> Cell {
        let (mut cell, row) = (Cell::default(), row());
        for (ours, torch) in [(3.0, 6.0), (1.0, 4.0), (2.0, 50.0)] {
            cell.add(&row, OURS, &[line("tinytorch", "ms", ours)], 0.0, str::to_string);
            let lines = [line("torch-eager", "ms", torch), line("torch-fused", "ms", torch - 1.0)];
            cell.add(&row, "torch", &lines, 0.0, str::to_string);
        }
        cell.add(&row, "torch", &[line("torch-fused", "ms", 4.5)], 0.0, |told| {
            format!("{told}+keep")
        });
        cell.add(&row, "candle", &[line("candle", "ms", 8.0)], 0.0, str::to_string);
        cell
    }

    #[test]
    fn a_median_of_rounds_stands_for_each_mode_and_the_best_mode_for_a_framework() {
        let cell = filled();
        let ours = cell.ours().expect("three rounds");
        assert_eq!((ours.median, ours.min, ours.max, ours.rounds), (2.0, 1.0, 3.0, 3));
        let modes: Vec<_> =
            cell.modes("torch").into_iter().map(|m| (m.entrant, m.median)).collect();
        let expected = [("torch-fused+keep", 4.5), ("torch-fused", 5.0), ("torch-eager", 6.0)];
        assert_eq!(modes, expected.map(|(name, median)| (name.to_string(), median)));
        assert_eq!(cell.best().expect("two peers").entrant, "torch-fused+keep");
        assert_eq!(cell.ratio(), Some(2.0 / 4.5));
        assert_eq!(spread("x", &[1.0, 4.0]).median, 2.5);
    }

    #[test]
    fn the_least_disturbed_call_may_stand_for_a_process() {
        let mut cell = Cell { least: true, ..Cell::default() };
        cell.add(&row(), OURS, &[line("tinytorch", "ms", 3.0)], 0.0, str::to_string);
        assert_eq!(cell.ours().map(|ours| ours.median), Some(1.5));
    }

    #[test]
    fn who_computes_something_else_does_not_count() {
        let (mut cell, row) = (filled(), row());
        let lines = [line("torch-fused", "loss1", 2.1), line("candle", "loss1", 2.000_001)];
        cell.add(&row, "torch", &lines[..1], 0.0, |told| format!("{told}+keep"));
        cell.add(&row, "candle", &lines[1..], 0.0, str::to_string);
        assert_eq!(cell.best().expect("others").entrant, "torch-fused");
        assert_eq!((cell.different["torch-fused+keep"], cell.same), (2.1, vec!["candle".into()]));
    }

    #[test]
    fn a_process_counts_when_it_got_to_its_first_loss() {
        let row = Workload { metric: Metric::Process, ..row() };
        let mut cell = Cell::default();
        cell.add(&row, "gemm", &[], 1.0, str::to_string);
        cell.add(&row, "burn", &[line("burn", "loss1", 2.0)], 12.5, str::to_string);
        assert_eq!(cell.best().map(|best| best.median), Some(12.5));
        assert_eq!(cell.ratio(), None);
    }

    #[test]
    fn memory_comes_from_the_process_of_another_row() {
        let memory = Workload { metric: Metric::Memory("W2.x"), ..row() };
        let mut cell = Cell::default();
        let lines = [line("burn", "ms", 3.0), line("burn", "mib", 120.0)];
        cell.add(&memory, "burn", &lines, 0.0, str::to_string);
        assert_eq!(cell.best().map(|best| best.median), Some(120.0));
    }

    #[test]
    fn small_differences_are_a_tie() {
        assert_eq!(standing(0.95, MARGIN), Standing::Tie);
        assert_eq!(standing(0.85, MARGIN), Standing::Ahead);
        assert_eq!(standing(0.85, SHARED_MARGIN), Standing::Tie);
        assert_eq!(standing(1.2, MARGIN), Standing::Behind);
    }

    #[test]
    fn ratios_cancel_out_in_their_mean() {
        let mean = geometric_mean([0.5, 2.0, 1.0]).expect("three");
        assert!((mean - 1.0).abs() < 1e-12);
        assert_eq!(geometric_mean([]), None);
    }
}
