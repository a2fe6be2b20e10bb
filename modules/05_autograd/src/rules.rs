//! What each op of modules 01 to 04 does to a gradient on its way back: one row per op.
//!
//! In a row, `g` is the gradient of the op's output and `n` its node: inputs `n.x(i)`, output
//! `n.y()`, shapes `n.shape(i)`. Only the shares that somebody wants are computed.

use crate::losses::{bce_slope, bce_target_slope, cross_entropy, nll_loss};
use crate::pointwise::Of::{Input, Output};
use crate::pointwise::Pointwise;
use crate::rule::{Broadcast, Each, Joint, Node, Rule};
use crate::softmax::{LogSoftmaxBackward, SoftmaxBackward};
use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};
use tinytorch_activations::*;
use tinytorch_layers::{DropoutOp, LinearOp};
use tinytorch_losses::{BceOp, BceWithLogitsOp, CrossEntropyOp, NllLossOp};
use tinytorch_tensor::*;

/// The table. An op of a later module brings its rule along instead ([`Op::brings`]).
#[rustfmt::skip]
pub(crate) static RULES: &[&dyn Rule] = &[
    // Two tensors, number by number. What was repeated to fit gets the sum over its copies.
    &Broadcast::<Add>    (&[|_, _, g| g.clone(),        |_, _, g| g.clone()]),
    &Broadcast::<Sub>    (&[|_, _, g| g.clone(),        |_, _, g| -g]),
    &Broadcast::<Mul>    (&[|_, n, g| g * n.x(1),       |_, n, g| g * n.x(0)]),
    &Broadcast::<Div>    (&[|_, n, g| g / n.x(1),       |_, n, g| -(g * n.y()) / n.x(1)]),
    &Broadcast::<Pow>    (&[|_, n, g| g * base_slope(n), |_, n, g| g * exponent_slope(n)]),
    &Broadcast::<Maximum>(&[|_, n, g| g * won(n, n.x(0).gt(n.x(1))), |_, n, g| g * won(n, n.x(1).gt(n.x(0)))]),
    &Broadcast::<Minimum>(&[|_, n, g| g * won(n, n.x(0).lt(n.x(1))), |_, n, g| g * won(n, n.x(1).lt(n.x(0)))]),
    &Broadcast::<Where>  (&[no_gradient, |_, n, g| Tensor::where_(n.x(0), g, 0.0), |_, n, g| Tensor::where_(n.x(0), 0.0, g)]),

    // One tensor, number by number: the gradient times the slope, a function of input or output.
    &Each::<Neg>(&[|_, _, g| -g]),
    &Pointwise::<Exp>       { name: "exp_backward",        of: Output, slope: |_, y| y,             curve: |_, _| 1.0 },
    &Pointwise::<Ln>        { name: "ln_backward",         of: Input,  slope: |_, x| 1.0 / x,       curve: |_, x| -1.0 / (x * x) },
    &Pointwise::<Sqrt>      { name: "sqrt_backward",       of: Output, slope: |_, y| 0.5 / y,       curve: |_, y| -0.5 / (y * y) },
    &Pointwise::<Abs>       { name: "abs_backward",        of: Input,  slope: |_, x| sign(x),       curve: |_, _| 0.0 },
    &Pointwise::<Clamp>     { name: "clamp_backward",      of: Input,  slope: |op, x| step(op.min <= x && x <= op.max), curve: |_, _| 0.0 },
    &Pointwise::<Relu>      { name: "relu_backward",       of: Output, slope: |_, y| step(y > 0.0), curve: |_, _| 0.0 },
    &Pointwise::<LeakyRelu> { name: "leaky_relu_backward", of: Input,  slope: |op, x| if x > 0.0 { 1.0 } else { op.slope }, curve: |_, _| 0.0 },
    &Pointwise::<Sigmoid>   { name: "sigmoid_backward",    of: Output, slope: |_, y| y * (1.0 - y), curve: |_, y| 1.0 - 2.0 * y },
    &Pointwise::<Tanh>      { name: "tanh_backward",       of: Output, slope: |_, y| 1.0 - y * y,   curve: |_, y| -2.0 * y },
    &Pointwise::<Gelu>      { name: "gelu_backward",       of: Input,  slope: gelu_slope,           curve: gelu_curve },
    &Pointwise::<Silu>      { name: "silu_backward",       of: Input,  slope: silu_slope,           curve: silu_curve },
    &Each::<Softmax>        (&[|op, n, g| dispatch(SoftmaxBackward { axis: op.axis }, &[n.y(), g])]),
    &Each::<LogSoftmax>     (&[|op, n, g| dispatch(LogSoftmaxBackward { axis: op.axis }, &[n.y(), g])]),
    &Each::<DropoutOp>      (&[|op, _, g| dispatch(*op, &[g])]), // the same mask, drawn again

    // The same numbers elsewhere: the gradient goes back to where they came from.
    &Each::<ToF32>        (&[|_, _, g| g.clone()]),
    &Each::<Contiguous>   (&[|_, _, g| g.clone()]),
    &Each::<Reshape>      (&[|_, n, g| g.reshape(n.shape(0))]),
    &Each::<Permute>      (&[|op, _, g| g.permute(inverse(&op.axes).as_slice())]),
    &Each::<Expand>       (&[|_, n, g| g.sum_to(n.shape(0))]),
    &Each::<Slice>        (&[|op, n, g| dispatch(SliceBackward { slice: *op, size: n.shape(0).size(op.axis) }, &[g])]),
    &Each::<SliceBackward>(&[|op, _, g| dispatch(op.slice, &[g])]),
    &Joint::<Cat>         (|op, n, g| cut(op.axis as isize, n, g)),
    &Each::<Gather>       (&[|op, n, g| dispatch(ScatterAdd { axis: op.axis, shape: n.shape(0) }, &[g, n.x(1)])]),
    &Each::<ScatterAdd>   (&[|op, n, g| dispatch(Gather { axis: op.axis }, &[g, n.x(1)])]),
    &Each::<IndexSelect>  (&[|op, n, g| dispatch(IndexAdd { axis: op.axis, size: n.shape(0).size(op.axis) }, &[g, n.x(1)])]),
    &Each::<IndexAdd>     (&[|op, n, g| dispatch(IndexSelect { axis: op.axis }, &[g, n.x(1)])]),

    // Many numbers to one: each of them gets the gradient of that one, times its part in it.
    &Each::<Sum>  (&[|op, n, g| spread(&op.0, n, g)]),
    &Each::<SumTo>(&[|_, n, g| g.expand(n.shape(0))]),
    &Each::<Mean> (&[|op, n, g| spread(&op.0, n, g) / op.0.count(n.shape(0)) as f32]),
    &Each::<Var>  (&[|op, n, g| spread(&op.axes, n, g) * deviation(&op.axes, n) * (2.0 / freedom(n, &op.axes, op.correction))]),
    &Each::<Std>  (&[|op, n, g| spread(&op.axes, n, &per_deviation(n, g)) * deviation(&op.axes, n) / freedom(n, &op.axes, op.correction)]),
    &Each::<Max>  (&[|op, n, g| spread(&op.0, n, g) * share_of_equals(&op.0, n)]),
    &Each::<Min>  (&[|op, n, g| spread(&op.0, n, g) * share_of_equals(&op.0, n)]),

    // Matrix products, and losses.
    &Each::<MatMul>         (&[|_, n, g| left_factor(n, g), |_, n, g| right_factor(n, g)]),
    &Each::<LinearOp>       (&[|_, n, g| g.matmul(n.x(1)),  |_, n, g| rows(g).t().matmul(&rows(n.x(0))), |_, n, g| g.sum_to(n.shape(2))]),
    &Each::<CrossEntropyOp> (&[cross_entropy]),
    &Each::<NllLossOp>      (&[nll_loss]),
    &Each::<BceOp>          (&[|_, n, g| g * bce_slope(n),             |_, n, g| g * bce_target_slope(n)]),
    &Each::<BceWithLogitsOp>(&[|_, n, g| g * (n.x(0).sigmoid() - n.x(1)), |_, n, g| -(g * n.x(0))]),
];

