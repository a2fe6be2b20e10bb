use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{numel, transpose};

const CHECKS: &[Check] = &[
    Check { id: "01.1.counts", exercise: "01.1", fact: "[2, 3, 4] has 24 numbers", run: counts },
    Check { id: "01.1.none", exercise: "01.1", fact: "[] has 1 number", run: none },
    Check { id: "01.2.turns", exercise: "01.2", fact: "[[1, 2], [3, 4]] turns over", run: turns },
];

fn main() -> std::process::ExitCode {
    check::main("01", &[CHECKS])
}

fn counts() -> Verdict {
    let got = numel(&[2, 3, 4]);
    wrong::unless_eq(got, 24).because(got == 9, "9 is 2 + 3 + 4: sizes multiply, not add")
}

fn none() -> Verdict {
    wrong::unless_eq(numel(&[]), 1)
}

/// Looks at the diagonal alone: a wrong transpose can pass here and be found by module 03. A count
/// that is wrong is found here too, before it is seen that nothing is written.
fn turns() -> Verdict {
    wrong::unless_eq(numel(&[2, 2, 1]), 4)?;
    let got = transpose([[1.0, 2.0], [3.0, 4.0]]);
    wrong::unless_eq([got[0][0], got[1][1]], [1.0, 4.0])
}
