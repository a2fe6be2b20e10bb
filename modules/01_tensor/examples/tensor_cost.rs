//! What the lesson's "What it costs" predicts, measured: bytes moved and operations done per second.
//!
//! `cargo run --release -p tinytorch-tensor --example tensor_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_tensor::{Rng, Tensor};

fn main() {
    let mut rng = Rng::new(0);
    let (x, y) = (Tensor::rand([4096, 4096], &mut rng), Tensor::rand([4096, 4096], &mut rng));
    println!("x and y are [4096, 4096]: {} each\n", x.memory_footprint());

    let transpose = best_of(100_000, || x.t());
    println!("x.t()         {:8.0} ns    nothing is moved", transpose * 1e9);
    let moved = 3.0 * x.nbytes() as f64; // two read, one written
    for (name, y) in [("x + y       ", y.clone()), ("x + y.t()   ", y.t())] {
        let seconds = best_of(5, || &x + &y);
        println!("{name}  {:8.1} ms  {:7.2} GB/s", seconds * 1e3, moved / seconds / 1e9);
    }
    for (name, x) in [("x.sum()     ", x.clone()), ("x.t().sum() ", x.t())] {
        let seconds = best_of(5, || x.sum());
        let moved = x.nbytes() as f64;
        println!("{name}  {:8.1} ms  {:7.2} GB/s", seconds * 1e3, moved / seconds / 1e9);
    }

    let n = 512;
    let (a, b) = (Tensor::rand([n, n], &mut rng), Tensor::rand([n, n], &mut rng));
    let operations = 2.0 * (n * n * n) as f64;
    println!(
        "\na and b are [512, 512]: their product takes {:.0} million operations",
        operations / 1e6
    );
    let ours = best_of(5, || a.matmul(&b));
    println!("a.matmul(&b)  {:8.1} ms  {:7.2} GFLOP/s", ours * 1e3, operations / ours / 1e9);
    let textbook = best_of(5, || textbook_order(&a.data(), &b.data(), n));
    println!(
        "p innermost   {:8.1} ms  {:7.2} GFLOP/s",
        textbook * 1e3,
        operations / textbook / 1e9
    );
}

/// The fastest of some runs, in seconds: what the machine can do when nothing disturbs it.
fn best_of<R>(runs: usize, mut f: impl FnMut() -> R) -> f64 {
    let run = |_| {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_secs_f64()
    };
    (0..runs).map(run).fold(f64::INFINITY, f64::min)
}

/// Each number of the result on its own: a row of `a` times a column of `b`.
fn textbook_order(a: &[f32], b: &[f32], n: usize) -> Vec<f32> {
    let mut out = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..n {
            for p in 0..n {
                out[i * n + j] += a[i * n + p] * b[p * n + j];
            }
        }
    }
    out
}
