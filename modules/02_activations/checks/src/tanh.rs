//! 02.4: the hyperbolic tangent.

use crate::numbers::{INF, NAN, about, of, same_curve, same_digits};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.4.by_hand",
        exercise: "02.4",
        fact: "tanh of 0 0.5 1 2 is 0 0.4621 0.7616 0.9640",
        run: by_hand,
    },
    Check {
        id: "02.4.near_zero",
        exercise: "02.4",
        fact: "tanh(1e-8) is 1e-8: no digit is lost near 0",
        run: near_zero,
    },
    Check {
        id: "02.4.ends",
        exercise: "02.4",
        fact: "-1 and 1 at ±1000 and at the infinities; NaN stays NaN",
        run: ends,
    },
    Check { id: "02.4.odd", exercise: "02.4", fact: "tanh(-x) is -tanh(x), to the bit", run: odd },
    Check {
        id: "02.4.curve",
        exercise: "02.4",
        fact: "from -9 to 9 it has the digits of (e^x - e^-x) / (e^x + e^-x)",
        run: curve,
    },
];

fn by_hand() -> Verdict {
    let y = Tensor::from([0.0, 0.5, 1.0, 2.0]).tanh();
    let got = y.at([2]);
    wrong::unless_close(of(&y), [0.0, 0.462_117_16, 0.761_594_2, 0.964_027_6], 1e-6)
        .because(
            about(got, 0.462_117_157),
            "this is 2 sigmoid(x) - 1, which is tanh(x / 2): the exponent is 2x",
        )
        .because(about(got, 0.880_797_078), "this is sigmoid(2x): tanh goes from -1 to 1")
        .because(about(got, -0.761_594_156), "the sign is that of x")
}

fn near_zero() -> Verdict {
    let got = Tensor::from([1e-8, 3e-5, 1e-3]).tanh().to_vec();
    same_digits(got[0], 1e-8)
        .because(got[0] == 0.0, "near 0, 2 sigmoid(2x) and 1 differ in digits an f32 has not")
        .note("`exp_m1(y)` is e^y - 1, with all digits for a small y")?;
    same_digits(got[1], 2.999_999_999_1e-5)?;
    same_digits(got[2], 9.999_996_666_7e-4)
}

fn ends() -> Verdict {
    let y = Tensor::from([-1000.0, 1000.0, -INF, INF, NAN]).tanh();
    let got = y.to_vec();
    let overflow = got[0].is_nan() || got[1].is_nan();
    wrong::unless_close(of(&y), [-1.0, 1.0, -1.0, 1.0, NAN], 0.0)
        .because(
            got[0].is_nan() && got[1] == 1.0,
            "left of 0 the exponential grows, to infinity / infinity: use -2 |x|",
        )
        .because(overflow, "e^1000 is infinite in f32, and infinity / infinity is NaN")
        .because(got[0] == 1.0, "the sign is that of x")
}

fn odd() -> Verdict {
    let x = Tensor::linspace(0.001, 10.0, 1000);
    let (right, left) = (x.tanh().to_vec(), (-&x).tanh().to_vec());
    let (first, last) = (left[0], left[999]);
    for ((x, right), left) in x.to_vec().iter().zip(&right).zip(&left) {
        wrong::unless_eq(*left, -*right)
            .because(first > 0.0 && last > 0.0, "give the result the sign of x")
            .because(
                true,
                "both sides of 0 come from one number: compute with |x|, then set the sign",
            )
            .note(format!("tanh(-{x}) and -tanh({x})"))?;
    }
    Ok(())
}

fn curve() -> Verdict {
    let xs: Vec<f32> = (-900..=900).map(|i| i as f32 / 100.0).collect();
    same_curve(Tensor::tanh, f64::tanh, "tanh", &xs)
}
