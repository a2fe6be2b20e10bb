//! Batch normalization, channel by channel.
//!
//! Four passes over what is mostly memory: statistics, normalizing, and the way back in two. A
//! channel `[n, h w]` is summed by one thread, that takes mean and variance one after the other:
//! the second time it finds the channel in its cache, and needs no formula that loses digits. A row
//! is summed in vectors of single precision, of which no lane adds up more than a few dozen
//! numbers; rows are added in double precision.

#![expect(unsafe_code, reason = "results that are written once, by several threads")]

use crate::level::level;
use crate::out;
use crate::settings;
use crate::simd::vectorized;
use crate::threads::parallel_ranges;
use std::ops::Range;
use tinytorch_spatial::{BatchNormBackward, BatchNormOp, BatchNormStats, BatchNormSums};
use tinytorch_tensor::{Kernels, Op, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<BatchNormStats>("f32", stats);
    kernels.on::<BatchNormOp>("f32", normalize);
    kernels.on::<BatchNormSums>("f32", sums);
    kernels.on::<BatchNormBackward>("f32", backward);
}

/// How many numbers are worth a piece of their own.
const PIECE: usize = 1 << 14;

/// How many numbers are summed in single precision.
const ROW: usize = 1024;

/// How the numbers of `[n, c, h, w]` fall into channels.
#[derive(Clone, Copy)]
struct Channels {
    n: usize,
    c: usize,
    /// `h w`
    plane: usize,
}

impl Channels {
    fn of(x: &Tensor) -> Self {
        let [n, c, h, w] = x.shape().dims();
        Self { n, c, plane: h * w }
    }

    /// How many numbers a channel has.
    fn count(self) -> usize {
        self.n * self.plane
    }

    /// The rows of a channel.
    fn rows(self, channel: usize) -> impl Iterator<Item = Range<usize>> {
        let starts = (0..self.n).map(move |i| (i * self.c + channel) * self.plane);
        starts.flat_map(move |start| {
            let end = start + self.plane;
            (start..end).step_by(ROW).map(move |row| row..(row + ROW).min(end))
        })
    }

    /// `[2, c]`, of which `of` gives both numbers of a channel.
    fn two_each(self, of: impl Fn(usize) -> [f64; 2] + Sync) -> Tensor {
        let together = (PIECE / self.count().max(1)).max(1);
        // SAFETY: both numbers of each channel are written.
        unsafe {
            out::tensor([2, self.c], |out| {
                let some = |channels: Range<usize>| {
                    for channel in channels {
                        let [first, second] = of(channel);
                        out.part(channel..channel + 1)[0] = first as f32;
                        out.part(self.c + channel..self.c + channel + 1)[0] = second as f32;
                    }
                };
                match self.c * self.count() < 2 * PIECE {
                    true => some(0..self.c),
                    false => parallel_ranges(self.c, together, some),
                }
            })
        }
    }

    /// A tensor like `x`, of which `write` fills each plane: it gets the channel, where its numbers
    /// lie, and room for as many.
    ///
    /// # Safety
    /// `write` fills the room.
    unsafe fn each_plane(
        self,
        x: &Tensor,
        write: impl Fn(usize, Range<usize>, &mut [f32]) + Sync,
    ) -> Tensor {
        let (planes, together) = (self.n * self.c, (PIECE / self.plane.max(1)).max(1));
        // SAFETY: every plane is filled, by the caller's promise.
        unsafe {
            out::tensor(x.shape(), |out| {
                let some = |planes: Range<usize>| {
                    for plane in planes {
                        let at = plane * self.plane..(plane + 1) * self.plane;
                        write(plane % self.c, at.clone(), out.part(at));
                    }
                };
                match planes < 2 * together {
                    true => some(0..planes),
                    false => parallel_ranges(planes, together, some),
                }
            })
        }
    }
}

/// What turns a number of a channel into `x̂`: `(x - mean) * scale`.
#[derive(Clone, Copy)]
struct Channel {
    mean: f32,
    scale: f32,
}

/// Channel `i` of statistics `[2, c]`.
fn channel(stats: &[f32], i: usize, eps: f32) -> Channel {
    let var = f64::from(stats[stats.len() / 2 + i]);
    Channel { mean: stats[i], scale: (1.0 / (var + f64::from(eps)).sqrt()) as f32 }
}

