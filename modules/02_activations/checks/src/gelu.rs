//! 02.6 and 02.7: the Gaussian error linear unit, exactly and by tanh.

use crate::numbers::{INF, NAN, about, of, same_digits};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.6.by_hand",
        exercise: "02.6",
        fact: "gelu of -1 0 1 2 is -0.15866 0 0.84134 1.95450",
        run: by_hand,
    },
    Check {
        id: "02.6.left_tail",
        exercise: "02.6",
        fact: "gelu(-10) is -7.619853e-23, not 0",
        run: left_tail,
    },
    Check {
        id: "02.6.halves",
        exercise: "02.6",
        fact: "gelu(x) - gelu(-x) = x, as Φ(x) + Φ(-x) = 1",
        run: halves,
    },
    Check {
        id: "02.6.ends",
        exercise: "02.6",
        fact: "at -1000 it is 0, at 1000 it is 1000, at minus infinity NaN",
        run: ends,
    },
    Check {
        id: "02.7.by_hand",
        exercise: "02.7",
        fact: "gelu_tanh of -1 0 1 2 3 is -0.158808 0 0.841192 1.954598 2.996363",
        run: tanh_by_hand,
    },
    Check {
        id: "02.7.gap",
        exercise: "02.7",
        fact: "it is off the exact gelu by more than 0.0001 somewhere, and by 0.0005 nowhere",
        run: gap,
    },
    Check {
        id: "02.7.ends",
        exercise: "02.7",
        fact: "at -1000 it is 0, at 1000 it is 1000, at minus infinity NaN",
        run: tanh_ends,
    },
];

/// √(2/π)
const SCALE: f64 = 0.797_884_560_802_865_4;

/// `0.5 x (1 + tanh(inner))`
fn half_of(x: f64, inner: f64) -> f64 {
    0.5 * x * (1.0 + inner.tanh())
}

fn by_hand() -> Verdict {
    let y = Tensor::from([-1.0, 0.0, 1.0, 2.0]).gelu();
    let got = y.at([2]);
    wrong::unless_close(of(&y), [-0.158_655_26, 0.0, 0.841_344_7, 1.954_499_7], 1e-6)
        .because(y.at([1]) == 0.5, "this is Φ(x) alone: multiply it by x")
        .because(about(got, 1.682_689_492), "the half is missing: Φ goes from 0 to 1")
        .because(about(got, 0.921_350_396), "x must be divided by √2 before erf")
        .because(about(got, 0.158_655_254), "this is x Φ(-x): the tail on the wrong side")
        .because(about(got, 0.841_191_991), "this is the tanh form, which is exercise 02.7")
        .because(about(got, 0.845_795_8), "this is x sigmoid(1.702 x), a rougher approximation")
}

fn left_tail() -> Verdict {
    let got = Tensor::from([-6.0, -10.0]).gelu().to_vec();
    same_digits(got[0], -5.919_525_870_2e-9)
        .because(got[0] == 0.0, "in f32, erf(-6 / √2) is -1: compute in f64")?;
    same_digits(got[1], -7.619_853_024_2e-23)
        .because(got[1] == 0.0, "1 + erf(-10 / √2) is 1 - 1: erfc has the digits of what is left")
}

fn halves() -> Verdict {
    let x = Tensor::linspace(-6.0, 6.0, 121);
    let difference = x.gelu() - (-&x).gelu();
    wrong::unless_close(of(&difference), of(&x), 5e-7)
}

fn ends() -> Verdict {
    let y = Tensor::from([-1000.0, 1000.0, INF, -INF, NAN]).gelu();
    wrong::unless_close(of(&y), [0.0, 1000.0, INF, NAN, NAN], 0.0)
}

fn tanh_by_hand() -> Verdict {
    let y = Tensor::from([-1.0, 0.0, 1.0, 2.0, 3.0]).gelu_tanh();
    let expected = [-0.158_808, 0.0, 0.841_191_95, 1.954_597_7, 2.996_362_6];
    let (one, two) = (y.at([2]), y.at([3]));
    let gives = |inner: fn(f64) -> f64| {
        about(one, half_of(1.0, inner(1.0))) && about(two, half_of(2.0, inner(2.0)))
    };
    wrong::unless_close(of(&y), expected, 1e-6)
        .because(about(two, 1.954_499_736), "this is the exact gelu, which is exercise 02.6")
        .because(gives(|x| SCALE * x), "the cubic term 0.044715 x³ is missing")
        .because(gives(|x| SCALE * (x + x.powi(3))), "the constant 0.044715 is missing")
        .because(
            gives(|x| SCALE * x + 0.044715 * x.powi(3)),
            "√(2/π) multiplies both terms: x + 0.044715 x³ stands in brackets",
        )
        .because(
            gives(|x| SCALE * x + 0.044715 * (SCALE * x).powi(3)),
            "it is x that is cubed, not √(2/π) x",
        )
        .because(
            gives(|x| SCALE * (x + (0.044715 * x).powi(3))),
            "it is x that is cubed, not 0.044715 x",
        )
        .because(gives(|x| SCALE * (x + 0.044715 * x.powi(2))), "x is cubed, not squared")
        .because(gives(|x| x + 0.044715 * x.powi(3)), "the factor √(2/π) is missing")
}

fn gap() -> Verdict {
    let x = Tensor::linspace(-6.0, 6.0, 601);
    let gap = (x.gelu() - x.gelu_tanh()).abs().max().item();
    wrong::unless((1e-4..5e-4).contains(&gap), || format!("the largest gap is {gap}"))
        .because(gap < 1e-4, "the two forms are one: this exercise is about the other")
}

fn tanh_ends() -> Verdict {
    let y = Tensor::from([-1000.0, 1000.0, INF, -INF, NAN]).gelu_tanh();
    wrong::unless_close(of(&y), [0.0, 1000.0, INF, NAN, NAN], 0.0)
}
