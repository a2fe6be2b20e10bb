//! Softmax, its logarithm, and the ways back through them.
//!
//! Three passes over a row: its largest number; the exponentials and their sum; the quotients. The
//! row is in the first cache after the first one, so that what counts is the exponential, about ten
//! cycles for a vector of 16 (see [`math`](crate::math)): 0.3 nanoseconds a number, or as long as
//! it takes to bring the number from memory and the result back. The sum could be taken along with
//! the largest number, corrected whenever a larger one comes (M. Milakov and N. Gimelshein, "Online
//! normalizer calculation for softmax", 2018); that saves a pass that costs next to nothing here,
//! for exponentials that do.
//!
//! While the exponentials of one row are computed, memory is idle; so the next row is asked for
//! then.
//!
//! Along another axis than the last, rows are made to lie in one piece first.

#![expect(unsafe_code, reason = "results are written once")]

use crate::level::level;
use crate::math::exp;
use crate::rows::{Rows, by_rows, largest, map, rewrite, sums};
use crate::settings;
use crate::simd::{Simd, vectorized};
use std::ops::Range;
use tinytorch_activations::{LogSoftmax, Softmax};
use tinytorch_autograd::{LogSoftmaxBackward, SoftmaxBackward};
use tinytorch_tensor::{Kernels, Op, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Softmax>("f32", softmax);
    kernels.on::<LogSoftmax>("f32", log_softmax);
    kernels.on::<SoftmaxBackward>("f32", softmax_backward);
    kernels.on::<LogSoftmaxBackward>("f32", log_softmax_backward);
}

fn softmax(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let level = level();
    along(settings::<Softmax>(op).axis, x, |x| {
        // SAFETY: each row is written to its end.
        unsafe { by_rows(x[0], |x, range, out| softmax_rows(level, x, range, out)) }
    })
}

fn log_softmax(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let level = level();
    along(settings::<LogSoftmax>(op).axis, x, |x| {
        // SAFETY: each row is written to its end.
        unsafe { by_rows(x[0], |x, range, out| log_softmax_rows(level, x, range, out)) }
    })
}

fn softmax_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let level = level();
    along(settings::<SoftmaxBackward>(op).axis, x, |x| {
        let g = Rows::of(x[1]);
        // SAFETY: each row is written to its end.
        unsafe { by_rows(x[0], |y, range, out| softmax_backward_rows(level, y, &g, range, out)) }
    })
}

fn log_softmax_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let level = level();
    along(settings::<LogSoftmaxBackward>(op).axis, x, |x| {
        let g = Rows::of(x[1]);
        // SAFETY: each row is written to its end.
        unsafe {
            by_rows(x[0], |y, range, out| log_softmax_backward_rows(level, y, &g, range, out))
        }
    })
}

/// `by_rows` of the inputs, `axis` being the last one for it.
fn along(axis: usize, x: &[&Tensor], by_rows: impl Fn(&[&Tensor]) -> Tensor) -> Tensor {
    if axis + 1 == x[0].ndim() {
        return by_rows(x);
    }
    let axis = axis as isize;
    let last: Vec<Tensor> = x.iter().map(|x| x.transpose(axis, -1)).collect();
    by_rows(&last.iter().collect::<Vec<_>>()).transpose(axis, -1).contiguous()
}

vectorized! {
    /// The rows `range` of `x` as probabilities.
    fn softmax_rows<S>(x: &Rows<'_>, range: Range<usize>, out: &mut [f32]) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let row = x.row(i);
            let sum = exponentials::<S>(row, largest::<S>(row), Some(out), x.next(i));
            let part = S::splat((1.0 / sum) as f32);
            rewrite::<S, 0>(out, [], |e, []| S::mul(e, part));
        }
    }

    /// The rows `range` of `x` as logarithms of probabilities.
    fn log_softmax_rows<S>(x: &Rows<'_>, range: Range<usize>, out: &mut [f32]) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let row = x.row(i);
            let top = largest::<S>(row);
            let ln_sum = S::splat(exponentials::<S>(row, top, None, x.next(i)).ln() as f32);
            let top = S::splat(top);
            // The largest goes first: it is large where the logarithm of the sum is small.
            map::<S, 1, 0>([row], out, [], |[x]| S::sub(S::sub(x, top), ln_sum));
        }
    }

    /// `y (g - Σ y g)` for the rows `range`.
    fn softmax_backward_rows<S>(
        y: &Rows<'_>,
        g: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(y.width.max(1))) {
            let next = [y.next(i), g.next(i)];
            let (y, g) = (y.row(i), g.row(i));
            let [average] = sums::<S, 2, 1>([y, g], [S::splat(0.0); 2], |[y, g]| [S::mul(y, g)]);
            let average = S::splat(average as f32);
            map::<S, 2, 2>([y, g], out, next, |[y, g]| S::mul(y, S::sub(g, average)));
        }
    }

    /// `g - e^y Σ g` for the rows `range`.
    fn log_softmax_backward_rows<S>(
        y: &Rows<'_>,
        g: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(y.width.max(1))) {
            let next = [y.next(i), g.next(i)];
            let (y, g) = (y.row(i), g.row(i));
            let [sum] = sums::<S, 1, 1>([g], [S::splat(0.0)], |g| g);
            let sum = S::splat(sum as f32);
            map::<S, 2, 2>([y, g], out, next, |[y, g]| S::sub(g, S::mul(exp::<S>(y), sum)));
        }
    }
}

