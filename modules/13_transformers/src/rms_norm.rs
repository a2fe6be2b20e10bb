//! Root-mean-square normalization: layer normalization that leaves the mean alone.

use crate::layer_norm::{bend, check, rows, stretch, width};
use tinytorch_autograd::{Each, Gradient, Joint, Node};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Each row along the last axis, divided by the root of the mean of its squares, then stretched
/// by a weight per column: inputs `x` `[…, d]` and, if wanted, weight `[d]`.
///
/// `x̂ = x / sqrt(mean(x²) + eps)`, `y = x̂ w`. Against layer norm, one walk and a parameter per
/// column less, and in practice the same effect.
///
/// B. Zhang, R. Sennrich, "Root mean square layer normalization" (2019), equation 4.
pub struct RmsNormOp {
    /// Keeps rows of zeros away from a division by 0.
    pub eps: f32,
}

impl Op for RmsNormOp {
    fn name(&self) -> &'static str {
        "rms_norm"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let mut out = x[0].to_vec();
        for row in rows(&mut out, x[0]) {
            let scale = per_root_mean_square(row, self.eps);
            row.iter_mut().for_each(|v| *v = (f64::from(*v) * scale) as f32);
        }
        if let Some(weight) = x.get(1) {
            stretch(&mut out, &weight.data());
        }
        Tensor::from_vec(out, x[0].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::input(0) | Reads::input(1) } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<RmsNormOp>(rms_norm_shares))] }
    }
}

/// What `x` and weight get.
fn rms_norm_shares(op: &RmsNormOp, n: &Node, g: &Tensor) -> Vec<Option<Tensor>> {
    let stretched = || if n.len() > 1 { g * n.x(1) } else { g.clone() };
    let share = |i: usize| match i {
        0 => dispatch(RmsNormBackward { eps: op.eps }, &[n.x(0), &stretched()]),
        _ => (g * dispatch(RmsNormOp { eps: op.eps }, &[n.x(0)])).sum_to(n.shape(1)),
    };
    (0..n.len()).map(|i| n.wants(i).then(|| share(i))).collect()
}

/// The way back through [`RmsNormOp`] without weight: inputs `x` and `g`, both `[…, d]`.
///
/// `(g - x̂ mean(g x̂)) / sqrt(mean(x²) + eps)`, row by row.
pub struct RmsNormBackward {
    /// That of the op it belongs to.
    pub eps: f32,
}

impl Op for RmsNormBackward {
    fn name(&self) -> &'static str {
        "rms_norm_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (numbers, mut out) = (x[0].data(), x[1].to_vec());
        let width = width(x[0]);
        for (g, x) in out.chunks_exact_mut(width).zip(numbers.chunks_exact(width)) {
            rms_norm_backward(x, g, self.eps);
        }
        Tensor::from_vec(out, x[1].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::ALL } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<RmsNormBackward>(&[
                |op, n, h| {
                    let x = n.x(0);
                    let scale = ((x * x).mean_over(-1, true) + op.eps).pow(-0.5);
                    let x_hat = dispatch(RmsNormOp { eps: op.eps }, &[x]);
                    let back = |g: &Tensor| dispatch(RmsNormBackward { eps: op.eps }, &[x, g]);
                    bend(&x_hat, &scale, h, n.x(1), back)
                },
                |op, n, h| dispatch(RmsNormBackward { eps: op.eps }, &[n.x(0), h]),
            ]))]
        }
    }
}

/// Rewrites the gradient `g` of a normalized row into the gradient of the row `x`.
fn rms_norm_backward(x: &[f32], g: &mut [f32], eps: f32) {
    let scale = per_root_mean_square(x, eps);
    let x_hat = |x: f32| f64::from(x) * scale;
    let along: f64 = x.iter().zip(&*g).map(|(&x, &g)| f64::from(g) * x_hat(x)).sum();
    let mean_along = along / x.len() as f64;
    for (&x, g) in x.iter().zip(g) {
        *g = (scale * (f64::from(*g) - x_hat(x) * mean_along)) as f32;
    }
}

/// `1 / sqrt(mean(x²) + eps)` of a row.
fn per_root_mean_square(row: &[f32], eps: f32) -> f64 {
    let squares: f64 = row.iter().map(|&v| f64::from(v) * f64::from(v)).sum();
    1.0 / (squares / row.len() as f64 + f64::from(eps)).sqrt()
}

/// Each row along the last axis divided by its root mean square, then stretched:
/// `[…, d]`, `[d] -> […, d]`.
///
/// # Panics
/// When the shapes are not these, the numbers are integers, or `eps` is negative.
#[track_caller]
pub fn rms_norm(x: &Tensor, weight: Option<&Tensor>, eps: f32) -> Tensor {
    check("rms_norm", x, weight, eps);
    match weight {
        None => dispatch(RmsNormOp { eps }, &[x]),
        Some(weight) => dispatch(RmsNormOp { eps }, &[x, weight]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::gradcheck;
    use tinytorch_tensor::Rng;

    #[test]
    fn a_row_by_hand() {
        // Squares 9 and 16, mean 12.5, root 3.535534.
        let y = rms_norm(&Tensor::from([[3.0, -4.0]]), None, 0.0);
        let expected = Tensor::from([[0.848_528_1, -1.131_370_8]]);
        assert!((&y - expected).abs().max().item() < 1e-6, "{y}");
        let y = rms_norm(&Tensor::from([[3.0, -4.0]]), Some(&Tensor::from([2.0, 0.0])), 0.0);
        assert!((&y - Tensor::from([[1.697_056_3, 0.0]])).abs().max().item() < 1e-6, "{y}");
    }

    #[test]
    fn the_mean_of_the_squares_is_1_and_the_mean_stays_where_it_points() {
        let x = Tensor::randn([5, 16], &mut Rng::new(1)) + 5.0;
        let y = rms_norm(&x, None, 1e-6);
        assert!(((&y * &y).mean_over(-1, false) - 1.0).abs().max().item() < 1e-5);
        assert!(y.mean_over(-1, false).min().item() > 0.9);
    }

    #[test]
    fn a_row_of_zeros_stays_0() {
        assert_eq!(rms_norm(&Tensor::zeros([2, 3]), None, 1e-6), Tensor::zeros([2, 3]));
    }

    #[test]
    fn gradients_of_both_inputs_are_right() {
        let mut rng = Rng::new(3);
        let inputs = [Tensor::randn([2, 3, 5], &mut rng), Tensor::randn([5], &mut rng)];
        gradcheck(|x| rms_norm(&x[0], Some(&x[1]), 0.1), &inputs).expect("with weight");
        gradcheck(|x| rms_norm(&x[0], None, 0.1), &inputs[..1]).expect("plain");
    }

    #[test]
    #[should_panic(expected = "rms_norm: x [2, 4] does not end in the numbers of the weight [3]")]
    fn the_weight_fits_the_rows() {
        rms_norm(&Tensor::zeros([2, 4]), Some(&Tensor::ones([3])), 1e-6);
    }
}
