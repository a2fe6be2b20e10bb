//! The facts of module 03, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod nets;
mod linear;
mod init;
mod fresh;
mod dropout;
mod sequence;
mod paths;
mod walks;
mod parameters;
mod saving;
mod loading;

fn main() -> std::process::ExitCode {
    check::main(
        "03",
        &[
            linear::CHECKS,
            init::CHECKS,
            fresh::CHECKS,
            dropout::CHECKS,
            sequence::CHECKS,
            paths::CHECKS,
            walks::CHECKS,
            parameters::CHECKS,
            saving::CHECKS,
            loading::CHECKS,
        ],
    )
}
