//! The facts of module 09, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod sizes;
mod sights;
mod convolutions;
mod kernels;
mod pixels;
mod columns;
mod winners;
mod means;
mod channels;
mod memories;
mod returns;
mod networks;

fn main() -> std::process::ExitCode {
    check::main(
        "09",
        &[
            sizes::CHECKS,
            sights::CHECKS,
            convolutions::CHECKS,
            kernels::CHECKS,
            pixels::CHECKS,
            columns::CHECKS,
            winners::CHECKS,
            means::CHECKS,
            channels::CHECKS,
            memories::CHECKS,
            returns::CHECKS,
            networks::CHECKS,
        ],
    )
}
