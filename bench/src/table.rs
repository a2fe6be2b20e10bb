//! The table, as Markdown that can be read as it is.

use crate::entrant::OURS;
use crate::probe::Probe;
use crate::race::Raced;
use crate::results::{MARGIN, SHARED_MARGIN, Spread, Standing, geometric_mean, standing};
use crate::workload::Ours;

/// What is to be shown of a row beyond what was measured.
pub struct Judged<'a> {
    /// What was measured.
    pub raced: &'a Raced<'a>,
    /// The least time that the work takes on this machine, in milliseconds.
    pub limit: Option<f64>,
    /// Which ratios mean nothing.
    pub margin: f64,
}

impl<'a> Judged<'a> {
    /// Puts a row beside what the machine can do.
    pub fn new(raced: &'a Raced<'a>, probe: &Probe) -> Self {
        let work = raced.workload.work;
        let shared = raced.threads > 1 && probe.waits_for_memory(work);
        let margin = if shared { SHARED_MARGIN } else { MARGIN };
        Self { raced, limit: probe.limit(work), margin }
    }

    /// How we stand, if there is someone to stand beside.
    pub fn standing(&self) -> Option<Standing> {
        Some(standing(self.raced.cell.ratio()?, self.margin))
    }

    /// Which part of the machine's peak we reach: 1 is all of it.
    pub fn share(&self) -> Option<f64> {
        Some(self.limit? / self.raced.cell.ours()?.median)
    }
}

/// All rows, with a column for each of `peers`.
pub fn table(rows: &[Judged], peers: &[&str]) -> String {
    let last = ["best other", "ours / best", "", "of peak", "losses"];
    let first = ["workload", "threads", "unit", "ours"];
    let header = first.iter().chain(peers).chain(&last).map(|cell| (*cell).to_string()).collect();
    let mut lines: Vec<Vec<String>> = vec![header];
    lines.extend(rows.iter().map(|row| cells(row, peers)));
    aligned(&lines)
}

/// What the whole table comes to.
pub fn summary(rows: &[Judged]) -> String {
    let ratios: Vec<f64> = rows.iter().filter_map(|row| row.raced.cell.ratio()).collect();
    let Some(mean) = geometric_mean(ratios.iter().copied()) else {
        return "nothing to compare with".to_string();
    };
    let count = |of| rows.iter().filter(|row| row.standing() == Some(of)).count();
    let (ahead, tie, behind) =
        (count(Standing::Ahead), count(Standing::Tie), count(Standing::Behind));
    let n = ratios.len();
    format!(
        "{n} rows compared: ahead in {ahead}, tied in {tie}, behind in {behind}; geometric mean of \
         ours / best {mean:.2}"
    )
}

