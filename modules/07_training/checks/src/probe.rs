//! A model so small that its run can be followed by hand.

use std::sync::{Arc, Mutex};
use tinytorch_layers::{Module, Training, state};
use tinytorch_optimizers::{Sgd, SgdOptions};
use tinytorch_tensor::Tensor;
use tinytorch_training::{BatchSummary, Callback, Flow, Moment, Trainer, TrainerOptions};

/// `x` times one weight, and a note of how each call was made.
pub struct Probe {
    pub weight: Tensor,
    training: Training,
    calls: Arc<Mutex<Vec<Call>>>,
}
state!(Probe { weight, training });

/// How the model was called.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Call {
    /// In training mode.
    pub training: bool,
    /// With a history for gradients.
    pub recorded: bool,
}

impl Probe {
    pub fn new(weight: f32) -> Self {
        let weight = Tensor::from([weight]).with_grad();
        Self { weight, training: Training(true), calls: Arc::default() }
    }

    /// The calls since this was asked last.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.calls.lock().expect("no call panics"))
    }

    /// Whether its switch stands on training.
    pub fn is_in_training(&self) -> bool {
        self.training.0
    }
}

impl Module for Probe {
    fn forward(&self, x: &Tensor) -> Tensor {
        let prediction = x * &self.weight;
        let call = Call { training: self.training.is_on(), recorded: prediction.requires_grad() };
        self.calls.lock().expect("no call panics").push(call);
        prediction
    }
}

/// A loss whose gradient, of a [`Probe`]'s weight, is the mean of the batch's inputs.
pub fn mean_prediction(prediction: &Tensor, _: &Tensor) -> Tensor {
    prediction.mean()
}

/// A batch of these inputs, with zeros for targets.
pub fn batch(inputs: &[f32]) -> (Tensor, Tensor) {
    let x = Tensor::from_vec(inputs.to_vec(), [inputs.len(), 1]);
    let y = Tensor::zeros_like(&x);
    (x, y)
}

/// The same batches in every epoch.
pub fn batches(
    inputs: &[&[f32]],
) -> impl Fn(usize, usize) -> std::vec::IntoIter<(Tensor, Tensor)> + use<> {
    let all: Vec<_> = inputs.iter().map(|inputs| batch(inputs)).collect();
    move |_, first| {
        let rest: Vec<_> = all.iter().skip(first).cloned().collect();
        rest.into_iter()
    }
}

pub fn sgd(lr: f32) -> Sgd {
    Sgd::new(SgdOptions { lr, ..Default::default() })
}

/// Does something after every batch.
pub struct AfterBatch<F>(pub F);

impl<F: FnMut(&BatchSummary, &Moment<'_>) -> Flow> Callback for AfterBatch<F> {
    fn on_batch_end(&mut self, batch: &BatchSummary, moment: &Moment<'_>) -> Flow {
        (self.0)(batch, moment)
    }
}

/// What one epoch at rate 1 makes of a weight of 0: the weight, the updates, and after each batch
/// the weight and the norm.
pub struct Trained {
    pub weight: f32,
    pub steps: usize,
    pub weights: Vec<f32>,
    pub norms: Vec<Option<f32>>,
}

/// Trains a probe from 0 on `inputs`, at rate 1 unless there is a schedule.
#[track_caller]
pub fn trained(options: TrainerOptions, inputs: &[&[f32]]) -> Trained {
    let mut model = Probe::new(0.0);
    let mut trainer = Trainer::new(mean_prediction, options);
    let (mut weights, mut norms) = (Vec::new(), Vec::new());
    let mut note = AfterBatch(|batch: &BatchSummary, moment: &Moment<'_>| {
        weights.push(moment.checkpoint().weights()["weight"].item());
        norms.push(batch.grad_norm);
        Flow::Continue
    });
    let data = batches(inputs);
    trainer.fit(&mut model, &mut sgd(1.0), data, &mut [&mut note]).expect("a run of plain numbers");
    Trained { weight: model.weight.item(), steps: trainer.position().step, weights, norms }
}
