//! The facts of module 01, in the order of its lesson. A check needs no exercise behind its own.

mod numbers;
mod shapes;
mod layouts;
mod views;
mod reading;
mod broadcasting;
mod elementwise;
mod reductions;
mod runs;
mod products;
mod reshapes;

fn main() -> std::process::ExitCode {
    check::main(
        "01",
        &[
            shapes::CHECKS,
            layouts::CHECKS,
            views::CHECKS,
            reading::CHECKS,
            broadcasting::CHECKS,
            elementwise::CHECKS,
            reductions::CHECKS,
            runs::CHECKS,
            products::CHECKS,
            reshapes::CHECKS,
        ],
    )
}