/// The share of an input of integers, which is never asked for.
fn no_gradient<O>(_: &O, _: &Node, _: &Tensor) -> Tensor {
    unreachable!("integers have no gradient")
}

fn step(on: bool) -> f32 {
    if on { 1.0 } else { 0.0 }
}

/// -1, 0 or 1: at 0, where `|x|` has no slope, PyTorch says 0.
fn sign(x: f32) -> f32 {
    step(x > 0.0) - step(x < 0.0)
}

/// `b a^(b - 1)`, and 0 where `b` is 0, even at `a = 0`.
fn base_slope(n: &Node) -> Tensor {
    let (a, b) = (n.x(0), n.x(1));
    Tensor::where_(&b.eq(0.0), 0.0, b * a.pow(b - 1.0))
}

/// `a^b ln a`, and 0 where `a` is 0.
fn exponent_slope(n: &Node) -> Tensor {
    let a = n.x(0);
    Tensor::where_(&a.eq(0.0), 0.0, n.y() * a.ln())
}

/// The part that one side of `maximum` or `minimum` has in the result: all of it where it wins,
/// half where both are equal.
fn won(n: &Node, wins: Tensor) -> Tensor {
    wins.to_f32() + n.x(0).eq(n.x(1)).to_f32() * 0.5
}

