//! 06.11: groups of parameters with settings of their own.

use crate::numbers::{SGD, firsts, layer, near, step, weights};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{AdamW, AdamWOptions, Optimizer, ParamGroup, Sgd, SgdOptions};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.11.own_rate",
        exercise: "06.11",
        fact: "a group with 0.05 in an optimizer with 0.1 steps by 0.05",
        run: own_rate,
    },
    Check {
        id: "06.11.follows",
        exercise: "06.11",
        fact: "when a schedule sets 1, the group with half the rate has 0.5",
        run: follows,
    },
    Check {
        id: "06.11.zero",
        exercise: "06.11",
        fact: "a group with 0 in an optimizer with 0 starts with it, without NaN",
        run: zero,
    },
    Check {
        id: "06.11.still",
        exercise: "06.11",
        fact: "a group with 0 in an optimizer with 0.1 stands still, whatever is set",
        run: still,
    },
    Check {
        id: "06.11.first_match",
        exercise: "06.11",
        fact: "a parameter that matches two groups is in the first",
        run: first_match,
    },
    Check {
        id: "06.11.no_decay",
        exercise: "06.11",
        fact: "a bias in a group without decay keeps its size",
        run: no_decay,
    },
];

/// An optimizer with the learning rate `all`, in which parameter `1` has `lr`.
fn grouped(all: f32, lr: f32) -> Sgd {
    let options = SgdOptions { lr, ..SGD };
    let group = ParamGroup { name: "one", matches: |path| path == "1", options };
    Sgd::new(SgdOptions { lr: all, ..SGD }).group(group)
}

fn own_rate() -> Verdict {
    let mut model = weights([0.0, 0.0]);
    step(&mut grouped(0.1, 0.05), &mut model, &[1.0]);
    let got = firsts(&model);
    wrong::unless_close(&got[..], &[-0.1, -0.05][..], 1e-6)
        .because(near(got[1], -0.2), "the quotient is upside down: 0.05 is half of 0.1")
        .because(near(got[1], -0.005), "0.005 is 0.1 · 0.05: the scale is a multiple, no rate")
        .because(near(got[1], -0.1), "the group has the optimizer's rate: its own was ignored")
}

fn follows() -> Verdict {
    let (mut optimizer, mut model) = (grouped(0.1, 0.05), weights([0.0, 0.0]));
    optimizer.set_learning_rate(0.0); // as at the start of a warm-up
    step(&mut optimizer, &mut model, &[1.0]);
    optimizer.set_learning_rate(1.0);
    step(&mut optimizer, &mut model, &[1.0]);
    let got = firsts(&model);
    wrong::unless_close(&got[..], &[-1.0, -0.5][..], 1e-6)
        .because(near(got[1], -2.0), "the quotient is upside down: half stays half")
        .because(near(got[1], -0.05), "0.05 is its rate of the start: its scale is 0.5")
        .because(near(got[1], -1.0), "the group lost its proportion")
}

fn zero() -> Verdict {
    let (mut optimizer, mut model) = (grouped(0.0, 0.0), weights([0.0, 0.0]));
    optimizer.set_learning_rate(0.1);
    step(&mut optimizer, &mut model, &[1.0]);
    let got = firsts(&model);
    wrong::unless_close(&got[..], &[-0.1, -0.1][..], 1e-6)
        .because(got[1].is_nan(), "0 / 0 is NaN, and NaN was the learning rate: the scale is 1")
        .because(got[1] == 0.0, "the group never starts: when all begin at 0, the scale is 1")
}

fn still() -> Verdict {
    let (mut optimizer, mut model) = (grouped(0.1, 0.0), weights([0.0, 3.0]));
    optimizer.set_learning_rate(1.0);
    step(&mut optimizer, &mut model, &[1.0]);
    let got = model[1].item();
    wrong::unless_eq(got, 3.0).because(
        near(got, 2.0),
        "the group moves at the optimizer's rate: only an optimizer's rate of 0 makes the scale 1",
    )
}

fn first_match() -> Verdict {
    let fast = SgdOptions { lr: 0.4, ..SGD };
    let slow = SgdOptions { lr: 0.2, ..SGD };
    let mut optimizer = Sgd::new(SGD)
        .group(ParamGroup { name: "fast", matches: |path| path == "bias", options: fast })
        .group(ParamGroup { name: "slow", matches: |_| true, options: slow });
    let mut layer = layer();
    step(&mut optimizer, &mut layer, &[1.0]);
    let bias = layer.bias.as_ref().map_or(vec![], Tensor::to_vec);
    wrong::unless_close(&bias[..], &[0.6, 0.6][..], 1e-6)?;
    wrong::unless_close(layer.weight.data()[0], -0.2, 1e-6)
}

fn no_decay() -> Verdict {
    let options = AdamWOptions { lr: 0.1, weight_decay: 0.25, ..AdamWOptions::default() };
    let mut optimizer = AdamW::new(options).group(ParamGroup {
        name: "no decay",
        matches: |path| path.ends_with("bias"),
        options: AdamWOptions { weight_decay: 0.0, ..options },
    });
    let mut layer = layer();
    step(&mut optimizer, &mut layer, &[0.0]);
    let bias = layer.bias.as_ref().map_or(vec![], Tensor::to_vec);
    wrong::unless_close(&bias[..], &[1.0, 1.0][..], 1e-6)?;
    wrong::unless_close(layer.weight.data()[5], 5.0 * 0.975, 1e-6)
}
