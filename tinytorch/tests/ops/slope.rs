//! Derivatives of the definitions in f64, by central differences: what gradients are compared with.

use crate::array::Array;
use crate::trial::Trial;

/// Half of the difference's width. The error is of order `h^2` from the curve, `1e-16 / h` from
/// rounding: both about 1e-10, ten thousand times less than the tolerance for f32.
const H: f64 = 1e-5;
/// The same for second derivatives, where rounding costs `1e-16 / h^2`.
const H2: f64 = 3e-4;

/// `sum(definition(inputs) * cotangent)`.
fn loss(trial: &Trial, inputs: &[Array]) -> f64 {
    let out = (trial.row.definition)(inputs, &trial.sample.args);
    out.data.iter().zip(&trial.cotangent.data).map(|(y, c)| y * c).sum()
}

/// The gradient of the loss in input `i`.
pub fn gradient(trial: &Trial, i: usize) -> Array {
    let mut inputs = trial.sample.inputs.clone();
    let mut slope = inputs[i].clone();
    for at in 0..slope.numel() {
        let x = inputs[i].data[at];
        inputs[i].data[at] = x + H;
        let up = loss(trial, &inputs);
        inputs[i].data[at] = x - H;
        let down = loss(trial, &inputs);
        inputs[i].data[at] = x;
        slope.data[at] = (up - down) / (2.0 * H);
    }
    slope
}

/// The gradient in input `i` of `sum over j of <gradient of input j, along[j]>`.
pub fn second(trial: &Trial, i: usize, along: &[Array]) -> Array {
    let mut slope = trial.sample.inputs[i].clone();
    for at in 0..slope.numel() {
        let corner = |one: f64, all: f64| {
            let mut inputs = trial.sample.inputs.clone();
            for (x, v) in inputs.iter_mut().zip(along) {
                x.data.iter_mut().zip(&v.data).for_each(|(x, v)| *x += all * H2 * v);
            }
            inputs[i].data[at] += one * H2;
            loss(trial, &inputs)
        };
        let twice = corner(1.0, 1.0) - corner(1.0, -1.0) - corner(-1.0, 1.0) + corner(-1.0, -1.0);
        slope.data[at] = twice / (4.0 * H2 * H2);
    }
    slope
}
