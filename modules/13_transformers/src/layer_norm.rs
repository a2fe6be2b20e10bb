//! Layer normalization: every row on the same scale, whatever came in.

use tinytorch_autograd::{Each, Gradient, Joint, Node};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Each row along the last axis, moved to mean 0 and scaled to variance 1, then stretched by a
/// weight and moved by a bias per column: inputs `x` `[…, d]`, and, if wanted, weight `[d]` and
/// bias `[d]`.
///
/// `x̂ = (x - mean) / sqrt(var + eps)`, `y = x̂ w + b`. The variance divides by `d`, not `d - 1`.
///
/// J. L. Ba, J. R. Kiros, G. E. Hinton, "Layer normalization" (2016), equation 4. About `8 d`
/// floating-point operations a row, and three walks over it while it is in the cache.
pub struct LayerNormOp {
    /// Keeps rows of equal numbers away from a division by 0.
    pub eps: f32,
}

impl Op for LayerNormOp {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let mut out = x[0].to_vec();
        for row in rows(&mut out, x[0]) {
            let (mean, scale) = moments(row, self.eps);
            row.iter_mut().for_each(|v| *v = ((f64::from(*v) - mean) * scale) as f32);
        }
        if let Some(weight) = x.get(1) {
            stretch(&mut out, &weight.data());
        }
        if let Some(bias) = x.get(2) {
            shift(&mut out, &bias.data());
        }
        Tensor::from_vec(out, x[0].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        match input {
            0 => Reads::input(0) | Reads::input(1),
            1 => Reads::input(0),
            _ => Reads::NOTHING,
        }
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<LayerNormOp>(layer_norm_shares))] }
    }
}

/// What `x`, weight and bias get.
fn layer_norm_shares(op: &LayerNormOp, n: &Node, g: &Tensor) -> Vec<Option<Tensor>> {
    let stretched = || if n.len() > 1 { g * n.x(1) } else { g.clone() };
    let share = |i: usize| match i {
        0 => dispatch(LayerNormBackward { eps: op.eps }, &[n.x(0), &stretched()]),
        1 => (g * dispatch(LayerNormOp { eps: op.eps }, &[n.x(0)])).sum_to(n.shape(1)),
        _ => g.sum_to(n.shape(2)),
    };
    (0..n.len()).map(|i| n.wants(i).then(|| share(i))).collect()
}

/// The way back through [`LayerNormOp`] without weight and bias: inputs `x` and `g`, both
/// `[…, d]`.
///
/// `(g - mean(g) - x̂ mean(g x̂)) / sqrt(var + eps)`, row by row: a gradient that would only move
/// the whole row, or only stretch it, asks for what normalization takes away again.
pub struct LayerNormBackward {
    /// That of the op it belongs to.
    pub eps: f32,
}

impl Op for LayerNormBackward {
    fn name(&self) -> &'static str {
        "layer_norm_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (numbers, mut out) = (x[0].data(), x[1].to_vec());
        let width = width(x[0]);
        for (g, x) in out.chunks_exact_mut(width).zip(numbers.chunks_exact(width)) {
            layer_norm_backward(x, g, self.eps);
        }
        Tensor::from_vec(out, x[1].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::ALL } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<LayerNormBackward>(&[
                |op, n, h| {
                    let (x, centered) = (n.x(0), |t: &Tensor| t - t.mean_over(-1, true));
                    let scale = (x.var_over(-1, 0, true) + op.eps).pow(-0.5);
                    let x_hat = dispatch(LayerNormOp { eps: op.eps }, &[x]);
                    let back = |g: &Tensor| dispatch(LayerNormBackward { eps: op.eps }, &[x, g]);
                    bend(&x_hat, &scale, &centered(h), &centered(n.x(1)), back)
                },
                // The map from g is symmetric: it is its own transpose.
                |op, n, h| dispatch(LayerNormBackward { eps: op.eps }, &[n.x(0), h]),
            ]))]
        }
    }
}

/// Rewrites the gradient `g` of a normalized row into the gradient of the row `x`.
fn layer_norm_backward(x: &[f32], g: &mut [f32], eps: f32) {
    let (mean, scale) = moments(x, eps);
    let x_hat = |x: f32| (f64::from(x) - mean) * scale;
    let (mut sum, mut along) = (0.0, 0.0);
    for (&x, &g) in x.iter().zip(&*g) {
        sum += f64::from(g);
        along += f64::from(g) * x_hat(x);
    }
    let (mean_g, mean_along) = (sum / x.len() as f64, along / x.len() as f64);
    for (&x, g) in x.iter().zip(g) {
        *g = (scale * (f64::from(*g) - mean_g - x_hat(x) * mean_along)) as f32;
    }
}

