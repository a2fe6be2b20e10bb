//! What there is to see: the filters before and after, what they make of a picture, mistakes.

use stage::Style;
use stage::draw::{Axes, Captioned, Image, Line, Verdict, confusion, curve, image_grid, table};
use tinytorch::prelude::*;

use crate::filters::{Filters, least_moved, moved};
use crate::lesson::{Lesson, scores};
use crate::sets::{Pictures, first};

/// Pictures with more pixels on a side are halved, so that several stand in a row.
const LARGEST_SIDE: usize = 16;

/// Filters of a layer that are shown.
const SHOWN: usize = 8;

/// A gray picture with what is written below it.
struct Drawn {
    pixels: Vec<f32>,
    side: usize,
    caption: String,
    verdict: Verdict,
}

fn grid(pictures: &[Drawn], style: Style) -> String {
    let captioned = pictures.iter().map(|it| Captioned {
        image: Image { pixels: &it.pixels, width: it.side },
        caption: it.caption.clone(),
        verdict: it.verdict,
    });
    image_grid(&captioned.collect::<Vec<_>>(), style)
}

/// Numbers of both signs as grays, 0 in the middle; `largest` in size is black or white.
fn signed(values: &[f32], largest: f32) -> Vec<f32> {
    values.iter().map(|value| 0.5 + 0.5 * value / largest.max(f32::MIN_POSITIVE)).collect()
}

fn largest(values: &[f32]) -> f32 {
    values.iter().fold(0.0, |largest, value| largest.max(value.abs()))
}

/// The first filters of the first convolution, before and after, in one scale, so that what grew
/// looks stronger. The channels of a color are averaged.
pub fn first_filters([before, after]: &[Vec<Filters>; 2], style: Style) -> Option<String> {
    let mean = |layer: &Filters| layer.weights.mean_over([1], false);
    let (before, after) = (mean(before.first()?), mean(after.first()?));
    let scale = largest(&before.data()).max(largest(&after.data()));
    let side = after.size(2);
    let row = |weights: &Tensor, when: &str| -> Vec<Drawn> {
        let planes = weights.to_vec();
        let planes = planes.chunks_exact(side * side).take(SHOWN).enumerate();
        let drawn = planes.map(|(i, plane)| Drawn {
            pixels: signed(plane, scale),
            side,
            caption: format!("{when} {}", i + 1),
            verdict: Verdict::Open,
        });
        drawn.collect()
    };
    let rows = [row(&before, "at first"), row(&after, "learned")];
    Some(rows.map(|row| grid(&row, style)).join("\n\n"))
}

/// How far the filters of each convolution moved.
pub fn moves([before, after]: &[Vec<Filters>; 2], style: Style) -> String {
    let moved = moved(before, after);
    let row = |(layer, moved): (&Filters, &f32)| {
        let [o, c, h, w] = layer.weights.shape().dims();
        vec![
            layer.path.clone(),
            format!("{o} of {c} x {h} x {w}"),
            format!("{:.0} %", 100.0 * moved),
        ]
    };
    let rows: Vec<_> = before.iter().zip(&moved).map(row).collect();
    table(&["layer", "filters", "moved by"], &rows, style)
}

/// A picture, and what the first filters find in it: bright where a filter agrees with what is
/// below it.
pub fn found(pictures: &Pictures, lesson: &Lesson, style: Style) -> Option<String> {
    let (picture, _) = first(&*pictures.test, 1);
    let layer = lesson.filters[1].first()?;
    let padding = [layer.weights.size(2) / 2; 2];
    let found = tinytorch::spatial::conv2d(
        &picture,
        &layer.weights,
        None,
        tinytorch::spatial::Conv2dOp { padding, ..Default::default() },
    );
    let side = pictures.shape[2];
    let original = gray(pictures, &picture);
    let scale = largest(&found.data());
    let maps = found.to_vec();
    let maps = maps.chunks_exact(side * side).take(SHOWN - 1).enumerate();
    let maps = maps.map(|(i, map)| (signed(map, scale), format!("filter {}", i + 1)));
    let all = std::iter::once((original, "picture".to_owned())).chain(maps);
    let drawn = all.map(|(pixels, caption)| {
        let (pixels, side) = small(pixels, side);
        Drawn { pixels, side, caption, verdict: Verdict::Open }
    });
    Some(grid(&drawn.collect::<Vec<_>>(), style))
}

