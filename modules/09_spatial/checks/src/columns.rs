//! 09.6: patches as columns.

use crate::numbers::{counted, drawn, matrix, nine, of, plane, trials, whole};
use check::{Because, Check, Verdict, wrong};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_autograd::Backward;
use tinytorch_spatial::{Conv2dOp, conv2d, conv2d_by_matmul, unfold};
use tinytorch_tensor::{Interpreter, Op, Tensor, pass_on, with};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.6.by_hand",
        exercise: "09.6",
        fact: "the four patches of 1 to 9 are the columns 1 2 4 5, 2 3 5 6, 4 5 7 8 and 5 6 8 9",
        run: by_hand,
    },
    Check {
        id: "09.6.border",
        exercise: "09.6",
        fact: "what a patch sees of the border is 0",
        run: border,
    },
    Check {
        id: "09.6.channels",
        exercise: "09.6",
        fact: "the rows are those of channel 0, tap by tap, then those of channel 1",
        run: channels,
    },
    Check {
        id: "09.6.stride",
        exercise: "09.6",
        fact: "with a stride of 2 there are fewer columns, two pixels apart",
        run: stride,
    },
    Check {
        id: "09.6.product",
        exercise: "09.6",
        fact: "kernels times patches is the convolution, with every setting",
        run: product,
    },
    Check {
        id: "09.6.gradients",
        exercise: "09.6",
        fact: "and its gradients, which nobody wrote, are those of the convolution",
        run: gradients,
    },
    Check {
        id: "09.6.bytes",
        exercise: "09.6",
        fact: "patches of 3 by 3 of [1, 64, 32, 32] take 2,359,296 bytes, the picture 262,144",
        run: bytes,
    },
];

fn by_hand() -> Verdict {
    let got = unfold(&nine(), Conv2dOp::default().windows([2, 2]));
    wrong::unless_eq(got.shape(), [1, 4, 4])?;
    let first = got.select(0, 0).select(1, 1).to_vec();
    let rows =
        [[1.0, 2.0, 4.0, 5.0], [2.0, 3.0, 5.0, 6.0], [4.0, 5.0, 7.0, 8.0], [5.0, 6.0, 8.0, 9.0]];
    wrong::unless_close(matrix(&got), rows, 0.0)
        .because(
            first == [2.0, 5.0, 3.0, 6.0],
            "the taps of a column go row by row of the kernel: i before j",
        )
        .note("here the table of rows and that of columns happen to be the same")?;
    let got = unfold(&nine(), Conv2dOp::default().windows([1, 2]));
    let rows = [[1.0, 2.0, 4.0, 5.0, 7.0, 8.0], [2.0, 3.0, 5.0, 6.0, 8.0, 9.0]];
    wrong::unless_close(matrix(&got), rows, 0.0).note("with a kernel of 1 by 2 they are not")
}

fn border() -> Verdict {
    let conv = Conv2dOp { padding: [1, 1], ..Conv2dOp::default() };
    let got = unfold(&plane([[1.0, 2.0], [3.0, 4.0]]), conv.windows([3, 3])).select(0, 0);
    let corner = got.select(1, 0).to_vec();
    wrong::unless_eq(&corner, &[0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 0.0, 3.0, 4.0])
        .note("the patch of the upper left output: row and column -1 are border")
}

fn channels() -> Verdict {
    let x = counted([2, 2, 1, 3]);
    let got = unfold(&x, Conv2dOp::default().windows([1, 2]));
    wrong::unless_eq(got.shape(), [2, 4, 2])?;
    let rows = [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0], [5.0, 6.0]];
    wrong::unless_close(of(&got.select(0, 0)), rows, 0.0).because(
        got.at([0, 1, 0]) == 4.0,
        "both channels of a tap stand together: a channel's taps do",
    )?;
    wrong::unless_eq(got.at([1, 0, 0]), 7.0).note("the second sample begins at 7")
}

fn stride() -> Verdict {
    let conv = Conv2dOp { stride: [1, 2], ..Conv2dOp::default() };
    let got = unfold(&counted([1, 1, 1, 6]), conv.windows([1, 2]));
    wrong::unless_close(matrix(&got), [[1.0, 3.0, 5.0], [2.0, 4.0, 6.0]], 0.0).because(
        got.at([0, 0, 1]) == 2.0,
        "neighbors in a row of columns are a stride apart in the picture",
    )
}

fn product() -> Verdict {
    for (conv, x, weight) in trials() {
        let (x, weight, bias) = (whole(x, 1), whole(weight, 2), whole([weight[0]], 3));
        let note = format!("{conv:?}, x {}, weight {}", x.shape(), weight.shape());
        for bias in [None, Some(&bias)] {
            let got = conv2d_by_matmul(&x, &weight, bias, conv);
            let expected = conv2d(&x, &weight, bias, conv);
            let without = bias.is_some() && got == conv2d(&x, &weight, None, conv);
            wrong::unless_close(of(&got), of(&expected), 0.0)
                .because(without, "the bias was left out")
                .note(note.clone())?;
        }
    }
    Ok(())
}

fn gradients() -> Verdict {
    for (conv, x, weight) in trials() {
        let (x, weight) = (drawn(x, 1).with_grad(), drawn(weight, 2).with_grad());
        let [plain, unfolded] = [conv2d, conv2d_by_matmul].map(|form| {
            let y = form(&x, &weight, None, conv);
            (&y * &y).mean().backward()
        });
        wrong::unless_close(of(unfolded.of(&x)), of(plain.of(&x)), 1e-5)
            .note(format!("of x, {conv:?}"))?;
        wrong::unless_close(of(unfolded.of(&weight)), of(plain.of(&weight)), 1e-5)
            .note(format!("of the weight, {conv:?}"))?;
    }
    Ok(())
}

/// The bytes of what `unfold` gives.
#[derive(Default)]
struct Unfolded(Cell<usize>);

impl Interpreter for Unfolded {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let y = pass_on(op, x);
        if op.name() == "unfold" {
            self.0.set(self.0.get() + 4 * y.numel());
        }
        y
    }
}

fn bytes() -> Verdict {
    let (x, weight) = (Tensor::zeros([1, 64, 32, 32]), Tensor::zeros([1, 64, 3, 3]));
    let conv = Conv2dOp { padding: [1, 1], ..Conv2dOp::default() };
    let seen = Rc::new(Unfolded::default());
    with(seen.clone(), || conv2d_by_matmul(&x, &weight, None, conv));
    let got = seen.0.get();
    wrong::unless_eq(got, 2_359_296)
        .because(got == 0, "no `unfold` passed the door: let the op cut the patches")
        .note("each pixel lies in nine patches")
}
