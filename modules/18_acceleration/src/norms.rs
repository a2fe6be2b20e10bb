//! Layer norm and RMS norm, and the ways back through them.
//!
//! ```text
//! layer norm   y = (x - mean) s w + b        s = 1 / sqrt(var + eps)
//! way back     s (g - mean(g) - x̂ mean(g x̂))     x̂ = (x - mean) s
//! ```
//!
//! About 8 floating-point operations a number, 12 on the way back, against 8 and 12 bytes that are
//! read and written: memory limits all four, as long as a row is read from it once. What is read
//! again for the next pass comes from the first cache (see [`rows`](crate::rows)).
//!
//! **Few passes that stay exact.** `mean(x²) - mean(x)²` takes one pass over the row, and loses
//! all digits of a row whose mean is large. Two passes, the mean first, lose what the mean was
//! rounded by. So here the first pass finds a center `c` that is nearly the mean, and the second
//! sums `d = x - c` and `d²` at once: the mean is `c + mean(d)`, the variance
//! `mean(d²) - mean(d)²`, where now nothing cancels. That is the corrected two-pass algorithm of
//! T. F. Chan, G. H. Golub, R. J. LeVeque, "Algorithms for computing the sample variance" (1983),
//! equation 1.7. On the way back the second pass takes the sums over the gradient along, as
//! `Σ g x̂ = s (Σ g d - mean(d) Σ g)`.
//!
//! Rows whose squares leave the range of f32 (numbers above 1e19) become NaN, as in PyTorch; the
//! definition, in double precision, goes further.

#![expect(unsafe_code, reason = "results are written once")]

use crate::copy::dense;
use crate::level::level;
use crate::rows::{Rows, by_rows, map, sums};
use crate::settings;
use crate::simd::{Simd, vectorized};
use std::ops::Range;
use tinytorch_tensor::{Kernels, Op, Tensor};
use tinytorch_transformers::{LayerNormBackward, LayerNormOp, RmsNormBackward, RmsNormOp};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<LayerNormOp>("f32", layer_norm);
    kernels.on::<LayerNormBackward>("f32", layer_norm_backward);
    kernels.on::<RmsNormOp>("f32", rms_norm);
    kernels.on::<RmsNormBackward>("f32", rms_norm_backward);
}

fn layer_norm(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, eps) = (level(), settings::<LayerNormOp>(op).eps);
    let (weight, bias) = (x.get(1).map(|w| dense(w)), x.get(2).map(|b| dense(b)));
    let (weight, bias) = (weight.as_deref(), bias.as_deref());
    // SAFETY: each row is written to its end.
    unsafe {
        by_rows(x[0], |x, range, out| layer_norm_rows(level, x, range, out, weight, bias, eps))
    }
}

fn layer_norm_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, eps) = (level(), settings::<LayerNormBackward>(op).eps);
    let g = Rows::of(x[1]);
    // SAFETY: each row is written to its end.
    unsafe {
        by_rows(x[0], |x, range, out| layer_norm_backward_rows(level, x, &g, range, out, eps))
    }
}

fn rms_norm(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, eps) = (level(), settings::<RmsNormOp>(op).eps);
    let weight = x.get(1).map(|w| dense(w));
    let weight = weight.as_deref();
    // SAFETY: each row is written to its end.
    unsafe { by_rows(x[0], |x, range, out| rms_norm_rows(level, x, range, out, weight, eps)) }
}

fn rms_norm_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (level, eps) = (level(), settings::<RmsNormBackward>(op).eps);
    let g = Rows::of(x[1]);
    // SAFETY: each row is written to its end.
    unsafe { by_rows(x[0], |x, range, out| rms_norm_backward_rows(level, x, &g, range, out, eps)) }
}

