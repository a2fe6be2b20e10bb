//! What the lesson's "What it costs" predicts, measured: one layer, for few rows and for many.
//!
//! `cargo run --release -p tinytorch-layers --example layers_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_layers::{Linear, Model, Module, ReLU, sequential, summary};
use tinytorch_tensor::{Rng, Tensor};

fn main() {
    let mut rng = Rng::new(0);
    let digits = sequential![
        Linear::new(784, 128, &mut rng),
        ReLU,
        Linear::new(128, 64, &mut rng),
        ReLU,
        Linear::new(64, 10, &mut rng),
    ];
    println!("{}\n", summary(&digits, [1, 784]));
    let large = sequential![Linear::new(4096, 4096, &mut rng)];
    for (name, model, inputs) in [("784-128-64-10", &digits, 784), ("4096-4096", &large, 4096)] {
        println!("{name}: {} bytes of parameters", 4 * model.parameter_count());
        for n in [1, 8, 64] {
            let x = Tensor::randn([n, inputs], &mut rng);
            let operations = 2.0 * (n * model.parameter_count()) as f64;
            let seconds = best_of(20, || model.forward(&x));
            println!(
                "  {n:3} rows  {:9.1} µs  {:7.1} µs a row  {:6.2} GFLOP/s",
                seconds * 1e6,
                seconds * 1e6 / n as f64,
                operations / seconds / 1e9
            );
        }
    }
}

/// The shortest of so many runs, in seconds.
fn best_of<R>(runs: usize, f: impl Fn() -> R) -> f64 {
    let time = || {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(|_| time()).fold(f64::INFINITY, f64::min)
}
