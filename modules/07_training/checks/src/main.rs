//! The facts of module 07, in the order of its lesson. A check needs no exercise behind its own.

mod probe;
mod means;
mod ranks;
mod matrices;
mod exams;
mod cosines;
mod cycles;
mod clips;
mod loops;
mod groups;
mod stops;
mod headers;
mod covers;
mod files;

fn main() -> std::process::ExitCode {
    check::main(
        "07",
        &[
            means::CHECKS,
            ranks::CHECKS,
            matrices::CHECKS,
            exams::CHECKS,
            cosines::CHECKS,
            cycles::CHECKS,
            clips::CHECKS,
            loops::CHECKS,
            groups::CHECKS,
            stops::CHECKS,
            headers::CHECKS,
            covers::CHECKS,
            files::CHECKS,
        ],
    )
}
