use check::{Check, Verdict, wrong};
use tinytorch_training::total;

const CHECKS: &[Check] =
    &[Check { id: "03.1.sums", exercise: "03.1", fact: "2 + 4 = 6", run: sums }];

fn main() -> std::process::ExitCode {
    check::main("03", &[CHECKS])
}

fn sums() -> Verdict {
    wrong::unless_eq(total([[1.0, 2.0], [3.0, 4.0]]), 6.0)
}
