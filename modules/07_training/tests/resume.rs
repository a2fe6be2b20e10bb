//! A run that was stopped after any of its batches, saved, and taken up by another process, ends
//! bit for bit as one that never stopped.

use tinytorch_layers::{Dropout, Linear, Model, ReLU, Sequential, StateDict, sequential};
use tinytorch_losses::cross_entropy;
use tinytorch_optimizers::{
    Adam, AdamOptions, AdamW, AdamWOptions, Optimizer, RmsProp, RmsPropOptions, Sgd, SgdOptions,
};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{
    BatchSummary, Callback, Checkpoint, Cosine, EarlyStopping, Flow, History, Metadata, Moment,
    Outcome, Position, SaveCheckpoint, Trainer, TrainerOptions, TrainingError, accuracy,
    parse_safetensors,
};

const SAMPLES: usize = 18;
const BATCH: usize = 4; // the last batch of an epoch has 2
const BATCHES: usize = SAMPLES.div_ceil(BATCH);
const EPOCHS: usize = 3;

/// The samples, shuffled anew in each epoch by a pure function of its number.
fn batches(epoch: usize, first: usize) -> impl Iterator<Item = (Tensor, Tensor)> {
    let mut order = (0..SAMPLES as i32).collect::<Vec<_>>();
    Rng::at(77, epoch as u64).shuffle(&mut order);
    let mut rng = Rng::new(6);
    let x = Tensor::randn([SAMPLES, 5], &mut rng);
    let y = Tensor::randint([SAMPLES], 0, 3, &mut rng);
    let parts = order.chunks(BATCH).skip(first).map(|part| {
        let index = Tensor::from_vec(part.to_vec(), [part.len()]);
        (x.index_select(0, &index), y.index_select(0, &index))
    });
    parts.collect::<Vec<_>>().into_iter()
}

fn model(seed: u64) -> Sequential {
    let mut rng = Rng::new(seed);
    let dropout = Dropout::new(0.4, &mut rng);
    sequential![Linear::new(5, 9, &mut rng), ReLU, dropout, Linear::new(9, 3, &mut rng)]
}

fn trainer(accumulate: usize) -> Trainer {
    let schedule = Cosine { lr: 0.05, min_lr: 0.001, warmup: 2, steps: EPOCHS * BATCHES };
    let options = TrainerOptions {
        epochs: EPOCHS,
        accumulate,
        clip_norm: Some(0.7),
        schedule: Some(Box::new(schedule)),
        early_stopping: Some(EarlyStopping::new(2)),
        ..Default::default()
    };
    Trainer::new(cross_entropy, options).metric("accuracy", accuracy)
}

type MakeOptimizer = fn() -> Box<dyn Optimizer>;

const OPTIMIZERS: [(&str, MakeOptimizer); 4] = [
    ("sgd", || Box::new(Sgd::new(SgdOptions { lr: 0.05, momentum: 0.9, ..Default::default() }))),
    ("adam", || Box::new(Adam::new(AdamOptions::default()))),
    ("adamw", || Box::new(AdamW::new(AdamWOptions::default()))),
    ("rmsprop", || Box::new(RmsProp::new(RmsPropOptions { momentum: 0.5, ..Default::default() }))),
];

/// Stops the run after so many batches, counted over all epochs.
struct StopAfter(usize);

impl Callback for StopAfter {
    fn on_batch_end(&mut self, batch: &BatchSummary, _: &Moment<'_>) -> Flow {
        let done = batch.epoch * BATCHES + batch.batch + 1;
        if done == self.0 { Flow::Stop } else { Flow::Continue }
    }
}

/// A run with all that belongs to it.
struct Run {
    model: Sequential,
    optimizer: Box<dyn Optimizer>,
    trainer: Trainer,
}

impl Run {
    fn new(seed: u64, optimizer: MakeOptimizer, accumulate: usize) -> Self {
        Self { model: model(seed), optimizer: optimizer(), trainer: trainer(accumulate) }
    }

    fn fit(&mut self, callbacks: &mut [&mut dyn Callback]) -> Outcome {
        let Run { model, optimizer, trainer } = self;
        let validation = || batches(1_000, 0);
        let optimizer = optimizer.as_mut();
        trainer.fit_and_validate(model, optimizer, batches, validation, callbacks).unwrap()
    }

    fn checkpoint(&self) -> Checkpoint {
        Checkpoint::of(&self.trainer, &self.model, self.optimizer.as_ref())
    }

    fn restore(&mut self, checkpoint: &Checkpoint) -> Result<(), TrainingError> {
        let optimizer = self.optimizer.as_mut();
        checkpoint.restore(&mut self.trainer, &mut self.model, optimizer)
    }

