//! Convolutions, forward and back.
//!
//! A convolution is nine tenths of what a network for pictures computes, and a matter of arithmetic
//! alone: `2 o kh kw / groups` operations for every number it reads. What can be lost is the way to
//! the arithmetic, so each kernel is a small tile of results in registers, and everything around
//! it serves to feed that:
//!
//! - [`sight`]: what each output sees. The forward pass and the gradient of the input are the same
//!   sum with other distances, so they share all that follows, for every stride, padding,
//!   dilation and number of groups.
//! - [`padded`]: a copy of a picture in which every tap finds a number and neighbors lie side by
//!   side, so that the innermost loop asks nothing.
//! - [`tile`]: that loop, for 8 output channels by 48 places.
//! - [`gather`]: cuts the work into pieces for threads and caches, and walks through them.
//! - [`panels`]: the same for pictures that are too small to fill vectors one by one.
//! - [`weight_grad`] and [`dots`]: the gradient of the weight, which is another sum.
//! - [`winograd`]: all three for kernels of 3 by 3 and many channels, with a quarter of the
//!   multiplications: the arithmetic is not all there is to win, if there is less of it.
//! - [`turn`]: channels first to channels last and back, where vectors go over channels.
//!
//! Padding is zeros that are multiplied like any number. Where a weight is infinite or NaN this
//! shows: the outputs at the border become NaN as well, as in PyTorch, while the definition leaves
//! the padding out.
//!
//! The results do not depend on the number of threads: which pictures are added up together is a
//! matter of shapes.

mod dots;
mod gather;
mod padded;
mod panels;
mod scratch;
mod sight;
mod tile;
mod turn;
mod weight_grad;
mod winograd;

use crate::settings;
use gather::{Gather, Weight};
use padded::Pictures;
use sight::Sight;
use tinytorch_spatial::{Conv2dInputGrad, Conv2dOp, Conv2dWeightGrad};
use tinytorch_tensor::{Kernels, Op, Tensor};
use weight_grad::WeightGrad;

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Conv2dOp>("f32", forward);
    kernels.on::<Conv2dInputGrad>("f32", input_grad);
    kernels.on::<Conv2dWeightGrad>("f32", weight_grad);
}

/// [`Conv2dOp`]: `x` `[n, c, h, w]`, weight `[o, c / groups, kh, kw]`, bias `[o]`.
fn forward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    forward_by(op, x, |gather| gather.run())
}

/// What `run` makes of the convolution.
fn forward_by<R>(op: &dyn Op, x: &[&Tensor], run: impl Fn(&Gather) -> R) -> R {
    let conv: &Conv2dOp = settings(op);
    let ([_, _, h, w], [o, ins, kh, kw]) = (x[0].shape().dims(), x[1].shape().dims());
    let (outs, windows) = (o / conv.groups, conv.windows([kh, kw]));
    let (weight, bias) = (x[1].data(), x.get(2).map(|bias| bias.data()));
    run(&Gather {
        x: Pictures::of(x[0]),
        sights: [vec![Sight::forward(windows[0], h)], vec![Sight::forward(windows[1], w)]],
        weight: Weight {
            numbers: &weight,
            outs,
            ins,
            strides: [outs * ins * kh * kw, ins * kh * kw, kh * kw],
            row: kw,
        },
        bias: bias.as_deref(),
        groups: conv.groups,
        size: conv.output_size([kh, kw], [h, w]),
    })
}

/// [`Conv2dInputGrad`]: the gradient of the output `[n, o, h', w']` and the weight.
fn input_grad(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    input_grad_by(op, x, |gather| gather.run())
}

/// What `run` makes of the gradient of the input.
fn input_grad_by<R>(op: &dyn Op, x: &[&Tensor], run: impl Fn(&Gather) -> R) -> R {
    let Conv2dInputGrad { conv, size } = settings(op);
    let [o, outs, kh, kw] = x[1].shape().dims();
    let (ins, windows) = (o / conv.groups, conv.windows([kh, kw]));
    let weight = x[1].data();
    run(&Gather {
        x: Pictures::of(x[0]),
        sights: [0, 1].map(|axis: usize| Sight::backward(windows[axis], size[axis])),
        weight: Weight {
            numbers: &weight,
            outs,
            ins,
            strides: [outs * ins * kh * kw, kh * kw, outs * kh * kw],
            row: kw,
        },
        bias: None,
        groups: conv.groups,
        size: *size,
    })
}