/// The mean of a row, and `1 / sqrt(var + eps)`.
///
/// In two walks: `mean(x²) - mean(x)²` in one would lose the digits of a row far from 0.
fn moments(row: &[f32], eps: f32) -> (f64, f64) {
    let count = row.len() as f64;
    let mean = row.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
    let squares = row.iter().map(|&v| (f64::from(v) - mean) * (f64::from(v) - mean));
    let var = squares.sum::<f64>() / count;
    (mean, 1.0 / (var + f64::from(eps)).sqrt())
}

/// The rows of `out`, numbers of the shape of `x`.
pub(crate) fn rows<'a>(out: &'a mut [f32], x: &Tensor) -> impl Iterator<Item = &'a mut [f32]> {
    out.chunks_exact_mut(width(x))
}

/// The length of a row, at least 1, so that rows without numbers can be walked, too.
pub(crate) fn width(x: &Tensor) -> usize {
    x.size(-1).max(1)
}

/// Multiplies each row by `weight`.
pub(crate) fn stretch(out: &mut [f32], weight: &[f32]) {
    for row in out.chunks_exact_mut(weight.len().max(1)) {
        row.iter_mut().zip(weight).for_each(|(v, w)| *v *= w);
    }
}

/// Adds `bias` to each row.
fn shift(out: &mut [f32], bias: &[f32]) {
    for row in out.chunks_exact_mut(bias.len().max(1)) {
        row.iter_mut().zip(bias).for_each(|(v, b)| *v += b);
    }
}

/// How `⟨h, J(x) g⟩` changes with `x`, for a normalization with `J = s (I - x̂ x̂ᵀ / d)` on what
/// it keeps of a row, and `s` its scale: the second derivative, row by row.
///
/// With `a = mean(h x̂)`, `b = mean(g x̂)` it is
/// `-s² x̂ (mean(h g) - a b) - s (b J h + a J g)`, because `ds/dx = -s² x̂ / d` and
/// `d(h x̂)/dx = J h`.
pub(crate) fn bend(
    x_hat: &Tensor,
    scale: &Tensor,
    h: &Tensor,
    g: &Tensor,
    back: impl Fn(&Tensor) -> Tensor,
) -> Tensor {
    let mean = |t: Tensor| t.mean_over(-1, true);
    let (a, b) = (mean(h * x_hat), mean(g * x_hat));
    let both = mean(h * g) - &a * &b;
    -(scale * scale * x_hat * both) - scale * (b * back(h) + a * back(g))
}

/// Each row along the last axis normalized, then stretched and moved:
/// `[…, d]`, `[d]`, `[d] -> […, d]`.
///
/// # Panics
/// When the shapes are not these, there is a bias and no weight, the numbers are integers, or
/// `eps` is negative.
#[track_caller]
pub fn layer_norm(x: &Tensor, weight: Option<&Tensor>, bias: Option<&Tensor>, eps: f32) -> Tensor {
    check("layer_norm", x, weight, eps);
    match (weight, bias) {
        (None, None) => dispatch(LayerNormOp { eps }, &[x]),
        (Some(weight), None) => dispatch(LayerNormOp { eps }, &[x, weight]),
        (Some(weight), Some(bias)) => {
            let (shape, of) = (bias.shape(), weight.shape());
            assert!(shape == of, "layer_norm: the bias beside a weight of {of} is not {shape}");
            dispatch(LayerNormOp { eps }, &[x, weight, bias])
        }
        (None, Some(_)) => {
            panic!("layer_norm: a bias comes with a weight; use ones, or add the bias yourself")
        }
    }
}

