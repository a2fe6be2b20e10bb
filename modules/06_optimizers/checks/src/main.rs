//! The facts of module 06, in the order of its lesson. A check needs no exercise behind its own: the
//! formulas are tried by themselves, and then at work on a model.

mod numbers;
mod descents;
mod velocities;
mod sizes;
mod adams;
mod decays;
mod clocks;
mod groups;
mod states;

fn main() -> std::process::ExitCode {
    check::main(
        "06",
        &[
            descents::CHECKS,
            velocities::CHECKS,
            sizes::CHECKS,
            adams::CHECKS,
            decays::CHECKS,
            clocks::CHECKS,
            groups::CHECKS,
            states::CHECKS,
        ],
    )
}
