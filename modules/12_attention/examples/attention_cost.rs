//! What the lesson's "What it costs" predicts, measured: attention over texts of growing length.
//!
//! `cargo run --release -p tinytorch-attention --example attention_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_attention::{AttentionOptions, attention_weights, scaled_dot_product_attention};
use tinytorch_autograd::Backward;
use tinytorch_tensor::{Rng, Tensor};

fn main() {
    println!("4 heads of width 64, causal\n");
    println!("  t     weights   op forward   textbook   with gradient   textbook");
    for t in [128, 256, 512, 1024] {
        let mut rng = Rng::new(0);
        let mut draw = || Tensor::randn([4, t, 64], &mut rng).with_grad();
        let (q, k, v) = (draw(), draw(), draw());
        let causal = AttentionOptions { causal: true, ..Default::default() };
        let op = || scaled_dot_product_attention(&q, &k, &v, &causal);
        let textbook = || attention_weights(&q, &k, &causal).matmul(&v);
        println!(
            "{t:5}  {:6.1} MB  {:8.1} ms  {:6.1} ms  {:11.1} ms  {:6.1} ms",
            (4 * t * t * 4) as f64 / 1e6,
            milliseconds(op),
            milliseconds(textbook),
            milliseconds(|| op().sum().backward()),
            milliseconds(|| textbook().sum().backward()),
        );
    }
}

/// The shortest of five runs.
fn milliseconds<R>(f: impl Fn() -> R) -> f64 {
    let time = || {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..5).map(|_| time()).fold(f64::INFINITY, f64::min)
}
