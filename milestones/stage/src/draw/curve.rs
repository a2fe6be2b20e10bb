//! Series of numbers as lines: the loss that falls, the accuracy that rises.

use super::Style;
use super::frame::Frame;
use super::ink::{Ink, Row, drawing};
use super::scale::{Scale, span, ticks_within};
use super::text::{columns, fit};

/// A named series.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What it shows: `loss`.
    pub name: &'a str,
    /// Its values at even distances; where one is NaN or infinite the line is broken.
    pub values: &'a [f32],
}

/// How [`curve`] lays out its axes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axes<'a> {
    /// What the horizontal axis counts: `epoch`. May be empty.
    pub x_label: &'a str,
    /// Where on the horizontal axis the first and the last value of every line stand. `None`
    /// counts the values from 1. Lines of different lengths (a loss per step, an accuracy per
    /// epoch) share an axis by stretching over the same range.
    pub x: Option<(f32, f32)>,
    /// Whether two lines share the left axis; otherwise the second one has its own, at the right.
    /// Three and more always share.
    pub shared: bool,
    /// Whether the left axis is logarithmic; then values that are not positive are not drawn.
    pub log: bool,
    /// About how many rows the plot is high, without its axes; it is rounded so that ticks stand
    /// at even distances.
    pub rows: usize,
}

impl Default for Axes<'_> {
    fn default() -> Self {
        Axes {
            x_label: "epoch",
            x: None,
            shared: false,
            log: false,
            rows: 11,
        }
    }
}

/// Wider plots do not show more, and the eye loses the line.
const WIDEST: usize = 100;
/// With less room than this for the plot, the labels of the axes are given up.
const NARROWEST: usize = 12;
/// Colors of the lines, readable on black and on white and told apart by the color-blind.
const COLORS: [u8; 4] = [33, 208, 35, 169];

/// Lines in braille dots over axes with round numbers.
///
/// ```
/// use stage::Style;
/// use stage::draw::{Axes, Line, curve};
/// let loss = Line { name: "loss", values: &[2.3, 1.1, 0.6, 0.4] };
/// let accuracy = Line { name: "accuracy", values: &[0.1, 0.6, 0.8, 0.9] };
/// let style = Style { width: 60, color: false, unicode: true };
/// println!("{}", curve(&[loss, accuracy], &Axes::default(), style));
/// ```
pub fn curve(lines: &[Line<'_>], axes: &Axes<'_>, style: Style) -> String {
    let style = style.at_least_20();
    let own_axis = lines.len() == 2 && !axes.shared;
    let on_log = |i: usize| axes.log && !(own_axis && i == 1);
    let series = lines
        .iter()
        .enumerate()
        .map(|(i, line)| Series::new(line, axes, on_log(i)));
    let series: Vec<Series> = series.collect();
    let spans: Vec<_> = series
        .iter()
        .map(|line| span(line.shown().map(|(_, y)| y)))
        .collect();
    let x = span(series.iter().flat_map(|line| line.shown().map(|(x, _)| x)));
    let Some(x) = x else {
        let names: Vec<_> = lines.iter().map(|line| line.name).collect();
        return fit(
            &format!("{}: nothing to draw", names.join(", ")),
            style.width,
            style,
        );
    };
    let (left, right) = scales(&spans, own_axis, axes);
    let each = (axes.rows.clamp(3, 60) - 1) as f64 / left.steps as f64;
    let each = each.round().max(1.0) as usize;
    let rows = left.steps * each + 1;

    let mut frame = Frame {
        left: rows_of(&left, each),
        right: right
            .as_ref()
            .map(|scale| rows_of(scale, (rows - 1) / scale.steps)),
        below: Vec::new(),
        below_label: axes.x_label,
    };
    let width = plot_columns(&mut frame, style);
    let whole = axes.x.is_none();
    let column = |value: f64| ((value - x.0) / (x.1 - x.0) * (width - 1) as f64).round() as usize;
    let ticks = ticks_within(x, (width / 9).max(2), whole);
    frame.below = ticks
        .into_iter()
        .map(|(value, label)| (column(value), label))
        .collect();

    let mut canvas = Canvas::new(width, rows, style);
    for (i, line) in series.iter().enumerate() {
        let scale = right.as_ref().filter(|_| i == 1).unwrap_or(&left);
        canvas.line(i, line, |(at, y)| {
            let across = (at - x.0) / (x.1 - x.0) * (2 * width - 1) as f64;
            // Dot 1.5 is the middle of a cell, where the labels stand.
            let down = (1.0 - scale.place(y)) * (4 * (rows - 1)) as f64 + 1.5;
            (across.round() as i64, down.round() as i64)
        });
    }
    let edge = frame.left_columns() + width + frame.right_columns();
    let mut all = legend(&series, right.is_some(), edge, style);
    all.extend(frame.around(canvas.rows(), width, style));
    drawing(&all, style)
}

/// A line's points, on the horizontal axis of the drawing.
struct Series<'a> {
    name: &'a str,
    /// `None` where the line is broken.
    points: Vec<Option<(f64, f64)>>,
}

