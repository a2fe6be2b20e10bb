//! 05.8: the rules of arithmetic.

use crate::numbers::{drawn, leaf, of, shares, twice_differentiated, two_by_three, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.8.add",
        exercise: "05.8",
        fact: "6 + 3 with a gradient of 10 gives 10 and 10",
        run: add,
    },
    Check {
        id: "05.8.sub",
        exercise: "05.8",
        fact: "6 - 3 with a gradient of 10 gives 10 and -10",
        run: sub,
    },
    Check {
        id: "05.8.mul",
        exercise: "05.8",
        fact: "6 · 3 with a gradient of 10 gives 30 and 60",
        run: mul,
    },
    Check {
        id: "05.8.div",
        exercise: "05.8",
        fact: "6 / 3 with a gradient of 9 gives 3 and -6",
        run: div,
    },
    Check {
        id: "05.8.neg",
        exercise: "05.8",
        fact: "-6 with a gradient of 10 gives -10",
        run: neg,
    },
    Check {
        id: "05.8.uses",
        exercise: "05.8",
        fact: "x² + x at 3 has the slope 7, and 2 x (2 x + 1) the slope 26",
        run: uses,
    },
    Check {
        id: "05.8.broadcast",
        exercise: "05.8",
        fact: "a row that multiplies, divides or is taken off [2, 3] gets sums over both rows",
        run: broadcast,
    },
    Check {
        id: "05.8.judged",
        exercise: "05.8",
        fact: "(a b - a / b) / (a + b + 9) has the gradients that differences give",
        run: judged,
    },
    Check {
        id: "05.8.second",
        exercise: "05.8",
        fact: "x³ at 3 has the second derivative 18, and 1 / x at 2 has 0.25",
        run: second,
    },
];

/// What a = 6 and b = 3 get from `f(a, b)` with the gradient `g`.
fn of_six_and_three(f: fn(&Tensor, &Tensor) -> Tensor, g: f32) -> (f32, f32) {
    let [a, b] = shares(|[a, b]| f(a, b), [Tensor::from(6.0), Tensor::from(3.0)], g);
    (a.item(), b.item())
}

fn add() -> Verdict {
    let got = of_six_and_three(|a, b| a + b, 10.0);
    wrong::unless_eq(got, (10.0, 10.0))
        .because(
            got == (60.0, 30.0),
            "that is the rule of a product of equals: a sum grows as fast as either of its parts",
        )
        .because(got == (1.0, 1.0), "1 is the slope; the share is the slope times `g`")
}

fn sub() -> Verdict {
    let got = of_six_and_three(|a, b| a - b, 10.0);
    wrong::unless_eq(got, (10.0, -10.0))
        .because(got == (10.0, 10.0), "a - b falls when b grows: the second share has a minus")
        .because(got == (-10.0, 10.0), "the minus belongs to b, the second input")
}

fn mul() -> Verdict {
    let got = of_six_and_three(|a, b| a * b, 10.0);
    wrong::unless_eq(got, (30.0, 60.0))
        .because(
            got == (60.0, 30.0),
            "each input got `g` times itself: a b grows by b when a grows by 1",
        )
        .because(got == (3.0, 6.0), "these are the slopes; a share is the slope times `g`")
        .because(
            got == (10.0, 10.0),
            "that is the rule of a sum: a product grows by the other factor",
        )
}

fn div() -> Verdict {
    let got = of_six_and_three(|a, b| a / b, 9.0);
    wrong::unless_eq(got, (3.0, -6.0))
        .because(got == (3.0, 6.0), "a / b falls when b grows: the second share has a minus")
        .because(got == (3.0, -18.0), "the slope in b is -a / b², not -a / b")
        .because(got == (3.0, -1.0), "the slope in b is -a / b², not -1 / b²: a is missing")
        .because(got == (27.0, -6.0), "a / b grows by 1 / b when a grows by 1, not by b")
}

fn neg() -> Verdict {
    let [got] = shares(|[x]| -x, [Tensor::from(6.0)], 10.0);
    wrong::unless_close(of(&got), -10.0, 0.0)
        .because(got.item() == 10.0, "-x falls when x grows: the share has a minus")
}

fn uses() -> Verdict {
    let x = leaf(3.0);
    wrong::unless_close((&x * &x + &x).backward().of(&x).item(), 7.0, 0.0)?;
    let x = leaf(3.0);
    let a = &x * 2.0;
    wrong::unless_close((&a * (&a + 1.0)).backward().of(&x).item(), 26.0, 0.0)
}

fn broadcast() -> Verdict {
    let row = Tensor::from([1.0, 2.0, 4.0]);
    let inputs = || [two_by_three(), row.clone()];
    let ones = Tensor::ones([2, 3]);
    let [x, got] = shares(|[x, row]| x * row, inputs(), ones.clone());
    wrong::unless_close(of(&x), [[1.0, 2.0, 4.0], [1.0, 2.0, 4.0]], 0.0)?;
    wrong::unless_close(of(&got), [5.0, 7.0, 9.0], 0.0)?;
    let [_, got] = shares(|[x, row]| x - row, inputs(), ones.clone());
    wrong::unless_close(of(&got), [-2.0, -2.0, -2.0], 0.0)?;
    let [_, got] = shares(|[x, row]| x / row, inputs(), ones);
    wrong::unless_close(of(&got), [-5.0, -1.75, -0.5625], 1e-6)
}

fn judged() -> Verdict {
    let f = |[a, b]: &[Tensor; 2]| (a * b - a / b) / (a + b + 9.0);
    unless_judged(f, [drawn([2, 3], 1), drawn([3], 2) * 0.1 + 2.0])
}

fn second() -> Verdict {
    let cube = twice_differentiated(|x| x * x * x, 3.0);
    wrong::unless_eq(cube, (27.0, 18.0)).note("first and second derivative of x³ at 3")?;
    let inverse = twice_differentiated(|x| 1.0 / x, 2.0);
    wrong::unless_eq(inverse, (-0.25, 0.25)).note("first and second derivative of 1 / x at 2")
}
