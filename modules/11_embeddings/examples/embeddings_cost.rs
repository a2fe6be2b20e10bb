//! What the lesson's "What it costs" predicts, measured: 1,024 ids in a table of GPT-2's size.
//!
//! `cargo run --release -p tinytorch-embeddings --example embeddings_cost`

use std::hint::black_box;
use std::time::Instant;
use tinytorch_autograd::Backward;
use tinytorch_embeddings::{Embedding, RotaryEmbedding, embedding, sinusoidal};
use tinytorch_layers::Module;
use tinytorch_tensor::{Rng, Tensor};

fn main() {
    let (rows, width) = (50_257, 768);
    let rng = &mut Rng::new(0);
    let table = Embedding::new(rows, width, rng);
    let ids = Tensor::randint([8, 128], 0, rows as i32, rng);
    let x = table.forward(&ids).detach();
    let (waves, rotary) = (sinusoidal(128, width), RotaryEmbedding::new(64, 128));
    let heads = x.reshape([8, 128, 12, 64]).transpose(1, 2).contiguous();
    let megabytes = |t: &Tensor| t.nbytes() as f64 / 1e6;
    println!("table {:.0} MB, looked up {:.1} MB\n", megabytes(&table.weight), megabytes(&x));
    report("lookup", || embedding(&table.weight, &ids, None));
    report("lookup and gradient", || table.forward(&ids).sum().backward());
    report("waves added", || &x + &waves);
    report("rotary, 12 heads", || rotary.forward(&heads));
    report("scores of 1 word", || table.logits(&x.select(0, 0).narrow(0, 0, 1)));
}

/// Prints the shortest of ten runs.
fn report<R>(what: &str, f: impl Fn() -> R) {
    let time = || {
        let start = Instant::now();
        black_box(f());
        start.elapsed().as_secs_f64()
    };
    let best = (0..10).map(|_| time()).fold(f64::INFINITY, f64::min);
    println!("{what:20}  {:8.2} ms", best * 1e3);
}
