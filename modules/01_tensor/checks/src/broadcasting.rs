//! 01.8: shapes that fit, and strides of 0.

use crate::numbers::{counted, of, places, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Shape, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.8.row",
        exercise: "01.8",
        fact: "[3] and [2, 3] broadcast to [2, 3], whichever comes first",
        run: row,
    },
    Check {
        id: "01.8.ones",
        exercise: "01.8",
        fact: "a size of 1 yields on either side: [2, 1] and [3] broadcast to [2, 3]",
        run: ones,
    },
    Check {
        id: "01.8.refused",
        exercise: "01.8",
        fact: "[2, 3] and [2] do not broadcast: 3 meets 2",
        run: refused,
    },
    Check {
        id: "01.8.nothing",
        exercise: "01.8",
        fact: "1 yields to 0 as well: [1] and [0] broadcast to [0], and [2] and [0] do not",
        run: nothing,
    },
    Check {
        id: "01.8.zero_stride",
        exercise: "01.8",
        fact: "a row of 3 expanded to [2, 3] has strides [0, 1]",
        run: zero_stride,
    },
    Check {
        id: "01.8.column",
        exercise: "01.8",
        fact: "a column 1 / 2 expanded to [2, 3] reads 1 1 1 / 2 2 2",
        run: column,
    },
    Check {
        id: "01.8.of_a_view",
        exercise: "01.8",
        fact: "a view is expanded with the strides and the offset that it has",
        run: of_a_view,
    },
    Check {
        id: "01.8.bytes",
        exercise: "01.8",
        fact: "a row of 1000 floats, expanded to a million rows, still takes 4000 bytes",
        run: bytes,
    },
];

fn both<const A: usize, const B: usize>(a: [usize; A], b: [usize; B]) -> Option<Vec<usize>> {
    Shape::from(a).broadcast(&Shape::from(b)).map(|shape| shape.to_vec())
}

fn row() -> Verdict {
    for got in [both([3], [2, 3]), both([2, 3], [3])] {
        wrong::unless_eq(&got, &Some(vec![2, 3]))
            .because(
                got.is_none(),
                "the shapes were aligned from the left: the last axes belong together",
            )
            .because(
                got == Some(vec![3]),
                "an axis that only one side has counts as the other's",
            )?;
    }
    let got = both([], [4]);
    wrong::unless_eq(got, Some(vec![4])).note("a single number fits everything")?;
    wrong::unless_eq(both([4, 2], [4, 2]), Some(vec![4, 2]))
}

fn ones() -> Verdict {
    let got = both([2, 1], [3]);
    wrong::unless_eq(&got, &Some(vec![2, 3])).because(
        got == Some(vec![2, 1]),
        "1 yields on either side: here it is the longer shape's",
    )?;
    wrong::unless_eq(both([3], [2, 1]), Some(vec![2, 3]))?;
    wrong::unless_eq(both([2, 3], [1]), Some(vec![2, 3]))?;
    wrong::unless_eq(both([5, 1, 4], [3, 1]), Some(vec![5, 3, 4]))
}

fn refused() -> Verdict {
    let got = both([2, 3], [2]);
    wrong::unless_eq(&got, &None).because(
        got == Some(vec![2, 3]),
        "the shapes were aligned from the left, or not compared: 3 is not 2",
    )?;
    let got = both([3], [2]);
    wrong::unless_eq(&got, &None).because(
        got == Some(vec![3]),
        "the larger size won: only a 1 may be repeated, not 2 to 3",
    )?;
    let got = both([2, 4], [2, 2]);
    wrong::unless_eq(&got, &None).note("2 divides 4, but only a size of 1 is repeated")?;
    wrong::unless_panics(|| two_by_three() + Tensor::ones([2]), "do not broadcast")
}

fn nothing() -> Verdict {
    let got = both([1], [0]);
    wrong::unless_eq(&got, &Some(vec![0])).because(
        got == Some(vec![1]),
        "the larger size was taken: a 1 takes the other's size, 0 too",
    )?;
    wrong::unless_eq(both([0, 3], [1, 3]), Some(vec![0, 3]))?;
    wrong::unless_eq(both([2], [0]), None)
}

fn zero_stride() -> Verdict {
    let wide = Tensor::from([10.0, 20.0, 30.0]).expand([2, 3]);
    let got = wide.strides();
    wrong::unless_eq(&got, &[0, 1])
        .because(
            got == [3, 1],
            "with stride 3, row 1 would lie behind the end: a repeated axis has stride 0",
        )
        .because(
            got == [1, 0],
            "aligned from the left: the new axis is the first, and it repeats",
        )?;
    wrong::unless_close(of(&wide), [[10.0, 20.0, 30.0], [10.0, 20.0, 30.0]], 0.0)
}

fn column() -> Verdict {
    let wide = Tensor::from([[1.0], [2.0]]).expand([2, 3]);
    let got = wide.strides();
    wrong::unless_eq(&got, &[1, 0])
        .because(got == [1, 1], "the axis of size 1 is repeated now: its stride becomes 0")
        .because(got == [0, 0], "only the axis that is repeated has stride 0")?;
    wrong::unless_close(of(&wide), [[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]], 0.0)
}

fn of_a_view() -> Verdict {
    let wide = two_by_three().t().expand([4, 3, 2]);
    wrong::unless_eq(wide.strides(), [0, 1, 3])?;
    let middle = counted([3, 4]).slice(1, 2..3).expand([2, 3, 2]); // column 2, offset 2
    wrong::unless_eq(middle.layout().offset(), 2)?;
    wrong::unless_eq(places(middle.layout()), [2, 2, 6, 6, 10, 10, 2, 2, 6, 6, 10, 10])?;
    let none = Tensor::zeros([1, 3]).expand([0, 3]);
    wrong::unless_close(of(&none), check::Numbers::new(vec![0, 3], vec![]), 0.0)
}

fn bytes() -> Verdict {
    let row = counted([1000]).expand([1_000_000, 1000]);
    wrong::unless_eq(row.strides(), [0, 1])?;
    let got = row.memory_footprint().storage;
    wrong::unless_eq(got, 4000)?;
    wrong::unless_eq(row.at([999_999, 7]), 7.0)
}
