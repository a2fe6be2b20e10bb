//! Losses between numbers, and between probabilities of yes and no.

use super::Row;
use super::reductions::{all, mean, sum};
use crate::args::Args;
use crate::array::{Array, zip};
use crate::draw::{Draw, Sample};
use serde_json::json;
use tinytorch_losses::{Bce, BceWithLogits, Huber, L1, Mse, Reduction};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "mse_loss",
            |x, a| Mse { reduction: reduction(a) }.of(&x[0], &x[1]),
            |x, a| reduced(zip(&x[0], &x[1], |p, t| (p - t).powi(2)), a),
            |d| Sample::new(two(d), json!({"reduction": word(d)})),
        ),
        Row::new(
            "l1_loss",
            |x, a| L1 { reduction: reduction(a) }.of(&x[0], &x[1]),
            |x, a| reduced(zip(&x[0], &x[1], |p, t| (p - t).abs()), a),
            |d| Sample::new(two(d), json!({"reduction": word(d)})),
        ),
        Row::new(
            "huber_loss",
            |x, a| Huber { delta: a.f32("delta"), reduction: reduction(a) }.of(&x[0], &x[1]),
            |x, a| {
                let delta = a.float("delta");
                let one = |e: f64| if e < delta { 0.5 * e * e } else { delta * (e - 0.5 * delta) };
                reduced(zip(&x[0], &x[1], |p, t| one((p - t).abs())), a)
            },
            |d| Sample::new(two(d), json!({"reduction": word(d), "delta": d.one_of(&[0.25, 1.0])})),
        ),
        Row::new(
            "bce_loss",
            |x, a| Bce { reduction: reduction(a) }.of(&x[0], &x[1]),
            |x, a| {
                let one = |p: f64, t: f64| {
                    -t * p.ln().max(-100.0) - (1.0 - t) * (1.0 - p).ln().max(-100.0)
                };
                reduced(zip(&x[0], &x[1], one), a)
            },
            |d| {
                let shape = d.filled_shape(0);
                let shape = &shape[..shape.len().min(2)];
                let inputs =
                    vec![d.floats_in(shape, 0.125, 0.875), d.floats_in(shape, 0.125, 0.875)];
                Sample::new(inputs, json!({"reduction": word(d)}))
            },
        ),
        Row::new(
            "bce_with_logits",
            |x, a| {
                let loss = BceWithLogits { pos_weight: x.get(2).cloned(), reduction: reduction(a) };
                loss.of(&x[0], &x[1])
            },
            |x, a| {
                let soft = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
                let weight = x.get(2).cloned().unwrap_or_else(|| Array::scalar(1.0));
                let each = Array::build(&x[0].shape, |i| {
                    let (z, t, w) = (x[0].at(i), x[1].at(i), weight.shown_at(i));
                    w * t * soft(-z) + (1.0 - t) * soft(z)
                });
                reduced(each, a)
            },
            |d| {
                let shape = d.filled_shape(1);
                let mut inputs = vec![d.floats(&shape), d.floats_in(&shape, 0.0, 1.5)];
                if d.once_in(2) {
                    inputs.push(d.positive(&shape[shape.len() - 1..]));
                }
                Sample::new(inputs, json!({"reduction": word(d)}))
            },
        )
        .with_constants(&[2]),
    ]
}

/// How a case reduces: the mean unless it says otherwise.
pub fn reduction(a: &Args) -> Reduction {
    match a.word("reduction") {
        None | Some("mean") => Reduction::Mean,
        Some("sum") => Reduction::Sum,
        Some("none") => Reduction::None,
        Some(other) => panic!("no reduction `{other}`"),
    }
}

/// Any reduction.
pub fn word(d: &mut Draw) -> &'static str {
    d.one_of(&["mean", "sum", "none"])
}

fn reduced(each: Array, a: &Args) -> Array {
    match reduction(a) {
        Reduction::Mean => all(&each, mean),
        Reduction::Sum => all(&each, sum),
        Reduction::None => each,
    }
}

/// Two inputs of one shape, not empty: the mean of nothing is no number.
fn two(d: &mut Draw) -> Vec<Array> {
    let shape = d.filled_shape(0);
    vec![d.floats(&shape), d.floats(&shape)]
}
