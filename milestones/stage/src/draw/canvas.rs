//! Lines in braille dots: eight of them to a character.

use super::Style;
use super::ink::{Ink, Row};

/// Colors of the lines, readable on black and on white and told apart by the color-blind.
const COLORS: [u8; 4] = [33, 208, 35, 169];
/// What lines are made of without Unicode.
const MARKS: [&str; 4] = ["*", "o", "x", "+"];
/// Without color all lines but the first are dashed: dots drawn, dots left out.
const DASHES: [(u64, u64); 4] = [(1, 0), (3, 3), (1, 1), (1, 3)];

/// The ink of a line.
pub(crate) fn line_ink(line: usize) -> Ink {
    Ink::fore(COLORS[line % COLORS.len()])
}

/// A short piece of a line, for a legend.
pub(crate) fn sample(line: usize, style: Style) -> &'static str {
    match (style.color, style.unicode) {
        (true, true) => "──",
        (false, true) => ["⠤⠤⠤", "⠤⠀⠤", "⠄⠄⠄", "⠄⠀⠄"][line % 4],
        (_, false) => ["**", "oo", "xx", "++"][line % 4],
    }
}

/// Characters of 2 x 4 dots each, on which lines are drawn.
pub(crate) struct Canvas {
    columns: usize,
    /// The dots that are set in each character, as the low byte of its code.
    dots: Vec<u8>,
    /// The line that drew into the character last: it gives it its color.
    owner: Vec<usize>,
    style: Style,
}

impl Canvas {
    pub(crate) fn new(columns: usize, rows: usize, style: Style) -> Self {
        let cells = columns * rows;
        Canvas { columns, dots: vec![0; cells], owner: vec![0; cells], style }
    }

    /// Draws line number `line` through dots (column from the left, row from the top); `None`
    /// breaks it. What is outside of the canvas is left out.
    pub(crate) fn line(&mut self, line: usize, points: impl Iterator<Item = Option<(i64, i64)>>) {
        let plain = self.style.color || !self.style.unicode;
        let (dash, gap) = if plain { (1, 0) } else { DASHES[line % DASHES.len()] };
        let mut points = points.peekable();
        let mut before: Option<(i64, i64)> = None;
        let mut drawn = 0;
        while let Some(point) = points.next() {
            let Some((x, y)) = point else {
                before = None;
                continue;
            };
            let Some(from) = before.replace((x, y)) else {
                let alone = points.peek().is_none_or(Option::is_none);
                self.start(line, (x, y), alone);
                continue;
            };
            let steps = (x - from.0).abs().max((y - from.1).abs());
            for step in 1..=steps {
                let share = step as f64 / steps as f64;
                let right = ((x - from.0) as f64 * share).round() as i64;
                let down = ((y - from.1) as f64 * share).round() as i64;
                if drawn % (dash + gap) < dash {
                    self.set(line, from.0 + right, from.1 + down);
                }
                drawn += 1;
            }
        }
    }

    /// The first dot of a line; four of them where it has no other, because one is overlooked.
    fn start(&mut self, line: usize, (x, y): (i64, i64), alone: bool) {
        if !alone {
            return self.set(line, x, y);
        }
        for (right, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            self.set(line, x / 2 * 2 + right, y / 2 * 2 + down);
        }
    }

    fn set(&mut self, line: usize, x: i64, y: i64) {
        /// Bits of U+2800 by row and column: dots 1 to 3 and 7 at the left, 4 to 6 and 8.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return;
        };
        let cell = y / 4 * self.columns + x / 2;
        if x / 2 < self.columns && cell < self.dots.len() {
            self.dots[cell] |= BITS[y % 4][x % 2];
            self.owner[cell] = line;
        }
    }

    /// The canvas as rows of characters.
    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = self.dots.chunks(self.columns).zip(self.owner.chunks(self.columns));
        let row = |(dots, owners): (&[u8], &[usize])| {
            let mut row = Row::new();
            for (dots, owner) in dots.iter().zip(owners) {
                match (dots, self.style.unicode) {
                    (0, _) => row.push(" ", Ink::PLAIN),
                    (_, false) => row.push(MARKS[owner % MARKS.len()], line_ink(*owner)),
                    (dots, true) => {
                        let braille = char::from_u32(0x2800 + u32::from(*dots));
                        row.push(&braille.unwrap_or(' ').to_string(), line_ink(*owner));
                    }
                }
            }
            row
        };
        rows.map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ink::drawing;
    use super::*;

    const BRAILLE: Style = Style { width: 20, color: false, unicode: true };

    fn drawn(columns: usize, rows: usize, lines: &[&[Option<(i64, i64)>]]) -> String {
        let mut canvas = Canvas::new(columns, rows, BRAILLE);
        for (i, points) in lines.iter().enumerate() {
            canvas.line(i, points.iter().copied());
        }
        drawing(&canvas.rows(), BRAILLE)
    }

    #[test]
    fn each_dot_has_its_place() {
        let dot = |x, y| drawn(1, 1, &[&[Some((x, y)), Some((x, y))]]);
        let left: String = (0..4).map(|y| dot(0, y)).collect();
        let right: String = (0..4).map(|y| dot(1, y)).collect();
        assert_eq!((left.as_str(), right.as_str()), ("⠁⠂⠄⡀", "⠈⠐⠠⢀"));
    }

    #[test]
    fn a_line_has_no_holes_however_steep() {
        assert_eq!(drawn(2, 1, &[&[Some((0, 0)), Some((3, 3))]]), "⠑⢄");
        assert_eq!(drawn(1, 2, &[&[Some((0, 0)), Some((0, 7))]]), "⡇\n⡇");
        assert_eq!(drawn(3, 1, &[&[Some((5, 3)), Some((0, 3))]]), "⣀⣀⣀");
    }

    #[test]
    fn the_second_line_is_dashed() {
        let level = |y| [Some((0, y)), Some((11, y))];
        assert_eq!(drawn(6, 1, &[&level(0), &level(3)]), "⣉⣉⠉⢉⣉⠉");
    }

    #[test]
    fn a_lone_value_is_four_dots_and_a_gap_stays_open() {
        let points = [Some((0, 0)), None, Some((4, 2)), Some((7, 2)), None];
        assert_eq!(drawn(4, 1, &[&points]), "⠛ ⠤⠤");
    }

    #[test]
    fn what_is_outside_is_left_out() {
        assert_eq!(drawn(2, 1, &[&[Some((-4, 0)), Some((9, 0))]]), "⠉⠉");
        assert_eq!(drawn(2, 1, &[&[Some((0, -3)), Some((0, 9))]]), "⡇");
    }
}
