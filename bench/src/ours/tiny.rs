//! W3: where there is nothing to compute, and all that counts is overhead.

use super::{layer, numbers, trainer};
use crate::workload::{Work, Workload};
use tinytorch::prelude::*;

/// A training step on XOR, 2-4-1 with tanh; the sum of eight numbers; a product of 4 by 4.
pub fn workloads() -> Vec<Workload> {
    vec![
        Workload::training(
            "W3.xor_train",
            Work::NONE,
            &[(1, 0.561_978), (10, 0.322_388)],
            training_step,
        ),
        Workload::new("W3.op_add8", Work::NONE, |meter| {
            let x = numbers([4, 2], 1, 1.0);
            meter.time("W3.op_add8", || &x + &x);
        }),
        Workload::new("W3.op_mm4", Work::NONE, |meter| {
            let x = numbers([4, 4], 1, 1.0);
            meter.time("W3.op_mm4", || x.matmul(&x));
        }),
    ]
}

/// Adam on the mean squared error.
fn training_step() -> impl FnMut() -> f32 {
    let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = Tensor::from([[0.0], [1.0], [1.0], [0.0]]);
    let model = sequential![layer(2, 4, 20), Tanh, layer(4, 1, 21)];
    let adam = Adam::new(AdamOptions { lr: 1e-2, ..Default::default() });
    trainer(model, adam, move |model: &Sequential| mse_loss(&model.forward(&x), &y))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn losses_are_pytorchs_from_the_first_step_to_the_tenth() {
        let mut step = training_step();
        let losses: Vec<f32> = (0..10).map(|_| step()).collect();
        assert!((losses[0] / 0.561_978 - 1.0).abs() < 1e-5, "{losses:?}");
        assert!((losses[9] / 0.322_388 - 1.0).abs() < 1e-5, "{losses:?}");
    }
}
