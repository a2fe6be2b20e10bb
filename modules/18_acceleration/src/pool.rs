//! Pooling: the largest number, or the mean, of each window.
//!
//! A window of `kh` by `kw` is taken in two steps, first down and then across: the largest of `kh`
//! rows, number by number, is a row, whose windows are `kw` long. That is `kh + kw` comparisons
//! instead of `kh kw`, and the first step goes over rows as they lie, which vectors like. The
//! usual windows of 2 by 2 side by side have a loop of their own. What limits all of them is
//! memory: an input is read once, a result written once.
//!
//! The loops are plain ones. The compiler makes vectors of them, for each level other ones; what it
//! asks for is a step without a branch: `if a { x } else { y }` where both are at hand.

#![expect(unsafe_code, reason = "results that are written once, by several threads")]

use crate::level::level;
use crate::out::{self, Out};
use crate::settings;
use crate::simd::vectorized;
use crate::threads::parallel_ranges;
use std::ops::Range;
use tinytorch_spatial::{AvgPool2dBackward, AvgPool2dOp, MaxPool2dBackward, MaxPool2dOp, Window};
use tinytorch_tensor::{Kernels, Op, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<MaxPool2dOp>("f32", max_pool);
    kernels.on::<MaxPool2dBackward>("f32", max_pool_backward);
    kernels.on::<AvgPool2dOp>("f32", avg_pool);
    kernels.on::<AvgPool2dBackward>("f32", avg_pool_backward);
}

/// How many numbers are worth a piece of their own.
const PIECE: usize = 1 << 14;

/// `[n, c, h, w]` computed plane by plane: `work` gets the number of a plane and room for it.
///
/// # Safety
/// `work` writes all of the plane.
unsafe fn planes(
    shape: [usize; 4],
    read: usize,
    work: impl Fn(usize, &mut [f32]) + Sync,
) -> Tensor {
    let ([n, c, h, w], size) = (shape, shape[2] * shape[3]);
    let together = (PIECE / (size + read).max(1)).max(1);
    let some = |range: Range<usize>, out: Out| {
        for plane in range {
            // SAFETY: each plane is written by its own piece.
            work(plane, unsafe { out.part(plane * size..(plane + 1) * size) });
        }
    };
    // SAFETY: all planes are written, by the caller's promise.
    unsafe {
        out::tensor(shape, |out| match n * c < 2 * together {
            true => some(0..n * c, out),
            false => parallel_ranges(n * c, together, |range| some(range, out)),
        })
    }
    .reshape([n, c, h, w])
}

/// Where the windows of a max pool lie on a plane.
struct Windows {
    size: [usize; 2],
    outputs: [usize; 2],
    windows: [Window; 2],
    /// Whether they are 2 by 2, side by side, none of them in the padding.
    pairs: bool,
}

impl Windows {
    fn of(op: &MaxPool2dOp, size: [usize; 2]) -> Self {
        let pool = op.0;
        let windows = [0, 1].map(|axis: usize| Window {
            kernel: pool.kernel[axis],
            stride: pool.stride[axis],
            padding: pool.padding[axis],
            dilation: 1,
        });
        let pairs = [pool.kernel, pool.stride, pool.padding] == [[2, 2], [2, 2], [0, 0]];
        Self { size, outputs: pool.output_size(size), windows, pairs }
    }

    /// The rows and the columns that output `[i, j]` sees.
    fn seen(&self, output: usize, axis: usize) -> Range<usize> {
        self.windows[axis].seen(output, self.size[axis])
    }
}

/// [`MaxPool2dOp`]: `[n, c, h, w] -> [n, c, h', w']`.
fn max_pool(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let ([n, c, h, w], pixels, level) = (x[0].shape().dims(), x[0].data(), level());
    let windows = Windows::of(settings(op), [h, w]);
    let [oh, ow] = windows.outputs;
    // SAFETY: both functions write every output.
    unsafe {
        planes([n, c, oh, ow], h * w, |plane, to| {
            let plane = &pixels[plane * h * w..(plane + 1) * h * w];
            match windows.pairs {
                true => largest_of_pairs(level, plane, w, to),
                false => largest(level, plane, &windows, to),
            }
        })
    }
}

