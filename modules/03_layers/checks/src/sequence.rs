//! 03.6: layers one after the other.

use crate::nets::layer;
use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_layers::{Flatten, Identity, Linear, Module, ReLU, Sequential, sequential};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "03.6.by_hand",
        exercise: "03.6",
        fact: "2 -1 through a layer is -1 2, through relu 0 2, through another layer 2 20",
        run: by_hand,
    },
    Check {
        id: "03.6.nested",
        exercise: "03.6",
        fact: "a sequence in a sequence runs in its place",
        run: nested,
    },
    Check {
        id: "03.6.none",
        exercise: "03.6",
        fact: "no layers give x itself, without a copy",
        run: none,
    },
];

fn plain<const I: usize, const O: usize>(weight: [[f32; I]; O], bias: [f32; O]) -> Linear {
    Linear { weight: Tensor::from(weight), bias: Some(Tensor::from(bias)) }
}

fn by_hand() -> Verdict {
    let model = sequential![
        plain([[1.0, 2.0], [3.0, 4.0]], [-1.0, 0.0]),
        ReLU,
        plain([[10.0, 1.0], [1.0, 10.0]], [0.0, 0.0]),
    ];
    let y = model.forward(&Tensor::from([[2.0, -1.0]]));
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[2.0, 20.0]], 0.0)
        .because(got == [-8.0, 19.0], "relu was left out")
        .because(got == [-1.0, 2.0], "only the first layer ran")
        .because(got == [0.0, 2.0], "the last layer was left out")
        .because(
            got == [19.0, -8.0],
            "only the last layer ran: each gets what the one before gives",
        )
        .because(got == [18.0, 57.0], "the layers ran from the last to the first")
        .because(got == [2.0, -1.0], "this is x itself")
}

fn nested() -> Verdict {
    let x = Tensor::from([[[1.0, 2.0], [3.0, 4.0]]]);
    let inner = sequential![layer(4, 3, 1.0), ReLU];
    let mut model = sequential![Flatten, Identity, inner];
    model.push(plain([[1.0, 1.0, -1.0]], [0.5]));
    wrong::unless_close(of(&model.forward(&x)), [[11.5]], 1e-6)
        .note("1 2 3 4, flat; 11 11 11 behind the inner layers; 11 + 11 - 11 + 0.5")
}

fn none() -> Verdict {
    let x = Tensor::from([1.0, 2.0]);
    let y = Sequential::new(vec![]).forward(&x);
    wrong::unless_close(of(&y), [1.0, 2.0], 0.0)?;
    wrong::unless(y.shares_storage(&x), || "the numbers were copied")
}
