//! 12.6: heads that share keys.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{AttentionOptions, attention_weights, scaled_dot_product_attention};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.6.neighbors",
        exercise: "12.6",
        fact: "of four heads of queries and two of keys, heads 0 and 1 have keys 0",
        run: neighbors,
    },
    Check {
        id: "12.6.op",
        exercise: "12.6",
        fact: "the op, which copies no keys, says the same",
        run: op,
    },
    Check {
        id: "12.6.one",
        exercise: "12.6",
        fact: "one head of keys may serve all, in several sequences",
        run: one,
    },
];

const SHARED: AttentionOptions =
    AttentionOptions { mask: None, causal: false, dropout: None, scale: None, enable_gqa: true };

fn neighbors() -> Verdict {
    let (q, k) = (drawn([4, 3, 2], 1), drawn([2, 5, 2], 2));
    let got = attention_weights(&q, &k, &SHARED);
    wrong::unless_eq(got.shape().to_vec(), vec![4, 3, 5])?;
    let alone = |head: usize, keys: usize| {
        attention_weights(&q.select(0, head), &k.select(0, keys), &AttentionOptions::default())
    };
    for (head, keys) in [(0, 0), (1, 0), (2, 1), (3, 1)] {
        let row = got.select(0, head);
        wrong::unless_close(of(&row), of(&alone(head, keys)), 1e-6)
            .because(
                row == alone(head, 1 - keys),
                "the copies stand A B A B: neighbors share, A A B B",
            )
            .note(format!("head {head} of the queries, with head {keys} of the keys"))?;
    }
    Ok(())
}

fn op() -> Verdict {
    let (q, k, v) = (drawn([2, 6, 3, 2], 1), drawn([2, 2, 5, 2], 2), drawn([2, 2, 5, 4], 3));
    let copies = |x: &Tensor| {
        let heads: Vec<Tensor> = (0..6).map(|h| x.narrow(1, h / 3, 1)).collect();
        Tensor::cat(&heads.iter().collect::<Vec<_>>(), 1)
    };
    let expected = attention_weights(&q, &k, &SHARED).matmul(&copies(&v));
    let got = scaled_dot_product_attention(&q, &k, &v, &SHARED);
    wrong::unless_close(of(&got), of(&expected), 1e-5)
}

fn one() -> Verdict {
    let (q, k) = (drawn([2, 3, 4, 2], 1), drawn([2, 1, 5, 2], 2));
    let expected = attention_weights(&q, &k.expand([2, 3, 5, 2]), &AttentionOptions::default());
    wrong::unless_close(of(&attention_weights(&q, &k, &SHARED)), of(&expected), 1e-6)
}
