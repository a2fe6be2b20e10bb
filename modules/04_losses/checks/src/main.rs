//! The facts of module 04, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod distances;
mod answers;
mod labels;
mod logits;
mod spread;

fn main() -> std::process::ExitCode {
    let tables =
        &[distances::CHECKS, answers::CHECKS, labels::CHECKS, logits::CHECKS, spread::CHECKS];
    check::main("04", tables)
}
