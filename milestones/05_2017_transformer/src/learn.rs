//! How a GPT learns here, whatever it learns.

use stage::Stage;
use tinytorch::prelude::*;
use tinytorch::training::{Cosine, TrainingError};

/// The label of a place whose token nobody has to guess.
pub const IGNORED: i32 = -100;

/// How a model is trained.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// Rows in a batch.
    pub batch: usize,
    /// Batches.
    pub steps: usize,
    /// The learning rate, after it has risen and before it falls to a tenth along a cosine.
    pub lr: f32,
    /// Steps of the rise.
    pub warmup: usize,
    /// AdamW's pull toward 0.
    pub weight_decay: f32,
}

/// Trains `model` on the batches `(ids, next ids)`, both `[n, t]`, that `batch` makes for each
/// step, under a progress bar. Gives back the loss of each step, in nats a token.
///
/// # Errors
/// The loss is no longer a number.
pub fn train(
    model: &mut dyn Module,
    recipe: &Recipe,
    batch: impl Fn(usize) -> (Tensor, Tensor),
    stage: &mut dyn Stage,
) -> Result<Vec<f32>, TrainingError> {
    let Recipe { steps, lr, warmup, weight_decay, .. } = *recipe;
    let options = AdamWOptions { lr, betas: (0.9, 0.99), weight_decay, ..Default::default() };
    let mut optimizer = AdamW::new(options);
    let schedule = Cosine { lr, min_lr: lr / 10.0, warmup, steps };
    let options = TrainerOptions {
        clip_norm: Some(1.0),
        schedule: Some(Box::new(schedule)),
        ..Default::default()
    };
    let mut trainer = Trainer::new(next_token_loss, options);
    stage.begin(steps as u64, "steps");
    let mut bar = Bar { stage, done: 0, loss: None };
    let batches = |_, first| (first..steps).map(&batch);
    let outcome = trainer.fit(model, &mut optimizer, batches, &mut [&mut bar]);
    stage.end();
    outcome.map(|_| trainer.history().batch_losses.clone())
}

/// The mean surprise at the next token, in nats: scores `[n, t, v]`, labels `[n, t]`.
pub fn next_token_loss(scores: &Tensor, labels: &Tensor) -> Tensor {
    let loss = CrossEntropy { ignore_index: Some(IGNORED), ..Default::default() };
    loss.of(&scores.flatten_range(0, 1), &labels.flatten(0))
}

/// The progress bar of a run.
struct Bar<'a> {
    stage: &'a mut dyn Stage,
    done: u64,
    /// A mean of the last losses, the newest counting most.
    loss: Option<f32>,
}

impl Callback for Bar<'_> {
    fn on_batch_end(&mut self, batch: &BatchSummary, _: &Moment<'_>) -> Flow {
        const NEWEST: f32 = 0.1;
        let before = self.loss.unwrap_or(batch.loss);
        let loss = before + NEWEST * (batch.loss - before);
        (self.loss, self.done) = (Some(loss), self.done + 1);
        self.stage.advance(self.done, &format!("loss {loss:.3}"));
        Flow::Continue
    }
}
