//! Series of numbers as lines: the loss that falls, the accuracy that rises.

use super::Style;
use super::canvas::{Canvas, line_ink, sample};
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
        Axes { x_label: "epoch", x: None, shared: false, log: false, rows: 11 }
    }
}

/// Wider plots do not show more, and the eye loses the line.
const WIDEST: usize = 100;
/// With less room than this for the plot, the labels of the axes are given up.
const NARROWEST: usize = 12;

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
    let series = lines.iter().enumerate().map(|(i, line)| Series::new(line, axes, on_log(i)));
    let series: Vec<Series> = series.collect();
    let spans: Vec<_> = series.iter().map(|line| span(line.shown().map(|(_, y)| y))).collect();
    let Some(x) = across(&series) else {
        let names: Vec<_> = lines.iter().map(|line| line.name).collect();
        let text = format!("{}: nothing to draw", names.join(", "));
        return fit(&text, style.width, style);
    };
    let (left, right) = scales(&spans, own_axis, axes);
    let each = (axes.rows.clamp(3, 60) - 1) as f64 / left.steps as f64;
    let each = each.round().max(1.0) as usize;
    let rows = left.steps * each + 1;

    let mut frame = Frame {
        left: rows_of(&left, each),
        right: right.as_ref().map(|scale| rows_of(scale, (rows - 1) / scale.steps)),
        below: Vec::new(),
        below_label: axes.x_label,
    };
    let width = plot_columns(&mut frame, style);
    let whole = axes.x.is_none();
    let column = |value: f64| ((value - x.0) / (x.1 - x.0) * (width - 1) as f64).round() as usize;
    let ticks = ticks_within(x, (width / 9).max(2), whole);
    frame.below = ticks.into_iter().map(|(value, label)| (column(value), label)).collect();

    let mut canvas = Canvas::new(width, rows, style);
    for (i, line) in series.iter().enumerate() {
        let scale = right.as_ref().filter(|_| i == 1).unwrap_or(&left);
        let dot = |(at, y): (f64, f64)| {
            let across = (at - x.0) / (x.1 - x.0) * (2 * width - 1) as f64;
            // Dot 1.5 is the middle of a cell, where the labels stand.
            let down = (1.0 - scale.place(y)) * (4 * (rows - 1)) as f64 + 1.5;
            (across.round() as i64, down.round() as i64)
        };
        canvas.line(i, line.points.iter().map(|point| point.map(dot)));
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
    /// Where its first and its last value stand, drawn or not.
    ends: (f64, f64),
}

