//! 13.2: the way back through layer norm.

use crate::numbers::{drawn, near, of, shares, unless_judged};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::Backward;
use tinytorch_tensor::{Tensor, dispatch};
use tinytorch_transformers::{LayerNormBackward, layer_norm};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.2.by_hand",
        exercise: "13.2",
        fact: "2 4 6 with the gradient 1 0 0 gets 0.1021 -0.2041 0.1021",
        run: by_hand,
    },
    Check {
        id: "13.2.nothing",
        exercise: "13.2",
        fact: "a gradient that would move or stretch the whole row asks for nothing",
        run: nothing,
    },
    Check {
        id: "13.2.parameters",
        exercise: "13.2",
        fact: "weight and bias get the sums over all rows: of g x_hat, and of g",
        run: parameters,
    },
    Check {
        id: "13.2.wanted",
        exercise: "13.2",
        fact: "who is frozen gets nothing, and the others get theirs",
        run: wanted,
    },
    Check {
        id: "13.2.judged",
        exercise: "13.2",
        fact: "all gradients are what differences give, with and without weight and bias",
        run: judged,
    },
];

fn back(x: [f32; 3], g: [f32; 3]) -> Tensor {
    dispatch(LayerNormBackward { eps: 0.0 }, &[&Tensor::from([x]), &Tensor::from([g])])
}

fn by_hand() -> Verdict {
    let got = back([2.0, 4.0, 6.0], [1.0, 0.0, 0.0]);
    wrong::unless_close(of(&got), [[0.102_062_07, -0.204_124_15, 0.102_062_07]], 1e-6)
        .because(
            near(&got, &[0.408_248, -0.204_124, -0.204_124]),
            "what would stretch the row is still in it: x_hat mean(g x_hat) comes off, too",
        )
        .because(
            near(&got, &[0.306_186, 0.0, 0.306_186]),
            "what would move the whole row is still in it: mean(g) comes off, too",
        )
        .because(
            near(&got, &[0.612_372, 0.0, 0.0]),
            "that is g times the scale: mean and variance depend on x, too",
        )
        .because(
            near(&got, &[0.166_667, -0.333_333, 0.166_667]),
            "the scale, 1 / sqrt(8/3) = 0.6124, is missing",
        )
        .because(
            near(&got, &[0.714_435, -0.204_124, -0.510_31]),
            "that adds x_hat mean(g x_hat): it comes off",
        )
}

fn nothing() -> Verdict {
    let row = [2.0, 4.0, 6.0];
    for g in [[1.0, 1.0, 1.0], [-1.224_744_9, 0.0, 1.224_744_9]] {
        wrong::unless_close(of(&back(row, g)), [[0.0_f32; 3]], 1e-6).because(
            g[0] < 0.0,
            "this g points along x_hat: it would stretch the row, which changes no result",
        )?;
    }
    Ok(())
}

fn parameters() -> Verdict {
    let x = Tensor::from([[2.0, 4.0, 6.0], [6.0, 4.0, 2.0]]);
    let g = Tensor::from([[1.0, 1.0, 1.0], [2.0, 0.0, 1.0]]);
    let inputs = [x, Tensor::ones([3]), Tensor::zeros([3])];
    let norm = |x: &[Tensor; 3]| layer_norm(&x[0], Some(&x[1]), Some(&x[2]), 0.0);
    let [_, weight, bias] = shares(norm, inputs, g);
    wrong::unless_close(of(&bias), [3.0, 1.0, 2.0], 1e-6)
        .note("the bias of a column is added in both rows: 1 + 2, 1 + 0, 1 + 1")?;
    wrong::unless_close(of(&weight), [1.224_744_9, 0.0, 0.0], 1e-6)
        .because(
            near(&weight, &[14.0, 4.0, 8.0]),
            "that is the sum of g x: the weight meets x_hat, the normalized row",
        )
        .because(near(&weight, &[3.0, 1.0, 2.0]), "that is the bias's: times x_hat is missing")
}

fn wanted() -> Verdict {
    let x = drawn([2, 3], 1);
    let (weight, bias) = (drawn([3], 2).with_grad(), drawn([3], 3));
    let grads = layer_norm(&x, Some(&weight), Some(&bias), 0.1).sum().backward();
    wrong::unless_eq(grads.len(), 1).note("only the weight was to be trained")?;
    let x = x.with_grad();
    let grads = layer_norm(&x, Some(&weight.detach()), Some(&bias), 0.1).sum().backward();
    wrong::unless_eq(grads.len(), 1).note("only the numbers wanted a gradient")
}

fn judged() -> Verdict {
    let (x, w, b) = (drawn([2, 2, 4], 1), drawn([4], 2), drawn([4], 3));
    unless_judged(|[x]| layer_norm(x, None, None, 0.1), [x.clone()])?;
    unless_judged(|[x, w]| layer_norm(x, Some(w), None, 0.1), [x.clone(), w.clone()])
        .note("the gradient of x_hat is g times the weight")?;
    unless_judged(|[x, w, b]| layer_norm(x, Some(w), Some(b), 0.1), [x, w, b])
}
