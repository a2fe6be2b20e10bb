//! The trainer against loops written out by hand, and its promises one by one.

use std::cell::RefCell;
use std::iter::Skip;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::vec::IntoIter;

use tinytorch_autograd::Backward;
use tinytorch_layers::{Dropout, Linear, Model, Module, Sequential, Training, sequential, state};
use tinytorch_losses::{cross_entropy, mse_loss};
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer, Sgd, SgdOptions};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{
    BatchSummary, Callback, EarlyStopping, EpochSummary, Flow, Moment, Outcome, StepDecay, Trainer,
    TrainerOptions, TrainingError, accuracy,
};

/// `forward` multiplies by one weight, and notes the mode that it was called in.
struct Probe {
    weight: Tensor,
    training: Training,
    frozen: Training,
    calls: Arc<Mutex<Vec<(bool, bool)>>>,
}
state!(Probe { weight, training, frozen });

impl Probe {
    fn new(weight: f32) -> Self {
        let (weight, calls) = (Tensor::from([weight]).with_grad(), Arc::default());
        Self { weight, training: Training(true), frozen: Training(false), calls }
    }

    /// The modes at every call so far: of a part in training, and of one that was frozen.
    fn calls(&self) -> Vec<(bool, bool)> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn modes(&self) -> (bool, bool) {
        (self.training.0, self.frozen.0)
    }
}

impl Module for Probe {
    fn forward(&self, x: &Tensor) -> Tensor {
        let now = (self.training.is_on(), self.frozen.is_on());
        self.calls.lock().unwrap().push(now);
        x * &self.weight
    }
}

/// With this loss the gradient of a [`Probe`]'s weight is the mean of the batch.
fn mean_prediction(prediction: &Tensor, _: &Tensor) -> Tensor {
    prediction.mean()
}

/// A batch with these inputs, and zeros for targets.
fn batch(inputs: &[f32]) -> (Tensor, Tensor) {
    let x = Tensor::from_vec(inputs.to_vec(), [inputs.len(), 1]);
    let y = Tensor::zeros_like(&x);
    (x, y)
}

/// The same batches in every epoch.
fn batches(inputs: &[&[f32]]) -> impl Fn(usize, usize) -> Skip<IntoIter<(Tensor, Tensor)>> {
    let all = inputs.iter().map(|inputs| batch(inputs)).collect::<Vec<_>>();
    move |_, first| all.clone().into_iter().skip(first)
}

fn sgd(lr: f32) -> Sgd {
    Sgd::new(SgdOptions { lr, ..Default::default() })
}

fn epochs(epochs: usize) -> TrainerOptions {
    TrainerOptions { epochs, ..Default::default() }
}

/// Does something at every batch's end.
struct AtBatchEnd<F>(F);

impl<F: FnMut(&BatchSummary, &Moment<'_>) -> Flow> Callback for AtBatchEnd<F> {
    fn on_batch_end(&mut self, batch: &BatchSummary, moment: &Moment<'_>) -> Flow {
        (self.0)(batch, moment)
    }
}

#[test]
fn the_trainer_does_what_the_loop_by_hand_does() {
    let data = (0..6).map(|i| {
        let mut rng = Rng::at(3, i);
        (Tensor::randn([4, 5], &mut rng), Tensor::randint([4], 0, 3, &mut rng))
    });
    let data = data.collect::<Vec<_>>();
    let model = || {
        let mut rng = Rng::new(1);
        sequential![Linear::new(5, 8, &mut rng), Linear::new(8, 3, &mut rng)]
    };

    let (mut by_hand, mut optimizer) = (model(), Adam::new(AdamOptions::default()));
    let mut losses = Vec::new();
    for _epoch in 0..3 {
        for (x, y) in &data {
            let loss = cross_entropy(&by_hand.forward(x), y);
            losses.push(loss.item());
            let grads = loss.backward();
            optimizer.step(&mut by_hand, &grads);
        }
    }

    let (mut trained, mut optimizer) = (model(), Adam::new(AdamOptions::default()));
    let mut trainer = Trainer::new(cross_entropy, epochs(3)).metric("accuracy", accuracy);
    let outcome = trainer.fit(
        &mut trained,
        &mut optimizer,
        |_, first| data[first..].iter().cloned(),
        &mut [],
    );
    assert_eq!(outcome.unwrap(), Outcome::Finished);
    assert_eq!(trainer.history().batch_losses, losses);
    assert_eq!(trainer.position().step, 18);
    for ((path, trained), (_, by_hand)) in
        trained.named_parameters().into_iter().zip(by_hand.named_parameters())
    {
        assert_eq!(trained.to_vec(), by_hand.to_vec(), "{path}");
    }
    let last = trainer.history().last().unwrap();
    let mean = losses[12..].iter().map(|&loss| f64::from(loss)).sum::<f64>() / 6.0;
    assert!((f64::from(last.train.loss) - mean).abs() < 1e-6);
    assert!(last.train.metric("accuracy").is_some() && last.train.metric("other").is_none());
}

