//! Binary cross entropy: the losses of yes and no.

use crate::reduction::{Reduction, check_pair};
use tinytorch_tensor::{Op, Reads, Tensor, dispatch};

/// `f` of every pair of two tensors of one shape.
fn zip(x: &[&Tensor], f: impl Fn(f32, f32) -> f32) -> Tensor {
    let (a, b) = (x[0].data(), x[1].data());
    let values = a.iter().zip(b.iter()).map(|(&a, &b)| f(a, b)).collect();
    Tensor::from_vec(values, x[0].shape())
}

/// `-y ln p - (1 - y) ln(1 - p)`, number by number: inputs `p` and `y` of one shape.
pub struct BceOp;

impl Op for BceOp {
    fn name(&self) -> &'static str {
        "bce_loss"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        zip(x, bce)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0) | Reads::input(1)
    }
}

/// The loss of a probability `p` in `[0, 1]` against `y`.
fn bce(p: f32, y: f32) -> f32 {
    // A probability of exactly 0 costs 100 and not infinity, as in PyTorch: one wrong number
    // does not end the training, and 0 times its logarithm is 0.
    let floor = |ln: f32| if ln < -100.0 { -100.0 } else { ln };
    -y * floor(p.ln()) - (1.0 - y) * floor((-p).ln_1p())
}

/// [`BceOp`] of `sigmoid(x)`, number by number: inputs `x` and `y` of one shape.
pub struct BceWithLogitsOp;

impl Op for BceWithLogitsOp {
    fn name(&self) -> &'static str {
        "bce_with_logits"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        zip(x, bce_of_logit)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0) | Reads::input(1)
    }
}

/// The loss of `sigmoid(x)` against `y`, for any finite `x`.
fn bce_of_logit(x: f32, y: f32) -> f32 {
    // ln(1 + e^x) - x y, with ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|): no exponent above 0.
    x.max(0.0) - x * y + (-x.abs()).exp().ln_1p()
}

/// The settings of [`bce_loss`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Bce {
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Bce {
    /// The loss of probabilities against targets of the same shape.
    ///
    /// # Panics
    /// As [`bce_loss`].
    #[track_caller]
    pub fn of(&self, probabilities: &Tensor, target: &Tensor) -> Tensor {
        check_pair("bce_loss", probabilities, target);
        let outside = |p: &&f32| !(0.0..=1.0).contains(*p);
        if let Some(p) = probabilities.data().iter().find(outside) {
            panic!(
                "bce_loss: {p} is not a probability; apply `sigmoid` first, or use \
                 `bce_with_logits`"
            )
        }
        self.reduction.of(dispatch(BceOp, &[probabilities, target]))
    }
}

