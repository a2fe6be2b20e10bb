//! 02.3 and 02.5: the sigmoid, and a number gated by its own.

use crate::numbers::{INF, NAN, about, of, same_curve, same_digits};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.3.by_hand",
        exercise: "02.3",
        fact: "sigmoid of -2 0 2 is 0.1192 0.5 0.8808",
        run: by_hand,
    },
    Check {
        id: "02.3.ends",
        exercise: "02.3",
        fact: "at -1000 it is 0, at 1000 it is 1, and at the infinities, too",
        run: ends,
    },
    Check {
        id: "02.3.left_tail",
        exercise: "02.3",
        fact: "sigmoid(-80) is 1.8048514e-35, not 0",
        run: left_tail,
    },
    Check {
        id: "02.3.no_overflow",
        exercise: "02.3",
        fact: "sigmoid(-89) is 2.2273636e-39: no exponential overflows on the way",
        run: no_overflow,
    },
    Check {
        id: "02.3.symmetric",
        exercise: "02.3",
        fact: "sigmoid(x) + sigmoid(-x) = 1, and it rises from left to right",
        run: symmetric,
    },
    Check {
        id: "02.3.curve",
        exercise: "02.3",
        fact: "from -87 to 20 it has the digits of 1 / (1 + e^-x)",
        run: curve,
    },
];

pub const GATES: &[Check] = &[
    Check {
        id: "02.5.by_hand",
        exercise: "02.5",
        fact: "silu of -1 0 1 is -0.2689 0 0.7311",
        run: silu_by_hand,
    },
    Check {
        id: "02.5.lowest",
        exercise: "02.5",
        fact: "silu dips to -0.27846455 at -1.2784645 and comes back",
        run: lowest,
    },
    Check {
        id: "02.5.ends",
        exercise: "02.5",
        fact: "at -1000 it is 0, at 1000 it is 1000, at minus infinity NaN",
        run: silu_ends,
    },
];

fn by_hand() -> Verdict {
    let y = Tensor::from([-2.0, 0.0, 2.0]).sigmoid();
    let got = y.at([0]);
    wrong::unless_close(of(&y), [0.119_202_92, 0.5, 0.880_797_1], 1e-6)
        .because(about(got, 0.880_797_078), "this is 1 / (1 + e^x): the exponent is -x")
        .because(about(got, -0.964_027_58), "this is tanh: the sigmoid goes from 0 to 1")
        .because(about(got, 0.135_335_283), "e^-|x| is divided by one plus itself")
        .because(
            about(got, 0.119_202_922) && about(y.at([2]), 0.119_202_922),
            "e^-|x| / (1 + e^-|x|) is for the left side; on the right 1 stands above the line",
        )
}

fn ends() -> Verdict {
    let y = Tensor::from([-1000.0, 1000.0, -INF, INF, NAN]).sigmoid();
    let got = y.to_vec();
    wrong::unless_close(of(&y), [0.0, 1.0, 0.0, 1.0, NAN], 0.0)
        .because(got[1].is_nan(), "e^1000 is infinite in f32, and infinity / infinity is NaN")
        .because(got[0].is_nan(), "e^1000 is infinite in f32, and infinity / infinity is NaN")
        .because(
            got[0] > 0.0,
            "a clamped x is another x: choose the exponential that cannot overflow instead",
        )
        .because(!got[4].is_nan(), "what was NaN must not look like a probability")
}

fn left_tail() -> Verdict {
    let got = Tensor::from([-80.0]).sigmoid().item();
    same_digits(got, 1.804_851_387_8e-35)
        .because(got == 0.0, "1 - sigmoid(80) is 1 - 1: the digits of a small number are gone")
        .note("e^-80 / (1 + e^-80)")
}

fn no_overflow() -> Verdict {
    let got = Tensor::from([-89.0, 89.0]).sigmoid().to_vec();
    wrong::unless_eq(got[1], 1.0)
        .because(got[1].is_nan(), "e^89 is infinite in f32, and infinity / infinity is NaN")?;
    // So small a number has 20 bits left.
    let close = (f64::from(got[0]) / 2.227_363_561_8e-39 - 1.0).abs() < 1e-5;
    wrong::unless(close, || format!("{:e} instead of 2.2273636e-39", got[0]))
        .because(got[0] == 0.0, "e^89 overflowed, and 1 / infinity is 0: use e^-89 on this side")
}

fn symmetric() -> Verdict {
    let x = Tensor::linspace(-20.0, 20.0, 401);
    let (left, right) = ((-&x).sigmoid(), x.sigmoid());
    wrong::unless_close(of(&(left + &right)), vec![1.0; 401].as_slice(), 2e-7)?;
    let rises = right.to_vec().windows(2).all(|pair| pair[0] <= pair[1]);
    wrong::unless(rises, || "a step to the right goes down")
}

fn curve() -> Verdict {
    let xs: Vec<f32> = (-870..=200).map(|i| i as f32 / 10.0).collect();
    same_curve(Tensor::sigmoid, |x| 1.0 / (1.0 + (-x).exp()), "sigmoid", &xs)
}

fn silu_by_hand() -> Verdict {
    let y = Tensor::from([-1.0, 0.0, 1.0]).silu();
    let got = y.to_vec();
    wrong::unless_close(of(&y), [-0.268_941_43, 0.0, 0.731_058_6], 1e-6)
        .because(about(got[0], 0.268_941_421), "this is the gate alone: multiply it by x")
        .because(about(got[0], -0.731_058_579), "the gate of -1 is sigmoid(-1), not sigmoid(1)")
        .because(about(got[0], -0.154_204_232), "the gate is the sigmoid of x, not of 1.702 x")
}

fn lowest() -> Verdict {
    let y = Tensor::from([-1.278_464_5, -2.0, -0.5]).silu();
    wrong::unless_close(of(&y), [-0.278_464_55, -0.238_405_84, -0.188_770_33], 1e-6)
}

fn silu_ends() -> Verdict {
    let y = Tensor::from([-1000.0, 1000.0, INF, -INF, NAN]).silu();
    wrong::unless_close(of(&y), [0.0, 1000.0, INF, NAN, NAN], 0.0)
}
