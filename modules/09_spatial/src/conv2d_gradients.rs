//! What a convolution passes back: to its input, its weight, and its bias.
//!
//! A convolution is linear in each of the three, so the gradients are sums over the same meetings,
//! and their own gradients are convolutions again.

use crate::conv2d::Conv2dOp;
use crate::meetings::Meetings;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// What the input of a convolution gets, `[n, c, h, w]`, from the gradient of its output
/// `[n, o, h', w']` and the weight: each number collects from all windows that saw it.
///
/// Also known as the transposed convolution.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conv2dInputGrad {
    /// The convolution whose gradient it is.
    pub conv: Conv2dOp,
    /// `[h, w]` of its input, which the output alone does not tell when the stride is above 1.
    pub size: [usize; 2],
}

impl Op for Conv2dInputGrad {
    fn name(&self) -> &'static str {
        "conv2d_input_grad"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (n, of) = (x[0].size(0), x[1].shape().dims::<4>());
        let shape = [n, of[1] * self.conv.groups, self.size[0], self.size[1]];
        let meetings = Meetings::new(&self.conv, shape, of);
        let (g, weight, stride) = (x[0].data(), x[1].data(), meetings.stride());
        let mut pixels = vec![0.0; shape.iter().product()];
        meetings.for_each(|m| {
            scatter_row(&mut pixels[m.x..], stride, &g[m.y..m.y + m.len], weight[m.weight]);
        });
        Tensor::from_vec(pixels, shape)
    }

    fn reads(&self, input: usize) -> Reads {
        Reads::input(1 - input)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<Conv2dInputGrad>(&[
                |op, n, h| dispatch(op.conv, &[h, n.x(1)]),
                |op, n, h| weight_gradient(&op.conv, n.x(0), h, n.shape(1).dims()),
            ]))]
        }
    }
}

/// What the weight of a convolution gets, `[o, c / groups, kh, kw]`, from the gradient of its
/// output `[n, o, h', w']` and its input: summed over all samples and places.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conv2dWeightGrad {
    /// The convolution whose gradient it is.
    pub conv: Conv2dOp,
    /// `[kh, kw]`
    pub kernel: [usize; 2],
}

impl Op for Conv2dWeightGrad {
    fn name(&self) -> &'static str {
        "conv2d_weight_grad"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let pictures = x[1].shape().dims::<4>();
        let [kh, kw] = self.kernel;
        let shape = [x[0].size(1), pictures[1] / self.conv.groups, kh, kw];
        let meetings = Meetings::new(&self.conv, pictures, shape);
        let (g, pixels, stride) = (x[0].data(), x[1].data(), meetings.stride());
        // A weight meets every place of every picture: a sum too long for single precision.
        let mut weight = vec![0.0_f64; shape.iter().product()];
        meetings.for_each(|m| {
            let products = dot_row(&g[m.y..m.y + m.len], &pixels[m.x..], stride);
            weight[m.weight] += f64::from(products);
        });
        Tensor::from_vec(weight.into_iter().map(|w| w as f32).collect(), shape)
    }

    fn reads(&self, input: usize) -> Reads {
        Reads::input(1 - input)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<Conv2dWeightGrad>(&[
                |op, n, h| dispatch(op.conv, &[n.x(1), h]),
                |op, n, h| input_gradient(&op.conv, n.x(0), h, n.shape(1).dims()),
            ]))]
        }
    }
}

/// [`Conv2dInputGrad`] of these.
pub(crate) fn input_gradient(
    conv: &Conv2dOp,
    g: &Tensor,
    weight: &Tensor,
    x: [usize; 4],
) -> Tensor {
    dispatch(Conv2dInputGrad { conv: *conv, size: [x[2], x[3]] }, &[g, weight])
}

/// [`Conv2dWeightGrad`] of these.
pub(crate) fn weight_gradient(
    conv: &Conv2dOp,
    g: &Tensor,
    x: &Tensor,
    weight: [usize; 4],
) -> Tensor {
    dispatch(Conv2dWeightGrad { conv: *conv, kernel: [weight[2], weight[3]] }, &[g, x])
}

/// What the bias of a convolution gets, `[o]`, from the gradient of its output `[n, o, h', w']`.
pub(crate) fn bias_gradient(g: &Tensor) -> Tensor {
    g.sum_over([0, 2, 3], false)
}

/// `x[i * stride] += factor * y[i]`
#[inline]
fn scatter_row(x: &mut [f32], stride: usize, y: &[f32], factor: f32) {
    match stride {
        1 => x.iter_mut().zip(y).for_each(|(x, y)| *x += factor * y),
        _ => x.iter_mut().step_by(stride).zip(y).for_each(|(x, y)| *x += factor * y),
    }
}

/// The sum of `y[i] * x[i * stride]`. Without gaps four partial sums go side by side.
#[inline]
fn dot_row(y: &[f32], x: &[f32], stride: usize) -> f32 {
    if stride > 1 {
        return y.iter().zip(x.iter().step_by(stride)).map(|(y, x)| y * x).sum();
    }
    let ((y, y_rest), (x, x_rest)) = (y.as_chunks::<4>(), x[..y.len()].as_chunks::<4>());
    let mut sums = [0.0; 4];
    for (y, x) in y.iter().zip(x) {
        sums = std::array::from_fn(|i| sums[i] + y[i] * x[i]);
    }
    let rest = y_rest.iter().zip(x_rest).map(|(y, x)| y * x);
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv2d;
    use tinytorch_autograd::Backward;

    #[test]
    fn a_weight_used_everywhere_gets_the_sum_of_all_places() {
        let (x, weight) = (Tensor::ones([4, 1, 5, 5]), Tensor::zeros([1, 1, 3, 3]).with_grad());
        let same = Conv2dOp { padding: [1, 1], ..Conv2dOp::default() };
        let grads = conv2d(&x, &weight, None, same).sum().backward();
        // A corner of the kernel misses a row and a column of each of 4 pictures.
        let edge = [4.0 * 16.0, 4.0 * 20.0, 4.0 * 16.0];
        let expected = Tensor::from([edge, [80.0, 100.0, 80.0], edge]);
        assert_eq!(grads.of(&weight).reshape([3, 3]), expected);
    }

    #[test]
    fn a_pixel_gets_from_every_window_that_saw_it() {
        let x = Tensor::zeros([1, 1, 3, 3]).with_grad();
        let weight = Tensor::from([[1.0, 10.0], [100.0, 1000.0]]).reshape([1, 1, 2, 2]);
        let grads = conv2d(&x, &weight, None, Conv2dOp::default()).sum().backward();
        let expected =
            Tensor::from([[1.0, 11.0, 10.0], [101.0, 1111.0, 1010.0], [100.0, 1100.0, 1000.0]]);
        assert_eq!(grads.of(&x).reshape([3, 3]), expected);
    }
}
