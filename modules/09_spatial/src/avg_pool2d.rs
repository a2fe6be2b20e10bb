//! The mean of each window.

use crate::max_pool2d::{check, windows};
use crate::picture::{fits, pictures};
use std::ops::Range;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_layers::{Module, state};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// The mean of each window: `[n, c, h, w] -> [n, c, h', w']`, channel by channel.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvgPool2d {
    /// `[h, w]` of the window.
    pub kernel: [usize; 2],
    /// How far it moves from one output to the next.
    pub stride: [usize; 2],
    /// How many zeros are added on each side, at most half of the kernel.
    pub padding: [usize; 2],
    /// Whether these zeros count in the mean: if so, the sum is always divided by the size of the
    /// kernel. PyTorch's default.
    pub count_include_pad: bool,
}
state!(AvgPool2d {});

impl AvgPool2d {
    /// Windows of `kernel` side by side, without padding.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: kernel, padding: [0, 0], count_include_pad: true }
    }

    /// `[h, w]` of what comes out for pictures of `size`.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        let windows = windows(self.kernel, self.stride, self.padding);
        [0, 1].map(|axis: usize| windows[axis].outputs(size[axis]))
    }
}

impl Module for AvgPool2d {
    /// `[n, c, h, w] -> [n, c, h', w']`
    fn forward(&self, x: &Tensor) -> Tensor {
        avg_pool2d(x, *self)
    }
}

/// The mean of as many windows as wanted, that cover a picture of any size:
/// `[n, c, h, w] -> [n, c, h', w']`. Output `i` of `k` covers the places from `⌊i h / k⌋` up to
/// `⌈(i + 1) h / k⌉`, so that windows differ in size, and overlap, when `k` does not divide `h`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AdaptiveAvgPool2d {
    /// `[h', w']`; of `[1, 1]`, each channel becomes its mean.
    pub output: [usize; 2],
}
state!(AdaptiveAvgPool2d {});

impl AdaptiveAvgPool2d {
    /// As many windows as `output` says, down and to the right.
    pub fn new(output: [usize; 2]) -> Self {
        Self { output }
    }

    /// The places that output `output` covers along an axis of `size` places.
    fn seen(&self, axis: usize, output: usize, size: usize) -> Range<usize> {
        let outputs = self.output[axis];
        output * size / outputs..((output + 1) * size).div_ceil(outputs)
    }
}

impl Module for AdaptiveAvgPool2d {
    /// `[n, c, h, w] -> [n, c, h', w']`
    fn forward(&self, x: &Tensor) -> Tensor {
        adaptive_avg_pool2d(x, self.output)
    }
}

/// The op of a mean over windows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AvgPool2dOp {
    /// Over windows of one size.
    Windows(AvgPool2d),
    /// Over as many as wanted.
    Adaptive(AdaptiveAvgPool2d),
}

/// The places that an output sees along one axis, and how many it is divided by.
type Share = (Range<usize>, usize);

impl AvgPool2dOp {
    /// The shares of all outputs along each axis of pictures of `size`: the places that an output
    /// sees, and how many it is divided by.
    pub fn shares(&self, size: [usize; 2]) -> [Vec<Share>; 2] {
        [0, 1].map(|axis: usize| match self {
            Self::Windows(pool) => {
                let window = windows(pool.kernel, pool.stride, pool.padding)[axis];
                let seen = (0..window.outputs(size[axis])).map(|o| window.seen(o, size[axis]));
                let count = |seen: &Range<usize>| match pool.count_include_pad {
                    true => window.kernel,
                    false => seen.len(),
                };
                seen.map(|seen| (seen.clone(), count(&seen))).collect()
            }
            Self::Adaptive(pool) => {
                let seen = (0..pool.output[axis]).map(|o| pool.seen(axis, o, size[axis]));
                seen.map(|seen| (seen.clone(), seen.len())).collect()
            }
        })
    }
}

