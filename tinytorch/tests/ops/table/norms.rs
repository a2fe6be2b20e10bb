//! Normalizations of rows.

use super::Row;
use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use serde_json::json;
use tinytorch_transformers::{layer_norm, rms_norm};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "layer_norm",
            |x, a| layer_norm(&x[0], x.get(1), x.get(2), a.f32("eps")),
            |x, a| {
                let mean = x[0].reduce(&[-1], true, mean);
                let centered = Array::build(&x[0].shape, |i| x[0].at(i) - mean.at(&first(i)));
                scaled(&centered, &x[1..], a)
            },
            |d| sample(d, 2),
        ),
        Row::new(
            "rms_norm",
            |x, a| rms_norm(&x[0], x.get(1), a.f32("eps")),
            |x, a| scaled(&x[0], &x[1..], a),
            |d| sample(d, 1),
        ),
    ]
}

fn mean(row: &[f64]) -> f64 {
    row.iter().sum::<f64>() / row.len() as f64
}

/// The index of the row that a number is in.
fn first(index: &[usize]) -> Vec<usize> {
    let mut row = index.to_vec();
    *row.last_mut().expect("an axis of features") = 0;
    row
}

/// Each row over the root of the mean of its squares, times the weight, plus the bias.
fn scaled(x: &Array, parameters: &[Array], a: &Args) -> Array {
    let squares = x.map(|x| x * x).reduce(&[-1], true, mean);
    Array::build(&x.shape, |i| {
        let column = &i[i.len() - 1..];
        let parameter = |p: usize, none: f64| parameters.get(p).map_or(none, |p| p.at(column));
        let x_hat = x.at(i) / (squares.at(&first(i)) + a.float("eps")).sqrt();
        x_hat * parameter(0, 1.0) + parameter(1, 0.0)
    })
}

/// An `eps` that bounds the slopes: of two numbers 1/32 apart, the usual 1e-5 makes slopes of
/// second derivatives that neither f32 nor differences can follow.
fn sample(d: &mut Draw, most: usize) -> Sample {
    let shape = d.shape_of(1, 5);
    let last = &shape[shape.len() - 1..];
    let parameters = d.range(0, most + 1);
    let mut inputs = vec![d.floats(&shape)];
    inputs.extend((0..parameters).map(|_| d.floats(last)));
    Sample::new(inputs, json!({"eps": d.one_of(&[0.25, 0.5, 1.0])}))
}
