//! The largest number of each window.

use crate::picture::{fits, pictures};
use crate::window::Window;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_layers::{Module, state};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// The largest number of each window: `[n, c, h, w] -> [n, c, h', w']`, channel by channel.
///
/// Padding is minus infinity, so that it never wins. Among equals the first one counts, in the
/// order of reading, and it alone gets the gradient, as in PyTorch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPool2d {
    /// `[h, w]` of the window.
    pub kernel: [usize; 2],
    /// How far it moves from one output to the next.
    pub stride: [usize; 2],
    /// How many places are added on each side, at most half of the kernel.
    pub padding: [usize; 2],
}
state!(MaxPool2d {});

impl MaxPool2d {
    /// Windows of `kernel` side by side, without padding. For others:
    /// `MaxPool2d { stride: [1, 1], ..MaxPool2d::new([3, 3]) }`.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: kernel, padding: [0, 0] }
    }

    /// `[h, w]` of what comes out for pictures of `size`.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        let windows = windows(self.kernel, self.stride, self.padding);
        [0, 1].map(|axis: usize| windows[axis].outputs(size[axis]))
    }
}

impl Module for MaxPool2d {
    /// `[n, c, h, w] -> [n, c, h', w']`
    fn forward(&self, x: &Tensor) -> Tensor {
        max_pool2d(x, *self)
    }
}

/// The op of [`MaxPool2d`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPool2dOp(pub MaxPool2d);

impl MaxPool2dOp {
    /// Where in its plane each window has its first largest number: `[n, c, h' w']`, integers
    /// below `h w`. NaN counts as larger than everything.
    pub fn winners(&self, x: &Tensor) -> Tensor {
        let ([n, c, h, w], pixels) = (x.shape().dims(), x.data());
        let MaxPool2d { kernel, stride, padding } = self.0;
        let ([rows, cols], [oh, ow]) =
            (windows(kernel, stride, padding), self.0.output_size([h, w]));
        let cols: Vec<_> = (0..ow).map(|j| cols.seen(j, w)).collect();
        let mut winners = Vec::with_capacity(n * c * oh * ow);
        for plane in pixels.chunks_exact((h * w).max(1)) {
            for rows in (0..oh).map(|i| rows.seen(i, h)) {
                for cols in &cols {
                    let mut best = rows.start * w + cols.start;
                    for row in rows.clone() {
                        for at in row * w + cols.start..row * w + cols.end {
                            if plane[at] > plane[best] || plane[at].is_nan() {
                                best = at;
                            }
                        }
                    }
                    winners.push(best as i32);
                }
            }
        }
        Tensor::from_vec(winners, [n, c, oh * ow])
    }
}

impl Op for MaxPool2dOp {
    fn name(&self) -> &'static str {
        "max_pool2d"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let [n, c, h, w] = x[0].shape().dims();
        let [oh, ow] = self.0.output_size([h, w]);
        take(x[0], &self.winners(x[0])).reshape([n, c, oh, ow])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<MaxPool2dOp>(&[|op, n, g| {
                dispatch(MaxPool2dBackward(*op), &[n.x(0), g])
            }]))]
        }
    }
}

/// The numbers at these places of their planes: `[n, c, h, w]`, `[n, c, k] -> [n, c, k]`.
fn take(x: &Tensor, places: &Tensor) -> Tensor {
    x.flatten(2).gather(2, places)
}

/// From the input of a max pool and the gradient of its output: the gradient of the input, which
/// is that of its output for the winner of each window, and 0 for all others. A number that won
/// in several windows gets the sum.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxPool2dBackward(pub MaxPool2dOp);

impl Op for MaxPool2dBackward {
    fn name(&self) -> &'static str {
        "max_pool2d_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([_, _, h, w], winners) = (x[0].shape().dims(), self.0.winners(x[0]));
        let gradient = x[1].flatten(2).scatter_add(2, &winners, h * w);
        gradient.reshape(x[0].shape())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<MaxPool2dBackward>(&[
                |_, n, _| Tensor::zeros(n.shape(0)), // a small step of x leaves the winners
                |op, n, h| take(h, &op.0.winners(n.x(0))).reshape(n.shape(1)),
            ]))]
        }
    }
}

/// [`MaxPool2d`] as a function.
///
/// # Panics
/// When `x` is no `[n, c, h, w]` of floats, a window does not fit, or the padding is more than
/// half of the kernel, so that a window could see nothing but padding.
#[track_caller]
pub fn max_pool2d(x: &Tensor, pool: MaxPool2d) -> Tensor {
    let [_, _, h, w] = pictures("max_pool2d", x);
    check("max_pool2d", pool.kernel, pool.stride, pool.padding);
    fits("max_pool2d", pool.output_size([h, w]), pool.kernel, [h, w]);
    dispatch(MaxPool2dOp(pool), &[x])
}

/// The windows of a pool along each axis.
pub(crate) fn windows(kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) -> [Window; 2] {
    [0, 1].map(|axis: usize| Window {
        kernel: kernel[axis],
        stride: stride[axis],
        padding: padding[axis],
        dilation: 1,
    })
}

#[track_caller]
pub(crate) fn check(op: &str, kernel: [usize; 2], stride: [usize; 2], padding: [usize; 2]) {
    assert!(
        !kernel.contains(&0) && !stride.contains(&0),
        "{op}: kernel {kernel:?} and stride {stride:?} count from 1"
    );
    assert!(
        (0..2).all(|axis| 2 * padding[axis] <= kernel[axis]),
        "{op}: padding {padding:?} is more than half of the kernel {kernel:?}, so that a window \
         could see nothing but padding; pad less"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;

    #[test]
    fn negative_numbers_have_a_maximum_too_and_padding_never_wins() {
        let x = Tensor::full([1, 1, 3, 3], -5.0);
        let pool = MaxPool2d { padding: [1, 1], ..MaxPool2d::new([2, 2]) };
        assert_eq!(pool.forward(&x), Tensor::full([1, 1, 2, 2], -5.0));
    }

    #[test]
    fn the_first_of_equals_gets_the_whole_gradient() {
        let x = Tensor::from([[1.0, 3.0], [3.0, 3.0]]).reshape([1, 1, 2, 2]).with_grad();
        let grads = MaxPool2d::new([2, 2]).forward(&x).sum().backward();
        assert_eq!(grads.of(&x).to_vec(), [0.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn a_winner_of_several_windows_gets_the_gradient_of_each() {
        let x = Tensor::from([[0.0, 1.0, 0.0], [2.0, 9.0, 3.0], [0.0, 4.0, 0.0]]);
        let x = x.reshape([1, 1, 3, 3]).with_grad();
        let pool = MaxPool2d { stride: [1, 1], ..MaxPool2d::new([2, 2]) };
        let grads = pool.forward(&x).sum().backward();
        assert_eq!(grads.of(&x).at([0, 0, 1, 1]), 4.0);
        assert_eq!(grads.of(&x).sum().item(), 4.0);
    }

    #[test]
    fn a_number_that_is_none_is_not_lost() {
        let x = Tensor::from([[1.0, f32::NAN], [3.0, 2.0]]).reshape([1, 1, 2, 2]);
        assert!(MaxPool2d::new([2, 2]).forward(&x).item().is_nan());
    }
}
