//! 09.9: every channel at the same scale.

use crate::numbers::{drawn, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_spatial::{BatchNormOp, BatchNormStats};
use tinytorch_tensor::{Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.9.stats",
        exercise: "09.9",
        fact: "1 2 and 3 4 of two pictures have the mean 2.5 and the variance 1.25",
        run: stats,
    },
    Check {
        id: "09.9.channels",
        exercise: "09.9",
        fact: "each channel has its own mean and variance: first all means, then all variances",
        run: channels,
    },
    Check {
        id: "09.9.far",
        exercise: "09.9",
        fact: "10,001 and 10,003 have the variance 1, far from 0 as they are",
        run: far,
    },
    Check {
        id: "09.9.normalized",
        exercise: "09.9",
        fact: "5 at a mean of 1 and a variance of 4 is 2, times 10 plus 3 is 23",
        run: normalized,
    },
    Check {
        id: "09.9.per_channel",
        exercise: "09.9",
        fact: "each channel has its own statistics, weight and bias, in every picture",
        run: per_channel,
    },
    Check {
        id: "09.9.both",
        exercise: "09.9",
        fact: "with its own statistics, a channel comes out with mean 0 and variance 1",
        run: both,
    },
];

fn stats() -> Verdict {
    let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]).reshape([2, 1, 1, 2]);
    let got = dispatch(BatchNormStats, &[&x]);
    wrong::unless_eq(got.shape(), [2, 1])?;
    let got = got.to_vec();
    wrong::unless_close(&got, [2.5, 1.25], 1e-6)
        .because(
            got[0] == 3.5,
            "3.5 is the mean of the second picture alone: a channel's goes over the batch",
        )
        .because(
            got[0] == 5.0,
            "5 is twice the mean: divide by all numbers of the channel, those of all pictures",
        )
        .because(
            (got[1] - 5.0 / 3.0).abs() < 1e-4,
            "5/3 divides by one less than the count: to normalize this batch, divide by the count",
        )
        .because(got[1] == 7.5, "7.5 is the mean of the squares: take the mean off first")
}

fn channels() -> Verdict {
    let x = Tensor::from([[[0.0, 2.0], [10.0, 30.0]], [[0.0, 2.0], [10.0, 30.0]]]);
    let got = dispatch(BatchNormStats, &[&x.reshape([2, 2, 1, 2])]);
    wrong::unless_close(of(&got), [[1.0, 20.0], [1.0, 100.0]], 1e-6)
        .because(got.at([0, 1]) == 1.0, "[2, c] in row-major order: all means first")
}

fn far() -> Verdict {
    let x = Tensor::from([10_001.0, 10_003.0]).reshape([1, 1, 1, 2]);
    let got = dispatch(BatchNormStats, &[&x]).to_vec();
    wrong::unless_close(&got, [10_002.0, 1.0], 1e-6).because(
        got[1] != 1.0,
        "the digits of the variance were lost: distances from the mean first, then squares, in f64",
    )
}

fn normalized() -> Verdict {
    let x = Tensor::full([1, 1, 1, 1], 5.0);
    let stats = Tensor::from([[1.0], [3.75]]);
    let op = BatchNormOp { eps: 0.25, own: false };
    let got = dispatch(op, &[&x, &stats, &Tensor::from([10.0]), &Tensor::from([3.0])]).item();
    wrong::unless_close(got, 23.0, 1e-6)
        .because(got == 13.0, "13 is 10 * 1 + 3: 5 is four from the mean, and two deviations of 2")
        .because(got == 50.0, "50 adds the bias before the weight multiplies")
        .because(got == 20.0, "the bias was left out")
        .because(got == 43.0, "43 is 10 * 4 + 3: divide by the deviation, too")
        .note("eps 0.25 is added to the variance of 3.75")
}

fn per_channel() -> Verdict {
    let x =
        Tensor::from([[[1.0, 3.0], [1.0, 3.0]], [[5.0, 7.0], [5.0, 7.0]]]).reshape([2, 2, 1, 2]);
    let stats = Tensor::from([[1.0, 3.0], [1.0, 4.0]]);
    let op = BatchNormOp { eps: 0.0, own: false };
    let got = dispatch(op, &[&x, &stats, &Tensor::from([1.0, 100.0]), &Tensor::from([0.5, 0.0])]);
    let expected = [[[0.5, 2.5], [-100.0, 0.0]], [[4.5, 6.5], [100.0, 200.0]]];
    wrong::unless_close(of(&got.reshape([2, 2, 2])), expected, 1e-5)
}

fn both() -> Verdict {
    let x = drawn([4, 3, 5, 2], 1) * 3.0 + 7.0;
    let (one, zero) = (Tensor::ones([3]), Tensor::zeros([3]));
    let op = BatchNormOp { eps: 1e-5, own: true };
    let y = dispatch(op, &[&x, &dispatch(BatchNormStats, &[&x]), &one, &zero]);
    wrong::unless_close(of(&y.mean_over([0, 2, 3], false)), [0.0, 0.0, 0.0], 1e-5)?;
    wrong::unless_close(of(&y.var_over([0, 2, 3], 0, false)), [1.0, 1.0, 1.0], 1e-4)
}
