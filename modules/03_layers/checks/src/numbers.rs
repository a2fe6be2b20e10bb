//! How the checks read tensors.

use check::Numbers;
use tinytorch_tensor::Tensor;

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// The largest absolute value.
pub fn largest(t: &Tensor) -> f32 {
    t.abs().max().item()
}

/// Whether `got` is within 4 % of `value`: enough for the deviation of 4,000 draws.
pub fn about(got: f32, value: f32) -> bool {
    (got / value - 1.0).abs() < 0.04
}