/// [`MaxPool2dBackward`]: `x` `[n, c, h, w]`, the gradient of the output `[n, c, h', w']`.
fn max_pool_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let MaxPool2dBackward(op) = settings(op);
    let ([n, c, h, w], level) = (x[0].shape().dims(), level());
    let (pixels, gradient) = (x[0].data(), x[1].data());
    let windows = Windows::of(op, [h, w]);
    let outputs = windows.outputs[0] * windows.outputs[1];
    // SAFETY: both functions write every number.
    unsafe {
        planes([n, c, h, w], h * w + outputs, |plane, to| {
            let g = &gradient[plane * outputs..(plane + 1) * outputs];
            let plane = &pixels[plane * h * w..(plane + 1) * h * w];
            match windows.pairs {
                true => to_winners_of_pairs(level, plane, g, w, to),
                false => to_winners(plane, g, &windows, to),
            }
        })
    }
}

/// The later number, if it wins over those before it; NaN wins over everything.
#[inline(always)]
fn wins(later: f32, before: f32) -> bool {
    (later > before) | later.is_nan()
}

#[inline(always)]
fn larger(before: f32, later: f32) -> f32 {
    if wins(later, before) { later } else { before }
}

vectorized! {
    /// The largest of each 2 by 2 numbers of a plane of width `w`.
    fn largest_of_pairs<S>(plane: &[f32], w: usize, to: &mut [f32]) {
        for (rows, to) in plane.chunks_exact(2 * w).zip(to.chunks_exact_mut(w / 2)) {
            let (upper, lower) = rows.split_at(w);
            let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
            for ((to, up), low) in to.iter_mut().zip(upper).zip(lower) {
                *to = larger(larger(up[0], up[1]), larger(low[0], low[1]));
            }
        }
    }

    /// The gradient of each 2 by 2 numbers of a plane: `g` for the winner, zeros for the others.
    fn to_winners_of_pairs<S>(plane: &[f32], g: &[f32], w: usize, to: &mut [f32]) {
        let (whole, rest) = to.split_at_mut(g.len() / (w / 2) * 2 * w);
        rest.fill(0.0);
        let rows = plane.chunks_exact(2 * w).zip(whole.chunks_exact_mut(2 * w));
        for ((rows, to), g) in rows.zip(g.chunks_exact(w / 2)) {
            let ((upper, lower), (to_upper, to_lower)) = (rows.split_at(w), to.split_at_mut(w));
            let (upper, lower) = (upper.as_chunks::<2>().0, lower.as_chunks::<2>().0);
            let (to_upper, upper_rest) = to_upper.as_chunks_mut::<2>();
            let (to_lower, lower_rest) = to_lower.as_chunks_mut::<2>();
            upper_rest.fill(0.0);
            lower_rest.fill(0.0);
            let from = upper.iter().zip(lower).zip(g);
            for (((up, low), &g), (to_up, to_low)) in from.zip(to_upper.iter_mut().zip(to_lower)) {
                let second = wins(up[1], up[0]);
                let best = if second { up[1] } else { up[0] };
                let third = wins(low[0], best);
                let best = if third { low[0] } else { best };
                let fourth = wins(low[1], best);
                let upper = !(third | fourth);
                *to_up = [
                    if upper & !second { g } else { 0.0 },
                    if upper & second { g } else { 0.0 },
                ];
                *to_low = [if third & !fourth { g } else { 0.0 }, if fourth { g } else { 0.0 }];
            }
        }
    }

    /// The largest of each window of a plane.
    fn largest<S>(plane: &[f32], windows: &Windows, to: &mut [f32]) {
        let [_, w] = windows.size;
        let mut tallest = vec![0.0; w];
        for (i, to) in to.chunks_exact_mut(windows.outputs[1]).enumerate() {
            let rows = windows.seen(i, 0);
            tallest.copy_from_slice(&plane[rows.start * w..][..w]);
            for row in rows.skip(1) {
                let row = &plane[row * w..][..w];
                tallest.iter_mut().zip(row).for_each(|(best, &x)| *best = larger(*best, x));
            }
            for (j, to) in to.iter_mut().enumerate() {
                *to = tallest[windows.seen(j, 1)].iter().copied().reduce(larger).unwrap_or(0.0);
            }
        }
    }
}