vectorized! {
    /// Layer norm of the rows `range` of `x`: `out` holds as many.
    fn layer_norm_rows<S>(
        x: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
        weight: Option<&[f32]>,
        bias: Option<&[f32]>,
        eps: f32,
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let (row, next) = (x.row(i), [x.next(i)]);
            let center = center::<S>(row);
            let c = S::splat(center);
            let [d, squares] = sums::<S, 1, 2>([row], [c], |[x]| {
                let d = S::sub(x, c);
                [d, S::mul(d, d)]
            });
            let unit = Unit::new(d, squares, row.len(), eps);
            let (scale, shift) = (S::splat(unit.scale), S::splat(unit.shift));
            let hat = |x| S::fma(S::sub(x, c), scale, shift);
            match (weight, bias) {
                (Some(w), Some(b)) => {
                    map::<S, 3, 1>([row, w, b], out, next, |[x, w, b]| S::fma(hat(x), w, b));
                }
                (Some(w), None) => map::<S, 2, 1>([row, w], out, next, |[x, w]| S::mul(hat(x), w)),
                (None, _) => map::<S, 1, 1>([row], out, next, |[x]| hat(x)),
            }
        }
    }

    /// The way back through layer norm for the rows `range` of `x` and `g`.
    fn layer_norm_backward_rows<S>(
        x: &Rows<'_>,
        g: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
        eps: f32,
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let next = [x.next(i), g.next(i)];
            let (row, g) = (x.row(i), g.row(i));
            let center = center::<S>(row);
            let c = S::splat(center);
            let [d, squares, of_g, of_gd] =
                sums::<S, 2, 4>([row, g], [c, S::splat(0.0)], |[x, g]| {
                    let d = S::sub(x, c);
                    [d, S::mul(d, d), g, S::mul(g, d)]
                });
            let n = row.len() as f64;
            let unit = Unit::new(d, squares, row.len(), eps);
            let along = f64::from(unit.scale) * of_gd + f64::from(unit.shift) * of_g; // Σ g x̂
            // s (g - mean(g)) - x̂ s mean(g x̂)
            let (scale, shift) = (S::splat(unit.scale), S::splat(unit.shift));
            let mean = S::splat((of_g / n) as f32);
            let pull = S::splat((-f64::from(unit.scale) * along / n) as f32);
            map::<S, 2, 2>([row, g], out, next, |[x, g]| {
                let hat = S::fma(S::sub(x, c), scale, shift);
                S::fma(hat, pull, S::mul(S::sub(g, mean), scale))
            });
        }
    }

    /// RMS norm of the rows `range` of `x`.
    fn rms_norm_rows<S>(
        x: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
        weight: Option<&[f32]>,
        eps: f32,
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let (row, next) = (x.row(i), [x.next(i)]);
            let [squares] = sums::<S, 1, 1>([row], [S::splat(0.0)], |[x]| [S::mul(x, x)]);
            let scale = S::splat(per_root(squares / row.len() as f64, eps) as f32);
            match weight {
                Some(w) => map::<S, 2, 1>([row, w], out, next, |[x, w]| S::mul(S::mul(x, scale), w)),
                None => map::<S, 1, 1>([row], out, next, |[x]| S::mul(x, scale)),
            }
        }
    }

    /// The way back through RMS norm for the rows `range` of `x` and `g`.
    fn rms_norm_backward_rows<S>(
        x: &Rows<'_>,
        g: &Rows<'_>,
        range: Range<usize>,
        out: &mut [f32],
        eps: f32,
    ) {
        for (i, out) in range.zip(out.chunks_exact_mut(x.width.max(1))) {
            let next = [x.next(i), g.next(i)];
            let (row, g) = (x.row(i), g.row(i));
            let [squares, of_gx] = sums::<S, 2, 2>([row, g], [S::splat(0.0); 2], |[x, g]| {
                [S::mul(x, x), S::mul(g, x)]
            });
            let n = row.len() as f64;
            let scale = per_root(squares / n, eps);
            let pull = S::splat((-scale * scale * scale * of_gx / n) as f32);
            let scale = S::splat(scale as f32);
            map::<S, 2, 2>([row, g], out, next, |[x, g]| S::fma(x, pull, S::mul(g, scale)));
        }
    }
}

/// What layer norm does to a number of a row: `x̂ = (x - c) scale + shift`.
struct Unit {
    /// `1 / sqrt(var + eps)`
    scale: f32,
    /// What is left of the mean, `-mean(x - c) scale`.
    shift: f32,
}

impl Unit {
    /// From the sums of `x - c` and of its squares over a row of `n` numbers.
    #[inline]
    fn new(d: f64, squares: f64, n: usize, eps: f32) -> Self {
        let mean = d / n as f64;
        let var = (squares / n as f64 - mean * mean).max(0.0);
        let scale = per_root(var, eps);
        Self { scale: scale as f32, shift: (-mean * scale) as f32 }
    }
}

