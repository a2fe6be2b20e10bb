//! How the checks read tensors, and the numbers that they share with the lesson.

use check::Numbers;
use tinytorch_tensor::Tensor;

/// ln(1 + e^-1 + e^-2): the surprise at class 2 after logits 1, 2, 3.
pub const BEST: f32 = 0.407_605_96;

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// Whether these are the numbers that a known mistake gives, whatever their shape.
pub fn like(t: &Tensor, mistaken: &[f32]) -> bool {
    let near = |(a, b): (f32, &f32)| (a - b).abs() <= 1e-4 * b.abs().max(1.0);
    t.numel() == mistaken.len() && t.to_vec().into_iter().zip(mistaken).all(near)
}

/// Whether a number came out that is none.
pub fn has_nan(t: &Tensor) -> bool {
    t.to_vec().iter().any(|x| x.is_nan())
}

/// Whether a NaN or an infinity came out.
pub fn is_no_number(t: &Tensor) -> bool {
    t.to_vec().iter().any(|x| !x.is_finite())
}
