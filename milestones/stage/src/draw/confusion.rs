//! Confusion matrices: what was taken for what.

use super::Style;
use super::ink::{Ink, Row, drawing};
use super::text::{columns, fit, left, right};

/// How often each class (a row) was taken for each class (a column), with the share that was
/// right at the end of each row.
///
/// `counts` is row-major, `[k, k]` with `k = labels.len()`; missing ones are 0. Zeros are dots;
/// what was right stands in brackets, and in color on green, what was wrong on red, the more
/// often the stronger; less than one in 200 of a class is no color's worth.
pub fn confusion(counts: &[usize], labels: &[&str], style: Style) -> String {
    let style = style.at_least_20();
    let k = labels.len();
    let count = |truth: usize, taken: usize| counts.get(truth * k + taken).copied().unwrap_or(0);
    let labels: Vec<_> = labels.iter().map(|label| fit(label, style.width / 4, style)).collect();
    let before = labels.iter().map(|label| columns(label)).max().unwrap_or(0).max("true".len());
    let digits = counts.iter().map(|count| count.to_string().len()).max().unwrap_or(1);
    let named = labels.iter().map(|label| columns(label)).max().unwrap_or(1).min(6);
    let width = digits.max(named) + 2;
    let right_share = " 100.0 %".len();
    let shown = k.min(style.width.saturating_sub(before + right_share) / width);

    let mut heading = Row::new();
    heading.push(&left("true", before), Ink::FAINT);
    for label in &labels[..shown] {
        heading.push(&format!("{} ", right(&fit(label, width - 2, style), width - 1)), Ink::BOLD);
    }
    heading.push(&right("right", right_share), Ink::FAINT);
    let mut above = Row::new();
    above.fill(before + 1);
    above.push(&fit("taken for", style.width - before - 1, style), Ink::FAINT);

    let mut rows = vec![above, heading];
    for (truth, label) in labels.iter().enumerate() {
        let all: usize = (0..k).map(|taken| count(truth, taken)).sum();
        let mut row = Row::new();
        row.push(&left(label, before), Ink::BOLD);
        for taken in 0..shown {
            let share = count(truth, taken) as f64 / all.max(1) as f64;
            let (text, ink) = cell(count(truth, taken), truth == taken, share, style);
            row.push(&right(&text, width), ink);
        }
        let share = 100.0 * count(truth, truth) as f64 / all as f64;
        let share = if all == 0 { "-".to_owned() } else { format!("{share:.1} %") };
        row.push(&right(&share, right_share), Ink::PLAIN);
        rows.push(row);
    }
    if shown < k {
        rows.push(Row::remark(&format!("{} columns left out", k - shown), style));
    }
    drawing(&rows, style)
}

/// What stands in a cell that holds `share` of its row.
fn cell(count: usize, right: bool, share: f64, style: Style) -> (String, Ink) {
    /// Dark enough for white letters, the strongest last.
    const GREENS: [u8; 3] = [22, 28, 28];
    const REDS: [u8; 3] = [52, 88, 124];
    let step = ((share * 3.0) as usize).min(2);
    match (count, right) {
        (0, false) => (format!("{} ", if style.unicode { '·' } else { '.' }), Ink::FAINT),
        (_, true) if style.color => {
            (format!("{count} "), Ink { bold: true, ..Ink::fore(255) }.on(GREENS[step]))
        }
        (_, true) => (format!("[{count}]"), Ink::BOLD),
        (_, false) if share < 0.005 => (format!("{count} "), Ink::PLAIN),
        (_, false) => {
            // A tenth of a class lost to another one is a lot.
            let step = ((share * 20.0) as usize).min(2);
            (format!("{count} "), Ink::fore(255).on(REDS[step]))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_right_stands_in_brackets() {
        let drawing = confusion(
            &[9, 1, 0, 0, 10, 0, 2, 0, 0],
            &["cat", "dog", "owl"],
            Style { unicode: true, ..Style::default() },
        );
        let expected = r"
     taken for
true cat  dog  owl    right
cat   [9]   1    ·   90.0 %
dog    ·  [10]   ·  100.0 %
owl    2    ·   [0]   0.0 %
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn columns_that_do_not_fit_are_counted() {
        let drawing = confusion(
            &[1; 36],
            &["a", "b", "c", "d", "e", "f"],
            Style { width: 20, ..Style::default() },
        );
        let expected = r"
     taken for
true a  b    right
a   [1] 1   16.7 %
b    1 [1]  16.7 %
c    1  1   16.7 %
d    1  1   16.7 %
e    1  1   16.7 %
f    1  1   16.7 %
4 columns left out
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
