//! 06.5 and 06.6: steps of equal size, and around the mean.

use crate::numbers::{after, column, near, walk};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{RmsPropOptions, RmsPropStep};

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.5.first",
        exercise: "06.5",
        fact: "alpha 0.5, gradient 2: the mean square is 2, the step 2 / √2",
        run: first,
    },
    Check {
        id: "06.5.kept",
        exercise: "06.5",
        fact: "alpha is what is kept: 0.75 makes of 4 and the gradient 4 a mean square of 7",
        run: kept,
    },
    Check {
        id: "06.5.eps",
        exercise: "06.5",
        fact: "eps 1 is added to the root: 2 / (√2 + 1)",
        run: eps,
    },
    Check {
        id: "06.5.walk",
        exercise: "06.5",
        fact: "mean squares 2 and 3 make steps of 2 / √2 and 2 / √3",
        run: second,
    },
    Check {
        id: "06.5.sizes",
        exercise: "06.5",
        fact: "gradients of 0.001, 1 and 1000 make steps of one size",
        run: sizes,
    },
    Check {
        id: "06.5.nothing",
        exercise: "06.5",
        fact: "a gradient of 0 from the first step on moves nothing",
        run: nothing,
    },
    Check {
        id: "06.5.rolling",
        exercise: "06.5",
        fact: "momentum is of the divided gradient: √2, then √2 / 2 + 2 / √3",
        run: rolling,
    },
    Check {
        id: "06.6.first",
        exercise: "06.6",
        fact: "mean square 2 and mean 1 leave a deviation of 1: a step of 2",
        run: centered,
    },
    Check {
        id: "06.6.mean",
        exercise: "06.6",
        fact: "a mean that keeps 3/4 goes from 2 to 3 under the gradient 6",
        run: mean,
    },
    Check {
        id: "06.6.arrives",
        exercise: "06.6",
        fact: "a mean that keeps nothing is the new number, exactly",
        run: arrives,
    },
    Check {
        id: "06.6.eps",
        exercise: "06.6",
        fact: "eps 1 is added to the deviation: 2 / (1 + 1)",
        run: eps_centered,
    },
    Check {
        id: "06.6.walk",
        exercise: "06.6",
        fact: "means 1 and 1.5 leave deviations 1 and √0.75",
        run: walk_centered,
    },
];

const PLAIN: RmsPropOptions = RmsPropOptions {
    lr: 0.1,
    alpha: 0.5,
    eps: 0.0,
    weight_decay: 0.0,
    momentum: 0.0,
    centered: false,
};
const CENTERED: RmsPropOptions = RmsPropOptions { centered: true, ..PLAIN };

fn first() -> Verdict {
    let [[w], [s]] = after(&RmsPropStep { options: PLAIN }, [[0.0], [0.0]], [2.0]);
    wrong::unless_close(s, 2.0, 1e-6)
        .because(s == 0.0, "the mean square was not updated: write through the reference")
        .because(near(s, 1.0), "1 is half of 2: the square of the gradient enters")
        .because(near(s, 4.0), "the whole square came in: only the part 1 - alpha does")
        .note("s = 0.5 · 0 + 0.5 · 2²")?;
    wrong::unless_close(w, -0.141_421_36, 1e-6)
        .because(near(w, -0.1), "it was divided by the mean square: take the root")
        .because(near(w, -0.2), "it was not divided at all")
        .because(!w.is_finite(), "it was divided by the old mean square, which is 0")
}

fn kept() -> Verdict {
    let options = RmsPropOptions { alpha: 0.75, ..PLAIN };
    let [_, [s]] = after(&RmsPropStep { options }, [[0.0], [4.0]], [4.0]);
    wrong::unless_close(s, 7.0, 1e-6)
        .because(near(s, 13.0), "13 is 0.25 · 4 + 0.75 · 16: alpha is the part that is kept")
        .because(near(s, 19.0), "19 is 0.75 · 4 + 16: only the part 1 - alpha of a square enters")
        .because(near(s, 4.0), "4 is 0.75 · 4 + 0.25 · 4: the square of the gradient enters")
}

fn eps() -> Verdict {
    let options = RmsPropOptions { eps: 1.0, ..PLAIN };
    let [[w], _] = after(&RmsPropStep { options }, [[0.0], [0.0]], [2.0]);
    wrong::unless_close(w, -0.082_842_715, 1e-6)
        .because(near(w, -0.115_470_05), "eps is under the root: it is added to the root")
        .because(near(w, -0.141_421_36), "eps was left out")
}