/// [`BatchNormStats`]: `[n, c, h, w] -> [2, c]`, mean and variance.
fn stats(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (channels, numbers, level) = (Channels::of(x[0]), x[0].data(), level());
    let count = channels.count() as f64;
    channels.two_each(|i| {
        let sum = |row: Range<usize>| f64::from(sum(level, &numbers[row]));
        let mean = channels.rows(i).map(sum).sum::<f64>() / count;
        // In single precision, so that subtracting is quick; what that leaves out is added again.
        let near = mean as f32;
        let squares = |row: Range<usize>| f64::from(squares(level, &numbers[row], near));
        let spread = channels.rows(i).map(squares).sum::<f64>() / count;
        [mean, spread - (mean - f64::from(near)).powi(2)]
    })
}

/// [`BatchNormOp`]: `x`, statistics, weight, bias `-> [n, c, h, w]`.
fn normalize(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (op, level): (&BatchNormOp, _) = (settings(op), level());
    let [numbers, stats, weight, bias] = [x[0].data(), x[1].data(), x[2].data(), x[3].data()];
    // SAFETY: `shifted` fills the room.
    unsafe {
        Channels::of(x[0]).each_plane(x[0], |i, at, to| {
            let Channel { mean, scale } = channel(&stats, i, op.eps);
            shifted(level, &numbers[at], mean, scale * weight[i], bias[i], to);
        })
    }
}

/// [`BatchNormSums`]: `x`, statistics, `g` `-> [2, c]`, the sums of `g` and of `g x̂`.
fn sums(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (BatchNormSums(op), level) = (settings(op), level());
    let [numbers, stats, g] = [x[0].data(), x[1].data(), x[2].data()];
    let channels = Channels::of(x[0]);
    channels.two_each(|i| {
        let Channel { mean, scale } = channel(&stats, i, op.eps);
        let (mut plain, mut weighted) = (0.0, 0.0);
        for row in channels.rows(i) {
            let [g, products] = products(level, &g[row.clone()], &numbers[row], mean);
            plain += f64::from(g);
            weighted += f64::from(products);
        }
        [plain, weighted * f64::from(scale)]
    })
}

/// [`BatchNormBackward`]: `x`, statistics, weight, `g`, sums `-> [n, c, h, w]`.
fn backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (BatchNormBackward(op), level) = (settings(op), level());
    let [numbers, stats, weight] = [x[0].data(), x[1].data(), x[2].data()];
    let (g, sums, channels) = (x[3].data(), x[4].data(), Channels::of(x[0]));
    let share = if op.own { 1.0 / channels.count() as f32 } else { 0.0 };
    // SAFETY: `tilted` fills the room.
    unsafe {
        channels.each_plane(x[0], |i, at, to| {
            let Channel { mean, scale } = channel(&stats, i, op.eps);
            let (common, tilt) = (sums[i] * share, sums[channels.c + i] * share * scale);
            let factors = [mean, common, tilt, scale * weight[i]];
            tilted(level, &g[at.clone()], &numbers[at], factors, to);
        })
    }
}

/// How many sums a row is added up in, side by side: some vectors at any level, that do not wait
/// for each other.
const SUMS: usize = 32;

/// All of them, added in pairs.
#[inline(always)]
fn together(mut sums: [f32; SUMS]) -> f32 {
    let mut half = SUMS / 2;
    while half > 0 {
        for i in 0..half {
            sums[i] += sums[i + half];
        }
        half /= 2;
    }
    sums[0]
}