impl Op for AvgPool2dOp {
    fn name(&self) -> &'static str {
        match self {
            Self::Windows(_) => "avg_pool2d",
            Self::Adaptive(_) => "adaptive_avg_pool2d",
        }
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([n, c, h, w], pixels) = (x[0].shape().dims(), x[0].data());
        let [rows, cols] = self.shares([h, w]);
        let mut y = Vec::with_capacity(n * c * rows.len() * cols.len());
        for plane in pixels.chunks_exact((h * w).max(1)) {
            for (rows, height) in &rows {
                for (cols, width) in &cols {
                    let row = |row: usize| plane[row * w..][cols.clone()].iter().sum::<f32>();
                    let sum: f32 = rows.clone().map(row).sum();
                    y.push(sum / (height * width) as f32);
                }
            }
        }
        Tensor::from_vec(y, [n, c, rows.len(), cols.len()])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<AvgPool2dOp>(&[|op, n, g| {
                let [_, _, h, w] = n.shape(0).dims();
                dispatch(AvgPool2dBackward { pool: *op, size: [h, w] }, &[g])
            }]))]
        }
    }
}

/// From the gradient `[n, c, h', w']` of the output of a mean over windows: that of its input.
/// Each number of a window gets the same part of what the mean gets.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AvgPool2dBackward {
    /// The op whose gradient it is.
    pub pool: AvgPool2dOp,
    /// `[h, w]` of its input.
    pub size: [usize; 2],
}

impl Op for AvgPool2dBackward {
    fn name(&self) -> &'static str {
        match self.pool {
            AvgPool2dOp::Windows(_) => "avg_pool2d_backward",
            AvgPool2dOp::Adaptive(_) => "adaptive_avg_pool2d_backward",
        }
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([n, c, _, _], gradients) = (x[0].shape().dims::<4>(), x[0].data());
        let ([h, w], [rows, cols]) = (self.size, self.pool.shares(self.size));
        let (mut pixels, mut gradients) = (vec![0.0; n * c * h * w], gradients.iter());
        for plane in pixels.chunks_exact_mut((h * w).max(1)) {
            for (rows, height) in &rows {
                for (cols, width) in &cols {
                    let g = gradients.next().expect("one per window");
                    let part = g / (height * width) as f32;
                    for row in rows.clone() {
                        plane[row * w..][cols.clone()].iter_mut().for_each(|x| *x += part);
                    }
                }
            }
        }
        Tensor::from_vec(pixels, [n, c, h, w])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<AvgPool2dBackward>(&[|op, _, h| dispatch(op.pool, &[h])]))] }
    }
}

/// [`AvgPool2d`] as a function.
///
/// # Panics
/// When `x` is no `[n, c, h, w]` of floats, a window does not fit, or the padding is more than
/// half of the kernel.
#[track_caller]
pub fn avg_pool2d(x: &Tensor, pool: AvgPool2d) -> Tensor {
    let [_, _, h, w] = pictures("avg_pool2d", x);
    check("avg_pool2d", pool.kernel, pool.stride, pool.padding);
    fits("avg_pool2d", pool.output_size([h, w]), pool.kernel, [h, w]);
    dispatch(AvgPool2dOp::Windows(pool), &[x])
}

/// [`AdaptiveAvgPool2d`] as a function.
///
/// # Panics
/// When `x` is no `[n, c, h, w]` of floats with at least one pixel.
#[track_caller]
pub fn adaptive_avg_pool2d(x: &Tensor, output: [usize; 2]) -> Tensor {
    let [_, _, h, w] = pictures("adaptive_avg_pool2d", x);
    assert!(
        h * w > 0 && !output.contains(&0),
        "adaptive_avg_pool2d: pictures of {:?} have no means over {output:?} windows; neither may \
         be empty",
        [h, w]
    );
    dispatch(AvgPool2dOp::Adaptive(AdaptiveAvgPool2d { output }), &[x])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mean_counts_the_padding_only_if_asked_to() {
        let x = Tensor::full([1, 1, 2, 2], 4.0);
        let pool = AvgPool2d { padding: [1, 1], ..AvgPool2d::new([2, 2]) };
        assert_eq!(pool.forward(&x), Tensor::full([1, 1, 2, 2], 1.0));
        let real = AvgPool2d { count_include_pad: false, ..pool };
        assert_eq!(real.forward(&x), Tensor::full([1, 1, 2, 2], 4.0));
    }

    #[test]
    fn windows_that_do_not_divide_the_picture_overlap() {
        let x = Tensor::arange(0.0, 5.0, 1.0).reshape([1, 1, 1, 5]);
        let y = AdaptiveAvgPool2d::new([1, 3]).forward(&x); // 0 1 | 1 2 3 | 3 4
        assert_eq!(y.to_vec(), [0.5, 2.0, 3.5]);
        assert_eq!(AdaptiveAvgPool2d::new([1, 1]).forward(&x).item(), 2.0);
    }
}
