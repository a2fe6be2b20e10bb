//! Learning, before the eyes of whoever waits: a bar that moves, the loss, and how many of some
//! digits that are not learned from are right by now.

use stage::Stage;
use tinytorch::dataloader::Subset;
use tinytorch::layers::Module;
use tinytorch::prelude::*;
use tinytorch::training::{BatchSummary, Callback, Flow, Moment, accuracy};

use crate::digits::{first, one_of_each};

/// Digits that are looked at again and again; few, so that looking costs little.
const WATCHED: usize = 200;
/// Looks at them in a run, at even distances.
const LOOKS: usize = 100;

/// What was seen of a run.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The share of the watched digits that is right, at even distances from start to end.
    pub accuracies: Vec<f32>,
    /// What ten digits, one of each class, were taken for: seldom and more seldom, as in a film
    /// of something that happens ever more slowly.
    pub film: Vec<Frame>,
}

/// One picture of the film.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Steps made so far.
    pub step: usize,
    /// What each of the ten is taken for.
    pub taken_for: Vec<i32>,
}

/// Shows a run of a [`Trainer`](tinytorch::training::Trainer) on a stage.
pub struct Watch<'a> {
    stage: &'a mut dyn Stage,
    pictures: Tensor,
    labels: Tensor,
    ten: Tensor,
    steps: usize,
    done: usize,
    /// A mean of the last losses, the newest counting most.
    loss: Option<f32>,
    seen: Seen,
}

impl<'a> Watch<'a> {
    /// Opens a bar of `steps` steps.
    pub fn open(stage: &'a mut dyn Stage, digits: &Subset, steps: usize) -> Self {
        let ((pictures, labels), (ten, _)) = (first(digits, WATCHED), one_of_each(digits));
        stage.begin(steps as u64, "steps");
        Watch { stage, pictures, labels, ten, steps, done: 0, loss: None, seen: Seen::default() }
    }

    /// Closes the bar; gives back what was seen.
    pub fn close(self) -> Seen {
        self.stage.end();
        self.seen
    }

    fn look(&mut self, model: &dyn Module) {
        // Look number i is due after the step at i / LOOKS of the way.
        while self.seen.accuracies.len() <= self.done * LOOKS / self.steps {
            let scores = no_grad(|| model.forward(&self.pictures));
            self.seen.accuracies.push(accuracy(&scores, &self.labels));
        }
        if in_the_film(self.done) || self.done == self.steps {
            let taken_for = no_grad(|| model.forward(&self.ten)).argmax(1, false).to_vec_i32();
            self.seen.film.push(Frame { step: self.done, taken_for });
        }
    }

    fn show(&mut self) {
        let last = self.seen.accuracies.last().copied().unwrap_or(0.0);
        let loss = self.loss.unwrap_or(f32::NAN);
        let note = format!("loss {loss:.3}  accuracy {:.1} %", 100.0 * last);
        self.stage.advance(self.done as u64, &note);
    }
}

/// Whether a step is 0, 1, 2, 5, 10, 20, 50, 100 and so on.
fn in_the_film(step: usize) -> bool {
    let mut leading = step;
    while leading >= 10 && leading.is_multiple_of(10) {
        leading /= 10;
    }
    matches!(leading, 0 | 1 | 2 | 5)
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
        self.loss = Some(before + NEWEST * (batch.loss - before));
        self.done += 1;
        self.look(moment.model);
        self.show();
        Flow::Continue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_film_slows_down() {
        let frames: Vec<usize> = (0..1200).filter(|step| in_the_film(*step)).collect();
        assert_eq!(frames, [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]);
    }
}
