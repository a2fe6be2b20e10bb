//! 07.8: the loop.

use crate::probe::{AfterBatch, Probe, batch, batches, mean_prediction, sgd, trained};
use check::{Because, Check, Verdict, wrong};
use std::cell::RefCell;
use tinytorch_autograd::Backward;
use tinytorch_layers::{Linear, Model, Module, ReLU, Sequential, sequential};
use tinytorch_losses::{cross_entropy, mse_loss};
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{
    BatchSummary, Callback, EpochSummary, Flow, Moment, Outcome, StepDecay, Trainer,
    TrainerOptions, TrainingError, accuracy,
};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.8.one_step",
        exercise: "07.8",
        fact: "one batch of [1, 3], a gradient of 2, at rate 1: the weight goes from 0 to -2",
        run: one_step,
    },
    Check {
        id: "07.8.each_batch",
        exercise: "07.8",
        fact: "batches [1], [2], [4] make -1, -3, -7: each its own gradient, once",
        run: each_batch,
    },
    Check {
        id: "07.8.by_hand",
        exercise: "07.8",
        fact: "two epochs with Adam end bit for bit where four lines by hand do",
        run: by_hand,
    },
    Check {
        id: "07.8.written_down",
        exercise: "07.8",
        fact: "the curve holds each batch's loss before its update, the epoch the mean of a sample",
        run: written_down,
    },
    Check {
        id: "07.8.schedule",
        exercise: "07.8",
        fact: "rates 1, 1, 0.5, 0.5 of a schedule: the first update has the rate of step 0",
        run: schedule,
    },
    Check {
        id: "07.8.clipped",
        exercise: "07.8",
        fact: "a gradient of 8 with a leash of 2 steps by 2, and the summary says 8",
        run: clipped,
    },
    Check {
        id: "07.8.fits_a_group",
        exercise: "07.8",
        fact: "gathering 2 batches, there is no update after the first",
        run: fits_a_group,
    },
    Check {
        id: "07.8.left_over",
        exercise: "07.8",
        fact: "a group that the epoch leaves half full is used at its end, not lost",
        run: left_over,
    },
    Check {
        id: "07.8.diverged",
        exercise: "07.8",
        fact: "a loss of NaN ends the run before it has changed a weight, and says where",
        run: diverged,
    },
    Check {
        id: "07.8.steep",
        exercise: "07.8",
        fact: "an infinite gradient under a leash ends the run and names the parameter",
        run: steep,
    },
    Check {
        id: "07.8.callbacks",
        exercise: "07.8",
        fact: "callbacks hear of an epoch's start, each batch, and its end, in this order",
        run: callbacks,
    },
    Check {
        id: "07.8.resumes",
        exercise: "07.8",
        fact: "stopped after batch 1 and called again, fit goes on with batch 2",
        run: resumes,
    },
    Check {
        id: "07.8.learns",
        exercise: "07.8",
        fact: "200 epochs of Adam, and 2-16-2 has learned XOR",
        run: learns,
    },
];

fn one_step() -> Verdict {
    let got = trained(TrainerOptions::default(), &[&[1.0, 3.0]]);
    wrong::unless_close(got.weight, -2.0_f32, 1e-6)
        .because(got.weight == 0.0, "the weight did not move: the optimizer was not asked to step")
        .because(got.weight == 2.0, "the step went uphill")
        .because(
            got.weight == -4.0,
            "the update was made twice: after the batch, then at the end",
        )?;
    wrong::unless_eq(got.steps, 1)
        .because(got.steps == 0, "the update was not counted: `position.step`")
        .because(got.steps > 1, "an epoch's end with an empty group is no update")
}

fn each_batch() -> Verdict {
    let got = trained(TrainerOptions::default(), &[&[1.0], &[2.0], &[4.0]]);
    wrong::unless_close(&got.weights, [-1.0_f32, -3.0, -7.0], 1e-6)
        .because(
            got.weights == [-1.0, -4.0, -11.0],
            "old gradients were added to new ones: 1, then 1 + 2, then 1 + 2 + 4",
        )
        .because(
            got.weights == [0.0, -1.0, -3.0],
            "each batch was updated with the gradients before",
        )
        .because(
            got.weights == [0.0, 0.0, 0.0],
            "the gradients are gone before the step, or the step never comes: gather, then update",
        )
}

