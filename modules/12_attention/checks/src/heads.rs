//! 12.9 to 12.11: a layer of heads, cut and joined.

use crate::numbers::{drawn, of, plain_heads, two_words};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{MultiHeadAttention, MultiHeadAttentionOptions};
use tinytorch_embeddings::RotaryEmbedding;
use tinytorch_layers::{Dropout, Linear, Model};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.9.sizes",
        exercise: "12.9",
        fact: "8 features and 2 heads need a [24, 8] and an [8, 8], 288 numbers with biases",
        run: sizes,
    },
    Check {
        id: "12.9.shared",
        exercise: "12.9",
        fact: "with one head of keys for two of queries, the first is [16, 8]",
        run: shared,
    },
    Check {
        id: "12.9.start",
        exercise: "12.9",
        fact: "weights start as PyTorch's, biases at 0; settings are kept",
        run: start,
    },
    Check {
        id: "12.9.refused",
        exercise: "12.9",
        fact: "3 heads do not divide 8 features",
        run: refused,
    },
    Check {
        id: "12.10.hand",
        exercise: "12.10",
        fact: "words 1 2 3 4 and 5 6 7 8 have the heads 1 2 / 5 6 and 3 4 / 7 8",
        run: hand,
    },
    Check {
        id: "12.10.parts",
        exercise: "12.10",
        fact: "queries, keys and values are rows 0 to 3, 4 to 7 and 8 to 11 of the projection",
        run: parts,
    },
    Check {
        id: "12.10.batch",
        exercise: "12.10",
        fact: "[3, 5, 4] gives [3, 2, 5, 2] three times, sequence by sequence",
        run: batch,
    },
    Check {
        id: "12.10.bytes",
        exercise: "12.10",
        fact: "with one head of keys for four, a quarter of the bytes is to be remembered",
        run: bytes,
    },
    Check {
        id: "12.10.rotary",
        exercise: "12.10",
        fact: "queries and keys are turned from the offset on, values are not",
        run: rotary,
    },
    Check {
        id: "12.11.hand",
        exercise: "12.11",
        fact: "heads 1 2 / 5 6 and 3 4 / 7 8 are joined to 1 2 3 4 and 5 6 7 8",
        run: joined,
    },
    Check {
        id: "12.11.inverse",
        exercise: "12.11",
        fact: "joining undoes cutting, in a batch",
        run: inverse,
    },
    Check {
        id: "12.11.mixed",
        exercise: "12.11",
        fact: "what is joined goes through `out`",
        run: mixed,
    },
];

fn layer(options: MultiHeadAttentionOptions) -> MultiHeadAttention {
    MultiHeadAttention::new(8, 2, options, &mut Rng::new(1))
}

fn shapes(layer: &MultiHeadAttention) -> Vec<(String, Vec<usize>)> {
    let named = layer.named_parameters().into_iter();
    named.map(|(name, p)| (name, p.shape().to_vec())).collect()
}

fn sizes() -> Verdict {
    let layer = layer(MultiHeadAttentionOptions::default());
    let expected = [
        ("qkv.weight", vec![24, 8]),
        ("qkv.bias", vec![24]),
        ("out.weight", vec![8, 8]),
        ("out.bias", vec![8]),
    ];
    wrong::unless_eq(shapes(&layer), expected.map(|(n, s)| (n.to_string(), s)).to_vec())?;
    wrong::unless_eq(layer.parameter_count(), 288)
}

fn shared() -> Verdict {
    let options =
        MultiHeadAttentionOptions { kv_heads: Some(1), bias: false, ..Default::default() };
    let layer = layer(options);
    let expected = [("qkv.weight", vec![16, 8]), ("out.weight", vec![8, 8])];
    wrong::unless_eq(shapes(&layer), expected.map(|(n, s)| (n.to_string(), s)).to_vec()).because(
        layer.qkv.weight.size(0) == 24,
        "one head of keys is of width 4, and so is one of values: 8 + 4 + 4 = 16",
    )?;
    wrong::unless_eq((layer.heads, layer.kv_heads), (2, 1))
}

fn start() -> Verdict {
    let options = MultiHeadAttentionOptions { dropout: 0.25, causal: true, ..Default::default() };
    let layer = MultiHeadAttention::new(64, 4, options, &mut Rng::new(1));
    let largest = |t: &Tensor| t.abs().max().item();
    let (xavier, root) = ((6.0_f32 / 256.0).sqrt(), 0.125);
    let got = (largest(&layer.qkv.weight), largest(&layer.out.weight));
    wrong::unless_close([got.0 / xavier, got.1 / root], [1.0, 1.0], 0.01)
        .note("the largest weight of qkv and of out, over √(6 / 256) and 1 / √64")?;
    for layer in [&layer.qkv, &layer.out] {
        let bias = layer.bias.as_ref().map_or(-1.0, largest);
        wrong::unless_eq(bias, 0.0).note("the largest bias")?;
    }
    wrong::unless_eq((layer.dropout.p, layer.causal, layer.kv_heads), (0.25, true, 4))
        .note("dropout, causal, heads of keys")
}

