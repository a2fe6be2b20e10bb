//! 12.4 and 12.5: attention, one query at a time, and its mask.

use crate::numbers::{CAUSAL, by_hand, drawn, masked, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, attention_weights, scaled_dot_product_attention};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.4.hand",
        exercise: "12.4",
        fact: "the weights 1/4 and 3/4 of the values 4 0 1 and 0 4 1 give 1 3 1",
        run: hand,
    },
    Check {
        id: "12.4.numbers",
        exercise: "12.4",
        fact: "3 queries, 5 keys of width 4 and values of width 2 are averaged as by hand",
        run: numbers,
    },
    Check {
        id: "12.4.heads",
        exercise: "12.4",
        fact: "each head of each sequence has its own queries, keys and values",
        run: heads,
    },
    Check {
        id: "12.4.large",
        exercise: "12.4",
        fact: "scores of 1000 and 999 do not overflow",
        run: large,
    },
    Check {
        id: "12.4.causal",
        exercise: "12.4",
        fact: "causal: what comes later changes no bit, even if it is NaN",
        run: causal,
    },
    Check {
        id: "12.4.edges",
        exercise: "12.4",
        fact: "without keys the result is 0; a NaN that is looked at is not hidden",
        run: edges,
    },
    Check {
        id: "12.4.layouts",
        exercise: "12.4",
        fact: "transposed inputs are read as they are shown",
        run: layouts,
    },
    Check {
        id: "12.5.textbook",
        exercise: "12.5",
        fact: "under masks of every kind and shape it is the weights times the values",
        run: textbook,
    },
    Check { id: "12.5.nan", exercise: "12.5", fact: "a hidden key of NaN is not felt", run: nan },
    Check {
        id: "12.5.nothing",
        exercise: "12.5",
        fact: "a query that may look nowhere gets 0",
        run: nothing,
    },
];

fn attention(q: &Tensor, k: &Tensor, v: &Tensor, options: &AttentionOptions) -> Tensor {
    scaled_dot_product_attention(q, k, v, options)
}

fn plain(q: &Tensor, k: &Tensor, v: &Tensor) -> Tensor {
    attention(q, k, v, &AttentionOptions::default())
}

fn hand() -> Verdict {
    let q = Tensor::from([[3_f32.ln(), 0.0]]);
    let k = Tensor::from([[0.0, 9.0], [1.0, 9.0]]);
    let v = Tensor::from([[4.0, 0.0, 1.0], [0.0, 4.0, 1.0]]);
    let options = AttentionOptions { scale: Some(1.0), ..Default::default() };
    let got = attention(&q, &k, &v, &options);
    wrong::unless_eq(got.shape().to_vec(), vec![1, 3]).note("the width is that of the values")?;
    wrong::unless_close(of(&got), [[1.0, 3.0, 1.0]], 1e-6)
        .because(got.at([0, 2]) > 1.01, "the weights do not sum to 1")
        .because((got.at([0, 0]) - 2.0).abs() < 1e-5, "both keys got the same weight")
        .because((got.at([0, 0]) - 1.263).abs() < 0.01, "the scale of the op was not used")
}

fn numbers() -> Verdict {
    let (q, k, v) = (drawn([3, 4], 1), drawn([5, 4], 2), drawn([5, 2], 3));
    wrong::unless_close(of(&plain(&q, &k, &v)), by_hand(&q, &k, &v, |_, _| true), 1e-5)
}

fn heads() -> Verdict {
    let (q, k, v) = (drawn([2, 3, 4, 2], 1), drawn([2, 3, 5, 2], 2), drawn([2, 3, 5, 2], 3));
    let got = plain(&q, &k, &v);
    for (n, h) in [(0, 0), (0, 2), (1, 1)] {
        let one = |x: &Tensor| x.select(0, n).select(0, h);
        let expected = by_hand(&one(&q), &one(&k), &one(&v), |_, _| true);
        wrong::unless_close(of(&one(&got)), expected, 1e-5)
            .note(format!("sequence {n}, head {h}"))?;
    }
    Ok(())
}

fn large() -> Verdict {
    let options = AttentionOptions { scale: Some(1.0), ..Default::default() };
    let (k, v) = (Tensor::from([[1000.0], [999.0]]), Tensor::from([[1.0], [0.0]]));
    let got = attention(&Tensor::ones([1, 1]), &k, &v, &options).item();
    wrong::unless_close(got, 0.7310586, 1e-5)
        .because(got.is_nan(), "e^1000 is infinite in f32: take the largest score off first")
}

