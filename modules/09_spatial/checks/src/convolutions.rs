//! 09.3: convolution.

use crate::numbers::{convolved, counted, matrix, nine, of, plane, trials, whole};
use check::{Because, Check, Verdict, wrong};
use tinytorch_spatial::{Conv2dOp, conv2d};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.3.shape",
        exercise: "09.3",
        fact: "[2, 3, 8, 6] and a weight [5, 3, 3, 2] give [2, 5, 6, 5]",
        run: shape,
    },
    Check {
        id: "09.3.by_hand",
        exercise: "09.3",
        fact: "1 to 9 with the kernel 1 2 / 0 -1 are 0 2 / 6 8",
        run: by_hand,
    },
    Check {
        id: "09.3.bias",
        exercise: "09.3",
        fact: "of a black picture nothing is left but the bias, once per place",
        run: bias,
    },
    Check {
        id: "09.3.channels",
        exercise: "09.3",
        fact: "channels 3 and 5 with weights 10 and 1 are 35, and each output has its own weights",
        run: channels,
    },
    Check {
        id: "09.3.samples",
        exercise: "09.3",
        fact: "each picture of a batch comes out as it would alone",
        run: samples,
    },
    Check {
        id: "09.3.padding",
        exercise: "09.3",
        fact: "a single pixel with a border of 1 meets the middle of a kernel of 3 by 3",
        run: padding,
    },
    Check {
        id: "09.3.stride",
        exercise: "09.3",
        fact: "a kernel of one tap with stride 2 takes every second pixel of every second row",
        run: stride,
    },
    Check {
        id: "09.3.dilation",
        exercise: "09.3",
        fact: "1 2 3 4 5 with the taps 1 and 10, 2 apart, are 31 42 53",
        run: dilation,
    },
    Check {
        id: "09.3.groups",
        exercise: "09.3",
        fact: "in 2 groups, the first 3 of 6 outputs see channels 0 and 1, the others 2 and 3",
        run: groups,
    },
    Check {
        id: "09.3.all",
        exercise: "09.3",
        fact: "with every setting the numbers are those of the definition, index by index",
        run: all,
    },
    Check {
        id: "09.3.moved",
        exercise: "09.3",
        fact: "a picture moved by one pixel gives the same numbers, moved by one pixel",
        run: moved,
    },
];

fn plain() -> Conv2dOp {
    Conv2dOp::default()
}

fn shape() -> Verdict {
    let y = conv2d(&Tensor::zeros([2, 3, 8, 6]), &Tensor::zeros([5, 3, 3, 2]), None, plain());
    wrong::unless_eq(y.shape(), [2, 5, 6, 5])
}

fn by_hand() -> Verdict {
    let y = conv2d(&nine(), &plane([[1.0, 2.0], [0.0, -1.0]]), None, plain());
    let first = y.to_vec().first().copied().unwrap_or_default();
    wrong::unless_close(matrix(&y), [[0.0, 2.0], [6.0, 8.0]], 0.0)
        .because(
            first == 12.0,
            "12 comes of the kernel turned by half a turn: the taps are not flipped here",
        )
        .because(first == 4.0, "4 comes of the kernel with rows and columns exchanged")
        .because(
            first == -1.0,
            "-1 comes of taps that all see the same column: tap j sees j places further",
        )
        .because(first == -5.0, "-5 is the last product alone: they are added up")
        .note("the first number is 1 * 1 + 2 * 2 + 0 * 4 - 1 * 5")
}

fn bias() -> Verdict {
    let (x, weight) = (Tensor::zeros([2, 2, 3, 3]), Tensor::ones([2, 2, 2, 2]));
    let y = conv2d(&x, &weight, Some(&Tensor::from([0.5, -1.0])), plain());
    let got = [y.at([0, 0, 0, 0]), y.at([0, 1, 1, 1]), y.at([1, 0, 1, 0])];
    wrong::unless_eq(got, [0.5, -1.0, 0.5])
        .because(got == [0.0; 3], "the bias was left out")
        .because(
            got[0] == 2.0 || got[0] == 4.0,
            "the bias was added at every meeting: once per place of the output is meant",
        )
        .because(got[0] == 0.5 && got[1] == 0.5, "each channel has its own bias")?;
    let y = conv2d(&x, &weight, None, plain());
    wrong::unless_close(of(&y), of(&Tensor::zeros([2, 2, 2, 2])), 0.0)
}

