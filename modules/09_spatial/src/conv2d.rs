//! Convolution, and its gradients.

use crate::conv2d_gradients::{bias_gradient, input_gradient, weight_gradient};
use crate::meetings::Meetings;
use crate::picture::{fits, pictures};
use crate::window::Window;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Each number of the output is the sum of the products of a kernel and the patch of the picture
/// below it: `x` `[n, c, h, w]`, weight `[o, c / groups, kh, kw]` and, if wanted, bias `[o]`.
///
/// ```text
/// y[n, o, i, j] = bias[o] + Σ weight[o, c, a, b] x[n, c, i s + a d - p, j s + b d - p]
///                           c, a, b     with stride s, padding p, dilation d
/// ```
///
/// As in every framework, the kernel is not flipped: a mathematician calls it cross-correlation.
/// `2 n o h' w' (c / groups) kh kw` floating-point operations for an output of `h'` by `w'`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conv2dOp {
    /// How far the kernel moves from one output to the next, down and to the right.
    pub stride: [usize; 2],
    /// How many zeros are put around the picture: above and below, left and right.
    pub padding: [usize; 2],
    /// The distance between neighboring taps of the kernel.
    pub dilation: [usize; 2],
    /// Into how many groups the channels fall, that do not see each other. As many as channels:
    /// a depthwise convolution.
    pub groups: usize,
}

impl Default for Conv2dOp {
    fn default() -> Self {
        Self { stride: [1, 1], padding: [0, 0], dilation: [1, 1], groups: 1 }
    }
}

impl Conv2dOp {
    /// The window of a kernel `[kh, kw]` along each axis.
    pub fn windows(&self, kernel: [usize; 2]) -> [Window; 2] {
        [0, 1].map(|axis: usize| Window {
            kernel: kernel[axis],
            stride: self.stride[axis],
            padding: self.padding[axis],
            dilation: self.dilation[axis],
        })
    }

    /// `[h, w]` of what a kernel makes of pictures of `size`; 0 where it does not fit.
    pub fn output_size(&self, kernel: [usize; 2], size: [usize; 2]) -> [usize; 2] {
        let windows = self.windows(kernel);
        [0, 1].map(|axis: usize| windows[axis].outputs(size[axis]))
    }
}

impl Op for Conv2dOp {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let meetings = Meetings::new(self, x[0].shape().dims(), x[1].shape().dims());
        let (shape, stride) = (meetings.output(), meetings.stride());
        let (pixels, weight) = (x[0].data(), x[1].data());
        let mut y = match x.get(2) {
            Some(bias) => everywhere(&bias.data(), shape),
            None => vec![0.0; shape.iter().product()],
        };
        meetings.for_each(|m| {
            gather_row(&mut y[m.y..m.y + m.len], &pixels[m.x..], stride, weight[m.weight]);
        });
        Tensor::from_vec(y, shape)
    }

    fn reads(&self, input: usize) -> Reads {
        // The picture's gradient reads the weight, the weight's the picture, the bias's neither.
        if input < 2 { Reads::input(1 - input) } else { Reads::NOTHING }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<Conv2dOp>(&[
                |op, n, g| input_gradient(op, g, n.x(1), n.shape(0).dims()),
                |op, n, g| weight_gradient(op, g, n.x(0), n.shape(1).dims()),
                |_, _, g| bias_gradient(g),
            ]))]
        }
    }
}

/// A number per channel, at each place of its plane.
fn everywhere(bias: &[f32], [n, _, h, w]: [usize; 4]) -> Vec<f32> {
    let planes = (0..n).flat_map(|_| bias);
    planes.flat_map(|&bias| std::iter::repeat_n(bias, h * w)).collect()
}

/// `y[i] += factor * x[i * stride]`. Without gaps the compiler makes vector instructions of it.
#[inline]
fn gather_row(y: &mut [f32], x: &[f32], stride: usize, factor: f32) {
    match stride {
        1 => y.iter_mut().zip(x).for_each(|(y, x)| *y += factor * x),
        _ => y.iter_mut().zip(x.iter().step_by(stride)).for_each(|(y, x)| *y += factor * x),
    }
}

/// The convolution of `x` `[n, c, h, w]` with a weight `[o, c / groups, kh, kw]`, and a bias
/// `[o]` added: `[n, o, h', w']`. See [`Conv2dOp`].
///
/// # Panics
/// When the shapes are not these, the kernel does not fit into the padded pictures, a setting is
/// 0 that may not be, or the numbers are integers.
///
/// ```
/// use tinytorch_spatial::{Conv2dOp, conv2d};
/// use tinytorch_tensor::Tensor;
///
/// let x = Tensor::from([[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]).reshape([1, 1, 2, 3]);
/// let right_minus_left = Tensor::from([-1.0, 1.0]).reshape([1, 1, 1, 2]);
/// let edges = conv2d(&x, &right_minus_left, None, Conv2dOp::default());
/// assert_eq!(edges, Tensor::from([[1.0, 2.0], [8.0, 16.0]]).reshape([1, 1, 2, 2]));
/// ```
#[track_caller]
pub fn conv2d(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, conv: Conv2dOp) -> Tensor {
    check("conv2d", x, weight, bias, &conv);
    match bias {
        Some(bias) => dispatch(conv, &[x, weight, bias]),
        None => dispatch(conv, &[x, weight]),
    }
}