    /// Everything about the run: the very bytes of its checkpoint, and its history.
    fn all(&self, folder: &std::path::Path) -> (Vec<u8>, History) {
        let path = folder.join("all");
        self.checkpoint().save(&path).unwrap();
        (std::fs::read(path).unwrap(), self.trainer.history().clone())
    }
}

fn stopped_and_resumed_runs_equal_whole_ones(accumulate: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    for (name, optimizer) in OPTIMIZERS {
        let mut whole = Run::new(1, optimizer, accumulate);
        let outcome = whole.fit(&mut []);
        let expected = whole.all(folder.path());
        let last = whole.trainer.history().epochs.len() * BATCHES;
        for stop in 1..=last {
            let mut first = Run::new(1, optimizer, accumulate);
            assert_eq!(first.fit(&mut [&mut StopAfter(stop)]), Outcome::Paused);
            first.checkpoint().save(&path).unwrap();
            drop(first);

            // Another seed: whatever is not in the file would show.
            let mut second = Run::new(1_000 + stop as u64, optimizer, accumulate);
            second.restore(&Checkpoint::load(&path).unwrap()).unwrap();
            let position = second.trainer.position();
            assert_eq!(position.epoch * BATCHES + position.batch, stop);
            assert_eq!(second.fit(&mut []), outcome);
            let what = format!("{name}, {accumulate} batches to an update, stopped after {stop}");
            let (file, history) = second.all(folder.path());
            assert_eq!(history, expected.1, "{what}");
            assert!(file == expected.0, "{what}: the weights, or something else, differ");
        }
    }
}

#[test]
fn a_run_stopped_after_any_batch_ends_as_if_it_never_had() {
    stopped_and_resumed_runs_equal_whole_ones(1);
}

#[test]
fn a_run_stopped_amid_gathered_gradients_ends_as_if_it_never_had() {
    stopped_and_resumed_runs_equal_whole_ones(2);
}

/// The batches of [`batches`] with wrong labels: the better the model, the worse its loss.
fn contrary() -> impl Iterator<Item = (Tensor, Tensor)> {
    batches(0, 0).map(|(x, y)| {
        let wrong = y.ints().iter().map(|label| (label + 1) % 3).collect::<Vec<_>>();
        let shape = y.shape();
        (x, Tensor::from_vec(wrong, shape))
    })
}

#[test]
fn the_best_weights_so_far_come_back_from_the_checkpoint() {
    let (_, optimizer) = OPTIMIZERS[1];
    let fit = |run: &mut Run, stop| {
        let Run { model, optimizer, trainer } = run;
        let mut stop = StopAfter(stop);
        let callbacks: &mut [&mut dyn Callback] = &mut [&mut stop];
        trainer.fit_and_validate(model, optimizer.as_mut(), batches, contrary, callbacks).unwrap()
    };
    let mut whole = Run::new(1, optimizer, 1);
    assert_eq!(fit(&mut whole, usize::MAX), Outcome::Finished);
    let seen = whole.trainer.early_stopping().unwrap().best().unwrap();
    assert_eq!(seen.0, 0, "the first epoch is the best");
    for stop in [1, BATCHES + 1, 2 * BATCHES + 1, 3 * BATCHES] {
        let mut first = Run::new(1, optimizer, 1);
        fit(&mut first, stop);
        let mut second = Run::new(2, optimizer, 1);
        second.restore(&first.checkpoint()).unwrap();
        assert_eq!(fit(&mut second, usize::MAX), Outcome::Finished);
        let early = second.trainer.early_stopping().unwrap();
        assert_eq!((early.best(), early.is_exhausted()), (Some(seen), true), "from {stop}");
        assert_eq!(second.model.state_dict(), whole.model.state_dict(), "from {stop}");
    }
}

#[test]
fn another_batch_order_or_another_dropout_would_have_shown() {
    let folder = tempfile::tempdir().unwrap();
    let (_, optimizer) = OPTIMIZERS[0];
    let run = |seed, tamper: fn(Checkpoint) -> Checkpoint| {
        let mut first = Run::new(1, optimizer, 1);
        first.fit(&mut [&mut StopAfter(3)]);
        let mut second = Run::new(seed, optimizer, 1);
        second.restore(&tamper(first.checkpoint())).unwrap();
        second.fit(&mut []);
        second.all(folder.path()).0
    };
    assert!(run(2, |same| same) == run(3, |same| same));
    let weights = |file: &[u8]| parse_safetensors(file).unwrap().0["model.0.weight"].to_vec();
    let mut other = Run::new(2, optimizer, 1);
    other.fit(&mut []);
    assert_ne!(weights(&other.all(folder.path()).0), weights(&run(2, |same| same)));
}

