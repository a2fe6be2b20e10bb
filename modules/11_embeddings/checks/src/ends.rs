//! 11.5: the same table at both ends.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_embeddings::Embedding;
use tinytorch_layers::{Init, Model, Module};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.5.scores",
        exercise: "11.5",
        fact: "2 3 scores 2 3 5 against the rows 1 0 / 0 1 / 1 1",
        run: scores,
    },
    Check {
        id: "11.5.axes",
        exercise: "11.5",
        fact: "[2, 4, 3] against seven rows of 3 gives [2, 4, 7]",
        run: axes,
    },
    Check {
        id: "11.5.both",
        exercise: "11.5",
        fact: "the table gets the gradients of both ends, added up",
        run: both,
    },
    Check {
        id: "11.5.bytes",
        exercise: "11.5",
        fact: "a model with the table at both ends has v d numbers, and saves them once",
        run: bytes,
    },
    Check {
        id: "11.5.learns",
        exercise: "11.5",
        fact: "words that are used together come to lie together: scores of 1, and of 0 for others",
        run: learns,
    },
];

fn rows() -> Embedding {
    let weight = Tensor::from([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
    Embedding { weight: weight.with_grad(), padding_idx: None }
}

fn scores() -> Verdict {
    let got = rows().logits(&Tensor::from([[2.0, 3.0]]));
    wrong::unless_close(of(&got), [[2.0, 3.0, 5.0]], 0.0)
}

fn axes() -> Verdict {
    let table = Embedding { weight: drawn([7, 3], 1), padding_idx: None };
    wrong::unless_eq(table.logits(&drawn([2, 4, 3], 2)).shape().to_vec(), vec![2, 4, 7])
}

fn both() -> Verdict {
    // Word 0 is read as 1 0 and scored against row 2, 1 1: 1·1 + 0·1.
    let table = rows();
    let grads = table.logits(&table.forward(&Tensor::from([0]))).select(1, 2).sum().backward();
    let got = grads.of(&table.weight).clone();
    let (read, scored) = (got.at([0, 0]) == 1.0, got.at([2, 0]) == 1.0);
    wrong::unless_close(of(&got), [[1.0, 1.0], [0.0, 0.0], [1.0, 0.0]], 0.0)
        .because(read && !scored, "the scores taught the table nothing: use the weight itself")
        .because(scored && !read, "the gradient stops at the scores: it flows on through x, too")
}

fn bytes() -> Verdict {
    let table = rows();
    let _ = table.logits(&table.forward(&Tensor::from([0, 1])));
    wrong::unless_eq(table.parameter_count(), 6)?;
    wrong::unless_eq(table.state_dict().values().map(Tensor::nbytes).sum::<usize>(), 24)
}

/// Gradient descent by hand on the square of what is missing to a score of 1 within a pair of words
/// and of 0 between pairs.
fn learns() -> Verdict {
    let init = Init::Normal { std: 0.5 };
    let mut table = Embedding::with_init(6, 6, init, &mut Rng::new(1));
    let words = Tensor::arange_i32(6);
    let pairs = Tensor::from([0, 0, 1, 1, 2, 2]);
    let wanted = pairs.unsqueeze(0).eq(pairs.unsqueeze(1)).to_f32();
    for _ in 0..300 {
        let missing = table.logits(&table.forward(&words)) - &wanted;
        let grads = (&missing * &missing).sum().backward();
        let step = grads.of(&table.weight) * 0.05;
        table.weight = (&table.weight - step).detach().with_grad();
    }
    let found = table.logits(&table.forward(&words));
    wrong::unless_close(of(&found), of(&wanted), 0.1)
        .note("score of word i for word j after 300 steps of gradient descent")
}
