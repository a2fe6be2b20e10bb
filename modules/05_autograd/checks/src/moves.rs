//! 05.10: numbers that moved.

use crate::numbers::{back, counted, drawn, of, shares, two_by_three, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.10.reshape",
        exercise: "05.10",
        fact: "[2, 3] reshaped to [3, 2] gets its gradient back row by row",
        run: reshape,
    },
    Check {
        id: "05.10.transpose",
        exercise: "05.10",
        fact: "a transposed matrix gets its gradient transposed",
        run: transpose,
    },
    Check {
        id: "05.10.cube",
        exercise: "05.10",
        fact: "[2, 2, 2] permuted by [2, 0, 1] gets its gradient permuted by [1, 2, 0]",
        run: cube,
    },
    Check {
        id: "05.10.permute",
        exercise: "05.10",
        fact: "so it does for [2, 3, 4], where a wrong permutation has a wrong shape, too",
        run: permute,
    },
    Check {
        id: "05.10.cat",
        exercise: "05.10",
        fact: "of 2, 1 and 3 columns joined, each gets its own columns of the gradient",
        run: cat,
    },
    Check {
        id: "05.10.cat_unwanted",
        exercise: "05.10",
        fact: "a piece that wants no gradient still takes its place",
        run: cat_unwanted,
    },
    Check {
        id: "05.10.judged",
        exercise: "05.10",
        fact: "moved, stacked, cut and multiplied numbers have the gradients that differences give",
        run: judged,
    },
];

fn reshape() -> Verdict {
    let g = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
    let [got] = shares(|[x]| x.reshape([3, 2]), [two_by_three()], g);
    wrong::unless_close(of(&got), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.0).because(
        got.to_vec() == [1.0, 3.0, 5.0, 2.0, 4.0, 6.0],
        "that is the gradient transposed: a reshape leaves the numbers in their order",
    )
}

fn transpose() -> Verdict {
    let g = Tensor::from([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    let [got] = shares(|[x]| x.t(), [Tensor::zeros([2, 3])], g);
    wrong::unless_close(of(&got), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.0)
}

const BACK: &str = "the gradient was permuted by the same axes again, which is not the way back: \
                    [2, 0, 1] is undone by [1, 2, 0]";

fn permute() -> Verdict {
    let f = |[x]: &[Tensor; 1]| x.permute([2, 0, 1]);
    let [got] = shares(f, [Tensor::zeros([2, 3, 4])], counted([4, 2, 3]));
    // y[k, i, j] = x[i, j, k], and number [k, i, j] of [4, 2, 3] is 6 k + 3 i + j
    let wanted: Vec<f32> = (0..24).map(|n| (6 * (n % 4) + n / 4) as f32).collect();
    wrong::unless_close(got.to_vec(), wanted, 0.0)
}

fn cube() -> Verdict {
    let f = |[x]: &[Tensor; 1]| x.permute([2, 0, 1]);
    let [got] = shares(f, [Tensor::zeros([2, 2, 2])], counted([2, 2, 2]));
    let again = counted([2, 2, 2]).permute([2, 0, 1]);
    wrong::unless_close(got.to_vec(), [0.0, 4.0, 1.0, 5.0, 2.0, 6.0, 3.0, 7.0], 0.0)
        .because(got == again, BACK)
}

fn cat() -> Verdict {
    let f = |[a, b, c]: &[Tensor; 3]| Tensor::cat(&[a, b, c], 1);
    let pieces = [Tensor::zeros([2, 2]), Tensor::zeros([2, 1]), Tensor::zeros([2, 3])];
    let [a, b, c] = shares(f, pieces, counted([2, 6]));
    wrong::unless_close(of(&a), [[0.0, 1.0], [6.0, 7.0]], 0.0)?;
    wrong::unless_close(of(&b), [[2.0], [8.0]], 0.0).because(
        b.at([0, 0]) == 0.0,
        "each piece was cut from the start: the second begins where the first ends",
    )?;
    wrong::unless_close(of(&c), [[3.0, 4.0, 5.0], [9.0, 10.0, 11.0]], 0.0)
}

fn cat_unwanted() -> Verdict {
    let (a, b) = (Tensor::zeros([2]), Tensor::zeros([3]).with_grad());
    let got = back(&Tensor::cat(&[&a, &b], 0), counted([5])).of(&b).clone();
    wrong::unless_close(of(&got), [2.0, 3.0, 4.0], 0.0).because(
        got.to_vec() == [0.0, 1.0, 2.0],
        "the first piece wants no gradient, but it has a length: count it",
    )
}

fn judged() -> Verdict {
    let f = |[a, b]: &[Tensor; 2]| {
        let moved = a.permute([1, 2, 0]).reshape([4, 6]).slice(0, 1..);
        Tensor::stack(&[&moved.t(), b], 1)
            * 2.0
            * Tensor::cat(&[b, b], 1).unsqueeze(1).slice(2, ..3)
    };
    unless_judged(f, [drawn([2, 3, 4], 1), drawn([6, 3], 2)])
}
