//! The loop: batch, forward, loss, backward, update; and again.

use tinytorch_autograd::{Backward, Gradients};
use tinytorch_layers::{Model, Module};
use tinytorch_optimizers::Optimizer;
use tinytorch_tensor::Tensor;

use crate::modes::in_training;
use crate::trainer::samples_of;
use crate::{
    BatchSummary, Callback, EpochSummary, Flow, Moment, Outcome, Trainer, TrainingError,
    clip_grad_norm, clip_grad_value,
};

/// The batches of one pass through some data: inputs and targets, each with the samples along its
/// first axis.
pub(crate) type Batches<'a> = Box<dyn Iterator<Item = (Tensor, Tensor)> + 'a>;

/// Gradients gathered for one update.
#[derive(Default)]
pub(crate) struct Group {
    /// Their sum, each batch weighted by its samples, the first batch's as 1.
    pub(crate) sum: Option<Gradients>,
    pub(crate) batches: usize,
    pub(crate) samples: usize,
    pub(crate) first_samples: usize,
}

impl Group {
    /// Takes in the gradients of the mean loss over a batch of `samples` samples.
    fn add(&mut self, grads: Gradients, samples: usize) {
        let sum = match self.sum.take() {
            None => {
                self.first_samples = samples;
                grads
            }
            Some(sum) => self.joined(sum, grads, samples),
        };
        self.sum = Some(sum);
        self.batches += 1;
        self.samples += samples;
    }

    /// `sum`, and in it the gradients of one more batch, weighted by its samples: a batch of as
    /// many as the first had counts 1.
    fn joined(&self, mut sum: Gradients, mut grads: Gradients, samples: usize) -> Gradients {
        if samples != self.first_samples {
            grads.scale((samples as f64 / self.first_samples as f64) as f32);
        }
        sum.add(grads);
        sum
    }

    /// The gradients of the mean loss over all samples taken in, as if they had come in one batch;
    /// the group is empty then. `None` when there are none.
    fn take(&mut self) -> Option<Gradients> {
        let mut group = std::mem::take(self);
        let sum = group.sum.take()?;
        Some(if group.batches > 1 { group.mean(sum) } else { sum })
    }

    /// `sum` over all samples instead of over those of the first batch: for `k` batches of one
    /// size, divided by `k`.
    fn mean(&self, mut sum: Gradients) -> Gradients {
        sum.scale((self.first_samples as f64 / self.samples as f64) as f32);
        sum
    }
}

/// A call of [`Trainer::fit`]: the trainer and what it was given.
pub(crate) struct Fit<'a, 'c> {
    pub(crate) trainer: &'a mut Trainer,
    pub(crate) optimizer: &'a mut dyn Optimizer,
    pub(crate) callbacks: &'a mut [&'c mut dyn Callback],
}

