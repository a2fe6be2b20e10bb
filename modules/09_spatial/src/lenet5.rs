//! LeNet-5.

use crate::avg_pool2d::AvgPool2d;
use crate::conv2d_layer::{Conv2d, Conv2dOptions};
use tinytorch_activations::Activations;
use tinytorch_layers::{Linear, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// The network that read a tenth of the checks in the United States: two convolutions, each
/// followed by a pool, then three fully connected layers.
///
/// Y. LeCun et al., "Gradient-based learning applied to document recognition" (1998), figure 2.
/// Simplified as everywhere since: plain means as pools, all channels of one layer see all of the
/// other, a plain linear layer at the end. On 28 by 28 pixels, padded to 32 as there, it has 61,706
/// parameters.
pub struct LeNet5 {
    /// 6 kernels of 5 by 5, on a picture with a border of 2.
    pub conv1: Conv2d,
    /// 16 kernels of 5 by 5.
    pub conv2: Conv2d,
    /// To 120.
    pub fc1: Linear,
    /// To 84.
    pub fc2: Linear,
    /// To one number per class.
    pub fc3: Linear,
    /// The pool after each convolution.
    pub pool: AvgPool2d,
}
state!(LeNet5 { conv1, conv2, fc1, fc2, fc3 });

impl LeNet5 {
    /// For pictures `[c, h, w]` of this many classes.
    ///
    /// # Panics
    /// When pictures are smaller than 12 by 12: nothing would be left after the second pool.
    #[track_caller]
    pub fn new([c, h, w]: [usize; 3], classes: usize, rng: &mut Rng) -> Self {
        assert!(
            h >= 12 && w >= 12,
            "lenet5: pictures of {:?} leave nothing after two pools; it takes 12 by 12 or more",
            [h, w]
        );
        let border = Conv2dOptions { padding: [2, 2], ..Conv2dOptions::default() };
        let conv1 = Conv2d::new(c, 6, [5, 5], border, rng);
        let conv2 = Conv2d::new(6, 16, [5, 5], Conv2dOptions::default(), rng);
        let pool = AvgPool2d::new([2, 2]);
        let size = pool.output_size(conv1.output_size([h, w]));
        let [h, w] = pool.output_size(conv2.output_size(size));
        Self {
            conv1,
            conv2,
            fc1: Linear::new(16 * h * w, 120, rng),
            fc2: Linear::new(120, 84, rng),
            fc3: Linear::new(84, classes, rng),
            pool,
        }
    }
}

impl Module for LeNet5 {
    /// `[n, c, h, w] -> [n, classes]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = self.pool.forward(&self.conv1.forward(x).tanh());
        let x = self.pool.forward(&self.conv2.forward(&x).tanh());
        let x = self.fc1.forward(&x.flatten(1)).tanh();
        let x = self.fc2.forward(&x).tanh();
        self.fc3.forward(&x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::Model;

    #[test]
    fn it_has_the_parameters_it_is_known_for() {
        let model = LeNet5::new([1, 28, 28], 10, &mut Rng::new(0));
        assert_eq!(model.parameter_count(), 61_706);
        assert_eq!(model.forward(&Tensor::zeros([2, 1, 28, 28])).shape(), [2, 10]);
    }

    #[test]
    fn it_fits_other_pictures() {
        for [c, h, w] in [[3, 32, 32], [1, 12, 12], [2, 13, 40]] {
            let model = LeNet5::new([c, h, w], 7, &mut Rng::new(0));
            assert_eq!(model.forward(&Tensor::zeros([1, c, h, w])).shape(), [1, 7]);
        }
    }
}
