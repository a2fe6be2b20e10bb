//! The table, as Markdown that can be read as it is; and a record in full.

use crate::date;
use crate::record::{Peak, Record, Row};
use crate::results::{Spread, Standing, geometric_mean};

/// When and where, as a number without them means nothing: a line each.
pub fn place(record: &Record) -> String {
    let Record { machine, cores, unix_seconds, .. } = record;
    let mut text = format!("{machine}, {cores} cores, {} UTC\n", date::time(*unix_seconds));
    for Peak { threads, f32_gflops, bf16_gflops, int8_gops, read_gb_per_s } in &record.peaks {
        text += &format!(
            "{threads} threads: f32 {f32_gflops:.0} GFLOP/s, bf16 {bf16_gflops:.0}, int8 \
             {int8_gops:.0} GOP/s, reading {read_gb_per_s:.0} GB/s\n"
        );
    }
    text
}

/// The table, and what it comes to.
pub fn results(record: &Record) -> String {
    let peers: Vec<&str> = record.peers.iter().map(String::as_str).collect();
    format!("{}\n{}", table(&record.rows, &peers), summary(&record.rows))
}

/// All rows, with a column for each of `peers`.
fn table(rows: &[Row], peers: &[&str]) -> String {
    let last = ["best other", "ours / best", "", "of peak", "losses"];
    let first = ["workload", "threads", "unit", "ours"];
    let header = first.iter().chain(peers).chain(&last).map(|cell| (*cell).to_string()).collect();
    let mut lines: Vec<Vec<String>> = vec![header];
    lines.extend(rows.iter().map(|row| cells(row, peers)));
    aligned(&lines)
}

/// What the whole table comes to.
fn summary(rows: &[Row]) -> String {
    let ratios: Vec<f64> = rows.iter().filter_map(|row| row.ratio).collect();
    let Some(mean) = geometric_mean(ratios.iter().copied()) else {
        return "nothing to compare with".to_string();
    };
    let count = |of| rows.iter().filter(|row| row.standing == Some(of)).count();
    let (ahead, tie, behind) =
        (count(Standing::Ahead), count(Standing::Tie), count(Standing::Behind));
    let n = ratios.len();
    format!(
        "{n} rows compared: ahead in {ahead}, tied in {tie}, behind in {behind}; geometric mean of \
         ours / best {mean:.2}"
    )
}

fn cells(row: &Row, peers: &[&str]) -> Vec<String> {
    let mut cells = vec![row.workload.clone(), row.threads.to_string(), row.unit.clone()];
    cells.push(ours(row));
    let best_of = |peer: &&str| Some(digits(row.others.get(*peer)?.first()?.median));
    cells.extend(peers.iter().map(|peer| best_of(peer).unwrap_or_default()));
    cells.push(row.best.clone().unwrap_or_default());
    cells.push(row.ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default());
    cells.push(match row.standing {
        Some(Standing::Ahead) => "ahead".to_string(),
        Some(Standing::Tie) => "tie".to_string(),
        Some(Standing::Behind) => "behind".to_string(),
        None => String::new(),
    });
    cells.push(row.share.map(|share| format!("{:.0} %", 100.0 * share)).unwrap_or_default());
    cells.push(row.losses.clone());
    cells
}

/// Our own time, or why there is none.
fn ours(row: &Row) -> String {
    match &row.ours {
        Some(ours) => with_spread(ours),
        None => row.failure.clone().unwrap_or_default(),
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

/// Three digits that count.
fn digits(value: f64) -> String {
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
    use crate::entrant::OURS;
    use crate::race::Raced;
    use crate::results::{Cell, MARGIN};
    use crate::workload::{Work, Workload};

    fn raced(workload: &Workload) -> Raced<'_> {
        let mut cell = Cell::default();
        cell.runs.insert((OURS, OURS.to_string()), vec![2.0, 2.2, 1.8]);
        cell.runs.insert(("torch", "torch-eager+keep".to_string()), vec![4.0]);
        cell.runs.insert(("jax", "jax".to_string()), vec![5.0]);
        cell.same.push(OURS.to_string());
        Raced { workload, threads: 2, rounds: 3, cell }
    }

    #[test]
    fn a_row_says_who_is_best_and_how_we_stand() {
        let workload =
            Workload { losses: &[(1, 2.0)], ..Workload::new("W2.x", Work::NONE, |_| ()) };
        let row = Row::beside(&raced(&workload), Some(1.0), MARGIN);
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
    fn what_failed_says_why_and_others_are_still_shown() {
        let workload = Workload::new("W7.x", Work::NONE, |_| ());
        let mut raced = raced(&workload);
        raced.cell.runs.remove(&(OURS, OURS.to_string()));
        raced.cell.failure = Some("out of memory".to_string());
        let row = Row::beside(&raced, None, MARGIN);
        assert_eq!(row.standing, None);
        let table = table(&[row], &["torch"]);
        assert!(table.contains("| out of memory | 4.00  | torch-eager+keep |"), "{table}");
    }

    #[test]
    fn a_table_comes_to_a_count_and_a_mean() {
        let workload = Workload::new("W2.x", Work::NONE, |_| ());
        let row = || Row::beside(&raced(&workload), None, MARGIN);
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
