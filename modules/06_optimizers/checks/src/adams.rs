//! 06.7 and 06.8: bias correction, and Adam.

use crate::numbers::{after, column, near, walk};
use check::{Because, Check, Verdict, wrong};
use tinytorch_optimizers::{AdamOptions, AdamStep, bias_correction};
use tinytorch_tensor::Rng;

pub const CHECKS: &[Check] = &[
    Check {
        id: "06.7.first",
        exercise: "06.7",
        fact: "after one step, 0.1 of a mean that keeps 0.9 has come in",
        run: first,
    },
    Check {
        id: "06.7.powers",
        exercise: "06.7",
        fact: "after two steps it is 0.19, and with 0.5 after three 0.875",
        run: powers,
    },
    Check {
        id: "06.7.mean",
        exercise: "06.7",
        fact: "it is what a mean of ones is, that began at 0",
        run: mean_of_ones,
    },
    Check {
        id: "06.7.ends",
        exercise: "06.7",
        fact: "a mean that keeps nothing needs no correction; none does in the end",
        run: ends,
    },
    Check {
        id: "06.7.precise",
        exercise: "06.7",
        fact: "after two steps of 0.999 it is right to nine digits",
        run: precise,
    },
    Check {
        id: "06.8.means",
        exercise: "06.8",
        fact: "betas 0.75 0.5, gradient 2: the mean is 0.5, the mean square 2",
        run: means,
    },
    Check {
        id: "06.8.first_step",
        exercise: "06.8",
        fact: "the first step is lr, for gradients of 0.001, -1 and 1000",
        run: first_step,
    },
    Check {
        id: "06.8.second_step",
        exercise: "06.8",
        fact: "betas 0.5, gradients 1 -1: a step of -0.1, then one of 0.1 / 3",
        run: second_step,
    },
    Check {
        id: "06.8.eps",
        exercise: "06.8",
        fact: "eps 1 is added to the corrected root: 3 / (3 + 1)",
        run: eps,
    },
    Check {
        id: "06.8.units",
        exercise: "06.8",
        fact: "a loss in other units, 128 times as large, makes the same walk",
        run: units,
    },
    Check {
        id: "06.8.decay",
        exercise: "06.8",
        fact: "Adam's own weight decay is divided away: a whole step of lr, without a gradient",
        run: decay,
    },
    Check {
        id: "06.8.paper",
        exercise: "06.8",
        fact: "two hundred steps end where algorithm 1 of the paper ends",
        run: paper,
    },
];

const PLAIN: AdamOptions = AdamOptions { lr: 0.1, betas: (0.5, 0.5), eps: 0.0, weight_decay: 0.0 };

fn adam(options: AdamOptions) -> impl Fn(i32) -> AdamStep {
    move |step| AdamStep { options, step }
}

fn first() -> Verdict {
    let got = bias_correction(0.9, 1) as f32;
    wrong::unless_close(got, 0.1, 1e-6)
        .because(near(got, 0.9), "0.9 is what is still missing: subtract it from 1")
        .because(got == 0.0, "0.9 to the power 0 is 1: the first step is number 1")
        .because(near(got, 0.19), "0.19 is right after two steps: the first is number 1")
        .because(near(got, 10.0), "10 is what one divides by its reverse: give 1 - βᵗ itself")
}

fn powers() -> Verdict {
    let got = bias_correction(0.9, 2) as f32;
    wrong::unless_close(got, 0.19, 1e-6)
        .because(near(got, 0.1), "the number of the step does not enter")
        .because(near(got, -0.8), "-0.8 is 1 - 2 · 0.9: the step is a power, not a factor")
        .because(near(got, 0.2), "0.2 is 2 · 0.1: what came in first is forgotten in part")
        .because(near(got, 0.01), "0.01 is 0.1²: the power is of β, not of 1 - β")?;
    wrong::unless_close(bias_correction(0.5, 3) as f32, 0.875, 1e-6)
}

fn mean_of_ones() -> Verdict {
    let mut mean = 0.0;
    for step in 1..=20 {
        mean = 0.8 * mean + 0.2;
        wrong::unless_close(bias_correction(0.8, step) as f32, mean, 1e-5)
            .note(format!("after {step} steps of m = 0.8 m + 0.2 · 1"))?;
    }
    Ok(())
}

fn ends() -> Verdict {
    wrong::unless_eq(bias_correction(0.0, 1), 1.0)?;
    wrong::unless_eq(bias_correction(0.999, 100_000), 1.0)?;
    wrong::unless_eq(bias_correction(0.999, i32::MAX), 1.0)
}

fn precise() -> Verdict {
    let beta = f64::from(0.999_f32);
    let ratio = bias_correction(0.999, 2) / (1.0 - beta * beta);
    wrong::unless((ratio - 1.0).abs() < 1e-9, || format!("off by a factor of {ratio}")).because(
        true,
        "a number just below 1 was squared in f32, and then 1 was taken off: use f64 throughout",
    )
}

