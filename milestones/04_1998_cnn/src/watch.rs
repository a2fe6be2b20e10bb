//! Learning, before the eyes of whoever waits: a bar that moves, the loss, and how many of some
//! pictures that are not learned from are right by now.

use stage::Stage;
use tinytorch::prelude::*;

use crate::lesson::share_right;
use crate::sets::first;

/// Pictures that are looked at again and again; few, so that looking costs little.
const WATCHED: usize = 200;

/// Shows a run of a [`Trainer`] on a stage.
pub struct Watch<'a> {
    stage: &'a mut dyn Stage,
    pictures: Tensor,
    labels: Tensor,
    steps: usize,
    looks: usize,
    done: usize,
    /// A mean of the last losses, the newest counting most.
    loss: Option<f32>,
    accuracies: Vec<f32>,
}

impl<'a> Watch<'a> {
    /// Opens a bar of `steps` steps, and looks `looks` times at the `watched` on the way.
    pub fn open(
        stage: &'a mut dyn Stage,
        watched: &dyn Dataset,
        steps: usize,
        looks: usize,
    ) -> Self {
        let (pictures, labels) = first(watched, WATCHED);
        stage.begin(steps as u64, "steps");
        let (loss, accuracies) = (None, Vec::new());
        Watch { stage, pictures, labels, steps, looks, done: 0, loss, accuracies }
    }

    /// Closes the bar; gives back the share of the watched pictures that was right, at even
    /// distances from start to end.
    pub fn close(self) -> Vec<f32> {
        self.stage.end();
        self.accuracies
    }

    fn look(&mut self, model: &dyn Module) {
        // Look number i is due after the step at i / looks of the way.
        while self.accuracies.len() <= self.done * self.looks / self.steps {
            let right = share_right(model, &self.pictures, &self.labels);
            self.accuracies.push(right);
        }
    }
}

impl Callback for Watch<'_> {
    fn on_epoch_start(&mut self, moment: &Moment<'_>) {
        if self.done == 0 {
            self.look(moment.model);
        }
    }

    fn on_batch_end(&mut self, batch: &BatchSummary, moment: &Moment<'_>) -> Flow {
        const NEWEST: f32 = 0.1;
        let before = self.loss.unwrap_or(batch.loss);
        let loss = before + NEWEST * (batch.loss - before);
        (self.loss, self.done) = (Some(loss), self.done + 1);
        self.look(moment.model);
        let right = self.accuracies.last().copied().unwrap_or(0.0);
        let note = format!("loss {loss:.3}  accuracy {:.1} %", 100.0 * right);
        self.stage.advance(self.done as u64, &note);
        Flow::Continue
    }
}
