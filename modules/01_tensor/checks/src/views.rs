//! 01.5 and 01.6: other layouts over the same numbers.

use crate::numbers::{counted, places, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.5.transposed",
        exercise: "01.5",
        fact: "1 2 3 / 4 5 6, transposed, is [3, 2] with strides [1, 3]",
        run: transposed,
    },
    Check {
        id: "01.5.values",
        exercise: "01.5",
        fact: "the number [2, 0] of the transposed 1 2 3 / 4 5 6 is 3",
        run: values,
    },
    Check {
        id: "01.5.direction",
        exercise: "01.5",
        fact: "[2, 3, 4] permuted by [2, 0, 1] is [4, 2, 3]: the old axis 2 comes first",
        run: direction,
    },
    Check {
        id: "01.5.twice",
        exercise: "01.5",
        fact: "what is transposed twice is as it was, and permutations follow one another",
        run: twice,
    },
    Check {
        id: "01.6.columns",
        exercise: "01.6",
        fact: "the last two columns of [2, 3] start at 1 and keep strides [3, 1]",
        run: columns,
    },
    Check {
        id: "01.6.rows",
        exercise: "01.6",
        fact: "row 1 of [2, 3] starts at place 3",
        run: rows,
    },
    Check {
        id: "01.6.step",
        exercise: "01.6",
        fact: "every second column of [2, 3] has stride 2",
        run: step,
    },
    Check {
        id: "01.6.of_a_view",
        exercise: "01.6",
        fact: "a slice of a slice, or of a transposed matrix, counts from that view",
        run: of_a_view,
    },
    Check {
        id: "01.6.empty",
        exercise: "01.6",
        fact: "a slice without numbers points nowhere: its offset stays",
        run: empty,
    },
];

const BOTH_MOVE: &str = "the sizes changed places, but the strides did not: the numbers are still \
                         read row by row";

fn transposed() -> Verdict {
    let t = two_by_three().t();
    wrong::unless_eq(t.shape(), [3, 2])
        .because(t.shape() == [2, 3], "the sizes did not change places")?;
    let got = t.strides();
    wrong::unless_eq(&got, &[1, 3]).because(got == [3, 1], BOTH_MOVE).because(
        got == [2, 1],
        "these are the strides of a fresh [3, 2]: move the old ones along",
    )?;
    wrong::unless_eq(t.layout().offset(), 0)
}

fn values() -> Verdict {
    let x = two_by_three();
    let got = x.t().layout().position(&[2, 0]);
    wrong::unless_eq(got, 2)
        .because(got == 6, BOTH_MOVE)
        .because(got == 4, "fresh strides read on in stored order: move the old ones along")
        .note("[2, 0] of the transposed is [0, 2] of the stored matrix")?;
    wrong::unless_eq(x.t().at([2, 0]), 3.0)?;
    wrong::unless_eq(places(x.t().layout()), [0, 3, 1, 4, 2, 5])
}

fn direction() -> Verdict {
    let y = counted([2, 3, 4]).permute([2, 0, 1]);
    let got = y.shape();
    wrong::unless_eq(got, [4, 2, 3])
        .because(got == [3, 4, 2], "that is the inverse: old axis i went to place axes[i]")
        .because(got == [2, 3, 4], "the sizes did not change places")?;
    let got = y.strides();
    wrong::unless_eq(&got, &[1, 12, 4])
        .because(got == [4, 1, 12], "the strides went the inverse way: take strides[axes[i]]")
        .because(got == [12, 4, 1], BOTH_MOVE)
}

fn twice() -> Verdict {
    let x = two_by_three();
    let back = x.t().t();
    wrong::unless_eq((back.shape(), back.strides()), (x.shape(), vec![3, 1]))
        .note("permute the strides that this layout has, not those of a fresh tensor")?;
    let y = counted([2, 3, 4]).permute([1, 2, 0]).permute([1, 2, 0]);
    wrong::unless_eq((y.shape(), y.strides()), (counted([4, 2, 3]).shape(), vec![1, 12, 4]))
        .note("[2, 3, 4] permuted by [1, 2, 0] is [3, 4, 2], and once more [4, 2, 3]")
}

fn columns() -> Verdict {
    let part = two_by_three().slice(1, 1..);
    wrong::unless_eq(part.shape(), [2, 2])
        .because(part.shape() == [2, 3], "the axis keeps its size: it should have become `len`")?;
    let got = part.layout().offset();
    wrong::unless_eq(got, 1)
        .because(got == 0, "the offset stayed: the first column left is at place 1")?;
    let got = part.strides();
    wrong::unless_eq(&got, &[3, 1]).because(
        got == [2, 1],
        "a row down is still 3 numbers further, as the storage did not change",
    )?;
    wrong::unless_eq(places(part.layout()), [1, 2, 4, 5])
}

fn rows() -> Verdict {
    let row = two_by_three().slice(0, 1..);
    let got = row.layout().offset();
    wrong::unless_eq(got, 3)
        .because(got == 1, "`start` counts rows, and each row is 3 numbers: times the stride")?;
    wrong::unless_eq(places(row.layout()), [3, 4, 5])
}

fn step() -> Verdict {
    let part = two_by_three().slice_step(1, .., 2);
    let got = part.strides();
    wrong::unless_eq(&got, &[3, 2])
        .because(got == [3, 1], "the step was not taken: it multiplies the stride of its axis")
        .because(got == [6, 2] || got == [6, 1], "only the sliced axis gets the step")?;
    wrong::unless_eq(places(part.layout()), [0, 2, 3, 5])?;
    let third_rows = counted([7, 2]).slice_step(0, 1..6, 3);
    let got = third_rows.strides();
    wrong::unless_eq(&got, &[6, 1])
        .because(got == [3, 1], "the step replaced the stride; it multiplies it")?;
    wrong::unless_eq(places(third_rows.layout()), [2, 3, 8, 9])
}

fn of_a_view() -> Verdict {
    let part = counted([10]).slice(0, 2..8).slice_step(0, 1.., 2);
    let got = part.layout().offset();
    wrong::unless_eq(got, 3)
        .because(got == 1, "the offset was replaced: it adds to the one that was")?;
    wrong::unless_eq(places(part.layout()), [3, 5, 7])?;
    let thirds = counted([12]).slice_step(0, .., 2).slice_step(0, 1.., 3);
    wrong::unless_eq(places(thirds.layout()), [2, 8])
        .note("every third of every second number is every sixth: strides multiply")?;
    let got = places(two_by_three().t().slice(0, 1..).layout());
    wrong::unless_eq(&got, &[1, 4, 2, 5])
        .note("rows 1 and 2 of the transposed matrix are columns 1 and 2 of the stored one")?;
    let got = places(two_by_three().slice(0, 1..).t().layout());
    wrong::unless_eq(&got, &[3, 4, 5])
        .because(got == [0, 1, 2], "`permuted` lost the offset of the slice it was given")
}

fn empty() -> Verdict {
    let got = Tensor::zeros([0, 4]).slice(1, 2..).layout().offset();
    wrong::unless_eq(got, 0)
        .because(got == 2, "[0, 4] has no place 2: where no number is left, the offset stays")?;
    let got = Tensor::zeros([3, 0]).slice(0, 2..).layout().offset();
    wrong::unless_eq(got, 0).because(got == 2, "[3, 0] has no place 2 either")?;
    let none = counted([3]).slice(0, 3..);
    wrong::unless_eq(none.shape(), [0])?;
    wrong::unless_eq(none.layout().offset(), 0)
}