/// What layer norm and RMS norm ask for.
#[track_caller]
pub(crate) fn check(op: &str, x: &Tensor, weight: Option<&Tensor>, eps: f32) {
    assert!(
        x.kind() != "i32",
        "{op}: needs floats, got integers; look ids up in an `Embedding` first"
    );
    assert!(x.ndim() > 0, "{op}: a single number has no row to normalize; give it an axis");
    assert!(eps >= 0.0, "{op}: eps is 0 or above, not {eps}");
    if let Some(weight) = weight {
        let (shape, of, d) = (x.shape(), weight.shape(), x.size(-1));
        assert!(
            of == [d],
            "{op}: x {shape} does not end in the numbers of the weight {of}; build the layer \
             for rows of {d}"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::{Backward, gradcheck};
    use tinytorch_tensor::Rng;

    const EPS: f32 = 1e-5;

    fn close(a: &Tensor, b: &Tensor, tolerance: f32) -> bool {
        a.shape() == b.shape() && (a - b).abs().max().item() <= tolerance
    }

    #[test]
    fn a_row_by_hand() {
        // Mean 4, squares of the distances 4, 0, 4: variance 8/3, deviation 1.632993.
        let x = Tensor::from([[2.0, 4.0, 6.0]]);
        let y = layer_norm(&x, None, None, 0.0);
        assert!(close(&y, &Tensor::from([[-1.224_744_9, 0.0, 1.224_744_9]]), 1e-6), "{y}");
        let (w, b) = (Tensor::from([1.0, 2.0, 3.0]), Tensor::from([0.5, 0.5, 0.5]));
        let y = layer_norm(&x, Some(&w), Some(&b), 0.0);
        assert!(close(&y, &Tensor::from([[-0.724_744_9, 0.5, 4.174_234_6]]), 1e-6), "{y}");
    }

    #[test]
    fn each_row_has_mean_0_and_variance_1() {
        let x = Tensor::randn([5, 7, 16], &mut Rng::new(1)) * 3.0 + 40.0;
        let y = layer_norm(&x, None, None, EPS);
        assert!(y.mean_over(-1, false).abs().max().item() < 1e-6);
        assert!((y.var_over(-1, 0, false) - 1.0).abs().max().item() < 1e-4);
        assert_eq!(y.select(0, 2), layer_norm(&x.select(0, 2), None, None, EPS));
    }

    #[test]
    fn a_row_of_equal_numbers_becomes_0_and_not_nan() {
        let x = Tensor::full([2, 4], 7.0).with_grad();
        let y = layer_norm(&x, None, None, EPS);
        assert_eq!(y, Tensor::zeros([2, 4]));
        assert!(y.sum().backward().of(&x).data().iter().all(|v| v.is_finite()));
    }

    #[test]
    fn a_row_far_from_0_keeps_its_digits() {
        let x = Tensor::from([[4096.0, 4097.0, 4098.0, 4099.0]]);
        let near = layer_norm(&(&x - 4096.0), None, None, EPS);
        assert_eq!(layer_norm(&x, None, None, EPS), near);
    }

    #[test]
    fn gradients_of_all_inputs_are_right() {
        let mut rng = Rng::new(3);
        let x = Tensor::randn([2, 3, 5], &mut rng);
        let (w, b) = (Tensor::randn([5], &mut rng), Tensor::randn([5], &mut rng));
        let inputs = [x, w, b];
        let one = |x: &[Tensor]| layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 0.1);
        gradcheck(one, &inputs).expect("with weight and bias");
        gradcheck(|x| layer_norm(&x[0], Some(&x[1]), None, 0.1), &inputs[..2]).expect("no bias");
        gradcheck(|x| layer_norm(&x[0], None, None, 0.1), &inputs[..1]).expect("plain");
    }

    #[test]
    fn a_gradient_along_the_ones_or_along_the_row_asks_for_nothing() {
        let x = Tensor::from([[2.0, 4.0, 6.0, -3.0]]);
        let x_hat = layer_norm(&x, None, None, 0.0);
        for g in [Tensor::ones([1, 4]), x_hat] {
            let back = dispatch(LayerNormBackward { eps: 0.0 }, &[&x, &g]);
            assert!(back.abs().max().item() < 1e-7, "{back}");
        }
    }

    #[test]
    fn rows_without_numbers_and_no_rows_are_fine() {
        for shape in [[3, 0], [0, 3]] {
            let x = Tensor::zeros(shape).with_grad();
            let y = layer_norm(&x, None, None, EPS);
            assert_eq!(y.shape(), shape);
            assert_eq!(y.sum().backward().of(&x).shape(), shape);
        }
    }

    #[test]
    #[should_panic(expected = "layer_norm: x [2, 4] does not end in the numbers of the weight [3]")]
    fn the_weight_fits_the_rows() {
        layer_norm(&Tensor::zeros([2, 4]), Some(&Tensor::ones([3])), None, EPS);
    }

    #[test]
    #[should_panic(expected = "layer_norm: needs floats, got integers; look ids up")]
    fn ids_are_not_normalized() {
        layer_norm(&Tensor::from([[1, 2]]), None, None, EPS);
    }

    #[test]
    #[should_panic(expected = "layer_norm: a bias comes with a weight")]
    fn a_bias_alone_is_refused() {
        layer_norm(&Tensor::zeros([2, 4]), None, Some(&Tensor::ones([4])), EPS);
    }
}
