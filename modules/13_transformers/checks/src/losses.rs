//! 13.9: the same text, moved by one.

use crate::numbers::small;
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{Gpt, inputs_and_targets, next_token_loss};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.9.moved",
        exercise: "13.9",
        fact: "of 5 6 7 8 the model is shown 5 6 7 and should say 6 7 8",
        run: moved,
    },
    Check {
        id: "13.9.views",
        exercise: "13.9",
        fact: "both are views of the batch: no id is copied",
        run: views,
    },
    Check {
        id: "13.9.by_hand",
        exercise: "13.9",
        fact: "a coin that is right half and a coin that is right 3/4 of the time: 0.4904 nats",
        run: by_hand,
    },
    Check {
        id: "13.9.padding",
        exercise: "13.9",
        fact: "a target of -100 counts neither above nor below the line",
        run: padding,
    },
    Check {
        id: "13.9.fresh",
        exercise: "13.9",
        fact: "a model of 20 tokens that knows nothing is at ln 20 = 2.996",
        run: fresh,
    },
];

fn moved() -> Verdict {
    let (inputs, targets) = inputs_and_targets(&Tensor::from([[5, 6, 7, 8], [1, 2, 3, 4]]));
    wrong::unless_eq(inputs.shape(), [2, 3])
        .because(inputs.shape() == [1, 4], "move along the last axis, time, not along the batch")?;
    let (inputs, targets) = (inputs.to_vec_i32(), targets.to_vec_i32());
    wrong::unless_eq(&inputs[..], [5, 6, 7, 1, 2, 3])
        .because(inputs[0] == 6, "these are the targets: the inputs leave the last one out")?;
    wrong::unless_eq(&targets[..], [6, 7, 8, 2, 3, 4])
        .because(targets == inputs, "each place should say what it was shown: it learns to copy")
}

fn views() -> Verdict {
    let batch = Tensor::from([[5, 6, 7, 8]]);
    let (inputs, targets) = inputs_and_targets(&batch);
    wrong::unless(inputs.shares_storage(&batch) && targets.shares_storage(&batch), || {
        "the ids were copied".to_string()
    })
    .note("`narrow` looks at a part of a tensor without copying it")
}

/// Two places, two tokens: probabilities 1/2 1/2, then 1/4 3/4.
fn coins() -> Tensor {
    Tensor::from([[[0.0, 0.0], [0.0, 3.0_f32.ln()]]])
}

fn by_hand() -> Verdict {
    let got = next_token_loss(&coins(), &Tensor::from([[0, 1]]));
    wrong::unless_eq(got.ndim(), 0)?;
    // (ln 2 + ln 4/3) / 2
    wrong::unless_close(got.item(), 0.490_414_63, 1e-5)
        .because((got.item() - 0.980_829).abs() < 1e-4, "that is the sum: take the mean")
}

fn padding() -> Verdict {
    let got = next_token_loss(&coins(), &Tensor::from([[0, -100]])).item();
    wrong::unless_close(got, std::f32::consts::LN_2, 1e-5)
        .because((got - 0.346_574).abs() < 1e-4, "the mean is over the places that count: one")
}

fn fresh() -> Verdict {
    let gpt = Gpt::new(small(), &mut Rng::new(1));
    let (inputs, targets) = inputs_and_targets(&Tensor::randint([8, 9], 0, 20, &mut Rng::new(2)));
    let got = gpt.loss(&inputs, &targets).item();
    wrong::unless((2.9..3.1).contains(&got), || format!("{got}, not about 2.996"))
        .because(got < 2.9, "it knows too much: are the targets among the inputs?")
}
