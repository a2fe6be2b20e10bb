//! What a run has left behind: a curve of losses, and the scores of each epoch.

use crate::Average;

/// Means over a pass through some data.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// The mean loss of a sample.
    pub loss: f32,
    /// The mean of each metric, by the names that the trainer was given them under.
    pub metrics: Vec<(String, f32)>,
}

impl Scores {
    /// The metric of that name, if there is one.
    pub fn metric(&self, name: &str) -> Option<f32> {
        self.metrics.iter().find(|(own, _)| own == name).map(|&(_, value)| value)
    }
}

/// What came of one epoch.
#[derive(Clone, Debug, PartialEq)]
pub struct EpochSummary {
    /// The epoch, counted from 0.
    pub epoch: usize,
    /// The updates made since the run began.
    pub steps: usize,
    /// The learning rate of the last of them.
    pub lr: f32,
    /// The scores on the training data, each batch's taken before its update, in training mode.
    pub train: Scores,
    /// The scores on the validation data after the epoch's last update, in evaluation mode.
    pub validation: Option<Scores>,
}

impl EpochSummary {
    /// The validation scores, or the training scores where nothing was validated.
    pub fn best_known(&self) -> &Scores {
        self.validation.as_ref().unwrap_or(&self.train)
    }
}

/// The curves of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The mean loss of each training batch, in order.
    pub batch_losses: Vec<f32>,
    /// Each epoch that was finished, in order.
    pub epochs: Vec<EpochSummary>,
}

impl History {
    /// The training loss of each epoch.
    pub fn train_losses(&self) -> Vec<f32> {
        self.epochs.iter().map(|epoch| epoch.train.loss).collect()
    }

    /// The validation loss of each epoch that was validated.
    pub fn validation_losses(&self) -> Vec<f32> {
        self.epochs.iter().filter_map(|epoch| Some(epoch.validation.as_ref()?.loss)).collect()
    }

    /// The last epoch that was finished.
    pub fn last(&self) -> Option<&EpochSummary> {
        self.epochs.last()
    }
}

/// Scores in the making.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tally {
    pub(crate) loss: Average,
    /// One for each of the trainer's metrics, in its order.
    pub(crate) metrics: Vec<Average>,
}

impl Tally {
    pub(crate) fn of(metrics: usize) -> Self {
        Self { loss: Average::default(), metrics: vec![Average::default(); metrics] }
    }

    pub(crate) fn scores<'a>(&self, names: impl Iterator<Item = &'a str>) -> Scores {
        let metrics = names.zip(&self.metrics);
        Scores {
            loss: self.loss.value(),
            metrics: metrics.map(|(name, average)| (name.to_string(), average.value())).collect(),
        }
    }
}
