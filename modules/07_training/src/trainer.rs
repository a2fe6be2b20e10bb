//! A run: how it is set up, where it is, what it has left behind.

use tinytorch_autograd::no_grad;
use tinytorch_layers::{Module, evaluating};
use tinytorch_optimizers::Optimizer;
use tinytorch_tensor::Tensor;

use crate::fit::{Batches, Fit, Group};
use crate::history::Tally;
use crate::{Callback, EarlyStopping, History, Schedule, Scores, TrainingError};

/// A mean over a batch, from predictions and targets: a loss, or a metric such as
/// [`accuracy`](crate::accuracy).
type Measure<T> = Box<dyn Fn(&Tensor, &Tensor) -> T + Send>;

/// How a [`Trainer`] trains.
pub struct TrainerOptions {
    /// The passes through the training data.
    pub epochs: usize,
    /// The batches whose gradients are gathered for one update; 1 unless a batch that large does
    /// not fit in memory.
    pub accumulate: usize,
    /// The largest norm of the gradients; see
    /// [`clip_grad_norm`](crate::clip_grad_norm).
    pub clip_norm: Option<f32>,
    /// The largest number in the gradients, cut before the norm is; see
    /// [`clip_grad_value`](crate::clip_grad_value).
    pub clip_value: Option<f32>,
    /// The learning rate of each update; without one, the optimizer's own stays.
    pub schedule: Option<Box<dyn Schedule>>,
    /// When to stop before the last epoch.
    pub early_stopping: Option<EarlyStopping>,
}

impl Default for TrainerOptions {
    /// One epoch, one update for each batch, and nothing else.
    fn default() -> Self {
        Self {
            epochs: 1,
            accumulate: 1,
            clip_norm: None,
            clip_value: None,
            schedule: None,
            early_stopping: None,
        }
    }
}

/// How a call of [`Trainer::fit`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All epochs are done.
    Finished,
    /// [`EarlyStopping`] ended the run; the model has its best weights.
    StoppedEarly,
    /// A callback asked to stop; `fit` goes on from here when it is called again.
    Paused,
}

/// Where a run is: before batch `batch` of epoch `epoch`, after `step` updates. All count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Position {
    /// The epoch.
    pub epoch: usize,
    /// The batch within it.
    pub batch: usize,
    /// The updates made.
    pub step: usize,
}

/// Trains a model, and knows at any moment where it is, so that a run can stop and go on.
///
/// Batches come from a function of the epoch and the first batch wanted of it. When that is a pure
/// function (a loader whose shuffle depends on a seed and the epoch alone), a run that stopped
/// between any two batches, was saved as a [`Checkpoint`](crate::Checkpoint), and went on in
/// another process, ends with the same weights, bit for bit, as one that never stopped.
///
/// The library is silent: what should be seen of a run, a [`Callback`] shows.
///
/// # Example
/// ```
/// use tinytorch_layers::Linear;
/// use tinytorch_losses::mse_loss;
/// use tinytorch_optimizers::{Sgd, SgdOptions};
/// use tinytorch_tensor::{Rng, Tensor};
/// use tinytorch_training::{Outcome, Trainer, TrainerOptions};
///
/// let mut rng = Rng::new(0);
/// let mut model = Linear::new(1, 1, &mut rng);
/// let mut optimizer = Sgd::new(SgdOptions { lr: 0.1, ..Default::default() });
/// let x = Tensor::rand([8, 1], &mut rng);
/// let y = &x * 3.0 - 1.0;
///
/// let options = TrainerOptions { epochs: 300, ..Default::default() };
/// let mut trainer = Trainer::new(mse_loss, options);
/// let batches = |_epoch, first| vec![(x.clone(), y.clone())].into_iter().skip(first);
/// assert_eq!(trainer.fit(&mut model, &mut optimizer, batches, &mut [])?, Outcome::Finished);
/// assert!(trainer.history().last().unwrap().train.loss < 1e-3);
/// # Ok::<(), tinytorch_training::TrainingError>(())
/// ```
pub struct Trainer {
    pub(crate) options: TrainerOptions,
    pub(crate) loss: Measure<Tensor>,
    metrics: Vec<(String, Measure<f32>)>,
    pub(crate) run: Run,
}

/// What changes while a run goes on; with the model and the optimizer, all that a checkpoint holds.
#[derive(Default)]
pub(crate) struct Run {
    pub(crate) position: Position,
    /// Of the epoch's batches so far.
    pub(crate) tally: Tally,
    /// Of the batches since the last update.
    pub(crate) group: Group,
    pub(crate) history: History,
}

impl Trainer {
    /// A trainer at the beginning of its run. `loss` is the mean loss over a batch, a single
    /// number, from the model's prediction and the target.
    ///
    /// # Panics
    /// When gradients are to be gathered over 0 batches.
    #[track_caller]
    pub fn new(
        loss: impl Fn(&Tensor, &Tensor) -> Tensor + Send + 'static,
        options: TrainerOptions,
    ) -> Self {
        assert!(
            options.accumulate > 0,
            "trainer: gradients gathered over 0 batches; `accumulate: 1` updates after each"
        );
        Self { options, loss: Box::new(loss), metrics: Vec::new(), run: Run::default() }
    }

