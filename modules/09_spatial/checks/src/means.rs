//! 09.8: the mean of a window.

use crate::numbers::{counted, drawn, matrix, of, plane, whole};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions, gradcheck};
use tinytorch_layers::Module;
use tinytorch_spatial::{AdaptiveAvgPool2d, AvgPool2d};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.8.by_hand",
        exercise: "09.8",
        fact: "the means of the 2 by 2 of 1 3 0 8 / 5 7 4 0 are 4 and 3",
        run: by_hand,
    },
    Check {
        id: "09.8.border",
        exercise: "09.8",
        fact: "a corner of 4 with three border zeros has the mean 1, or 4 if they do not count",
        run: border,
    },
    Check {
        id: "09.8.planes",
        exercise: "09.8",
        fact: "each channel of each picture has its own means",
        run: planes,
    },
    Check {
        id: "09.8.adaptive",
        exercise: "09.8",
        fact: "3 means over 0 1 2 3 4 are over 0 1, 1 2 3, and 3 4",
        run: adaptive,
    },
    Check {
        id: "09.8.to_one",
        exercise: "09.8",
        fact: "to [1, 1], each channel becomes its mean, whatever the size of the picture",
        run: to_one,
    },
    Check {
        id: "09.8.gradient",
        exercise: "09.8",
        fact: "each of 4 numbers gets a quarter of the gradient of its mean",
        run: gradient,
    },
    Check {
        id: "09.8.overlap",
        exercise: "09.8",
        fact: "of windows that overlap, the middle gets a part from each",
        run: overlap,
    },
    Check {
        id: "09.8.differences",
        exercise: "09.8",
        fact: "the gradients of all means are what differences say they are",
        run: differences,
    },
];

fn by_hand() -> Verdict {
    let x = plane([[1.0, 3.0, 0.0, 8.0], [5.0, 7.0, 4.0, 0.0]]);
    let got = AvgPool2d::new([2, 2]).forward(&x);
    wrong::unless_close(matrix(&got), [[4.0, 3.0]], 0.0)
        .because(got.at([0, 0, 0, 0]) == 16.0, "16 is the sum: divide by the number of places, 4")
        .because(got.at([0, 0, 0, 0]) == 8.0, "8 is divided by one axis only: height times width")
}

fn border() -> Verdict {
    let pool = AvgPool2d { padding: [1, 1], ..AvgPool2d::new([2, 2]) };
    let x = Tensor::full([1, 1, 2, 2], 4.0);
    wrong::unless_close(matrix(&pool.forward(&x)), [[1.0, 1.0], [1.0, 1.0]], 0.0)
        .note("the border counts: 4 / 4")?;
    let real = AvgPool2d { count_include_pad: false, ..pool };
    wrong::unless_close(matrix(&real.forward(&x)), [[4.0, 4.0], [4.0, 4.0]], 0.0)
        .note("only what is real counts: 4 / 1; `shares` knows the counts")
}

fn planes() -> Verdict {
    let x = whole([2, 3, 4, 6], 1);
    let got = AvgPool2d { stride: [2, 3], ..AvgPool2d::new([2, 3]) }.forward(&x);
    let expected = x.reshape([6, 2, 2, 2, 3]).mean_over([2, 4], false).reshape([2, 3, 2, 2]);
    wrong::unless_close(of(&got), of(&expected), 1e-6)
}

fn adaptive() -> Verdict {
    let x = plane([[0.0, 1.0, 2.0, 3.0, 4.0]]);
    let got = AdaptiveAvgPool2d::new([1, 3]).forward(&x);
    let numbers = got.to_vec();
    wrong::unless_close(matrix(&got), [[0.5, 2.0, 3.5]], 1e-6)
        .because(numbers[0] == 0.0, "the first sees 0 up to 5 / 3, rounded up: two places")
        .because(numbers[1] == 2.5, "the second begins at 5 / 3, rounded down: place 1")
}

fn to_one() -> Verdict {
    for size in [[1, 1], [3, 5], [8, 8]] {
        let x = drawn([2, 3, size[0], size[1]], 1);
        let got = AdaptiveAvgPool2d::new([1, 1]).forward(&x);
        let expected = x.mean_over([2, 3], true);
        wrong::unless_close(of(&got), of(&expected), 1e-5).note(format!("pictures of {size:?}"))?;
    }
    Ok(())
}

fn gradient() -> Verdict {
    let x = counted([1, 1, 2, 4]).with_grad();
    let y = AvgPool2d::new([2, 2]).forward(&x);
    let gradient = Some(plane([[4.0, 40.0]]));
    let grads = y.backward_with(BackwardOptions { gradient, ..Default::default() });
    let got = grads.of(&x);
    wrong::unless_close(matrix(got), [[1.0, 1.0, 10.0, 10.0], [1.0, 1.0, 10.0, 10.0]], 0.0).because(
        got.at([0, 0, 0, 0]) == 4.0,
        "each got the whole gradient: a step of one number moves the mean by a quarter of it",
    )
}

fn overlap() -> Verdict {
    let x = counted([1, 1, 1, 3]).with_grad();
    let pool = AvgPool2d { stride: [1, 1], ..AvgPool2d::new([1, 2]) };
    let grads = pool.forward(&x).sum().backward();
    let got = grads.of(&x);
    wrong::unless_close(matrix(got), [[0.5, 1.0, 0.5]], 0.0).because(
        got.at([0, 0, 0, 1]) == 0.5,
        "the middle lies in two windows and kept the part of one: add",
    )
}

fn differences() -> Verdict {
    let layers: [&dyn Module; 3] = [
        &AvgPool2d { padding: [1, 1], stride: [2, 1], ..AvgPool2d::new([3, 2]) },
        &AvgPool2d { padding: [1, 0], count_include_pad: false, ..AvgPool2d::new([2, 2]) },
        &AdaptiveAvgPool2d::new([3, 2]),
    ];
    for layer in layers {
        let f = |x: &[Tensor]| {
            let y = layer.forward(&x[0]);
            (&y * &y).sum()
        };
        let outcome = gradcheck(f, &[drawn([1, 2, 4, 5], 3)]);
        wrong::unless(outcome.is_ok(), || outcome.expect_err("it is none").to_string())?;
    }
    Ok(())
}
