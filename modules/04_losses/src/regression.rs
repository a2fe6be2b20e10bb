//! Losses for predicting numbers. All are made of ops of module 01.

use crate::reduction::{Reduction, check_pair};
use tinytorch_tensor::Tensor;

/// The settings of [`mse_loss`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Mse {
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Mse {
    /// The loss of `prediction` against `target`, both of one shape.
    ///
    /// # Panics
    /// As [`mse_loss`].
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("mse_loss", prediction, target);
        let difference = prediction - target;
        self.reduction.of(&difference * &difference)
    }
}

/// The settings of [`l1_loss`].
#[derive(Clone, Copy, Debug, Default)]
pub struct L1 {
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl L1 {
    /// The loss of `prediction` against `target`, both of one shape.
    ///
    /// # Panics
    /// As [`l1_loss`].
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("l1_loss", prediction, target);
        self.reduction.of((prediction - target).abs())
    }
}

/// The settings of [`huber_loss`].
#[derive(Clone, Copy, Debug)]
pub struct Huber {
    /// Where the parabola becomes a line; 1 by default.
    pub delta: f32,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Default for Huber {
    fn default() -> Self {
        Self { delta: 1.0, reduction: Reduction::Mean }
    }
}

impl Huber {
    /// The loss of `prediction` against `target`, both of one shape.
    ///
    /// # Panics
    /// As [`huber_loss`].
    #[track_caller]
    pub fn of(&self, prediction: &Tensor, target: &Tensor) -> Tensor {
        check_pair("huber_loss", prediction, target);
        let delta = self.delta;
        assert!(delta > 0.0, "huber_loss: delta must be positive, not {delta}");
        self.reduction.of(parabola_then_line((prediction - target).abs(), delta))
    }
}

/// `d² / 2` up to `delta` and `delta (d - delta / 2)` beyond, for every distance `d` of `[…]`.
fn parabola_then_line(distance: Tensor, delta: f32) -> Tensor {
    // The part of the distance on the parabola, and what is left of it on the line.
    let near = distance.clamp(0.0, delta);
    0.5 * (&near * &near) + delta * (distance - &near)
}

/// The mean of the squared differences: `[…] and […] -> []`.
///
/// The mean is over all numbers, not over the batch alone. [`Mse`] has other reductions.
///
/// # Panics
/// When the shapes differ, or the numbers are integers.
#[track_caller]
pub fn mse_loss(prediction: &Tensor, target: &Tensor) -> Tensor {
    Mse::default().of(prediction, target)
}

/// The mean of the absolute differences: `[…] and […] -> []`.
///
/// Its gradient is 0 where the two agree. [`L1`] has other reductions.
///
/// # Panics
/// When the shapes differ, or the numbers are integers.
#[track_caller]
pub fn l1_loss(prediction: &Tensor, target: &Tensor) -> Tensor {
    L1::default().of(prediction, target)
}

/// The mean of `d² / 2` for differences up to `delta` and of `delta (|d| - delta / 2)` beyond,
/// where one outlier would rule a squared loss: `[…] and […] -> []`.
///
/// P. J. Huber, "Robust estimation of a location parameter" (1964). [`Huber`] has other
/// reductions.
///
/// # Panics
/// When the shapes differ, the numbers are integers, or `delta` is not positive.
#[track_caller]
pub fn huber_loss(prediction: &Tensor, target: &Tensor, delta: f32) -> Tensor {
    Huber { delta, ..Huber::default() }.of(prediction, target)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prediction() -> Tensor {
        Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    }

    fn target() -> Tensor {
        Tensor::from([[1.0, 0.0, 3.5], [4.0, 8.0, 6.0]]) // differences 0 2 -0.5 / 0 -3 0
    }

    #[test]
    fn the_mean_is_over_all_numbers() {
        let (p, y) = (prediction(), target());
        assert_eq!(mse_loss(&p, &y).item(), (4.0 + 0.25 + 9.0) / 6.0);
        assert_eq!(l1_loss(&p, &y).item(), 5.5 / 6.0);
        assert_eq!(mse_loss(&p, &p).item(), 0.0);
        assert_eq!(mse_loss(&p, &y).shape(), []);
    }

    #[test]
    fn other_reductions_are_asked_for() {
        let (p, y) = (prediction(), target());
        let each = Mse { reduction: Reduction::None }.of(&p, &y);
        assert_eq!(each, Tensor::from([[0.0, 4.0, 0.25], [0.0, 9.0, 0.0]]));
        let sum = Reduction::Sum;
        assert_eq!(Mse { reduction: sum }.of(&p, &y).item(), 13.25);
        assert_eq!(L1 { reduction: sum }.of(&p, &y).item(), 5.5);
        assert_eq!(Huber { reduction: sum, delta: 1.0 }.of(&p, &y).item(), 1.5 + 0.125 + 2.5);
    }

    #[test]
    fn huber_is_a_parabola_that_becomes_a_line() {
        let y = Tensor::from([0.0, 0.0, 0.0, 0.0]);
        let p = Tensor::from([1.0, -2.0, 4.0, -1000.0]);
        let huber = Huber { delta: 2.0, reduction: Reduction::None };
        assert_eq!(huber.of(&p, &y), Tensor::from([0.5, 2.0, 6.0, 1998.0]));
        assert_eq!(huber_loss(&p, &p, 2.0).item(), 0.0);
    }

    #[test]
    fn the_mean_of_no_losses_is_not_a_number() {
        let none = Tensor::zeros([0, 3]);
        assert!(mse_loss(&none, &none).item().is_nan());
        assert_eq!(Mse { reduction: Reduction::Sum }.of(&none, &none).item(), 0.0);
    }

    #[test]
    fn layouts_make_no_difference() {
        let (p, y) = (prediction(), target());
        let turned = mse_loss(&p.t().contiguous().t(), &y);
        assert_eq!(turned, mse_loss(&p, &y));
    }

    #[test]
    #[should_panic(expected = "mse_loss: predictions of [4, 1] and targets of [4] differ")]
    fn shapes_are_not_broadcast() {
        mse_loss(&Tensor::zeros([4, 1]), &Tensor::zeros([4]));
    }

    #[test]
    #[should_panic(expected = "l1_loss: predictions and targets are floats, got f32 and i32")]
    fn integer_targets_are_converted_first() {
        l1_loss(&Tensor::from([1.0]), &Tensor::from([1]));
    }

    #[test]
    #[should_panic(expected = "huber_loss: delta must be positive, not 0")]
    fn the_parabola_has_a_width() {
        huber_loss(&Tensor::from([1.0]), &Tensor::from([1.0]), 0.0);
    }
}