fn channels() -> Verdict {
    let x = Tensor::from([3.0, 5.0]).reshape([1, 2, 1, 1]);
    let weight = Tensor::from([[10.0, 1.0], [0.0, 2.0]]).reshape([2, 2, 1, 1]);
    let got = conv2d(&x, &weight, None, plain()).to_vec();
    wrong::unless_eq(&got, &[35.0, 10.0])
        .because(
            got[0] == 30.0 || got[0] == 5.0,
            "only one channel counted: an output sees all of its group",
        )
        .because(got[0] == 30.0, "weight [o, c]: the second number is for the second channel")
        .because(
            got == [30.0, 11.0] || got == [3.0, 13.0],
            "the weight is [out, in]: its first axis is the output",
        )
}

fn samples() -> Verdict {
    let (x, weight) = (whole([3, 2, 4, 4], 1), whole([2, 2, 3, 3], 2));
    let together = conv2d(&x, &weight, None, plain());
    for n in 0..3 {
        let alone = conv2d(&x.narrow(0, n, 1), &weight, None, plain());
        let got = together.narrow(0, n, 1);
        wrong::unless_close(of(&got), of(&alone), 0.0)
            .because(n > 0 && got.abs().max().item() == 0.0, "only the first picture was convolved")
            .note(format!("picture {n}"))?;
    }
    Ok(())
}

fn padding() -> Verdict {
    let kernel = counted([1, 1, 3, 3]);
    let conv = Conv2dOp { padding: [1, 1], ..plain() };
    let got = conv2d(&plane([[7.0]]), &kernel, None, conv).item();
    wrong::unless_eq(got, 35.0)
        .because(got == 7.0, "that is the first tap, which sees the border: the middle one is 5")
        .because(got == 63.0, "that is the last tap, which sees the border: the middle one is 5")
        .note("35 is 5 * 7: all other taps see the border of zeros")
}

fn stride() -> Verdict {
    let conv = Conv2dOp { stride: [2, 2], ..plain() };
    let y = conv2d(&counted([1, 1, 4, 4]), &plane([[1.0]]), None, conv);
    let got = y.to_vec();
    wrong::unless_close(matrix(&y), [[1.0, 3.0], [9.0, 11.0]], 0.0)
        .because(
            got == [1.0, 2.0, 9.0, 10.0],
            "along the row, neighbors were taken: the row of x goes in strides, too",
        )
        .because(
            got == [1.0, 3.0, 5.0, 7.0],
            "down, neighbors were taken: the stride is for rows, too",
        )
}

fn dilation() -> Verdict {
    let conv = Conv2dOp { dilation: [1, 2], ..plain() };
    let y = conv2d(&counted([1, 1, 1, 5]), &plane([[1.0, 10.0]]), None, conv);
    wrong::unless_close(matrix(&y), [[31.0, 42.0, 53.0]], 0.0).because(
        y.to_vec().first() == Some(&21.0),
        "the taps are side by side: they have to be 2 apart",
    )
}

fn groups() -> Verdict {
    let x = Tensor::from([1.0, 10.0, 100.0, 1000.0]).reshape([1, 4, 1, 1]);
    let conv = Conv2dOp { groups: 2, ..plain() };
    let got = conv2d(&x, &Tensor::ones([6, 2, 1, 1]), None, conv).to_vec();
    wrong::unless_eq(&got, &[11.0, 11.0, 11.0, 1100.0, 1100.0, 1100.0])
        .because(
            got == [11.0; 6],
            "all outputs see channels 0 and 1: the second group begins at channel 2",
        )
        .because(got[1] != got[0], "outputs of one group lie side by side: 0, 1, 2 and 3, 4, 5")?;
    let depthwise = Conv2dOp { groups: 4, ..plain() };
    let weight = Tensor::from([1.0, 2.0, 3.0, 4.0]).reshape([4, 1, 1, 1]);
    let got = conv2d(&x, &weight, None, depthwise).to_vec();
    wrong::unless_eq(&got, &[1.0, 20.0, 300.0, 4000.0])
        .note("as many groups as channels: each for itself")
}

fn all() -> Verdict {
    for trial in trials() {
        let (conv, x, weight) = trial;
        let (x, weight, bias) = (whole(x, 1), whole(weight, 2), whole([weight[0]], 3));
        let got = conv2d(&x, &weight, Some(&bias), conv);
        let expected = convolved(trial, &x, &weight, Some(&bias));
        let note = format!("{conv:?}, x {}, weight {}", x.shape(), weight.shape());
        wrong::unless_close(of(&got), of(&expected), 0.0).note(note)?;
    }
    Ok(())
}

fn moved() -> Verdict {
    let (wide, weight) = (whole([1, 2, 5, 8], 4), whole([2, 2, 3, 3], 5));
    let left = conv2d(&wide.narrow(3, 0, 7), &weight, None, plain());
    let right = conv2d(&wide.narrow(3, 1, 7), &weight, None, plain());
    wrong::unless_close(of(&left.narrow(3, 1, 4)), of(&right.narrow(3, 0, 4)), 0.0)
        .note("the same kernel is used at every place")
}