#[test]
fn scores_are_means_over_samples_not_over_batches() {
    let (mut model, mut optimizer) = (Probe::new(1.0), sgd(0.0));
    let mut trainer = Trainer::new(mean_prediction, epochs(1))
        .metric("largest", |prediction, _| prediction.max().item());
    let data = batches(&[&[1.0, 1.0, 1.0], &[5.0]]);
    let scores = trainer.evaluate(&model, data(0, 0));
    assert_eq!((scores.loss, scores.metric("largest")), (2.0, Some(2.0)));
    trainer.fit_and_validate(&mut model, &mut optimizer, &data, || data(0, 0), &mut []).unwrap();
    let epoch = trainer.history().last().unwrap();
    assert_eq!((epoch.train.loss, epoch.validation.as_ref().unwrap().loss), (2.0, 2.0));
}

#[test]
fn validation_is_in_evaluation_mode_and_training_in_training_mode() {
    let (mut model, mut optimizer) = (Probe::new(1.0), sgd(0.1));
    let mut trainer = Trainer::new(mean_prediction, epochs(2));
    let data = batches(&[&[1.0]]);
    trainer.fit_and_validate(&mut model, &mut optimizer, &data, || data(0, 0), &mut []).unwrap();
    let (train, evaluate) = ((true, true), (false, false));
    assert_eq!(model.calls(), [train, evaluate, train, evaluate]);
}

