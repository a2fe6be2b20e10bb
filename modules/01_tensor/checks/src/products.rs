//! 01.12: the matrix product.

use crate::numbers::{counted, of, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.12.dot",
        exercise: "01.12",
        fact: "the row 1 2 3 times the column 1 / 0 / 2 is 7",
        run: dot,
    },
    Check {
        id: "01.12.by_hand",
        exercise: "01.12",
        fact: "[2, 3] x [3, 4] is [2, 4]: 1 2 3 / 4 5 6 times 0 … 11 begins with 32",
        run: by_hand,
    },
    Check {
        id: "01.12.identity",
        exercise: "01.12",
        fact: "a matrix times the identity is itself, on either side",
        run: identity,
    },
    Check {
        id: "01.12.transposed",
        exercise: "01.12",
        fact: "(A B) transposed is B transposed times A transposed",
        run: transposed,
    },
    Check {
        id: "01.12.empty",
        exercise: "01.12",
        fact: "[2, 0] x [0, 3] is [2, 3] of zeros: sums of nothing",
        run: empty,
    },
    Check {
        id: "01.12.vectors",
        exercise: "01.12",
        fact: "a vector is a row on the left and a column on the right",
        run: vectors,
    },
    Check {
        id: "01.12.batch",
        exercise: "01.12",
        fact: "two pairs of matrices in a batch give two products",
        run: batch,
    },
    Check {
        id: "01.12.shared",
        exercise: "01.12",
        fact: "one matrix meets every matrix of a batch: [3, 2, 2] x [2, 2] is [3, 2, 2]",
        run: shared,
    },
    Check {
        id: "01.12.batches_broadcast",
        exercise: "01.12",
        fact: "batches broadcast: [2, 1, 3, 4] x [5, 4, 2] is [2, 5, 3, 2]",
        run: batches_broadcast,
    },
    Check {
        id: "01.12.network",
        exercise: "01.12",
        fact: "two layers of a network, by hand: x W + b, cut off at 0, times V",
        run: network,
    },
];

fn dot() -> Verdict {
    let got = Tensor::from([[1.0, 2.0, 3.0]]).matmul(&Tensor::from([[1.0], [0.0], [2.0]]));
    let value = got.to_vec();
    wrong::unless_close(of(&got), [[7.0]], 0.0)
        .because(value == [6.0], "6 is the last product alone: add them up")
        .because(value == [0.0], "nothing was added to `out`")
}

fn by_hand() -> Verdict {
    let y = two_by_three().matmul(&counted([3, 4]));
    let got = y.to_vec();
    let expected = [[32.0, 38.0, 44.0, 50.0], [68.0, 83.0, 98.0, 113.0]];
    wrong::unless_close(of(&y), expected, 0.0)
        .because(
            got[0] == 8.0,
            "8 is 1 * 0 + 2 * 1 + 3 * 2: the right operand was read as if it were transposed",
        )
        .because(
            got[..4] == got[4..],
            "both rows of the result come from the same row of the left operand",
        )
        .because(got[0] == 12.0, "only the last of the k products is left: add them up")
        .note("y[0, 0] = 1 * 0 + 2 * 4 + 3 * 8")
}

fn identity() -> Verdict {
    let x = two_by_three();
    wrong::unless_close(of(&x.matmul(&Tensor::eye(3))), of(&x), 0.0)?;
    wrong::unless_close(of(&Tensor::eye(2).matmul(&x)), of(&x), 0.0)
}

fn transposed() -> Verdict {
    let mut rng = Rng::new(1);
    let (a, b) = (Tensor::randn([5, 3], &mut rng), Tensor::randn([3, 4], &mut rng));
    let (left, right) = (a.matmul(&b).t().contiguous(), b.t().matmul(&a.t()));
    wrong::unless_close(of(&right), of(&left), 1e-6).note(
        "both operands on the right are transposed views; the numbers come row by row all the same",
    )
}

fn empty() -> Verdict {
    let y = Tensor::zeros([2, 0]).matmul(&Tensor::zeros([0, 3]));
    wrong::unless_close(of(&y), [[0.0; 3]; 2], 0.0)?;
    wrong::unless_eq(Tensor::zeros([0, 2]).matmul(&Tensor::zeros([2, 3])).shape(), [0, 3])?;
    wrong::unless_eq(Tensor::zeros([2, 2]).matmul(&Tensor::zeros([2, 0])).shape(), [2, 0])
}

fn vectors() -> Verdict {
    let (m, v) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([5.0, 6.0]));
    wrong::unless_close(of(&m.matmul(&v)), [17.0, 39.0], 0.0)?;
    wrong::unless_close(of(&v.matmul(&m)), [23.0, 34.0], 0.0)?;
    wrong::unless_close(of(&v.matmul(&v)), 61.0, 0.0)
}

fn batch() -> Verdict {
    let a = Tensor::from([[[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.0, 2.0]]]);
    let b = Tensor::from([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]);
    let y = a.matmul(&b);
    let expected = [[[1.0, 2.0], [3.0, 4.0]], [[10.0, 12.0], [14.0, 16.0]]];
    wrong::unless_close(of(&y), expected, 0.0).because(
        y.at([1, 0, 0]) == 1.0,
        "the second product is made of the first matrices: they start at 0 and 4",
    )
}

fn shared() -> Verdict {
    let a = counted([3, 2, 2]);
    let swap = Tensor::from([[0.0, 1.0], [1.0, 0.0]]);
    let y = a.matmul(&swap);
    let expected = [[[1.0, 0.0], [3.0, 2.0]], [[5.0, 4.0], [7.0, 6.0]], [[9.0, 8.0], [11.0, 10.0]]];
    wrong::unless_close(of(&y), expected, 0.0)
        .note("the right operand has one matrix, and starts at 0 three times")?;
    let y = swap.matmul(&a);
    wrong::unless_eq(y.shape(), [3, 2, 2])?;
    wrong::unless_eq((y.at([2, 0, 0]), y.at([2, 1, 0])), (10.0, 8.0))
}

fn batches_broadcast() -> Verdict {
    let (a, b) = (counted([2, 1, 3, 4]), counted([5, 4, 2]));
    let y = a.matmul(&b);
    wrong::unless_eq(y.shape(), [2, 5, 3, 2])?;
    for (i, j) in (0..10).map(|pair| (pair / 5, pair % 5)) {
        for (row, column) in [(0, 0), (2, 1)] {
            let products = (0..4).map(|p| a.at([i, 0, row, p]) * b.at([j, p, column]));
            wrong::unless_close(y.at([i, j, row, column]), products.sum::<f32>(), 1e-6).note(
                format!("row {row}, column {column} of left matrix {i} times right matrix {j}"),
            )?;
        }
    }
    Ok(())
}

fn network() -> Verdict {
    let x = Tensor::from([[1.0, 2.0], [3.0, -1.0]]);
    let (w, b) =
        (Tensor::from([[1.0, -1.0, 0.5], [2.0, 1.0, 0.0]]), Tensor::from([0.0, 1.0, -1.0]));
    let v = Tensor::from([[1.0], [2.0], [4.0]]);
    let hidden = (x.matmul(&w) + b).maximum(0.0);
    wrong::unless_close(of(&hidden), [[5.0, 2.0, 0.0], [1.0, 0.0, 0.5]], 1e-6)?;
    wrong::unless_close(of(&hidden.matmul(&v)), [[9.0], [3.0]], 1e-6)
}
