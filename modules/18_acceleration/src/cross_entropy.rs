//! Cross entropy of scores, and the way back through it.
//!
//! A language model's scores are its largest tensor by far: 1,024 places of 50,257 words are
//! 200 MB, and so would be their log-softmax, of which the loss looks at one number per row. Here a
//! row of scores is read once and gives one number, `ln Σ e^x - x[label]`; nothing of the size of
//! the scores is written. On the way back
//!
//! ```text
//! (softmax(x) Σ q - q) g
//! ```
//!
//! the exponentials are computed a second time, straight into the gradient, rather than kept since
//! the forward pass: reading them from memory again would take about as long. And `q`, how much
//! the loss asks of each class, is 0 but at the label, or next to it the same for all classes.

#![expect(unsafe_code, reason = "results are written once")]

use crate::copy::dense;
use crate::level::level;
use crate::out::filled;
use crate::rows::{Rows, by_rows, largest, rewrite, share_rows, sums};
use crate::settings;
use crate::simd::{Simd, vectorized};
use crate::softmax::exponentials;
use std::borrow::Cow;
use std::ops::Range;
use tinytorch_autograd::CrossEntropyBackward;
use tinytorch_losses::{CrossEntropyOp, Reduction};
use tinytorch_tensor::{Kernels, Op, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<CrossEntropyOp>("f32", cross_entropy);
    kernels.on::<CrossEntropyBackward>("f32", cross_entropy_backward);
}

fn cross_entropy(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let CrossEntropyOp { label_smoothing, ignore_index, reduction } = *settings(op);
    let asked = Asked::new(x[1], x.get(2).copied(), label_smoothing, ignore_index);
    let (level, rows) = (level(), Rows::of(x[0]));
    // SAFETY: the ranges cover all rows, none twice, and each is written.
    let losses: Vec<f32> = unsafe {
        filled(rows.count, |out| {
            share_rows(rows.count, rows.width, |range| {
                loss_rows(level, &rows, &asked, range.clone(), out.part(range));
            })
        })
    };
    let sum = || losses.iter().fold(0.0, |sum, &loss| sum + f64::from(loss));
    match reduction {
        Reduction::None => Tensor::from_vec(losses, [rows.count]),
        Reduction::Sum => Tensor::from(sum() as f32),
        Reduction::Mean => Tensor::from((sum() / asked.total()) as f32),
    }
}

fn cross_entropy_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let CrossEntropyBackward { label_smoothing, ignore_index, reduction } = *settings(op);
    let asked = Asked::new(x[1], x.get(3).copied(), label_smoothing, ignore_index);
    let (level, g) = (level(), dense(x[2]));
    let share = if reduction == Reduction::Mean { 1.0 / asked.total() } else { 1.0 };
    // SAFETY: each row is written to its end.
    unsafe { by_rows(x[0], |x, range, out| gradient_rows(level, x, &asked, &g, share, range, out)) }
}

/// How much the loss asks of the classes in each row.
struct Asked<'a> {
    labels: Cow<'a, [i32]>,
    /// One per class; 1 for all if there are none.
    weights: Option<Cow<'a, [f32]>>,
    /// The share that is spread evenly over all classes.
    smoothing: f64,
    ignored: Option<i32>,
}

impl<'a> Asked<'a> {
    fn new(
        labels: &'a Tensor,
        weights: Option<&'a Tensor>,
        smoothing: f32,
        ignored: Option<i32>,
    ) -> Self {
        let weights = weights.map(|w| dense(w));
        Self { labels: labels.ints(), weights, smoothing: f64::from(smoothing), ignored }
    }

    /// The label of row `i`, unless the row counts for nothing.
    #[inline]
    fn label(&self, i: usize) -> Option<usize> {
        let label = self.labels[i];
        (Some(label) != self.ignored).then_some(label as usize)
    }

    /// How much a class counts.
    #[inline]
    fn weight(&self, class: usize) -> f64 {
        self.weights.as_ref().map_or(1.0, |weights| f64::from(weights[class]))
    }

    /// What the mean divides by: the weights of the labels that count.
    fn total(&self) -> f64 {
        (0..self.labels.len()).filter_map(|i| self.label(i)).map(|label| self.weight(label)).sum()
    }

    /// The weights of `classes` classes, summed.
    fn sum_of_weights(&self, classes: usize) -> f64 {
        match &self.weights {
            Some(weights) => weights.iter().map(|&w| f64::from(w)).sum(),
            None => classes as f64,
        }
    }
}

