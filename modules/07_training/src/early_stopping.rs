//! When to stop: the model no longer gets better on data that it does not learn from.

use tinytorch_layers::{LayersError, Model, State, StateDict};

use crate::Scores;

/// Stops a run when it has not got better for some epochs, and brings back the best weights.
///
/// An epoch is better when it beats the best one so far by more than `min_delta`. After `patience`
/// epochs in a row that were not better, the run is over. A value that is no number is never
/// better.
///
/// Source: Prechelt, "Early Stopping, But When?" (1998).
#[derive(Clone, Debug)]
pub struct EarlyStopping {
    patience: usize,
    min_delta: f32,
    /// The metric that is watched, the higher the better; without one the loss, the lower.
    metric: Option<String>,
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
    /// Stops after `patience` epochs in a row without a lower loss on the validation data (on the
    /// training data where there is no other); of 0 and 1 either stops at the first.
    pub fn new(patience: usize) -> Self {
        Self { patience, min_delta: 0.0, metric: None, best: None, since: 0 }
    }

    /// Counts an epoch as better only when it is so by more than this.
    pub fn min_delta(self, min_delta: f32) -> Self {
        Self { min_delta, ..self }
    }

    /// Watches a metric of the trainer's instead of the loss; the higher the better.
    pub fn watching(self, metric: &str) -> Self {
        Self { metric: Some(metric.to_string()), ..self }
    }

    /// Takes in the `value` of `epoch` and the model that has it; whether it is the best so far.
    pub fn observe(&mut self, epoch: usize, value: f32, model: &dyn State) -> bool {
        let better = match (&self.best, &self.metric) {
            (None, _) => !value.is_nan(),
            (Some(best), None) => value < best.value - self.min_delta,
            (Some(best), Some(_)) => value > best.value + self.min_delta,
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
        match &self.metric {
            None => scores.loss,
            Some(name) => scores.metric(name).unwrap_or_else(|| {
                panic!("early stopping: no metric is named `{name}`; add it to the trainer")
            }),
        }
    }
}
