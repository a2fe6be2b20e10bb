//! 06.9: weight decay apart from the gradient.

use crate::numbers::{after, column, near, walk};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{AdamOptions, AdamStep, AdamWOptions, AdamWStep};

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.9.alone",
        exercise: "06.9",
        fact: "without a gradient, lr 0.1 and decay 0.25 make 1.95 of 2",
        run: alone,
    },
    Check {
        id: "06.9.before",
        exercise: "06.9",
        fact: "the weight shrinks first, then steps: 2 · 0.975 - 0.1 = 1.85",
        run: before,
    },
    Check {
        id: "06.9.means",
        exercise: "06.9",
        fact: "the two means know nothing of the decay",
        run: means,
    },
    Check {
        id: "06.9.same_part",
        exercise: "06.9",
        fact: "all weights shrink by the same part, whatever their gradients",
        run: same_part,
    },
    Check {
        id: "06.9.adam",
        exercise: "06.9",
        fact: "without decay it is Adam, number for number",
        run: adam,
    },
];

const PLAIN: AdamWOptions =
    AdamWOptions { lr: 0.1, betas: (0.5, 0.5), eps: 1e-8, weight_decay: 0.25 };

fn one() -> AdamWStep {
    AdamWStep { options: PLAIN, step: 1 }
}

fn alone() -> Verdict {
    let [[w], ..] = after(&one(), [[2.0], [0.0], [0.0]], [0.0]);
    wrong::unless_close(w, 1.95, 1e-6)
        .because(
            near(w, 1.9),
            "the decay went through the gradient, and Adam made a whole step of lr of it",
        )
        .because(near(w, 1.5), "the part that goes is lr · weight_decay, not weight_decay alone")
        .because(near(w, 1.975), "lr · weight_decay is a part of the weight: multiply by it")
        .because(near(w, 0.05), "that is what goes: keep 1 - lr · weight_decay")
        .because(near(w, 2.05), "the weight grew: keep 1 - lr · weight_decay of it")
        .because(w == 2.0, "there was no decay at all")
}

fn before() -> Verdict {
    let [[w], ..] = after(&one(), [[2.0], [0.0], [0.0]], [1.0]);
    wrong::unless_close(w, 1.85, 1e-6)
        .because(near(w, 1.8525), "1.8525 is (2 - 0.1) · 0.975: the decay comes before the step")
        .because(
            near(w, 1.9),
            "no decay is seen: is it inside the gradient, where Adam divides it away?",
        )
        .because(near(w, 1.95), "the weight shrank, but Adam's step is missing")
}

fn means() -> Verdict {
    let [_, [m], [v]] = after(&one(), [[2.0], [0.0], [0.0]], [1.0]);
    wrong::unless_close([m, v], [0.5, 0.5], 1e-6)
        .because(near(m, 0.75), "the decay of 0.25 · 2 is in the mean of the gradient")
        .because([m, v] == [0.0, 0.0], "`pass` was not called: the means did not move")
}

fn same_part() -> Verdict {
    let [w, ..] = after(&one(), [[1.0, 100.0, -8.0], [0.0; 3], [0.0; 3]], [1e3, 1e-2, -1.0]);
    wrong::unless_close(w, [0.875, 97.4, -7.7], 1e-5)
        .because(
            near(w[0], 0.9) || near(w[1], 99.9),
            "the decay was divided by the size of the gradients: it does not belong in them",
        )
        .note("0.975 of each, then a step of 0.1")
}

fn adam() -> Verdict {
    let options = AdamWOptions { weight_decay: 0.0, ..PLAIN };
    let AdamWOptions { lr, betas, eps, weight_decay } = options;
    let other = AdamOptions { lr, betas, eps, weight_decay };
    let gradients = [0.3, -2.0, 0.7, 0.1];
    let got = walk::<3, _>(|step| AdamWStep { options, step }, 2.0, &gradients);
    let expected = walk::<3, _>(|step| AdamStep { options: other, step }, 2.0, &gradients);
    wrong::unless_eq(column(&got, 0), column(&expected, 0))
        .because(
            near(got[1][0] - got[0][0], 0.0),
            "the second step does not move: is the number of the step handed on?",
        )
        .note("the same formula, with the same number of the step")
}