vectorized! {
    /// The losses of the rows `range`, their labels' weights included.
    fn loss_rows<S>(x: &Rows<'_>, asked: &Asked<'_>, range: Range<usize>, losses: &mut [f32]) {
        let all = asked.sum_of_weights(x.width);
        for (i, loss) in range.zip(losses) {
            let Some(label) = asked.label(i) else {
                *loss = 0.0;
                continue;
            };
            let row = x.row(i);
            let top = largest::<S>(row);
            let ln_sum = exponentials::<S>(row, top, None, x.next(i)).ln();
            let at_label = asked.weight(label) * (ln_sum - f64::from(row[label] - top));
            *loss = match asked.smoothing {
                0.0 => at_label as f32, // not 0 times the infinite loss of another class
                share => {
                    let of_x = above::<S>(row, top, asked.weights.as_deref());
                    let at_all = all * ln_sum - of_x;
                    ((1.0 - share) * at_label + share / x.width as f64 * at_all) as f32
                }
            };
        }
    }

    /// The gradients of the rows `range`: `share` of the loss of each comes in, times `g`.
    fn gradient_rows<S>(
        x: &Rows<'_>,
        asked: &Asked<'_>,
        g: &[f32],
        share: f64,
        range: Range<usize>,
        out: &mut [f32],
    ) {
        let even = asked.smoothing / x.width as f64;
        let all = asked.sum_of_weights(x.width) * even;
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let row = x.row(i);
            let sum = exponentials::<S>(row, largest::<S>(row), Some(out), x.next(i));
            let g = f64::from(if g.len() == 1 { g[0] } else { g[i] });
            let Some(label) = asked.label(i) else {
                // Nothing, but what is no number stays none.
                let none = S::splat((0.0 / sum * g) as f32);
                rewrite::<S, 0>(out, [], |e, []| S::mul(e, none));
                continue;
            };
            let at_label = (1.0 - asked.smoothing) * asked.weight(label);
            let per = (all + at_label) * share / sum;
            let e_label = f64::from(out[label]);
            let part = S::splat((per * g) as f32);
            let q = S::splat((-even * share * g) as f32);
            match &asked.weights {
                _ if even == 0.0 => rewrite::<S, 0>(out, [], |e, []| S::mul(e, part)),
                None => rewrite::<S, 0>(out, [], |e, []| S::fma(e, part, q)),
                Some(w) => rewrite::<S, 1>(out, [&**w], |e, [w]| S::fma(e, part, S::mul(w, q))),
            }
            // Where a probability near 1 is subtracted from 1, in double precision.
            let q = (at_label + even * asked.weight(label)) * share;
            out[label] = ((e_label * per - q) * g) as f32;
        }
    }
}

/// `Σ w (x - top)` over a row.
#[inline(always)]
fn above<S: Simd>(row: &[f32], top: f32, weights: Option<&[f32]>) -> f64 {
    let top = S::splat(top);
    let [sum] = match weights {
        None => sums::<S, 1, 1>([row], [top], |[x]| [S::sub(x, top)]),
        Some(weights) => {
            let blank = [top, S::splat(0.0)];
            sums::<S, 2, 1>([row, weights], blank, |[x, w]| [S::mul(w, S::sub(x, top))])
        }
    };
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, assert_difference_agrees, largest, layouts};
    use tinytorch_tensor::{Kernel, Rng};

    /// A few roundings of numbers up to the largest.
    const CLOSE: f32 = 2e-6;

    const ALL: [Reduction; 3] = [Reduction::Mean, Reduction::Sum, Reduction::None];

    /// Both kernels, with and without weights, for all settings.
    fn assert_all_agree(x: &Tensor, labels: &Tensor, weights: &Tensor, tolerance: f32) {
        for reduction in ALL {
            for (label_smoothing, ignore_index) in [(0.0, None), (0.1, Some(1)), (1.0, None)] {
                let op = CrossEntropyOp { label_smoothing, ignore_index, reduction };
                let back = CrossEntropyBackward { label_smoothing, ignore_index, reduction };
                let g = match reduction {
                    Reduction::None => Tensor::randn(labels.shape(), &mut Rng::new(9)),
                    _ => Tensor::from(-0.7),
                };
                assert_agrees(&op, cross_entropy, &[x, labels], tolerance);
                assert_agrees(&op, cross_entropy, &[x, labels, weights], tolerance);
                // What is asked of the classes is subtracted from probabilities, times g.
                let (by, most) = (cross_entropy_backward as Kernel, largest(&g.data()));
                assert_difference_agrees(&back, by, &[x, labels, &g], tolerance, most);
                assert_difference_agrees(&back, by, &[x, labels, &g, weights], tolerance, most);
            }
        }
    }

    fn labels(n: usize, classes: usize, rng: &mut Rng) -> Tensor {
        let labels = (0..n).map(|_| rng.below(classes as u64) as i32).collect();
        Tensor::from_vec::<i32>(labels, [n])
    }

    #[test]
    fn losses_and_gradients_are_as_defined() {
        let rng = &mut Rng::new(5);
        for (n, classes) in [(1, 2), (3, 5), (10, 16), (4, 33), (7, 1030), (300, 257), (0, 3)] {
            let (labels, weights) = (labels(n, classes, rng), Tensor::rand([classes], rng));
            for x in layouts(&[n, classes], rng) {
                assert_all_agree(&(&x * 3.0), &labels, &weights, CLOSE);
            }
        }
    }

    #[test]
    fn masked_classes_and_rows_that_are_no_numbers_are_as_defined() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        let weights = Tensor::from([0.5, 2.0, 0.0]);
        for special in [[-inf, 0.0, 1.0], [nan, 0.0, 1.0], [inf, 0.0, 1.0], [-inf, -inf, -inf]] {
            for label in 0..3 {
                let x = Tensor::from([special, [0.5, -1.0, 2.0]]);
                assert_all_agree(&x, &Tensor::from([label, 0]), &weights, CLOSE);
            }
        }
    }

    #[test]
    fn certainty_keeps_its_small_gradient() {
        // 1 - p at the label is 1e-7: what is left when both are rounded to 24 bits is not.
        let x = Tensor::from([[16.118, 0.0]]);
        let (reduction, ignore_index) = (Reduction::Mean, None);
        let op = CrossEntropyBackward { label_smoothing: 0.0, ignore_index, reduction };
        let g = cross_entropy_backward(&op, &[&x, &Tensor::from([0]), &Tensor::from(1.0)]);
        assert!((g.at([0, 1]) - 1.0e-7).abs() < 1e-10, "{g}");
        assert!((g.at([0, 0]) + 1.0e-7).abs() < 3e-8, "{g}");
    }
}
