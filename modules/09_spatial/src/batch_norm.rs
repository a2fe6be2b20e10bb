//! Batch normalization as computations: statistics, normalizing, and the way back.
//!
//! `y = weight x̂ + bias` with `x̂ = (x - mean) / √(var + eps)`, where mean and variance are one
//! each per channel. In evaluation they are given. In training they are those of `x` itself, so
//! that a number of `x` acts on all numbers of its channel: with `m` numbers per channel and the
//! means taken over them,
//!
//! ```text
//! x' = weight / √(var + eps) * (y' - mean(y') - x̂ mean(y' x̂))
//! ```
//!
//! S. Ioffe, C. Szegedy, "Batch normalization" (2015), section 3; the two means are all that the
//! gradients of weight and bias need as well, and are one op, as in PyTorch's synchronized form.

use std::ops::Range;
use tinytorch_autograd::{Each, Gradient, Joint, Node};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// The axes of `[n, c, h, w]` that a channel is spread over.
const PLACES: [isize; 3] = [0, 2, 3];

/// Mean and variance of each channel: `[n, c, h, w] -> [2, c]`. The variance divides by the number
/// of numbers, not by one less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BatchNormStats;

impl Op for BatchNormStats {
    fn name(&self) -> &'static str {
        "batch_norm_stats"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([_, channels, _, _], numbers) = (x[0].shape().dims(), x[0].data());
        let count = per_channel(x[0]) as f64;
        let mut stats = vec![0.0; 2 * channels];
        let (means, variances) = stats.split_at_mut(channels);
        for (c, plane) in planes(x[0]) {
            means[c] += numbers[plane].iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        }
        for (c, plane) in planes(x[0]) {
            let squares = numbers[plane].iter().map(|&x| (f64::from(x) - means[c]).powi(2));
            variances[c] += squares.sum::<f64>() / count;
        }
        Tensor::from_vec(stats.into_iter().map(|s| s as f32).collect(), [2, channels])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<BatchNormStats>(&[|_, n, g| {
                let (x, count) = (n.x(0), per_channel(n.x(0)) as f32);
                let off = x - x.mean_over(PLACES, true);
                (column(&g.select(0, 0)) + off * column(&g.select(0, 1)) * 2.0) / count
            }]))]
        }
    }
}

/// `weight x̂ + bias`, channel by channel: `x` `[n, c, h, w]`, statistics `[2, c]` (mean and
/// variance), weight `[c]`, bias `[c]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BatchNormOp {
    /// Added to the variance.
    pub eps: f32,
    /// Whether the statistics are those of `x` itself, so that they move with it.
    pub own: bool,
}

impl Op for BatchNormOp {
    fn name(&self) -> &'static str {
        "batch_norm"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (numbers, weight, bias) = (x[0].data(), x[2].data(), x[3].data());
        let channels = channels(x[1], self.eps);
        let mut y = Vec::with_capacity(numbers.len());
        for (c, plane) in planes(x[0]) {
            let (mean, scale) = (channels[c].mean, channels[c].scale * weight[c]);
            y.extend(numbers[plane].iter().map(|x| (x - mean) * scale + bias[c]));
        }
        Tensor::from_vec(y, x[0].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        match input {
            0 => Reads::input(0) | Reads::input(1) | Reads::input(2),
            2 => Reads::input(0) | Reads::input(1),
            _ => Reads::NOTHING,
        }
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<BatchNormOp>(passed_back))] }
    }
}

/// What `x`, weight and bias get. The statistics get nothing of their own: what flows through
/// them is part of what `x` gets.
fn passed_back(op: &BatchNormOp, n: &Node, g: &Tensor) -> Vec<Option<Tensor>> {
    if !n.wants(0) && !n.wants(2) {
        return vec![None, None, None, Some(g.sum_over(PLACES, false))];
    }
    let sums = dispatch(BatchNormSums(*op), &[n.x(0), n.x(1), g]);
    let to_x = || dispatch(BatchNormBackward(*op), &[n.x(0), n.x(1), n.x(2), g, &sums]);
    vec![n.wants(0).then(to_x), None, Some(sums.select(0, 1)), Some(sums.select(0, 0))]
}

/// The sums of `g` and of `g x̂` over each channel: `x`, statistics, `g` `-> [2, c]`. They are what
/// bias and weight get.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BatchNormSums(pub BatchNormOp);

impl Op for BatchNormSums {
    fn name(&self) -> &'static str {
        "batch_norm_sums"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (numbers, g) = (x[0].data(), x[2].data());
        let channels = channels(x[1], self.0.eps);
        let mut sums = vec![0.0; 2 * channels.len()];
        let (plain, weighted) = sums.split_at_mut(channels.len());
        for (c, plane) in planes(x[0]) {
            let (g, numbers) = (&g[plane.clone()], &numbers[plane]);
            let off = numbers.iter().map(|x| x - channels[c].mean);
            let products = g.iter().zip(off).map(|(&g, off)| f64::from(g) * f64::from(off));
            plain[c] += g.iter().map(|&g| f64::from(g)).sum::<f64>();
            weighted[c] += products.sum::<f64>() * f64::from(channels[c].scale);
        }
        Tensor::from_vec(sums.into_iter().map(|s| s as f32).collect(), [2, channels.len()])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0) | Reads::input(1) | Reads::input(2)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<BatchNormSums>(&[
                |op, n, h| {
                    // `Σ h g x̂` has the form of a batch norm with weight `h`, met by `g`.
                    let (x, stats, g) = (n.x(0), n.x(1), n.x(2));
                    let sums = dispatch(*op, &[x, stats, g]);
                    dispatch(BatchNormBackward(op.0), &[x, stats, &h.select(0, 1), g, &sums])
                },
                |_, n, _| Tensor::zeros(n.shape(1)),
                |op, n, h| dispatch(op.0, &[n.x(0), n.x(1), &h.select(0, 1), &h.select(0, 0)]),
            ]))]
        }
    }
}

