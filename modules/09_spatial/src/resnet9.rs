//! A residual network of nine layers.

use crate::conv_block::ConvBlock;
use crate::max_pool2d::MaxPool2d;
use tinytorch_layers::{Linear, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// Eight convolutions, two pairs of which are bypassed, and one fully connected layer: the network
/// that trained CIFAR-10 to 94 % in under a minute on one graphics card.
///
/// D. Page, "How to train your ResNet" (2018, part 4), for the DAWNBench contest; after K. He et
/// al., "Deep residual learning for image recognition" (2016). For CIFAR-10 and a width of 64 it
/// has 6,573,120 parameters.
pub struct ResNet9 {
    /// To `width` channels.
    pub prep: ConvBlock,
    /// To `2 width` channels and half the size, with a bypassed pair behind.
    pub layer1: ConvBlock,
    /// The bypassed pair of the first layer.
    pub residual1: Residual,
    /// To `4 width` channels and a quarter of the size.
    pub layer2: ConvBlock,
    /// To `8 width` channels and an eighth of the size.
    pub layer3: ConvBlock,
    /// The bypassed pair of the third layer.
    pub residual3: Residual,
    /// To one number per class.
    pub fc: Linear,
}
state!(ResNet9 { prep, layer1, residual1, layer2, layer3, residual3, fc });

/// Two blocks and a way around them: `x + f(x)`. The gradient takes that way unchanged, however
/// many such pairs follow each other.
#[derive(Clone, Debug)]
pub struct Residual {
    /// The two blocks.
    pub blocks: [ConvBlock; 2],
}
state!(Residual { blocks });

impl Residual {
    /// For this many channels.
    pub fn new(channels: usize, rng: &mut Rng) -> Self {
        Self { blocks: [0, 1].map(|_| ConvBlock::new(channels, channels, rng)) }
    }
}

impl Module for Residual {
    /// `[n, c, h, w] -> [n, c, h, w]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let [first, second] = &self.blocks;
        x + second.forward(&first.forward(x))
    }
}

/// Halves height and width.
const POOL: MaxPool2d = MaxPool2d { kernel: [2, 2], stride: [2, 2], padding: [0, 0] };

/// What the scores are multiplied by, which keeps the first softmax even.
const SCALE: f32 = 0.125;

impl ResNet9 {
    /// For pictures of `c` channels, of 8 by 8 pixels or more, of this many classes; `width`
    /// channels at the first layer.
    pub fn new(c: usize, classes: usize, width: usize, rng: &mut Rng) -> Self {
        Self {
            prep: ConvBlock::new(c, width, rng),
            layer1: ConvBlock::new(width, 2 * width, rng),
            residual1: Residual::new(2 * width, rng),
            layer2: ConvBlock::new(2 * width, 4 * width, rng),
            layer3: ConvBlock::new(4 * width, 8 * width, rng),
            residual3: Residual::new(8 * width, rng),
            fc: Linear::without_bias(8 * width, classes, rng),
        }
    }
}

impl Module for ResNet9 {
    /// `[n, c, h, w] -> [n, classes]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let x = POOL.forward(&self.layer1.forward(&self.prep.forward(x)));
        let x = POOL.forward(&self.layer2.forward(&self.residual1.forward(&x)));
        let x = self.residual3.forward(&POOL.forward(&self.layer3.forward(&x)));
        let [_, _, h, w] = x.shape().dims();
        let strongest = MaxPool2d::new([h, w]).forward(&x).flatten(1);
        self.fc.forward(&strongest) * SCALE
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_layers::Model;

    #[test]
    fn for_cifar10_it_has_the_parameters_it_is_known_for() {
        let model = ResNet9::new(3, 10, 64, &mut Rng::new(0));
        assert_eq!(model.parameter_count(), 6_573_120);
    }

    #[test]
    fn every_parameter_takes_part_and_pictures_may_be_of_any_size() {
        let rng = &mut Rng::new(0);
        for [h, w] in [[8, 8], [16, 16], [9, 17]] {
            let model = ResNet9::new(1, 5, 2, rng);
            let y = model.forward(&Tensor::randn([3, 1, h, w], rng));
            assert_eq!(y.shape(), [3, 5]);
            let grads = (&y * &y).sum().backward();
            assert!(model.parameters().iter().all(|p| grads.get(p).is_some()));
        }
    }

    #[test]
    fn a_residual_whose_blocks_say_nothing_is_the_identity() {
        let mut residual = Residual::new(2, &mut Rng::new(0));
        residual.blocks[1].norm.weight = Some(Tensor::zeros([2]));
        let x = Tensor::randn([2, 2, 3, 3], &mut Rng::new(1));
        assert_eq!(residual.forward(&x), x);
    }
}
