//! A rectangle of the plane: what a model says at each place, and the points it learned from.

use super::Style;
use super::frame::Frame;
use super::ink::{Ink, Row, drawing};
use super::scale::{span, ticks_within};
use super::text::{columns, fit};

/// A data point of one of two classes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where it stands, to the right.
    pub x: f32,
    /// Where it stands, upward.
    pub y: f32,
    /// Whether it belongs to the second class.
    pub class: bool,
}

/// Which rectangle [`plane`] shows, and the words around it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane<'a> {
    /// Left and right end.
    pub x: (f32, f32),
    /// Lower and upper end.
    pub y: (f32, f32),
    /// The name of the horizontal axis; may be empty.
    pub x_label: &'a str,
    /// The name of the vertical axis; may be empty.
    pub y_label: &'a str,
    /// The names of the two classes; empty ones are left out.
    pub classes: [&'a str; 2],
    /// How many rows the rectangle is high, without its axes. Its columns follow, since one unit
    /// is as long to the right as upward.
    pub rows: usize,
}

impl Default for Plane<'_> {
    fn default() -> Self {
        let unit = (-0.5, 1.5);
        Plane { x: unit, y: unit, x_label: "x", y_label: "y", classes: ["0", "1"], rows: 16 }
    }
}

/// From surely the first class to surely the second one: orange, pale, blue.
const GROUND: [u8; 10] = [173, 173, 180, 223, 230, 189, 153, 110, 68, 68];
/// Where the model says NaN.
const NOWHERE: u8 = 240;
/// The points, dark on that ground: brown and navy.
const POINTS: [u8; 2] = [52, 17];

/// A model's answer over a rectangle, with data points on it.
///
/// `probability(x, y)` is that of the second class, in 0..=1. Where it crosses one half, the
/// ground changes its color (without color: from blank to shaded). It is asked once per half
/// block: about `4 * rows * rows` times for a square.
pub fn plane(
    mut probability: impl FnMut(f32, f32) -> f32,
    points: &[Point],
    plane: &Plane<'_>,
    style: Style,
) -> String {
    let style = style.at_least_20();
    let (x, y) = (ends(plane.x), ends(plane.y));
    let margin = margin(y, style);
    let (width, rows) = cells(x, y, plane.rows, style.width - margin.unwrap_or(1));
    let mut ground = |column: usize, half: usize| {
        let at = |share: f64, (from, to): (f64, f64)| (from + (to - from) * share) as f32;
        let up = 1.0 - (half as f64 + 0.5) / (2 * rows) as f64;
        probability(at((column as f64 + 0.5) / width as f64, x), at(up, y))
    };
    let marks = marks(points, (x, width), (y, rows));
    let body = (0..rows).map(|row| {
        let mut line = Row::new();
        for column in 0..width {
            let (upper, lower) = (ground(column, 2 * row), ground(column, 2 * row + 1));
            cell(&mut line, upper, lower, marks[row * width + column], style);
        }
        line
    });
    let body = body.collect();

    let left = ticks_within(y, (rows / 3).clamp(2, MOST_TICKS), false);
    let left = left.into_iter().filter_map(|(value, mut label)| {
        if margin.is_none() {
            label.clear();
        }
        Some((rows - 1 - place(value, y, rows)?, label))
    });
    let below = ticks_within(x, (width / 6).clamp(2, MOST_TICKS), false);
    let below = below.into_iter().filter_map(|(value, text)| Some((place(value, x, width)?, text)));
    let frame = Frame {
        left: left.collect(),
        right: None,
        below: below.collect(),
        below_label: plane.x_label,
    };
    let mut all = vec![title(plane, style)];
    all.extend(frame.around(body, width, style));
    drawing(&all, style)
}

/// Ticks on an axis, at most.
const MOST_TICKS: usize = 6;

/// The ends of an axis in order; where they are no rectangle, something that is one.
fn ends((from, to): (f32, f32)) -> (f64, f64) {
    span([from, to].map(f64::from).into_iter()).unwrap_or((0.0, 1.0))
}

/// Columns for the numbers at the left and the axis, however many ticks it will have; `None` when
/// the numbers would take more than half of the width.
fn margin(y: (f64, f64), style: Style) -> Option<usize> {
    let labels = (2..=MOST_TICKS).flat_map(|most| ticks_within(y, most, false));
    let widest = labels.map(|(_, label)| columns(&label)).max().unwrap_or(0) + 2;
    (widest <= style.width / 2).then_some(widest)
}

/// The cell of `cells` that holds `value`; `None` outside of the axis.
fn place(value: f64, (from, to): (f64, f64), cells: usize) -> Option<usize> {
    let cell = (value - from) / (to - from) * cells as f64;
    (cell >= 0.0 && cell <= cells as f64).then(|| (cell as usize).min(cells - 1))
}

