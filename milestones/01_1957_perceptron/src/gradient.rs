//! The same three weights, trained by gradient descent: module 05 finds the slopes, module 06
//! goes down.
//!
//! A sign has no slope. Put a sigmoid in its place and the output is the probability of the side
//! +1, the loss is how surprised the model is by the truth (binary cross entropy), and every
//! weight knows in which direction it would be less so:
//!
//! ```text
//! p = sigmoid(w . x + b),   loss = mean(-ln p of the +1, -ln(1 - p) of the -1),   w -= lr dloss/dw
//! ```
//!
//! The output here is `w . x + b` itself and the loss takes the sigmoid along: in one piece no
//! probability can round to 0, whose logarithm is infinite.

use tinytorch::prelude::*;

use crate::points::Points;

/// How to train.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The length of a step, in gradients.
    pub lr: f32,
    /// Points in a batch.
    pub batch: usize,
    /// Passes through the points.
    pub passes: usize,
}

/// A linear layer, and how it became what it is.
pub struct Trained {
    /// As it was drawn at random, before the first step.
    pub before: Linear,
    /// As it is after the last.
    pub model: Linear,
    /// The mean loss of the batches of each pass.
    pub losses: Vec<f32>,
    /// The share of the held-out points on the right side, at first and after each pass.
    pub held_out: Vec<f64>,
}

/// The layer's answer: positive on the side +1. `[n, 2] -> [n]`.
pub fn output(model: &Linear, x: &Tensor) -> Tensor {
    no_grad(|| model.forward(x).squeeze(1))
}

/// Trains a linear layer on `points`; `watched` is asked after each pass, and taught nothing.
pub fn train(points: &Points, watched: &Points, recipe: &Recipe, rng: &mut Rng) -> Trained {
    let mut model = Linear::new(2, 1, rng);
    let before =
        Linear { weight: model.weight.detach(), bias: model.bias.as_ref().map(Tensor::detach) };
    let mut sgd = Sgd::new(SgdOptions { lr: recipe.lr, ..Default::default() });
    let target = (&points.y + 1.0) / 2.0;
    let mut losses = Vec::new();
    let mut held_out = vec![watched.right(&output(&model, &watched.x))];
    for _ in 0..recipe.passes {
        let mut sum = 0.0;
        let order = Tensor::randperm(points.len(), rng);
        for first in (0..points.len()).step_by(recipe.batch) {
            let batch = order.slice(0, first..(first + recipe.batch).min(points.len()));
            let x = points.x.index_select(0, &batch);
            let y = target.index_select(0, &batch);
            let loss = bce_with_logits(&model.forward(&x).squeeze(1), &y);
            let gradients = loss.backward();
            sgd.step(&mut model, &gradients);
            sum += loss.item() * batch.numel() as f32;
        }
        losses.push(sum / points.len() as f32);
        held_out.push(watched.right(&output(&model, &watched.x)));
    }
    Trained { before, model, losses, held_out }
}