    /// Measures every batch by `metric` too: a mean over the batch, from prediction and target.
    pub fn metric(
        mut self,
        name: &str,
        metric: impl Fn(&Tensor, &Tensor) -> f32 + Send + 'static,
    ) -> Self {
        self.metrics.push((name.to_string(), Box::new(metric)));
        self.run.tally = self.new_tally();
        self
    }

    /// Where the run is.
    pub fn position(&self) -> Position {
        self.run.position
    }

    /// How the run went so far.
    pub fn history(&self) -> &History {
        &self.run.history
    }

    /// What early stopping has seen, where there is any.
    pub fn early_stopping(&self) -> Option<&EarlyStopping> {
        self.options.early_stopping.as_ref()
    }

    /// Trains `model` until the last epoch is done, early stopping ends the run, or a callback
    /// stops it. A run that was paused, or restored from a checkpoint, goes on where it was.
    ///
    /// `batches(epoch, first)` gives the batches of `epoch` from number `first` on, each an input
    /// and a target with the samples along the first axis. The model trains in training mode, and
    /// is left in the modes it came in.
    ///
    /// # Errors
    /// [`TrainingError::Diverged`] when the loss or the norm of the gradients is not finite, and
    /// the error of a callback that fails. The model is left as it is at that moment.
    ///
    /// # Panics
    /// When an epoch has no batches, the loss is not a single number, or early stopping watches a
    /// metric that the trainer does not have.
    #[track_caller]
    pub fn fit<'a, I: Iterator<Item = (Tensor, Tensor)> + 'a>(
        &mut self,
        model: &mut dyn Module,
        optimizer: &mut dyn Optimizer,
        mut batches: impl FnMut(usize, usize) -> I,
        callbacks: &mut [&mut dyn Callback],
    ) -> Result<Outcome, TrainingError> {
        let mut boxed = |epoch, first| Box::new(batches(epoch, first)) as Batches<'a>;
        Fit { trainer: self, optimizer, callbacks }.run(model, &mut boxed, None)
    }

    /// [`fit`](Self::fit), and after each epoch scores the model on the batches of `validation`.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    ///
    /// # Panics
    /// As [`fit`](Self::fit), and when there are no validation batches.
    #[track_caller]
    pub fn fit_and_validate<'a, I, V>(
        &mut self,
        model: &mut dyn Module,
        optimizer: &mut dyn Optimizer,
        mut batches: impl FnMut(usize, usize) -> I,
        mut validation: impl FnMut() -> V,
        callbacks: &mut [&mut dyn Callback],
    ) -> Result<Outcome, TrainingError>
    where
        I: Iterator<Item = (Tensor, Tensor)> + 'a,
        V: Iterator<Item = (Tensor, Tensor)> + 'a,
    {
        let mut boxed = |epoch, first| Box::new(batches(epoch, first)) as Batches<'a>;
        let mut validation = || Box::new(validation()) as Batches<'a>;
        let fit = Fit { trainer: self, optimizer, callbacks };
        fit.run(model, &mut boxed, Some(&mut validation))
    }

    /// The scores of `model` on `batches`, in evaluation mode and without a history for gradients.
    /// No switch in the model is touched.
    ///
    /// # Panics
    /// When there are no batches.
    #[track_caller]
    pub fn evaluate(
        &self,
        model: &dyn Module,
        batches: impl Iterator<Item = (Tensor, Tensor)>,
    ) -> Scores {
        let mut tally = self.new_tally();
        for (x, y) in batches {
            evaluating(|| {
                no_grad(|| {
                    let prediction = model.forward(&x);
                    let loss = (self.loss)(&prediction, &y).item();
                    self.measure(&mut tally, loss, &prediction, &y, samples_of(&x));
                })
            });
        }
        assert!(tally.loss.samples > 0, "evaluate: no samples; give at least one batch");
        self.scores(&tally)
    }

    pub(crate) fn new_tally(&self) -> Tally {
        Tally::of(self.metrics.len())
    }

    pub(crate) fn scores(&self, tally: &Tally) -> Scores {
        tally.scores(self.metric_names())
    }

    pub(crate) fn metric_names(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn measure(
        &self,
        tally: &mut Tally,
        loss: f32,
        predicted: &Tensor,
        y: &Tensor,
        samples: usize,
    ) {
        tally.loss.add(loss, samples);
        for ((_, metric), average) in self.metrics.iter().zip(&mut tally.metrics) {
            average.add(metric(predicted, y), samples);
        }
    }
}

/// The samples of a batch: the size of its first axis.
pub(crate) fn samples_of(x: &Tensor) -> usize {
    if x.ndim() == 0 { 1 } else { x.size(0) }
}
