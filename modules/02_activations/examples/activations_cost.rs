//! What the lesson's "What it costs" predicts, measured: a million numbers through each activation.
//!
//! `cargo run --release -p tinytorch-activations --example activations_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_activations::Activations;
use tinytorch_tensor::{Rng, Tensor};

type Activation = fn(&Tensor) -> Tensor;

fn main() {
    let x = Tensor::randn([1000, 1000], &mut Rng::new(0));
    let moved = 2.0 * x.nbytes() as f64; // every number is read once and written once
    println!("[1000, 1000]: {:.0} MB read and written\n", moved / 1e6);
    let activations: [(&str, Activation); 7] = [
        ("relu", Tensor::relu),
        ("sigmoid", Tensor::sigmoid),
        ("tanh", Tensor::tanh),
        ("gelu_tanh", Tensor::gelu_tanh),
        ("gelu", Tensor::gelu),
        ("softmax(1)", |x| x.softmax(1)),
        ("softmax(0)", |x| x.softmax(0)),
    ];
    for (name, f) in activations {
        let seconds = best_of(20, || f(&x));
        let each = seconds * 1e9 / x.numel() as f64;
        println!("{name:10}  {:6.2} ms  {each:6.2} ns a number", seconds * 1e3);
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
