//! 13.8: the whole model.

use crate::numbers::{of, same, small};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Module, evaluating};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{Gpt, GptConfig};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.8.shapes",
        exercise: "13.8",
        fact: "ids [3, 5] become rows [3, 5, 16] and scores [3, 5, 20]",
        run: shapes,
    },
    Check {
        id: "13.8.in_turn",
        exercise: "13.8",
        fact: "embedding, first block, second block, norm: in this order",
        run: in_turn,
    },
    Check {
        id: "13.8.scores",
        exercise: "13.8",
        fact: "scores are by the head if there is one, else by the table of the embedding",
        run: scores,
    },
    Check {
        id: "13.8.leak",
        exercise: "13.8",
        fact: "another token at place 3 changes no bit of the scores at places 0 to 2",
        run: leak,
    },
    Check {
        id: "13.8.dropped",
        exercise: "13.8",
        fact: "the embedding is dropped from in training, and not in evaluation",
        run: dropped,
    },
    Check {
        id: "13.8.refused",
        exercise: "13.8",
        fact: "nine tokens are too many for a context of 8, and id 20 is not one of 20",
        run: refused,
    },
];

/// A model whose weights are large enough to tell its parts apart.
fn model(config: GptConfig) -> Gpt {
    let mut gpt = Gpt::new(config, &mut Rng::new(1));
    for block in &mut gpt.blocks {
        for weight in [&mut block.attention.out.weight, &mut block.mlp.down.weight] {
            weight.data_mut().iter_mut().for_each(|w| *w *= 100.0);
        }
    }
    gpt
}

fn ids() -> Tensor {
    Tensor::from([[1, 2, 3, 4, 5], [0, 19, 0, 19, 0], [7, 7, 7, 7, 7]])
}

fn shapes() -> Verdict {
    let gpt = model(small());
    wrong::unless_eq(gpt.features(&ids()).shape(), [3, 5, 16])?;
    wrong::unless_eq(gpt.forward(&ids()).shape(), [3, 5, 20])?;
    wrong::unless_eq(gpt.forward(&Tensor::from([1, 2])).shape(), [2, 20])
        .note("a single sequence, without a batch, is fine as well")
}

fn in_turn() -> Verdict {
    let gpt = model(small());
    let words = gpt.embed.forward(&ids());
    let through = |order: &[usize]| {
        order.iter().fold(words.clone(), |x, &block| gpt.blocks[block].forward(&x))
    };
    let got = gpt.features(&ids());
    wrong::unless_close(of(&got), of(&gpt.norm.forward(&through(&[0, 1]))), 1e-5)
        .because(same(&got, &through(&[0, 1])), "the norm above the last block is missing")
        .because(
            same(&got, &gpt.norm.forward(&through(&[1, 0]))),
            "the blocks are in the wrong order",
        )
        .because(
            same(&got, &gpt.norm.forward(&through(&[1]))),
            "only the last block counts: each goes on from what the one before gave",
        )
        .because(same(&got, &gpt.norm.forward(&words)), "the blocks were left out")
}

fn scores() -> Verdict {
    let (tied, untied) = (model(small()), model(GptConfig { tied: false, ..small() }));
    let x = tied.embed.forward(&ids());
    let by_table = tied.embed.tokens.logits(&x);
    wrong::unless_close(of(&tied.logits(&x)), of(&by_table), 1e-6)?;
    let head = untied.head.as_ref().expect("it is not tied");
    let got = untied.logits(&x);
    wrong::unless_close(of(&got), of(&head.forward(&x)), 1e-6).because(
        same(&got, &untied.embed.tokens.logits(&x)),
        "this model has a head of its own: use it",
    )
}

fn leak() -> Verdict {
    let gpt = model(small());
    let text = |at_3| Tensor::from([[1, 2, 3, at_3, 5]]);
    let (one, other) = (gpt.forward(&text(4)), gpt.forward(&text(9)));
    let first = |y: &Tensor| y.narrow(1, 0, 3);
    wrong::unless(first(&one) == first(&other), || {
        "the scores at places 0 to 2 know which token is at place 3".to_string()
    })?;
    wrong::unless(one.select(1, 4) != other.select(1, 4), || {
        "the scores at place 4 do not know which token is at place 3".to_string()
    })
}

fn dropped() -> Verdict {
    let mut gpt = model(small());
    gpt.dropout.p = 1.0;
    let gpt = gpt;
    let other = Tensor::from([[5, 4, 3, 2, 1]]);
    let one = Tensor::from([[1, 2, 3, 4, 5]]);
    wrong::unless(same(&gpt.features(&one), &gpt.features(&other)), || {
        "all of the embedding is to be dropped, and yet the ids make a difference".to_string()
    })
    .because(true, "the embedding passes through `self.dropout`")?;
    let quiet = |ids| evaluating(|| gpt.features(ids));
    wrong::unless(!same(&quiet(&one), &quiet(&other)), || {
        "in evaluation the ids make no difference".to_string()
    })
}

fn refused() -> Verdict {
    let gpt = model(small());
    wrong::unless_panics(|| gpt.forward(&Tensor::from([[0; 9]])), "the context is 8")
        .note("`self.check(ids)` is given")?;
    wrong::unless_panics(|| gpt.forward(&Tensor::from([[20]])), "not in the vocabulary of 20")
}