fn second() -> Verdict {
    let options = PLAIN;
    let got = column(&walk::<2, _>(|_| RmsPropStep { options }, 0.0, &[2.0, 2.0]), 0);
    wrong::unless_close(&got[..], &[-0.141_421_36, -0.256_891_43][..], 1e-6)
        .because(near(got[1], -0.282_842_7), "the second step is as long as the first: is s kept?")
}

fn sizes() -> Verdict {
    let [w, _] = after(&RmsPropStep { options: PLAIN }, [[0.0; 3]; 2], [1e-3, 1.0, -1e3]);
    wrong::unless_close(w, [-0.141_421_36, -0.141_421_36, 0.141_421_36], 1e-6)
        .because(w[2] < 0.0, "the sign of the gradient was lost")
}

fn nothing() -> Verdict {
    let options = RmsPropOptions { eps: 1e-8, ..PLAIN };
    let [[w], _] = after(&RmsPropStep { options }, [[3.0], [0.0]], [0.0]);
    wrong::unless_eq(w, 3.0).because(w.is_nan(), "0 was divided by 0: add eps to the divisor")
}

fn rolling() -> Verdict {
    let options = RmsPropOptions { momentum: 0.5, ..PLAIN };
    let got = column(&walk::<3, _>(|_| RmsPropStep { options }, 0.0, &[2.0, 2.0]), 0);
    wrong::unless_close(&got[..], &[-0.141_421_36, -0.327_602_1][..], 1e-6)
}

fn centered() -> Verdict {
    let [[w], [s], [a]] = after(&RmsPropStep { options: CENTERED }, [[0.0]; 3], [2.0]);
    wrong::unless_close(s, 2.0, 1e-6)
        .because(s == 0.0, "the mean square was not updated")
        .note("s = 0.5 · 0 + 0.5 · 2²")?;
    wrong::unless_close(a, 1.0, 1e-6)
        .because(a == 0.0, "the mean was not updated: write through the reference")
        .because(near(a, 2.0), "2 is the mean of squares: `a` is the mean of the gradient")
        .note("a = half of the way from 0 to 2")?;
    wrong::unless_close(w, -0.2, 1e-6)
        .because(near(w, -0.141_421_36), "the mean was not taken off: divide by √(s - a²)")
        .because(near(w, -0.115_470_05), "√(s + a²): the square of the mean is taken off")
        .note("s - a² = 2 - 1, and 2 / √1 = 2, times lr 0.1")
}

fn mean() -> Verdict {
    for (alpha, expected) in [(0.75, 3.0), (0.25, 5.0)] {
        let options = RmsPropOptions { alpha, ..CENTERED };
        let [_, _, [a]] = after(&RmsPropStep { options }, [[0.0], [100.0], [2.0]], [6.0]);
        wrong::unless_close(a, expected, 1e-6)
            .because(near(a, 8.0 - expected), "alpha is kept: the mean moves by 1 - alpha")
            .because(near(a, 4.0 * (1.0 - alpha)), "`lerp` gives the way, not the place: add start")
            .note(format!("alpha {alpha}: from 2 the part {} of the way to 6", 1.0 - alpha))?;
    }
    Ok(())
}

fn arrives() -> Verdict {
    let options = RmsPropOptions { alpha: 0.0, eps: 1.0, ..CENTERED };
    let [_, _, [a]] = after(&RmsPropStep { options }, [[0.0], [0.0], [1e8]], [1.0]);
    wrong::unless_eq(a, 1.0)
        .because(a == 0.0, "1e8 + (1 - 1e8) is 0 in f32: for a large part count back from `end`")
}

fn eps_centered() -> Verdict {
    let options = RmsPropOptions { eps: 1.0, ..CENTERED };
    let [[w], ..] = after(&RmsPropStep { options }, [[0.0]; 3], [2.0]);
    wrong::unless_close(w, -0.1, 1e-6)
        .because(near(w, -0.141_421_36), "eps is under the root: it is added to the root")
        .because(near(w, -0.2), "eps was left out")
}

fn walk_centered() -> Verdict {
    let step = |_| RmsPropStep { options: CENTERED };
    let got = column(&walk::<3, _>(step, 0.0, &[2.0, 2.0]), 0);
    wrong::unless_close(&got[..], &[-0.2, -0.430_940_12][..], 1e-6)
        .because(near(got[1], -0.341_421_36), "the mean before the update was taken off")?;
    let step = |_| RmsPropStep { options: RmsPropOptions { momentum: 0.5, ..CENTERED } };
    let got = column(&walk::<4, _>(step, 0.0, &[2.0, 2.0]), 0);
    wrong::unless_close(&got[..], &[-0.2, -0.530_940_1][..], 1e-6).note("with momentum 0.5")
}
