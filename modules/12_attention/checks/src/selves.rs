//! 12.12 and 12.13: words look at each other, and at those of another text.

use crate::numbers::{drawn, masked, of, plain_heads, two_words};
use check::{Because, Check, Verdict, wrong};
use tinytorch_attention::{
    AttentionOptions, MultiHeadAttention, MultiHeadAttentionOptions, attention_weights,
    scaled_dot_product_attention,
};
use tinytorch_autograd::Backward;
use tinytorch_embeddings::RotaryEmbedding;
use tinytorch_layers::{Model, Module};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "12.12.composed",
        exercise: "12.12",
        fact: "it is project, attend, mix, with scores over the root of a head's width",
        run: composed,
    },
    Check { id: "12.12.masked", exercise: "12.12", fact: "padding is not looked at", run: padding },
    Check {
        id: "12.12.causal",
        exercise: "12.12",
        fact: "a changed word changes no word before it, bit for bit",
        run: causal,
    },
    Check {
        id: "12.12.order",
        exercise: "12.12",
        fact: "without places, words in another order give the same rows in that order",
        run: order,
    },
    Check {
        id: "12.12.weights",
        exercise: "12.12",
        fact: "the weights that are shown are those that were used",
        run: weights,
    },
    Check {
        id: "12.12.parameters",
        exercise: "12.12",
        fact: "every parameter gets a gradient",
        run: parameters,
    },
    Check {
        id: "12.12.learns",
        exercise: "12.12",
        fact: "a layer learns to copy the word before, and its weights show it",
        run: learns,
    },
    Check {
        id: "12.13.self",
        exercise: "12.13",
        fact: "attending to oneself is self attention, mask and shared keys included",
        run: oneself,
    },
    Check {
        id: "12.13.lengths",
        exercise: "12.13",
        fact: "2 words look at 7, and give 2",
        run: lengths,
    },
    Check {
        id: "12.13.sides",
        exercise: "12.13",
        fact: "queries come from one text, keys and values from the other",
        run: sides,
    },
];

fn layer(options: MultiHeadAttentionOptions) -> MultiHeadAttention {
    MultiHeadAttention::new(8, 2, options, &mut Rng::new(1))
}

fn composed() -> Verdict {
    let (layer, x) = (layer(Default::default()), drawn([3, 5, 8], 2));
    let [q, k, v] = layer.project(&x, 0);
    let with = |scale| {
        let options = AttentionOptions { scale, ..Default::default() };
        layer.mix(&scaled_dot_product_attention(&q, &k, &v, &options))
    };
    let got = layer.forward(&x);
    let by_model_width = with(Some(1.0 / 8_f32.sqrt()));
    wrong::unless_close(of(&got), of(&with(None)), 1e-5).because(
        (&got - by_model_width).abs().max().item() < 1e-5,
        "scores are divided by the root of the model's width: a head is of width 4, not 8",
    )
}

fn padding() -> Verdict {
    let (layer, x) = (layer(Default::default()), drawn([2, 5, 8], 2));
    let mask = Tensor::from([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]]).reshape([2, 1, 1, 5]);
    let got = layer.forward_masked(&x, Some(&mask));
    let short = layer.forward(&x.narrow(1, 0, 3));
    let seen = got.select(0, 0).narrow(0, 0, 3);
    wrong::unless_close(of(&seen), of(&short.select(0, 0)), 1e-5)
        .because(got == layer.forward(&x), "the mask changed nothing")
        .note("three words and two of padding are compared with the three words alone")
}

fn causal() -> Verdict {
    let rotary = Some(RotaryEmbedding::new(4, 10));
    let layer = layer(MultiHeadAttentionOptions { causal: true, rotary, ..Default::default() });
    let x = drawn([2, 6, 8], 2);
    let whole = layer.forward(&x);
    for t in 1..6 {
        let changed = Tensor::cat(&[&x.narrow(1, 0, t), &(x.narrow(1, t, 6 - t) * 3.0)], 1);
        let got = layer.forward(&changed).narrow(1, 0, t);
        wrong::unless_close(of(&got), of(&whole.narrow(1, 0, t)), 0.0)
            .because(true, "a word felt what comes after it")
            .note(format!("words {t} to 5 were changed"))?;
    }
    Ok(())
}

fn order() -> Verdict {
    let (layer, x) = (layer(Default::default()), drawn([2, 4, 8], 2));
    let order = Tensor::from([2, 0, 3, 1]);
    let got = layer.forward(&x.index_select(1, &order));
    wrong::unless_close(of(&got), of(&layer.forward(&x).index_select(1, &order)), 1e-5)
        .because(true, "words of different places were mixed where heads are cut or joined")
}

fn weights() -> Verdict {
    let options = MultiHeadAttentionOptions { causal: true, ..Default::default() };
    let (layer, x) = (layer(options), drawn([2, 4, 8], 2));
    let (y, weights) = layer.forward_with_weights(&x);
    wrong::unless_close(of(&y), of(&layer.forward(&x)), 0.0)?;
    wrong::unless_eq(weights.shape().to_vec(), vec![2, 2, 4, 4])?;
    let [q, k, v] = layer.project(&x, 0);
    let plain = attention_weights(&q, &k, &AttentionOptions::default());
    wrong::unless_close(of(&layer.mix(&weights.matmul(&v))), of(&y), 1e-5)
        .because(weights == plain, "these weights look into the future: the layer is causal")
}

