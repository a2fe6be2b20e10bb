//! What a step costs: ten million weights in one tensor, the best of several steps, as time and as
//! memory traffic.
//!
//! ```text
//! cargo run --release -p tinytorch-optimizers --example optimizers_cost
//! ```

use std::time::Instant;
use tinytorch_optimizers::{AdamOptions, AdamStep, SgdOptions, SgdStep};
use tinytorch_tensor::{Tensor, Update, update};

const WEIGHTS: usize = 10_000_000;

fn main() {
    let plain = SgdOptions::default();
    let rolling = SgdOptions { momentum: 0.9, ..plain };
    measure("sgd", &SgdStep { options: plain, first: false }, 1);
    measure("momentum", &SgdStep { options: rolling, first: false }, 2);
    measure("adam", &AdamStep { options: AdamOptions::default(), step: 5 }, 3);
}

/// Each target is read and written, the gradient is read.
fn measure(name: &str, op: &dyn Update, targets: usize) {
    let g = Tensor::full([WEIGHTS], 0.5);
    let mut tensors: Vec<Tensor> = (0..targets).map(|_| Tensor::ones([WEIGHTS])).collect();
    let mut all: Vec<&mut Tensor> = tensors.iter_mut().collect();
    let mut best = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        update(op, &mut all, &[&g]);
        best = best.min(start.elapsed().as_secs_f64());
    }
    let bytes = 4 * (2 * targets + 1);
    let rate = (bytes * WEIGHTS) as f64 / best / 1e9;
    println!("{name:10} {bytes:2} bytes a weight  {:6.2} ms  {rate:5.1} GB/s", best * 1e3);
}