#[test]
fn checkpoints_are_saved_every_so_many_batches_and_after_every_epoch() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let (_, optimizer) = OPTIMIZERS[1];
    for (stop, saved) in [(1, None), (2, Some((0, 2))), (4, Some((0, 4))), (6, Some((1, 0)))] {
        let _ = std::fs::remove_file(&path);
        let mut run = Run::new(1, optimizer, 2);
        let mut save = SaveCheckpoint::new(&path).every_batches(2);
        run.fit(&mut [&mut save, &mut StopAfter(stop)]);
        let position = Checkpoint::load(&path).ok().map(|found| found.position().unwrap());
        assert_eq!(position.map(|at| (at.epoch, at.batch)), saved, "stopped after {stop}");
    }
}

#[test]
fn a_checkpoint_that_cannot_be_saved_ends_the_run_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let mut run = Run::new(1, OPTIMIZERS[0].1, 1);
    let Run { model, optimizer, trainer } = &mut run;
    let mut save = SaveCheckpoint::new(folder.path().join("none/checkpoint"));
    let error = trainer.fit(model, optimizer.as_mut(), batches, &mut [&mut save]).unwrap_err();
    assert!(error.to_string().contains("none/checkpoint"), "{error}");
    assert_eq!(trainer.position().epoch, 1);
}

/// The error of restoring a checkpoint of `saved` into `run`, which must not change anything.
#[track_caller]
fn refusal(saved: &Run, run: &mut Run) -> String {
    let before = run.checkpoint().weights();
    let position = run.trainer.position();
    let error = run.restore(&saved.checkpoint()).unwrap_err();
    assert_eq!(run.trainer.position(), position);
    for (path, tensor) in run.model.state_dict() {
        assert_eq!(tensor.to_vec(), before[&path].to_vec(), "{path} was changed");
    }
    error.to_string()
}

#[test]
fn a_checkpoint_of_something_else_is_refused_with_every_difference_and_changes_nothing() {
    let [(_, sgd), (_, adam), ..] = OPTIMIZERS;
    let mut saved = Run::new(1, sgd, 1);
    saved.fit(&mut [&mut StopAfter(2)]);

    let message = refusal(&saved, &mut Run::new(2, adam, 2));
    assert!(message.contains("optimizer: "), "{message}");
    assert!(message.contains("accumulate: \"1\" in the checkpoint, \"2\" here"), "{message}");

    let mut wider = Run::new(2, sgd, 1);
    let mut rng = Rng::new(0);
    wider.model = sequential![Linear::new(5, 8, &mut rng), ReLU, Linear::new(8, 3, &mut rng)];
    let message = refusal(&saved, &mut wider);
    assert!(
        message.contains("`0.weight`: f32 [9, 5] in the checkpoint, f32 [8, 5] here"),
        "{message}"
    );
    assert!(message.contains("weight `3.bias`: f32 [3] in the checkpoint, none here"), "{message}");
    assert!(message.contains("weight `2.bias`: none in the checkpoint, f32 [3] here"), "{message}");
    assert!(message.contains("random stream in the checkpoint, none here"), "{message}");

    let mut frozen = Run::new(2, sgd, 1);
    let mut layer = Linear::new(5, 9, &mut rng);
    layer.weight.set_requires_grad(false);
    let dropout = Dropout::new(0.4, &mut rng);
    frozen.model = sequential![layer, ReLU, dropout, Linear::new(9, 3, &mut rng)];
    let message = refusal(&saved, &mut frozen);
    assert!(message.contains("`0.weight`: trained in the checkpoint, none here"), "{message}");

    let mut bare = Run::new(2, sgd, 1);
    bare.trainer = Trainer::new(cross_entropy, TrainerOptions::default());
    let message = refusal(&saved, &mut bare);
    assert!(message.contains("metrics: \"accuracy\" in the checkpoint, \"\" here"), "{message}");
    assert!(message.contains("\"no early stopping\" here"), "{message}");
}

