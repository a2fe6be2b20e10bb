//! From many losses to one.

use tinytorch_tensor::Tensor;

/// What becomes of the losses of a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Reduction {
    /// Their mean, so that the learning rate does not depend on the size of the batch.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Nothing: one loss per number or row.
    None,
}

impl Reduction {
    /// The losses, reduced.
    #[track_caller]
    pub(crate) fn of(self, losses: Tensor) -> Tensor {
        match self {
            Reduction::Mean => losses.mean(),
            Reduction::Sum => losses.sum(),
            Reduction::None => losses,
        }
    }
}

/// Refuses what is not a pair of float tensors of one shape.
///
/// # Panics
/// When the shapes differ, or one of the two holds integers.
#[track_caller]
pub(crate) fn check_pair(op: &str, prediction: &Tensor, target: &Tensor) {
    assert!(
        prediction.kind() != "i32" && target.kind() != "i32",
        "{op}: predictions and targets are floats, got {} and {}; use `to_f32()`",
        prediction.kind(),
        target.kind()
    );
    assert!(
        prediction.shape() == target.shape(),
        "{op}: predictions of {} and targets of {} differ; bring both to one shape, with \
         `squeeze` or `reshape`",
        prediction.shape(),
        target.shape()
    );
}
