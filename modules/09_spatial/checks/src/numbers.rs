//! How the checks make pictures, read them, and convolve without the code under test.

use check::Numbers;
use tinytorch_spatial::{Conv2dOp, Window};
use tinytorch_tensor::{Rng, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// One plane as a picture or a kernel: `[1, 1, h, w]`.
pub fn plane<const H: usize, const W: usize>(rows: [[f32; W]; H]) -> Tensor {
    Tensor::from(rows).reshape([1, 1, H, W])
}

/// Shows the only plane of `[1, 1, h, w]` as a matrix.
pub fn matrix(t: &Tensor) -> Numbers {
    let shape = t.shape().to_vec();
    let keep = shape.len().saturating_sub(2);
    match shape[..keep].iter().all(|&size| size == 1) {
        true => Numbers::new(shape[keep..].to_vec(), t.to_vec()),
        false => of(t),
    }
}

/// 1 2 3 / 4 5 6 / 7 8 9, the lesson's picture.
pub fn nine() -> Tensor {
    plane([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
}

/// The floats 1, 2, 3, … row by row.
pub fn counted<const N: usize>(sizes: [usize; N]) -> Tensor {
    let count: usize = sizes.iter().product();
    Tensor::from_vec((1..=count).map(|i| i as f32).collect(), sizes)
}

/// Random whole numbers from -4 to 4: sums of their products have no rounding.
pub fn whole<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randint(sizes, -4, 5, &mut Rng::new(seed)).to_f32()
}

/// Random numbers about 1, reproducible.
pub fn drawn<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randn(sizes, &mut Rng::new(seed))
}

pub fn window(kernel: usize, stride: usize, padding: usize, dilation: usize) -> Window {
    Window { kernel, stride, padding, dilation }
}

/// Windows of all kinds, on axes of all sizes up to 8.
pub fn windows() -> Vec<(Window, usize)> {
    let mut all = Vec::new();
    for kernel in 1..5 {
        for (stride, padding) in [(1, 0), (1, 1), (2, 1), (3, 2), (2, 4), (3, 0)] {
            for dilation in 1..4 {
                all.extend((0..9).map(|size| (window(kernel, stride, padding, dilation), size)));
            }
        }
    }
    all
}

/// How many positions a window has: moved on until it leaves the padded axis.
pub fn positions(w: Window, size: usize) -> usize {
    let last = |o: usize| o * w.stride + (w.kernel - 1) * w.dilation;
    (0..).take_while(|&o| last(o) < size + 2 * w.padding).count()
}

/// A convolution to be tried: its settings, the sizes of the pictures, and those of the weight.
pub type Trial = (Conv2dOp, [usize; 4], [usize; 4]);

/// One trial per setting, then all at once.
pub fn trials() -> Vec<Trial> {
    let plain = Conv2dOp::default();
    let stride = Conv2dOp { stride: [2, 3], ..plain };
    let padding = Conv2dOp { padding: [2, 1], ..plain };
    let dilation = Conv2dOp { dilation: [3, 2], ..plain };
    let groups = Conv2dOp { groups: 2, ..plain };
    let all = Conv2dOp { stride: [2, 1], padding: [1, 2], dilation: [1, 2], groups: 3 };
    vec![
        (plain, [2, 3, 4, 5], [2, 3, 2, 3]),
        (stride, [1, 2, 6, 8], [2, 2, 3, 2]),
        (padding, [2, 1, 3, 4], [2, 1, 3, 2]),
        (dilation, [1, 2, 7, 6], [1, 2, 2, 3]),
        (groups, [2, 4, 3, 3], [6, 2, 2, 2]),
        (all, [2, 3, 5, 6], [6, 1, 3, 2]),
    ]
}

/// Calls `f` with the places, in row-major order, of an output, a weight and an input, wherever
/// they meet: index by index, as the definition says.
pub fn meet((conv, x, weight): Trial, mut f: impl FnMut(usize, usize, usize)) -> [usize; 4] {
    let windows = conv.windows([weight[2], weight[3]]);
    let [oh, ow] = [positions(windows[0], x[2]), positions(windows[1], x[3])];
    let y = [x[0], weight[0], oh, ow];
    let at = |shape: [usize; 4], index: [usize; 4]| {
        index.iter().zip(shape).fold(0, |at, (&i, size)| at * size + i)
    };
    for [n, o, i, j] in indices(y) {
        for [_, c, a, b] in indices([1, weight[1], weight[2], weight[3]]) {
            let [row, col] = [i * conv.stride[0], j * conv.stride[1]];
            let [row, col] = [row + a * conv.dilation[0], col + b * conv.dilation[1]];
            let real = |at: usize, axis: usize| {
                at.checked_sub(conv.padding[axis]).filter(|&at| at < x[axis + 2])
            };
            if let (Some(row), Some(col)) = (real(row, 0), real(col, 1)) {
                let channel = o / (weight[0] / conv.groups) * weight[1] + c;
                f(at(y, [n, o, i, j]), at(weight, [o, c, a, b]), at(x, [n, channel, row, col]));
            }
        }
    }
    y
}

fn indices(shape: [usize; 4]) -> impl Iterator<Item = [usize; 4]> {
    let [_, b, c, d] = shape;
    let count: usize = shape.iter().product();
    (0..count).map(move |i| [i / (b * c * d), i / (c * d) % b, i / d % c, i % d])
}

/// What a convolution of these is, without the code under test.
pub fn convolved(trial: Trial, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    let shape = meet(trial, |_, _, _| {});
    let (x, weight) = (x.to_vec(), weight.to_vec());
    let mut y = vec![0.0_f32; shape.iter().product()];
    meet(trial, |out, w, input| y[out] += weight[w] * x[input]);
    let y = Tensor::from_vec(y, shape);
    match bias {
        Some(bias) => y + bias.reshape([-1, 1, 1]),
        None => y,
    }
}