#[test]
fn the_modes_of_every_part_are_brought_back_however_the_run_ends() {
    let data = batches(&[&[1.0], &[2.0]]);
    let mut trainer = Trainer::new(mean_prediction, epochs(1));
    let mut model = Probe::new(1.0);
    let mut fit = |model: &mut Probe, callback: &mut dyn Callback| {
        let outcome = trainer.fit(model, &mut sgd(0.1), &data, &mut [callback]);
        assert_eq!(model.modes(), (true, false), "after {outcome:?}");
        outcome
    };
    let mut stop = AtBatchEnd(|_: &BatchSummary, _: &Moment<'_>| Flow::Stop);
    assert_eq!(fit(&mut model, &mut stop).unwrap(), Outcome::Paused);
    let mut fail = AtBatchEnd(|_: &BatchSummary, moment: &Moment<'_>| {
        moment.checkpoint().save("/no such folder/checkpoint").into()
    });
    assert!(fit(&mut model, &mut fail).is_err());
    let mut pass = AtBatchEnd(|_: &BatchSummary, _: &Moment<'_>| Flow::Continue);
    assert_eq!(fit(&mut model, &mut pass).unwrap(), Outcome::Finished);

    let trainer = Trainer::new(mean_prediction, epochs(1));
    trainer.evaluate(&model, data(0, 0));
    assert_eq!(model.modes(), (true, false));
    let (mut model, nan) = (Probe::new(f32::NAN), batches(&[&[1.0]]));
    let mut trainer = Trainer::new(mean_prediction, epochs(1));
    trainer.fit(&mut model, &mut sgd(0.1), nan, &mut []).unwrap_err();
    assert_eq!(model.modes(), (true, false));
}

#[test]
fn dropout_is_at_rest_in_evaluation() {
    let mut rng = Rng::new(5);
    let dropout = Dropout::new(0.5, &mut rng);
    let model: Sequential = sequential![dropout];
    let trainer = Trainer::new(mean_prediction, epochs(1));
    let ones = || std::iter::once(batch(&[1.0; 64]));
    assert_eq!(trainer.evaluate(&model, ones()).loss, 1.0);
    assert!(model.is_training());
}

#[test]
fn evaluation_keeps_no_history_for_gradients() {
    let model = Probe::new(1.0);
    let trainer = Trainer::new(mean_prediction, epochs(1))
        .metric("recorded", |prediction, _| if prediction.requires_grad() { 1.0 } else { 0.0 });
    let scores = trainer.evaluate(&model, batches(&[&[1.0]])(0, 0));
    assert_eq!(scores.metric("recorded"), Some(0.0));
}

/// The weight after one epoch over `inputs` at rate 1, from 0, gathering `accumulate` batches.
fn weight_after(accumulate: usize, inputs: &[&[f32]]) -> (f32, usize) {
    let mut model = Probe::new(0.0);
    let options = TrainerOptions { accumulate, ..Default::default() };
    let mut trainer = Trainer::new(mean_prediction, options);
    trainer.fit(&mut model, &mut sgd(1.0), batches(inputs), &mut []).unwrap();
    (model.weight.item(), trainer.position().step)
}

#[test]
fn gathered_gradients_are_those_of_one_large_batch() {
    // Two batches of 2: the mean of their means, not the sum.
    assert_eq!(weight_after(2, &[&[1.0, 3.0], &[5.0, 7.0]]), (-4.0, 1));
    assert_eq!(weight_after(1, &[&[1.0, 3.0, 5.0, 7.0]]), (-4.0, 1));
    // Of unequal size: by their samples. 1 2 3 of mean 2, and 6 alone: of all, 3.
    assert_eq!(weight_after(2, &[&[1.0, 2.0, 3.0], &[6.0]]), (-3.0, 1));
    assert_eq!(weight_after(3, &[&[6.0], &[1.0, 2.0, 3.0], &[9.0, 3.0, 4.0, 4.0]]), (-4.0, 1));
}

#[test]
fn the_last_group_of_an_epoch_may_be_smaller_and_is_divided_by_its_own_size() {
    // 2 and 4 make -3; 8 alone makes -8.
    assert_eq!(weight_after(2, &[&[2.0], &[4.0], &[8.0]]), (-11.0, 2));
    assert_eq!(weight_after(9, &[&[2.0], &[4.0]]), (-3.0, 1));
}

#[test]
fn every_update_has_its_own_rate_of_the_schedule() {
    let schedule = StepDecay { lr: 1.0, every: 2, factor: 0.5 };
    let options = TrainerOptions {
        epochs: 2,
        accumulate: 2,
        schedule: Some(Box::new(schedule)),
        ..Default::default()
    };
    let mut model = Probe::new(0.0);
    let mut trainer = Trainer::new(mean_prediction, options);
    let mut weights = Vec::new();
    let mut note = AtBatchEnd(|_: &BatchSummary, moment: &Moment<'_>| {
        weights.push(moment.model.state_dict()["weight"].item());
        Flow::Continue
    });
    let ones: [&[f32]; 4] = [&[1.0]; 4];
    let mut optimizer = sgd(9.0);
    trainer.fit(&mut model, &mut optimizer, batches(&ones), &mut [&mut note]).unwrap();
    // Updates come after every second batch, at rates 1, 1, 0.5, 0.5.
    assert_eq!(weights, [0.0, -1.0, -1.0, -2.0, -2.0, -2.5, -2.5, -3.0]);
    let rates = trainer.history().epochs.iter().map(|epoch| (epoch.steps, epoch.lr));
    assert_eq!(rates.collect::<Vec<_>>(), [(2, 1.0), (4, 0.5)]);
}

#[test]
fn gradients_are_clipped_before_the_update() {
    let clipped = |options: TrainerOptions| {
        let mut model = Probe::new(0.0);
        let mut norms = Vec::new();
        let mut note = AtBatchEnd(|batch: &BatchSummary, _: &Moment<'_>| {
            norms.push(batch.grad_norm);
            Flow::Continue
        });
        let mut trainer = Trainer::new(mean_prediction, options);
        let data = batches(&[&[8.0]]);
        trainer.fit(&mut model, &mut sgd(1.0), data, &mut [&mut note]).unwrap();
        (model.weight.item(), norms)
    };
    let value = TrainerOptions { clip_value: Some(2.0), ..Default::default() };
    assert_eq!(clipped(value), (-2.0, vec![None]));
    let norm = TrainerOptions { clip_norm: Some(2.0), ..Default::default() };
    let (weight, norms) = clipped(norm);
    assert!((weight + 2.0).abs() < 1e-5 && norms == [Some(8.0)], "{weight} {norms:?}");
    let both = TrainerOptions { clip_norm: Some(9.0), clip_value: Some(2.0), ..Default::default() };
    assert_eq!(clipped(both), (-2.0, vec![Some(2.0)]));
}

