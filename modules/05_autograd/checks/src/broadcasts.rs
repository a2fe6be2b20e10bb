//! 05.7: what was repeated gets the sum.

use crate::numbers::{back, drawn, of, shares, two_by_three, unless_judged};
use crate::ops::{lay, shy, weigh};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.7.equal",
        exercise: "05.7",
        fact: "of equal shapes, both inputs get the gradient as it is",
        run: equal,
    },
    Check {
        id: "05.7.row",
        exercise: "05.7",
        fact: "a row [3] added to [2, 3] gets the sum of each column: 5, 7, 9",
        run: row,
    },
    Check {
        id: "05.7.column",
        exercise: "05.7",
        fact: "a column [2, 1] added to [2, 3] gets the sum of each row: 6, 15",
        run: column,
    },
    Check {
        id: "05.7.number",
        exercise: "05.7",
        fact: "a single number added to [2, 3] gets the sum of all: 21",
        run: number,
    },
    Check {
        id: "05.7.kept",
        exercise: "05.7",
        fact: "a row [1, 3] gets a gradient of [1, 3], not of [3]",
        run: kept,
    },
    Check {
        id: "05.7.outer",
        exercise: "05.7",
        fact: "of a column and a row, both are repeated, and both get sums",
        run: outer,
    },
    Check {
        id: "05.7.weighted",
        exercise: "05.7",
        fact: "a row that multiplies gets the sum of what the rule says, copy by copy",
        run: weighted,
    },
    Check {
        id: "05.7.unwanted",
        exercise: "05.7",
        fact: "an input that wants no gradient is not asked for one",
        run: unwanted,
    },
];

const SUMS: &str = "each copy of the row has a gradient of its own, and they add up";

fn equal() -> Verdict {
    let [a, b] = shares(|[a, b]| lay(a, b), [two_by_three(), two_by_three()], two_by_three());
    wrong::unless_close(of(&a), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.0)?;
    wrong::unless_close(of(&b), of(&a), 0.0)
}

fn row() -> Verdict {
    let f = |[x, row]: &[Tensor; 2]| lay(x, row);
    let [x, got] = shares(f, [two_by_three(), Tensor::zeros([3])], two_by_three());
    wrong::unless_close(of(&got), [5.0, 7.0, 9.0], 0.0)
        .because(got.to_vec() == [1.0, 2.0, 3.0], format!("that is the first copy alone: {SUMS}"))
        .because(got.to_vec() == [4.0, 5.0, 6.0], format!("that is the last copy alone: {SUMS}"))
        .because(
            got.to_vec() == [2.5, 3.5, 4.5],
            format!("that is the mean of the copies: {SUMS}"),
        )?;
    wrong::unless_close(of(&x), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.0)
}

fn column() -> Verdict {
    let f = |[column, x]: &[Tensor; 2]| lay(column, x);
    let [got, _] = shares(f, [Tensor::zeros([2, 1]), two_by_three()], two_by_three());
    wrong::unless_close(of(&got), [[6.0], [15.0]], 0.0)
}

fn number() -> Verdict {
    let f = |[x, one]: &[Tensor; 2]| lay(x, one);
    let [_, got] = shares(f, [two_by_three(), Tensor::from(0.0)], two_by_three());
    wrong::unless_close(of(&got), 21.0, 0.0)
}

fn kept() -> Verdict {
    let f = |[x, row]: &[Tensor; 2]| lay(x, row);
    let [_, got] = shares(f, [two_by_three(), Tensor::zeros([1, 3])], two_by_three());
    wrong::unless_close(of(&got), [[5.0, 7.0, 9.0]], 0.0)
}

fn outer() -> Verdict {
    let f = |[column, row]: &[Tensor; 2]| lay(column, row);
    let [a, b] = shares(f, [Tensor::zeros([2, 1]), Tensor::zeros([3])], two_by_three());
    wrong::unless_close(of(&a), [[6.0], [15.0]], 0.0)?;
    wrong::unless_close(of(&b), [5.0, 7.0, 9.0], 0.0)
}

fn weighted() -> Verdict {
    let f = |[x, row]: &[Tensor; 2]| weigh(x, row);
    let row = Tensor::from([1.0, 10.0, 100.0]);
    let [x, got] = shares(f, [two_by_three(), row], Tensor::ones([2, 3]));
    wrong::unless_close(of(&x), [[1.0, 10.0, 100.0], [1.0, 10.0, 100.0]], 0.0)?;
    wrong::unless_close(of(&got), [5.0, 7.0, 9.0], 0.0)?;
    unless_judged(|[a, b]| weigh(a, b), [drawn([2, 1, 3], 1), drawn([4, 1], 2)])
}

fn unwanted() -> Verdict {
    let row = Tensor::zeros([3]).with_grad();
    let gradients = back(&shy(&row, &two_by_three()), two_by_three());
    wrong::unless_close(of(gradients.of(&row)), [5.0, 7.0, 9.0], 0.0)
}