/// [`Conv2dWeightGrad`]: the gradient of the output `[n, o, h', w']` and the input `[n, c, h, w]`.
fn weight_grad(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    weight_grad_by(op, x, |gradient| gradient.run())
}

/// What `run` makes of the gradient of the weight.
fn weight_grad_by<R>(op: &dyn Op, x: &[&Tensor], run: impl Fn(&WeightGrad) -> R) -> R {
    let Conv2dWeightGrad { conv, kernel } = settings(op);
    let ([_, _, h, w], windows) = (x[1].shape().dims(), conv.windows(*kernel));
    run(&WeightGrad {
        x: Pictures::of(x[1]),
        g: Pictures::of(x[0]),
        sights: [Sight::forward(windows[0], h), Sight::forward(windows[1], w)],
        groups: conv.groups,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::{Kernel, Rng};

    /// Settings, and the shapes of a picture and a weight.
    pub(super) type Case = (Conv2dOp, [usize; 4], [usize; 4]);

    pub(super) fn cases() -> Vec<Case> {
        let plain = Conv2dOp::default();
        let same = Conv2dOp { padding: [1, 1], ..plain };
        let two = Conv2dOp { stride: [2, 2], padding: [1, 1], ..plain };
        let odd = Conv2dOp { stride: [2, 3], padding: [2, 1], dilation: [1, 2], groups: 2 };
        vec![
            (same, [2, 3, 32, 32], [10, 3, 3, 3]),
            (same, [3, 5, 16, 16], [8, 5, 3, 3]),
            (same, [2, 4, 8, 8], [17, 4, 3, 3]),
            (same, [3, 9, 4, 4], [3, 9, 3, 3]),
            (same, [2, 2, 5, 51], [4, 2, 3, 3]),
            (plain, [1, 1, 28, 28], [6, 1, 5, 5]),
            (plain, [2, 7, 6, 7], [9, 7, 1, 1]),
            (plain, [1, 2, 3, 4], [2, 2, 3, 4]),
            (Conv2dOp { padding: [3, 2], ..plain }, [1, 2, 4, 3], [3, 2, 2, 2]),
            (two, [2, 3, 16, 16], [8, 3, 3, 3]),
            (two, [2, 3, 9, 35], [4, 3, 3, 3]),
            (Conv2dOp { stride: [2, 2], ..plain }, [2, 8, 9, 8], [4, 8, 1, 1]),
            (Conv2dOp { stride: [4, 3], ..plain }, [1, 2, 14, 13], [3, 2, 2, 2]),
            (Conv2dOp { dilation: [2, 3], padding: [2, 3], ..plain }, [1, 3, 9, 20], [5, 3, 3, 3]),
            (odd, [2, 4, 13, 17], [6, 2, 3, 2]),
            (Conv2dOp { groups: 4, ..same }, [2, 4, 10, 33], [4, 1, 3, 3]),
            (Conv2dOp { groups: 3, ..two }, [2, 3, 11, 12], [6, 1, 5, 3]),
            (same, [9, 2, 6, 6], [21, 2, 3, 3]),
            (same, [7, 3, 4, 4], [33, 3, 3, 3]),
            (same, [5, 3, 8, 8], [67, 3, 3, 3]),
            (Conv2dOp { groups: 2, ..two }, [4, 6, 7, 9], [80, 3, 3, 3]),
            (same, [1, 2, 70, 65], [3, 2, 3, 3]),
            (same, [1, 24, 64, 64], [1, 24, 3, 1]),
            (Conv2dOp { groups: 6, ..same }, [9, 6, 7, 18], [12, 1, 3, 3]),
            (same, [0, 3, 8, 8], [4, 3, 3, 3]),
            (same, [0, 3, 4, 4], [40, 3, 3, 3]),
            (same, [1, 0, 5, 5], [4, 0, 3, 3]),
        ]
    }

    fn output(conv: &Conv2dOp, x: [usize; 4], weight: [usize; 4]) -> [usize; 4] {
        let [h, w] = conv.output_size([weight[2], weight[3]], [x[2], x[3]]);
        [x[0], weight[0], h, w]
    }

    /// The outputs of `run` are the definition's.
    fn assert_forward(cases: Vec<Case>, run: Kernel, seed: u64) {
        let rng = &mut Rng::new(seed);
        for (i, (conv, x, weight)) in cases.into_iter().enumerate() {
            let (xs, weights) = (layouts(&x, rng), layouts(&weight, rng));
            let bias = Tensor::randn([weight[0]], rng);
            for (j, x) in xs.iter().enumerate() {
                let weight = &weights[(i + j) % weights.len()];
                assert_agrees(&conv, run, &[x, weight, &bias], 1e-5);
            }
            assert_agrees(&conv, run, &[&xs[0], &weights[0]], 1e-5);
        }
    }

    /// So are the gradients of the input.
    fn assert_input_grad(cases: Vec<Case>, run: Kernel, seed: u64) {
        let rng = &mut Rng::new(seed);
        for (i, (conv, x, weight)) in cases.into_iter().enumerate() {
            let op = Conv2dInputGrad { conv, size: [x[2], x[3]] };
            let (gs, weights) = (layouts(&output(&conv, x, weight), rng), layouts(&weight, rng));
            for (j, g) in gs.iter().enumerate() {
                assert_agrees(&op, run, &[g, &weights[(i + j) % weights.len()]], 1e-5);
            }
        }
    }

    /// So are the gradients of the weight.
    fn assert_weight_grad(cases: Vec<Case>, run: Kernel, seed: u64) {
        let rng = &mut Rng::new(seed);
        for (i, (conv, x, weight)) in cases.into_iter().enumerate() {
            let op = Conv2dWeightGrad { conv, kernel: [weight[2], weight[3]] };
            let (gs, xs) = (layouts(&output(&conv, x, weight), rng), layouts(&x, rng));
            for (j, g) in gs.iter().enumerate() {
                assert_agrees(&op, run, &[g, &xs[(i + j) % xs.len()]], 1e-5);
            }
        }
    }

    #[test]
    fn forward_is_what_the_definition_says() {
        assert_forward(cases(), forward, 1);
    }

    #[test]
    fn the_input_gets_what_the_definition_says() {
        assert_input_grad(cases(), input_grad, 2);
    }

    #[test]
    fn the_weight_gets_what_the_definition_says() {
        assert_weight_grad(cases(), weight_grad, 3);
    }

    /// Cases that tiles can compute, and some with as many channels as fill blocks and parts.
    fn tiled_cases() -> Vec<Case> {
        let plain = Conv2dOp::default();
        let same = Conv2dOp { padding: [1, 1], ..plain };
        let three = |(conv, x, weight): &Case| {
            let near = conv.stride == [1, 1] && conv.dilation == [1, 1];
            near && weight[2..] == [3, 3] && x[1] > 0
        };
        let mut cases = vec![
            (same, [5, 19, 6, 9], [35, 19, 3, 3]),
            (same, [3, 40, 8, 4], [130, 40, 3, 3]),
            (plain, [2, 33, 7, 5], [16, 33, 3, 3]),
            (Conv2dOp { padding: [2, 0], ..plain }, [2, 6, 5, 6], [4, 6, 3, 3]),
            (Conv2dOp { padding: [5, 7], ..plain }, [1, 2, 1, 2], [3, 2, 3, 3]),
            (Conv2dOp { groups: 3, ..same }, [2, 12, 9, 16], [51, 4, 3, 3]),
            (same, [1, 70, 38, 21], [20, 70, 3, 3]),
        ];
        cases.extend(self::cases().into_iter().filter(three));
        cases
    }

    #[test]
    fn tiles_are_for_three_by_three_places_side_by_side() {
        let wanted = |conv: Conv2dOp, kernel: [usize; 2]| {
            let x = Tensor::zeros([2, 64, 16, 16]);
            let weight = Tensor::zeros([64, 64 / conv.groups, kernel[0], kernel[1]]);
            let y = Tensor::zeros(output(&conv, [2, 64, 16, 16], weight.shape().dims()));
            let grad = Conv2dInputGrad { conv, size: [16, 16] };
            [
                forward_by(&conv, &[&x, &weight], |gather| gather.wants_tiles()),
                input_grad_by(&grad, &[&y, &weight], |gather| gather.wants_tiles()),
                weight_grad_by(&Conv2dWeightGrad { conv, kernel }, &[&y, &x], |gradient| {
                    gradient.wants_tiles()
                }),
            ]
        };
        let plain = Conv2dOp::default();
        for conv in [plain, Conv2dOp { padding: [1, 2], ..plain }, Conv2dOp { groups: 2, ..plain }]
        {
            assert_eq!(wanted(conv, [3, 3]), [true; 3], "{conv:?}");
        }
        assert_eq!(wanted(plain, [3, 1]), [false; 3]);
        assert_eq!(wanted(plain, [5, 5]), [false; 3]);
        let other = [
            Conv2dOp { stride: [1, 2], ..plain },
            Conv2dOp { dilation: [2, 1], ..plain },
            Conv2dOp { groups: 8, ..plain },
        ];
        for conv in other {
            assert_eq!(wanted(conv, [3, 3]), [false; 3], "{conv:?}");
        }
    }

    /// The error relative to the size of an output, on average and at most.
    fn errors(got: &Tensor, x: &Tensor, weight: &Tensor) -> [f64; 2] {
        let [_, outs, h, w] = got.shape().dims();
        let (ins, wide) = (weight.shape().dims::<4>()[1], w + 2);
        let (got, x, weight) = (got.to_vec(), x.to_vec(), weight.to_vec());
        let (mut squares, mut error_squares, mut largest) = (0.0, 0.0, 0.0f64);
        for (i, got) in got.iter().enumerate() {
            let (out, row, col) = (i / (h * w), i / w % h, i % w);
            let mut exact = 0.0;
            for k in 0..ins * 9 {
                let at = k / 9 * (h + 2) * wide + (row + k / 3 % 3) * wide + col + k % 3;
                exact += f64::from(x[at]) * f64::from(weight[out * ins * 9 + k]);
            }
            let error = (f64::from(*got) - exact).abs();
            squares += exact * exact;
            error_squares += error * error;
            largest = largest.max(error);
        }
        let count = (outs * h * w) as f64;
        [(error_squares / squares).sqrt(), largest / (squares / count).sqrt()]
    }

    #[test]
    fn tiles_round_as_little_as_they_say() {
        let rng = &mut Rng::new(7);
        for (channels, average, most) in [(64, 1e-6, 1e-5), (256, 2e-6, 2e-5)] {
            let x = Tensor::randn([1, channels, 18, 18], rng);
            let weight = Tensor::randn([16, channels, 3, 3], rng);
            let got = forward_by(&Conv2dOp::default(), &[&x, &weight], |gather| gather.by_tiles());
            let [on_average, at_most] = errors(&got, &x, &weight);
            assert!(on_average < average, "{channels}: {on_average:e}");
            assert!(at_most < most, "{channels}: {at_most:e}");
        }
    }

    #[test]
    fn tiles_give_what_the_definition_says() {
        let run: Kernel = |op, x| forward_by(op, x, |gather| gather.by_tiles());
        assert_forward(tiled_cases(), run, 4);
    }

    #[test]
    fn tiles_give_the_input_what_the_definition_says() {
        let run: Kernel = |op, x| input_grad_by(op, x, |gather| gather.by_tiles());
        assert_input_grad(tiled_cases(), run, 5);
    }

    #[test]
    fn tiles_give_the_weight_what_the_definition_says() {
        let run: Kernel = |op, x| weight_grad_by(op, x, |gradient| gradient.by_tiles());
        assert_weight_grad(tiled_cases(), run, 6);
    }
}
