//! 01.3 and 01.4: strides, and the place of a number.

use crate::numbers::{places, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Layout, Shape};

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.3.matrix",
        exercise: "01.3",
        fact: "a fresh [2, 3] has strides [3, 1]: a row down is 3 numbers further, a column 1",
        run: matrix,
    },
    Check {
        id: "01.3.cube",
        exercise: "01.3",
        fact: "a fresh [2, 3, 4] has strides [12, 4, 1] and starts at 0",
        run: cube,
    },
    Check {
        id: "01.3.edges",
        exercise: "01.3",
        fact: "[5] has strides [1], [2, 1, 3] has [3, 3, 1], and [] has none",
        run: edges,
    },
    Check {
        id: "01.3.empty",
        exercise: "01.3",
        fact: "a size of 0 counts as 1: [2, 0, 3] has strides [3, 3, 1]",
        run: empty,
    },
    Check {
        id: "01.4.by_hand",
        exercise: "01.4",
        fact: "in [2, 3], the number [1, 2] is at 1 * 3 + 2 * 1 = 5",
        run: by_hand,
    },
    Check {
        id: "01.4.in_order",
        exercise: "01.4",
        fact: "row by row, the numbers of [2, 3, 4] are at 0, 1, 2, … 23",
        run: in_order,
    },
    Check {
        id: "01.4.single",
        exercise: "01.4",
        fact: "a single number is at [], place 0",
        run: single,
    },
    Check {
        id: "01.4.outside",
        exercise: "01.4",
        fact: "[0, 3] is not inside [2, 3], although place 3 exists",
        run: outside,
    },
    Check {
        id: "01.4.axes",
        exercise: "01.4",
        fact: "an index of [2, 3] has two parts, neither one nor three",
        run: axes,
    },
    Check { id: "01.4.at", exercise: "01.4", fact: "in 1 2 3 / 4 5 6, at([1, 0]) is 4", run: at },
];

fn strides<const N: usize>(sizes: [usize; N]) -> Vec<usize> {
    Layout::contiguous(Shape::from(sizes)).strides()
}

fn matrix() -> Verdict {
    let got = strides([2, 3]);
    wrong::unless_eq(&got, &[3, 1])
        .because(
            got == [1, 2],
            "column-major: here the first index is the slow one, the last the fast",
        )
        .because(got == [1, 3], "the strides are in reverse order: the last axis has stride 1")
        .because(
            got == [2, 1],
            "a row down passes a whole row of 3: the size behind the axis counts",
        )
        .because(got == [2, 3], "these are the sizes, not the strides")
        .because(got == [6, 3], "an axis's own size does not count, only those behind it")
}

fn cube() -> Verdict {
    let layout = Layout::contiguous(Shape::from([2, 3, 4]));
    let got = layout.strides();
    wrong::unless_eq(&got, &[12, 4, 1])
        .because(
            got == [1, 2, 6],
            "column-major: here the first index is the slow one, the last the fast",
        )
        .because(
            got == [3, 4, 1],
            "from one block to the next lie 3 rows of 4: the sizes multiply up",
        )
        .because(
            got == [7, 4, 1],
            "7 is 3 + 4: the sizes behind an axis multiply, they do not add",
        )?;
    wrong::unless_eq(layout.offset(), 0)?;
    wrong::unless_eq(layout.shape(), [2, 3, 4])
}

fn edges() -> Verdict {
    wrong::unless_eq(strides([5]), [1]).note("neighbors in a vector are 1 apart")?;
    wrong::unless_eq(strides([2, 1, 3]), [3, 3, 1])?;
    wrong::unless_eq(strides([1]), [1])?;
    wrong::unless_eq(strides([]), []).note("a single number has no axis to step along")
}

fn empty() -> Verdict {
    let got = strides([2, 0, 3]);
    wrong::unless_eq(&got, &[3, 3, 1]).because(
        got == [0, 3, 1],
        "a size of 0 made the step 0 for all axes before it: count it as 1",
    )?;
    wrong::unless_eq(strides([0]), [1])
}

fn by_hand() -> Verdict {
    let got = Layout::contiguous(Shape::from([2, 3])).position(&[1, 2]);
    wrong::unless_eq(got, 5)
        .because(got == 3, "3 is 1 + 2: each part is to be multiplied by its stride")
        .because(got == 7, "7 is 1 * 1 + 2 * 3: parts and strides are paired in reverse")
}

fn in_order() -> Verdict {
    let got = places(&Layout::contiguous(Shape::from([2, 3, 4])));
    let first = got.iter().enumerate().find(|(expected, place)| expected != *place);
    match first {
        None => Ok(()),
        Some((expected, &got)) => {
            let index = [expected / 12, expected / 4 % 3, expected % 4];
            wrong::unless_eq(got, expected).note(format!("the number {index:?} of [2, 3, 4]"))
        }
    }
}

fn single() -> Verdict {
    wrong::unless_eq(Layout::contiguous(Shape::from([])).position(&[]), 0)
}

fn outside() -> Verdict {
    let layout = Layout::contiguous(Shape::from([2, 3]));
    wrong::unless_panics(|| layout.position(&[0, 3]), "is not inside").note(
        "its place would be 0 * 3 + 3 = 3, which is that of [1, 0]: check each part by its axis",
    )?;
    wrong::unless_panics(|| layout.position(&[2, 0]), "is not inside")?;
    wrong::unless_panics(|| layout.position(&[2, 0]), "[2, 0] is not inside [2, 3]")
        .note("the message shows the index and the shape")
}

fn axes() -> Verdict {
    let layout = Layout::contiguous(Shape::from([2, 3]));
    wrong::unless_panics(|| layout.position(&[1]), "is not inside")
        .note("one part for two axes: which number is meant?")?;
    wrong::unless_panics(|| layout.position(&[1, 1, 0]), "is not inside")
        .note("three parts for two axes")
}

fn at() -> Verdict {
    let got = two_by_three().at([1, 0]);
    wrong::unless_eq(got, 4.0).because(got == 2.0, "2 is the number [0, 1]: rows come first")
}