/// Six batches of 4 for a model 5-8-3.
fn data() -> Vec<(Tensor, Tensor)> {
    let batch = |i| {
        let mut rng = Rng::at(3, i);
        (Tensor::randn([4, 5], &mut rng), Tensor::randint([4], 0, 3, &mut rng))
    };
    (0..6).map(batch).collect()
}

fn model() -> Sequential {
    let mut rng = Rng::new(1);
    sequential![Linear::new(5, 8, &mut rng), ReLU, Linear::new(8, 3, &mut rng)]
}

fn by_hand() -> Verdict {
    let data = data();
    let (mut by_hand, mut optimizer) = (model(), Adam::new(AdamOptions::default()));
    for (x, y) in data.iter().chain(&data) {
        let grads = cross_entropy(&by_hand.forward(x), y).backward();
        optimizer.step(&mut by_hand, &grads);
    }
    let (mut trained, mut optimizer) = (model(), Adam::new(AdamOptions::default()));
    let options = TrainerOptions { epochs: 2, ..Default::default() };
    let mut trainer = Trainer::new(cross_entropy, options);
    let batches = |_, first: usize| data[first..].iter().cloned();
    let outcome = trainer.fit(&mut trained, &mut optimizer, batches, &mut []);
    wrong::unless(matches!(outcome, Ok(Outcome::Finished)), || format!("the run: {outcome:?}"))?;
    wrong::unless_eq(trainer.position().step, 12).note("six batches in each of two epochs")?;
    for ((path, got), (_, want)) in
        trained.named_parameters().into_iter().zip(by_hand.named_parameters())
    {
        wrong::unless_close(got.to_vec(), want.to_vec(), 0.0).note(format!("of `{path}`"))?;
    }
    Ok(())
}

fn written_down() -> Verdict {
    let mut model = Probe::new(1.0);
    let mut trainer = Trainer::new(mean_prediction, TrainerOptions::default());
    let run = trainer.fit(&mut model, &mut sgd(1.0), batches(&[&[1.0, 1.0, 1.0], &[5.0]]), &mut []);
    wrong::unless(run.is_ok(), || format!("the run: {run:?}"))?;
    let history = trainer.history();
    // The first batch: a weight of 1, a loss of 1, a gradient of 1; then a weight of 0.
    wrong::unless_close(&history.batch_losses, [1.0_f32, 0.0], 1e-6)
        .because(history.batch_losses.is_empty(), "nothing was written down: `note` does it")?;
    let loss = history.last().map(|epoch| epoch.train.loss);
    wrong::unless_eq(loss, Some(0.75)).because(
        loss == Some(0.5),
        "0.5 is the mean over batches: `note` wants the samples, 3 and 1",
    )
}

fn schedule() -> Verdict {
    let schedule = StepDecay { lr: 1.0, every: 2, factor: 0.5 };
    let options = TrainerOptions { schedule: Some(Box::new(schedule)), ..Default::default() };
    let got = trained(options, &[&[1.0], &[1.0], &[1.0], &[1.0]]).weights;
    wrong::unless_close(&got, [-1.0_f32, -2.0, -2.5, -3.0], 1e-6)
        .because(
            got == [-1.0, -1.5, -2.0, -2.25],
            "the schedule was asked for step 1 at the first update: count the step after it",
        )
        .because(got == [-1.0, -2.0, -3.0, -3.5], "the rate was set after the step that it was for")
        .because(got == [-1.0, -2.0, -3.0, -4.0], "the schedule was not asked")
}

