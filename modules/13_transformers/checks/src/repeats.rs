//! 13.12: not that again.

use check::{Because, Check, Verdict, wrong};
use tinytorch_transformers::penalize_repetition;

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.12.both_sides",
        exercise: "13.12",
        fact: "a penalty of 2 makes 1.5 of 3 and -6 of -3: both go down",
        run: both_sides,
    },
    Check {
        id: "13.12.once",
        exercise: "13.12",
        fact: "a token said three times is penalized once",
        run: once,
    },
    Check {
        id: "13.12.others",
        exercise: "13.12",
        fact: "who was not said keeps the score, and a penalty of 1 changes nothing",
        run: others,
    },
];

fn penalized(logits: &[f32], seen: &[i32], penalty: f32) -> Vec<f32> {
    let mut logits = logits.to_vec();
    penalize_repetition(&mut logits, seen, penalty);
    logits
}

fn both_sides() -> Verdict {
    let got = penalized(&[3.0, -3.0], &[0, 1], 2.0);
    wrong::unless_eq(&got[..], [1.5, -6.0])
        .because(got == [1.5, -1.5], "-1.5 is more likely than -3: below 0 it multiplies")
        .because(got == [6.0, -1.5], "both went up: a positive score is divided")
        .because(got == [1.0, -5.0], "that is less 2: it divides and multiplies")?;
    let got = penalized(&[0.0, f32::NEG_INFINITY], &[0, 1], 2.0);
    wrong::unless_eq(&got[..], [0.0, f32::NEG_INFINITY])
}

fn once() -> Verdict {
    let got = penalized(&[8.0, -1.0], &[0, 1, 0, 0], 2.0);
    wrong::unless_eq(&got[..], [4.0, -2.0])
        .because(got[0] == 1.0, "it was penalized three times: remove what is double first")
        .because(got[0] == 2.0, "equal tokens that are not neighbors are double, too: sort first")
}

fn others() -> Verdict {
    let logits = [3.0, -3.0, 0.5, 7.0];
    wrong::unless_eq(&penalized(&logits, &[3], 2.0)[..], [3.0, -3.0, 0.5, 3.5])
        .because(true, "only tokens in `seen` are penalized")?;
    wrong::unless_eq(&penalized(&logits, &[0, 1, 2, 3], 1.0)[..], logits)?;
    wrong::unless_eq(&penalized(&logits, &[], 5.0)[..], logits)
}