impl<'a> Series<'a> {
    fn new(line: &Line<'a>, axes: &Axes<'_>, log: bool) -> Self {
        let last = line.values.len().saturating_sub(1).max(1) as f64;
        let ends = axes.x.filter(|(from, to)| from.is_finite() && to.is_finite() && from < to);
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
        let ends = (place(0), place(line.values.len().saturating_sub(1)));
        Series {
            name: line.name,
            points: line.values.iter().enumerate().map(point).collect(),
            ends,
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

/// The ends of the horizontal axis; `None` when there is nothing to draw.
fn across(series: &[Series<'_>]) -> Option<(f64, f64)> {
    let drawn = series.iter().filter(|line| line.shown().next().is_some());
    let join = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
    let (from, to) = drawn.map(|line| line.ends).reduce(join)?;
    // A single value stands in the middle.
    Some(if from < to { (from, to) } else { (from - 0.5, to + 0.5) })
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
    (scales.next().expect("one scale for each span"), scales.next())
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
    let (sample, ink) = (|i| sample(i, style), line_ink);
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

#[cfg(test)]
mod tests {
    use super::*;

    const BRAILLE: Style = Style { width: 44, color: false, unicode: true };
    const ASCII: Style = Style { unicode: false, ..BRAILLE };
    const LOSS: Line<'_> = Line { name: "loss", values: &[2.3, 1.2, 0.7, 0.5, 0.35, 0.3, 0.26] };
    const ACCURACY: Line<'_> =
        Line { name: "accuracy", values: &[0.11, 0.62, 0.8, 0.86, 0.9, 0.93, 0.94] };

    #[test]
    fn two_lines_have_an_axis_each() {
        let drawing = curve(&[LOSS, ACCURACY], &Axes { rows: 6, ..Axes::default() }, BRAILLE);
        let expected = r"
⠤⠤⠤ loss                        accuracy ⠤⠀⠤
4 ┤                           ⢀⣀ ⢀⣀ ⢀⣀ ├ 1.0
  │          ⢀ ⠠⠤ ⠐⠒ ⠐⠒ ⠈⠉ ⠈⠉          │
  │      ⢀⠤ ⠈⠁                         │
2 ┤⠑⠢⢄⡀⡠                               ├ 0.5
  │   ⠈⠑⠢⠤⣀⣀                           │
  │⡠⠊       ⠉⠉⠒⠒⠢⠤⠤⢄⣀⣀⣀⣀⣀⣀⣀⣀⣀⡀         │
0 ┤                          ⠈⠉⠉⠉⠉⠉⠉⠉⠉⠉├ 0.0
  └──────┬───────────┬──────────┬──────┘
         2           4          6
                  epoch
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn without_unicode_lines_are_letters() {
        let drawing = curve(&[LOSS, ACCURACY], &Axes { rows: 6, ..Axes::default() }, ASCII);
        let expected = r"
** loss                          accuracy oo
4 +                          oooooooooo+ 1.0
  |          ooooooooooooooooo         |
  |      ooooo                         |
2 +****oo                              + 0.5
  |  oo*****                           |
  |oo       ******************         |
0 +                          **********+ 0.0
  +------+-----------+----------+------+
         2           4          6
                  epoch
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn a_line_is_broken_where_it_is_not_a_number() {
        let drawing = {
            let values = [3.0, 2.0, f32::NAN, 1.0, f32::INFINITY, 0.5];
            let line = Line { name: "loss", values: &values };
            curve(&[line], &Axes { rows: 5, ..Axes::default() }, BRAILLE)
        };
        let expected = r"
⠤⠤⠤ loss (2 not drawn)
4 ┤
  │⠤⣀⣀
2 ┤   ⠉⠉⠒⠒⠤⠄
  │                        ⣤
0 ┤                                        ⠛
  └────────┬───────────────┬───────────────┬
           2               4               6
                     epoch
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn a_logarithmic_axis_has_powers_of_ten_and_leaves_zero_out() {
        let drawing = {
            let values = [100.0, 10.0, 1.0, 0.0, 0.1];
            let line = Line { name: "loss", values: &values };
            curve(&[line], &Axes { rows: 7, log: true, ..Axes::default() }, BRAILLE)
        };
        let expected = r"
⠤⠤⠤ loss (1 not drawn)
100 ┤⠤⣀
    │  ⠉⠒⠢⢄⣀
 10 ┤       ⠉⠒⠤⢄⡀
    │           ⠈⠉⠒⠤⢄⡀
  1 ┤                ⠈⠉⠒⠤
    │
0.1 ┤                                      ⠛
    └──────────┬──────────────────┬─────────
               2                  4
                      epoch
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn a_constant_and_a_single_value_are_drawn_in_the_middle_of_a_range() {
        let drawing = {
            let flat = Line { name: "flat", values: &[2.0; 5] };
            let one = Line { name: "one", values: &[2.0] };
            let axes = Axes { rows: 3, ..Axes::default() };
            curve(&[flat], &axes, BRAILLE) + "\n" + &curve(&[one], &axes, BRAILLE)
        };
        let expected = r"
⠤⠤⠤ flat
2.2 ┤
2.0 ┤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤⠤
1.8 ┤
    └──────────┬──────────────────┬─────────
               2                  4
                      epoch
⠤⠤⠤ one
2.2 ┤
2.0 ┤                   ⣤
1.8 ┤
    └───────────────────┬───────────────────
                        1
                      epoch
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