fn clipped() -> Verdict {
    let leash = |norm, value| TrainerOptions {
        clip_norm: norm,
        clip_value: value,
        ..TrainerOptions::default()
    };
    let got = trained(leash(Some(2.0), None), &[&[8.0]]);
    wrong::unless_close(got.weight, -2.0_f32, 1e-4)
        .because(got.weight == -8.0, "the gradient of 8 came through: clip before the step")?;
    wrong::unless_eq(&got.norms, &[Some(8.0)])
        .because(got.norms == [None], "the batch's summary has no norm: `batch` passes it on")?;
    let got = trained(leash(None, Some(3.0)), &[&[8.0]]);
    wrong::unless_eq((got.weight, got.norms), (-3.0, vec![None]))
        .note("cut to 3 by value, with no norm asked for")?;
    let got = trained(leash(Some(9.0), Some(2.0)), &[&[8.0]]);
    wrong::unless_eq(got.norms, vec![Some(2.0)])
        .note("cut to 2 by value, then a norm of at most 9: values first")
}

fn fits_a_group() -> Verdict {
    let options = TrainerOptions { accumulate: 2, ..Default::default() };
    let mut model = Probe::new(0.0);
    let mut trainer = Trainer::new(mean_prediction, options);
    // Stopped after the first of two batches: nothing has been added up yet.
    let mut stop = AfterBatch(|_: &BatchSummary, _: &Moment<'_>| Flow::Stop);
    let data = batches(&[&[1.0], &[2.0]]);
    let run = trainer.fit(&mut model, &mut sgd(1.0), data, &mut [&mut stop]);
    let got = (model.weight.item(), trainer.position().step, trainer.position().batch);
    wrong::unless_eq(got, (0.0, 0, 1))
        .because(got.0 != 0.0, "one batch of two was used already: compare with `accumulate`")
        .because(got.2 != 1, "the position was not moved on")?;
    wrong::unless(matches!(run, Ok(Outcome::Paused)), || format!("the run: {run:?}, not paused"))
}

fn left_over() -> Verdict {
    let options = TrainerOptions { accumulate: 9, ..Default::default() };
    let got = trained(options, &[&[2.0]]);
    wrong::unless_eq((got.weight, got.steps), (-2.0, 1)).because(
        got.weight == 0.0,
        "one batch of a group of 9 was gathered, and lost: update once more at the epoch's end",
    )
}

fn diverged() -> Verdict {
    let mut model = Probe::new(1.0);
    let options = TrainerOptions { epochs: 3, ..Default::default() };
    let mut trainer = Trainer::new(mean_prediction, options);
    let data = |epoch, first| {
        let value = if epoch == 1 { f32::NAN } else { 1.0 };
        vec![batch(&[1.0]), batch(&[value])].into_iter().skip(first)
    };
    let run = trainer.fit(&mut model, &mut sgd(0.5), data, &mut []);
    let said = matches!(run, Err(TrainingError::Diverged { epoch: 1, batch: 1, .. }));
    wrong::unless(said, || format!("the run: {run:?}, not diverged in epoch 1, batch 1")).because(
        run.is_ok(),
        "the run went on with a loss of NaN: look at it before its gradients",
    )?;
    let weight = model.weight.item();
    wrong::unless_close(weight, -0.5_f32, 1e-6)
        .because(weight.is_nan(), "the bad batch made an update: every weight is NaN now")
        .note("three good batches at rate 0.5, from 1")
}

fn steep() -> Verdict {
    // The square root of 0 is 0, and its slope there infinite.
    let root = |prediction: &Tensor, _: &Tensor| prediction.sqrt().mean();
    let mut model = Probe::new(0.0);
    let options = TrainerOptions { clip_norm: Some(1.0), ..Default::default() };
    let mut trainer = Trainer::new(root, options);
    let run = trainer.fit(&mut model, &mut sgd(0.5), batches(&[&[1.0]]), &mut []);
    let says = run.map_err(|error| error.to_string()).map(|_| "finished");
    let named = says.as_ref().is_err_and(|says| says.contains("gradient of `weight`"));
    wrong::unless(named, || format!("the run: {says:?}, which does not name `weight`"))
        .because(says.is_ok(), "the step was made with an infinite gradient: look at the norm")
}

/// Writes down what it hears, and stops after batch `stop`.
struct Diary<'a> {
    lines: &'a RefCell<Vec<String>>,
    stop: Option<usize>,
}

