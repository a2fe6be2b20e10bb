//! What there is to see of a trained network: digits, its mistakes, what its units look for.

use stage::Style;
use stage::draw::{Axes, Captioned, Image, Line, Verdict, confusion, curve, image_grid, table};
use tinytorch::prelude::*;
use tinytorch::training::ConfusionMatrix;

use crate::digits::{Digits, first, one_of_each};
use crate::lesson::Lesson;
use crate::watch::Frame;

/// Pictures with more pixels on a side are halved, so that several stand in a row.
const LARGEST_SIDE: usize = 16;

/// Pictures that stand in a row, with captions such as `8 not 3`.
fn in_a_row(side: usize, style: Style) -> usize {
    let side = if side > LARGEST_SIDE { side / 2 } else { side };
    // Without half blocks a pixel takes two columns; without color a mistake has a mark.
    let picture = if style.unicode { side } else { 2 * side };
    let caption = if style.color { "8 not 3".len() } else { "x 8 not 3".len() };
    let gap = 2;
    ((style.width + gap) / (picture.max(caption) + gap)).max(1)
}

/// A digit as it is drawn.
pub struct Digit {
    pixels: Vec<f32>,
    side: usize,
    truth: i32,
}

impl Digit {
    fn new(pixels: &[f32], side: usize, truth: i32) -> Self {
        let (pixels, side) = match side > LARGEST_SIDE {
            true => (halved(pixels, side), side / 2),
            false => (pixels.to_vec(), side),
        };
        Digit { pixels, side, truth }
    }

    fn image(&self) -> Image<'_> {
        Image { pixels: &self.pixels, width: self.side }
    }
}

/// Each 2 x 2 pixels as one, as bright as the brightest: thin strokes stay.
fn halved(pixels: &[f32], side: usize) -> Vec<f32> {
    let at = |y: usize, x: usize| pixels[y * side + x];
    let cell =
        |y: usize, x: usize| at(y, x).max(at(y, x + 1)).max(at(y + 1, x)).max(at(y + 1, x + 1));
    let rows = (0..side / 2).map(|y| 2 * y);
    rows.flat_map(|y| (0..side / 2).map(move |x| cell(y, 2 * x))).collect()
}

/// Test digits with what a network takes each for, as a grid.
fn grid(digits: &[(Digit, i32)], style: Style) -> String {
    let captioned = digits.iter().map(|(digit, taken_for)| {
        let truth = digit.truth.to_string();
        Captioned::prediction(digit.image(), &taken_for.to_string(), &truth)
    });
    image_grid(&captioned.collect::<Vec<_>>(), style)
}

/// A row of digits that nothing was learned from, with what the network takes them for.
pub fn first_row(digits: &Digits, network: &Sequential, style: Style) -> String {
    let (pictures, labels) = one_of_each(&digits.validation);
    let mut row = judged(&pictures, &labels, network, digits.side);
    row.truncate(in_a_row(digits.side, style));
    grid(&row, style)
}

