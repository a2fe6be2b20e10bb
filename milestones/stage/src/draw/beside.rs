//! Drawings next to each other: before and after, one of each kind.

use super::Style;
use super::ink::{Ink, Row, drawing};
use super::text::{columns, fit};

/// Columns between two drawings.
const GAP: usize = 2;

/// Drawings side by side, each as `(title, drawing)`; what does not fit the width any more starts
/// a row of its own below. Without any title there is no line for them.
///
/// The drawings are those of this module, made with the same style: nothing is cut here.
///
/// ```
/// use stage::{Style, draw::beside};
/// let text = beside(&[("before", "01\n10"), ("after", "11\n11")], Style::default());
/// assert_eq!(text, "before  after\n01      11\n10      11");
/// ```
pub fn beside(pictures: &[(&str, &str)], style: Style) -> String {
    let style = style.at_least_20();
    let titled = pictures.iter().any(|(title, _)| !title.is_empty());
    let cells: Vec<Cell> = pictures.iter().map(|it| Cell::new(it, titled, style)).collect();
    let mut blocks = Vec::new();
    let mut rest = cells.as_slice();
    while !rest.is_empty() {
        let (row, below) = rest.split_at(fitting(rest, style.width));
        blocks.push(joined(row));
        rest = below;
    }
    blocks.join("\n\n")
}

/// A drawing with its title, as lines.
struct Cell {
    lines: Vec<String>,
    width: usize,
}

impl Cell {
    fn new((title, picture): &(&str, &str), titled: bool, style: Style) -> Self {
        let mut lines = Vec::new();
        if titled {
            let mut row = Row::new();
            row.push(&fit(title, style.width, style), Ink::BOLD);
            lines.push(drawing(&[row], style));
        }
        lines.extend(picture.lines().map(str::to_owned));
        let width = lines.iter().map(|line| columns(line)).max().unwrap_or(0);
        Cell { lines, width }
    }
}

/// How many of the cells, from the first, stand in one row: at least one.
fn fitting(cells: &[Cell], most: usize) -> usize {
    let mut used = 0;
    let fits = |cell: &&Cell| {
        used += cell.width + GAP;
        used <= most + GAP
    };
    cells.iter().take_while(fits).count().max(1)
}

/// The lines of one row of cells.
fn joined(cells: &[Cell]) -> String {
    let height = cells.iter().map(|cell| cell.lines.len()).max().unwrap_or(0);
    let line = |y: usize| {
        let mut line = String::new();
        let mut at = 0;
        for cell in cells {
            if let Some(text) = cell.lines.get(y).filter(|text| !text.is_empty()) {
                let used = columns(&line);
                line.push_str(&" ".repeat(at - used));
                line.push_str(text);
            }
            at += cell.width + GAP;
        }
        line
    };
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NARROW: Style = Style { width: 20, color: false, unicode: true };

    #[test]
    fn drawings_of_different_heights_stand_in_line() {
        let text = beside(&[("a", "┤│\n┤│\n└─"), ("long", "x"), ("c", "1\n2\n3\n4")], NARROW);
        let expected = "a   long  c\n┤│  x     1\n┤│        2\n└─        3\n          4";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_does_not_fit_any_more_stands_below() {
        let wide = "123456789";
        let text = beside(&[("", wide), ("", wide), ("", wide)], NARROW);
        assert_eq!(text, "123456789  123456789\n\n123456789");
    }

    #[test]
    fn colors_take_no_columns() {
        let red = "\u{1b}[0;38;5;9mred\u{1b}[0m";
        assert_eq!(beside(&[("", red), ("", "x")], NARROW), format!("{red}  x"));
    }
}
