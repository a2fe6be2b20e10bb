//! 09.11: back through the statistics.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, gradcheck};
use tinytorch_layers::Module;
use tinytorch_spatial::{
    BatchNorm2d, BatchNormBackward, BatchNormOp, BatchNormStats, BatchNormSums,
};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.11.sums",
        exercise: "09.11",
        fact: "of -1 -1 1 1 and gradients 1 2 3 5, the sums are 11 and 5",
        run: sums,
    },
    Check {
        id: "09.11.by_hand",
        exercise: "09.11",
        fact: "of -1 -1 1 1 and the gradient 1 0 0 0, the numbers get 0.5 -0.5 0 0",
        run: by_hand,
    },
    Check {
        id: "09.11.two",
        exercise: "09.11",
        fact: "two numbers are -1 and 1 whatever they were: they get nothing",
        run: two,
    },
    Check {
        id: "09.11.evaluation",
        exercise: "09.11",
        fact: "in evaluation each number gets its gradient times weight / deviation",
        run: evaluation,
    },
    Check {
        id: "09.11.per_channel",
        exercise: "09.11",
        fact: "each channel has its own sums, over all pictures",
        run: per_channel,
    },
    Check {
        id: "09.11.differences",
        exercise: "09.11",
        fact: "the gradients of a layer in training are what differences say they are",
        run: differences,
    },
];

/// Four numbers of one channel, in two pictures.
fn four(numbers: [f32; 4]) -> Tensor {
    Tensor::from(numbers).reshape([2, 1, 1, 2])
}

/// Sums and gradient of `x`, for a gradient `g`, without eps.
fn passed(x: &Tensor, weight: f32, g: &Tensor, own: bool) -> (Tensor, Tensor) {
    let op = BatchNormOp { eps: 0.0, own };
    let (stats, weight) = (dispatch(BatchNormStats, &[x]), Tensor::from([weight]));
    let sums = dispatch(BatchNormSums(op), &[x, &stats, g]);
    let gradient = dispatch(BatchNormBackward(op), &[x, &stats, &weight, g, &sums]);
    (sums, gradient)
}

fn sums() -> Verdict {
    let g = four([1.0, 2.0, 3.0, 5.0]);
    let (unit, _) = passed(&four([-1.0, -1.0, 1.0, 1.0]), 1.0, &g, true);
    wrong::unless_close(of(&unit), [[11.0], [5.0]], 1e-6)
        .because(unit.to_vec() == [5.0, 11.0], "first the sum of g, then that of g x̂")?;
    let (wide, _) = passed(&four([8.0, 8.0, 12.0, 12.0]), 1.0, &g, true);
    let second = wide.to_vec()[1];
    wrong::unless_close(of(&wide), [[11.0], [5.0]], 1e-6)
        .because(
            second == 10.0,
            "8 and 12 are -1 and 1 when normalized: multiply by the scale, 1/2",
        )
        .because(second == 60.0, "that is the sum of g x: the mean was not taken off")
}

fn by_hand() -> Verdict {
    let g = four([1.0, 0.0, 0.0, 0.0]);
    let (_, got) = passed(&four([-1.0, -1.0, 1.0, 1.0]), 1.0, &g, true);
    let got = got.to_vec();
    wrong::unless_close(&got, [0.5, -0.5, 0.0, 0.0], 1e-6)
        .because(
            got == [1.0, 0.0, 0.0, 0.0],
            "the statistics were taken for constants: they move with every number",
        )
        .because(
            got == [0.75, -0.25, 0.25, 0.25],
            "the part through the mean is missing: sum(g) / 4 of each",
        )
        .because(
            got == [0.75, -0.25, -0.25, -0.25],
            "the part through the variance is missing: x̂ * sum(g x̂) / 4",
        )
        .because(
            got == [1.0, 0.0, -0.5, -0.5],
            "the part through the variance has the wrong sign: both are taken off",
        )
        .note("1 - 1/4 - (-1)(-1)/4 is 0.5")
}

fn two() -> Verdict {
    let x = Tensor::from([1.0, 3.0]).reshape([2, 1, 1, 1]);
    let g = Tensor::from([5.0, 1.0]).reshape([2, 1, 1, 1]);
    let (_, got) = passed(&x, 2.0, &g, true);
    wrong::unless_close(got.to_vec(), [0.0, 0.0], 1e-6)
}

fn evaluation() -> Verdict {
    let g = four([1.0, 0.0, 2.0, 0.0]);
    let (_, got) = passed(&four([8.0, 8.0, 12.0, 12.0]), 10.0, &g, false);
    let got = got.to_vec();
    wrong::unless_close(&got, [5.0, 0.0, 10.0, 0.0], 1e-6)
        .because(
            got[1] != 0.0,
            "in evaluation the statistics are constants: a number acts on itself only",
        )
        .because(got[0] == 10.0, "divide by the deviation, 2")
        .because(got[0] == 0.5, "the weight is missing")
}

fn per_channel() -> Verdict {
    let x = drawn([3, 2, 2, 2], 1);
    let (stats, g) = (dispatch(BatchNormStats, &[&x]), drawn([3, 2, 2, 2], 2));
    let op = BatchNormOp { eps: 0.0, own: true };
    let got = dispatch(BatchNormSums(op), &[&x, &stats, &g]);
    let sums = g.sum_over([0, 2, 3], false);
    wrong::unless_close(of(&got.select(0, 0)), of(&sums), 1e-5)?;
    let weight = Tensor::from([1.0, -3.0]);
    let back = dispatch(BatchNormBackward(op), &[&x, &stats, &weight, &g, &got]);
    let left = back.sum_over([0, 2, 3], false);
    wrong::unless_close(of(&left), [0.0, 0.0], 1e-5)
        .note("to add 1 to a whole channel changes nothing, so its gradients add up to 0")?;
    let left = (&x * &back).sum_over([0, 2, 3], false);
    wrong::unless_close(of(&left), [0.0, 0.0], 1e-4)
        .note("to stretch a whole channel changes nothing either")
}

fn differences() -> Verdict {
    let shape = [2, 2, 2, 3];
    let inputs = [drawn(shape, 1), drawn([2], 2), drawn([2], 3)];
    let target = drawn(shape, 4);
    let f = |x: &[Tensor]| {
        let mut layer = BatchNorm2d::new(2);
        (layer.weight, layer.bias) = (Some(x[1].clone()), Some(x[2].clone()));
        (layer.forward(&x[0]) * &target).sum()
    };
    let outcome = gradcheck(f, &inputs);
    wrong::unless(outcome.is_ok(), || outcome.expect_err("it is none").to_string())
        .note("inputs 0, 1, 2 are x, weight, bias")?;
    let bias = inputs[2].clone().with_grad();
    let mut layer = BatchNorm2d::new(2);
    layer.bias = Some(bias.clone());
    layer.weight = None;
    let grads = layer.forward(&inputs[0]).sum().backward();
    wrong::unless_close(of(grads.of(&bias)), [12.0, 12.0], 1e-5).note("a bias alone")
}
