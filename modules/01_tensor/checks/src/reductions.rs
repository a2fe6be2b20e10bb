//! 01.10: many numbers to one.

use crate::numbers::{counted, of, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.10.axis",
        exercise: "01.10",
        fact: "1 2 3 / 4 5 6 summed over axis 0 is 5 7 9, over axis 1 it is 6 15",
        run: axis,
    },
    Check {
        id: "01.10.keepdim",
        exercise: "01.10",
        fact: "with keepdim, [2, 3] summed over axis 1 is [2, 1]",
        run: keepdim,
    },
    Check {
        id: "01.10.several",
        exercise: "01.10",
        fact: "0, 1, … 23 as [2, 3, 4], summed over axes 0 and 2, is 60 92 124",
        run: several,
    },
    Check {
        id: "01.10.order",
        exercise: "01.10",
        fact: "the numbers that become one keep their order: argmax counts along its axis",
        run: order,
    },
    Check {
        id: "01.10.views",
        exercise: "01.10",
        fact: "a view is reduced as it reads, not as it is stored",
        run: views,
    },
    Check {
        id: "01.10.empty",
        exercise: "01.10",
        fact: "the sum over an axis of size 0 is 0: [0, 3] over axis 0 is 0 0 0",
        run: empty,
    },
    Check {
        id: "01.10.sum",
        exercise: "01.10",
        fact: "1 2 3 / 4 5 6 as floats sums up to 21, with mean 3.5",
        run: sum,
    },
    Check {
        id: "01.10.precision",
        exercise: "01.10",
        fact: "0.1, added up 1,048,576 times, is 104857.6",
        run: precision,
    },
    Check {
        id: "01.10.variance",
        exercise: "01.10",
        fact: "1 and 3 have variance 2 as a sample, and 1 as all there is",
        run: variance,
    },
    Check {
        id: "01.10.far_away",
        exercise: "01.10",
        fact: "0, 8 and 24 have variance 149.33; so have they with 100,000,000 added to each",
        run: far_away,
    },
    Check {
        id: "01.10.standardize",
        exercise: "01.10",
        fact: "minus its mean, over its deviation: each column gets mean 0 and variance 1",
        run: standardize,
    },
];

const OTHER_AXIS: &str =
    "these are the sums over the other axis: the axis that is named is the one that goes";

fn axis() -> Verdict {
    let x = Tensor::from([[1, 2, 3], [4, 5, 6]]);
    let down = x.sum_over(0, false);
    let got = down.to_vec_i32();
    wrong::unless_eq(&got, &[5, 7, 9])
        .because(got == [6, 15] || got[..2] == [6, 15], OTHER_AXIS)
        .because(
        got == [3, 7, 11],
        "1 and 2 are neighbors in storage, but 1 and 4 meet: move the axis behind",
    )?;
    let got = x.sum_over(1, false).to_vec_i32();
    wrong::unless_eq(&got, &[6, 15]).because(got[..2] == [5, 7], OTHER_AXIS)?;
    wrong::unless_eq(x.sum_over(-1, false).to_vec_i32(), [6, 15])?;
    wrong::unless_eq(x.sum().to_vec_i32(), [21])
}

fn keepdim() -> Verdict {
    let x = Tensor::from([[1, 2, 3], [4, 5, 6]]);
    wrong::unless_eq(x.sum_over(1, true).shape(), [2, 1]).note("`shape_of` knows about keepdim")?;
    wrong::unless_eq(x.sum_over(0, true).shape(), [1, 3])?;
    wrong::unless_eq(x.sum_over(0, false).shape(), [3])?;
    wrong::unless_eq(x.sum().shape(), [])
}

fn several() -> Verdict {
    let x = counted([2, 3, 4]).to_i32();
    let got = x.sum_over([0, 2], false).to_vec_i32();
    wrong::unless_eq(&got, &[60, 92, 124]).because(
        got == [28, 92, 156],
        "eight numbers that lie together are not the eight that belong together",
    )?;
    wrong::unless_eq(x.sum_over(1, false).to_vec_i32(), [12, 15, 18, 21, 48, 51, 54, 57])?;
    wrong::unless_eq(x.max_over([0, 1], false).to_vec_i32(), [20, 21, 22, 23])?;
    let none: [isize; 0] = [];
    wrong::unless_eq(x.sum_over(none, false).to_vec_i32(), x.to_vec_i32())
        .note("over no axes at all, each number becomes itself")
}

fn order() -> Verdict {
    let x = Tensor::from([[5, 1, 2], [4, 9, 2], [7, 3, 8]]);
    wrong::unless_eq(x.argmax(0, false).to_vec_i32(), [2, 1, 2])?;
    wrong::unless_eq(x.argmax(1, false).to_vec_i32(), [0, 1, 2])?;
    wrong::unless_eq(x.argmin(0, false).to_vec_i32(), [1, 0, 0])
        .note("in the last column 2 stands twice: the first counts")
}

