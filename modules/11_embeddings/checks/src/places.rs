//! 11.6: a row per place.

use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_embeddings::PositionEmbedding;
use tinytorch_layers::Module;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.6.start",
        exercise: "11.6",
        fact: "new places are [max_len, d], normal with deviation 0.02, and trained",
        run: start,
    },
    Check {
        id: "11.6.rows",
        exercise: "11.6",
        fact: "zeros of [2, 2] become the first two rows",
        run: rows,
    },
    Check {
        id: "11.6.batch",
        exercise: "11.6",
        fact: "each sequence of a batch gets the same rows, by its places",
        run: batch,
    },
    Check {
        id: "11.6.offset",
        exercise: "11.6",
        fact: "with an offset of 1 the first word is at place 1",
        run: offset,
    },
    Check {
        id: "11.6.gradient",
        exercise: "11.6",
        fact: "two sequences of two words give rows 0 and 1 a gradient of 2, and row 2 none",
        run: gradient,
    },
    Check {
        id: "11.6.beyond",
        exercise: "11.6",
        fact: "a sequence longer than the table, or of another width, is refused",
        run: beyond,
    },
];

fn places() -> PositionEmbedding {
    PositionEmbedding { weight: Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).with_grad() }
}

fn start() -> Verdict {
    let weight = PositionEmbedding::new(100, 50, &mut Rng::new(1)).weight;
    wrong::unless_eq(weight.shape().to_vec(), vec![100, 50])?;
    wrong::unless(weight.requires_grad(), || "the rows are not trained: require a gradient")?;
    wrong::unless_close(weight.std().item() * 50.0, 1.0, 0.05)
        .note("50 times the standard deviation, which is to be 0.02")
}

fn rows() -> Verdict {
    let got = places().forward(&Tensor::zeros([2, 2]));
    wrong::unless_close(of(&got), [[1.0, 2.0], [3.0, 4.0]], 0.0)
}

fn batch() -> Verdict {
    let x = Tensor::from([[[10.0, 10.0], [20.0, 20.0]], [[30.0, 30.0], [40.0, 40.0]]]);
    let got = places().forward(&x);
    let second = got.select(0, 1);
    wrong::unless_close(of(&second), [[31.0, 32.0], [43.0, 44.0]], 0.0).because(
        second.at([0, 0]) == 33.0,
        "the second sequence got row 1: rows go by the word's place, not by the sequence",
    )?;
    wrong::unless_close(of(&got.select(0, 0)), [[11.0, 12.0], [23.0, 24.0]], 0.0)?;
    let many = places().forward(&Tensor::zeros([4, 1, 3, 2])).select(1, 0);
    wrong::unless_close(of(&many), [[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]; 4], 0.0)
}

fn offset() -> Verdict {
    let got = places().add_to(&Tensor::zeros([2, 2]), 1);
    wrong::unless_close(of(&got), [[3.0, 4.0], [5.0, 6.0]], 0.0)
        .because(got.at([0, 0]) == 1.0, "the offset is ignored: a continued text starts at place 0")
}

fn gradient() -> Verdict {
    let places = places();
    let grads = places.forward(&Tensor::zeros([2, 2, 2])).sum().backward();
    let expected = [[2.0, 2.0], [2.0, 2.0], [0.0, 0.0]];
    wrong::unless_close(of(grads.of(&places.weight)), expected, 0.0)
}

fn beyond() -> Verdict {
    wrong::unless_panics(|| places().add_to(&Tensor::zeros([3, 2]), 1), "not among the 3 known")?;
    wrong::unless_panics(|| places().forward(&Tensor::zeros([2, 4])), "is not [.., t, 2]")
}