impl Fit<'_, '_> {
    #[track_caller]
    pub(crate) fn run<'b>(
        mut self,
        model: &mut dyn Module,
        batches: &mut dyn FnMut(usize, usize) -> Batches<'b>,
        mut validation: Option<&mut dyn FnMut() -> Batches<'b>>,
    ) -> Result<Outcome, TrainingError> {
        let outcome = in_training(model, |model| {
            while self.trainer.run.position.epoch < self.trainer.options.epochs {
                if self.trainer.early_stopping().is_some_and(|early| early.is_exhausted()) {
                    return Ok(Outcome::StoppedEarly);
                }
                if let Flow::Stop = self.epoch(model, batches, &mut validation)? {
                    return Ok(Outcome::Paused);
                }
            }
            Ok(Outcome::Finished)
        })?;
        if let (Some(early), false) = (self.trainer.early_stopping(), outcome == Outcome::Paused) {
            early.restore(model).expect("the model whose weights were kept");
        }
        Ok(outcome)
    }

    /// An epoch, or what is left of it.
    #[track_caller]
    fn epoch<'b>(
        &mut self,
        model: &mut dyn Module,
        batches: &mut dyn FnMut(usize, usize) -> Batches<'b>,
        validation: &mut Option<&mut dyn FnMut() -> Batches<'b>>,
    ) -> Result<Flow, TrainingError> {
        let at = self.trainer.run.position;
        for index in 0..self.callbacks.len() {
            let (callback, moment) = self.callback(index, model);
            callback.on_epoch_start(&moment);
        }
        for (x, y) in batches(at.epoch, at.batch) {
            let summary = self.batch(model, &x, &y)?;
            let flow =
                self.ask(model, |callback, moment| callback.on_batch_end(&summary, moment))?;
            if let Flow::Stop = flow {
                return Ok(flow);
            }
        }
        // The last batches may have been too few to fill their group.
        self.update(model)?;
        let summary = self.close_epoch(model, validation);
        self.ask(model, |callback, moment| callback.on_epoch_end(&summary, moment))
    }

    /// One batch, and the update if it fills its group.
    #[track_caller]
    fn batch(
        &mut self,
        model: &mut dyn Module,
        x: &Tensor,
        y: &Tensor,
    ) -> Result<BatchSummary, TrainingError> {
        let prediction = model.forward(x);
        let loss = (self.trainer.loss)(&prediction, y);
        let value = loss.item();
        if !value.is_finite() {
            return Err(self.diverged(format!("the loss is {value}")));
        }
        // Every call asks the current loss for its gradients: there are no old ones to clear.
        let grads = loss.backward();
        let samples = samples_of(x);
        self.note(value, &prediction, y, samples);
        drop((loss, prediction)); // what they hold is free before the update needs memory
        let group = &mut self.trainer.run.group;
        group.add(grads, samples);
        let full = group.batches == self.trainer.options.accumulate;
        let grad_norm = if full { self.update(model)? } else { None };
        Ok(self.move_on(samples, value, grad_norm))
    }

    /// Measures a batch, and writes it down: into the epoch's tally, and its loss into the curve.
    fn note(&mut self, loss: f32, prediction: &Tensor, y: &Tensor, samples: usize) {
        let trainer = &mut *self.trainer;
        let mut tally = std::mem::take(&mut trainer.run.tally);
        trainer.measure(&mut tally, loss, prediction, y, samples);
        trainer.run.tally = tally;
        trainer.run.history.batch_losses.push(loss);
    }

    /// Puts the position before the next batch; what came of this one.
    fn move_on(&mut self, samples: usize, loss: f32, grad_norm: Option<f32>) -> BatchSummary {
        let position = &mut self.trainer.run.position;
        let (epoch, batch) = (position.epoch, position.batch);
        position.batch += 1;
        BatchSummary { epoch, batch, samples, loss, grad_norm }
    }

    /// Updates the model with the gradients gathered, if there are any; their norm before it was
    /// clipped, if it is.
    #[track_caller]
    fn update(&mut self, model: &mut dyn Module) -> Result<Option<f32>, TrainingError> {
        let Some(mut grads) = self.trainer.run.group.take() else { return Ok(None) };
        let options = &self.trainer.options;
        if let Some(limit) = options.clip_value {
            clip_grad_value(&mut grads, limit);
        }
        let norm = options.clip_norm.map(|max_norm| clip_grad_norm(&mut grads, max_norm));
        if norm.is_some_and(|norm| !norm.is_finite()) {
            return Err(self.diverged(not_finite_of(model, &grads)));
        }
        if let Some(schedule) = &options.schedule {
            self.optimizer.set_learning_rate(schedule.lr(self.trainer.run.position.step));
        }
        self.optimizer.step(model, &grads);
        self.trainer.run.position.step += 1;
        Ok(norm)
    }

    /// Validates, writes the epoch into the history, and moves on to the next.
    #[track_caller]
    fn close_epoch<'b>(
        &mut self,
        model: &mut dyn Module,
        validation: &mut Option<&mut dyn FnMut() -> Batches<'b>>,
    ) -> EpochSummary {
        let trainer = &mut *self.trainer;
        let epoch = trainer.run.position.epoch;
        assert!(
            trainer.run.tally.loss.samples > 0,
            "trainer: epoch {epoch} has no batches; give at least one, for every epoch"
        );
        let summary = EpochSummary {
            epoch,
            steps: trainer.run.position.step,
            lr: self.optimizer.learning_rate(),
            train: trainer.scores(&trainer.run.tally),
            validation: validation.as_mut().map(|batches| trainer.evaluate(model, batches())),
        };
        if let Some(early) = &mut trainer.options.early_stopping {
            early.observe(epoch, early.value_of(summary.best_known()), model);
        }
        trainer.run.tally = trainer.new_tally();
        trainer.run.position.epoch += 1;
        trainer.run.position.batch = 0;
        trainer.run.history.epochs.push(summary.clone());
        summary
    }

    fn callback<'s>(
        &'s mut self,
        index: usize,
        model: &'s dyn Module,
    ) -> (&'s mut dyn Callback, Moment<'s>) {
        let moment = Moment { trainer: self.trainer, model, optimizer: self.optimizer };
        (&mut *self.callbacks[index], moment)
    }

    /// Asks every callback, in order; the first that fails is the answer, else whether one stops.
    fn ask(
        &mut self,
        model: &dyn Module,
        question: impl Fn(&mut dyn Callback, &Moment<'_>) -> Flow,
    ) -> Result<Flow, TrainingError> {
        let mut answer = Flow::Continue;
        for index in 0..self.callbacks.len() {
            let (callback, moment) = self.callback(index, model);
            match question(callback, &moment) {
                Flow::Continue => {}
                Flow::Stop => answer = Flow::Stop,
                Flow::Fail(error) => return Err(error),
            }
        }
        Ok(answer)
    }

    fn diverged(&self, what: String) -> TrainingError {
        let position = self.trainer.run.position;
        TrainingError::Diverged { what, epoch: position.epoch, batch: position.batch }
    }
}

/// Which parameter's gradient is not finite.
fn not_finite_of(model: &dyn Module, grads: &Gradients) -> String {
    let bad = |tensor: &Tensor| {
        grads.get(tensor).is_some_and(|grad| grad.data().iter().any(|g| !g.is_finite()))
    };
    match model.named_parameters().into_iter().find(|(_, parameter)| bad(parameter)) {
        Some((path, _)) => format!("the gradient of `{path}` is not finite"),
        None => "the norm of the gradients is not finite".to_string(),
    }
}