/// Nearly the mean of a row.
#[inline(always)]
fn center<S: Simd>(row: &[f32]) -> f32 {
    let [sum] = sums::<S, 1, 1>([row], [S::splat(0.0)], |x| x);
    (sum / row.len() as f64) as f32
}

/// `1 / sqrt(x + eps)`
#[inline(always)]
fn per_root(x: f64, eps: f32) -> f64 {
    1.0 / (x + f64::from(eps)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, assert_difference_agrees, largest, layouts};
    use tinytorch_tensor::{Kernel, Rng};

    /// Two roundings of numbers up to the largest, and the sums'.
    const CLOSE: f32 = 1e-6;

    const SHAPES: [&[usize]; 12] = [
        &[1, 1],
        &[3, 5],
        &[2, 3, 16],
        &[5, 17],
        &[4, 63],
        &[2, 2, 2, 64],
        &[3, 129],
        &[2, 1030],
        &[70, 1000],
        &[7],
        &[0, 4],
        &[4, 0],
    ];

    /// Each layout of each shape with what makes rows, parameters and gradients of it.
    fn each(mut check: impl FnMut(&Tensor, &Tensor, &Tensor, &Tensor)) {
        let rng = &mut Rng::new(18);
        for shape in SHAPES {
            let width = shape[shape.len() - 1];
            let (weight, bias) = (Tensor::randn([width], rng), Tensor::randn([2 * width], rng));
            let bias = bias.slice_step(0, 0..2 * width, 2);
            let gradients = layouts(shape, rng);
            for (i, x) in layouts(shape, rng).iter().enumerate() {
                check(x, &gradients[(i + 1) % gradients.len()], &weight, &bias);
            }
        }
    }

    /// As close as the numbers allow that the way back subtracts: gradients, scaled as `x` is.
    fn assert_agrees_back(op: &dyn Op, kernel: Kernel, x: &Tensor, g: &Tensor, scale: f32) {
        assert_difference_agrees(op, kernel, &[x, g], CLOSE, scale * largest(&g.data()));
    }

    #[test]
    fn layer_norm_is_as_defined() {
        each(|x, g, weight, bias| {
            let op = LayerNormOp { eps: 1e-5 };
            assert_agrees(&op, layer_norm, &[x], CLOSE);
            assert_agrees(&op, layer_norm, &[x, weight], CLOSE);
            assert_agrees(&op, layer_norm, &[x, weight, bias], CLOSE);
            let op = LayerNormBackward { eps: 1e-5 };
            assert_agrees_back(&op, layer_norm_backward, x, g, 3.0);
        });
    }

    #[test]
    fn rms_norm_is_as_defined() {
        each(|x, g, weight, _| {
            let op = RmsNormOp { eps: 1e-6 };
            assert_agrees(&op, rms_norm, &[x], CLOSE);
            assert_agrees(&op, rms_norm, &[x, weight], CLOSE);
            assert_agrees_back(&RmsNormBackward { eps: 1e-6 }, rms_norm_backward, x, g, 3.0);
        });
    }

    #[test]
    fn rows_far_from_zero_keep_their_digits() {
        let rng = &mut Rng::new(3);
        let x = Tensor::randn([5, 700], rng) + 1000.0;
        assert_agrees(&LayerNormOp { eps: 1e-5 }, layer_norm, &[&x], CLOSE);
        let g = Tensor::randn([5, 700], rng);
        let op = LayerNormBackward { eps: 1e-5 };
        assert_agrees(&op, layer_norm_backward, &[&x, &g], CLOSE);
    }

    #[test]
    fn equal_numbers_are_no_direction_and_what_is_no_number_stays_in_its_row() {
        for special in [0.1, f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let mut numbers = vec![0.1; 2 * 37];
            numbers[50] = special;
            let x = Tensor::from_vec(numbers, [2, 37]);
            let g = Tensor::randn([2, 37], &mut Rng::new(4));
            assert_agrees(&LayerNormOp { eps: 1e-5 }, layer_norm, &[&x], CLOSE);
            assert_agrees(&RmsNormOp { eps: 1e-5 }, rms_norm, &[&x], CLOSE);
            let op = LayerNormBackward { eps: 1e-5 };
            assert_agrees_back(&op, layer_norm_backward, &x, &g, 316.0); // 1 / sqrt(eps)
            let op = RmsNormBackward { eps: 1e-5 };
            assert_agrees_back(&op, rms_norm_backward, &x, &g, 10.0); // 1 / 0.1
        }
    }
}