fn parameters() -> Verdict {
    let options = MultiHeadAttentionOptions { kv_heads: Some(1), ..Default::default() };
    let layer = layer(options);
    let grads = layer.forward(&drawn([2, 4, 8], 2)).sum().backward();
    for (name, parameter) in layer.named_parameters() {
        wrong::unless(grads.get(parameter).is_some(), || format!("`{name}` has no gradient"))?;
    }
    Ok(())
}

/// Words are one-hot, behind them their place one-hot: 4 words and 6 places.
fn text(seed: u64) -> (Tensor, Tensor) {
    let words = Tensor::randint([16, 6], 0, 4, &mut Rng::new(seed));
    let places = Tensor::eye(6).expand([16, 6, 6]);
    (Tensor::cat(&[&words.one_hot(4).to_f32(), &places], 2), words.one_hot(4).to_f32())
}

fn learns() -> Verdict {
    check::limit_s(20);
    let options = MultiHeadAttentionOptions { causal: true, bias: false, ..Default::default() };
    let mut layer = MultiHeadAttention::new(10, 1, options, &mut Rng::new(3));
    let loss_of = |layer: &MultiHeadAttention, seed| {
        let (x, words) = text(seed);
        let found = layer.forward(&x).narrow(1, 1, 5).narrow(2, 0, 4);
        let missing = found - words.narrow(1, 0, 5);
        (&missing * &missing).mean()
    };
    let before = loss_of(&layer, 999).item();
    let mut velocity: Vec<Tensor> =
        layer.parameters().iter().map(|p| Tensor::zeros(p.shape())).collect();
    for step in 0..400 {
        let grads = loss_of(&layer, step).backward();
        let parameters = [&mut layer.qkv.weight, &mut layer.out.weight];
        for (parameter, velocity) in parameters.into_iter().zip(&mut velocity) {
            *velocity = &*velocity * 0.9 + grads.of(parameter);
            *parameter = (&*parameter - &*velocity * 0.5).detach().with_grad();
        }
    }
    let after = loss_of(&layer, 999).item();
    wrong::unless(after < before / 10.0, || format!("the loss went from {before} to {after}"))?;
    let (_, weights) = layer.forward_with_weights(&text(999).0);
    let to_previous = (1..6).map(|t| weights.select(0, 0).at([0, t, t - 1])).sum::<f32>() / 5.0;
    wrong::unless(to_previous > 0.8, || {
        format!("words look at the one before with a weight of {to_previous} only")
    })
}

fn oneself() -> Verdict {
    for kv_heads in [1, 2] {
        let rotary = Some(RotaryEmbedding::new(4, 10));
        let options =
            MultiHeadAttentionOptions { kv_heads: Some(kv_heads), rotary, ..Default::default() };
        let (layer, x, mask) = (layer(options), drawn([2, 5, 8], 2), Tensor::from([1, 1, 0, 1, 1]));
        let got = layer.attend(&x, &x, Some(&mask));
        wrong::unless_close(of(&got), of(&layer.forward_masked(&x, Some(&mask))), 1e-5)
            .because(
                (&got - layer.attend(&x, &x, None)).abs().max().item() == 0.0,
                "the mask changed nothing",
            )
            .note(format!("2 heads of queries, {kv_heads} of keys, rotary places"))?;
    }
    Ok(())
}

fn lengths() -> Verdict {
    let layer = layer(Default::default());
    let got = layer.attend(&drawn([3, 2, 8], 1), &drawn([3, 7, 8], 2), None);
    wrong::unless_eq(got.shape().to_vec(), vec![3, 2, 8])
        .because(got.shape() == [3, 7, 8], "the result has a row per query, not per key")
}

fn sides() -> Verdict {
    // One word looks at two; keys and values are those two, heads of width 2.
    let (query, memory) = (Tensor::from([[1.0, 0.0, 0.0, 1.0]]), two_words());
    let got = plain_heads().attend(&query, &memory, None);
    let root = 2_f32.sqrt();
    let mean = |a: f32, b: f32, x: f32, y: f32| {
        let (a, b) = ((a / root).exp(), (b / root).exp());
        (a * x + b * y) / (a + b)
    };
    // Head 0: query 1 0 with keys 1 2 and 5 6: scores 1 and 5. Head 1: 0 1 with 3 4, 7 8: 4 and 8.
    let expected = [[
        mean(1.0, 5.0, 1.0, 5.0),
        mean(1.0, 5.0, 2.0, 6.0),
        mean(4.0, 8.0, 3.0, 7.0),
        mean(4.0, 8.0, 4.0, 8.0),
    ]];
    wrong::unless_close(of(&got), expected, 1e-5).because(
        got.at([0, 0]) <= 1.0,
        "the values came from the query: it looks, the memory says",
    )?;
    let mask = Tensor::from([1, 0]);
    let hidden = plain_heads().attend(&query, &memory, masked(&mask).mask);
    wrong::unless_close(of(&hidden), [[1.0, 2.0, 3.0, 4.0]], 1e-6)
        .note("with the second word of the memory hidden")
}
