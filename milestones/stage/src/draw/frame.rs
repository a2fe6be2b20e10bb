//! The frame around a plot: axes with ticks to the left, below, and perhaps to the right.

use super::Style;
use super::ink::{Ink, Row};
use super::text::{center, columns, fit, right};

/// The characters that a frame is made of.
struct Lines {
    vertical: &'static str,
    horizontal: &'static str,
    left_tick: &'static str,
    right_tick: &'static str,
    below_tick: &'static str,
    left_corner: &'static str,
    right_corner: &'static str,
}

const UNICODE: Lines = Lines {
    vertical: "│",
    horizontal: "─",
    left_tick: "┤",
    right_tick: "├",
    below_tick: "┬",
    left_corner: "└",
    right_corner: "┘",
};

const ASCII: Lines = Lines {
    vertical: "|",
    horizontal: "-",
    left_tick: "+",
    right_tick: "+",
    below_tick: "+",
    left_corner: "+",
    right_corner: "+",
};

/// What stands around a plot.
pub(crate) struct Frame<'a> {
    /// Row of the plot and label, for the left axis.
    pub(crate) left: Vec<(usize, String)>,
    /// The same for the right axis, if there is one.
    pub(crate) right: Option<Vec<(usize, String)>>,
    /// Column of the plot and label, from left to right.
    pub(crate) below: Vec<(usize, String)>,
    /// What the horizontal axis counts; may be empty.
    pub(crate) below_label: &'a str,
}

impl Frame<'_> {
    /// Columns that the left axis takes beside the plot.
    pub(crate) fn left_columns(&self) -> usize {
        margin(&self.left)
    }

    /// Columns that the right axis takes beside the plot.
    pub(crate) fn right_columns(&self) -> usize {
        self.right.as_deref().map_or(0, margin)
    }

    /// The rows of a plot, `width` columns each, with the frame around them.
    pub(crate) fn around(&self, plot: Vec<Row>, width: usize, style: Style) -> Vec<Row> {
        let lines = if style.unicode { &UNICODE } else { &ASCII };
        let margin = self.left_columns();
        let mut rows = Vec::with_capacity(plot.len() + 3);
        for (y, body) in plot.into_iter().enumerate() {
            let mut row = Row::new();
            let label = label_at(&self.left, y);
            let tick = if label.is_some() { lines.left_tick } else { lines.vertical };
            let space = if margin > 1 { " " } else { "" };
            let label = right(label.unwrap_or(""), margin - 1 - space.len());
            row.push(&format!("{label}{space}{tick}"), Ink::FAINT);
            row.append(body);
            row.fill(margin + width);
            if let Some(ticks) = &self.right {
                match label_at(ticks, y) {
                    Some("") => row.push(lines.right_tick, Ink::FAINT),
                    Some(label) => row.push(&format!("{} {label}", lines.right_tick), Ink::FAINT),
                    None => row.push(lines.vertical, Ink::FAINT),
                }
            }
            rows.push(row);
        }
        rows.push(self.axis(width, lines));
        rows.push(self.numbers(width));
        if !self.below_label.is_empty() {
            let mut row = Row::new();
            row.fill(margin);
            row.push(&center(&fit(self.below_label, width, style), width), Ink::FAINT);
            rows.push(row);
        }
        rows
    }

    /// The line under the plot.
    fn axis(&self, width: usize, lines: &Lines) -> Row {
        let mut row = Row::new();
        row.fill(self.left_columns() - 1);
        row.push(lines.left_corner, Ink::FAINT);
        for x in 0..width {
            let tick = label_at(&self.below, x).is_some();
            row.push(if tick { lines.below_tick } else { lines.horizontal }, Ink::FAINT);
        }
        if self.right.is_some() {
            row.push(lines.right_corner, Ink::FAINT);
        }
        row
    }

    /// The numbers under that line, each centered under its tick; one that would touch the
    /// number before it is left out.
    fn numbers(&self, width: usize) -> Row {
        let mut row = Row::new();
        let margin = self.left_columns();
        let end = margin + width + self.right_columns();
        for (x, label) in &self.below {
            let from = (margin + x).saturating_sub((columns(label) - 1) / 2);
            let from = from.min(end.saturating_sub(columns(label)));
            if row.columns() == 0 || from > row.columns() {
                row.fill(from);
                row.push(label, Ink::FAINT);
            }
        }
        row
    }
}

/// Columns beside the plot: the axis, and the labels with a space between.
fn margin(ticks: &[(usize, String)]) -> usize {
    let widest = ticks.iter().map(|(_, label)| columns(label)).max().unwrap_or(0);
    if widest == 0 { 1 } else { widest + 2 }
}

fn label_at(ticks: &[(usize, String)], place: usize) -> Option<&str> {
    ticks.iter().find(|(at, _)| *at == place).map(|(_, label)| label.as_str())
}