fn means() -> Verdict {
    let options = AdamOptions { betas: (0.75, 0.5), ..PLAIN };
    let [_, [m], [v]] = after(&AdamStep { options, step: 1 }, [[0.0]; 3], [2.0]);
    wrong::unless_close([m, v], [0.5, 2.0], 1e-6)
        .because(m == 0.0 || v == 0.0, "a mean was not updated: write through the references")
        .because([m, v] == [1.0, 1.0], "the betas are swapped: the first is for the mean")
        .because(near(m, 1.5), "β is the part that is kept: the mean moves by 1 - β")
        .because(near(m, 2.0), "m is remembered as it is; the correction is for the step alone")
        .because(near(v, 1.0), "v is a mean of squares: g · g enters")
        .because(near(v, 4.0), "v is remembered as it is; the correction is for the step alone")
        .note("m = 0.25 · 2, v = 0.5 · 2²")?;
    let [_, [m], [v]] = after(&AdamStep { options, step: 9 }, [[0.0], [2.0], [8.0]], [4.0]);
    wrong::unless_close([m, v], [2.5, 12.0], 1e-6)
        .note("m = 0.75 · 2 + 0.25 · 4, v = 0.5 · 8 + 0.5 · 4²")
}

fn first_step() -> Verdict {
    let options = AdamOptions { lr: 0.1, ..AdamOptions::default() };
    let [w, ..] = after(&AdamStep { options, step: 1 }, [[0.0; 3]; 3], [1e-3, -1.0, 1e3]);
    // eps takes a hundred-thousandth of the first.
    wrong::unless_close(w, [-0.1, 0.1, -0.1], 2e-6)
        .because(w[1] < 0.0, "the steps go uphill: subtract")
        .because(
            (w[1] - 0.316_228).abs() < 1e-4,
            "no bias correction: m is 0.1 g and √v 0.0316 |g|, so the step is 3.16 lr",
        )
        .because((w[1] - 3.162_28).abs() < 1e-3, "only m is corrected, not v")
        .because(near(w[1], 0.01), "only v is corrected, not m")
        .because(
            (w[1] - 0.003_162_28).abs() < 1e-5 || (w[1] - 0.001).abs() < 1e-5,
            "a correction is multiplied: m and v are too small, and divided by it",
        )
        .because(
            (w[1] - 31.622_8).abs() < 0.01 || near(w[1], 100.0),
            "`root` is the root of the second correction, and √v is divided by it",
        )
        .because(!w[1].is_finite(), "something was divided by 0: which power of β is it?")
}

fn second_step() -> Verdict {
    let got = column(&walk::<3, _>(adam(PLAIN), 0.0, &[1.0, -1.0]), 0);
    wrong::unless_close(&got[..], &[-0.1, -0.066_666_66][..], 1e-6)
        .because(
            near(got[1], -0.059_175_17),
            "the correction is still that of step 1: β is raised to `step`",
        )
        .note("step 2: m is -1/4 and v is 3/4, both over 1 - 0.25: -1/3 over √1")
}

fn eps() -> Verdict {
    let options = AdamOptions { eps: 1.0, ..PLAIN };
    let [[w], ..] = after(&AdamStep { options, step: 1 }, [[0.0]; 3], [3.0]);
    wrong::unless_close(w, -0.075, 1e-6)
        .because(near(w, -0.094_868_33), "eps is under the root: it is added to the root")
        .because(near(w, -0.067_961_5), "eps was added before the root was corrected")
        .because((w + 0.090_453_4).abs() < 1e-4, "eps is under the root, and before the correction")
        .because(near(w, -0.1), "eps was left out")
        .note("m̂ = 3 and √v̂ = 3")
}

fn units() -> Verdict {
    let gradients = [0.5, -0.25, 2.0, 1.0, -4.0];
    let scaled = gradients.map(|g| 128.0 * g); // a power of 2, so that no rounding differs
    let one = column(&walk::<3, _>(adam(PLAIN), 1.0, &gradients), 0);
    let other = column(&walk::<3, _>(adam(PLAIN), 1.0, &scaled), 0);
    wrong::unless_close(&other[..], &one[..], 1e-5)
        .note("m grows by the factor, and √v by the same: their quotient does not know it")
}

fn decay() -> Verdict {
    let options = AdamOptions { weight_decay: 0.25, ..PLAIN };
    let [[w], [m], _] = after(&AdamStep { options, step: 1 }, [[2.0], [0.0], [0.0]], [0.0]);
    wrong::unless_close([w, m], [1.9, 0.25], 1e-6)
        .note("the gradient is 0.25 · 2 = 0.5; a first step is lr, however small it is")
}

fn paper() -> Verdict {
    let options = AdamOptions { lr: 0.01, ..AdamOptions::default() };
    let mut rng = Rng::new(3);
    let gradients: Vec<f32> = (0..200).map(|_| 0.3 + rng.normal()).collect();
    let (first, second) = (f64::from(options.betas.0), f64::from(options.betas.1));
    let (mut w, mut m, mut v) = (1.0_f64, 0.0, 0.0);
    for (i, &g) in gradients.iter().enumerate() {
        let (t, g) = (i as i32 + 1, f64::from(g));
        m = first * m + (1.0 - first) * g;
        v = second * v + (1.0 - second) * g * g;
        let (m_hat, v_hat) = (m / (1.0 - first.powi(t)), v / (1.0 - second.powi(t)));
        w -= f64::from(options.lr) * m_hat / (v_hat.sqrt() + f64::from(options.eps));
    }
    let got = column(&walk::<3, _>(adam(options), 1.0, &gradients), 0)[199];
    // 200 roundings of a number of about 1, 6e-8 each at worst.
    wrong::unless_close(got, w as f32, 2e-5)
}
