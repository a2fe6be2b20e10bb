//! 07.4: an examination changes nothing.

use crate::probe::{Call, Probe, batch, batches, mean_prediction};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Dropout, Sequential, sequential};
use tinytorch_losses::mse_loss;
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_training::{Trainer, TrainerOptions};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.4.samples",
        exercise: "07.4",
        fact: "losses of 1 over 3 samples and of 5 over 1 make 2: the mean of a sample",
        run: samples,
    },
    Check {
        id: "07.4.mode",
        exercise: "07.4",
        fact: "every batch is predicted in evaluation mode",
        run: mode,
    },
    Check {
        id: "07.4.dropout",
        exercise: "07.4",
        fact: "dropout of a half leaves 64 ones alone, and a second look gives the same loss",
        run: dropout,
    },
    Check {
        id: "07.4.switch",
        exercise: "07.4",
        fact: "the model is in training mode afterwards, as it was before",
        run: switch,
    },
    Check {
        id: "07.4.history",
        exercise: "07.4",
        fact: "no history is kept: predictions require no gradient",
        run: history,
    },
    Check {
        id: "07.4.metrics",
        exercise: "07.4",
        fact: "metrics get the prediction and the target, in this order",
        run: metrics,
    },
    Check {
        id: "07.4.nothing",
        exercise: "07.4",
        fact: "no batches at all: a panic that says so, not a loss of NaN",
        run: nothing,
    },
];

fn trainer() -> Trainer {
    Trainer::new(mean_prediction, TrainerOptions::default())
}

fn samples() -> Verdict {
    let got = trainer().evaluate(&Probe::new(1.0), batches(&[&[1.0, 1.0, 1.0], &[5.0]])(0, 0)).loss;
    wrong::unless_close(got, 2.0_f32, 1e-6)
        .because(got == 3.0, "3 is the mean of the batches' means: a batch counts by its samples")
        .because(got == 5.0 || got == 1.0, "one of the two batches was left out")
}

/// How a probe was called for two batches.
fn calls() -> (Vec<Call>, bool) {
    let model = Probe::new(1.0);
    trainer().evaluate(&model, batches(&[&[1.0], &[2.0]])(0, 0));
    (model.calls(), model.is_in_training())
}

fn mode() -> Verdict {
    let modes: Vec<bool> = calls().0.iter().map(|call| call.training).collect();
    wrong::unless_eq(&modes, &[false, false])
        .because(
            modes == [true, true],
            "the model was examined in training mode: dropout strikes out a part of what it knows",
        )
        .because(modes == [false, true], "evaluation mode ended after the first batch")
}

fn dropout() -> Verdict {
    let model: Sequential = sequential![Dropout::new(0.5, &mut Rng::new(5))];
    let ones = || std::iter::once(batch(&[1.0; 64]));
    let got = [0, 1].map(|_| trainer().evaluate(&model, ones()).loss);
    wrong::unless_eq(got, [1.0, 1.0])
        .because(got != [1.0, 1.0], "dropout was at work: evaluate within `evaluating(|| ..)`")
}

fn switch() -> Verdict {
    wrong::unless(calls().1, || "the model was left in evaluation mode")
}

fn history() -> Verdict {
    let recorded: Vec<bool> = calls().0.iter().map(|call| call.recorded).collect();
    wrong::unless_eq(&recorded, &[false, false]).because(
        recorded.contains(&true),
        "a history was written, and kept every activation alive: predict within `no_grad(|| ..)`",
    )
}

fn metrics() -> Verdict {
    let trainer = Trainer::new(mse_loss, TrainerOptions::default())
        .metric("prediction", |prediction, _| prediction.mean().item())
        .metric("target", |_, target| target.mean().item());
    let data = [(Tensor::from([[1.0], [3.0]]), Tensor::from([[5.0], [5.0]]))];
    let got = trainer.evaluate(&Probe::new(2.0), data.into_iter());
    let metric = |name| got.metric(name);
    // Predictions 2 and 6, targets 5 and 5: squares 9 and 1.
    wrong::unless_eq(
        (got.loss, metric("prediction"), metric("target")),
        (5.0, Some(4.0), Some(5.0)),
    )
    .because(metric("prediction") == Some(5.0), "prediction and target are exchanged")
    .because(metric("prediction") == Some(2.0), "the metric got the input, not the prediction")
}

fn nothing() -> Verdict {
    wrong::unless_panics(|| trainer().evaluate(&Probe::new(1.0), batches(&[])(0, 0)), "no samples")
}
