//! 05.1: off the record.

use crate::numbers::{leaf, of};
use check::{Check, Verdict, wrong};
use std::panic::catch_unwind;
use tinytorch_autograd::no_grad;

pub const CHECKS: &[Check] = &[
    Check {
        id: "05.1.forgets",
        exercise: "05.1",
        fact: "3 x computed inside `no_grad` has no history, though x is a parameter",
        run: forgets,
    },
    Check {
        id: "05.1.hands_back",
        exercise: "05.1",
        fact: "`no_grad` hands back what its closure returns",
        run: hands_back,
    },
    Check {
        id: "05.1.restores",
        exercise: "05.1",
        fact: "after `no_grad`, also after a panic in it, histories are written again",
        run: restores,
    },
    Check {
        id: "05.1.nests",
        exercise: "05.1",
        fact: "a `no_grad` within a `no_grad` does not end the outer one",
        run: nests,
    },
];

fn forgets() -> Verdict {
    let x = leaf(2.0);
    let y = no_grad(|| &x * 3.0);
    wrong::unless_close(of(&y), 6.0, 0.0)?;
    wrong::unless(
        y.history().is_none() && !y.requires_grad(),
        || "3 x has a history: recording was not off while the closure ran",
    )
}

fn hands_back() -> Verdict {
    let moved = vec![1, 2];
    wrong::unless_eq(no_grad(move || moved), vec![1, 2])
}

fn restores() -> Verdict {
    let x = leaf(2.0);
    no_grad(|| ());
    wrong::unless(
        (&x * 3.0).requires_grad(),
        || "after `no_grad`, 3 x has no history: recording stayed off",
    )?;
    let _ = catch_unwind(|| no_grad(|| panic!("on purpose")));
    wrong::unless((&x * 3.0).requires_grad(), || {
        "after a panic inside `no_grad`, 3 x has no history: `recording` puts the switch back, \
         a flag set by hand does not"
    })
}

fn nests() -> Verdict {
    let x = leaf(2.0);
    let y = no_grad(|| {
        no_grad(|| ());
        &x * 3.0
    });
    wrong::unless(
        !y.requires_grad(),
        || "after the inner `no_grad`, the outer one records again: put back what was before",
    )
}
