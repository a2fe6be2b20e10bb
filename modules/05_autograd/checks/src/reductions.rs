//! 05.9: sums and means, and their opposites.

use crate::numbers::{counted, drawn, leaf, of, shares, two_by_three, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_losses::mse_loss;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.9.all",
        exercise: "05.9",
        fact: "the sum of [2, 3] with a gradient of 5 gives each of the six numbers 5",
        run: all,
    },
    Check {
        id: "05.9.rows",
        exercise: "05.9",
        fact: "sums along axis 1 with gradients 10 and 20 give the rows 10 and 20",
        run: rows,
    },
    Check {
        id: "05.9.square",
        exercise: "05.9",
        fact: "so they do for [2, 2], where a wrong axis has the right shape",
        run: square,
    },
    Check {
        id: "05.9.columns",
        exercise: "05.9",
        fact: "sums along axis 0 with gradients 1, 2, 3 give each row 1, 2, 3",
        run: columns,
    },
    Check {
        id: "05.9.middle",
        exercise: "05.9",
        fact: "the middle axis of [2, 3, 4] may go, or two axes, or stay behind as 1",
        run: middle,
    },
    Check {
        id: "05.9.mean",
        exercise: "05.9",
        fact: "the mean of six numbers gives each of them a sixth, that of two rows a half",
        run: mean,
    },
    Check {
        id: "05.9.expand",
        exercise: "05.9",
        fact: "a row [3] repeated to [2, 3] gets the sums of the columns",
        run: expand,
    },
    Check {
        id: "05.9.sum_to",
        exercise: "05.9",
        fact: "[2, 3] summed to [2, 1] gets each gradient repeated along its row",
        run: sum_to,
    },
    Check {
        id: "05.9.mse",
        exercise: "05.9",
        fact: "the mean squared error gives each prediction 2/n of its distance",
        run: mse,
    },
    Check {
        id: "05.9.judged",
        exercise: "05.9",
        fact: "sums and means over any axes have the gradients that differences give",
        run: judged,
    },
];

fn all() -> Verdict {
    let [got] = shares(|[x]| x.sum(), [two_by_three()], 5.0);
    wrong::unless_close(of(&got), [[5.0; 3]; 2], 0.0)
        .because(got.at([0, 0]) == 1.0, "1 is the slope; a share is the slope times `g`")
        .because(got.at([0, 1]) == 10.0, "the share does not depend on the numbers themselves")
}

fn rows() -> Verdict {
    let [got] = shares(|[x]| x.sum_over(1, false), [two_by_three()], [10.0, 20.0]);
    wrong::unless_close(of(&got), [[10.0; 3], [20.0; 3]], 0.0)
}

fn square() -> Verdict {
    let f = |[x]: &[Tensor; 1]| x.sum_over(1, false);
    let [got] = shares(f, [Tensor::ones([2, 2])], [10.0, 20.0]);
    wrong::unless_close(of(&got), [[10.0, 10.0], [20.0, 20.0]], 0.0).because(
        got.to_vec() == [10.0, 20.0, 10.0, 20.0],
        "repeated along the wrong axis: [2] aligns with the last axis of [2, 2]; put the axis \
         that was summed back with size 1 first",
    )
}

fn columns() -> Verdict {
    let [got] = shares(|[x]| x.sum_over(0, false), [two_by_three()], [1.0, 2.0, 3.0]);
    wrong::unless_close(of(&got), [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], 0.0)
}

fn middle() -> Verdict {
    let cube = || [counted([2, 3, 4])];
    let expected = |k: usize| (k / 12 * 4 + k % 4) as f32; // [i, j, k] of [2, 3, 4] without j
    let [got] = shares(|[x]| x.sum_over(1, false), cube(), counted([2, 4]));
    let wanted: Vec<f32> = (0..24).map(expected).collect();
    wrong::unless_close(got.to_vec(), &wanted, 0.0)?;
    let [got] = shares(|[x]| x.sum_over(1, true), cube(), counted([2, 1, 4]));
    wrong::unless_close(got.to_vec(), &wanted, 0.0)?;
    let [got] = shares(|[x]| x.sum_over([0, 2], false), cube(), counted([3]));
    let wanted: Vec<f32> = (0..24).map(|k| (k / 4 % 3) as f32).collect();
    wrong::unless_close(got.to_vec(), &wanted, 0.0)
}

fn mean() -> Verdict {
    let [got] = shares(|[x]| x.mean(), [two_by_three()], 12.0);
    wrong::unless_close(of(&got), [[2.0; 3]; 2], 1e-6)
        .because(got.at([0, 0]) == 12.0, "12 is the share of a sum: of a mean, it is one sixth")
        .because(got.at([0, 0]) == 12.0 / 5.0, "six numbers became one: divide by 6")?;
    let [got] = shares(|[x]| x.mean_over(0, false), [two_by_three()], [2.0, 4.0, 6.0]);
    wrong::unless_close(of(&got), [[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]], 1e-6).because(
        got.at([0, 0]) == 2.0 / 6.0,
        "divided by all six numbers, but only two became one: `axes.count` counts them",
    )
}

fn expand() -> Verdict {
    let [got] = shares(|[x]| x.expand([2, 3]), [Tensor::zeros([3])], two_by_three());
    wrong::unless_close(of(&got), [5.0, 7.0, 9.0], 0.0)
}

fn sum_to() -> Verdict {
    let g = Tensor::from([[10.0], [20.0]]);
    let [got] = shares(|[x]| x.sum_to([2, 1]), [two_by_three()], g);
    wrong::unless_close(of(&got), [[10.0; 3], [20.0; 3]], 0.0)
}

fn mse() -> Verdict {
    let prediction = Tensor::from([1.0, 2.0, 4.0, 1.0]).with_grad();
    let loss = mse_loss(&prediction, &Tensor::ones([4]));
    wrong::unless_close(of(loss.backward().of(&prediction)), [0.0, 0.5, 1.5, 0.0], 1e-6)?;
    let w = leaf(3.0); // w x fits y = 2 x: the slope of the mean of (w - 2)² x² is 2 (w - 2) 14/3
    let x = Tensor::from([1.0, 2.0, 3.0]);
    let loss = mse_loss(&(&w * &x), &(&x * 2.0));
    wrong::unless_close(loss.backward().of(&w).item(), 28.0 / 3.0, 1e-5)
}

fn judged() -> Verdict {
    let f = |[x]: &[Tensor; 1]| {
        let centered = x - x.mean_over([0, 2], true);
        (&centered * &centered).sum_over(-1, false) * x.mean_over(2, false)
    };
    unless_judged(f, [drawn([2, 3, 4], 1)])
}