fn refused() -> Verdict {
    let build = || MultiHeadAttention::new(8, 3, Default::default(), &mut Rng::new(0));
    wrong::unless_panics(build, "3 heads do not divide a width of 8")
}

fn hand() -> Verdict {
    let [q, _, _] = plain_heads().project(&two_words(), 0);
    wrong::unless_eq(q.shape().to_vec(), vec![2, 2, 2])?;
    wrong::unless_close(of(&q), [[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]], 0.0)
        .because(
            q.at([0, 1, 0]) == 3.0,
            "head 0 is 1 2 / 3 4: that is word 0, cut in two; exchange words and heads",
        )
        .because(
            q.at([0, 0, 1]) == 3.0,
            "head 0 has features 0 and 2: a head's features are neighbors, cut to [t, h, w]",
        )
        .note("queries of two heads, two words, two features")
}

fn parts() -> Verdict {
    let eye = Tensor::eye(4);
    let weight = Tensor::cat(&[&eye, &(&eye * 10.0), &(&eye * 100.0)], 0);
    let layer = MultiHeadAttention { qkv: Linear { weight, bias: None }, ..plain_heads() };
    let got = layer.project(&two_words(), 0).map(|x| x.at([1, 1, 1]));
    wrong::unless_close(got, [8.0, 80.0, 800.0], 0.0)
        .because(got == [8.0, 800.0, 80.0], "keys come before values")
        .note(
            "the last number of queries, keys and values; keys are 10 times the words, values 100",
        )
}

fn batch() -> Verdict {
    let x = drawn([3, 5, 4], 1);
    let all = plain_heads().project(&x, 0);
    for part in &all {
        wrong::unless_eq(part.shape().to_vec(), vec![3, 2, 5, 2])?;
    }
    let [alone, _, _] = plain_heads().project(&x.select(0, 2), 0);
    wrong::unless_close(of(&all[0].select(0, 2)), of(&alone), 0.0).note("the third sequence")
}

/// Four heads of width 2, and `kv_heads` heads of keys.
fn four(kv_heads: usize) -> MultiHeadAttention {
    let kv = 2 * kv_heads;
    MultiHeadAttention {
        qkv: Linear { weight: drawn([8 + 2 * kv, 8], 1), bias: Some(drawn([8 + 2 * kv], 2)) },
        out: Linear { weight: Tensor::eye(8), bias: None },
        dropout: Dropout::new(0.0, &mut Rng::new(0)),
        heads: 4,
        kv_heads,
        causal: false,
        rotary: None,
    }
}

fn bytes() -> Verdict {
    let remembered = |kv_heads| {
        let [_, k, v] = four(kv_heads).project(&drawn([10, 8], 3), 0);
        4 * (k.numel() + v.numel())
    };
    wrong::unless_eq((remembered(4), remembered(1)), (640, 160))
        .note("bytes of keys and values of 10 words, with 4 heads of them and with 1")
}

fn rotary() -> Verdict {
    let tables = RotaryEmbedding::new(2, 8);
    let turning = MultiHeadAttention { rotary: Some(tables.clone()), ..plain_heads() };
    let (still, moved) = (plain_heads().project(&two_words(), 3), turning.project(&two_words(), 3));
    for (i, name) in ["queries", "keys"].iter().enumerate() {
        let expected = tables.apply(&still[i], 3);
        wrong::unless_close(of(&moved[i]), of(&expected), 1e-5)
            .because(moved[i] == still[i], format!("the {name} were not turned"))
            .because(moved[i] == tables.apply(&still[i], 0), "the offset is ignored")
            .note(format!("the {name}, from place 3 on"))?;
    }
    wrong::unless_close(of(&moved[2]), of(&still[2]), 0.0)
        .note("the values: what a word says does not depend on where it stands")
}

fn cut() -> Tensor {
    Tensor::from([[[1.0, 2.0], [5.0, 6.0]], [[3.0, 4.0], [7.0, 8.0]]])
}

fn joined() -> Verdict {
    let got = plain_heads().mix(&cut());
    wrong::unless_eq(got.shape().to_vec(), vec![2, 4])?;
    wrong::unless_close(of(&got), of(&two_words()), 0.0).because(
        got.at([0, 2]) == 5.0,
        "word 0 became 1 2 5 6: two words of head 0; exchange heads and words before you join",
    )
}

fn inverse() -> Verdict {
    let (layer, x) = (four(4), drawn([3, 5, 8], 4));
    let layer = MultiHeadAttention {
        qkv: Linear { weight: Tensor::cat(&[&Tensor::eye(8); 3].map(|t| t), 0), bias: None },
        ..layer
    };
    let [q, _, _] = layer.project(&x, 0);
    wrong::unless_close(of(&layer.mix(&q)), of(&x), 0.0)
}

fn mixed() -> Verdict {
    let out = Linear { weight: Tensor::eye(4) * 2.0, bias: Some(Tensor::ones([4])) };
    let layer = MultiHeadAttention { out, ..plain_heads() };
    wrong::unless_close(of(&layer.mix(&cut())), of(&(two_words() * 2.0 + 1.0)), 0.0)
}
