//! Optimizers tried out on gradients that a test chooses.

use crate::Optimizer;
use tinytorch_autograd::{Backward, Gradients};
use tinytorch_layers::{Path, Slot, State};
use tinytorch_tensor::Tensor;

/// Gradients of `g` for every parameter of `model`, or as much of it as their shapes have.
pub(crate) fn gradients(model: &dyn State, g: &Tensor) -> Gradients {
    let mut losses = Vec::new();
    model.visit(&mut Path::default(), &mut |_, slot| {
        if let Slot::Tensor(w) = slot
            && w.requires_grad()
        {
            losses.push((w * g.expand(w.shape())).sum());
        }
    });
    losses.into_iter().reduce(|a, b| a + b).expect("a parameter").backward()
}

/// One step of a model with the gradient `g` for each of its parameters.
#[track_caller]
pub(crate) fn step(optimizer: &mut dyn Optimizer, model: &mut dyn State, g: &Tensor) {
    let grads = gradients(model, g);
    optimizer.step(model, &grads);
}

/// Where a single weight that begins at `start` is after each of the gradients.
pub(crate) fn walk(mut optimizer: impl Optimizer, start: f32, gradients: &[f32]) -> Vec<f32> {
    let mut w = Tensor::from(start).with_grad();
    let mut one = |&g: &f32| {
        step(&mut optimizer, &mut w, &Tensor::from(g));
        w.item()
    };
    gradients.iter().map(&mut one).collect()
}

/// Fails unless a weight goes where it is expected to, but for a few roundings of numbers up to 4.
#[track_caller]
pub(crate) fn assert_walk(optimizer: impl Optimizer, start: f32, gradients: &[f32], to: &[f32]) {
    let walked = walk(optimizer, start, gradients);
    let near = |(got, expected): (&f32, &f32)| got == expected || (got - expected).abs() < 1e-6;
    assert!(
        walked.len() == to.len() && walked.iter().zip(to).all(near),
        "walked to {walked:?}, not {to:?}"
    );
}
