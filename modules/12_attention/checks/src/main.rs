//! The facts of module 12, in the order of its lesson. A check needs no exercise behind its own:
//! layers are built field by field until `new` is written.

mod numbers;
mod products;
mod futures;
mod hidden;
mod queries;
mod sharing;
mod drops;
mod backs;
mod heads;
mod selves;

fn main() -> std::process::ExitCode {
    check::main(
        "12",
        &[
            products::CHECKS,
            futures::CHECKS,
            hidden::CHECKS,
            queries::CHECKS,
            sharing::CHECKS,
            drops::CHECKS,
            backs::CHECKS,
            heads::CHECKS,
            selves::CHECKS,
        ],
    )
}