/// The gradient of a plane: each winner gets the sum of what its windows get.
fn to_winners(plane: &[f32], g: &[f32], windows: &Windows, to: &mut [f32]) {
    let [_, w] = windows.size;
    to.fill(0.0);
    for (i, g) in g.chunks_exact(windows.outputs[1].max(1)).enumerate() {
        for (j, &g) in g.iter().enumerate() {
            let cols = windows.seen(j, 1);
            let mut best = windows.seen(i, 0).start * w + cols.start;
            for row in windows.seen(i, 0) {
                for at in row * w + cols.start..row * w + cols.end {
                    if wins(plane[at], plane[best]) {
                        best = at;
                    }
                }
            }
            to[best] += g;
        }
    }
}

/// What the outputs of a mean see along one axis, and how many they are divided by.
type Shares = Vec<(Range<usize>, usize)>;

/// [`AvgPool2dOp`]: `[n, c, h, w] -> [n, c, h', w']`.
fn avg_pool(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let op: &AvgPool2dOp = settings(op);
    let ([n, c, h, w], pixels, level) = (x[0].shape().dims(), x[0].data(), level());
    let shares = op.shares([h, w]);
    // SAFETY: `means` writes every output.
    unsafe {
        planes([n, c, shares[0].len(), shares[1].len()], h * w, |plane, to| {
            means(level, &pixels[plane * h * w..(plane + 1) * h * w], w, &shares, to);
        })
    }
}

/// [`AvgPool2dBackward`]: the gradient of the output, `[n, c, h', w'] -> [n, c, h, w]`.
fn avg_pool_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let AvgPool2dBackward { pool, size: [h, w] } = *settings(op);
    let ([n, c, oh, ow], gradient, level) = (x[0].shape().dims(), x[0].data(), level());
    let shares = pool.shares([h, w]);
    // SAFETY: `spread` writes every number.
    unsafe {
        planes([n, c, h, w], oh * ow, |plane, to| {
            spread(level, &gradient[plane * oh * ow..(plane + 1) * oh * ow], w, &shares, to);
        })
    }
}