impl Diary<'_> {
    fn note(&self, line: String) {
        self.lines.borrow_mut().push(line);
    }
}

impl Callback for Diary<'_> {
    fn on_epoch_start(&mut self, moment: &Moment<'_>) {
        self.note(format!("start {}", moment.trainer.position().epoch));
    }

    fn on_batch_end(&mut self, batch: &BatchSummary, _: &Moment<'_>) -> Flow {
        self.note(format!("batch {} of {}", batch.batch, batch.epoch));
        if self.stop == Some(batch.batch) { Flow::Stop } else { Flow::Continue }
    }

    fn on_epoch_end(&mut self, epoch: &EpochSummary, _: &Moment<'_>) -> Flow {
        self.note(format!("end {}", epoch.epoch));
        Flow::Continue
    }
}

fn callbacks() -> Verdict {
    let lines = RefCell::default();
    let mut diary = Diary { lines: &lines, stop: None };
    let options = TrainerOptions { epochs: 2, ..Default::default() };
    let mut trainer = Trainer::new(mean_prediction, options);
    let data = batches(&[&[1.0], &[2.0]]);
    let run = trainer.fit(&mut Probe::new(1.0), &mut sgd(0.0), data, &mut [&mut diary]);
    wrong::unless(run.is_ok(), || format!("the run: {run:?}"))?;
    let want = [
        "start 0",
        "batch 0 of 0",
        "batch 1 of 0",
        "end 0",
        "start 1",
        "batch 0 of 1",
        "batch 1 of 1",
        "end 1",
    ];
    let got = lines.take();
    wrong::unless_eq(&got, &want).because(got.is_empty(), "no callback was asked anything")
}

fn resumes() -> Verdict {
    let lines = RefCell::default();
    let mut model = Probe::new(0.0);
    let mut trainer = Trainer::new(mean_prediction, TrainerOptions::default());
    let data = batches(&[&[1.0], &[2.0], &[4.0]]);
    let mut outcomes = Vec::new();
    for stop in [Some(1), None] {
        let mut diary = Diary { lines: &lines, stop };
        outcomes.push(trainer.fit(&mut model, &mut sgd(1.0), &data, &mut [&mut diary]));
    }
    let paused = matches!(outcomes[..], [Ok(Outcome::Paused), Ok(Outcome::Finished)]);
    wrong::unless(paused, || format!("outcomes {outcomes:?}, not paused, then finished"))?;
    let got = model.weight.item();
    wrong::unless_close(got, -7.0_f32, 1e-6)
        .because(got == -10.0, "batches 0 and 1 came twice: ask for those from `position.batch` on")
        .because(got < -7.0, "some batches came twice: ask for those from `position.batch` on")
        .because(got > -7.0, "some batches never came")
}

fn learns() -> Verdict {
    let x = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    let y = Tensor::from([0, 1, 1, 0]);
    let mut rng = Rng::new(1);
    let mut model = sequential![Linear::new(2, 16, &mut rng), ReLU, Linear::new(16, 2, &mut rng)];
    let options = TrainerOptions { epochs: 200, ..Default::default() };
    let mut trainer = Trainer::new(cross_entropy, options);
    let mut optimizer = Adam::new(AdamOptions { lr: 0.05, ..Default::default() });
    let once = |_, first| std::iter::once((x.clone(), y.clone())).skip(first);
    let run = trainer.fit(&mut model, &mut optimizer, once, &mut []);
    wrong::unless(run.is_ok(), || format!("the run: {run:?}"))?;
    let hits = accuracy(&model.forward(&x), &y);
    wrong::unless_eq(hits, 1.0).note("of the four rows of XOR")?;
    let error = mse_loss(&model.forward(&x).argmax(-1, false).to_f32(), &y.to_f32()).item();
    wrong::unless_eq(error, 0.0)
}