fn cells(row: &Judged, peers: &[&str]) -> Vec<String> {
    let Raced { workload, threads, cell } = row.raced;
    let mut cells = vec![workload.name.clone(), threads.to_string(), workload.unit().to_string()];
    cells.push(ours(row));
    let best_of = |peer: &&str| cell.modes(peer).first().map(|mode| digits(mode.median));
    cells.extend(peers.iter().map(|peer| best_of(peer).unwrap_or_default()));
    let best = cell.best();
    cells.push(best.map(|best| best.entrant).unwrap_or_default());
    cells.push(cell.ratio().map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
    cells.push(match row.standing() {
        Some(Standing::Ahead) => "ahead".to_string(),
        Some(Standing::Tie) => "tie".to_string(),
        Some(Standing::Behind) => "behind".to_string(),
        None => String::new(),
    });
    cells.push(row.share().map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default());
    cells.push(losses(row.raced));
    cells
}

/// Our own time, or why there is none.
fn ours(row: &Judged) -> String {
    match (&row.raced.workload.ours, row.raced.cell.ours()) {
        (_, Some(ours)) => with_spread(&ours),
        (Ours::NotBuilt(missing), None) => format!("not built yet: {missing}"),
        _ => row.raced.cell.failure.clone().unwrap_or_default(),
    }
}

/// `2.01 ±3 %`: half of the way from the least to the most, of the median.
fn with_spread(ours: &Spread) -> String {
    let spread = 50.0 * (ours.max - ours.min) / ours.median;
    match ours.rounds {
        1 => digits(ours.median),
        _ => format!("{} ±{spread:.0} %", digits(ours.median)),
    }
}

/// Whether all that was trained was the same thing.
fn losses(raced: &Raced) -> String {
    let Raced { workload, cell, .. } = raced;
    let different = cell.different.iter().map(|(mode, loss)| format!("{mode} differs: {loss}"));
    let different: Vec<String> = different.collect();
    match (workload.losses, different.is_empty()) {
        ([], _) => String::new(),
        (_, false) => different.join(", "),
        (_, true) if cell.same.iter().any(|mode| mode == OURS) => "equal".to_string(),
        (_, true) if cell.same.is_empty() => String::new(),
        (_, true) => "equal among others".to_string(),
    }
}

/// Three digits that count.
pub fn digits(value: f64) -> String {
    let before = value.abs().log10().floor() as i32 + 1;
    match value {
        0.0 => "0".to_string(),
        _ => format!("{value:.*}", (3 - before).clamp(0, 9) as usize),
    }
}

/// Columns as wide as their widest cell; numbers to the right.
fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines[0].len();
    let width = |c: usize| lines.iter().map(|line| line[c].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let row = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!(" {cell:<width$} |"));
        format!("|{}\n", cells.collect::<String>())
    };
    let rule: String = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2))).collect();
    let body: String = lines[1..].iter().map(row).collect();
    format!("{}|{rule}\n{body}", row(&lines[0]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Cell;
    use crate::workload::{Work, Workload};

    fn raced(workload: &Workload) -> Raced<'_> {
        let mut cell = Cell::default();
        cell.runs.insert((OURS, OURS.to_string()), vec![2.0, 2.2, 1.8]);
        cell.runs.insert(("torch", "torch-eager+keep".to_string()), vec![4.0]);
        cell.runs.insert(("jax", "jax".to_string()), vec![5.0]);
        cell.same.push(OURS.to_string());
        Raced { workload, threads: 2, cell }
    }

    #[test]
    fn a_row_says_who_is_best_and_how_we_stand() {
        let workload =
            Workload { losses: &[(1, 2.0)], ..Workload::new("W2.x", Work::NONE, |_| ()) };
        let raced = raced(&workload);
        let row = Judged { raced: &raced, limit: Some(1.0), margin: MARGIN };
        assert_eq!(
            table(&[row], &["torch", "jax", "burn"]),
            "\
| workload | threads | unit | ours       | torch | jax  | burn | best other       | ours / best |       | of peak | losses |
|----------|---------|------|------------|-------|------|------|------------------|-------------|-------|---------|--------|
| W2.x     | 2       | ms   | 2.00 ±10 % | 4.00  | 5.00 |      | torch-eager+keep | 0.50        | ahead | 50 %    | equal  |
"
        );
    }

    #[test]
    fn what_is_not_built_says_so_and_others_are_still_shown() {
        let workload =
            Workload { ours: Ours::NotBuilt("bf16"), ..Workload::new("W7.x", Work::NONE, |_| ()) };
        let mut raced = raced(&workload);
        raced.cell.runs.remove(&(OURS, OURS.to_string()));
        let row = Judged { raced: &raced, limit: None, margin: MARGIN };
        assert_eq!(row.standing(), None);
        let table = table(&[row], &["torch"]);
        assert!(table.contains("| not built yet: bf16 | 4.00  | torch-eager+keep |"), "{table}");
    }

    #[test]
    fn another_loss_is_named() {
        let workload = Workload { losses: &[(1, 2.0)], ..Workload::new("W2", Work::NONE, |_| ()) };
        let mut raced = raced(&workload);
        raced.cell.different.insert("jax".to_string(), 2.5);
        assert_eq!(losses(&raced), "jax differs: 2.5");
    }

    #[test]
    fn a_table_comes_to_a_count_and_a_mean() {
        let workload = Workload::new("W2.x", Work::NONE, |_| ());
        let raced = raced(&workload);
        let row = || Judged { raced: &raced, limit: None, margin: MARGIN };
        assert_eq!(
            summary(&[row(), row()]),
            "2 rows compared: ahead in 2, tied in 0, behind in 0; geometric mean of ours / best 0.50"
        );
        assert_eq!(summary(&[]), "nothing to compare with");
    }

    #[test]
    fn numbers_have_three_digits_that_count() {
        let shown = [0.0, 0.000_146_2, 0.0169, 1.0, 87.44, 878.2, 4921.4].map(digits);
        assert_eq!(shown, ["0", "0.000146", "0.0169", "1.00", "87.4", "878", "4921"]);
    }
}
