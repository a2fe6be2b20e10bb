//! 06.1 and 06.2: a step downhill, and the pull of weight decay.

use crate::numbers::{SGD, after, near, sgd, walk};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{SgdOptions, SgdStep};
use tinytorch_tensor::{Tensor, update};

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.1.downhill",
        exercise: "06.1",
        fact: "with lr 0.1, weights 1 2 and gradients 0.5 -1 become 0.95 2.1",
        run: downhill,
    },
    Check {
        id: "06.1.layouts",
        exercise: "06.1",
        fact: "every weight of a matrix moves by its own number of the gradient",
        run: layouts,
    },
    Check {
        id: "06.1.bowl",
        exercise: "06.1",
        fact: "on w² with lr 0.25, 4 goes to 2, to 1, to 0.5",
        run: bowl,
    },
    Check {
        id: "06.1.ravine",
        exercise: "06.1",
        fact: "in the ravine (1, 100) with lr 0.019, (1, 1) goes to (0.981, -0.9)",
        run: ravine,
    },
    Check {
        id: "06.1.unlooked",
        exercise: "06.1",
        fact: "without weight decay an infinite weight stays infinite",
        run: unlooked,
    },
    Check {
        id: "06.2.pull",
        exercise: "06.2",
        fact: "with lr 0.1 and decay 0.1, a weight of 3 without gradient becomes 2.97",
        run: pull,
    },
    Check {
        id: "06.2.signs",
        exercise: "06.2",
        fact: "weights on either side of 0 come nearer to it, and 0 stays",
        run: signs,
    },
    Check {
        id: "06.2.with_gradient",
        exercise: "06.2",
        fact: "decay 0.1 of the weight 2 and the gradient 0.5 add up to 0.7",
        run: with_gradient,
    },
    Check {
        id: "06.2.shrinks",
        exercise: "06.2",
        fact: "lr 0.5 and decay 0.5 leave 3/4 of a weight, step by step",
        run: shrinks,
    },
];

fn one() -> SgdStep {
    SgdStep { options: SGD, first: true }
}

fn decaying(lr: f32, weight_decay: f32) -> SgdStep {
    SgdStep { options: SgdOptions { lr, weight_decay, ..SGD }, first: true }
}

fn downhill() -> Verdict {
    let [got] = after(&one(), [[1.0, 2.0]], [0.5, -1.0]);
    wrong::unless_close(got, [0.95, 2.1], 1e-6)
        .because(near(got[0], 1.05), "the gradient points uphill: subtract it")
        .because(got == [1.0, 2.0], "the weights did not move: write through the reference")
        .because(near(got[0], 0.5), "the whole gradient was subtracted: only lr times it is")
        .because(near(got[0], -0.05), "the weight was replaced by the step: subtract it from w")
}

fn layouts() -> Verdict {
    let mut w = Tensor::zeros([2, 3]);
    let g = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).t();
    update(&one(), &mut [&mut w], &[&g]);
    let got = w.to_vec();
    wrong::unless_close(&got[..], &[-0.1, -0.3, -0.5, -0.2, -0.4, -0.6][..], 1e-6)
        .because(got[1] == got[0], "all weights moved by the first number of the gradient")
        .because(got[5] == 0.0, "the last weight was left out")
}

fn bowl() -> Verdict {
    let mut w = 4.0;
    for expected in [2.0, 1.0, 0.5] {
        let step = SgdStep { options: SgdOptions { lr: 0.25, ..SGD }, first: false };
        let [[got]] = after(&step, [[w]], [2.0 * w]);
        wrong::unless_close(got, expected, 1e-6)
            .because(got > w, "the loss grew: the gradient points uphill, subtract it")?;
        w = got;
    }
    Ok(())
}

fn ravine() -> Verdict {
    let step = SgdStep { options: SgdOptions { lr: 0.019, ..SGD }, first: true };
    let [got] = after(&step, [[1.0, 1.0]], [1.0, 100.0]);
    wrong::unless_close(got, [0.981, -0.9], 1e-6)
        .note("the gradient is (1, 100): 1 - 0.019 · 1 and 1 - 0.019 · 100")
}

fn unlooked() -> Verdict {
    let [[got]] = after(&one(), [[f32::INFINITY]], [1.0]);
    wrong::unless_eq(got, f32::INFINITY)
        .because(got.is_nan(), "0 times infinity is NaN: start from `decayed`")
}

fn pull() -> Verdict {
    let [[got]] = after(&decaying(0.1, 0.1), [[3.0]], [0.0]);
    wrong::unless_close(got, 2.97, 1e-6)
        .because(near(got, 3.03), "the weight is pushed away from 0: descent already subtracts")
        .because(near(got, 2.94), "the slope of w² is 2 w, but the penalty has a half of it")
        .because(near(got, 2.955), "that is the penalty itself: its slope is asked for")
        .because(near(got, 2.99), "the pull is in proportion to the weight, not the same for all")
        .because(near(got, 2.7), "the weight itself was taken: times weight_decay")
        .because(got == 3.0, "the decay has no effect: start from `decayed`")
}

fn signs() -> Verdict {
    let [got] = after(&decaying(0.1, 0.1), [[-3.0, 0.5, 0.0]], [0.0; 3]);
    wrong::unless_close(got, [-2.97, 0.495, 0.0], 1e-6)
        .because(got[0] < -3.0, "a negative weight is pushed away from 0: keep the weight's sign")
}

fn with_gradient() -> Verdict {
    let [[got]] = after(&decaying(0.1, 0.1), [[2.0]], [0.5]);
    wrong::unless_close(got, 1.93, 1e-6)
        .because(near(got, 1.95), "the step took the gradient alone: start from `decayed`")
        .because(near(got, 1.98), "the gradient was left out")
}

fn shrinks() -> Verdict {
    let options = SgdOptions { lr: 0.5, weight_decay: 0.5, ..SGD };
    let walked: Vec<[f32; 1]> = walk(sgd(options), 64.0, &[0.0; 3]);
    wrong::unless_close(walked.concat().as_slice(), &[48.0, 36.0, 27.0][..], 1e-6)
        .note("w - 0.5 · 0.5 w is 3/4 of w")
}
