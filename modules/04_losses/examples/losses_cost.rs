//! What the lesson's "What it costs" predicts, measured: the time of cross entropy per logit.
//!
//! `cargo run --release -p tinytorch-losses --example losses_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_losses::{cross_entropy, mse_loss};
use tinytorch_tensor::{Rng, Tensor};

fn main() {
    let mut rng = Rng::new(0);
    for (rows, classes) in [(100_000, 10), (1_000, 1_000), (64, 50_257)] {
        let logits = Tensor::randn([rows, classes], &mut rng);
        let labels = Tensor::randint([rows], 0, classes as i32, &mut rng);
        let loss = cross_entropy(&logits, &labels).item();
        let name = format!("cross_entropy [{rows}, {classes}]");
        report(&name, logits.nbytes(), loss, || cross_entropy(&logits, &labels));
    }
    let (p, y) = (Tensor::randn([1_000, 1_000], &mut rng), Tensor::randn([1_000, 1_000], &mut rng));
    report("mse_loss [1000, 1000]", p.nbytes(), mse_loss(&p, &y).item(), || mse_loss(&p, &y));
}

/// Prints the shortest of thirty times that `f` takes for predictions of so many bytes.
fn report(name: &str, bytes: usize, loss: f32, f: impl Fn() -> Tensor) {
    let time = || {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_secs_f64()
    };
    let seconds = (0..30).map(|_| time()).fold(f64::INFINITY, f64::min);
    let each = seconds * 1e9 / (bytes / 4) as f64;
    println!(
        "{name:<28} {bytes:>10} bytes  loss {loss:6.3}  {:6.1} ms  {each:5.2} ns a number",
        seconds * 1e3
    );
}
