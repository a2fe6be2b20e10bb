//! A training step of a small GPT: how long it takes, and which ops take it.
//!
//! `cargo run --release -p tinytorch-acceleration --example gpt_step -- tiny 1 10 shapes`: the size
//! (tiny or small), the number of threads and of steps, and whether ops are listed by their names or
//! by the shapes of their inputs, too (`*` where these are not contiguous).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;
use tinytorch_acceleration::set_threads;
use tinytorch_autograd::Backward;
use tinytorch_optimizers::{AdamW, AdamWOptions, Optimizer};
use tinytorch_tensor::{Interpreter, Op, Rng, Tensor, Update, pass_on, pass_on_update, with};
use tinytorch_transformers::{Gpt, GptConfig};

/// Times every op, by name and shapes: how often it ran, and the least time it took.
#[derive(Default)]
struct Clock {
    times: RefCell<HashMap<String, (usize, f64)>>,
}

impl Clock {
    fn add(&self, name: String, seconds: f64) {
        let mut times = self.times.borrow_mut();
        let entry = times.entry(name).or_insert((0, f64::MAX));
        *entry = (entry.0 + 1, entry.1.min(seconds));
    }

    fn label(&self, name: &str, x: &[&Tensor]) -> String {
        let shapes: Vec<String> = x
            .iter()
            .map(|x| format!("{}{}", x.shape(), if x.is_contiguous() { "" } else { "*" }))
            .collect();
        format!("{name} {}", shapes.join(" "))
    }
}

impl Interpreter for Clock {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let start = Instant::now();
        let y = pass_on(op, x);
        self.add(self.label(op.name(), x), start.elapsed().as_secs_f64());
        y
    }

    fn apply_update(&self, op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let start = Instant::now();
        pass_on_update(op, targets, x);
        self.add(self.label(op.name(), x), start.elapsed().as_secs_f64());
    }
}

/// The model, and how many texts it is shown at once.
fn config(size: &str) -> (GptConfig, usize) {
    let (layers, heads, d_model, context, batch) = match size {
        "tiny" => (4, 4, 128, 64, 32),
        "small" => (6, 6, 384, 256, 8),
        _ => panic!("{size}: there are tiny and small"),
    };
    let config = GptConfig {
        vocab_size: 65,
        context,
        d_model,
        layers,
        heads,
        kv_heads: heads,
        hidden: 4 * d_model,
        dropout: 0.0,
        tied: false,
        ..GptConfig::gpt2_small()
    };
    (config, batch)
}

/// What each op took of a step, the longest first.
fn report(clock: &Clock, steps: usize, by_shape: bool) {
    let mut rows = HashMap::<String, (usize, f64)>::new();
    for (label, (count, seconds)) in clock.times.borrow().iter() {
        let name = label.split(' ').next().unwrap_or(label);
        let row = rows.entry(if by_shape { label } else { name }.to_string()).or_default();
        let count = count / steps;
        *row = (row.0 + count, row.1 + seconds * 1e3 * count as f64);
    }
    let mut rows: Vec<_> = rows.into_iter().collect();
    rows.sort_by(|a, b| b.1.1.total_cmp(&a.1.1));
    let all: f64 = rows.iter().map(|(_, (_, ms))| ms).sum();
    println!("{all:9.3} ms, if every op took its least time:");
    for (label, (count, ms)) in rows.iter().take(40) {
        println!("{ms:9.3} ms {count:4} x  {label}");
    }
}

fn main() {
    let argument = |i: usize, default: &str| std::env::args().nth(i).unwrap_or(default.into());
    let size = argument(1, "tiny");
    let threads: usize = argument(2, "1").parse().expect("a number of threads");
    let steps: usize = argument(3, "10").parse().expect("a number of steps");
    set_threads(threads);
    let ((config, batch), mut rng) = (config(&size), Rng::new(0));
    let mut draw = || Tensor::randint([batch, config.context], 0, 65, &mut rng);
    let (ids, targets) = (draw(), draw());
    let mut model = Gpt::new(config, &mut rng);
    let mut optimizer = AdamW::new(AdamWOptions { lr: 3e-4, ..Default::default() });
    let mut step = || {
        let start = Instant::now();
        let gradients = model.loss(&ids, &targets).backward();
        optimizer.step(&mut model, &gradients);
        drop(gradients);
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..2).for_each(|_| _ = step());
    let mut times: Vec<f64> = (0..steps).map(|_| step()).collect();
    times.sort_by(f64::total_cmp);
    let (best, median) = (times[0], times[steps / 2]);
    println!("{size}, {threads} threads: best {best:.2} ms, median {median:.2} ms");
    let clock = Rc::new(Clock::default());
    with(clock.clone(), || (0..steps).for_each(|_| _ = step()));
    report(&clock, steps, argument(4, "names") == "shapes");
}