/// What `x` gets: `x`, statistics, weight, `g`, sums of [`BatchNormSums`] `-> [n, c, h, w]`.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BatchNormBackward(pub BatchNormOp);

impl Op for BatchNormBackward {
    fn name(&self) -> &'static str {
        "batch_norm_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (numbers, weight, g, sums) = (x[0].data(), x[2].data(), x[3].data(), x[4].data());
        let channels = channels(x[1], self.0.eps);
        let share = if self.0.own { 1.0 / per_channel(x[0]) as f32 } else { 0.0 };
        let mut gradient = Vec::with_capacity(numbers.len());
        for (c, plane) in planes(x[0]) {
            let Channel { mean, scale } = channels[c];
            let (common, tilt) = (sums[c] * share, sums[channels.len() + c] * share * scale);
            let pairs = g[plane.clone()].iter().zip(&numbers[plane]);
            let factor = scale * weight[c];
            gradient.extend(pairs.map(|(g, x)| (g - common - (x - mean) * tilt) * factor));
        }
        Tensor::from_vec(gradient, x[0].shape())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::ALL
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<BatchNormBackward>(&[
                |op, n, h| match op.0.own {
                    true => curvature(op.0.eps, n, h),
                    false => Tensor::zeros(n.shape(0)),
                },
                |_, n, _| Tensor::zeros(n.shape(1)),
                |op, n, h| {
                    let one = Tensor::ones(n.shape(2));
                    let per_weight = dispatch(*op, &[n.x(0), n.x(1), &one, n.x(3), n.x(4)]);
                    (h * per_weight).sum_over(PLACES, false)
                },
                |op, n, h| {
                    // As a matrix from `g` to `x'` it is symmetric.
                    let sums = dispatch(BatchNormSums(op.0), &[n.x(0), n.x(1), h]);
                    dispatch(*op, &[n.x(0), n.x(1), n.x(2), h, &sums])
                },
                |_, n, _| Tensor::zeros(n.shape(4)), // part of the shares of `x` and `g`
            ]))]
        }
    }
}

/// The derivative of `<h, x'>` in `x`, where the statistics are those of `x`. With `r = 1 / √(var
/// + eps)`, `a = mean(h x̂)`, `b = mean(g x̂)` and the covariance of `h` and `g`:
///
/// ```text
/// weight r² (x̂ (3 a b - cov) - b (h - mean(h)) - a (g - mean(g)))
/// ```
fn curvature(eps: f32, n: &Node, h: &Tensor) -> Tensor {
    let (x, weight, g) = (n.x(0), column(n.x(2)), n.x(3));
    let mean = |t: &Tensor| t.mean_over(PLACES, true);
    let centered = |t: &Tensor| t - mean(t);
    let (x, g, h) = (centered(x), centered(g), centered(h));
    let r = 1.0 / (mean(&(&x * &x)) + eps).sqrt();
    let unit = x * &r;
    let (a, b, cov) = (mean(&(&h * &unit)), mean(&(&g * &unit)), mean(&(&h * &g)));
    weight * &r * r * (unit * (&a * &b * 3.0 - cov) - b * h - a * g)
}

/// What turns a number of a channel into `x̂`: `(x - mean) * scale`.
struct Channel {
    mean: f32,
    scale: f32,
}

fn channels(stats: &Tensor, eps: f32) -> Vec<Channel> {
    let stats = stats.data();
    let (means, variances) = stats.split_at(stats.len() / 2);
    let scale = |var: f32| (1.0 / (f64::from(var) + f64::from(eps)).sqrt()) as f32;
    means.iter().zip(variances).map(|(&mean, &var)| Channel { mean, scale: scale(var) }).collect()
}

/// How many numbers of `[n, c, h, w]` a channel has.
fn per_channel(x: &Tensor) -> usize {
    let [n, _, h, w] = x.shape().dims();
    n * h * w
}

/// The planes of `[n, c, h, w]` in their order: the channel and where its numbers lie.
fn planes(x: &Tensor) -> impl Iterator<Item = (usize, Range<usize>)> {
    let [n, c, h, w] = x.shape().dims();
    (0..n * c).map(move |plane| (plane % c, plane * h * w..(plane + 1) * h * w))
}

/// `[c]` in the shape that meets `[n, c, h, w]` channel by channel.
fn column(t: &Tensor) -> Tensor {
    t.reshape([-1, 1, 1])
}
