//! The network for digits of 8 x 8.

use tinytorch::prelude::*;
use tinytorch::spatial::Conv2dOptions;

/// Two convolutions, each followed by a ReLU and a pool that halves the picture, and a linear
/// layer: LeNet's plan on a digit of 8 x 8.
///
/// ```text
/// [n, 1, 8, 8] -conv-> [n, 12, 8, 8] -pool-> [n, 12, 4, 4] -conv-> [n, 32, 4, 4] -pool->
/// [n, 32, 2, 2] -linear-> [n, 10]
/// ```
pub struct DigitNet {
    conv1: Conv2d,
    conv2: Conv2d,
    classify: Linear,
}
state!(DigitNet { conv1, conv2, classify });

/// Filters of the first and of the second convolution.
const FILTERS: [usize; 2] = [12, 32];

impl DigitNet {
    /// A network that has learned nothing.
    pub fn new(rng: &mut Rng) -> Self {
        let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
        DigitNet {
            conv1: Conv2d::new(1, FILTERS[0], [3, 3], same, rng),
            conv2: Conv2d::new(FILTERS[0], FILTERS[1], [3, 3], same, rng),
            classify: Linear::new(4 * FILTERS[1], 10, rng),
        }
    }
}

impl Module for DigitNet {
    /// `[n, 1, 8, 8] -> [n, 10]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let halves = MaxPool2d::new([2, 2]);
        let x = halves.forward(&self.conv1.forward(x).relu());
        let x = halves.forward(&self.conv2.forward(&x).relu());
        self.classify.forward(&x.flatten(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_network_has_the_shapes_and_parameters_it_says() {
        let network = DigitNet::new(&mut Rng::new(0));
        assert_eq!(network.forward(&Tensor::zeros([3, 1, 8, 8])).shape(), [3, 10]);
        // 9 x 12 + 12, 9 x 12 x 32 + 32, 128 x 10 + 10
        assert_eq!(network.parameter_count(), 120 + 3488 + 1290);
    }
}
