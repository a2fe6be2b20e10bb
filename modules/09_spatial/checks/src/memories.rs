//! 09.10: what a network remembers of its batches.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Model, Module, evaluating};
use tinytorch_spatial::{BatchNorm2d, BatchNorm2dOptions};
use tinytorch_tensor::{Tensor, recording};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.10.batch",
        exercise: "09.10",
        fact: "in training, 2 and 4 become -1 and 1",
        run: batch,
    },
    Check {
        id: "09.10.mean",
        exercise: "09.10",
        fact: "after them the running mean is 0.3: a tenth of 3",
        run: mean,
    },
    Check {
        id: "09.10.variance",
        exercise: "09.10",
        fact: "and the running variance 1.1: nine tenths of 1, a tenth of 2",
        run: variance,
    },
    Check {
        id: "09.10.momentum",
        exercise: "09.10",
        fact: "with a momentum of 0.5, batches of mean 8 and 4 leave 0, then 4, then 4",
        run: momentum,
    },
    Check {
        id: "09.10.evaluation",
        exercise: "09.10",
        fact: "in evaluation the running statistics count: a picture comes out alike in any batch",
        run: evaluation,
    },
    Check {
        id: "09.10.untouched",
        exercise: "09.10",
        fact: "an evaluation changes nothing that is saved",
        run: untouched,
    },
];

fn two_and_four() -> Tensor {
    Tensor::from([2.0, 4.0]).reshape([2, 1, 1, 1])
}

fn forward(layer: &BatchNorm2d, x: &Tensor) -> Tensor {
    recording(false, || layer.forward(x))
}

fn batch() -> Verdict {
    let got = forward(&BatchNorm2d::new(1), &two_and_four()).to_vec();
    wrong::unless_close(&got, [-1.0, 1.0], 1e-4)
        .because(
            got[0] > 1.0,
            "the running statistics were used, still 0 and 1: in training the batch's count",
        )
        .because(
            (got[1] - 0.707).abs() < 1e-2,
            "this batch is normalized with its own variance 1, not with the estimate 2",
        )
}

fn mean() -> Verdict {
    let layer = BatchNorm2d::new(1);
    forward(&layer, &two_and_four());
    let got = layer.running_mean.get().item();
    wrong::unless_close(got, 0.3_f32, 1e-6)
        .because(
            (got - 2.7).abs() < 1e-5,
            "2.7 is nine tenths of the batch: momentum is the part of the new, here 0.1",
        )
        .because(got == 0.0, "the running mean was not moved: `update` it within `rewrite`")
        .because(got == 3.0, "3 is the batch's alone: what was before counts nine tenths")
}

fn variance() -> Verdict {
    let layer = BatchNorm2d::new(1);
    forward(&layer, &two_and_four());
    let got = layer.running_var.get().item();
    wrong::unless_close(got, 1.1_f32, 1e-6)
        .because(
            (got - 1.0).abs() < 1e-6,
            "the batch's variance of 1 was taken as it is: times 2 / (2 - 1), which makes up for \
             the mean that fits too well",
        )
        .because((got - 0.95).abs() < 1e-6, "1 * 1 / 2 makes it smaller still: count / (count - 1)")
        .because(
            (got - 1.9).abs() < 1e-5,
            "1.9 is nine tenths of the batch: momentum is the part of the new",
        )
}

fn momentum() -> Verdict {
    let options = BatchNorm2dOptions { momentum: 0.5, ..Default::default() };
    let layer = BatchNorm2d::with_options(2, options);
    let at = |mean: f32| drawn([2, 2, 2, 2], 1) * 0.0 + mean;
    forward(&layer, &at(8.0));
    wrong::unless_close(of(&layer.running_mean.get()), [4.0, 4.0], 1e-6)?;
    forward(&layer, &at(4.0));
    wrong::unless_close(of(&layer.running_mean.get()), [4.0, 4.0], 1e-6)?;
    wrong::unless_close(of(&layer.running_var.get()), [0.25, 0.25], 1e-6)
        .note("batches without variance halve the running one each time")
}

fn evaluation() -> Verdict {
    let mut layer = BatchNorm2d::new(1);
    forward(&layer, &two_and_four());
    layer.eval();
    let alone = forward(&layer, &two_and_four().narrow(0, 0, 1)).item();
    let expected = (2.0 - 0.3) / (1.1_f32 + 1e-5).sqrt();
    wrong::unless_close(alone, expected, 1e-5).because(
        alone.abs() < 1e-5,
        "a picture alone has the mean of itself and becomes 0: evaluation takes the running mean",
    )?;
    let together = forward(&layer, &two_and_four()).to_vec()[0];
    wrong::unless_eq(together, alone)
        .because(true, "what a picture gives depends on its company: use the running statistics")
}

fn untouched() -> Verdict {
    let layer = BatchNorm2d::new(2);
    let before = layer.state_dict();
    let x = drawn([3, 2, 2, 2], 2) + 5.0;
    evaluating(|| forward(&layer, &x));
    let moved = layer.state_dict()["running_mean"] != before["running_mean"];
    wrong::unless(layer.state_dict() == before, || "the state dict changed in an evaluation")
        .because(moved, "the running mean moved: what a model is asked about must not teach it")
}
