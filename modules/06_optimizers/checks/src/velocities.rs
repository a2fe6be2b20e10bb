//! 06.3 and 06.4: momentum, and Nesterov's look ahead.

use crate::numbers::{SGD, after, column, near, sgd, walk};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{SgdOptions, SgdStep};

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.3.first",
        exercise: "06.3",
        fact: "the first velocity is the gradient itself, whatever the dampening",
        run: first,
    },
    Check {
        id: "06.3.keeps",
        exercise: "06.3",
        fact: "momentum 0.9: gradients 1 2 0 make velocities 1 2.9 2.61",
        run: keeps,
    },
    Check {
        id: "06.3.dampening",
        exercise: "06.3",
        fact: "dampening 0.25 lets 3/4 of a later gradient in: 1, then 1.65",
        run: dampening,
    },
    Check {
        id: "06.3.weights",
        exercise: "06.3",
        fact: "a weight goes on without a gradient: 0, -0.1, -0.29, -0.461",
        run: weights,
    },
    Check {
        id: "06.3.ten_times",
        exercise: "06.3",
        fact: "under a gradient of 1 that stays, the velocity reaches 10",
        run: ten_times,
    },
    Check {
        id: "06.3.zigzag",
        exercise: "06.3",
        fact: "gradients that change their sign cancel: 1 -1 1 -1 makes 1 -0.1 0.91 -0.181",
        run: zigzag,
    },
    Check {
        id: "06.3.decay",
        exercise: "06.3",
        fact: "weight decay enters the velocity: 2 goes to 1.93, to 1.7977",
        run: decay,
    },
    Check {
        id: "06.4.first",
        exercise: "06.4",
        fact: "Nesterov's first direction under a gradient of 1 is 1.9",
        run: ahead,
    },
    Check {
        id: "06.4.one_ahead",
        exercise: "06.4",
        fact: "under a gradient that stays, its directions are the next velocities",
        run: one_ahead,
    },
    Check {
        id: "06.4.brakes",
        exercise: "06.4",
        fact: "when the slope turns, it turns sooner than the velocity does",
        run: brakes,
    },
];

const ROLLING: SgdOptions = SgdOptions { momentum: 0.9, ..SGD };
const NESTEROV: SgdOptions = SgdOptions { nesterov: true, ..ROLLING };

fn velocities(options: SgdOptions, gradients: &[f32]) -> Vec<f32> {
    column(&walk::<2, _>(sgd(options), 0.0, gradients), 1)
}

fn first() -> Verdict {
    let options = SgdOptions { dampening: 0.25, ..ROLLING };
    let [_, [got]] = after(&SgdStep { options, first: true }, [[0.0], [0.0]], [2.0]);
    wrong::unless_close(got, 2.0, 1e-6)
        .because(near(got, 1.5), "dampening begins after the first step: look at `self.first`")
        .because(got == 0.0, "the gradient did not enter the velocity")
}

fn keeps() -> Verdict {
    let got = velocities(ROLLING, &[1.0, 2.0, 0.0]);
    wrong::unless_close(&got[..], &[1.0, 2.9, 2.61][..], 1e-6)
        .because(near(got[1], 2.0), "nothing of the old velocity was kept")
        .because(near(got[1], 1.1), "1.1 is 0.9 · 1 + 0.1 · 2: a mean; the gradient enters whole")
        .because(near(got[1], 3.0), "all of the old velocity was kept: only the part `momentum` is")
        .because(near(got[1], 2.1), "2.1 is 0.1 · 1 + 2: momentum is the part that stays")
        .because(near(got[1], 2.8), "2.8 is 1 + 0.9 · 2: momentum belongs to the velocity")
}

