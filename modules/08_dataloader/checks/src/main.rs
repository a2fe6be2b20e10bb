//! The facts of module 08, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod lengths;
mod rows;
mod orders;
mod batches;
mod parts;
mod splits;
mod rulers;
mod mirrors;
mod windows;
mod holes;
mod headers;
mod workers;

fn main() -> std::process::ExitCode {
    check::main(
        "08",
        &[
            lengths::CHECKS,
            rows::CHECKS,
            orders::CHECKS,
            batches::CHECKS,
            parts::CHECKS,
            splits::CHECKS,
            rulers::CHECKS,
            mirrors::CHECKS,
            windows::CHECKS,
            holes::CHECKS,
            headers::CHECKS,
            workers::CHECKS,
        ],
    )
}
