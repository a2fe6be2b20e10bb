//! The negative log-likelihood of class labels.

use crate::classes::{Rows, check_weight, reduce, surprise};
use crate::reduction::Reduction;
use tinytorch_tensor::{Op, Reads, Tensor};

/// `-w[y] x[y]` per row: inputs log-probabilities `[n, c]`, labels `[n]` and, if wanted, class
/// weights `[c]`.
pub struct NllLossOp {
    /// Rows with this label count for nothing.
    pub ignore_index: Option<i32>,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Op for NllLossOp {
    fn name(&self) -> &'static str {
        "nll_loss"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (log_p, labels, weights) = (x[0].data(), x[1].ints(), x.get(2).map(|w| w.data()));
        let (classes, weights) = (x[0].shape().size(1), weights.as_deref());
        let row = |i: usize| &log_p[i * classes..(i + 1) * classes];
        let loss = |i: usize, label: usize| surprise(row(i), label, weights);
        reduce(&labels, weights, self.ignore_index, self.reduction, loss)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1) | Reads::input(2)
    }
}

/// The settings of [`nll_loss`].
#[derive(Clone, Debug, Default)]
pub struct Nll {
    /// Rows with this label count for nothing, in the mean neither.
    pub ignore_index: Option<i32>,
    /// One factor per class, `[c]`; the mean divides by those of the labels.
    pub weight: Option<Tensor>,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Nll {
    /// The loss of log-probabilities: `[n, c] and [n]`, `[c] and []`, `[n, c, d…] and [n, d…]`.
    ///
    /// # Panics
    /// As [`nll_loss`], or when there is not one weight per class.
    #[track_caller]
    pub fn of(&self, log_probabilities: &Tensor, labels: &Tensor) -> Tensor {
        let (ignore_index, reduction) = (self.ignore_index, self.reduction);
        let rows = Rows::new("nll_loss", log_probabilities, labels, ignore_index);
        check_weight("nll_loss", self.weight.as_ref(), log_probabilities);
        let op = NllLossOp { ignore_index, reduction };
        rows.loss(op, self.weight.as_ref(), labels)
    }
}

/// The mean of minus the log-probabilities of the labels: `[n, c] and [n] -> []`.
///
/// Takes what `log_softmax(1)` gives; [`cross_entropy`](crate::cross_entropy) does both. [`Nll`]
/// has the settings.
///
/// # Panics
/// When the shapes do not fit, or a label is not an integer in `0..c`.
#[track_caller]
pub fn nll_loss(log_probabilities: &Tensor, labels: &Tensor) -> Tensor {
    Nll::default().of(log_probabilities, labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log_p() -> Tensor {
        Tensor::from([[-0.5, -1.0, -2.0], [-3.0, -0.25, -1.5], [-0.75, -4.0, -1.0]])
    }

    #[test]
    fn the_column_of_the_label_is_picked_from_each_row() {
        let labels = Tensor::from([2, 0, 1]);
        assert_eq!(nll_loss(&log_p(), &labels).item(), (2.0 + 3.0 + 4.0) / 3.0);
        let each = Nll { reduction: Reduction::None, ..Nll::default() }.of(&log_p(), &labels);
        assert_eq!(each, Tensor::from([2.0, 3.0, 4.0]));
    }

    #[test]
    fn the_mean_divides_by_the_weights_of_the_labels() {
        let weight = Some(Tensor::from([1.0, 2.0, 5.0]));
        let labels = Tensor::from([0, 1, 1]);
        let mut nll = Nll { weight, ..Nll::default() };
        assert_eq!(nll.of(&log_p(), &labels).item(), (0.5 + 2.0 * 0.25 + 2.0 * 4.0) / 5.0);
        nll.reduction = Reduction::Sum;
        assert_eq!(nll.of(&log_p(), &labels).item(), 9.0);
    }

    #[test]
    fn ignored_rows_count_for_nothing() {
        let labels = Tensor::from([0, -100, 1]);
        let mut nll = Nll { ignore_index: Some(-100), ..Nll::default() };
        assert_eq!(nll.of(&log_p(), &labels).item(), (0.5 + 4.0) / 2.0);
        nll.reduction = Reduction::None;
        assert_eq!(nll.of(&log_p(), &labels), Tensor::from([0.5, 0.0, 4.0]));
    }

    #[test]
    #[should_panic(expected = "nll_loss: 3 classes need weights of [3] floats, got [2]")]
    fn every_class_has_its_weight() {
        let weight = Some(Tensor::from([1.0, 2.0]));
        Nll { weight, ..Nll::default() }.of(&log_p(), &Tensor::from([0, 0, 0]));
    }

    #[test]
    fn its_gradient_reads_the_labels_and_the_weights() {
        let op = NllLossOp { ignore_index: None, reduction: Reduction::Mean };
        assert_eq!(op.reads(0), Reads::input(1) | Reads::input(2));
        assert_eq!(op.name(), "nll_loss");
    }
}
