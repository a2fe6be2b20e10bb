//! Cross entropy of scores with class labels.

use crate::classes::{Rows, check_weight, reduce, surprise};
use crate::reduction::Reduction;
use tinytorch_activations::Activations;
use tinytorch_tensor::{Op, Reads, Tensor};

/// `-sum_j q[j] w[j] ln softmax(x)[j]` per row, where `q` is 1 at the label, or with smoothing
/// `ε / c` everywhere and `1 - ε` more at the label.
///
/// Inputs: logits `[n, c]`, labels `[n]` and, if wanted, class weights `[c]`.
pub struct CrossEntropyOp {
    /// `ε`, from 0 to 1.
    pub label_smoothing: f32,
    /// Rows with this label count for nothing.
    pub ignore_index: Option<i32>,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl Op for CrossEntropyOp {
    fn name(&self) -> &'static str {
        "cross_entropy"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let log_p = x[0].log_softmax(1);
        let (log_p, labels, weights) = (log_p.data(), x[1].ints(), x.get(2).map(|w| w.data()));
        let (classes, weights) = (x[0].shape().size(1), weights.as_deref());
        let row = |i: usize| &log_p[i * classes..(i + 1) * classes];
        let loss = |i: usize, label: usize| match self.label_smoothing {
            0.0 => surprise(row(i), label, weights), // not 0 times the infinite loss of another
            share => smoothed(row(i), label, weights, f64::from(share)),
        };
        reduce(&labels, weights, self.ignore_index, self.reduction, loss)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0) | Reads::input(1) | Reads::input(2)
    }
}

/// The surprise at `label` after the row `ln p` of `[c]`, with `share` of it spread evenly over
/// the surprises at all classes, the label's own among them.
fn smoothed(log_p: &[f32], label: usize, weights: Option<&[f32]>, share: f64) -> f64 {
    let all: f64 = (0..log_p.len()).map(|class| surprise(log_p, class, weights)).sum();
    (1.0 - share) * surprise(log_p, label, weights) + share / log_p.len() as f64 * all
}

/// The settings of [`cross_entropy`].
///
/// `ignore_index` is off by default; PyTorch ignores -100.
#[derive(Clone, Debug, Default)]
pub struct CrossEntropy {
    /// The share of the probability that is spread over all classes, from 0 to 1: the model
    /// need not be certain. C. Szegedy et al., "Rethinking the Inception architecture" (2016),
    /// section 7.
    pub label_smoothing: f32,
    /// Rows with this label count for nothing, in the mean neither: padding, for example.
    pub ignore_index: Option<i32>,
    /// One factor per class, `[c]`; the mean divides by those of the labels.
    pub weight: Option<Tensor>,
    /// What becomes of the losses.
    pub reduction: Reduction,
}

impl CrossEntropy {
    /// The loss of logits: `[n, c] and [n]`, `[c] and []`, `[n, c, d…] and [n, d…]`. Unreduced,
    /// it has the shape of the labels.
    ///
    /// # Panics
    /// As [`cross_entropy`]; when there is not one weight per class; when `label_smoothing` is
    /// not in `[0, 1]`.
    #[track_caller]
    pub fn of(&self, logits: &Tensor, labels: &Tensor) -> Tensor {
        let smoothing = self.label_smoothing;
        assert!(
            (0.0..=1.0).contains(&smoothing),
            "cross_entropy: label_smoothing is a share from 0 to 1, not {smoothing}"
        );
        let rows = Rows::new("cross_entropy", logits, labels, self.ignore_index);
        check_weight("cross_entropy", self.weight.as_ref(), logits);
        let op = CrossEntropyOp {
            label_smoothing: smoothing,
            ignore_index: self.ignore_index,
            reduction: self.reduction,
        };
        rows.loss(op, self.weight.as_ref(), labels)
    }
}