impl<'a> Series<'a> {
    fn new(line: &Line<'a>, axes: &Axes<'_>, log: bool) -> Self {
        let last = line.values.len().saturating_sub(1).max(1) as f64;
        let ends = axes
            .x
            .filter(|(from, to)| from.is_finite() && to.is_finite() && from < to);
        let place = |i: usize| match ends {
            Some((from, to)) => {
                let (from, to) = (f64::from(from), f64::from(to));
                from + (to - from) * i as f64 / last
            }
            None => i as f64 + 1.0,
        };
        let point = |(i, value): (usize, &f32)| {
            let drawn = value.is_finite() && (*value > 0.0 || !log);
            drawn.then(|| (place(i), f64::from(*value)))
        };
        Series {
            name: line.name,
            points: line.values.iter().enumerate().map(point).collect(),
        }
    }

    fn shown(&self) -> impl Iterator<Item = (f64, f64)> {
        self.points.iter().flatten().copied()
    }

    /// Its name, and how many of its values could not be drawn.
    fn title(&self) -> String {
        match self.points.iter().filter(|point| point.is_none()).count() {
            0 => self.name.to_owned(),
            missing => format!("{} ({missing} not drawn)", self.name),
        }
    }
}

/// The left axis, and the right one if there is one.
fn scales(spans: &[Option<(f64, f64)>], own_axis: bool, axes: &Axes<'_>) -> (Scale, Option<Scale>) {
    let intervals = 2..=((axes.rows / 2).clamp(2, 6));
    let together = |spans: &[Option<(f64, f64)>]| {
        let ends = spans.iter().flatten().flat_map(|(low, high)| [*low, *high]);
        span(ends).unwrap_or((0.1, 1.0)) // a line without values leaves its axis to itself
    };
    let left = together(if own_axis { &spans[..1] } else { spans });
    let right = own_axis.then(|| together(&spans[1..]));
    if axes.log {
        let left = Scale::logarithmic(left, axes.rows.clamp(3, 60));
        // Its ticks stand where the steps of the left axis end, so that all rows are used.
        let divides = |n: &usize| left.steps.is_multiple_of(*n);
        let n = intervals.rev().find(divides).unwrap_or(left.steps);
        let right = right.map(|right| Scale::linear(&[right], n..=n).remove(0));
        return (left, right);
    }
    let spans: Vec<_> = [left].into_iter().chain(right).collect();
    let mut scales = Scale::linear(&spans, intervals).into_iter();
    (
        scales.next().expect("one scale for each span"),
        scales.next(),
    )
}

/// The rows in which the labels of a scale stand, when a step is `each` rows; 0 is the highest.
fn rows_of(scale: &Scale, each: usize) -> Vec<(usize, String)> {
    let row = |(steps, label): &(usize, String)| ((scale.steps - steps) * each, label.clone());
    scale.ticks.iter().map(row).collect()
}

/// Columns left for the plot; takes the labels off the axes where it would be too narrow.
fn plot_columns(frame: &mut Frame<'_>, style: Style) -> usize {
    let width = style.width.min(WIDEST);
    let bare = |ticks: &mut Vec<(usize, String)>| ticks.iter_mut().for_each(|t| t.1.clear());
    let room =
        |frame: &Frame<'_>| width.saturating_sub(frame.left_columns() + frame.right_columns());
    if room(frame) < NARROWEST {
        frame.right.iter_mut().for_each(bare);
    }
    if room(frame) < NARROWEST {
        bare(&mut frame.left);
    }
    room(frame)
}

