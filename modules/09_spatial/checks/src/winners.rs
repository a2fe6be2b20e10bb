//! 09.7: the strongest of a window.

use crate::numbers::{drawn, matrix, of, plane};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_layers::Module;
use tinytorch_spatial::{MaxPool2d, MaxPool2dOp};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.7.by_hand",
        exercise: "09.7",
        fact: "the largest of each 2 by 2 of 1 5 2 0 / 3 4 8 7 are 5 and 8, at places 1 and 6",
        run: by_hand,
    },
    Check {
        id: "09.7.negative",
        exercise: "09.7",
        fact: "the largest of -5 -3 / -4 -9 is -3",
        run: negative,
    },
    Check {
        id: "09.7.border",
        exercise: "09.7",
        fact: "a border never wins, not even over -5",
        run: border,
    },
    Check {
        id: "09.7.planes",
        exercise: "09.7",
        fact: "each channel of each picture has its own winners, counted from the start of its \
         plane",
        run: planes,
    },
    Check { id: "09.7.nan", exercise: "09.7", fact: "a NaN in a window comes through", run: nan },
    Check {
        id: "09.7.gradient",
        exercise: "09.7",
        fact: "the winner gets the gradient of its window, the others nothing",
        run: gradient,
    },
    Check {
        id: "09.7.ties",
        exercise: "09.7",
        fact: "of equals the first one gets the whole gradient",
        run: ties,
    },
    Check {
        id: "09.7.overlap",
        exercise: "09.7",
        fact: "who wins in four windows gets the gradients of four",
        run: overlap,
    },
];

fn halves() -> MaxPool2d {
    MaxPool2d::new([2, 2])
}

fn example() -> Tensor {
    plane([[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 7.0]])
}

fn by_hand() -> Verdict {
    let places = MaxPool2dOp(halves()).winners(&example());
    wrong::unless_eq(places.shape(), [1, 1, 2])?;
    let got = places.to_vec_i32();
    wrong::unless_eq(&got, &[1, 6])
        .because(got[1] != 6, "places count in the plane, row * w + col, not in the window")?;
    wrong::unless_close(matrix(&halves().forward(&example())), [[5.0, 8.0]], 0.0)
}

fn negative() -> Verdict {
    let got = halves().forward(&plane([[-5.0, -3.0], [-4.0, -9.0]])).item();
    wrong::unless_eq(got, -3.0)
        .because(got == 0.0, "0 is none of the four: begin with a number of the window, not with 0")
        .because(
            got == -5.0,
            "-5 stands first: a best that starts at 0 is beaten by no negative number",
        )
        .because(got == -9.0, "-9 is the smallest")
}

fn border() -> Verdict {
    let pool = MaxPool2d { padding: [1, 1], ..halves() };
    let got = pool.forward(&Tensor::full([1, 1, 3, 3], -5.0));
    wrong::unless_close(matrix(&got), [[-5.0, -5.0], [-5.0, -5.0]], 0.0)
        .because(got.max().item() == 0.0, "a 0 from the border won: the border is minus infinity")
}

fn planes() -> Verdict {
    let x = drawn([2, 3, 4, 6], 1);
    let got = MaxPool2d { kernel: [2, 3], stride: [2, 3], padding: [0, 0] }.forward(&x);
    let expected = x.reshape([6, 2, 2, 2, 3]).max_over([2, 4], false).reshape([2, 3, 2, 2]);
    wrong::unless_close(of(&got), of(&expected), 0.0)
}

fn nan() -> Verdict {
    for x in [plane([[f32::NAN, 1.0], [2.0, 3.0]]), plane([[1.0, 2.0], [f32::NAN, 3.0]])] {
        let got = halves().forward(&x).item();
        wrong::unless(got.is_nan(), || format!("the maximum is {got}")).because(
            true,
            "a NaN was passed over: no number is larger than it and it is larger than none, so ask",
        )?;
    }
    Ok(())
}

fn gradient() -> Verdict {
    let x = example().with_grad();
    let gradient = Some(plane([[10.0, 100.0]]));
    let y = halves().forward(&x);
    let grads = y.backward_with(BackwardOptions { gradient, ..Default::default() });
    let got = grads.of(&x);
    wrong::unless_close(matrix(got), [[0.0, 10.0, 0.0, 0.0], [0.0, 0.0, 100.0, 0.0]], 0.0).because(
        got.at([0, 0, 0, 0]) != 0.0,
        "who did not win gets nothing: a small step of it changes nothing",
    )
}

fn ties() -> Verdict {
    let x = plane([[1.0, 3.0], [3.0, 3.0]]).with_grad();
    let grads = halves().forward(&x).sum().backward();
    let got = grads.of(&x).to_vec();
    wrong::unless_eq(&got, &[0.0, 1.0, 0.0, 0.0])
        .because(
            got == [0.0, 1.0, 1.0, 1.0],
            "three equals got the gradient three times: one of them has to be chosen",
        )
        .because(
            got == [0.0, 0.0, 0.0, 1.0],
            "that is the last of the equals: only a larger number replaces the best",
        )
        .because(got[1] > 0.0 && got[1] < 1.0, "PyTorch gives all of it to the first")
}

fn overlap() -> Verdict {
    let x = plane([[0.0, 1.0, 0.0], [2.0, 9.0, 3.0], [0.0, 4.0, 0.0]]).with_grad();
    let pool = MaxPool2d { stride: [1, 1], ..halves() };
    let grads = pool.forward(&x).sum().backward();
    let got = grads.of(&x).at([0, 0, 1, 1]);
    wrong::unless_eq(got, 4.0)
        .because(got == 1.0, "the gradients of four windows overwrote each other: add")
}
