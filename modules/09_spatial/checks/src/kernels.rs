//! 09.4: what the kernel gets.

use crate::numbers::{matrix, meet, nine, of, plane, trials, whole};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_spatial::{Conv2dOp, Conv2dWeightGrad, conv2d};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.4.bias",
        exercise: "09.4",
        fact: "a bias used at 20 places of 2 pictures gets 40 gradients of 1",
        run: bias,
    },
    Check {
        id: "09.4.by_hand",
        exercise: "09.4",
        fact: "with a gradient of 1, the taps get what they saw of 1 to 9: 12 16 / 24 28",
        run: by_hand,
    },
    Check {
        id: "09.4.one_place",
        exercise: "09.4",
        fact: "a gradient at one place of the output gives the patch below it",
        run: one_place,
    },
    Check {
        id: "09.4.batch",
        exercise: "09.4",
        fact: "two pictures of ones give each of 4 taps 2 * 4",
        run: batch,
    },
    Check {
        id: "09.4.all",
        exercise: "09.4",
        fact: "with every setting the gradients are those of the definition",
        run: all,
    },
    Check {
        id: "09.4.long_sum",
        exercise: "09.4",
        fact: "16,777,216 and a hundred ones are 16,777,316",
        run: long_sum,
    },
    Check {
        id: "09.4.walk",
        exercise: "09.4",
        fact: "backward through conv2d gives a weight and a bias these gradients",
        run: walk,
    },
];

fn weight_grad(conv: Conv2dOp, g: &Tensor, x: &Tensor, kernel: [usize; 2]) -> Tensor {
    dispatch(Conv2dWeightGrad { conv, kernel }, &[g, x])
}

fn bias() -> Verdict {
    let (x, weight) = (Tensor::zeros([2, 1, 4, 5]), Tensor::zeros([3, 1, 1, 1]));
    let bias = Tensor::zeros([3]).with_grad();
    let grads = conv2d(&x, &weight, Some(&bias), Conv2dOp::default()).sum().backward();
    let got = grads.of(&bias);
    let first = got.to_vec()[0];
    wrong::unless_close(of(got), [40.0, 40.0, 40.0], 0.0)
        .because(first == 1.0, "1 is a mean: what a bias gets from its places adds up")
        .because(first == 20.0, "20 is one picture: the batch adds up, too")
}

fn by_hand() -> Verdict {
    let got = weight_grad(Conv2dOp::default(), &Tensor::ones([1, 1, 2, 2]), &nine(), [2, 2]);
    let first = got.to_vec()[0];
    wrong::unless_close(matrix(&got), [[12.0, 16.0], [24.0, 28.0]], 0.0)
        .because(
            first == 28.0,
            "28 is what the last tap saw: the order of the taps is turned around",
        )
        .because(
            first == 9.0,
            "9 is the last row alone: what a weight gets from its places adds up",
        )
        .note("the first tap saw 1, 2, 4 and 5")
}

fn one_place() -> Verdict {
    let g = plane([[0.0, 0.0], [10.0, 0.0]]);
    let got = weight_grad(Conv2dOp::default(), &g, &nine(), [2, 2]);
    wrong::unless_close(matrix(&got), [[40.0, 50.0], [70.0, 80.0]], 0.0)
        .note("the output at row 1, column 0 saw 4 5 / 7 8, and its gradient is 10")
}

fn batch() -> Verdict {
    let (g, x) = (Tensor::ones([2, 1, 2, 2]), Tensor::ones([2, 1, 3, 3]));
    let got = weight_grad(Conv2dOp::default(), &g, &x, [2, 2]);
    let first = got.to_vec()[0];
    wrong::unless_close(matrix(&got), [[8.0, 8.0], [8.0, 8.0]], 0.0)
        .because(first == 4.0, "4 is the share of one picture: the pictures of a batch add up")
        .because(first == 2.0, "2 is one row per picture, the rows add up")
}

fn all() -> Verdict {
    for trial in trials() {
        let (conv, shape, kernel) = trial;
        let x = whole(shape, 1);
        let g = whole(meet(trial, |_, _, _| {}), 2);
        let (numbers, gradients) = (x.to_vec(), g.to_vec());
        let mut expected = vec![0.0_f32; kernel.iter().product()];
        meet(trial, |out, w, input| expected[w] += gradients[out] * numbers[input]);
        let got = weight_grad(conv, &g, &x, [kernel[2], kernel[3]]);
        let note = format!("{conv:?}, x {}, weight {kernel:?}", x.shape());
        wrong::unless_close(of(&got), of(&Tensor::from_vec(expected, kernel)), 0.0).note(note)?;
    }
    Ok(())
}

fn long_sum() -> Verdict {
    let mut x = vec![1.0; 101];
    x[0] = 16_777_216.0;
    let x = Tensor::from_vec(x, [1, 1, 101, 1]);
    let got = weight_grad(Conv2dOp::default(), &Tensor::ones([1, 1, 101, 1]), &x, [1, 1]).item();
    wrong::unless_eq(got, 16_777_316.0).because(
        got == 16_777_216.0,
        "in f32 a sum of 2^24 no longer feels a 1: add up in f64, row by row",
    )
}

fn walk() -> Verdict {
    let weight = Tensor::zeros([1, 1, 2, 2]).with_grad();
    let bias = Tensor::zeros([1]).with_grad();
    let y = conv2d(&nine(), &weight, Some(&bias), Conv2dOp::default());
    let gradient = Some(plane([[1.0, 0.0], [0.0, 100.0]]));
    let grads = y.backward_with(BackwardOptions { gradient, ..Default::default() });
    wrong::unless_close(matrix(grads.of(&weight)), [[501.0, 602.0], [804.0, 905.0]], 0.0)?;
    wrong::unless_close(of(grads.of(&bias)), [101.0], 0.0)
}
