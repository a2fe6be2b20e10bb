//! 09.5: what the picture gets.

use crate::numbers::{matrix, meet, of, plane, trials, whole};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::gradcheck;
use tinytorch_spatial::{Conv2dInputGrad, Conv2dOp, conv2d};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.5.by_hand",
        exercise: "09.5",
        fact: "with taps 1 10 / 100 1000 and gradients of 1, the middle of 3 by 3 gets 1111",
        run: by_hand,
    },
    Check {
        id: "09.5.one_place",
        exercise: "09.5",
        fact: "a gradient at one place of the output gives the kernel to the patch below it",
        run: one_place,
    },
    Check {
        id: "09.5.unseen",
        exercise: "09.5",
        fact: "with a stride of 2, the last row and column of 6 by 6 are not seen and get 0",
        run: unseen,
    },
    Check {
        id: "09.5.all",
        exercise: "09.5",
        fact: "with every setting the gradients are those of the definition",
        run: all,
    },
    Check {
        id: "09.5.differences",
        exercise: "09.5",
        fact: "all three gradients of conv2d are what differences of it say they are",
        run: differences,
    },
];

fn input_grad(conv: Conv2dOp, g: &Tensor, weight: &Tensor, size: [usize; 2]) -> Tensor {
    dispatch(Conv2dInputGrad { conv, size }, &[g, weight])
}

fn by_hand() -> Verdict {
    let weight = plane([[1.0, 10.0], [100.0, 1000.0]]);
    let got = input_grad(Conv2dOp::default(), &Tensor::ones([1, 1, 2, 2]), &weight, [3, 3]);
    let middle = got.at([0, 0, 1, 1]);
    let expected = [[1.0, 11.0, 10.0], [101.0, 1111.0, 1010.0], [100.0, 1100.0, 1000.0]];
    wrong::unless_close(matrix(&got), expected, 0.0)
        .because(
            [1.0, 10.0, 100.0, 1000.0].contains(&middle),
            "the middle was seen by four windows and kept what one of them gave: windows \
             overlap, so add",
        )
        .because(
            got.at([0, 0, 0, 0]) == 1000.0,
            "the corner was met by the first tap: the kernel is turned around",
        )
}

fn one_place() -> Verdict {
    let weight = plane([[1.0, 2.0], [3.0, 4.0]]);
    let g = plane([[0.0, 10.0], [0.0, 0.0]]);
    let got = input_grad(Conv2dOp::default(), &g, &weight, [3, 3]);
    let expected = [[0.0, 10.0, 20.0], [0.0, 30.0, 40.0], [0.0, 0.0, 0.0]];
    wrong::unless_close(matrix(&got), expected, 0.0).because(
        got.at([0, 0, 0, 1]) == 40.0,
        "the kernel is turned around: tap 0 met the upper left",
    )
}

fn unseen() -> Verdict {
    let conv = Conv2dOp { stride: [2, 2], ..Conv2dOp::default() };
    let got = input_grad(conv, &Tensor::ones([1, 1, 2, 2]), &Tensor::ones([1, 1, 3, 3]), [6, 6]);
    wrong::unless_eq(got.shape(), [1, 1, 6, 6])
        .note("the size is given: the output of 2 by 2 could come from 5 by 5, too")?;
    let row = got.select(2, 2).reshape([6]).to_vec();
    wrong::unless_eq(&row, &[2.0, 2.0, 4.0, 2.0, 2.0, 0.0])
        .because(
            row[1] == 4.0,
            "neighbors got what belongs to every second pixel: x goes in strides",
        )
        .note("row 2 and column 2 lie below two windows each way")?;
    wrong::unless_eq(got.select(2, 5).abs().max().item(), 0.0)
}

fn all() -> Verdict {
    for trial in trials() {
        let (conv, shape, kernel) = trial;
        let weight = whole(kernel, 1);
        let g = whole(meet(trial, |_, _, _| {}), 2);
        let (weights, gradients) = (weight.to_vec(), g.to_vec());
        let mut expected = vec![0.0_f32; shape.iter().product()];
        meet(trial, |out, w, input| expected[input] += gradients[out] * weights[w]);
        let got = input_grad(conv, &g, &weight, [shape[2], shape[3]]);
        let note = format!("{conv:?}, x {shape:?}, weight {}", weight.shape());
        wrong::unless_close(of(&got), of(&Tensor::from_vec(expected, shape)), 0.0).note(note)?;
    }
    Ok(())
}

fn differences() -> Verdict {
    for (conv, x, weight) in trials() {
        let inputs = [whole(x, 1) / 4.0, whole(weight, 2) / 4.0, whole([weight[0]], 3)];
        let square = |y: Tensor| &y * &y;
        let f = |x: &[Tensor]| square(conv2d(&x[0], &x[1], Some(&x[2]), conv)).mean();
        let outcome = gradcheck(f, &inputs);
        wrong::unless(outcome.is_ok(), || outcome.expect_err("it is none").to_string())
            .note(format!("{conv:?}"))?;
    }
    Ok(())
}
