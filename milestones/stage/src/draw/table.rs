//! Tables: columns that stand in line.

use super::Style;
use super::ink::{Ink, Row, drawing};
use super::text::{clean, columns, fit, left, right};

/// Columns between two columns of a table.
const GAP: usize = 2;

/// A table with a heading. A column of numbers (`12`, `-0.5`, `97.2 %`, `1,024`) stands to the
/// right, any other to the left. Where the table is too wide, its widest columns are cut;
/// with very many columns, those at the right are left out.
///
/// ```
/// let rows = [vec!["fc1".to_owned(), "2,080".to_owned()], vec!["fc2".into(), "330".into()]];
/// let text = stage::draw::table(&["layer", "parameters"], &rows, stage::Style::default());
/// assert_eq!(text, "\
/// layer  parameters
/// -----  ----------
/// fc1         2,080
/// fc2           330");
/// ```
pub fn table(heading: &[&str], rows: &[Vec<String>], style: Style) -> String {
    let style = style.at_least_20();
    let count = rows.iter().map(Vec::len).max().unwrap_or(0).max(heading.len());
    let cell =
        |row: &[String], i: usize| row.get(i).map_or(String::new(), |text| clean(text, style));
    let heading: Vec<String> = heading.iter().map(|text| text.to_string()).collect();
    let width = |i: usize| {
        let cells = rows.iter().map(|row| columns(&cell(row, i)));
        cells.chain([columns(&cell(&heading, i))]).max().unwrap_or(0)
    };
    let widths = narrowed((0..count).map(width).collect(), style.width);
    let numeric: Vec<bool> = (0..count)
        .map(|i| {
            let mut filled = rows.iter().map(|row| cell(row, i)).filter(|text| !text.is_empty());
            filled.clone().next().is_some() && filled.all(|text| is_number(&text))
        })
        .collect();

    let line = |cells: &[String], ink: Ink| {
        let mut row = Row::new();
        let mut at = 0;
        for (i, width) in widths.iter().enumerate() {
            let text = fit(&cell(cells, i), *width, style);
            row.fill(at);
            row.push(&if numeric[i] { right(&text, *width) } else { left(&text, *width) }, ink);
            at += width + GAP;
        }
        row
    };
    let rule = if style.unicode { "─" } else { "-" };
    let mut under = Row::new();
    let mut at = 0;
    for width in &widths {
        under.fill(at);
        under.push(&rule.repeat(*width), Ink::FAINT);
        at += width + GAP;
    }
    let mut all = vec![line(&heading, Ink::BOLD), under];
    all.extend(rows.iter().map(|row| line(row, Ink::PLAIN)));
    drawing(&all, style)
}

/// The widths, with the widest made narrower until the table fits; where even that is not enough,
/// without the columns at the right.
fn narrowed(mut widths: Vec<usize>, most: usize) -> Vec<usize> {
    const LEAST: usize = 4;
    let whole =
        |widths: &[usize]| widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
    while whole(&widths) > most {
        let widest = widths.iter().copied().max().unwrap_or(0);
        match widths.iter_mut().rfind(|width| **width == widest && widest > LEAST) {
            Some(width) => *width -= 1,
            None => drop(widths.pop()),
        }
    }
    widths
}

/// Whether it is a number, perhaps with a unit after a space.
fn is_number(text: &str) -> bool {
    let number = text.split(' ').next().unwrap_or("").trim_end_matches(['%', 'x', '×']);
    let number = number.replace([',', '_'], "");
    matches!(text, "-" | "–") || number.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_that_is_too_wide_is_cut_in_its_widest_column() {
        let drawing = {
            let rows = [["a long description of it", "0.97"], ["x", "-"]];
            let rows = rows.map(|row| row.map(str::to_owned).to_vec());
            table(&["what", "value"], &rows, Style { width: 20, color: false, unicode: true })
        };
        let expected = r"
what           value
─────────────  ─────
a long descr…   0.97
x                  -
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