/// `Φ(x) + x φ(x)`, with the normal distribution `Φ` and its density `φ`; or the slope of the
/// tanh form, `x/2 (1 + tanh u)` with `u = c (x + 0.044715 x^3)`.
fn gelu_slope(op: &Gelu, x: f32) -> f32 {
    match op.approximate {
        Approximate::None => {
            let cdf = 0.5 * (1.0 + erf(f64::from(x * FRAC_1_SQRT_2)) as f32);
            cdf + x * density(x)
        }
        Approximate::Tanh => {
            let (t, slope, _) = tanh_argument(x);
            0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * slope
        }
    }
}

/// The second derivative of GELU: `φ(x) (2 - x^2)`, or that of the tanh form.
fn gelu_curve(op: &Gelu, x: f32) -> f32 {
    match op.approximate {
        Approximate::None => density(x) * (2.0 - x * x),
        Approximate::Tanh => {
            let (t, slope, curve) = tanh_argument(x);
            let sech2 = 1.0 - t * t;
            sech2 * slope + 0.5 * x * sech2 * (curve - 2.0 * t * slope * slope)
        }
    }
}

/// `tanh u`, `du/dx` and `d²u/dx²` for `u = sqrt(2 / pi) (x + 0.044715 x^3)`.
fn tanh_argument(x: f32) -> (f32, f32, f32) {
    const C: f32 = FRAC_2_SQRT_PI * FRAC_1_SQRT_2; // sqrt(2 / pi)
    let u = C * (x + 0.044715 * x * x * x);
    (u.tanh(), C * (1.0 + 0.134145 * x * x), C * 0.26829 * x)
}

/// The density of the normal distribution.
fn density(x: f32) -> f32 {
    (-0.5 * x * x).exp() * (0.5 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2)
}

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

fn silu_slope(_: &Silu, x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 + x * (1.0 - s))
}

fn silu_curve(_: &Silu, x: f32) -> f32 {
    let s = sigmoid(x);
    s * (1.0 - s) * (2.0 + x * (1.0 - 2.0 * s))
}

