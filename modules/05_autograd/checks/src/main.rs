//! The facts of module 05, in the order of its lesson. A check needs no exercise behind its own: as
//! long as the table of rules is empty, ops that bring their own rules stand in (`ops`).

mod numbers;
mod ops;
mod recording;
mod sums;
mod orders;
mod walks;
mod differences;
mod broadcasts;
mod arithmetic;
mod reductions;
mod moves;
mod slopes;
mod products;
mod softmaxes;
mod classes;

fn main() -> std::process::ExitCode {
    if orders::is_child() {
        return orders::child();
    }
    check::main(
        "05",
        &[
            recording::CHECKS,
            sums::CHECKS,
            orders::CHECKS,
            walks::CHECKS,
            differences::CHECKS,
            broadcasts::CHECKS,
            arithmetic::CHECKS,
            reductions::CHECKS,
            moves::CHECKS,
            slopes::CHECKS,
            products::CHECKS,
            softmaxes::CHECKS,
            classes::CHECKS,
        ],
    )
}
