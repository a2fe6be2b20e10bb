//! The facts of module 11, in the order of its lesson. A check needs no exercise behind its own: ops
//! are handed to `dispatch` with tables written out here, layers are built field by field.

mod numbers;
mod lookups;
mod landings;
mod ends;
mod places;
mod waves;
mod turns;
mod sequences;

fn main() -> std::process::ExitCode {
    check::main(
        "11",
        &[
            lookups::CHECKS,
            landings::CHECKS,
            ends::CHECKS,
            places::CHECKS,
            waves::CHECKS,
            turns::CHECKS,
            sequences::CHECKS,
        ],
    )
}
