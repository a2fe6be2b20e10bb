//! 05.11: slopes.

use crate::numbers::{drawn, leaf, of, shares, twice_differentiated, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_autograd::Backward;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.11.exp",
        exercise: "05.11",
        fact: "exp is its own slope: 1 at 0, 2.718 at 1",
        run: exp,
    },
    Check { id: "05.11.ln", exercise: "05.11", fact: "ln has the slope 1 / x: 0.5 at 2", run: ln },
    Check {
        id: "05.11.relu",
        exercise: "05.11",
        fact: "relu has the slope 1 above 0, and 0 below and at 0",
        run: relu,
    },
    Check {
        id: "05.11.sigmoid",
        exercise: "05.11",
        fact: "sigmoid has the slope 0.25 at 0 and 0.1966 at 1",
        run: sigmoid,
    },
    Check {
        id: "05.11.tanh",
        exercise: "05.11",
        fact: "tanh has the slope 1 at 0 and 0.7864 at 0.5",
        run: tanh,
    },
    Check {
        id: "05.11.weighted",
        exercise: "05.11",
        fact: "a gradient of 10 gives ten times the slope",
        run: weighted,
    },
    Check {
        id: "05.11.curves",
        exercise: "05.11",
        fact: "second derivatives: exp 2.718 at 1, ln -0.25 at 2, sigmoid -0.0909 at 1, tanh -0.7269 at 0.5",
        run: curves,
    },
    Check {
        id: "05.11.relu_curve",
        exercise: "05.11",
        fact: "relu(x)² has the second derivative 2 at 3: relu itself does not bend",
        run: relu_curve,
    },
    Check {
        id: "05.11.judged",
        exercise: "05.11",
        fact: "compositions of the five have the gradients that differences give",
        run: judged,
    },
];

/// The slope of `f` at `x`.
fn slope(f: fn(&Tensor) -> Tensor, x: f32) -> f32 {
    let x = leaf(x);
    f(&x).backward().of(&x).item()
}

fn near(got: f32, expected: f64) -> bool {
    (f64::from(got) - expected).abs() < 1e-4
}

fn exp() -> Verdict {
    wrong::unless_close(slope(Tensor::exp, 0.0), 1.0, 1e-6)
        .because(near(slope(Tensor::exp, 0.0), 1_f64.exp()), OUTPUT)?;
    let got = slope(Tensor::exp, 1.0);
    wrong::unless_close(got, 1_f64.exp(), 1e-6)
        .because(
            near(got, 1.0),
            "1 is the derivative with respect to the output; the slope is that of x",
        )
        .because(near(got, 1_f64.exp().exp()), OUTPUT)
}

const OUTPUT: &str = "the row says `of: Output`: the argument of the slope is the output already";

fn ln() -> Verdict {
    let got = slope(Tensor::ln, 2.0);
    wrong::unless_close(got, 0.5, 1e-6)
        .because(near(got, 1.0 / 2_f64.ln()), "the row says `of: Input`: the argument is x")
        .because(got == 2.0, "the slope of ln is 1 over x, not x")
}

fn relu() -> Verdict {
    let f = |[x]: &[Tensor; 1]| x.relu();
    let [got] = shares(f, [Tensor::from([-1.0, 0.0, 0.5, 2.0])], Tensor::ones([4]));
    wrong::unless_close(of(&got), [0.0, 0.0, 1.0, 1.0], 0.0)
        .because(
            got.at([1]) == 1.0,
            "at 0 the output is 0, and PyTorch, as we, says 0: above 0 alone is 1",
        )
        .because(
            got.at([3]) == 2.0,
            "2 is the output itself; the slope is 1 wherever it is above 0",
        )
        .because(got.at([0]) == 1.0, "below 0, relu is flat")
}

fn sigmoid() -> Verdict {
    let got = slope(Activations::sigmoid, 0.0);
    wrong::unless_close(got, 0.25, 1e-6)
        .because(near(got, 0.235_003_7), OUTPUT)
        .because(near(got, 0.5), "0.5 is the output s; the slope is s (1 - s)")
        .because(
            near(got, 0.75),
            "0.75 is 1 - s², the slope of tanh; of sigmoid it is s (1 - s)",
        )?;
    wrong::unless_close(slope(Activations::sigmoid, 1.0), 0.196_611_93, 1e-6)
}

fn tanh() -> Verdict {
    let got = slope(Activations::tanh, 0.0);
    wrong::unless_close(got, 1.0, 1e-6).because(
        near(got, 0.0),
        "0 is the output t, or t (1 - t), the slope of sigmoid; of tanh it is 1 - t²",
    )?;
    let got = slope(Activations::tanh, 0.5);
    wrong::unless_close(got, 0.786_447_7, 1e-6)
        .because(near(got, 0.537_882_8), "that is 1 - t: the output is squared")
        .because(near(got, 0.813_9), OUTPUT)
        .because(near(got, 0.75), "that is 1 - x²: the row says `of: Output`")
}

fn weighted() -> Verdict {
    let f = |[x]: &[Tensor; 1]| x.tanh();
    let [got] = shares(f, [Tensor::from([0.0, 0.5])], [10.0, 100.0]);
    wrong::unless_close(of(&got), [10.0, 78.644_77], 1e-5)
}

fn curves() -> Verdict {
    bends(Tensor::exp, 1.0, 1_f64.exp(), "exp: y, differentiated with respect to y, is 1")?;
    bends(Tensor::ln, 2.0, -0.25, "ln: 1 / x, differentiated, is -1 / x²")?;
    let sigmoid = "sigmoid: y - y², differentiated with respect to y, is 1 - 2 y";
    bends(Activations::sigmoid, 1.0, -0.090_857_75, sigmoid)?;
    let tanh = "tanh: 1 - y², differentiated with respect to y, is -2 y";
    bends(Activations::tanh, 0.5, -0.726_861_8, tanh)
}

/// Wrong unless the second derivative of `f` at `x` is `expected`.
fn bends(f: fn(&Tensor) -> Tensor, x: f32, expected: f64, curve: &str) -> Verdict {
    let (_, got) = twice_differentiated(f, x);
    wrong::unless_close(got, expected, 1e-5)
        .because(true, format!("the curve of {curve}; the walk multiplies by dy/dx itself"))
}

fn relu_curve() -> Verdict {
    let f = |x: &Tensor| {
        let y = x.relu();
        &y * &y
    };
    let got = twice_differentiated(f, 3.0);
    wrong::unless_eq(got, (6.0, 2.0)).note("first and second derivative of relu(x)² at 3")
}

fn judged() -> Verdict {
    let f = |[a, b]: &[Tensor; 2]| (a.exp() + 1.0).ln() * b.sigmoid() + (a * b).tanh().relu();
    let away = |x: Tensor| &x + (x.ge(0.0).to_f32() - 0.5) * 0.4; // from the kink at 0
    unless_judged(f, [away(drawn([2, 3], 1)), away(drawn([2, 3], 2))])
}
