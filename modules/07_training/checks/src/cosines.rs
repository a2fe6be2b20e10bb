//! 07.5: half a cosine, with warm-up.

use check::{Because, Check, Verdict, wrong};
use tinytorch_training::{Cosine, Schedule};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.5.ends",
        exercise: "07.5",
        fact: "from 0.3 to 0.1 over 100 steps: 0.3 at step 0, 0.2 at 50, 0.1 at 100",
        run: ends,
    },
    Check {
        id: "07.5.quarters",
        exercise: "07.5",
        fact: "from 1 to 0 it is 0.853553 after a quarter and 0.146447 after three",
        run: quarters,
    },
    Check {
        id: "07.5.warm_up",
        exercise: "07.5",
        fact: "a warm-up of 3 steps: 1/4, 2/4, 3/4 of the rate, then all of it",
        run: warm_up,
    },
    Check {
        id: "07.5.shifted",
        exercise: "07.5",
        fact: "the cosine begins after the warm-up: 10 of 110 steps, and the middle is step 60",
        run: shifted,
    },
    Check {
        id: "07.5.after",
        exercise: "07.5",
        fact: "after the last step the least rate stays",
        run: after,
    },
    Check {
        id: "07.5.short",
        exercise: "07.5",
        fact: "runs that end within their warm-up, or have no steps, have rates and no NaN",
        run: short,
    },
];

const PLAIN: Cosine = Cosine { lr: 0.3, min_lr: 0.1, warmup: 0, steps: 100 };

fn ends() -> Verdict {
    let got = [0, 50, 100].map(|step| PLAIN.lr(step));
    let close = |a: f32, b: f32| (a - b).abs() < 1e-5;
    wrong::unless_close(got, [0.3_f32, 0.2, 0.1], 1e-6)
        .because(close(got[0], 0.1) && close(got[2], 0.3), "start and end are exchanged")
        .because(
            close(got[1], 0.15),
            "0.15 is half of the rate: the curve ends at min_lr, not at 0",
        )
        .because(close(got[0], 0.4), "the curve's height is the way from end to start: lr - min_lr")
        .because(got[0] < 0.3 && got[0] > 0.29, "step 0 is at t = 0: steps count from 0")
        .because(
            close(got[0], 0.3) && got[1] < 0.2 && got[1] > 0.19,
            "t is 1 at step 100, not at 99",
        )
        .because(
            (got[1] - 0.2).abs() > 0.02,
            "angles are in radians: half way, at t = 1/2, the angle is pi / 2, where the cosine is 0",
        )
}

fn quarters() -> Verdict {
    let cosine = Cosine { lr: 1.0, min_lr: 0.0, ..PLAIN };
    let got = [25, 75].map(|step| cosine.lr(step));
    wrong::unless_close(got, [0.853_553_4_f32, 0.146_446_6], 1e-6)
        .because((got[0] - 0.75).abs() < 1e-4, "0.75 is on a straight line, not on a cosine")
        .because((got[0] - 0.923_879_5).abs() < 1e-4, "a quarter wave: go to pi, not to half of it")
        .note("(1 + cos(pi / 4)) / 2 = 0.853553")
}

fn warm_up() -> Verdict {
    let cosine = Cosine { lr: 1.0, min_lr: 0.0, warmup: 3, steps: 13 };
    let got = [0, 1, 2, 3].map(|step| cosine.lr(step));
    wrong::unless_close(got, [0.25_f32, 0.5, 0.75, 1.0], 1e-6)
        .because(
            got[0] == 0.0,
            "the first step has a rate of 0 and is wasted: (step + 1) / (warmup + 1)",
        )
        .because((got[0] - 1.0 / 3.0).abs() < 1e-6, "the full rate comes at step 3, not at step 2")
        .because(got[0] > 0.9, "there is no warm-up: step < warmup is the rise")
}

fn shifted() -> Verdict {
    let cosine = Cosine { lr: 1.0, min_lr: 0.0, warmup: 10, steps: 110 };
    let got = [10, 60, 109].map(|step| cosine.lr(step));
    wrong::unless_close(got, [1.0_f32, 0.5, 0.000_246_7], 1e-6)
        .because(
            got[0] < 0.999,
            "the cosine began at step 0, under the warm-up: count from step 10",
        )
        .because(got[1] > 0.51, "t reaches 1 too late: 110 steps less 10 of warm-up are 100")
}

fn after() -> Verdict {
    let got = [100, 101, 150, 200, usize::MAX].map(|step| PLAIN.lr(step));
    wrong::unless_close(got, [0.1_f32; 5], 1e-6)
        .because(got[3] > 0.29, "a cosine goes up again after its end; a run that goes on must not")
        .because(got[0] == 0.0, "after the end the rate is min_lr, not 0")
}

fn short() -> Verdict {
    let cosine = Cosine { lr: 1.0, min_lr: 0.5, warmup: 3, steps: 2 };
    let got = [0, 1, 2, 3, 4].map(|step| cosine.lr(step));
    wrong::unless_close(got, [0.25_f32, 0.5, 0.75, 0.5, 0.5], 1e-6)
        .note("a warm-up of 3 in a run of 2 steps: the rise first, then the least rate")?;
    let equal = Cosine { warmup: 3, steps: 3, ..cosine };
    wrong::unless_close([2, 3].map(|step| equal.lr(step)), [0.75_f32, 0.5], 1e-6)
        .because(equal.lr(3).is_nan(), "0 / 0: at step `steps` the run is over, do not divide")?;
    let none = Cosine { warmup: 0, steps: 0, ..cosine }.lr(0);
    wrong::unless_eq(none, 0.5).note("no steps at all")
}
