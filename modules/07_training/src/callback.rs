//! Someone who watches a run: a progress bar, a logger, what saves a checkpoint now and then.

use std::path::PathBuf;

use tinytorch_layers::Module;
use tinytorch_optimizers::Optimizer;

use crate::{Checkpoint, EpochSummary, Trainer, TrainingError};

/// Whether to go on.
#[derive(Debug)]
pub enum Flow {
    /// On with the run.
    Continue,
    /// Pause here: `fit` returns, and when it is called again it goes on from this very place.
    Stop,
    /// The run cannot go on; `fit` returns this error.
    Fail(TrainingError),
}

impl From<Result<(), TrainingError>> for Flow {
    fn from(result: Result<(), TrainingError>) -> Self {
        match result {
            Ok(()) => Flow::Continue,
            Err(error) => Flow::Fail(error),
        }
    }
}

/// A run at a moment between two batches: all there is to look at, or to save.
#[derive(Clone, Copy)]
pub struct Moment<'a> {
    /// The trainer: its position, its history.
    pub trainer: &'a Trainer,
    /// The model.
    pub model: &'a dyn Module,
    /// The optimizer.
    pub optimizer: &'a dyn Optimizer,
}

impl Moment<'_> {
    /// All that it takes to go on from here.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint::of(self.trainer, self.model, self.optimizer)
    }
}

/// What came of one batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchSummary {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// The batch within the epoch, counted from 0.
    pub batch: usize,
    /// The samples in it.
    pub samples: usize,
    /// Its mean loss.
    pub loss: f32,
    /// The norm of the gradients before they were clipped, where this batch completed an update
    /// and norms are clipped.
    pub grad_norm: Option<f32>,
}

/// Watches a run. Every method may be left out.
///
/// # Example
/// ```
/// use tinytorch_training::{Callback, EpochSummary, Flow, Moment};
///
/// /// Stops as soon as the loss is low enough.
/// struct GoodEnough(f32);
///
/// impl Callback for GoodEnough {
///     fn on_epoch_end(&mut self, epoch: &EpochSummary, _: &Moment<'_>) -> Flow {
///         if epoch.train.loss < self.0 { Flow::Stop } else { Flow::Continue }
///     }
/// }
/// ```
pub trait Callback {
    /// Before the first batch of an epoch, or the first one left when it was interrupted.
    fn on_epoch_start(&mut self, _moment: &Moment<'_>) {}

    /// After each batch.
    fn on_batch_end(&mut self, _batch: &BatchSummary, _moment: &Moment<'_>) -> Flow {
        Flow::Continue
    }

    /// After each epoch, validation included.
    fn on_epoch_end(&mut self, _epoch: &EpochSummary, _moment: &Moment<'_>) -> Flow {
        Flow::Continue
    }
}

/// Saves a checkpoint after every epoch, and every so many batches within.
///
/// The file is replaced in one step, so that there is a whole one at any moment. A save that fails
/// ends the run with its error: better now than to learn of it when the checkpoint is needed.
#[derive(Clone, Debug)]
pub struct SaveCheckpoint {
    path: PathBuf,
    every_batches: Option<usize>,
}

impl SaveCheckpoint {
    /// Saves to `path` after every epoch.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), every_batches: None }
    }

    /// Saves after every `batches` batches of an epoch, too.
    ///
    /// # Panics
    /// When `batches` is 0.
    #[track_caller]
    pub fn every_batches(self, batches: usize) -> Self {
        assert!(batches > 0, "save checkpoint: every 0 batches; give 1 or more");
        Self { every_batches: Some(batches), ..self }
    }
}

impl Callback for SaveCheckpoint {
    fn on_batch_end(&mut self, batch: &BatchSummary, moment: &Moment<'_>) -> Flow {
        match self.every_batches {
            Some(every) if (batch.batch + 1).is_multiple_of(every) => {
                moment.checkpoint().save(&self.path).into()
            }
            _ => Flow::Continue,
        }
    }

    fn on_epoch_end(&mut self, _: &EpochSummary, moment: &Moment<'_>) -> Flow {
        moment.checkpoint().save(&self.path).into()
    }
}