/// What ten digits were taken for on the way: a row for each moment, a column for each digit.
pub fn film(lesson: &Lesson, style: Style) -> String {
    let row = |frame: &Frame| {
        let taken_for = frame.taken_for.iter().map(|class| class.to_string());
        std::iter::once(frame.step.to_string()).chain(taken_for).collect::<Vec<String>>()
    };
    let heading = ["step", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    table(&heading, &lesson.seen.film.iter().map(row).collect::<Vec<_>>(), style)
}

/// The first of the test digits, two rows of them, with what the network takes them for.
pub fn tested(digits: &Digits, network: &Sequential, style: Style) -> String {
    let (pictures, labels) = first(&digits.test, 2 * in_a_row(digits.side, style));
    grid(&judged(&pictures, &labels, network, digits.side), style)
}

/// The mistakes of the network on the test part, in its order, at most two rows of them. `None`
/// when there are none.
pub fn mistakes(digits: &Digits, network: &Sequential, style: Style) -> Option<String> {
    let (pictures, labels) = first(&digits.test, digits.test.len());
    let mut wrong = judged(&pictures, &labels, network, digits.side);
    wrong.retain(|(digit, taken_for)| digit.truth != *taken_for);
    wrong.truncate(2 * in_a_row(digits.side, style));
    (!wrong.is_empty()).then(|| grid(&wrong, style))
}

fn judged(
    pictures: &Tensor,
    labels: &Tensor,
    network: &Sequential,
    side: usize,
) -> Vec<(Digit, i32)> {
    let taken_for = no_grad(|| network.forward(pictures)).argmax(1, false).to_vec_i32();
    let pixels = pictures.data();
    let pictures = pixels.chunks_exact(side * side).zip(labels.to_vec_i32());
    let digits = pictures.map(|(pixels, truth)| Digit::new(pixels, side, truth));
    digits.zip(taken_for).collect()
}

/// The loss of each step, and the validation accuracy on the way.
pub fn learning(lesson: &Lesson, epochs: usize, style: Style) -> String {
    let lines = [
        Line { name: "training loss", values: &lesson.history.batch_losses },
        Line { name: "validation accuracy", values: &lesson.seen.accuracies },
    ];
    let axes = Axes { x: Some((0.0, epochs as f32)), ..Axes::default() };
    curve(&lines, &axes, style)
}

/// What was taken for what.
pub fn confused(matrix: &ConfusionMatrix, style: Style) -> String {
    let classes = matrix.classes();
    let count = |i: usize| matrix.count(i / classes, i % classes) as usize;
    let counts: Vec<usize> = (0..classes * classes).map(count).collect();
    let labels: Vec<String> = (0..classes).map(|class| class.to_string()).collect();
    confusion(&counts, &labels.iter().map(String::as_str).collect::<Vec<_>>(), style)
}

/// The first hidden units as pictures, a row or two of them: what each of its weights brings on
/// average, the weight times the mean ink of its pixel, so that places where nobody writes say
/// nothing. Gray is 0, bright speaks for the unit and dark against it.
pub fn units(network: &Sequential, digits: &Digits, style: Style) -> String {
    let weights = network.parameters()[0].detach();
    let (pictures, _) = first(&digits.train, 1000);
    let influence = weights * pictures.flatten(1).mean_over([0], false);
    let rows = if digits.side > LARGEST_SIDE { 1 } else { 2 };
    let shown = rows * in_a_row(digits.side, style);
    let influence = influence.to_vec();
    let each = influence.chunks_exact(digits.side * digits.side).take(shown);
    let drawn: Vec<Digit> = each.map(|it| unit(it, digits.side)).collect();
    let captioned = drawn.iter().enumerate().map(|(unit, digit)| Captioned {
        image: digit.image(),
        caption: format!("unit {}", unit + 1),
        verdict: Verdict::Open,
    });
    image_grid(&captioned.collect::<Vec<_>>(), style)
}

/// Influences as grays; the largest in size is black or white.
fn unit(influence: &[f32], side: usize) -> Digit {
    let largest = influence.iter().fold(f32::MIN_POSITIVE, |largest, it| largest.max(it.abs()));
    let grays: Vec<f32> = influence.iter().map(|it| 0.5 + 0.5 * it / largest).collect();
    Digit::new(&grays, side, 0)
}

/// A row for each seed.
pub fn seeds(lessons: &[Lesson], style: Style) -> String {
    let percent = |share: f64| format!("{:.2} %", 100.0 * share);
    let row = |lesson: &Lesson| {
        let last = lesson.history.last();
        let validation = last.and_then(|epoch| epoch.validation.as_ref()?.metric("accuracy"));
        vec![
            lesson.seed.to_string(),
            last.map_or("-".to_owned(), |epoch| format!("{:.3}", epoch.train.loss)),
            validation.map_or("-".to_owned(), |share| percent(share.into())),
            percent(lesson.accuracy),
            format!("{:.2}", lesson.seconds),
        ]
    };
    let heading = ["seed", "training loss", "validation", "test", "seconds"];
    table(&heading, &lessons.iter().map(row).collect::<Vec<_>>(), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_as_long_as_the_terminal_is_wide() {
        let plain = Style { width: 80, color: false, unicode: false };
        let unicode = Style { unicode: true, ..plain };
        let color = Style { color: true, ..unicode };
        assert_eq!([plain, unicode, color].map(|style| in_a_row(8, style)), [4, 7, 8]);
        assert_eq!([plain, unicode, color].map(|style| in_a_row(28, style)), [2, 5, 5]);
        assert_eq!(in_a_row(28, Style { width: 1, ..plain }), 1);
    }

    #[test]
    fn halving_keeps_the_ink() {
        let pixels =
            [0.0, 0.0, 0.2, 0.1, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0];
        assert_eq!(halved(&pixels, 4), [0.9, 0.2, 0.0, 1.0]);
    }

    #[test]
    fn an_influence_of_zero_is_the_middle_gray() {
        assert_eq!(unit(&[-2.0, 0.0, 1.0, 0.0], 2).pixels, [0.0, 0.5, 0.75, 0.5]);
        assert_eq!(unit(&[0.0; 4], 2).pixels, [0.5; 4]);
    }
}
