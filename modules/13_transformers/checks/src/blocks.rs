//! 13.5: the block.

use crate::numbers::{drawn, of, same, small};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Linear, Module};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{GptConfig, TransformerBlock};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.5.passed_on",
        exercise: "13.5",
        fact: "when both halves give zeros, the block gives what came in",
        run: passed_on,
    },
    Check {
        id: "13.5.halves",
        exercise: "13.5",
        fact: "each half reads a normalized copy and is added to what came in",
        run: halves,
    },
    Check {
        id: "13.5.leak",
        exercise: "13.5",
        fact: "other tokens from place 3 on change no bit at places 0 to 2",
        run: leak,
    },
    Check {
        id: "13.5.dropped",
        exercise: "13.5",
        fact: "when all of attention's result is dropped, only the MLP is added",
        run: dropped,
    },
];

fn block(config: GptConfig) -> TransformerBlock {
    TransformerBlock::new(&config, &mut Rng::new(0))
}

fn silence(layer: &mut Linear) {
    layer.weight.data_mut().fill(0.0);
    layer.bias.iter_mut().for_each(|bias| bias.data_mut().fill(0.0));
}

/// Numbers that are far from mean 0 and deviation 1, so that a norm more or less shows.
fn stream() -> Tensor {
    drawn([2, 5, 16], 1) * 3.0 + 2.0
}

fn passed_on() -> Verdict {
    let mut block = block(small());
    silence(&mut block.attention.out);
    silence(&mut block.mlp.down);
    let x = stream();
    let (got, once) = (block.forward(&x), block.attention_norm.forward(&x));
    wrong::unless_close(of(&got), of(&x), 1e-6)
        .because(
            same(&got, &Tensor::zeros(x.shape())),
            "nothing of what came in is left: each half is added to it",
        )
        .because(
            same(&got, &once) || same(&got, &block.mlp_norm.forward(&once)),
            "the stream itself was normalized: only what a half reads is",
        )
}

fn halves() -> Verdict {
    let (block, x) = (block(small()), stream());
    let attention = |x: &Tensor| block.attention.forward(x);
    let (first, second) = (&block.attention_norm, &block.mlp_norm);
    let seen = &x + attention(&first.forward(&x));
    let expected = &seen + block.mlp.forward(&second.forward(&seen));
    let got = block.forward(&x);
    let bare = &x + attention(&x);
    let post = second.forward(&(&x + attention(&x)));
    let post = first.forward(&(&post + block.mlp.forward(&post)));
    wrong::unless_close(of(&got), of(&expected), 1e-5)
        .because(
            same(&got, &(&bare + block.mlp.forward(&bare))),
            "nothing was normalized: both halves read their own norm of the stream",
        )
        .because(
            same(&got, &(&seen + block.mlp.forward(&seen))),
            "the MLP read the stream as it is: mlp_norm comes before it",
        )
        .because(
            same(&got, &(&seen + block.mlp.forward(&second.forward(&x)))),
            "the MLP read what came into the block: it reads what attention left",
        )
        .because(
            same(&got, &post) || same(&got, &bare),
            "the norm stands behind the sum, on the stream itself: it belongs before each half",
        )
        .because(
            same(&got, &(&x + block.mlp.forward(&second.forward(&seen)))),
            "what attention found is lost: the second sum begins with the first one's x",
        )
        .because(
            same(&got, &block.mlp.forward(&second.forward(&seen))),
            "the second half is not added to anything",
        )
}

fn leak() -> Verdict {
    let (block, x) = (block(small()), stream());
    let changed = Tensor::cat(&[&x.narrow(1, 0, 3), &drawn([2, 2, 16], 9)], 1);
    let first = |x: &Tensor| block.forward(x).narrow(1, 0, 3);
    wrong::unless(first(&x) == first(&changed), || {
        "places 0 to 2 have other numbers, as the tokens behind them are others".to_string()
    })
    .because(true, "a token sees one that comes later: attention has to be causal")?;
    let later = |x: &Tensor| block.forward(x).select(1, 4);
    let earlier = Tensor::cat(&[&drawn([2, 1, 16], 9), &x.narrow(1, 1, 4)], 1);
    wrong::unless(later(&x) != later(&earlier), || {
        "the last token is what it was, although the first one is another".to_string()
    })
    .because(true, "nobody looks at anybody: what attention gives is not used")
}

fn dropped() -> Verdict {
    let mut block = block(small());
    block.attention_dropout.p = 1.0;
    let x = stream();
    let expected = &x + block.mlp.forward(&block.mlp_norm.forward(&x));
    wrong::unless_close(of(&block.forward(&x)), of(&expected), 1e-6)
        .because(true, "what attention gives passes through attention_dropout")
}