/// How many vectors of exponentials are added up before they go into the total.
const BLOCK: usize = 32;

/// The sum of `e^(x - top)` over a row, and the exponentials themselves if there is room for them.
///
/// Meanwhile memory is asked for as much from `next` on, which may be any address.
#[inline(always)]
pub(crate) fn exponentials<S: Simd>(
    row: &[f32],
    top: f32,
    mut out: Option<&mut [f32]>,
    next: *const f32,
) -> f64 {
    let (top, lowest) = (S::splat(top), S::splat(f32::NEG_INFINITY));
    let (mut total, mut at) = (0.0, 0);
    for block in row.chunks(BLOCK * S::LANES) {
        let mut sum = S::splat(0.0);
        for numbers in block.chunks(S::LANES) {
            S::prefetch(next.wrapping_add(at));
            // Behind the end stands -inf, whose exponential is 0.
            let e = exp::<S>(S::sub(S::read_or(numbers, lowest), top));
            sum = S::add(sum, e);
            if let Some(out) = &mut out {
                S::write(&mut out[at..at + numbers.len()], e);
            }
            at += numbers.len();
        }
        total += f64::from(S::sum(sum));
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, assert_difference_agrees, largest, layouts, on_threads};
    use tinytorch_tensor::Rng;

    /// Two roundings and the exponential's.
    const CLOSE: f32 = 1e-6;

    const SHAPES: [&[usize]; 10] = [
        &[1],
        &[17],
        &[3, 5],
        &[4, 64],
        &[2, 3, 33],
        &[2, 2, 3, 16],
        &[3, 1030],
        &[100, 1000],
        &[0, 4],
        &[4, 0],
    ];

    #[test]
    fn softmax_and_its_logarithm_are_as_defined_along_any_axis() {
        let rng = &mut Rng::new(2);
        for shape in SHAPES {
            for axis in 0..shape.len() {
                for x in layouts(shape, rng) {
                    let x = &x * 4.0;
                    assert_agrees(&Softmax { axis }, softmax, &[&x], CLOSE);
                    assert_agrees(&LogSoftmax { axis }, log_softmax, &[&x], CLOSE);
                }
            }
        }
    }

    /// From what the definitions make of `x`; as close as what they subtract allows.
    fn assert_agrees_back(axis: usize, x: &Tensor, g: &Tensor) {
        let most = |t: &Tensor| largest(&t.data());
        let y = Softmax { axis }.forward(&[x]);
        let (op, terms) = (SoftmaxBackward { axis }, most(&y) * most(g));
        assert_difference_agrees(&op, softmax_backward, &[&y, g], CLOSE, terms);
        let terms = most(g).max(most(&g.sum_over(axis, false)) * most(&y));
        let (op, y) = (LogSoftmaxBackward { axis }, LogSoftmax { axis }.forward(&[x]));
        assert_difference_agrees(&op, log_softmax_backward, &[&y, g], CLOSE, terms);
    }

    #[test]
    fn the_ways_back_are_as_defined_along_any_axis() {
        let rng = &mut Rng::new(3);
        for shape in SHAPES {
            for axis in 0..shape.len() {
                let gradients = layouts(shape, rng);
                for (i, x) in layouts(shape, rng).iter().enumerate() {
                    assert_agrees_back(axis, x, &gradients[(i + 1) % gradients.len()]);
                }
            }
        }
    }

    #[test]
    fn special_numbers_are_as_defined() {
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        for special in [&[nan][..], &[inf], &[-inf], &[inf, -inf], &[nan, -inf], &[1e38, -1e38]] {
            for width in [special.len(), 7, 40] {
                let mut numbers = vec![0.5; 3 * width];
                numbers[width..width + special.len()].copy_from_slice(special);
                numbers[2 * width..].fill(-inf);
                let x = Tensor::from_vec(numbers, [3, width]);
                assert_agrees(&Softmax { axis: 1 }, softmax, &[&x], CLOSE);
                assert_agrees(&LogSoftmax { axis: 1 }, log_softmax, &[&x], CLOSE);
                assert_agrees_back(1, &x, &Tensor::randn([3, width], &mut Rng::new(5)));
            }
        }
    }

    #[test]
    fn probabilities_of_many_words_sum_to_1() {
        let x = Tensor::randn([2, 50_257], &mut Rng::new(4));
        let y = on_threads(1, || softmax(&Softmax { axis: 1 }, &[&x]));
        for row in y.data().chunks(50_257) {
            let sum: f64 = row.iter().map(|&p| f64::from(p)).sum();
            assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }
}
