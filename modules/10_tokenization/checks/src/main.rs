//! The facts of module 10, in the order of its lesson. A check needs no exercise behind its own.

mod tokenizers;
mod characters;
mod bytes;
mod categories;
mod cuts;
mod pairs;
mod training;
mod ranks;
mod decoding;
mod specials;
mod learning;

fn main() -> std::process::ExitCode {
    check::main(
        "10",
        &[
            characters::CHECKS,
            bytes::CHECKS,
            categories::CHECKS,
            cuts::CHECKS,
            pairs::CHECKS,
            training::CHECKS,
            ranks::CHECKS,
            decoding::CHECKS,
            specials::CHECKS,
            learning::CHECKS,
        ],
    )
}