/// The settings of [`bce_with_logits`].
#[derive(Clone, Debug, Default)]
pub struct BceWithLogits {
    /// How much more a missed yes costs than a missed no; broadcasts to the shape of the
    /// targets, `[c]` for one factor per column. With 1 yes among 100, try 99.
    pub pos_weight: Option<Tensor>,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl BceWithLogits {
    /// The loss of logits against targets of the same shape.
    ///
    /// # Panics
    /// As [`bce_with_logits`], or when `pos_weight` does not broadcast to the targets.
    #[track_caller]
    pub fn of(&self, logits: &Tensor, target: &Tensor) -> Tensor {
        check_pair("bce_with_logits", logits, target);
        self.reduction.of(match &self.pos_weight {
            None => dispatch(BceWithLogitsOp, &[logits, target]),
            Some(weight) => with_weighted_yes(logits, target, weight),
        })
    }
}

/// The losses of logits `[…]` against targets of the same shape, where the share of yes in a
/// target counts `weight` times; `weight` broadcasts to the targets.
#[track_caller]
fn with_weighted_yes(logits: &Tensor, target: &Tensor, weight: &Tensor) -> Tensor {
    let loss = |target: &Tensor| dispatch(BceWithLogitsOp, &[logits, target]);
    let yes = weight * target * loss(&Tensor::ones_like(target));
    yes + (1.0 - target) * loss(&Tensor::zeros_like(target))
}

/// The mean of `-y ln p - (1 - y) ln(1 - p)`: probabilities `[…]` and targets `[…] -> []`.
///
/// Targets are 0 for no, 1 for yes, or between. Logarithms count as -100 at least. [`Bce`] has
/// other reductions; prefer [`bce_with_logits`], which keeps digits that a probability near 1
/// has lost.
///
/// # Panics
/// When the shapes differ, the numbers are integers, or a probability is not in `[0, 1]`.
#[track_caller]
pub fn bce_loss(probabilities: &Tensor, target: &Tensor) -> Tensor {
    Bce::default().of(probabilities, target)
}

/// The mean binary cross entropy of `sigmoid(logits)`: logits `[…]` and targets `[…] -> []`.
///
/// [`BceWithLogits`] has the settings.
///
/// # Panics
/// When the shapes differ, or the numbers are integers.
#[track_caller]
pub fn bce_with_logits(logits: &Tensor, target: &Tensor) -> Tensor {
    BceWithLogits::default().of(logits, target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f32::consts::{LN_2, LN_10};
    use tinytorch_activations::Activations;
    use tinytorch_tensor::Rng;

    const EACH: Reduction = Reduction::None;

    /// Equal to within a few units in the last place of numbers about 1.
    fn close(got: &Tensor, expected: &Tensor) -> bool {
        got.shape() == expected.shape() && (got - expected).abs().max().item() <= 1e-6
    }

    #[test]
    fn yes_and_no_both_count() {
        let p = Tensor::from([0.9, 0.9, 0.5, 0.25]);
        let y = Tensor::from([1.0, 0.0, 1.0, 0.5]);
        let losses = Bce { reduction: EACH }.of(&p, &y);
        // -ln 0.9, -ln 0.1, ln 2, -(ln 0.25 + ln 0.75) / 2
        let expected = Tensor::from([0.105_360_52, LN_10, LN_2, 0.836_988_2]);
        assert!(close(&losses, &expected), "{losses}");
        assert!(close(&bce_loss(&p, &y), &expected.mean()));
        assert!(close(&Bce { reduction: Reduction::Sum }.of(&p, &y), &expected.sum()));
    }

    #[test]
    fn a_probability_of_0_or_1_costs_nothing_or_100() {
        let p = Tensor::from([0.0, 1.0, 0.0, 1.0]);
        let y = Tensor::from([0.0, 1.0, 1.0, 0.0]);
        let losses = Bce { reduction: EACH }.of(&p, &y);
        assert_eq!(losses, Tensor::from([0.0, 0.0, 100.0, 100.0]));
    }

    #[test]
    fn from_logits_it_is_the_loss_of_their_sigmoid() {
        let x = Tensor::randn([3, 4], &mut Rng::new(1));
        let y = Tensor::rand([3, 4], &mut Rng::new(2));
        assert!(close(&bce_with_logits(&x, &y), &bce_loss(&x.sigmoid(), &y)));
        let x = Tensor::from([0.0, 2.0, -1.0]);
        let losses = BceWithLogits { reduction: EACH, ..Default::default() };
        let y = Tensor::from([1.0, 0.0, 0.0]);
        let expected = Tensor::from([LN_2, 2.126_928, 0.313_261_7]);
        assert!(close(&losses.of(&x, &y), &expected));
    }

    #[test]
    fn large_logits_cost_their_size() {
        let x = Tensor::from([1000.0, 1000.0, -1000.0, -1000.0]);
        let y = Tensor::from([1.0, 0.0, 1.0, 0.0]);
        let losses = BceWithLogits { reduction: EACH, ..Default::default() };
        assert_eq!(losses.of(&x, &y), Tensor::from([0.0, 1000.0, 1000.0, 0.0]));
        // e^-20, where 1 - sigmoid(20) has lost its digits.
        let tiny = bce_with_logits(&Tensor::from([20.0]), &Tensor::from([1.0])).item();
        assert!((tiny / 2.061_153_6e-9 - 1.0).abs() < 1e-6, "{tiny:e}");
    }

    #[test]
    fn a_missed_yes_may_cost_more() {
        let (x, y) = (Tensor::from([[0.5, -2.0]]), Tensor::from([[1.0, 0.0]]));
        let each = BceWithLogits { reduction: EACH, ..Default::default() };
        let plain = each.of(&x, &y);
        let weighted = BceWithLogits { pos_weight: Some(Tensor::from([3.0, 3.0])), ..each };
        let expected = &plain * &Tensor::from([[3.0, 1.0]]);
        assert!(close(&weighted.of(&x, &y), &expected));
    }

    #[test]
    fn layouts_make_no_difference() {
        let x = Tensor::randn([3, 4], &mut Rng::new(1));
        let y = Tensor::rand([4, 3], &mut Rng::new(2)).t();
        assert_eq!(bce_with_logits(&x, &y), bce_with_logits(&x, &y.contiguous()));
        let p = x.sigmoid();
        assert_eq!(bce_loss(&p, &y), bce_loss(&p, &y.contiguous()));
    }

    #[test]
    #[should_panic(expected = "bce_loss: 1.5 is not a probability; apply `sigmoid` first")]
    fn a_probability_is_at_most_1() {
        bce_loss(&Tensor::from([0.5, 1.5]), &Tensor::from([0.0, 1.0]));
    }

    #[test]
    #[should_panic(expected = "bce_loss: NaN is not a probability")]
    fn nan_is_no_probability() {
        bce_loss(&Tensor::from([f32::NAN]), &Tensor::from([0.0]));
    }

    #[test]
    #[should_panic(expected = "bce_with_logits: predictions of [2, 1] and targets of [2] differ")]
    fn shapes_are_not_broadcast() {
        bce_with_logits(&Tensor::zeros([2, 1]), &Tensor::zeros([2]));
    }

    #[test]
    fn their_gradients_read_both_inputs() {
        let both = Reads::input(0) | Reads::input(1);
        assert_eq!((BceOp.reads(0), BceOp.name()), (both, "bce_loss"));
        let logits = BceWithLogitsOp;
        assert_eq!((logits.reads(0), logits.name()), (both, "bce_with_logits"));
    }
}
