//! The activations, and their textbook formulas.

use super::Row;
use crate::array::{Array, axis};
use crate::draw::{Draw, Sample};
use serde_json::json;
use std::f64::consts::{FRAC_2_SQRT_PI, PI, SQRT_2};
use tinytorch_activations::Activations;

pub fn rows() -> Vec<Row> {
    vec![
        Row::new("relu", |x, _| x[0].relu(), |x, _| x[0].map(|x| x.max(0.0)), one),
        Row::new(
            "leaky_relu",
            |x, a| x[0].leaky_relu(a.f32("slope")),
            |x, a| x[0].map(|x| if x > 0.0 { x } else { x * a.float("slope") }),
            |d| {
                let shape = d.shape();
                Sample::new(vec![d.floats(&shape)], json!({"slope": d.one_of(&[0.01, 0.25])}))
            },
        ),
        Row::new("sigmoid", |x, _| x[0].sigmoid(), |x, _| x[0].map(sigmoid), one),
        Row::new("tanh", |x, _| x[0].tanh(), |x, _| x[0].map(f64::tanh), one),
        Row::new(
            "gelu",
            |x, _| x[0].gelu(),
            |x, _| x[0].map(|x| 0.5 * x * (1.0 + erf(x / SQRT_2))),
            one,
        ),
        Row::new(
            "gelu_tanh",
            |x, _| x[0].gelu_tanh(),
            |x, _| {
                let inner = |x: f64| (2.0 / PI).sqrt() * (x + 0.044715 * x.powi(3));
                x[0].map(|x| 0.5 * x * (1.0 + inner(x).tanh()))
            },
            one,
        ),
        Row::new("silu", |x, _| x[0].silu(), |x, _| x[0].map(|x| x * sigmoid(x)), one),
        Row::new(
            "softmax",
            |x, a| x[0].softmax(a.int("axis")),
            |x, a| log_softmax(&x[0], a.int("axis")).map(f64::exp),
            one_axis,
        ),
        Row::new(
            "log_softmax",
            |x, a| x[0].log_softmax(a.int("axis")),
            |x, a| log_softmax(&x[0], a.int("axis")),
            one_axis,
        ),
    ]
}

pub fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// `x - ln(sum(exp(x)))` along an axis, with the largest number taken out first.
pub fn log_softmax(x: &Array, along: isize) -> Array {
    let at = axis(along, x.ndim());
    let total = x.reduce(&[along], true, |group| {
        let top = group.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        top + group.iter().map(|x| (x - top).exp()).sum::<f64>().ln()
    });
    Array::build(&x.shape, |i| {
        let mut row = i.to_vec();
        row[at] = 0;
        x.at(i) - total.at(&row)
    })
}

/// The error function, `2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!`, whose terms all have the
/// sign of `x`: nothing cancels (Abramowitz & Stegun, 7.1.6).
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum(); // to within 2e-17
    }
    let (mut term, mut sum) = (x, x);
    for n in 1..200 {
        term *= 2.0 * x * x / f64::from(2 * n + 1);
        sum += term;
    }
    FRAC_2_SQRT_PI * (-x * x).exp() * sum
}

fn one(d: &mut Draw) -> Sample {
    let shape = d.shape();
    Sample::new(vec![d.floats_in(&shape, -5.0, 5.0)], json!({}))
}

fn one_axis(d: &mut Draw) -> Sample {
    let mut shape = d.shape_of(1, 5);
    let at = d.axis(shape.len());
    let place = axis(at, shape.len());
    shape[place] = shape[place].max(1);
    Sample::new(vec![d.floats(&shape)], json!({"axis": at}))
}
