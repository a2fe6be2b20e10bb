//! W2: a classifier of handwritten digits, 784-256-128-10 with ReLU.

use super::{ids, layer, numbers, trainer};
use crate::workload::{Work, Workload};
use tinytorch::prelude::*;

/// The weights of the three layers.
const WEIGHTS: [f64; 3] = [784.0 * 256.0, 256.0 * 128.0, 128.0 * 10.0];

/// All weights and biases.
const PARAMETERS: f64 = 235_146.0;

/// A training step with a batch of 64, and the answer to one picture.
pub fn workloads() -> Vec<Workload> {
    // Forward and to the weights everywhere, to the inputs in all layers but the first. Adam reads
    // four numbers per weight and writes three, of four that it keeps.
    let products = 2.0 * WEIGHTS[0] + 3.0 * (WEIGHTS[1] + WEIGHTS[2]);
    let training = Work::flops(64.0 * 2.0 * products);
    let weights = 4.0 * WEIGHTS.iter().sum::<f64>();
    vec![
        Workload::training(
            "W2.train_b64",
            training.and_bytes(28.0 * PARAMETERS, 16.0 * PARAMETERS),
            &[(1, 2.298_644), (10, 1.197_644)],
            training_step,
        ),
        Workload::new("W2.infer_b1", Work::bytes(weights), |meter| {
            let (model, x) = (model(), numbers([1, 784], 102, 1.0));
            no_grad(|| meter.time("W2.infer_b1", || model.forward(&x)));
        }),
    ]
}

fn model() -> Sequential {
    sequential![layer(784, 256, 10), ReLU, layer(256, 128, 11), ReLU, layer(128, 10, 12)]
}

/// Adam on cross entropy.
pub fn training_step() -> impl FnMut() -> f32 {
    // With these pictures no sum comes to lie so close to 0 that the order of its terms decides
    // which side of the bend it is on.
    let (x, y) = (numbers([64, 784], 102, 1.0), ids([64], 101, 10));
    let loss = move |model: &Sequential| cross_entropy(&model.forward(&x), &y);
    trainer(model(), Adam::new(AdamOptions { lr: 1e-3, ..Default::default() }), loss)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_pytorchs_from_the_first_step_to_the_tenth() {
        let mut step = training_step();
        let losses: Vec<f32> = (0..10).map(|_| step()).collect();
        assert!((losses[0] / 2.298_644 - 1.0).abs() < 1e-5, "{losses:?}");
        assert!((losses[9] / 1.197_644 - 1.0).abs() < 1e-5, "{losses:?}");
    }

    #[test]
    fn the_limit_counts_every_parameter() {
        assert_eq!(model().parameter_count() as f64, PARAMETERS);
    }
}
