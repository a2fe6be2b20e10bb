//! The facts of module 13, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod norms;
mod slopes;
mod squares;
mod mlps;
mod blocks;
mod counts;
mod starts;
mod models;
mod losses;
mod draws;
mod cuts;
mod repeats;
mod texts;

fn main() -> std::process::ExitCode {
    check::main(
        "13",
        &[
            norms::CHECKS,
            slopes::CHECKS,
            squares::CHECKS,
            mlps::CHECKS,
            blocks::CHECKS,
            counts::CHECKS,
            starts::CHECKS,
            models::CHECKS,
            losses::CHECKS,
            draws::CHECKS,
            cuts::CHECKS,
            repeats::CHECKS,
            texts::CHECKS,
        ],
    )
}