fn views() -> Verdict {
    let x = Tensor::from([[1, 2, 3], [4, 5, 6]]);
    wrong::unless_eq(x.t().sum_over(0, false).to_vec_i32(), [6, 15])?;
    wrong::unless_eq(x.t().sum_over(1, false).to_vec_i32(), [5, 7, 9])?;
    wrong::unless_eq(x.slice(1, 1..).sum_over(0, false).to_vec_i32(), [7, 9])?;
    let wide = Tensor::from([1, 2]).expand([5, 2]);
    wrong::unless_eq(wide.sum_over(0, false).to_vec_i32(), [5, 10])
}

fn empty() -> Verdict {
    let x = Tensor::full([0, 3], 0);
    wrong::unless_eq(x.sum_over(0, false).to_vec_i32(), [0, 0, 0])?;
    wrong::unless_eq(x.sum_over(1, false).shape(), [0])?;
    wrong::unless_eq(x.sum().to_vec_i32(), [0])?;
    let got = Tensor::zeros([0]).sum().item();
    wrong::unless_eq(got.to_bits(), 0).because(
        got == 0.0,
        "this is -0: begin with 0.0 and add, as `Iterator::sum` begins with -0",
    )?;
    let mean = Tensor::zeros([0]).mean().item();
    wrong::unless(mean.is_nan(), || format!("the mean of nothing is {mean} instead of NaN"))
}

fn sum() -> Verdict {
    let x = two_by_three();
    wrong::unless_close(of(&x.sum()), 21.0, 0.0)?;
    wrong::unless_close(of(&x.mean()), 3.5, 0.0)?;
    wrong::unless_close(of(&x.sum_over(0, false)), [5.0, 7.0, 9.0], 0.0)?;
    wrong::unless_close(of(&x.mean_over(1, true)), [[2.0], [5.0]], 0.0)
}

fn precision() -> Verdict {
    let got = Tensor::full([1 << 20], 0.1).sum().item();
    wrong::unless_close(got, 0.1_f32 * 1_048_576.0, 1e-7).because(
        (got - 104_857.6).abs() > 1.0,
        "added up in f32, each step rounds to 24 bits: the sum has to be an f64",
    )
}

fn variance() -> Verdict {
    let x = Tensor::from([1.0, 3.0]);
    let got = x.var().item();
    wrong::unless_close(got, 2.0, 1e-6)
        .because(got == 1.0, "divided by n; a sample's variance divides by n - correction = 1")
        .because(got == 4.0, "the mean is subtracted before squaring: 1 + 1, over 1")
        .because(got == 10.0, "no mean was subtracted: 1 + 9, over 1")?;
    let all = x.var_over(0, 0, false).item();
    wrong::unless_close(all, 1.0, 1e-6)
        .because(all == 2.0, "divided by n - 1 although the correction is 0")?;
    let got = Tensor::from([[1.0, 2.0, 6.0], [0.0, 0.0, 9.0]]).var_over(1, 0, false);
    wrong::unless_close(of(&got), [14.0 / 3.0, 18.0], 1e-6)?;
    wrong::unless_close(of(&x.std()), 2.0_f32.sqrt(), 1e-6)?;
    let one = Tensor::from([4.0]).var().item();
    wrong::unless(one.is_nan(), || {
        format!("one number as a sample has variance {one} instead of NaN")
    })
    .note("0 squares over 1 - 1 = 0: nothing can be said about the spread")?;
    let none = Tensor::zeros([0]).var().item();
    wrong::unless(none.is_nan(), || format!("no numbers have variance {none} instead of NaN"))
}

fn far_away() -> Verdict {
    let got = Tensor::from([1e8, 1e8 + 8.0, 1e8 + 24.0]).var().item();
    wrong::unless_close(got, 448.0 / 3.0, 1e-6)
        .because(got == 0.0, "in f32, the squares of such numbers swallow their distances: use f64")
        .note("the mean of squares minus the squared mean cancels: take the mean off first")
}

fn standardize() -> Verdict {
    let x = Tensor::from([[1.0, 200.0], [2.0, 400.0], [6.0, 300.0], [3.0, 700.0]]);
    let y = (&x - x.mean_over(0, true)) / x.std_over(0, 0, true);
    wrong::unless_close(of(&y.mean_over(0, false)), [0.0, 0.0], 1e-6)?;
    wrong::unless_close(of(&y.var_over(0, 0, false)), [1.0, 1.0], 1e-6)
}