/// The names of the lines over the plot, each over its axis, with a sample of the line.
fn legend(series: &[Series<'_>], own_axis: bool, edge: usize, style: Style) -> Vec<Row> {
    let ink = |i: usize| Ink::fore(COLORS[i % COLORS.len()]);
    let sample = |i: usize| match (style.color, style.unicode) {
        (true, true) => "──",
        (false, true) => ["⠤⠤⠤", "⠤⠀⠤", "⠄⠄⠄", "⠄⠀⠄"][i % 4],
        _ => ["**", "oo", "xx", "++"][i % 4],
    };
    let mut rows = vec![Row::new()];
    for (i, line) in series.iter().enumerate() {
        let room = if own_axis { edge / 2 - 5 } else { edge - 4 };
        let title = fit(&line.title(), room, style);
        let last = rows.last_mut().expect("it begins with one row");
        if own_axis && i == 1 {
            last.fill(edge - columns(&title) - columns(sample(i)) - 1);
            last.push(&title, Ink::PLAIN);
            last.push(&format!(" {}", sample(i)), ink(i));
            break;
        }
        let entry = columns(&title) + columns(sample(i)) + 1;
        if last.columns() > 0 && last.columns() + 3 + entry > edge {
            rows.push(Row::new());
        }
        let last = rows.last_mut().expect("it begins with one row");
        if last.columns() > 0 {
            last.push("   ", Ink::PLAIN);
        }
        last.push(&format!("{} ", sample(i)), ink(i));
        last.push(&title, Ink::PLAIN);
    }
    rows
}

/// Cells of 2 x 4 dots.
struct Canvas {
    columns: usize,
    /// The dots that are set in each cell, as the low byte of its braille character.
    dots: Vec<u8>,
    /// The line that drew into the cell last.
    owner: Vec<usize>,
    style: Style,
}

impl Canvas {
    fn new(columns: usize, rows: usize, style: Style) -> Self {
        let cells = columns * rows;
        Canvas {
            columns,
            dots: vec![0; cells],
            owner: vec![0; cells],
            style,
        }
    }

    fn set(&mut self, line: usize, x: i64, y: i64) {
        /// Bits of U+2800 by row and column: dots 1 to 3 and 7 at the left, 4 to 6 and 8.
        const BITS: [[u8; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];
        let (x, y) = (x.max(0) as usize, y.max(0) as usize);
        let cell = y / 4 * self.columns + x / 2;
        if x / 2 < self.columns && cell < self.dots.len() {
            self.dots[cell] |= BITS[y % 4][x % 2];
            self.owner[cell] = line;
        }
    }

    /// Draws a line through its points; `dot` gives the dot at which a point stands.
    fn line(&mut self, line: usize, series: &Series<'_>, dot: impl Fn((f64, f64)) -> (i64, i64)) {
        // Where colors cannot tell lines apart, gaps do: all lines but the first are dashed.
        let (dash, gap) = match (self.style.color || !self.style.unicode, line % 4) {
            (true, _) | (_, 0) => (1, 0),
            (_, 1) => (3, 3),
            (_, 2) => (1, 1),
            _ => (1, 3),
        };
        let mut before: Option<(i64, i64)> = None;
        let mut drawn = 0;
        for (i, point) in series.points.iter().enumerate() {
            let Some(at) = point.map(&dot) else {
                before = None;
                continue;
            };
            let alone = before.is_none() && series.points.get(i + 1).is_none_or(Option::is_none);
            if alone {
                // One dot would be overlooked.
                let (x, y) = (at.0 / 2 * 2, at.1 / 2 * 2);
                for (right, down) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
                    self.set(line, x + right, y + down);
                }
            }
            let from = before.unwrap_or_else(|| {
                self.set(line, at.0, at.1);
                at
            });
            let steps = (at.0 - from.0).abs().max((at.1 - from.1).abs());
            for step in 1..=steps {
                let share = step as f64 / steps as f64;
                let x = from.0 + ((at.0 - from.0) as f64 * share).round() as i64;
                let y = from.1 + ((at.1 - from.1) as f64 * share).round() as i64;
                if drawn % (dash + gap) < dash {
                    self.set(line, x, y);
                }
                drawn += 1;
            }
            before = Some(at);
        }
    }

    fn rows(&self) -> Vec<Row> {
        let cell = |(dots, owner): (&u8, &usize)| match dots {
            0 => (" ".to_owned(), Ink::PLAIN),
            dots => {
                let braille = char::from_u32(0x2800 + u32::from(*dots)).unwrap_or(' ');
                let mark = ['*', 'o', 'x', '+'][owner % 4];
                let shown = if self.style.unicode { braille } else { mark };
                (shown.to_string(), Ink::fore(COLORS[owner % COLORS.len()]))
            }
        };
        let rows = self
            .dots
            .chunks(self.columns)
            .zip(self.owner.chunks(self.columns));
        rows.map(|(dots, owners)| {
            let mut row = Row::new();
            for (text, ink) in dots.iter().zip(owners).map(cell) {
                row.push(&text, ink);
            }
            row
        })
        .collect()
    }
}
