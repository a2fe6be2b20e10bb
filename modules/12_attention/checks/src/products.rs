//! 12.1: who answers whom.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, attention_weights};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.1.shape",
        exercise: "12.1",
        fact: "3 queries and 5 keys have weights of [3, 5]",
        run: shape,
    },
    Check {
        id: "12.1.hand",
        exercise: "12.1",
        fact: "scores ln 3, 0, 0, 0 are the weights 1/2, 1/6, 1/6, 1/6",
        run: hand,
    },
    Check { id: "12.1.rows", exercise: "12.1", fact: "each query has 1 to give away", run: rows },
    Check {
        id: "12.1.scale",
        exercise: "12.1",
        fact: "a scale that is given is used instead of the root",
        run: scale,
    },
    Check {
        id: "12.1.wide",
        exercise: "12.1",
        fact: "wide queries and keys do not make weights of 0 and 1",
        run: wide,
    },
];

fn weights(q: &Tensor, k: &Tensor) -> Tensor {
    attention_weights(q, k, &AttentionOptions::default())
}

fn shape() -> Verdict {
    let got = weights(&drawn([3, 4], 1), &drawn([5, 4], 2)).shape().to_vec();
    wrong::unless_eq(got, vec![3, 5])?;
    let got = weights(&drawn([2, 6, 3, 4], 1), &drawn([2, 6, 5, 4], 2)).shape().to_vec();
    wrong::unless_eq(got, vec![2, 6, 3, 5]).note("of two sequences, six heads each")
}

fn hand() -> Verdict {
    let q = Tensor::from([[2.0 * 3_f32.ln(), 0.0, 0.0, 0.0]]);
    let got = weights(&q, &Tensor::eye(4));
    let (first, sixth) = (got.at([0, 0]), 1.0 / 6.0);
    wrong::unless_close(of(&got), [[0.5, sixth, sixth, sixth]], 1e-6)
        .because(
            (first - 0.75).abs() < 1e-5,
            "the scores are not divided by the root of the width, 2",
        )
        .because(
            (first - 3_f32.sqrt() / (3_f32.sqrt() + 3.0)).abs() < 1e-5,
            "the scores are divided by the width 4, not by its root",
        )
        .because(first == 1.0, "the softmax ran over the queries: each query shares out among keys")
        .because(
            (first - 3_f32.ln()).abs() < 1e-5,
            "these are the scores: the softmax makes weights of them",
        )
}

fn rows() -> Verdict {
    let got = weights(&drawn([2, 3, 4], 1), &drawn([2, 5, 4], 2));
    let columns = got.sum_over(-2, false);
    wrong::unless_close(of(&got.sum_over(-1, false)), [[1.0; 3]; 2], 1e-5).because(
        (columns - 1.0).abs().max().item() < 1e-5,
        "each key's column sums to 1: the softmax ran over the queries instead of the keys",
    )
}

fn scale() -> Verdict {
    let (q, k) = (drawn([3, 4], 1), drawn([5, 4], 2));
    let scaled = AttentionOptions { scale: Some(2.0), ..Default::default() };
    let got = attention_weights(&q, &k, &scaled);
    let expected = weights(&(&q * 4.0), &k); // the root of the width is 2
    wrong::unless_close(of(&got), of(&expected), 1e-5)
        .because(got == weights(&q, &k), "the scale of the options is ignored")
}

fn wide() -> Verdict {
    // Products of rows of 4,096 numbers about 1 are about 64; over 64 they are about 1.
    let got = weights(&drawn([8, 4096], 1), &drawn([8, 4096], 2));
    let largest = got.max().item();
    wrong::unless(largest < 0.95, || {
        format!("a weight of {largest}: the scores of wide rows are too large for a softmax")
    })
    .because(largest > 0.999, "the scores are not divided by the root of the width")
}
