//! Losses between class scores and labels.

use super::Row;
use super::activations::log_softmax;
use super::regression::{reduction, word};
use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use serde_json::{Value, json};
use tinytorch_losses::{CrossEntropy, Nll, Reduction};

pub fn rows() -> Vec<Row> {
    vec![
        Row::new(
            "cross_entropy",
            |x, a| {
                let loss = CrossEntropy {
                    label_smoothing: if a.has("label_smoothing") {
                        a.f32("label_smoothing")
                    } else {
                        0.0
                    },
                    ignore_index: a.has("ignore_index").then(|| a.int("ignore_index") as i32),
                    weight: x.get(2).cloned(),
                    reduction: reduction(a),
                };
                loss.of(&x[0], &x[1])
            },
            |x, a| {
                let smoothing =
                    if a.has("label_smoothing") { a.float("label_smoothing") } else { 0.0 };
                nll(&log_softmax(&x[0], 1), &x[1], x.get(2), smoothing, a)
            },
            |d| {
                let smoothing = d.one_of(&[0.0, 0.125]);
                sample(d, |word| json!({"reduction": word, "label_smoothing": smoothing}))
            },
        )
        .with_constants(&[2]),
        Row::new(
            "nll_loss",
            |x, a| {
                let loss = Nll {
                    ignore_index: a.has("ignore_index").then(|| a.int("ignore_index") as i32),
                    weight: x.get(2).cloned(),
                    reduction: reduction(a),
                };
                loss.of(&x[0], &x[1])
            },
            |x, a| nll(&x[0], &x[1], x.get(2), 0.0, a),
            |d| sample(d, |word| json!({"reduction": word})),
        )
        .with_constants(&[2]),
    ]
}

/// `-w[y] p[y]` per row, or, smoothed, partly `-w[c] p[c]` averaged over the classes `c`. The mean
/// is over the weights of the labels. A row whose label is ignored counts nowhere.
fn nll(p: &Array, labels: &Array, weight: Option<&Array>, smoothing: f64, a: &Args) -> Array {
    let classes = p.shape[1];
    let weight = |c: usize| weight.map_or(1.0, |w| w.data[c]);
    let kept = |n: usize| !a.has("ignore_index") || labels.data[n] != a.float("ignore_index");
    let one = |n: usize| {
        let label = labels.data[n] as usize;
        let right = -weight(label) * p.at(&[n, label]);
        let any: f64 = (0..classes).map(|c| -weight(c) * p.at(&[n, c])).sum();
        (1.0 - smoothing) * right + smoothing * any / classes as f64
    };
    let rows = 0..labels.numel();
    let each: Vec<f64> = rows.clone().map(|n| if kept(n) { one(n) } else { 0.0 }).collect();
    let total: f64 = each.iter().sum();
    match reduction(a) {
        Reduction::None => Array { shape: labels.shape.clone(), data: each, whole: false },
        Reduction::Sum => Array::scalar(total),
        Reduction::Mean => {
            let weights = rows.filter(|&n| kept(n)).map(|n| weight(labels.data[n] as usize));
            Array::scalar(total / weights.sum::<f64>())
        }
    }
}

/// Scores, labels, perhaps class weights, perhaps an ignored class; row 0 is never ignored.
fn sample(d: &mut Draw, args: impl Fn(&str) -> Value) -> Sample {
    let (n, classes) = (d.range(1, 6), d.range(1, 5));
    let mut labels = d.ints(&[n], 0, classes as isize);
    let mut args = args(word(d));
    if d.once_in(3) {
        args["ignore_index"] = json!(-100);
        labels.data.iter_mut().skip(1).step_by(2).for_each(|label| *label = -100.0);
    }
    let mut inputs = vec![d.floats(&[n, classes]), labels];
    if d.once_in(2) {
        inputs.push(d.positive(&[classes]));
    }
    Sample::new(inputs, args)
}