/// Saves a run with `optimizer`, damages the file in every way that its table of contents and its
/// text allow, and tries to restore each.
fn damaged_checkpoints_are_errors_and_change_nothing(optimizer: MakeOptimizer) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut saved = Run::new(1, optimizer, 2);
    saved.fit(&mut [&mut StopAfter(BATCHES + 1)]);
    saved.checkpoint().save(&path).unwrap();
    let (tensors, metadata) = tinytorch_training::load_safetensors(&path).unwrap();
    for part in ["model.", "optimizer.", "group.", "best."] {
        assert!(tensors.keys().any(|name| name.starts_with(part)), "no {part}");
    }

    let mut run = Run::new(2, optimizer, 2);
    let all = |run: &Run| {
        let lr = run.optimizer.learning_rate();
        let position = run.trainer.position();
        (run.model.state_dict(), run.optimizer.state_dict(), lr, position)
    };
    let before = all(&run);
    let mut attempt = |tensors: &StateDict, metadata: &Metadata, what: String| {
        let path = folder.path().join("damaged");
        tinytorch_training::save_safetensors(&path, tensors, metadata).unwrap();
        let result = Checkpoint::load(&path).and_then(|checkpoint| run.restore(&checkpoint));
        assert!(result.is_err(), "{what} was taken");
        assert!(all(&run) == before, "{what} changed the run: {result:?}");
    };
    for key in metadata.keys() {
        for value in [None, Some(""), Some("x"), Some("1 2 x"), Some("-1")] {
            let mut damaged = metadata.clone();
            match value {
                None => _ = damaged.remove(key),
                Some(value) => _ = damaged.insert(key.clone(), value.to_string()),
            }
            // A history may be empty.
            if (key.as_str(), value) != ("history", Some("")) {
                attempt(&tensors, &damaged, format!("{key} as {value:?}"));
            }
        }
    }
    for (key, value) in [("lr", "NaN"), ("group", "2 8 4 4"), ("group", "1 4 0 4")] {
        let mut damaged = metadata.clone();
        damaged.insert(key.to_string(), value.to_string());
        attempt(&tensors, &damaged, format!("{key} as {value}"));
    }
    for name in tensors.keys() {
        for replaced in [None, Some(Tensor::zeros([1, 1, 7])), Some(Tensor::from([1]))] {
            let mut damaged = tensors.clone();
            damaged.remove(name);
            damaged.extend(replaced.clone().map(|tensor| (name.clone(), tensor)));
            attempt(&damaged, &metadata, format!("{name} as {replaced:?}"));
        }
    }
}

#[test]
fn a_damaged_checkpoint_is_an_error_and_changes_nothing() {
    let [(_, sgd), (_, adam), ..] = OPTIMIZERS;
    damaged_checkpoints_are_errors_and_change_nothing(sgd);
    damaged_checkpoints_are_errors_and_change_nothing(adam);
}

#[test]
fn a_file_that_is_no_checkpoint_or_of_a_later_version_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let run = Run::new(1, OPTIMIZERS[0].1, 1);
    run.checkpoint().save(&path).unwrap();
    let (tensors, mut metadata) = tinytorch_training::load_safetensors(&path).unwrap();
    metadata.insert("version".to_string(), "2".to_string());
    tinytorch_training::save_safetensors(&path, &tensors, &metadata).unwrap();
    let message = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(message.contains("version \"2\"") && message.contains("checkpoint"), "{message}");
    tinytorch_training::save_safetensors(&path, &tensors, &Default::default()).unwrap();
    let message = Checkpoint::load(&path).unwrap_err().to_string();
    assert!(message.contains("no `format` of a checkpoint"), "{message}");
}

#[test]
fn what_the_user_adds_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    let mut run = Run::new(1, OPTIMIZERS[0].1, 1);
    run.fit(&mut [&mut StopAfter(4)]);
    let mut rng = Rng::new(9);
    rng.normal();
    run.checkpoint().with_rng("noise", &rng).save(&path).unwrap();

    let checkpoint = Checkpoint::load(&path).unwrap();
    assert_eq!(checkpoint.position().unwrap(), Position { epoch: 0, batch: 4, step: 4 });
    assert_eq!(checkpoint.rng("noise").unwrap().next_u64(), rng.next_u64());
    assert!(checkpoint.rng("other").unwrap_err().to_string().contains("rng.other"));
    let mut weights_only = model(5);
    weights_only.load_state_dict(&checkpoint.weights()).unwrap();
    for ((path, got), (_, want)) in
        weights_only.named_parameters().into_iter().zip(run.model.named_parameters())
    {
        assert_eq!(got.to_vec(), want.to_vec(), "{path}");
    }
}

#[test]
fn a_checkpoint_keeps_its_numbers_while_the_run_goes_on() {
    let mut run = Run::new(1, OPTIMIZERS[0].1, 1);
    let checkpoint = run.checkpoint();
    let before = checkpoint.weights()["0.weight"].to_vec();
    run.fit(&mut []);
    assert_eq!(checkpoint.weights()["0.weight"].to_vec(), before);
    assert_ne!(run.model.state_dict()["0.weight"].to_vec(), before);
}