/// The mean of minus the logarithms of the labels' probabilities: `[n, c] and [n] -> []`.
///
/// Takes scores ("logits") and computes their softmax itself; probabilities would be squeezed
/// through it twice. A model that knows nothing has the loss `ln c`. [`CrossEntropy`] has the
/// settings.
///
/// # Panics
/// When the shapes do not fit, or a label is not an integer in `0..c`.
#[track_caller]
pub fn cross_entropy(logits: &Tensor, labels: &Tensor) -> Tensor {
    CrossEntropy::default().of(logits, labels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nll_loss;
    use tinytorch_tensor::Rng;

    const NONE: CrossEntropy = CrossEntropy {
        label_smoothing: 0.0,
        ignore_index: None,
        weight: None,
        reduction: Reduction::None,
    };

    /// Equal to within a few units in the last place of numbers about 1.
    fn close(got: &Tensor, expected: &Tensor) -> bool {
        got.shape() == expected.shape() && (got - expected).abs().max().item() <= 1e-6
    }

    /// ln(1 + e^-1 + e^-2): the loss of class 2 of `[1, 2, 3]`.
    const BEST: f32 = 0.407_605_96;

    #[test]
    fn a_model_that_knows_nothing_loses_the_logarithm_of_the_number_of_classes() {
        let loss = cross_entropy(&Tensor::zeros([4, 3]), &Tensor::from([0, 1, 2, 0]));
        assert!(close(&loss, &Tensor::from(3_f32.ln())));
    }

    #[test]
    fn each_row_loses_what_its_own_label_lacks() {
        let logits = Tensor::from([[1.0, 2.0, 3.0], [3.0, 1.0, 2.0]]);
        let labels = Tensor::from([2, 1]);
        let expected = Tensor::from([BEST, BEST + 2.0]);
        assert!(close(&NONE.of(&logits, &labels), &expected));
        assert!(close(&cross_entropy(&logits, &labels), &Tensor::from(BEST + 1.0)));
    }

    #[test]
    fn it_is_log_softmax_then_nll() {
        let logits = Tensor::randn([8, 5], &mut Rng::new(3));
        let labels = Tensor::randint([8], 0, 5, &mut Rng::new(4));
        let both = nll_loss(&logits.log_softmax(1), &labels);
        assert!(close(&cross_entropy(&logits, &labels), &both));
    }

    #[test]
    fn large_logits_are_fine() {
        let logits = Tensor::from([[1000.0, -1000.0], [1000.0, -1000.0]]);
        let losses = NONE.of(&logits, &Tensor::from([0, 1]));
        assert_eq!(losses, Tensor::from([0.0, 2000.0]));
        let masked = Tensor::from([[0.0, f32::NEG_INFINITY]]);
        assert_eq!(NONE.of(&masked, &Tensor::from([0])), Tensor::from([0.0]));
    }

    #[test]
    fn smoothing_spreads_a_share_over_all_classes() {
        let logits = Tensor::from([[1.0, 2.0, 3.0]]); // losses BEST + 2, BEST + 1, BEST
        let smoothed = CrossEntropy { label_smoothing: 0.3, ..NONE };
        let expected = Tensor::from([BEST + 0.1 * 2.0 + 0.1 * 1.0]);
        assert!(close(&smoothed.of(&logits, &Tensor::from([2])), &expected));
    }

    #[test]
    fn smoothing_weighs_each_class_with_its_own_weight() {
        let logits = Tensor::from([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]);
        let weight = Some(Tensor::from([1.0, 2.0, 4.0]));
        let mean =
            CrossEntropy { label_smoothing: 0.3, weight, reduction: Reduction::Mean, ..NONE };
        // Row 0 of label 2, row 1 of label 0; the mean divides by 4 + 1.
        let all = (BEST + 2.0) + 2.0 * (BEST + 1.0) + 4.0 * BEST;
        let first = 0.7 * 4.0 * BEST + 0.1 * all;
        let second = 0.7 * 3_f32.ln() + 0.1 * 7.0 * 3_f32.ln();
        let expected = Tensor::from((first + second) / 5.0);
        assert!(close(&mean.of(&logits, &Tensor::from([2, 0])), &expected));
    }

    #[test]
    fn ignored_rows_leave_the_mean() {
        let logits = Tensor::from([[1.0, 2.0, 3.0], [5.0, 0.0, 0.0]]);
        let labels = Tensor::from([2, -1]);
        for label_smoothing in [0.0, 0.3] {
            let padded =
                CrossEntropy { ignore_index: Some(-1), label_smoothing, ..Default::default() };
            let expected = BEST + label_smoothing;
            assert!(close(&padded.of(&logits, &labels), &Tensor::from(expected)));
            assert!(padded.of(&logits, &Tensor::from([-1, -1])).item().is_nan());
            let sum = CrossEntropy { reduction: Reduction::Sum, ..padded };
            assert_eq!(sum.of(&logits, &Tensor::from([-1, -1])).item(), 0.0);
        }
    }

    #[test]
    fn a_single_row_and_a_row_per_pixel() {
        let row = Tensor::from([1.0, 2.0, 3.0]);
        assert!(close(&NONE.of(&row, &Tensor::from(2)), &Tensor::from(BEST)));

        let logits = Tensor::randn([2, 3, 4, 5], &mut Rng::new(5)); // [n, c, h, w]
        let labels = Tensor::randint([2, 4, 5], 0, 3, &mut Rng::new(6));
        let losses = NONE.of(&logits, &labels);
        assert_eq!(losses.shape(), [2, 4, 5]);
        let pixel = logits.select(3, 2).select(2, 1).select(0, 1); // [c] of pixel (1, 2)
        let label = labels.select(2, 2).select(1, 1).select(0, 1);
        let expected = losses.at([1, 1, 2]);
        assert!(close(&NONE.of(&pixel, &label), &Tensor::from(expected)));
        assert!(close(&cross_entropy(&logits, &labels), &losses.mean()));
    }

    #[test]
    fn no_rows_have_no_mean() {
        let (logits, labels) = (Tensor::zeros([0, 3]), Tensor::arange_i32(0));
        assert!(cross_entropy(&logits, &labels).item().is_nan());
        assert_eq!(NONE.of(&logits, &labels).shape(), [0]);
        let sum = CrossEntropy { reduction: Reduction::Sum, ..NONE }.of(&logits, &labels);
        assert_eq!(sum.item().to_bits(), 0.0_f32.to_bits());
    }

    #[test]
    #[should_panic(expected = "cross_entropy: label 3 is not one of the 3 classes 0..3")]
    fn a_label_outside_is_refused() {
        cross_entropy(&Tensor::zeros([2, 3]), &Tensor::from([0, 3]));
    }

    #[test]
    #[should_panic(expected = "cross_entropy: label -100 is not one of the 3 classes")]
    fn nothing_is_ignored_unasked() {
        cross_entropy(&Tensor::zeros([1, 3]), &Tensor::from([-100]));
    }

    #[test]
    #[should_panic(expected = "labels are class numbers of kind i32, got f32; use `to_i32()`")]
    fn labels_are_integers() {
        cross_entropy(&Tensor::zeros([2, 3]), &Tensor::from([0.0, 1.0]));
    }

    #[test]
    #[should_panic(expected = "scores of [2, 3] and labels of [3] do not fit")]
    fn there_is_one_label_per_row() {
        cross_entropy(&Tensor::zeros([2, 3]), &Tensor::from([0, 1, 2]));
    }

    #[test]
    #[should_panic(expected = "label_smoothing is a share from 0 to 1, not 2")]
    fn a_share_is_at_most_1() {
        CrossEntropy { label_smoothing: 2.0, ..NONE }
            .of(&Tensor::zeros([1, 2]), &Tensor::from([0]));
    }

    #[test]
    fn its_gradient_reads_everything_but_the_output() {
        let reads =
            CrossEntropyOp { label_smoothing: 0.0, ignore_index: None, reduction: Reduction::Mean }
                .reads(0);
        assert_eq!(reads, Reads::input(0) | Reads::input(1) | Reads::input(2));
    }
}
