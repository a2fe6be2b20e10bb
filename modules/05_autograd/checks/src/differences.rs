//! 05.6: the judge.

use crate::numbers::two_by_three;
use crate::ops::{Function, forgetful, square, times};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{GradcheckOptions, gradcheck, gradcheck_with};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check { id: "05.6.line", exercise: "05.6", fact: "5 x has the slope 5", run: line },
    Check {
        id: "05.6.square",
        exercise: "05.6",
        fact: "x² has the slope 6 at 3: both sides count",
        run: square_of_three,
    },
    Check {
        id: "05.6.cube",
        exercise: "05.6",
        fact: "x³ has the slope 0.75 at 0.5, also with a step of 1/4",
        run: cube,
    },
    Check {
        id: "05.6.fourth",
        exercise: "05.6",
        fact: "x⁴ - x³ has the slope 1 at 1, also with a step of 1/4",
        run: fourth,
    },
    Check {
        id: "05.6.real_steps",
        exercise: "05.6",
        fact: "x has the slope 1 at 1000, where a step of 0.01 is rounded to 0.0100098",
        run: real_steps,
    },
    Check {
        id: "05.6.accepts",
        exercise: "05.6",
        fact: "gradcheck accepts the gradients of x² and of a b",
        run: accepts,
    },
    Check {
        id: "05.6.refuses",
        exercise: "05.6",
        fact: "gradcheck refuses a square whose rule forgets the 2, and says by how much",
        run: refuses,
    },
];

/// What `slope` says of `f` at `x`, read out of a judge that nothing satisfies.
///
/// The outputs of `f` are weighted; the rule of `Function` hands on that weight.
fn slope(f: fn(f32) -> f32, x: f32, step: f32) -> f64 {
    let strict = GradcheckOptions { step, relative: 0.0, absolute: -1.0 };
    let error = gradcheck_with(strict, |x| dispatch(Function(f), &[&x[0]]), &[Tensor::from(x)]);
    let error = error.expect_err("an error below -1 is asked for");
    error.difference / error.gradient
}

fn is(got: f64, expected: f64) -> bool {
    (got - expected).abs() < 1e-6
}

fn line() -> Verdict {
    let got = slope(|x| 5.0 * x, 3.0, 1.0 / 64.0);
    wrong::unless_close(got, 5.0, 1e-6)
        .because(is(got, -5.0), "the sides are exchanged: the value ahead minus the value behind")
        .because(is(got, 10.0), "too large by 2: one step to either side is a distance of two")
        .because(is(got, 2.5), "too small by 2: divide by the distance between the two places")
        .because(is(got, 15.0), "four times one difference minus another is three times the slope")
        .because(is(got, 25.0 / 3.0), "the differences are added: subtract the one that errs more")
}

fn square_of_three() -> Verdict {
    let got = slope(|x| x * x, 3.0, 1.0 / 64.0);
    wrong::unless_close(got, 6.0, 1e-6)
        .because(is(got, 6.015625), "6.015625 is the slope ahead alone: step to both sides")
        .because(is(got, 5.984375), "5.984375 is the slope behind alone: step to both sides")
}

fn cube() -> Verdict {
    let got = slope(|x| x * x * x, 0.5, 0.25);
    wrong::unless_close(got, 0.75, 1e-6)
        .because(is(got, 0.8125), "0.8125 is the difference over one step: it errs by h² = 0.0625")
        .because(is(got, 1.0), "1.0 is the difference over two steps: it errs by (2 h)² = 0.25")
        .because(is(got, 0.90625), "0.90625 is the mean of both differences: weight them 4 to -1")
        .because(
            is(got, 1.0625),
            "the weights are exchanged: the difference over one step is better",
        )
}

fn fourth() -> Verdict {
    let got = slope(|x| x * x * x * x - x * x * x, 1.0, 0.25);
    wrong::unless_close(got, 1.0, 1e-6).because(
        is(got, 1.1875),
        "1.1875 is the difference over one step; combine it with the one over two",
    )
}

fn real_steps() -> Verdict {
    let got = slope(|x| x, 1000.0, 0.01);
    wrong::unless_close(got, 1.0, 1e-5).because(
        (got - 1.0).abs() > 1e-5 && (got - 1.0).abs() < 1e-2,
        "divide by the distance between the places that `at` hands back: 1000 + 0.01 is rounded",
    )
}

fn accepts() -> Verdict {
    let (a, b) = (two_by_three(), two_by_three() * 0.5 - 2.0);
    let verdict = gradcheck(|x| square(&x[0]), std::slice::from_ref(&a));
    wrong::unless_eq(verdict, Ok(()))?;
    wrong::unless_eq(gradcheck(|x| times(&x[0], &x[1]), &[a, b]), Ok(()))
}

fn refuses() -> Verdict {
    let verdict = gradcheck(|x| forgetful(&x[0]), &[two_by_three()]);
    let Err(error) = verdict else {
        return wrong::unless(false, || "gradcheck accepts a gradient of x for x²");
    };
    wrong::unless_eq((error.input, error.number), (0, 0))?;
    wrong::unless_close(error.difference / error.gradient, 2.0, 1e-3)
}
