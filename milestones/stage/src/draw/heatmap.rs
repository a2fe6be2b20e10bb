//! Heat maps: a matrix as a field of brightness, such as what attention looks at.

use super::Style;
use super::image::shade;
use super::ink::{Ink, Row, drawing};
use super::scale::span;
use super::text::{char_columns, clean, columns, fit, right};

/// Low to high, from dark violet over green to yellow, after matplotlib's viridis.
const COLORS: [u8; 10] = [53, 54, 55, 25, 31, 37, 71, 77, 149, 227];
/// Where a value is not a number.
const NOWHERE: u8 = 240;
/// Letters of a column's label, which is written downward.
const LABEL_ROWS: usize = 10;

/// A matrix of numbers as colors, with a label for each row and column and the meaning of the
/// colors below.
///
/// `values` is row-major, `[rows.len(), columns.len()]`; missing ones count as NaN, which is
/// gray (without color: `?`). The range is that of the finite values, and begins at 0 where none
/// is negative.
pub fn heatmap(
    values: &[f32],
    row_labels: &[&str],
    column_labels: &[&str],
    style: Style,
) -> String {
    let style = style.at_least_20();
    let k = column_labels.len();
    let finite = values.iter().map(|value| f64::from(*value));
    let (low, high) = span(finite).unwrap_or((0.0, 1.0));
    let low = if low > 0.0 { 0.0 } else { low };
    let labels: Vec<_> = row_labels.iter().map(|it| fit(it, style.width / 4, style)).collect();
    let before = labels.iter().map(|label| columns(label)).max().unwrap_or(0) + 1;
    let room = style.width - before;
    let each = if 2 * k <= room { 2 } else { 1 };
    let shown = k.min(room / each);

    let mut rows = headings(&column_labels[..shown], before, each, style);
    for (y, label) in labels.iter().enumerate() {
        let mut row = Row::new();
        row.push(&format!("{} ", right(label, before - 1)), Ink::PLAIN);
        for x in 0..shown {
            let value = values.get(y * k + x).copied().unwrap_or(f32::NAN);
            let share = ((f64::from(value) - low) / (high - low)) as f32;
            row.append(cell(share, each, style));
        }
        rows.push(row);
    }
    rows.push(Row::new());
    rows.push(legend(&number(low), &number(high), style));
    if shown < k {
        rows.push(Row::remark(&format!("{} columns left out", k - shown), style));
    }
    drawing(&rows, style)
}

/// What the colors mean, from low to high.
fn legend(low: &str, high: &str, style: Style) -> Row {
    let steps = COLORS.len().min(style.width - low.len() - high.len() - 2);
    let mut row = Row::new();
    row.push(&format!("{low} "), Ink::FAINT);
    for step in 0..steps {
        row.append(cell(step as f32 / (steps - 1) as f32, 1, style));
    }
    row.push(&format!(" {high}"), Ink::FAINT);
    row
}

/// The labels of the columns, written downward and ending just above the matrix.
fn headings(labels: &[&str], before: usize, each: usize, style: Style) -> Vec<Row> {
    let narrow = |c: char| if char_columns(c) > each { '?' } else { c };
    let letters = |label: &&str| {
        let text = clean(label, style);
        let seen = text.chars().filter(|c| char_columns(*c) > 0);
        seen.take(LABEL_ROWS).map(narrow).collect::<Vec<_>>()
    };
    let labels: Vec<Vec<char>> = labels.iter().map(letters).collect();
    let height = labels.iter().map(Vec::len).max().unwrap_or(0);
    let row = |y: usize| {
        let mut row = Row::new();
        for (x, label) in labels.iter().enumerate() {
            row.fill(before + x * each);
            if let Some(at) = (y + label.len()).checked_sub(height) {
                row.push(&label[at].to_string(), Ink::PLAIN);
            }
        }
        row
    };
    (0..height).map(row).collect()
}

/// A cell of `each` columns, for a share of the range.
fn cell(share: f32, each: usize, style: Style) -> Row {
    let mut row = Row::new();
    if style.color {
        let last = COLORS.len() - 1;
        let step = (share.clamp(0.0, 1.0) * COLORS.len() as f32) as usize;
        let color = if share.is_nan() { NOWHERE } else { COLORS[step.min(last)] };
        row.push(&" ".repeat(each), Ink::PLAIN.on(color));
    } else {
        let mark = if share.is_nan() { '?' } else { shade(share, style) };
        row.push(&mark.to_string().repeat(each), Ink::PLAIN);
    }
    row
}

/// A number in few characters.
fn number(value: f64) -> String {
    if value == 0.0 {
        "0".to_owned()
    } else if (1e-3..1e4).contains(&value.abs()) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.1e}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_columns_are_written_downward() {
        let drawing = heatmap(
            &[1.0, 0.0, 0.5, 0.5],
            &["the", "cat"],
            &["the", "cat"],
            Style { unicode: true, ..Style::default() },
        );
        let expected = r"
    t c
    h a
    e t
the ██
cat ▒▒▒▒

0   ░░▒▒▓▓██ 1
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn what_is_not_a_number_is_a_question() {
        let drawing = heatmap(&[f32::NAN, -1.0, 2.0], &["a", "b"], &["x", "y"], Style::default());
        let expected = r"
  x y
a ??
b @@??

-1  .:-=+*#%@ 2
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
