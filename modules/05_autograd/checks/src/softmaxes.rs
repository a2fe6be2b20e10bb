//! 05.13: softmax, what is above the average.

use crate::numbers::{drawn, of, shares, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_autograd::{LogSoftmaxBackward, SoftmaxBackward};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.13.by_hand",
        exercise: "05.13",
        fact: "y = [0.2, 0.3, 0.5] and g = [1, 0, 0] give [0.16, -0.06, -0.1]",
        run: by_hand,
    },
    Check {
        id: "05.13.log_by_hand",
        exercise: "05.13",
        fact: "y = ln [0.2, 0.3, 0.5] and g = [1, 0, 0] give [0.8, -0.3, -0.5]",
        run: log_by_hand,
    },
    Check {
        id: "05.13.axis",
        exercise: "05.13",
        fact: "along axis 0 of a matrix, the columns are apart",
        run: axis,
    },
    Check {
        id: "05.13.even",
        exercise: "05.13",
        fact: "a gradient that is equal everywhere moves nothing: probabilities add up to 1",
        run: even,
    },
    Check {
        id: "05.13.judged",
        exercise: "05.13",
        fact: "both have the gradients that differences give, along any axis",
        run: judged,
    },
];

/// Of softmax, with the output `y` and its gradient `g`.
fn softmax<const N: usize>(y: [f32; N], g: [f32; N]) -> Tensor {
    dispatch(SoftmaxBackward { axis: 0 }, &[&Tensor::from(y), &Tensor::from(g)])
}

/// Of log-softmax, with the output `ln p` and its gradient `g`.
fn log_softmax<const N: usize>(p: [f32; N], g: [f32; N]) -> Tensor {
    dispatch(LogSoftmaxBackward { axis: 0 }, &[&Tensor::from(p.map(f32::ln)), &Tensor::from(g)])
}

fn near(got: &Tensor, expected: [f32; 3]) -> bool {
    got.shape() == [3] && (got - Tensor::from(expected)).abs().max().item() < 1e-5
}

fn by_hand() -> Verdict {
    let got = softmax([0.2, 0.3, 0.5], [1.0, 0.0, 0.0]);
    wrong::unless_close(of(&got), [0.16, -0.06, -0.1], 1e-6)
        .because(
            near(&got, [0.16, 0.0, 0.0]),
            "that is y (1 - y) g: raising one logit lowers the other probabilities, too",
        )
        .because(
            near(&got, [0.2, 0.0, 0.0]),
            "that is y g: what g has above its average, 0.2, counts",
        )
        .because(near(&got, [0.8, -0.2, -0.2]), "that is g minus its average: times y is missing")
        .because(near(&got, [0.8, -0.3, -0.5]), "that is the way back through log-softmax")
}

fn log_by_hand() -> Verdict {
    let got = log_softmax([0.2, 0.3, 0.5], [1.0, 0.0, 0.0]);
    wrong::unless_close(of(&got), [0.8, -0.3, -0.5], 1e-6)
        .because(
            near(&got, [1.0 - 0.2_f32.ln(), -0.3_f32.ln(), -0.5_f32.ln()]),
            "the output is ln p: take `exp` of it to get p",
        )
        .because(
            near(&got, [0.8, 0.0, 0.0]),
            "every logit lowers every logarithm by its probability: sum g along the axis first",
        )?;
    let got = log_softmax([0.2, 0.3, 0.5], [1.0, 2.0, 3.0]);
    wrong::unless_close(of(&got), [-0.2, 0.2, 0.0], 1e-5).because(
        near(&got, [0.8, 1.4, 1.5]),
        "that is g - p g: p times the sum of g along the axis comes off",
    )
}

fn axis() -> Verdict {
    let y = Tensor::from([[0.2, 0.5], [0.8, 0.5]]);
    let g = Tensor::from([[1.0, 0.0], [0.0, 1.0]]);
    let got = dispatch(SoftmaxBackward { axis: 0 }, &[&y, &g]);
    wrong::unless_close(of(&got), [[0.16, -0.25], [-0.16, 0.25]], 1e-6).because(
        (got.at([0, 0]) - 0.06).abs() < 1e-5,
        "the average was taken over both columns: sum along `self.axis`, and keep it",
    )?;
    let got = dispatch(LogSoftmaxBackward { axis: 0 }, &[&y.ln(), &g]);
    wrong::unless_close(of(&got), [[0.8, -0.5], [-0.8, 0.5]], 1e-6)
}

fn even() -> Verdict {
    let [got] = shares(|[x]| x.softmax(1), [drawn([4, 5], 1)], Tensor::full([4, 5], 3.0));
    wrong::unless_close(of(&got), [[0.0_f32; 5]; 4], 1e-6)?;
    let [got] = shares(|[x]| x.softmax(1), [drawn([4, 5], 2)], drawn([4, 5], 3));
    wrong::unless_close(of(&got.sum_over(1, false)), [0.0_f32; 4], 1e-6)
        .note("the shares of the logits of a row add up to 0")
}

fn judged() -> Verdict {
    for axis in [0, 1, 2] {
        unless_judged(|[x]| x.softmax(axis), [drawn([2, 3, 4], 1)])?;
        unless_judged(|[x]| x.log_softmax(axis), [drawn([2, 3, 4], 2)])?;
    }
    Ok(())
}