vectorized! {
    /// The sum of a row.
    fn sum<S>(row: &[f32]) -> f32 {
        let ((chunks, rest), mut sums) = (row.as_chunks::<SUMS>(), [0.0; SUMS]);
        for chunk in chunks {
            for i in 0..SUMS {
                sums[i] += chunk[i];
            }
        }
        together(sums) + rest.iter().sum::<f32>()
    }

    /// The sum of the squares of the distances to `near`.
    fn squares<S>(row: &[f32], near: f32) -> f32 {
        let ((chunks, rest), mut sums) = (row.as_chunks::<SUMS>(), [0.0; SUMS]);
        for chunk in chunks {
            for i in 0..SUMS {
                sums[i] += (chunk[i] - near) * (chunk[i] - near);
            }
        }
        together(sums) + rest.iter().map(|x| (x - near) * (x - near)).sum::<f32>()
    }

    /// The sums of `g` and of `g (x - mean)`.
    fn products<S>(g: &[f32], x: &[f32], mean: f32) -> [f32; 2] {
        let (mut plain, mut weighted) = ([0.0; SUMS], [0.0; SUMS]);
        let ((gs, g_rest), (xs, x_rest)) = (g.as_chunks::<SUMS>(), x.as_chunks::<SUMS>());
        for (g, x) in gs.iter().zip(xs) {
            for i in 0..SUMS {
                plain[i] += g[i];
                weighted[i] += g[i] * (x[i] - mean);
            }
        }
        let rest = g_rest.iter().zip(x_rest).map(|(g, x)| g * (x - mean)).sum::<f32>();
        [together(plain) + g_rest.iter().sum::<f32>(), together(weighted) + rest]
    }

    /// `(x - mean) * scale + bias`
    fn shifted<S>(x: &[f32], mean: f32, scale: f32, bias: f32, to: &mut [f32]) {
        to.iter_mut().zip(x).for_each(|(to, x)| *to = (x - mean) * scale + bias);
    }

    /// `(g - common - (x - mean) * tilt) * factor`
    fn tilted<S>(g: &[f32], x: &[f32], factors: [f32; 4], to: &mut [f32]) {
        let [mean, common, tilt, factor] = factors;
        for ((to, g), x) in to.iter_mut().zip(g).zip(x) {
            *to = (g - common - (x - mean) * tilt) * factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    /// Few and many pictures, planes below, at and above what is summed at once.
    const SHAPES: [[usize; 4]; 8] = [
        [2, 3, 1, 1],
        [5, 1, 3, 3],
        [4, 7, 8, 8],
        [3, 2, 5, 13],
        [2, 3, 32, 32],
        [1, 2, 40, 33],
        [9, 12, 16, 17],
        [64, 40, 4, 4],
    ];

    #[test]
    fn statistics_are_those_of_the_definition() {
        let rng = &mut Rng::new(1);
        for shape in SHAPES {
            for x in layouts(&shape, rng) {
                assert_agrees(&BatchNormStats, stats, &[&x], 1e-6);
            }
            // Far from 0 as seen from its spread: where the mean of squares would lose all digits.
            let far = Tensor::randn(shape, rng) + 3000.0;
            let (got, expected) =
                (stats(&BatchNormStats, &[&far]), BatchNormStats.forward(&[&far]));
            let gap = (got - &expected).abs().select(0, 1).max().item();
            assert!(gap <= 1e-5 * expected.select(0, 1).max().item(), "{shape:?}: {gap}");
        }
    }

    #[test]
    fn normalizing_and_the_way_back_are_those_of_the_definition() {
        let rng = &mut Rng::new(2);
        for shape in SHAPES {
            let (xs, gs) = (layouts(&shape, rng), layouts(&shape, rng));
            let [weight, bias] = [0, 1].map(|_| Tensor::randn([shape[1]], rng));
            for (x, g) in xs.iter().zip(&gs) {
                let stats = BatchNormStats.forward(&[x]);
                for own in [false, true] {
                    let op = BatchNormOp { eps: 1e-3, own };
                    assert_agrees(&op, normalize, &[x, &stats, &weight, &bias], 1e-6);
                    let to_sum = [x, &stats, g];
                    assert_agrees(&BatchNormSums(op), sums, &to_sum, 1e-5);
                    let both = BatchNormSums(op).forward(&to_sum);
                    let all = [x, &stats, &weight, g, &both];
                    assert_agrees(&BatchNormBackward(op), backward, &all, 1e-5);
                }
            }
        }
    }

    #[test]
    fn a_number_that_is_none_stays_in_its_channel() {
        let mut numbers = Tensor::randn([2, 3, 6, 7], &mut Rng::new(3)).to_vec();
        numbers[50] = f32::NAN;
        let x = Tensor::from_vec(numbers, [2, 3, 6, 7]);
        assert_agrees(&BatchNormStats, stats, &[&x], 1e-6);
    }
}