/// The permutation that undoes `axes`.
fn inverse(axes: &[usize]) -> Vec<usize> {
    let mut inverse = vec![0; axes.len()];
    for (to, &from) in axes.iter().enumerate() {
        inverse[from] = to;
    }
    inverse
}

/// The gradient of what was joined, cut where the inputs meet.
fn cut(axis: isize, n: &Node, g: &Tensor) -> Vec<Option<Tensor>> {
    let mut start = 0;
    let pieces = (0..n.len()).map(|i| {
        let len = n.shape(i).size(axis as usize);
        start += len;
        n.wants(i).then(|| g.narrow(axis, start - len, len))
    });
    pieces.collect()
}

/// The gradient of a reduction, repeated to the shape of what was reduced.
fn spread(axes: &ReducedAxes, n: &Node, g: &Tensor) -> Tensor {
    g.reshape(axes.kept_shape_of(n.shape(0))).expand(n.shape(0))
}

/// How far each number is from the mean.
fn deviation(axes: &ReducedAxes, n: &Node) -> Tensor {
    let x = n.x(0);
    let count = axes.count(x.shape()) as f32;
    x - x.sum_to(axes.kept_shape_of(x.shape())) / count
}

/// The count of what is reduced, less the correction; 0 rather than below.
fn freedom(n: &Node, axes: &ReducedAxes, correction: usize) -> f32 {
    axes.count(n.shape(0)).saturating_sub(correction) as f32
}

/// `g / y`, and 0 where the deviation `y` is 0: equal numbers have no direction to spread in.
fn per_deviation(n: &Node, g: &Tensor) -> Tensor {
    let y = n.y();
    Tensor::where_(&y.eq(0.0), 0.0, g / y)
}

/// 1 for the number that is the largest or smallest, `1/k` for each of `k` equal ones, else 0.
fn share_of_equals(axes: &ReducedAxes, n: &Node) -> Tensor {
    let kept = axes.kept_shape_of(n.shape(0));
    let equal = n.x(0).eq(n.y().detach().reshape(kept)).to_f32();
    &equal / equal.sum_to(kept)
}

/// All axes but the last as one: `[…, k] -> [n, k]`.
fn rows(x: &Tensor) -> Tensor {
    match x.ndim() {
        2 => x.clone(),
        // Not -1 for the rows: without features, any number of rows would fit.
        last => x.reshape([x.shape().iter().take(last - 1).product(), x.size(-1)]),
    }
}

/// `g bᵀ`: what the left factor of `a b` gets, summed over the batches that it was repeated for.
fn left_factor(n: &Node, g: &Tensor) -> Tensor {
    let b = column(n.x(1));
    matrices(n, g).matmul(&b.transpose(-1, -2)).sum_to(n.shape(0))
}

/// `aᵀ g`: what the right factor of `a b` gets, summed in the same way.
fn right_factor(n: &Node, g: &Tensor) -> Tensor {
    let a = row(n.x(0));
    let share = a.transpose(-1, -2).matmul(&matrices(n, g));
    match n.shape(1).ndim() {
        1 => share.squeeze(-1).sum_to(n.shape(1)),
        _ => share.sum_to(n.shape(1)),
    }
}

/// The left factor as matrices: a vector is a row, `[k] -> [1, k]`.
fn row(a: &Tensor) -> Tensor {
    if a.ndim() == 1 { a.unsqueeze(0) } else { a.clone() }
}

/// The right factor as matrices: a vector is a column, `[k] -> [k, 1]`.
fn column(b: &Tensor) -> Tensor {
    if b.ndim() == 1 { b.unsqueeze(1) } else { b.clone() }
}

/// The gradient of a product with the axes that a vector gave up: `[…, m, n]`.
fn matrices(n: &Node, g: &Tensor) -> Tensor {
    let g = if n.shape(1).ndim() == 1 { g.unsqueeze(-1) } else { g.clone() };
    if n.shape(0).ndim() == 1 { g.unsqueeze(-2) } else { g }
}
