//! Gradients kept within bounds, so that one bad batch does not undo a thousand good ones.

use tinytorch_autograd::Gradients;

/// Scales all gradients by one factor so that their norm is at most `max_norm`; the norm before.
///
/// The norm is that of all gradients laid end to end, `sqrt(sum of squares)`; the factor
/// `max_norm / (norm + 1e-6)`, and 1 where that is larger. So the direction of the step stays, and
/// small gradients are left alone.
///
/// **When a gradient holds an infinity or no number at all, so does the answer, and nothing is
/// scaled**: look at it before stepping. ([`Trainer`](crate::Trainer) does, and stops.)
///
/// The squares are summed in `f64`, and in an order that depends on their values alone.
///
/// PyTorch's `torch.nn.utils.clip_grad_norm_`. Source: Pascanu, Mikolov & Bengio, "On the
/// difficulty of training recurrent neural networks" (2013), algorithm 1.
///
/// # Panics
/// When `max_norm` is negative or no number.
///
/// # Example
/// ```
/// use tinytorch_autograd::Backward;
/// use tinytorch_tensor::Tensor;
/// use tinytorch_training::clip_grad_norm;
///
/// let x = Tensor::from([3.0, 4.0]).with_grad();
/// let mut grads = (&x * &x).sum().backward(); // 2x: the norm is 10
/// assert_eq!(clip_grad_norm(&mut grads, 5.0), 10.0);
/// let clipped = grads.of(&x).to_vec();
/// assert!((clipped[0] - 3.0).abs() < 1e-5 && (clipped[1] - 4.0).abs() < 1e-5);
/// ```
#[track_caller]
pub fn clip_grad_norm(grads: &mut Gradients, max_norm: f32) -> f32 {
    assert!(max_norm >= 0.0, "clip_grad_norm: a norm is never below 0, got {max_norm}");
    let square = |&g: &f32| f64::from(g) * f64::from(g);
    let mut squares =
        grads.iter().map(|(_, grad)| grad.data().iter().map(square).sum()).collect::<Vec<f64>>();
    // Gradients come in no certain order; a sum of floats depends on its order.
    squares.sort_by(f64::total_cmp);
    let norm = squares.iter().sum::<f64>().sqrt();
    let factor = f64::from(max_norm) / (norm + 1e-6);
    if norm.is_finite() && factor < 1.0 {
        grads.scale(factor as f32);
    }
    norm as f32
}

/// Cuts every number of every gradient to between `-limit` and `limit`.
///
/// The direction of the step changes; [`clip_grad_norm`] keeps it. What is no number stays so.
///
/// PyTorch's `torch.nn.utils.clip_grad_value_`.
///
/// # Panics
/// When `limit` is negative or no number.
#[track_caller]
pub fn clip_grad_value(grads: &mut Gradients, limit: f32) {
    assert!(limit >= 0.0, "clip_grad_value: a limit is never below 0, got {limit}");
    for (_, grad) in grads.iter_mut() {
        *grad = grad.clamp(-limit, limit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_tensor::Tensor;

    /// Two leaves and the gradients `a` and `b` at them.
    fn gradients(a: &[f32], b: &[f32]) -> (Tensor, Tensor, Gradients) {
        let leaf = |values: &[f32]| Tensor::zeros([values.len()]).with_grad();
        let weighted = |x: &Tensor, values: &[f32]| {
            (x * Tensor::from_vec(values.to_vec(), [values.len()])).sum()
        };
        let (x, y) = (leaf(a), leaf(b));
        let grads = (weighted(&x, a) + weighted(&y, b)).backward();
        (x, y, grads)
    }

    #[test]
    fn the_norm_is_over_all_gradients_and_all_shrink_alike() {
        let (x, y, mut grads) = gradients(&[3.0, 0.0], &[0.0, -4.0]);
        assert_eq!(clip_grad_norm(&mut grads, 1.0), 5.0);
        let (x, y) = (grads.of(&x).to_vec(), grads.of(&y).to_vec());
        assert!((x[0] - 0.6).abs() < 1e-6 && (y[1] + 0.8).abs() < 1e-6, "{x:?} {y:?}");
        assert_eq!((x[1], y[0]), (0.0, 0.0));
        assert!((clip_grad_norm(&mut grads, 9.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn small_gradients_are_left_alone() {
        let (x, _, mut grads) = gradients(&[0.3, 0.1], &[0.2]);
        clip_grad_norm(&mut grads, 0.5);
        assert_eq!(grads.of(&x).to_vec(), [0.3, 0.1]);
        let (x, _, mut zero) = gradients(&[0.0], &[0.0]);
        assert_eq!(clip_grad_norm(&mut zero, 0.0), 0.0);
        assert_eq!(zero.of(&x).to_vec(), [0.0]);
    }

    #[test]
    fn the_factor_has_the_margin_of_pytorch() {
        // torch.nn.utils.clip_grad_norm_ of 1e-6 to 1e-6: 1e-6 / (1e-6 + 1e-6) of it.
        let (x, _, mut grads) = gradients(&[1e-6], &[0.0]);
        clip_grad_norm(&mut grads, 1e-6);
        assert!((grads.of(&x).item() - 5e-7).abs() < 1e-12);
    }

    #[test]
    fn what_is_not_finite_is_reported_and_not_spread() {
        for bad in [f32::INFINITY, f32::NAN] {
            let (_, y, mut grads) = gradients(&[bad], &[2.0]);
            assert!(!clip_grad_norm(&mut grads, 1.0).is_finite());
            assert_eq!(grads.of(&y).to_vec(), [2.0]);
        }
    }

    #[test]
    fn squares_that_overflow_f32_do_not() {
        let (x, _, mut grads) = gradients(&[3e30], &[4e30]);
        assert_eq!(clip_grad_norm(&mut grads, 5.0), 5e30);
        assert!((grads.of(&x).item() - 3.0).abs() < 1e-5);
    }

    #[test]
    fn values_are_cut_on_both_sides() {
        let (x, y, mut grads) = gradients(&[3.0, -0.5], &[-7.0]);
        clip_grad_value(&mut grads, 1.0);
        assert_eq!(grads.of(&x).to_vec(), [1.0, -0.5]);
        assert_eq!(grads.of(&y).to_vec(), [-1.0]);
    }
}
