//! Convolution as a layer.

use crate::conv2d::{Conv2dOp, check_settings, conv2d};
use tinytorch_layers::{Init, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// A layer of kernels that slide over pictures: `[n, c, h, w] -> [n, o, h', w']`.
///
/// ```
/// use tinytorch_layers::Module;
/// use tinytorch_spatial::{Conv2d, Conv2dOptions};
/// use tinytorch_tensor::{Rng, Tensor};
///
/// let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
/// let layer = Conv2d::new(3, 16, [3, 3], same, &mut Rng::new(0));
/// assert_eq!(layer.forward(&Tensor::zeros([8, 3, 32, 32])).shape(), [8, 16, 32, 32]);
/// ```
#[derive(Clone, Debug)]
pub struct Conv2d {
    /// `[out, in / groups, kh, kw]`
    pub weight: Tensor,
    /// `[out]`
    pub bias: Option<Tensor>,
    /// Stride, padding, dilation, groups.
    pub conv: Conv2dOp,
}
state!(Conv2d { weight, bias });

/// Settings of a [`Conv2d`], with PyTorch's defaults; see [`Conv2dOp`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Conv2dOptions {
    /// How far the kernel moves from one output to the next: `[1, 1]`.
    pub stride: [usize; 2],
    /// How many zeros are put around the picture: `[0, 0]`.
    pub padding: [usize; 2],
    /// The distance between neighboring taps: `[1, 1]`.
    pub dilation: [usize; 2],
    /// Into how many groups the channels fall: 1.
    pub groups: usize,
    /// Whether a number is added to each channel: yes, unless a normalization follows.
    pub bias: bool,
}

impl Default for Conv2dOptions {
    fn default() -> Self {
        let Conv2dOp { stride, padding, dilation, groups } = Conv2dOp::default();
        Self { stride, padding, dilation, groups, bias: true }
    }
}

impl Conv2d {
    /// A layer from `inputs` to `outputs` channels by kernels `[kh, kw]`. It starts as PyTorch's:
    /// weight and bias uniform between `±1 / √(numbers that an output sees)`.
    ///
    /// # Panics
    /// When the groups do not divide both numbers of channels, or a setting is 0 that may not be.
    #[track_caller]
    pub fn new(
        inputs: usize,
        outputs: usize,
        kernel: [usize; 2],
        options: Conv2dOptions,
        rng: &mut Rng,
    ) -> Self {
        let Conv2dOptions { stride, padding, dilation, groups, bias } = options;
        let conv = Conv2dOp { stride, padding, dilation, groups };
        check_settings("conv2d", &conv, kernel);
        assert!(
            inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups),
            "conv2d: {inputs} channels in and {outputs} out do not fall into {groups} groups; both \
             must be multiples"
        );
        let seen = inputs / groups * kernel[0] * kernel[1];
        let init = Init::Uniform { bound: 1.0 / (seen.max(1) as f32).sqrt() };
        let shape = [outputs, inputs / groups, kernel[0], kernel[1]];
        Self {
            weight: init.tensor(shape, rng).with_grad(),
            bias: bias.then(|| init.tensor([outputs], rng).with_grad()),
            conv,
        }
    }

    /// `[h, w]` of what comes out for pictures of `size`; 0 where the kernel does not fit.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        self.conv.output_size([self.weight.size(2), self.weight.size(3)], size)
    }
}

impl Module for Conv2d {
    /// `[n, c, h, w] -> [n, o, h', w']`
    fn forward(&self, x: &Tensor) -> Tensor {
        conv2d(x, &self.weight, self.bias.as_ref(), self.conv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::Model;

    #[test]
    fn a_new_layer_starts_as_pytorchs() {
        let options = Conv2dOptions { groups: 4, ..Conv2dOptions::default() };
        let layer = Conv2d::new(64, 128, [5, 5], options, &mut Rng::new(0));
        assert_eq!(layer.weight.shape(), [128, 16, 5, 5]);
        let bound = 1.0 / (16.0 * 25.0_f32).sqrt();
        for t in layer.parameters() {
            let largest = t.abs().max().item();
            assert!(largest <= bound && largest > 0.95 * bound, "{largest} of {bound}");
        }
        let std = layer.weight.std().item();
        assert!((std / (bound / 3_f32.sqrt()) - 1.0).abs() < 0.02, "{std}");
    }

    #[test]
    fn a_layer_without_bias_has_one_parameter() {
        let options = Conv2dOptions { bias: false, ..Conv2dOptions::default() };
        let layer = Conv2d::new(1, 2, [1, 3], options, &mut Rng::new(0));
        let names: Vec<String> = layer.named_parameters().into_iter().map(|p| p.0).collect();
        assert_eq!(names, ["weight"]);
        assert_eq!(layer.output_size([5, 5]), [5, 3]);
    }
}
