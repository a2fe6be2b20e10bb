//! What the losses over classes share: their shapes, their checks, and their mean.

use crate::reduction::Reduction;
use tinytorch_tensor::{Op, Tensor, dispatch};

/// Scores for classes with the labels that belong to them, as an op wants them.
pub(crate) struct Rows {
    scores: Tensor, // [n, c]
    labels: Tensor, // [n]
}

impl Rows {
    /// `[c]` and `[]` become one row; `[n, c, d…]` and `[n, d…]` become `n d…` of them, by views.
    ///
    /// # Panics
    /// When the shapes are none of these, a label is neither one of the `c` classes nor
    /// `ignored`, or the kinds of numbers are wrong.
    #[track_caller]
    pub fn new(op: &str, scores: &Tensor, labels: &Tensor, ignored: Option<i32>) -> Self {
        let classes = check(op, scores, labels, ignored);
        let (rows, axes) = (labels.numel(), scores.ndim());
        let scores = match axes {
            1 => scores.unsqueeze(0),
            2 => scores.clone(),
            _ => classes_last(scores).reshape([rows as isize, classes as isize]),
        };
        let labels = match labels.ndim() {
            1 => labels.clone(),
            _ => labels.reshape([rows as isize]),
        };
        Self { scores, labels }
    }

    /// The op of scores, labels and, if there are any, weights; unreduced losses take the shape
    /// of the labels.
    #[track_caller]
    pub fn loss(&self, op: impl Op, weight: Option<&Tensor>, losses: &Tensor) -> Tensor {
        let y = match weight {
            Some(weight) => dispatch(op, &[&self.scores, &self.labels, weight]),
            None => dispatch(op, &[&self.scores, &self.labels]),
        };
        if y.ndim() == 0 || y.shape() == losses.shape() { y } else { y.reshape(losses.shape()) }
    }
}

/// A view of scores `[n, c, d…]` as `[n, d…, c]`: what belongs to one label, side by side.
fn classes_last(scores: &Tensor) -> Tensor {
    let axes = scores.ndim() as isize;
    let last: Vec<isize> = [0].into_iter().chain(2..axes).chain([1]).collect();
    scores.permute(&last[..])
}

/// The number of classes.
#[track_caller]
fn check(op: &str, scores: &Tensor, labels: &Tensor, ignored: Option<i32>) -> usize {
    assert!(
        scores.kind() != "i32",
        "{op}: scores are floats, got integers; the prediction comes first, the labels second"
    );
    assert!(
        labels.kind() == "i32",
        "{op}: labels are class numbers of kind i32, got {}; use `to_i32()`, or `argmax` of \
         one-hot rows",
        labels.kind()
    );
    let (shape, axis) = (scores.shape(), usize::from(scores.ndim() > 1));
    let others = shape.iter().enumerate().filter(|&(i, _)| i != axis).map(|(_, n)| n);
    assert!(
        shape.ndim() > 0 && others.eq(labels.shape().iter()),
        "{op}: scores of {shape} and labels of {} do not fit; for scores of [n, c] labels are \
         [n], for [n, c, d] they are [n, d], for [c] a single number",
        labels.shape()
    );
    let classes = shape.size(axis);
    let outside = |&&label: &&i32| {
        Some(label) != ignored && !usize::try_from(label).is_ok_and(|label| label < classes)
    };
    if let Some(label) = labels.ints().iter().find(outside) {
        panic!(
            "{op}: label {label} is not one of the {classes} classes 0..{classes}; set \
             `ignore_index` to leave a label out"
        )
    }
    classes
}

/// # Panics
/// When there is not one weight per class.
#[track_caller]
pub(crate) fn check_weight(op: &str, weight: Option<&Tensor>, scores: &Tensor) {
    let classes = scores.shape().iter().nth(usize::from(scores.ndim() > 1));
    if let (Some(weight), Some(classes)) = (weight, classes) {
        assert!(
            weight.kind() != "i32" && weight.shape() == [classes],
            "{op}: {classes} classes need weights of [{classes}] floats, got {} of kind {}",
            weight.shape(),
            weight.kind()
        );
    }
}

/// How much a class counts: 1 where there are no weights.
fn weight_of(class: usize, weights: Option<&[f32]>) -> f64 {
    weights.map_or(1.0, |weights| f64::from(weights[class]))
}

/// `-w[class] ln p[class]`: the surprise at `class` after the row `ln p` of `[c]`, weighted.
pub(crate) fn surprise(log_p: &[f32], class: usize, weights: Option<&[f32]>) -> f64 {
    -weight_of(class, weights) * f64::from(log_p[class])
}

/// What the mean divides by: the weights of the labels that are not `ignored`, summed.
fn total_weight(labels: &[i32], weights: Option<&[f32]>, ignored: Option<i32>) -> f64 {
    let counted = labels.iter().filter(|&&label| Some(label) != ignored);
    counted.map(|&label| weight_of(label as usize, weights)).sum()
}

/// The losses of rows that are counted, by their label's weight; reduced.
///
/// `loss(i, label)` is the loss of row `i`, weight included. The mean divides by the sum of
/// the labels' weights, so that weights of 2 for all change nothing; of no rows it is 0 / 0, NaN.
pub(crate) fn reduce(
    labels: &[i32],
    weights: Option<&[f32]>,
    ignored: Option<i32>,
    reduction: Reduction,
    loss: impl Fn(usize, usize) -> f64,
) -> Tensor {
    let row = |(i, &label): (usize, &i32)| match Some(label) == ignored {
        true => 0.0,
        false => loss(i, label as usize),
    };
    let losses = labels.iter().enumerate().map(row);
    match reduction {
        Reduction::None => {
            let losses: Vec<f32> = losses.map(|loss| loss as f32).collect();
            Tensor::from_vec(losses, [labels.len()])
        }
        // From +0: the sum of no floats is -0 in Rust.
        Reduction::Sum => Tensor::from(losses.fold(0.0, |sum, loss| sum + loss) as f32),
        Reduction::Mean => {
            let total = total_weight(labels, weights, ignored);
            Tensor::from((losses.sum::<f64>() / total) as f32)
        }
    }
}
