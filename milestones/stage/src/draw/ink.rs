//! Colored characters, and rows of them.
//!
//! Colors are numbers in xterm's palette of 256: every terminal of the last twenty years has
//! them, while 24-bit colors are missing in some that are still in wide use. Text ink is chosen
//! to be readable on black and on white.

use std::fmt::Write;

use super::Style;
use super::text::{char_columns, fit};

/// How a character is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ink {
    pub(crate) fore: Option<u8>,
    pub(crate) back: Option<u8>,
    pub(crate) bold: bool,
}

impl Ink {
    /// The terminal's own colors.
    pub(crate) const PLAIN: Ink = Ink { fore: None, back: None, bold: false };
    /// Axes, rules and other things that should stand back.
    pub(crate) const FAINT: Ink = Ink::fore(244);
    /// A heading.
    pub(crate) const BOLD: Ink = Ink { bold: true, ..Ink::PLAIN };
    /// What is right.
    pub(crate) const RIGHT: Ink = Ink::fore(34);
    /// What is wrong.
    pub(crate) const WRONG: Ink = Ink { bold: true, ..Ink::fore(160) };

    pub(crate) const fn fore(color: u8) -> Ink {
        Ink { fore: Some(color), ..Ink::PLAIN }
    }

    pub(crate) const fn on(self, color: u8) -> Ink {
        Ink { back: Some(color), ..self }
    }

    /// The gray of brightness `value` in 0..=1: one of xterm's 24 grays.
    pub(crate) fn gray(value: f32) -> u8 {
        232 + (value.clamp(0.0, 1.0) * 23.0).round() as u8 // NaN becomes 0, which is black
    }
}

/// One line of a drawing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Row {
    cells: Vec<(char, Ink)>,
}

impl Row {
    pub(crate) fn new() -> Self {
        Row::default()
    }

    /// A remark that stands back, cut to the width.
    pub(crate) fn remark(text: &str, style: Style) -> Self {
        let mut row = Row::new();
        row.push(&fit(text, style.width, style), Ink::FAINT);
        row
    }

    pub(crate) fn push(&mut self, text: &str, ink: Ink) {
        self.cells.extend(text.chars().map(|c| (c, ink)));
    }

    /// Spaces up to column `to`; none when the row is that long already.
    pub(crate) fn fill(&mut self, to: usize) {
        for _ in self.columns()..to {
            self.cells.push((' ', Ink::PLAIN));
        }
    }

    pub(crate) fn append(&mut self, other: Row) {
        self.cells.extend(other.cells);
    }

    pub(crate) fn columns(&self) -> usize {
        self.cells.iter().map(|(c, _)| char_columns(*c)).sum()
    }

    /// The row as text, without spaces at its end that nobody would see.
    fn write(&self, out: &mut String, style: Style) {
        let seen = |(c, ink): &(char, Ink)| *c != ' ' || (style.color && ink.back.is_some());
        let end = self.cells.iter().rposition(seen).map_or(0, |last| last + 1);
        let mut current = Ink::PLAIN;
        for &(c, ink) in &self.cells[..end] {
            if style.color && ink != current {
                switch(out, ink);
                current = ink;
            }
            out.push(c);
        }
        if current != Ink::PLAIN {
            out.push_str("\u{1b}[0m");
        }
    }
}

/// Writes the escape sequence that changes to `ink` from whatever was before.
fn switch(out: &mut String, ink: Ink) {
    out.push_str("\u{1b}[0");
    if ink.bold {
        out.push_str(";1");
    }
    if let Some(color) = ink.fore {
        write!(out, ";38;5;{color}").expect("a String takes every write");
    }
    if let Some(color) = ink.back {
        write!(out, ";48;5;{color}").expect("a String takes every write");
    }
    out.push('m');
}

/// Joins rows to a drawing. Each line is complete in itself: its colors end with it.
pub(crate) fn drawing(rows: &[Row], style: Style) -> String {
    let mut out = String::new();
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        row.write(&mut out, style);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let mut row = Row::new();
        row.push("ab", Ink::RIGHT);
        row.push("c", Ink::PLAIN.on(17));
        row.push("  ", Ink::PLAIN);
        row
    }

    #[test]
    fn without_color_a_row_is_its_text_without_trailing_spaces() {
        assert_eq!(drawing(&[row(), row()], Style::default()), "abc\nabc");
    }

    #[test]
    fn colors_change_only_where_the_ink_does_and_end_with_the_line() {
        let style = Style { color: true, ..Style::default() };
        assert_eq!(drawing(&[row()], style), "\u{1b}[0;38;5;34mab\u{1b}[0;48;5;17mc\u{1b}[0m");
    }

    #[test]
    fn grays_go_from_black_to_white() {
        let grays = [f32::NAN, -1.0, 0.0, 0.5, 1.0, f32::INFINITY].map(Ink::gray);
        assert_eq!(grays, [232, 232, 232, 244, 255, 255]);
    }
}