/// The class of the last point in each cell, row after row from the top.
fn marks(
    points: &[Point],
    (x, width): ((f64, f64), usize),
    (y, rows): ((f64, f64), usize),
) -> Vec<Option<bool>> {
    let mut marks = vec![None; width * rows];
    for point in points {
        let column = place(f64::from(point.x), x, width);
        let row = place(f64::from(point.y), y, rows);
        if let (Some(column), Some(row)) = (column, row) {
            marks[(rows - 1 - row) * width + column] = Some(point.class);
        }
    }
    marks
}

/// Columns and rows for a rectangle in which a unit is as long to the right as upward, where a
/// character is twice as high as wide.
fn cells(x: (f64, f64), y: (f64, f64), rows: usize, most: usize) -> (usize, usize) {
    let rows = rows.clamp(2, 60);
    let aspect = (x.1 - x.0) / (y.1 - y.0);
    let width = (2.0 * rows as f64 * aspect).round();
    if width <= most as f64 {
        return ((width as usize).max(4), rows);
    }
    let fitting = (most as f64 / (2.0 * aspect)).round() as usize;
    (most, fitting.clamp(2, rows))
}

/// The vertical axis' name, and what the marks stand for.
fn title(plane: &Plane<'_>, style: Style) -> Row {
    let mut row = Row::new();
    let room = style.width / 3 - 5;
    row.push(&fit(plane.y_label, room, style), Ink::FAINT);
    for (class, name) in plane.classes.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        if row.columns() > 0 {
            row.push("   ", Ink::PLAIN);
        }
        let ink = Ink { bold: true, ..Ink::fore(POINTS[class]) };
        let mark = mark(class == 1, style);
        let sample = if style.color { format!(" {mark} ") } else { mark.to_string() };
        row.push(&sample, ink.on([GROUND[0], GROUND[GROUND.len() - 1]][class]));
        row.push(&format!(" {}", fit(name, room, style)), Ink::PLAIN);
    }
    row
}

fn mark(class: bool, style: Style) -> char {
    match (style.unicode, class) {
        (true, false) => '○',
        (true, true) => '●',
        (false, false) => 'o',
        (false, true) => 'x',
    }
}

/// One character: the ground, or the mark of a point on it.
fn cell(line: &mut Row, upper: f32, lower: f32, point: Option<bool>, style: Style) {
    let mean = (upper + lower) / 2.0;
    match (point, style.color) {
        (Some(class), true) => {
            let ink = Ink { bold: true, ..Ink::fore(POINTS[usize::from(class)]) };
            line.push(&mark(class, style).to_string(), ink.on(color(mean)));
        }
        (Some(class), false) => line.push(&mark(class, style).to_string(), Ink::PLAIN),
        (None, true) if style.unicode => {
            line.push("▀", Ink::fore(color(upper)).on(color(lower)));
        }
        (None, true) => line.push(" ", Ink::PLAIN.on(color(mean))),
        (None, false) => line.push(&shade(mean, style).to_string(), Ink::PLAIN),
    }
}

fn color(probability: f32) -> u8 {
    if probability.is_nan() {
        return NOWHERE;
    }
    let step = (probability.clamp(0.0, 1.0) * GROUND.len() as f32) as usize;
    GROUND[step.min(GROUND.len() - 1)]
}

/// The ground without color: blank, then from one half on two shades.
fn shade(probability: f32, style: Style) -> char {
    match (probability, style.unicode) {
        (p, _) if p.is_nan() => '?',
        (p, _) if p < 0.5 => ' ',
        (_, true) => '░',
        (_, false) => '.',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AND: [Point; 3] = [
        Point { x: 0.0, y: 0.0, class: false },
        Point { x: 1.0, y: 1.0, class: true },
        Point { x: 9.0, y: 1.0, class: true },
    ];
    const VIEW: Plane<'_> = Plane {
        x: (-0.5, 1.5),
        y: (-0.5, 1.5),
        x_label: "x1",
        y_label: "x2",
        classes: ["no", "yes"],
        rows: 8,
    };

    #[test]
    fn the_ground_is_shaded_where_the_second_class_wins() {
        let drawing = plane(
            |x, y| if x + y > 1.0 { 0.9 } else { 0.1 },
            &AND,
            &VIEW,
            Style { unicode: true, ..Style::default() },
        );
        let expected = r"
x2   ○ no   ● yes
  │ ░░░░░░░░░░░░░░░
1 ┤   ░░░░░░░░░●░░░
  │     ░░░░░░░░░░░
  │       ░░░░░░░░░
  │         ░░░░░░░
0 ┤    ○      ░░░░░
  │             ░░░
  │               ░
  └────┬───────┬───
       0       1
          x1
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn without_unicode_marks_are_letters() {
        let drawing =
            plane(|x, _| if x > 1.0 { f32::NAN } else { x }, &AND, &VIEW, Style::default());
        let expected = r"
x2   o no   x yes
  |        ....????
1 +        ....x???
  |        ....????
  |        ....????
  |        ....????
0 +    o   ....????
  |        ....????
  |        ....????
  +----+-------+---
       0       1
          x1
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