vectorized! {
    /// The mean of each window of a plane of width `w`.
    fn means<S>(plane: &[f32], w: usize, shares: &[Shares; 2], to: &mut [f32]) {
        let [rows, cols] = shares;
        let mut sums = vec![0.0; w];
        for ((rows, height), to) in rows.iter().zip(to.chunks_exact_mut(cols.len().max(1))) {
            sums.fill(0.0);
            for row in rows.clone() {
                sums.iter_mut().zip(&plane[row * w..][..w]).for_each(|(sum, x)| *sum += x);
            }
            for ((cols, width), to) in cols.iter().zip(to) {
                *to = sums[cols.clone()].iter().sum::<f32>() / (height * width) as f32;
            }
        }
    }

    /// The gradient of a plane: what each mean gets, in equal parts to what it was taken of.
    fn spread<S>(g: &[f32], w: usize, shares: &[Shares; 2], to: &mut [f32]) {
        let [rows, cols] = shares;
        let mut parts = vec![0.0; w];
        to.fill(0.0);
        for ((rows, height), g) in rows.iter().zip(g.chunks_exact(cols.len().max(1))) {
            parts.fill(0.0);
            for ((cols, width), g) in cols.iter().zip(g) {
                let part = g / (height * width) as f32;
                parts[cols.clone()].iter_mut().for_each(|sum| *sum += part);
            }
            for row in rows.clone() {
                to[row * w..][..w].iter_mut().zip(&parts).for_each(|(to, part)| *to += part);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_spatial::{AdaptiveAvgPool2d, AvgPool2d, MaxPool2d};
    use tinytorch_tensor::Rng;

    fn max_pools() -> Vec<(MaxPool2dOp, [usize; 2])> {
        let pool = |kernel, stride, padding| MaxPool2dOp(MaxPool2d { kernel, stride, padding });
        vec![
            (pool([2, 2], [2, 2], [0, 0]), [2, 2]),
            (pool([2, 2], [2, 2], [0, 0]), [32, 32]),
            (pool([2, 2], [2, 2], [0, 0]), [9, 37]),
            (pool([2, 2], [1, 1], [0, 0]), [6, 5]),
            (pool([2, 2], [2, 2], [1, 1]), [7, 8]),
            (pool([3, 3], [2, 2], [1, 1]), [14, 19]),
            (pool([3, 1], [1, 2], [1, 0]), [5, 6]),
            (pool([4, 4], [4, 4], [0, 0]), [4, 4]),
            (pool([1, 2], [3, 3], [0, 0]), [8, 20]),
        ]
    }

    /// Whole numbers, so that there are equal ones, and some that are none.
    fn uneven(x: &Tensor) -> Tensor {
        let numbers = x.to_vec().into_iter().map(|x| match (2.0 * x).round() {
            4.0 => f32::NAN,
            x => x,
        });
        Tensor::from_vec(numbers.collect(), x.shape())
    }

    #[test]
    fn the_largest_is_that_of_the_definition() {
        let rng = &mut Rng::new(1);
        for (op, [h, w]) in max_pools() {
            for x in layouts(&[3, 2, h, w], rng) {
                assert_agrees(&op, max_pool, &[&x], 0.0);
                assert_agrees(&op, max_pool, &[&uneven(&x)], 0.0);
            }
            assert_agrees(&op, max_pool, &[&Tensor::zeros([0, 2, h, w])], 0.0);
        }
        let large = Tensor::randn([4, 20, 30, 30], rng);
        assert_agrees(&max_pools()[0].0, max_pool, &[&large], 0.0);
        assert_agrees(&max_pools()[5].0, max_pool, &[&large], 0.0);
    }

    #[test]
    fn the_winner_is_that_of_the_definition() {
        let rng = &mut Rng::new(2);
        for (op, [h, w]) in max_pools() {
            let [oh, ow] = op.0.output_size([h, w]);
            let gradients = layouts(&[3, 2, oh, ow], rng);
            for (x, g) in layouts(&[3, 2, h, w], rng).iter().zip(&gradients) {
                let op = MaxPool2dBackward(op);
                assert_agrees(&op, max_pool_backward, &[x, g], 1e-6);
                assert_agrees(&op, max_pool_backward, &[&uneven(x), g], 1e-6);
            }
        }
        let (x, g) = (Tensor::randn([4, 20, 31, 30], rng), Tensor::randn([4, 20, 15, 15], rng));
        let op = MaxPool2dBackward(max_pools()[0].0);
        assert_agrees(&op, max_pool_backward, &[&x, &g], 0.0);
    }

    #[test]
    fn means_and_their_gradients_are_those_of_the_definition() {
        let windows = |kernel, stride, padding, count_include_pad| {
            AvgPool2dOp::Windows(AvgPool2d { kernel, stride, padding, count_include_pad })
        };
        let adaptive = |output| AvgPool2dOp::Adaptive(AdaptiveAvgPool2d { output });
        let pools = [
            (windows([2, 2], [2, 2], [0, 0], true), [32, 32]),
            (windows([3, 2], [2, 1], [1, 1], true), [7, 18]),
            (windows([3, 3], [1, 1], [1, 1], false), [5, 5]),
            (windows([2, 2], [3, 3], [0, 0], true), [9, 10]),
            (adaptive([1, 1]), [8, 33]),
            (adaptive([3, 5]), [7, 7]),
        ];
        let rng = &mut Rng::new(3);
        for (op, size) in pools {
            let [oh, ow] = op.shares(size).map(|shares| shares.len());
            let back = AvgPool2dBackward { pool: op, size };
            for (n, c) in [(3, 2), (2, 40)] {
                for x in layouts(&[n, c, size[0], size[1]], rng) {
                    assert_agrees(&op, avg_pool, &[&x], 1e-6);
                }
                for g in layouts(&[n, c, oh, ow], rng) {
                    assert_agrees(&back, avg_pool_backward, &[&g], 1e-6);
                }
            }
        }
    }
}
