//! When to stop: the model no longer gets better on data that it does not learn from.

use tinytorch_layers::{LayersError, Model, State, StateDict};

use crate::Scores;

/// What [`EarlyStopping`] looks at after each epoch.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Watch {
    /// The loss on the validation data, or on the training data where there is no other; the lower
    /// the better.
    #[default]
    Loss,
    /// The metric of that name on the same data; the higher the better.
    Metric(String),
}

/// Stops a run when it has not got better for some epochs, and brings back the best weights.
///
/// An epoch is better when it beats the best one so far by more than `min_delta`. After `patience`
/// epochs in a row that were not better, the run is over. A value that is no number is never
/// better.
///
/// Source: Prechelt, "Early Stopping, But When?" (1998).
#[derive(Clone, Debug, Default)]
pub struct EarlyStopping {
    /// How many epochs in a row may fail to be better; of 0 and 1 either stops at the first.
    pub patience: usize,
    /// By how much an epoch must be better to count.
    pub min_delta: f32,
    /// What is compared.
    pub watch: Watch,
    pub(crate) best: Option<Best>,
    /// How many epochs have passed since the best one.
    pub(crate) since: usize,
}

/// The best epoch so far.
#[derive(Clone, Debug)]
pub(crate) struct Best {
    pub(crate) value: f32,
    pub(crate) epoch: usize,
    pub(crate) weights: StateDict,
}

impl EarlyStopping {
    /// Stops after `patience` epochs without a lower loss.
    pub fn new(patience: usize) -> Self {
        Self { patience, ..Self::default() }
    }

    /// Takes in the `value` of `epoch` and the model that has it; whether it is the best so far.
    pub fn observe(&mut self, epoch: usize, value: f32, model: &dyn State) -> bool {
        let better = match (&self.best, &self.watch) {
            (None, _) => !value.is_nan(),
            (Some(best), Watch::Loss) => value < best.value - self.min_delta,
            (Some(best), Watch::Metric(_)) => value > best.value + self.min_delta,
        };
        if better {
            // Shares storage with the model: numbers are copied when the optimizer overwrites them.
            let weights = model.state_dict();
            self.best = Some(Best { value, epoch, weights });
            self.since = 0;
        } else {
            self.since += 1;
        }
        better
    }

    /// Whether the run is over.
    pub fn is_exhausted(&self) -> bool {
        self.since > 0 && self.since >= self.patience
    }

    /// The number of the best epoch so far, and its value.
    pub fn best(&self) -> Option<(usize, f32)> {
        self.best.as_ref().map(|best| (best.epoch, best.value))
    }

    /// Gives `model` the weights of the best epoch; does nothing before the first.
    ///
    /// # Errors
    /// When `model` is not the one that was observed.
    pub fn restore(&self, model: &mut dyn State) -> Result<(), LayersError> {
        match &self.best {
            Some(best) => model.load_state_dict(&best.weights),
            None => Ok(()),
        }
    }

    /// What to compare, out of an epoch's scores.
    ///
    /// # Panics
    /// When the watched metric is not among them.
    #[track_caller]
    pub(crate) fn value_of(&self, scores: &Scores) -> f32 {
        match &self.watch {
            Watch::Loss => scores.loss,
            Watch::Metric(name) => scores.metric(name).unwrap_or_else(|| {
                panic!("early stopping: no metric is named `{name}`; add it to the trainer")
            }),
        }
    }
}