fn causal() -> Verdict {
    let (q, k, v) = (drawn([2, 6, 4], 1), drawn([2, 6, 4], 2), drawn([2, 6, 4], 3));
    let whole = attention(&q, &k, &v, &CAUSAL);
    let first = (q.select(0, 0), k.select(0, 0), v.select(0, 0));
    let expected = by_hand(&first.0, &first.1, &first.2, |i, j| j <= i);
    let full = by_hand(&first.0, &first.1, &first.2, |_, _| true);
    let got = of(&whole.select(0, 0));
    wrong::unless_close(of(&whole.select(0, 0)), expected, 1e-5)
        .because(wrong::unless_close(got, full, 1e-5).is_ok(), "every query sees all keys")?;
    for t in 1..6 {
        let spoiled = |x: &Tensor| {
            Tensor::cat(&[&x.narrow(1, 0, t), &Tensor::full([2, 6 - t, 4], f32::NAN)], 1)
        };
        let after = attention(&spoiled(&q), &spoiled(&k), &spoiled(&v), &CAUSAL).narrow(1, 0, t);
        wrong::unless_close(of(&after), of(&whole.narrow(1, 0, t)), 0.0)
            .note(format!("words {t} to 5 became NaN; what words before them get is compared"))?;
    }
    Ok(())
}

fn edges() -> Verdict {
    let (q, k, v) = (drawn([3, 4], 1), drawn([0, 4], 2), drawn([0, 2], 3));
    wrong::unless_close(of(&plain(&q, &k, &v)), [[0.0; 2]; 3], 0.0).note("3 queries, no keys")?;
    let got = plain(&Tensor::full([1, 2], f32::NAN), &drawn([2, 2], 1), &drawn([2, 2], 2));
    wrong::unless(
        got.at([0, 0]).is_nan(),
        || "a query of NaN gave a number: what broke before must not look healthy",
    )
}

fn layouts() -> Verdict {
    let (q, k, v) = (drawn([2, 3, 4], 1), drawn([2, 5, 4], 2), drawn([2, 5, 2], 3));
    let moved = |x: &Tensor| x.transpose(0, 2).contiguous().transpose(0, 2);
    let got = plain(&moved(&q), &moved(&k), &moved(&v));
    wrong::unless_close(of(&got), of(&plain(&q, &k, &v)), 0.0)
}

fn textbook() -> Verdict {
    let (q, k, v) = (drawn([2, 2, 3, 4], 1), drawn([2, 2, 5, 4], 2), drawn([2, 2, 5, 2], 3));
    let never = f32::NEG_INFINITY;
    let masks = [
        ("[3, 5], whole", drawn([3, 5], 4).gt(0.0)),
        ("[2, 1, 1, 5], whole", drawn([2, 1, 1, 5], 5).gt(-0.5)),
        ("[2, 3, 1], whole", Tensor::from([[[1], [0], [1]], [[0], [1], [1]]])),
        ("[2, 2, 3, 5], floats", drawn([2, 2, 3, 5], 7)),
        ("[5], floats with -inf", Tensor::from([0.5, never, -1.0, 0.0, never])),
    ];
    for (name, mask) in &masks {
        for causal in [false, true] {
            let options = AttentionOptions { causal, ..masked(mask) };
            let expected = attention_weights(&q, &k, &options).matmul(&v);
            let got = attention(&q, &k, &v, &options);
            let unmasked =
                attention(&q, &k, &v, &AttentionOptions { causal, ..Default::default() });
            wrong::unless_close(of(&got), of(&expected), 1e-5)
                .because(got == unmasked, "the mask changed nothing")
                .note(format!("a mask of {name}, causal: {causal}"))?;
        }
    }
    Ok(())
}

fn nan() -> Verdict {
    let (q, k, v) = (drawn([3, 4], 1), drawn([5, 4], 2), drawn([5, 2], 3));
    let (mask, hidden) = (Tensor::from([1, 0, 1, 1, 0]), Tensor::from([[0], [1], [0], [0], [1]]));
    let clean = attention(&q, &k, &v, &masked(&mask));
    for poison in [f32::NAN, f32::INFINITY] {
        let k = k.masked_fill(&hidden, poison);
        let got = attention(&q, &k, &v, &masked(&mask));
        wrong::unless_close(of(&got), of(&clean), 0.0).because(
            got.at([0, 0]).is_nan(),
            "NaN - infinity is NaN: a hidden score becomes -inf, nothing is added to it",
        )?;
    }
    Ok(())
}

fn nothing() -> Verdict {
    let (q, k, v) = (drawn([3, 4], 1), drawn([5, 4], 2), drawn([5, 2], 3));
    let mask = Tensor::from([[1], [0], [1]]);
    let got = attention(&q, &k, &v, &masked(&mask));
    wrong::unless_close(of(&got.select(0, 1)), [0.0, 0.0], 0.0)
        .because(got.at([1, 0]).is_nan(), "0 / 0: a row of nothing but -inf has no softmax")?;
    wrong::unless_close(of(&got.select(0, 0)), of(&plain(&q, &k, &v).select(0, 0)), 0.0)
}