#[track_caller]
pub(crate) fn check(op: &str, x: &Tensor, weight: &Tensor, bias: Option<&Tensor>, conv: &Conv2dOp) {
    let [_, channels, h, w] = pictures(op, x);
    let (shape, of, groups) = (x.shape(), weight.shape(), conv.groups);
    assert!(of.ndim() == 4, "{op}: the weight is kernels [out, in / groups, kh, kw], not {of}");
    let [outputs, inputs, kh, kw] = of.dims();
    check_settings(op, conv, [kh, kw]);
    assert!(
        outputs.is_multiple_of(groups) && inputs * groups == channels,
        "{op}: x {shape} has {channels} channels, and the layer takes {} (weight {of}, groups \
         {groups}); build it for these channels, or check the order of the axes",
        inputs * groups
    );
    fits(op, conv.output_size([kh, kw], [h, w]), [kh, kw], [h, w]);
    if let Some(bias) = bias {
        let shape = bias.shape();
        assert!(
            shape == [outputs],
            "{op}: the bias of {outputs} channels is [{outputs}], not {shape}"
        );
    }
}

/// Makes sure that what counts from 1 does, and that the channels divide.
#[track_caller]
pub(crate) fn check_settings(op: &str, conv: &Conv2dOp, kernel: [usize; 2]) {
    let Conv2dOp { stride, dilation, groups, .. } = conv;
    let all = [kernel, *stride, *dilation, [*groups; 2]];
    assert!(
        !all.concat().contains(&0),
        "{op}: kernel {kernel:?}, stride {stride:?}, dilation {dilation:?} and groups {groups} \
         count from 1"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_tensor::Rng;

    #[test]
    fn by_hand() {
        let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
        let weight = Tensor::from([[1.0, 2.0], [0.0, -1.0]]).reshape([1, 1, 2, 2]);
        let bias = Tensor::from([0.5]);
        let y = conv2d(&x.reshape([1, 1, 3, 3]), &weight, Some(&bias), Conv2dOp::default());
        // 1 + 2 * 2 - 5 + 0.5; a flipped kernel would begin with 4 * 2 + 5 - 1 + 0.5.
        assert_eq!(y.reshape([2, 2]), Tensor::from([[0.5, 2.5], [6.5, 8.5]]));
    }

    #[test]
    fn a_bias_is_added_once_per_place_of_its_channel() {
        let (x, weight) = (Tensor::zeros([2, 3, 4, 4]), Tensor::ones([2, 3, 3, 3]));
        let y = conv2d(&x, &weight, Some(&Tensor::from([1.0, -2.0])), Conv2dOp::default());
        let expected = Tensor::from([[[1.0], [-2.0]], [[1.0], [-2.0]]]);
        assert_eq!(y.reshape([2, 2, 4]), expected.expand([2, 2, 4]));
    }

    #[test]
    fn a_kernel_of_one_is_a_linear_layer_at_each_pixel() {
        let rng = &mut Rng::new(0);
        let (x, weight) = (Tensor::randn([2, 3, 4, 5], rng), Tensor::randn([6, 3], rng));
        let y = conv2d(&x, &weight.reshape([6, 3, 1, 1]), None, Conv2dOp::default());
        let expected = weight.matmul(&x.flatten(2)).reshape([2, 6, 4, 5]);
        assert!((y - expected).abs().max().item() < 1e-5);
    }

    #[test]
    fn a_depthwise_convolution_is_one_convolution_per_channel() {
        let rng = &mut Rng::new(0);
        let (x, weight) = (Tensor::randn([2, 3, 5, 5], rng), Tensor::randn([3, 1, 3, 3], rng));
        let depthwise = Conv2dOp { groups: 3, padding: [1, 1], ..Conv2dOp::default() };
        let y = conv2d(&x, &weight, None, depthwise);
        for c in 0..3 {
            let (x, weight) = (x.narrow(1, c, 1), weight.narrow(0, c, 1));
            let alone = conv2d(&x, &weight, None, Conv2dOp { groups: 1, ..depthwise });
            assert_eq!(y.narrow(1, c, 1), alone);
        }
    }

    /// A picture moved by one pixel gives the same output, moved by one pixel.
    #[test]
    fn what_moves_in_the_picture_moves_in_the_output() {
        let rng = &mut Rng::new(0);
        let (wide, weight) = (Tensor::randn([1, 2, 6, 9], rng), Tensor::randn([3, 2, 3, 3], rng));
        let of = |x: &Tensor| conv2d(x, &weight, None, Conv2dOp::default());
        let (left, right) = (of(&wide.narrow(3, 0, 8)), of(&wide.narrow(3, 1, 8)));
        assert_eq!(left.narrow(3, 1, 5), right.narrow(3, 0, 5));
    }

    #[test]
    fn only_what_the_wanted_gradients_read_is_kept() {
        let op = Conv2dOp::default();
        assert_eq!((op.reads(0), op.reads(1)), (Reads::input(1), Reads::input(0)));
        assert_eq!(op.reads(2), Reads::NOTHING);
    }
}
