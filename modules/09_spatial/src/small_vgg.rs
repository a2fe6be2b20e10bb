//! A small network in the manner of VGG.

use crate::conv_block::ConvBlock;
use crate::max_pool2d::MaxPool2d;
use tinytorch_activations::Activations;
use tinytorch_layers::{Dropout, Linear, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// Four convolutions of 3 by 3 with batch normalization, in two pairs, a max pool after each pair,
/// then two fully connected layers.
///
/// K. Simonyan, A. Zisserman, "Very deep convolutional networks for large-scale image recognition"
/// (2015): two convolutions of 3 by 3 see as far as one of 5 by 5, with fewer weights and a bend
/// more. For CIFAR-10 and a width of 32 it has 591,466 parameters.
pub struct SmallVgg {
    /// To `width` channels, twice; then to twice as many, twice.
    pub blocks: [ConvBlock; 4],
    /// To 128.
    pub fc1: Linear,
    /// Against overfitting, before the last layer.
    pub dropout: Dropout,
    /// To one number per class.
    pub fc2: Linear,
}
state!(SmallVgg { blocks, fc1, dropout, fc2 });

/// Halves height and width.
const POOL: MaxPool2d = MaxPool2d { kernel: [2, 2], stride: [2, 2], padding: [0, 0] };

impl SmallVgg {
    /// For pictures `[c, h, w]` of this many classes, `width` channels in the first pair.
    ///
    /// # Panics
    /// When pictures are smaller than 4 by 4: nothing would be left after the second pool.
    #[track_caller]
    pub fn new([c, h, w]: [usize; 3], classes: usize, width: usize, rng: &mut Rng) -> Self {
        assert!(
            h >= 4 && w >= 4,
            "small_vgg: pictures of {:?} leave nothing after two pools; it takes 4 by 4 or more",
            [h, w]
        );
        let [h, w] = POOL.output_size(POOL.output_size([h, w]));
        Self {
            blocks: [
                ConvBlock::new(c, width, rng),
                ConvBlock::new(width, width, rng),
                ConvBlock::new(width, 2 * width, rng),
                ConvBlock::new(2 * width, 2 * width, rng),
            ],
            fc1: Linear::new(2 * width * h * w, 128, rng),
            dropout: Dropout::new(0.25, rng),
            fc2: Linear::new(128, classes, rng),
        }
    }
}

impl Module for SmallVgg {
    /// `[n, c, h, w] -> [n, classes]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let [a, b, c, d] = &self.blocks;
        let x = POOL.forward(&b.forward(&a.forward(x)));
        let x = POOL.forward(&d.forward(&c.forward(&x)));
        let x = self.fc1.forward(&x.flatten(1)).relu();
        self.fc2.forward(&self.dropout.forward(&x))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::Model;

    #[test]
    fn for_cifar10_it_has_a_little_over_half_a_million_parameters() {
        let model = SmallVgg::new([3, 32, 32], 10, 32, &mut Rng::new(0));
        assert_eq!(model.parameter_count(), 591_466);
    }

    #[test]
    fn it_fits_other_pictures() {
        for [c, h, w] in [[1, 8, 8], [3, 4, 5], [2, 13, 40]] {
            let model = SmallVgg::new([c, h, w], 7, 4, &mut Rng::new(0));
            assert_eq!(model.forward(&Tensor::zeros([2, c, h, w])).shape(), [2, 7]);
        }
    }
}