#[test]
fn a_loss_that_is_no_number_ends_the_run_and_says_where() {
    let mut model = Probe::new(1.0);
    let mut trainer = Trainer::new(mean_prediction, epochs(3));
    let data = |epoch, first| {
        let value = if epoch == 1 { f32::NAN } else { 1.0 };
        vec![batch(&[1.0]), batch(&[value])].into_iter().skip(first)
    };
    let error = trainer.fit(&mut model, &mut sgd(0.5), data, &mut []).unwrap_err();
    assert!(matches!(error, TrainingError::Diverged { epoch: 1, batch: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("the loss is NaN; lower the learning rate"), "{error}");
    assert_eq!(model.weight.item(), 1.0 - 3.0 * 0.5); // the bad batch changed nothing
}

#[test]
fn a_gradient_that_is_no_number_ends_the_run_and_is_named() {
    // The square root's slope at 0 is infinite, its value is not.
    let root = |prediction: &Tensor, _: &Tensor| prediction.sqrt().mean();
    let mut model = Probe::new(0.0);
    let options = TrainerOptions { clip_norm: Some(1.0), ..Default::default() };
    let mut trainer = Trainer::new(root, options);
    let data = batches(&[&[1.0]]);
    let error = trainer.fit(&mut model, &mut sgd(0.5), data, &mut []).unwrap_err();
    assert!(error.to_string().contains("the gradient of `weight` is not finite"), "{error}");
    assert_eq!(model.weight.item(), 0.0);
}

/// Notes everything that it is told.
struct Diary(Rc<RefCell<Vec<String>>>);

impl Callback for Diary {
    fn on_epoch_start(&mut self, moment: &Moment<'_>) {
        let position = moment.trainer.position();
        self.0.borrow_mut().push(format!("epoch {} from {}", position.epoch, position.batch));
    }

    fn on_batch_end(&mut self, batch: &BatchSummary, _: &Moment<'_>) -> Flow {
        let BatchSummary { epoch, batch, samples, loss, .. } = batch;
        self.0.borrow_mut().push(format!("{epoch}.{batch}: {samples} samples, loss {loss}"));
        if (*epoch, *batch) == (0, 1) { Flow::Stop } else { Flow::Continue }
    }

    fn on_epoch_end(&mut self, epoch: &EpochSummary, moment: &Moment<'_>) -> Flow {
        assert_eq!(moment.trainer.history().last(), Some(epoch));
        self.0.borrow_mut().push(format!("end of {}: loss {}", epoch.epoch, epoch.train.loss));
        if epoch.epoch == 1 { Flow::Stop } else { Flow::Continue }
    }
}

#[test]
fn callbacks_see_the_run_in_order_and_may_pause_it_anywhere() {
    let diary = Rc::new(RefCell::new(Vec::new()));
    let mut model = Probe::new(1.0);
    let mut trainer = Trainer::new(mean_prediction, epochs(3));
    let data = batches(&[&[1.0, 1.0], &[2.0], &[3.0]]);
    for expected in [Outcome::Paused, Outcome::Paused, Outcome::Finished, Outcome::Finished] {
        let mut first = Diary(diary.clone());
        let outcome = trainer.fit(&mut model, &mut sgd(0.0), &data, &mut [&mut first]);
        assert_eq!(outcome.unwrap(), expected);
    }
    let expected = [
        "epoch 0 from 0",
        "0.0: 2 samples, loss 1",
        "0.1: 1 samples, loss 2",
        "epoch 0 from 2",
        "0.2: 1 samples, loss 3",
        "end of 0: loss 1.75",
        "epoch 1 from 0",
        "1.0: 2 samples, loss 1",
        "1.1: 1 samples, loss 2",
        "1.2: 1 samples, loss 3",
        "end of 1: loss 1.75",
        "epoch 2 from 0",
        "2.0: 2 samples, loss 1",
        "2.1: 1 samples, loss 2",
        "2.2: 1 samples, loss 3",
        "end of 2: loss 1.75",
    ];
    assert_eq!(*diary.borrow(), expected);
    assert_eq!(trainer.history().batch_losses, [1.0, 2.0, 3.0].repeat(3));
    assert_eq!(trainer.history().train_losses(), [1.75; 3]);
}

#[test]
fn every_callback_hears_of_a_batch_that_another_stops_at() {
    let (mut heard, mut model) = (0, Probe::new(1.0));
    let mut stop = AtBatchEnd(|_: &BatchSummary, _: &Moment<'_>| Flow::Stop);
    let mut count = AtBatchEnd(|_: &BatchSummary, _: &Moment<'_>| {
        heard += 1;
        Flow::Continue
    });
    let mut trainer = Trainer::new(mean_prediction, epochs(1));
    let data = batches(&[&[1.0], &[1.0]]);
    let callbacks: &mut [&mut dyn Callback] = &mut [&mut stop, &mut count];
    assert_eq!(trainer.fit(&mut model, &mut sgd(0.0), data, callbacks).unwrap(), Outcome::Paused);
    assert_eq!(heard, 1);
}

/// Validates at losses that are given, epoch by epoch, while the weight grows by 1 each epoch.
fn stopped_after(early: EarlyStopping, losses: &[f32]) -> (Outcome, usize, f32) {
    let mut model = Probe::new(0.0);
    let options =
        TrainerOptions { epochs: losses.len(), early_stopping: Some(early), ..Default::default() };
    // The targets are the losses; in training all are -1 times the prediction.
    let loss = |prediction: &Tensor, y: &Tensor| match y.at([0, 0]) {
        0.0 => prediction.mean(),
        value => Tensor::from(value - 100.0),
    };
    let metric = |_: &Tensor, y: &Tensor| y.at([0, 0]) - 100.0;
    let mut trainer = Trainer::new(loss, options).metric("score", metric);
    let mut validated = losses.iter();
    let validation = || {
        let (x, y) = batch(&[1.0]);
        let loss = validated.next().unwrap();
        std::iter::once((x, y + 100.0 + *loss))
    };
    let data = batches(&[&[-1.0]]);
    let outcome = trainer.fit_and_validate(&mut model, &mut sgd(1.0), data, validation, &mut []);
    (outcome.unwrap(), trainer.history().epochs.len(), model.weight.item())
}

#[test]
fn early_stopping_waits_and_brings_back_the_best_weights() {
    let losses = [3.0, 2.0, 2.5, 2.25, 1.0];
    // Epoch 1 is the best until epoch 4, which patience 2 does not live to see.
    assert_eq!(stopped_after(EarlyStopping::new(2), &losses), (Outcome::StoppedEarly, 4, 2.0));
    assert_eq!(stopped_after(EarlyStopping::new(3), &losses), (Outcome::Finished, 5, 5.0));
    for patience in [0, 1] {
        let early = EarlyStopping::new(patience);
        assert_eq!(stopped_after(early, &losses), (Outcome::StoppedEarly, 3, 2.0));
    }
    // A run that reaches its end gets its best weights as well.
    assert_eq!(stopped_after(EarlyStopping::new(9), &losses[..4]), (Outcome::Finished, 4, 2.0));
}

#[test]
fn early_stopping_minds_its_margin_its_metric_and_what_is_no_number() {
    let losses = [3.0, 2.75, 2.5, 2.25];
    let early = EarlyStopping::new(2).min_delta(0.5);
    // 2.75 and 2.5 are not better than 3 by more than a half.
    assert_eq!(stopped_after(early, &losses), (Outcome::StoppedEarly, 3, 1.0));
    let early = EarlyStopping::new(1).watching("score");
    assert_eq!(stopped_after(early, &[3.0, 4.0, 3.5, 9.0]), (Outcome::StoppedEarly, 3, 2.0));
    let nan = [f32::NAN, 2.0, f32::NAN, 3.0];
    assert_eq!(stopped_after(EarlyStopping::new(2), &nan), (Outcome::Finished, 4, 2.0));
}

#[test]
fn batches_are_asked_for_by_epoch_and_first_batch() {
    let mut asked = Vec::new();
    let data = |epoch, first| {
        asked.push((epoch, first));
        vec![batch(&[1.0]), batch(&[1.0])].into_iter().skip(first)
    };
    let mut trainer = Trainer::new(mse_loss, epochs(3));
    trainer.fit(&mut Probe::new(1.0), &mut sgd(0.0), data, &mut []).unwrap();
    assert_eq!(asked, [(0, 0), (1, 0), (2, 0)]);
}

#[test]
#[should_panic(expected = "trainer: epoch 1 has no batches; give at least one")]
fn an_epoch_without_batches_is_an_error() {
    let data = |epoch, _| (epoch == 0).then(|| batch(&[1.0])).into_iter();
    let mut trainer = Trainer::new(mse_loss, epochs(2));
    let _ = trainer.fit(&mut Probe::new(1.0), &mut sgd(0.0), data, &mut []);
}

#[test]
#[should_panic(expected = "no metric is named `accurracy`; add it to the trainer")]
fn a_watched_metric_that_nobody_measures_is_named() {
    let early = EarlyStopping::new(1).watching("accurracy");
    let options = TrainerOptions { early_stopping: Some(early), ..Default::default() };
    let mut trainer = Trainer::new(mse_loss, options).metric("accuracy", |_, _| 1.0);
    let _ = trainer.fit(&mut Probe::new(1.0), &mut sgd(0.0), batches(&[&[1.0]]), &mut []);
}
