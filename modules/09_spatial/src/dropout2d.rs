//! Dropout of whole channels.

use crate::picture::pictures;
use tinytorch_layers::{DropoutOp, Module, Stream, Training, state};
use tinytorch_tensor::{Rng, Tensor};

/// In training, zeroes each channel of each picture with probability `p` and divides the others
/// by `1 - p`; in evaluation, does nothing.
///
/// Neighboring pixels tell nearly the same, so that the loss of single ones is no loss: J. Tompson
/// et al., "Efficient object localization using convolutional networks" (2015), section 3.2.
#[derive(Clone, Debug)]
pub struct Dropout2d {
    /// The probability that a channel is dropped, from 0 to 1.
    pub p: f32,
    /// What decides which.
    pub stream: Stream,
    /// Whether anything is dropped.
    pub training: Training,
}
state!(Dropout2d { stream, training });

impl Dropout2d {
    /// A layer that drops each channel with probability `p`, in training mode.
    ///
    /// # Panics
    /// When `p` is not in `[0, 1]`.
    #[track_caller]
    pub fn new(p: f32, rng: &mut Rng) -> Self {
        assert!((0.0..=1.0).contains(&p), "dropout2d: p is a probability from 0 to 1, not {p}");
        Self { p, stream: Stream::new(rng), training: Training::default() }
    }
}

impl Module for Dropout2d {
    /// `[n, c, h, w] -> [n, c, h, w]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let [n, c, _, _] = pictures("dropout2d", x);
        if !self.training.is_on() || self.p == 0.0 {
            return x.clone();
        }
        let op = DropoutOp { p: self.p, state: self.stream.draw().state() };
        x * op.mask([n, c, 1, 1].into()) // a number per channel, too few for an op of their own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::{Model, evaluating};

    #[test]
    fn a_channel_is_kept_or_dropped_as_a_whole() {
        let drop = Dropout2d::new(0.25, &mut Rng::new(1));
        let y = drop.forward(&Tensor::ones([100, 40, 2, 3])).reshape([4000, 6]);
        let firsts = y.narrow(1, 0, 1);
        assert_eq!(y, firsts.expand([4000, 6]));
        let kept = firsts.gt(0.0).to_f32().mean().item();
        assert_eq!(firsts.max().item(), 1.0 / 0.75);
        // Three standard deviations of the mean are 0.02.
        assert!((kept - 0.75).abs() < 0.02, "{kept}");
    }

    #[test]
    fn evaluation_drops_nothing() {
        let mut drop = Dropout2d::new(1.0, &mut Rng::new(1));
        let x = Tensor::ones([2, 3, 2, 2]);
        assert_eq!(drop.forward(&x), Tensor::zeros([2, 3, 2, 2]));
        assert_eq!(evaluating(|| drop.forward(&x)), x);
        drop.eval();
        assert_eq!(drop.forward(&x), x);
    }
}
