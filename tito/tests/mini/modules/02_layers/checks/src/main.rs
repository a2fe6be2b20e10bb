use check::{Check, Verdict, wrong};
use tinytorch_layers::{second_column, weighted};

const CHECKS: &[Check] = &[
    Check { id: "02.1.adds", exercise: "02.1", fact: "2 x 3 + 4 x 5 = 26", run: adds },
    Check { id: "02.2.column", exercise: "02.2", fact: "it has as many numbers", run: column },
];

fn main() -> std::process::ExitCode {
    check::main("02", &[CHECKS])
}

fn adds() -> Verdict {
    wrong::unless_eq(weighted([2.0, 4.0], [3.0, 5.0]), 26.0)
}

/// Its second number is on the diagonal.
fn column() -> Verdict {
    wrong::unless_eq(second_column([[1.0, 2.0], [3.0, 4.0]])[1], 4.0)
}