fn dampening() -> Verdict {
    let got = velocities(SgdOptions { dampening: 0.25, ..ROLLING }, &[1.0, 1.0]);
    wrong::unless_close(&got[..], &[1.0, 1.65][..], 1e-6)
        .because(near(got[1], 1.9), "the later gradient came in whole: dampening was left out")
        .because(near(got[1], 1.15), "1.15 is 0.9 + 0.25: dampening is the part that stays out")
        .because(near(got[0], 0.75), "dampening begins after the first step")
        .because(near(got[1], 1.425), "1.425 is 0.75 · 1.9: only the gradient is dampened")
}

fn weights() -> Verdict {
    let walked = walk::<2, _>(sgd(ROLLING), 0.0, &[1.0, 1.0, 0.0]);
    let got = column(&walked, 0);
    wrong::unless_close(&got[..], &[-0.1, -0.29, -0.461][..], 1e-6)
        .because(near(got[2], got[1]), "without a gradient it stands still: where is the velocity?")
        .note("velocities 1, 1.9, 1.71, times lr 0.1")
}

fn ten_times() -> Verdict {
    let got = velocities(ROLLING, &[1.0; 200])[199];
    wrong::unless_close(got, 10.0, 1e-5)
        .because(near(got, 1.0), "1 is what a mean of the gradients reaches: it enters whole")
        .note("v = 0.9 v + 1 stands still at v = 10")
}

fn zigzag() -> Verdict {
    let got = velocities(ROLLING, &[1.0, -1.0, 1.0, -1.0]);
    wrong::unless_close(&got[..], &[1.0, -0.1, 0.91, -0.181][..], 1e-6)
}

fn decay() -> Verdict {
    let options = SgdOptions { weight_decay: 0.1, ..ROLLING };
    let got = column(&walk::<2, _>(sgd(options), 2.0, &[0.5, 0.5]), 0);
    wrong::unless_close(&got[..], &[1.93, 1.7977][..], 1e-6)
        .note("velocities 0.5 + 0.1 · 2 = 0.7, then 0.63 + 0.5 + 0.1 · 1.93 = 1.323")
}

fn ahead() -> Verdict {
    let [[w], [v]] = after(&SgdStep { options: NESTEROV, first: true }, [[0.0], [0.0]], [1.0]);
    wrong::unless_close(w, -0.19, 1e-6)
        .because(near(w, -0.1), "that is the velocity itself: go on by the part `momentum` of it")
        .because(near(w, -0.09), "the gradient was left out: the direction is g + momentum v")
        .because(near(w, -0.2), "all of the velocity was added: only the part `momentum` is")
        .because(near(w, -0.18), "momentum belongs to the velocity alone")
        .note("g + 0.9 v with g = 1 and v = 1, times lr 0.1")?;
    wrong::unless_close(v, 1.0, 1e-6).note("the velocity is remembered as it was")
}

fn one_ahead() -> Verdict {
    let plain = velocities(ROLLING, &[1.0; 6]);
    let mut from = 0.0;
    for (i, to) in column(&walk::<2, _>(sgd(NESTEROV), 0.0, &[1.0; 5]), 0).into_iter().enumerate() {
        wrong::unless_close((from - to) / SGD.lr, plain[i + 1], 1e-5)
            .because(near((from - to) / SGD.lr, plain[i]), "it is not ahead of the velocity")
            .note(format!("direction {} and velocity {}", i + 1, i + 2))?;
        from = to;
    }
    Ok(())
}

fn brakes() -> Verdict {
    let gradients = [1.0, -1.5];
    let plain = column(&walk::<2, _>(sgd(ROLLING), 0.0, &gradients), 0);
    let looking = column(&walk::<2, _>(sgd(NESTEROV), 0.0, &gradients), 0);
    // Velocities 1, -0.6; directions 1.9, -1.5 - 0.54 = -2.04.
    wrong::unless_close(plain[1] - plain[0], 0.06, 1e-6)?;
    wrong::unless_close(looking[1] - looking[0], 0.204, 1e-6)
        .because(near(looking[1] - looking[0], 0.06), "it turns as late as the velocity does")
}
