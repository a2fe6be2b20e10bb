//! Noise against overfitting.

use crate::module::Module;
use crate::state;
use crate::stream::Stream;
use crate::training::Training;
use tinytorch_tensor::{Op, Reads, Rng, RngState, Shape, Tensor, dispatch};

/// In training, zeroes each number with probability `p` and divides the others by `1 - p`, so
/// that the expected value stays; in evaluation, does nothing.
///
/// N. Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting"
/// (2014); scaling in training instead of evaluation ("inverted") is its section 10. A call
/// takes the next draw of the layer's [`Stream`], so that a run resumed from a checkpoint drops
/// the same numbers as one never stopped.
#[derive(Clone, Debug)]
pub struct Dropout {
    /// The probability that a number is dropped, from 0 to 1.
    pub p: f32,
    /// What decides which.
    pub stream: Stream,
    /// Whether anything is dropped.
    pub training: Training,
}
state!(Dropout { stream, training });

impl Dropout {
    /// A layer that drops each number with probability `p`, in training mode.
    ///
    /// # Panics
    /// When `p` is not in `[0, 1]`.
    #[track_caller]
    pub fn new(p: f32, rng: &mut Rng) -> Self {
        assert!((0.0..=1.0).contains(&p), "dropout: p is a probability from 0 to 1, not {p}");
        Self { p, stream: Stream::new(rng), training: Training::default() }
    }

    /// Whether anything is to be dropped at all.
    fn is_dropping(&self) -> bool {
        self.training.is_on() && self.p > 0.0
    }
}

impl Module for Dropout {
    /// `[…] -> […]`
    fn forward(&self, x: &Tensor) -> Tensor {
        assert!(x.kind() != "i32", "dropout: needs floats, got integers; use `to_f32()` first");
        if !self.is_dropping() {
            return x.clone();
        }
        dispatch(DropoutOp { p: self.p, state: self.stream.draw().state() }, &[x])
    }
}

/// `x` times a mask: each number times 0 with probability `p`, and times `1 / (1 - p)` otherwise.
///
/// The mask is a pure function of `state` and of where a number stands, so nobody keeps it: the
/// gradient is the same op of the output's gradient, which draws the same mask again. A kept one
/// would be as many bytes as `x` until the way back; drawing costs five multiplications a number.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct DropoutOp {
    /// The probability that a number is dropped, from 0 to 1.
    pub p: f32,
    /// Where the random numbers begin: one for each number of `x`, in row-major order.
    pub state: RngState,
}

impl DropoutOp {
    /// The factors of this shape: 0 for what is dropped, the scale for what is kept.
    pub fn mask(&self, shape: Shape) -> Tensor {
        let (mut rng, keep) = (Rng::from_state(self.state), 1.0 / (1.0 - self.p));
        let factor = |_| if rng.uniform() < self.p { 0.0 } else { keep };
        Tensor::from_vec((0..shape.numel()).map(factor).collect(), shape)
    }
}

impl Op for DropoutOp {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0] * self.mask(x[0].shape())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Model, evaluating};

    const N: usize = 100_000;

    #[test]
    fn what_is_kept_is_scaled_so_that_the_mean_stays() {
        let drop = Dropout::new(0.2, &mut Rng::new(1));
        let y = drop.forward(&Tensor::ones([N]));
        let dropped = y.data().iter().filter(|&&v| v == 0.0).count() as f32;
        assert!(y.data().iter().all(|&v| v == 0.0 || v == 1.25));
        // Three standard deviations of the count are 380.
        assert!((dropped - 0.2 * N as f32).abs() < 400.0, "{dropped}");
        assert!((y.mean().item() - 1.0).abs() < 0.005);
    }

    #[test]
    fn evaluation_drops_nothing() {
        let mut drop = Dropout::new(0.5, &mut Rng::new(1));
        let x = Tensor::ones([100]);
        assert_eq!(evaluating(|| drop.forward(&x)), x);
        drop.eval();
        assert_eq!(drop.forward(&x), x);
        assert_eq!(drop.stream.state().stream, 0, "nothing was drawn");
        drop.train();
        assert_ne!(drop.forward(&x), x);
    }

    #[test]
    fn p_of_0_and_of_1_are_allowed() {
        let (rng, x) = (&mut Rng::new(1), Tensor::ones([100]));
        assert_eq!(Dropout::new(0.0, rng).forward(&x), x);
        assert_eq!(Dropout::new(1.0, rng).forward(&x), Tensor::zeros([100]));
    }

    #[test]
    fn every_call_drops_other_numbers_and_a_restored_stream_the_same() {
        let mut drop = Dropout::new(0.5, &mut Rng::new(1));
        let x = Tensor::ones([100]);
        let first = drop.forward(&x);
        let state = drop.stream.state();
        let second = drop.forward(&x);
        assert_ne!(first, second);
        drop.stream.set_state(state);
        assert_eq!(drop.forward(&x), second);
    }

    #[test]
    #[should_panic(expected = "dropout: p is a probability from 0 to 1, not 1.5")]
    fn p_is_a_probability() {
        Dropout::new(1.5, &mut Rng::new(0));
    }
}
