//! What must be true of module 01.

use check::{Because, Check, Verdict, limit_s, wrong};
use tinytorch_box::Sides;

const CHECKS: &[Check] = &[
    Check { id: "01.1.counts", exercise: "01.1", fact: "2 by 3 by 4 is 24", run: counts },
    Check { id: "01.1.empty", exercise: "01.1", fact: "no direction is 1 number", run: point },
    Check { id: "01.2.steps", exercise: "01.2", fact: "2 by 3: steps of 3 and 1", run: steps },
    Check { id: "01.2.few", exercise: "01.2", fact: "no direction has no step", run: few },
];

fn counts() -> Verdict {
    let got = Sides::new(&[2, 3, 4]).numel();
    wrong::unless_eq(got, 24).because(got == 9, "lengths multiply, they do not add")
}

fn point() -> Verdict {
    wrong::unless_eq(Sides::new(&[]).numel(), 1)
}

fn steps() -> Verdict {
    limit_s(1);
    let got = Sides::new(&[2, 3]).strides();
    wrong::unless_eq(&got, &vec![3, 1]).because(got == [1, 2], "the last direction is the fast one")
}

fn few() -> Verdict {
    wrong::unless_eq(Sides::new(&[]).strides(), vec![])
}

fn main() -> std::process::ExitCode {
    check::main("01", &[CHECKS])
}
