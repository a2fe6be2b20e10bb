//! 13.4: the MLP.

use crate::numbers::{drawn, of, same};
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Model, Module, evaluating};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{Activation, Mlp, MlpOptions};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.4.sizes",
        exercise: "13.4",
        fact: "for d = 8 the weights are [32, 8] and [8, 32], 552 numbers with biases",
        run: sizes,
    },
    Check {
        id: "13.4.by_hand",
        exercise: "13.4",
        fact: "up 3x - 1, relu, down 2x + 0.5: of 1 it makes 4.5, of -1 it makes 0.5",
        run: by_hand,
    },
    Check { id: "13.4.alone", exercise: "13.4", fact: "each token is by itself", run: alone },
    Check {
        id: "13.4.dropped",
        exercise: "13.4",
        fact: "a dropout of 1 leaves nothing in training, and all in evaluation",
        run: dropped,
    },
];

fn sizes() -> Verdict {
    let mlp = Mlp::new(MlpOptions::new(8), &mut Rng::new(0));
    wrong::unless_eq(mlp.up.weight.shape(), [32, 8])
        .note("`up` goes from 8 numbers to 32; a weight is [out, in]")?;
    wrong::unless_eq(mlp.down.weight.shape(), [8, 32])?;
    wrong::unless_eq(mlp.parameter_count(), 552)?;
    let plain = MlpOptions { bias: false, hidden: 5, ..MlpOptions::new(8) };
    let count = Mlp::new(plain, &mut Rng::new(0)).parameter_count();
    wrong::unless_eq(count, 80).because(count > 80, "`bias: false` means: no bias in either layer")
}

fn by_hand() -> Verdict {
    let options = MlpOptions { activation: Activation::Relu, hidden: 1, ..MlpOptions::new(1) };
    let mut mlp = Mlp::new(options, &mut Rng::new(0));
    (mlp.up.weight, mlp.up.bias) = (Tensor::from([[3.0]]), Some(Tensor::from([-1.0])));
    (mlp.down.weight, mlp.down.bias) = (Tensor::from([[2.0]]), Some(Tensor::from([0.5])));
    let got = mlp.forward(&Tensor::from([[1.0], [-1.0]])).to_vec();
    wrong::unless_close(got.as_slice(), [4.5, 0.5], 1e-6)
        .because(
            got == [4.5, -7.5],
            "nothing was bent: two linear layers in a row are one linear layer",
        )
        .because(got == [4.5, 0.0], "the bend comes between the layers, not behind them")
        .because(got == [5.5, 0.5] || got == [6.5, 0.0], "`up` comes first")
}

fn alone() -> Verdict {
    let mlp = Mlp::new(MlpOptions::new(4), &mut Rng::new(0));
    let x = drawn([2, 3, 4], 1);
    let y = mlp.forward(&x);
    wrong::unless_eq(y.shape(), [2, 3, 4])?;
    let one = mlp.forward(&x.select(0, 1).select(0, 2));
    wrong::unless(
        same(&one, &y.select(0, 1).select(0, 2)),
        || "the last token alone gives something else than in its batch",
    )
}

fn dropped() -> Verdict {
    let options = MlpOptions { dropout: 1.0, ..MlpOptions::new(4) };
    let mlp = Mlp::new(options, &mut Rng::new(0));
    let x = drawn([3, 4], 1);
    wrong::unless_close(of(&mlp.forward(&x)), [[0.0_f32; 4]; 3], 0.0)
        .because(true, "the output passes through `dropout`, which is built of options.dropout")?;
    let seen = evaluating(|| mlp.forward(&x)).abs().max().item();
    wrong::unless(seen > 0.0, || "in evaluation nothing is dropped, and all is 0".to_string())
}
