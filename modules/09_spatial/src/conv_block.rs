//! The brick of deep convolutional networks.

use crate::batch_norm2d::BatchNorm2d;
use crate::conv2d_layer::{Conv2d, Conv2dOptions};
use tinytorch_activations::Activations;
use tinytorch_layers::{Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// A convolution by 3 by 3 that keeps the size, batch normalization, ReLU. The convolution has no
/// bias, as the normalization would take it away again.
#[derive(Clone, Debug)]
pub struct ConvBlock {
    /// The convolution.
    pub conv: Conv2d,
    /// The normalization, which also adds the bias.
    pub norm: BatchNorm2d,
}
state!(ConvBlock { conv, norm });

impl ConvBlock {
    /// From `inputs` to `outputs` channels.
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        let options = Conv2dOptions { padding: [1, 1], bias: false, ..Conv2dOptions::default() };
        Self {
            conv: Conv2d::new(inputs, outputs, [3, 3], options, rng),
            norm: BatchNorm2d::new(outputs),
        }
    }
}

impl Module for ConvBlock {
    /// `[n, c, h, w] -> [n, o, h, w]`
    fn forward(&self, x: &Tensor) -> Tensor {
        self.norm.forward(&self.conv.forward(x)).relu()
    }
}
