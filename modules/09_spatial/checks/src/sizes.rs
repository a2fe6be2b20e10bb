//! 09.1: how many places a window has.

use crate::numbers::{positions, window, windows};
use check::{Because, Check, Verdict, wrong};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.1.extent",
        exercise: "09.1",
        fact: "3 taps side by side cover 3 places; 2 apart, they cover 5",
        run: extent,
    },
    Check {
        id: "09.1.plain",
        exercise: "09.1",
        fact: "a kernel of 5 on 28 places has 24 positions",
        run: plain,
    },
    Check {
        id: "09.1.padding",
        exercise: "09.1",
        fact: "a kernel of 3 with a padding of 1 keeps 32 places",
        run: padding,
    },
    Check {
        id: "09.1.stride",
        exercise: "09.1",
        fact: "windows of 2 side by side: 3 of them on 7 places, the last place is left over",
        run: stride,
    },
    Check {
        id: "09.1.dilation",
        exercise: "09.1",
        fact: "3 taps 2 apart, on 9 places with a padding of 2, have 9 positions",
        run: dilation,
    },
    Check {
        id: "09.1.none",
        exercise: "09.1",
        fact: "a kernel of 5 has 0 positions on 4 places, and 1 on 5",
        run: none,
    },
    Check {
        id: "09.1.all",
        exercise: "09.1",
        fact: "every small window has as many positions as one counts by moving it",
        run: all,
    },
];

fn extent() -> Verdict {
    wrong::unless_eq(window(3, 1, 0, 1).extent(), 3)?;
    let got = window(3, 1, 0, 2).extent();
    wrong::unless_eq(got, 5)
        .because(got == 6, "6 is 3 * 2: between 3 taps there are 2 gaps, not 3")
        .because(got == 3, "3 is the number of taps: they are 2 apart")
        .because(got == 4, "4 is the distance of the last tap from the first: count both")
}

fn plain() -> Verdict {
    let got = window(5, 1, 0, 1).outputs(28);
    wrong::unless_eq(got, 24)
        .because(got == 23, "28 - 5 is the last place it can stand at; 0 is one, too: add 1")
        .because(got == 28, "the first tap cannot stand at all 28 places: the last must fit, too")
}

fn padding() -> Verdict {
    let got = window(3, 1, 1, 1).outputs(32);
    wrong::unless_eq(got, 32)
        .because(got == 31, "the padding was counted once: it is on both sides")
        .because(got == 30, "the padding was not counted")
}

fn stride() -> Verdict {
    let got = window(2, 2, 0, 1).outputs(7);
    wrong::unless_eq(got, 3)
        .because(got == 4, "the fourth window would stick out by one place: round down")
        .because(got == 6, "6 positions are those of a stride of 1")?;
    let got = window(7, 2, 3, 1).outputs(224);
    wrong::unless_eq(got, 112).because(got == 111, "add the 1 after dividing by the stride")
}

fn dilation() -> Verdict {
    let got = window(3, 1, 2, 2).outputs(9);
    wrong::unless_eq(got, 9).because(got == 11, "the taps are 2 apart: the window covers 5 places")
}

fn none() -> Verdict {
    let (on_four, on_five) = (window(5, 1, 0, 1).outputs(4), window(5, 1, 0, 1).outputs(5));
    wrong::unless_eq(on_four, 0).because(
        on_four > 0,
        "a window of 5 does not fit on 4 places: compare before subtracting",
    )?;
    wrong::unless_eq(on_five, 1)
}

fn all() -> Verdict {
    for (w, size) in windows() {
        let note = format!("{w:?} on {size} places");
        wrong::unless_eq(w.outputs(size), positions(w, size)).note(note)?;
    }
    Ok(())
}
