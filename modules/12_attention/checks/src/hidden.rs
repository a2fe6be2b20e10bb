//! 12.3: the weights of what may be seen.

use crate::numbers::{CAUSAL, drawn, masked, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, attention_weights};
use tinytorch_autograd::Backward;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.3.whole",
        exercise: "12.3",
        fact: "of three equal scores with the mask 1 1 0, two get 1/2 and the third 0",
        run: whole,
    },
    Check {
        id: "12.3.added",
        exercise: "12.3",
        fact: "a mask of floats is added: ln 3, 0, -inf make 3/4, 1/4, 0 of equal scores",
        run: added,
    },
    Check {
        id: "12.3.causal",
        exercise: "12.3",
        fact: "causal weights are 0 above the diagonal and go by the scores below it",
        run: causal,
    },
    Check { id: "12.3.both", exercise: "12.3", fact: "causal and a mask hide together", run: both },
    Check {
        id: "12.3.broadcast",
        exercise: "12.3",
        fact: "a mask of [2, 1, 1, 4] hides the padding of each of two sequences from all",
        run: broadcast,
    },
    Check {
        id: "12.3.nothing",
        exercise: "12.3",
        fact: "a query that may look nowhere has weights of 0 and a gradient of 0",
        run: nothing,
    },
    Check {
        id: "12.3.learned",
        exercise: "12.3",
        fact: "a mask of floats that wants a gradient gets one",
        run: learned,
    },
];

/// Weights of one query whose scores are all equal.
fn of_equals(mask: &Tensor) -> Tensor {
    attention_weights(&Tensor::ones([1, 4]), &Tensor::ones([3, 4]), &masked(mask))
}

const ADDED: &str = "the mask of 0 and 1 was added to the scores: 0 has to hide";

fn whole() -> Verdict {
    let got = of_equals(&Tensor::from([[1, 1, 0]]));
    let (first, last) = (got.at([0, 0]), got.at([0, 2]));
    wrong::unless_close(of(&got), [[0.5, 0.5, 0.0]], 1e-6)
        .because(first == 0.0 && last == 1.0, "the mask is inverted: 1 is where a query may look")
        .because(last > 0.1 && last < first, ADDED)
        .because(last > 0.3, "the mask hides nothing")
        .because(
            (first - 1.0 / 3.0).abs() < 1e-5 && last == 0.0,
            "hidden after the softmax: what is left has to share out all of 1",
        )?;
    wrong::unless_eq(last, 0.0).note("the weight of what is hidden, exactly")
}

fn added() -> Verdict {
    let bias = Tensor::from([[3_f32.ln(), 0.0, f32::NEG_INFINITY]]);
    let got = of_equals(&bias);
    let first = got.at([0, 0]);
    wrong::unless_close(of(&got), [[0.75, 0.25, 0.0]], 1e-6)
        .because(got.at([0, 2]).is_nan(), "minus infinity must not meet another one: NaN")
        .because((first - 0.5).abs() < 1e-5, "the numbers were not added to the scores")
        .because(first == 1.0, "0 in a mask of floats is added, it does not hide")
}

fn causal() -> Verdict {
    let (q, k) = (drawn([2, 4, 3], 1), drawn([2, 4, 3], 2));
    let got = attention_weights(&q, &k, &CAUSAL);
    for (i, j) in (0..4).flat_map(|i| (i + 1..4).map(move |j| (i, j))) {
        wrong::unless_eq(got.at([1, i, j]), 0.0)
            .note(format!("the weight of key {j} for query {i}, which is earlier"))?;
    }
    wrong::unless_close(of(&got.sum_over(-1, false)), [[1.0; 4]; 2], 1e-5)?;
    // Of the first three keys alone, query 2 has the same weights.
    let three = (q.narrow(1, 2, 1), k.narrow(1, 0, 3));
    let expected = attention_weights(&three.0, &three.1, &AttentionOptions::default());
    let row = got.narrow(1, 2, 1).narrow(2, 0, 3);
    wrong::unless_close(of(&row), of(&expected), 1e-6)
        .because(row.std().item() < 1e-6, "all visible keys have the same weight: add, not replace")
        .note("query 2 of the second sequence: its weights are those among keys 0 to 2")
}

fn both() -> Verdict {
    let (ones, mask) = (Tensor::ones([3, 2]), Tensor::from([0, 1, 1]));
    let options = AttentionOptions { causal: true, ..masked(&mask) };
    let got = attention_weights(&ones, &ones, &options);
    wrong::unless_close(of(&got), [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]], 1e-6)
        .because(got.at([1, 0]) > 0.1, "key 0 is hidden by the mask: causal does not bring it back")
        .because(
            got.at([1, 2]) > 0.1,
            "key 2 is later than query 1: the mask does not bring it back",
        )
        .because(got.at([0, 0]) > 0.1, "query 0 has nothing left to look at")?;
    let bias = Tensor::from([f32::NEG_INFINITY, 0.0, 0.0]);
    let options = AttentionOptions { causal: true, ..masked(&bias) };
    let got = attention_weights(&ones, &ones, &options);
    wrong::unless_close(of(&got), [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.5, 0.5]], 1e-6)
        .note("the same by a mask of floats")
}

fn broadcast() -> Verdict {
    let (q, mask) = (
        Tensor::ones([2, 3, 4, 2]),
        Tensor::from([[1, 1, 0, 0], [1, 1, 1, 1]]).reshape([2, 1, 1, 4]),
    );
    let got = attention_weights(&q, &q, &masked(&mask));
    wrong::unless_close(of(&got.select(0, 0)), [[[0.5, 0.5, 0.0, 0.0]; 4]; 3], 1e-6)?;
    wrong::unless_close(of(&got.select(0, 1)), [[[0.25; 4]; 4]; 3], 1e-6)
}

fn nothing() -> Verdict {
    let (q, k, rows) = (drawn([2, 4], 1).with_grad(), drawn([3, 4], 2), Tensor::from([[0], [1]]));
    let never = Tensor::from([[f32::NEG_INFINITY], [0.0]]);
    for mask in [&rows, &never] {
        let got = attention_weights(&q, &k, &masked(mask));
        let row = got.select(0, 0);
        wrong::unless_close(of(&row), [0.0, 0.0, 0.0], 0.0)
            .because(
                row.at([0]).is_nan(),
                "the softmax of nothing but -inf is NaN: hide with `f32::MIN`",
            )
            .because(
                row.at([0]) > 0.0,
                "weights for keys that are hidden: set them to 0 at the end",
            )?;
        let gradient = (&got * &got).sum().backward().of(&q).clone();
        let first = gradient.select(0, 0);
        wrong::unless_close(of(&first), [0.0; 4], 0.0).note("the gradient of that query")?;
    }
    Ok(())
}

fn learned() -> Verdict {
    let bias = Tensor::from([[3_f32.ln(), 0.0]]).with_grad();
    let (q, k) = (Tensor::ones([1, 4]), Tensor::ones([2, 4]));
    let got = attention_weights(&q, &k, &masked(&bias)).select(1, 0).sum().backward();
    // The slope of 3/4 is 3/4 · 1/4 in its own score, and minus that in the other.
    wrong::unless_close(of(got.of(&bias)), [[0.1875, -0.1875]], 1e-6)
}
