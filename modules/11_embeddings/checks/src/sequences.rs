//! 11.11: words and places together.

use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_embeddings::{Embedding, PositionEmbedding, SequenceEmbedding};
use tinytorch_layers::{Model, Module};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.11.words",
        exercise: "11.11",
        fact: "without places it is the table",
        run: words,
    },
    Check {
        id: "11.11.learned",
        exercise: "11.11",
        fact: "learned places are added, from the offset on",
        run: learned,
    },
    Check {
        id: "11.11.fixed",
        exercise: "11.11",
        fact: "fixed places are added, from the offset on",
        run: fixed,
    },
    Check {
        id: "11.11.scale",
        exercise: "11.11",
        fact: "of width 4, scaled words are doubled, once, and their places are not",
        run: scale,
    },
    Check {
        id: "11.11.order",
        exercise: "11.11",
        fact: "1 2 and 2 1 are different sequences of the same words",
        run: order,
    },
    Check {
        id: "11.11.axes",
        exercise: "11.11",
        fact: "a single id is refused, and a sequence longer than its places",
        run: axes,
    },
];

/// Rows 1 1 1 1 / 2 2 2 2 / 3 3 3 3, and nothing else yet.
fn bag() -> SequenceEmbedding {
    let weight = Tensor::from([[1.0; 4], [2.0; 4], [3.0; 4]]).with_grad();
    let tokens = Embedding { weight, padding_idx: None };
    SequenceEmbedding { tokens, learned: None, fixed: None, scale: 1.0 }
}

/// Places 0, 10 and 20 in all columns.
fn tens() -> Tensor {
    Tensor::from([[0.0; 4], [10.0; 4], [20.0; 4]])
}

fn first_column(layer: &SequenceEmbedding, ids: &Tensor, offset: usize) -> Tensor {
    layer.embed(ids, offset).select(-1, 0)
}

fn words() -> Verdict {
    let ids = Tensor::from([[0, 2], [1, 1]]);
    wrong::unless_close(of(&first_column(&bag(), &ids, 0)), [[1.0, 3.0], [2.0, 2.0]], 0.0)
}

fn learned() -> Verdict {
    let weight = tens().with_grad();
    let layer = SequenceEmbedding { learned: Some(PositionEmbedding { weight }), ..bag() };
    let ids = Tensor::from([[0, 2], [1, 1]]);
    wrong::unless_close(of(&first_column(&layer, &ids, 0)), [[1.0, 13.0], [2.0, 12.0]], 0.0)?;
    let got = first_column(&layer, &ids, 1);
    wrong::unless_close(of(&got), [[11.0, 23.0], [12.0, 22.0]], 0.0)
        .because(got.at([0, 0]) == 1.0, "the offset is ignored")?;
    let grads = layer.forward(&ids).sum().backward();
    wrong::unless_eq(grads.len(), layer.parameters().len())
        .note("how many parameters got a gradient: words and places")
}

fn fixed() -> Verdict {
    let layer = SequenceEmbedding { fixed: Some(tens()), ..bag() };
    let got = first_column(&layer, &Tensor::from([0, 2, 2]), 0);
    wrong::unless_close(of(&got), [1.0, 13.0, 23.0], 0.0)
        .because(got.at([2]) == 3.0, "the fixed places were not added")?;
    let got = first_column(&layer, &Tensor::from([0, 2]), 1);
    wrong::unless_close(of(&got), [11.0, 23.0], 0.0)
        .because(got.at([0]) == 1.0, "the offset is ignored")
}

fn scale() -> Verdict {
    let layer = SequenceEmbedding { fixed: Some(tens()), ..bag() }.scaled();
    wrong::unless_close(layer.scale, 2.0, 1e-6)
        .because(layer.scale == 1.0, "the scale is unchanged: it is to be the root of the width")
        .because(layer.scale == 4.0, "that is the width 4; the scale is its root")
        .note("the scale for rows of width 4")?;
    let got = first_column(&layer, &Tensor::from([0, 2]), 0);
    let second = got.at([1]);
    wrong::unless_close(of(&got), [2.0, 16.0], 1e-6)
        .because(second == 26.0, "the places were scaled, too: multiply before you add them")
        .because(second == 22.0, "the scale was applied twice")
        .because(second == 13.0, "the scale was not applied")
}

fn order() -> Verdict {
    let layer = SequenceEmbedding { fixed: Some(tens()), ..bag() };
    let sum = |ids: [i32; 2]| layer.embed(&Tensor::from(ids), 0);
    let (ab, ba) = (sum([1, 2]), sum([2, 1]));
    wrong::unless(
        ab.select(0, 0) != ba.select(0, 1),
        || "word 1 first and word 1 second have the same row: nothing tells its place",
    )
}

fn axes() -> Verdict {
    wrong::unless_panics(|| bag().embed(&Tensor::from(1), 0), "a single id is no sequence")?;
    let layer = SequenceEmbedding { fixed: Some(tens()), ..bag() };
    wrong::unless_panics(|| layer.embed(&Tensor::from([0, 1]), 2), "not among the 3 known")
}