/// A picture `[1, c, h, w]` as grays, its colors averaged, in the scale of its file.
fn gray(pictures: &Pictures, picture: &Tensor) -> Vec<f32> {
    let [channels, h, w] = pictures.shape;
    let pixels = picture.to_vec();
    let scaled = |channel: usize, place: usize| {
        let value = pixels[channel * h * w + place];
        match &pictures.scale {
            Some(scale) => value * scale.std()[channel] + scale.mean()[channel],
            None => value,
        }
    };
    let mean = |place| (0..channels).map(|c| scaled(c, place)).sum::<f32>() / channels as f32;
    (0..h * w).map(mean).collect()
}

/// The picture, or, when it is large, each 2 x 2 pixels as their mean.
fn small(pixels: Vec<f32>, side: usize) -> (Vec<f32>, usize) {
    if side <= LARGEST_SIDE {
        return (pixels, side);
    }
    let at = |y: usize, x: usize| pixels[y * side + x];
    let cell = |y, x| (at(y, x) + at(y, x + 1) + at(y + 1, x) + at(y + 1, x + 1)) / 4.0;
    let rows = (0..side / 2).map(|y| 2 * y);
    (rows.flat_map(|y| (0..side / 2).map(move |x| cell(y, 2 * x))).collect(), side / 2)
}

/// The first mistakes on the test part, with what each was taken for. `None` when there are none.
pub fn mistakes(pictures: &Pictures, network: &dyn Module, style: Style) -> Option<String> {
    let (x, labels) = first(&*pictures.test, 500);
    let taken_for = scores(network, &x).argmax(1, false).to_vec_i32();
    let pairs = taken_for.into_iter().zip(labels.to_vec_i32()).enumerate();
    let wrong = pairs.filter(|(_, (taken_for, truth))| taken_for != truth).take(SHOWN);
    let drawn = wrong.map(|(i, (taken_for, truth))| {
        let (pixels, side) = small(gray(pictures, &x.narrow(0, i, 1)), pictures.shape[2]);
        let name = |class: i32| pictures.classes[class as usize];
        let caption = format!("{} not {}", name(taken_for), name(truth));
        Drawn { pixels, side, caption, verdict: Verdict::Wrong }
    });
    let drawn: Vec<Drawn> = drawn.collect();
    (!drawn.is_empty()).then(|| grid(&drawn, style))
}

/// The loss of each step, and the validation accuracy on the way.
pub fn learning(lesson: &Lesson, epochs: usize, style: Style) -> String {
    let lines = [
        Line { name: "training loss", values: &lesson.history.batch_losses },
        Line { name: "validation accuracy", values: &lesson.accuracies },
    ];
    let axes = Axes { x: Some((0.0, epochs as f32)), ..Axes::default() };
    curve(&lines, &axes, style)
}

/// What was taken for what.
pub fn confused(pictures: &Pictures, matrix: &ConfusionMatrix, style: Style) -> String {
    let classes = matrix.classes();
    let count = |i: usize| matrix.count(i / classes, i % classes) as usize;
    let counts: Vec<usize> = (0..classes * classes).map(count).collect();
    confusion(&counts, &pictures.classes, style)
}

/// A row for each seed.
pub fn seeds(lessons: &[Lesson], style: Style) -> String {
    let row = |lesson: &Lesson| {
        let last = lesson.history.last();
        vec![
            lesson.seed.to_string(),
            last.map_or("-".to_owned(), |epoch| format!("{:.3}", epoch.train.loss)),
            format!("{:.2} %", 100.0 * lesson.accuracy),
            format!("{:.0} %", 100.0 * least_moved(&lesson.filters)),
            format!("{:.1}", lesson.seconds),
        ]
    };
    let heading = ["seed", "training loss", "test", "filters moved", "seconds"];
    table(&heading, &lessons.iter().map(row).collect::<Vec<_>>(), style)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_the_middle_gray_and_the_largest_is_an_end() {
        assert_eq!(signed(&[-2.0, 0.0, 1.0], 2.0), [0.0, 0.5, 0.75]);
        assert_eq!(signed(&[0.0], 0.0), [0.5]);
    }

    #[test]
    fn large_pictures_are_halved() {
        let pixels = (0..32 * 32).map(|i| (i % 2) as f32).collect();
        assert_eq!(small(pixels, 32), (vec![0.5; 256], 16));
        assert_eq!(small(vec![1.0; 64], 8), (vec![1.0; 64], 8));
    }
}
