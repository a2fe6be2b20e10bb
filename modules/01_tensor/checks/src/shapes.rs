//! 01.1 and 01.2: how many numbers, and which axis.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Shape, resolve_axis};

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.1.counts",
        exercise: "01.1",
        fact: "a tensor of [2, 3, 4] holds 24 numbers",
        run: counts,
    },
    Check {
        id: "01.1.one",
        exercise: "01.1",
        fact: "a shape without axes, [], is one number",
        run: one,
    },
    Check {
        id: "01.1.none",
        exercise: "01.1",
        fact: "a size of 0 leaves no numbers: [2, 0, 3] holds 0",
        run: none,
    },
    Check {
        id: "01.1.large",
        exercise: "01.1",
        fact: "[100000, 100000] holds 10,000,000,000 numbers: 40 GB, more than 32 bits can count",
        run: large,
    },
    Check { id: "01.2.front", exercise: "01.2", fact: "axis 1 of 3 is axis 1", run: front },
    Check {
        id: "01.2.end",
        exercise: "01.2",
        fact: "axis -1 of 3 is axis 2, axis -3 is axis 0",
        run: end,
    },
    Check {
        id: "01.2.outside",
        exercise: "01.2",
        fact: "3 axes have no axis 3 and no axis -4",
        run: outside,
    },
    Check {
        id: "01.2.single",
        exercise: "01.2",
        fact: "a single number has no axis at all, not even 0 or -1",
        run: single,
    },
];

fn counts() -> Verdict {
    let got = Shape::from([2, 3, 4]).numel();
    wrong::unless_eq(got, 24)
        .because(got == 9, "9 is 2 + 3 + 4: sizes multiply, they do not add")
        .because(got == 3, "3 is the number of axes, not of numbers")
        .because(got == 6 || got == 12, "one of the sizes was left out")
}

fn one() -> Verdict {
    let got = Shape::from([]).numel();
    wrong::unless_eq(got, 1).because(
        got == 0,
        "a product starts from 1; from 0 it stays 0, and so does a sum of nothing",
    )
}

fn none() -> Verdict {
    let got = Shape::from([2, 0, 3]).numel();
    wrong::unless_eq(got, 0)
        .because(got == 6, "6 is 2 * 3: the size of 0 was skipped, or counted as 1")
}

fn large() -> Verdict {
    let got = Shape::from([100_000, 100_000]).numel();
    wrong::unless_eq(got, 10_000_000_000)
        .because(got == 1_410_065_408, "the product was taken in 32 bits: multiply as usize")
}

fn front() -> Verdict {
    let got = resolve_axis("sum", 1, 3);
    wrong::unless_eq(got, 1).because(got == 2, "only a negative axis counts from the end")?;
    wrong::unless_eq(resolve_axis("sum", 0, 3), 0)?;
    wrong::unless_eq(resolve_axis("sum", 2, 3), 2).note("axis 2 of 3 is the last one")
}

fn end() -> Verdict {
    let got = resolve_axis("sum", -1, 3);
    wrong::unless_eq(got, 2)
        .because(got == 1, "-1 is the last axis itself: add ndim, and no 1 besides")
        .because(got == 0, "-1 means the last axis, not the first")?;
    let got = resolve_axis("sum", -3, 3);
    wrong::unless_eq(got, 0).because(got == 2, "-3 of 3 is the first axis: -3 + 3 = 0")
}

fn outside() -> Verdict {
    wrong::unless_panics(|| resolve_axis("sum", 3, 3), "axis 3 does not exist in 3 axes")
        .note("`None` becomes this panic: the axes are 0, 1 and 2")?;
    wrong::unless_panics(|| resolve_axis("sum", -4, 3), "axis -4 does not exist in 3 axes")
        .note("-4 + 3 = -1: there is nothing before the first axis")?;
    wrong::unless_panics(|| resolve_axis("sum", -7, 3), "axis -7 does not exist in 3 axes")
        .note("counting from the end is not counting round and round")
}

fn single() -> Verdict {
    wrong::unless_panics(|| resolve_axis("sum", 0, 0), "of a single number, which has none")?;
    wrong::unless_panics(|| resolve_axis("sum", -1, 0), "of a single number, which has none")
}
