//! 09.2: who sees the picture.

use crate::numbers::{positions, window, windows};
use check::{Because, Check, Verdict, wrong};

pub const CHECKS: &[Check] = &[
    Check {
        id: "09.2.taps",
        exercise: "09.2",
        fact: "kernel 3, padding 1, 4 places: the taps are inside for outputs 1..4, 0..4 and 0..3",
        run: taps,
    },
    Check {
        id: "09.2.unpadded",
        exercise: "09.2",
        fact: "without padding, all 3 outputs of a kernel of 3 on 5 places see through every tap",
        run: unpadded,
    },
    Check {
        id: "09.2.stride",
        exercise: "09.2",
        fact: "with a stride of 2, tap 0 of a kernel of 3 with padding 1 is inside for 1..3 on \
         5 places",
        run: stride,
    },
    Check {
        id: "09.2.dilation",
        exercise: "09.2",
        fact: "2 taps 3 apart, padding 2, 4 places: inside for 2..5 and 0..3",
        run: dilation,
    },
    Check {
        id: "09.2.empty",
        exercise: "09.2",
        fact: "a picture of 1 place is seen through the middle tap only; the other ranges are \
         empty",
        run: empty,
    },
    Check {
        id: "09.2.all_inside",
        exercise: "09.2",
        fact: "for every small window, inside are the outputs whose place is real",
        run: all_inside,
    },
    Check {
        id: "09.2.seen",
        exercise: "09.2",
        fact: "kernel 3, stride 2, padding 1, 5 places: the outputs see 0..2, 1..4 and 3..5",
        run: seen,
    },
    Check {
        id: "09.2.all_seen",
        exercise: "09.2",
        fact: "for every small window without gaps, seen are the real places below it",
        run: all_seen,
    },
];

fn taps() -> Verdict {
    let w = window(3, 1, 1, 1);
    let got = w.inside(0, 4);
    wrong::unless_eq(got.clone(), 1..4)
        .because(got == (0..4), "through tap 0, output 0 sees place -1: that is padding")
        .because(got == (1..5), "there are 4 outputs: 4 is none")
        .because(got == (1..3), "the end is not included in a range")?;
    let got = w.inside(1, 4);
    wrong::unless_eq(got.clone(), 0..4).because(
        got == (0..3),
        "the padding moves the picture: place o + tap - padding is inside below 4",
    )?;
    let got = w.inside(2, 4);
    wrong::unless_eq(got.clone(), 0..3)
        .because(got == (0..4), "through tap 2, output 3 sees place 4, of 0 to 3: padding again")
        .because(
            got == (0..2),
            "the padding moves the places to the left: o + 2 - 1 < 4 holds for o = 2",
        )
}

fn unpadded() -> Verdict {
    for tap in 0..3 {
        let got = window(3, 1, 0, 1).inside(tap, 5);
        let expected = 0..3;
        wrong::unless_eq(got.clone(), expected)
            .because(
                got.end > 3,
                "the place is real, but the window no longer fits: there are 3 outputs",
            )
            .note(format!("tap {tap}"))?;
    }
    Ok(())
}

fn stride() -> Verdict {
    let w = window(3, 2, 1, 1);
    let got = w.inside(0, 5);
    wrong::unless_eq(got.clone(), 1..3)
        .because(got.start == 0, "output 0 sees place -1: half a step is a whole one, round up")
        .because(got == (1..4), "there are 3 outputs")?;
    let got = w.inside(2, 5);
    wrong::unless_eq(got.clone(), 0..2)
        .because(got == (0..3), "output 2 sees place 2 * 2 + 2 - 1 = 5, of 0 to 4")
}

fn dilation() -> Verdict {
    let w = window(2, 1, 2, 3);
    wrong::unless_eq(w.inside(0, 4), 2..5)?;
    let got = w.inside(1, 4);
    wrong::unless_eq(got.clone(), 0..3)
        .because(got == (1..5), "tap 1 is 3 places from tap 0, not 1: the dilation is missing")
}

fn empty() -> Verdict {
    let w = window(3, 1, 1, 1);
    let got = [0, 1, 2].map(|tap| w.inside(tap, 1));
    wrong::unless(got[0].is_empty() && got[2].is_empty() && got[1] == (0..1), || {
        format!("{got:?}")
    })?;
    wrong::unless(got.iter().all(|range| range.start <= range.end), || {
        format!("{got:?}: a start behind its end cannot be cut out of a slice")
    })
}

fn all_inside() -> Verdict {
    for (w, size) in windows() {
        for tap in 0..w.kernel {
            let place = |o: &usize| o * w.stride + tap * w.dilation;
            let real = |o: &usize| (w.padding..w.padding + size).contains(&place(o));
            let expected: Vec<usize> = (0..positions(w, size)).filter(real).collect();
            let got: Vec<usize> = w.inside(tap, size).collect();
            wrong::unless_eq(got, expected).note(format!("{w:?} on {size} places, tap {tap}"))?;
        }
    }
    Ok(())
}

fn seen() -> Verdict {
    let w = window(3, 2, 1, 1);
    let got = [0, 1, 2].map(|output| w.seen(output, 5));
    wrong::unless_eq(got.clone(), [0..2, 1..4, 3..5])
        .because(
            got[0] == (0..3),
            "the first window begins one place left of the picture: take the padding off both ends",
        )
        .because(got[2] == (3..6), "place 5 is padding: there are 5 places, 0 to 4")
}

fn all_seen() -> Verdict {
    for (w, size) in windows().into_iter().filter(|(w, _)| w.dilation == 1) {
        for output in 0..positions(w, size) {
            let places =
                (0..w.kernel).filter_map(|t| (output * w.stride + t).checked_sub(w.padding));
            let expected: Vec<usize> = places.filter(|&at| at < size).collect();
            let got = w.seen(output, size);
            let note = format!("{w:?} on {size} places, output {output}");
            wrong::unless(got.start <= got.end, || format!("{got:?} begins behind its end"))
                .note(note.clone())?;
            wrong::unless_eq(got.collect::<Vec<_>>(), expected).note(note)?;
        }
    }
    Ok(())
}
