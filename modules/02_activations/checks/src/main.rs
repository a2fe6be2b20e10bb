//! The facts of module 02, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod relu;
mod sigmoid;
mod tanh;
mod gelu;
mod softmax;
mod log_softmax;
mod axes;
mod slopes;

fn main() -> std::process::ExitCode {
    check::main(
        "02",
        &[
            relu::CHECKS,
            sigmoid::CHECKS,
            tanh::CHECKS,
            sigmoid::GATES,
            gelu::CHECKS,
            softmax::CHECKS,
            log_softmax::CHECKS,
            axes::CHECKS,
            slopes::CHECKS,
        ],
    )
}
