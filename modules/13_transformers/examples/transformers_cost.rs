//! What the lesson predicts and measures: the parameters and the work of a small GPT, and where
//! the time of a training step goes.
//!
//! `cargo run --release -p tinytorch-transformers --example transformers_cost`

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tinytorch_autograd::Backward;
use tinytorch_layers::Model;
use tinytorch_optimizers::{AdamW, AdamWOptions, Optimizer};
use tinytorch_tensor::{Interpreter, Op, Rng, Tensor, pass_on, with};
use tinytorch_transformers::{GenerateOptions, Gpt, GptConfig, generate};

const BATCH: usize = 16;
const STEPS: usize = 30;

fn main() {
    let config = GptConfig { vocab_size: 65, ..GptConfig::tiny() };
    let (t, d) = (config.context, config.d_model);
    let mut gpt = Gpt::new(config.clone(), &mut Rng::new(0));
    println!("{} parameters by the formula", config.parameter_count());
    println!("{} parameters in the model", gpt.parameter_count());
    let weights = gpt.parameter_count() - t * d; // a table of places is looked up, not multiplied
    let attention = config.layers * 4 * t * d / 2; // half of the pairs are hidden
    println!("{:.0} million operations a step", work(weights, attention) / 1e6);

    let mut optimizer = AdamW::new(AdamWOptions::default());
    let batch = |seed| Tensor::randint([BATCH, t], 0, 65, &mut Rng::new(seed));
    let mut step = |i| {
        let grads = gpt.loss(&batch(i), &batch(i + 1)).backward();
        optimizer.step(&mut gpt, &grads);
    };
    step(0);
    let started = Instant::now();
    (0..STEPS as u64).for_each(&mut step);
    let seconds = started.elapsed().as_secs_f64();
    let rate = STEPS as f64 / seconds;
    println!("{rate:.1} steps a second, {:.1} GFLOP/s", rate * work(weights, attention) / 1e9);

    let seen = Rc::new(Seen::default());
    with(seen.clone(), || (0..STEPS as u64).for_each(&mut step));
    seen.print();

    let started = Instant::now();
    let options = GenerateOptions { max_new_tokens: 200, ..Default::default() };
    generate(&gpt, &[0], &options, |_| ControlFlow::Continue(()));
    println!("{:.0} tokens a second written", 200.0 / started.elapsed().as_secs_f64());
}

/// Floating-point operations of a training step: two per weight and token forward and four
/// backward, and as many times what attention takes.
fn work(weights: usize, attention: usize) -> f64 {
    let tokens = BATCH * GptConfig::tiny().context;
    (3 * tokens * (2 * weights + attention)) as f64
}

/// The time in each op, by its name.
#[derive(Default)]
struct Seen(RefCell<BTreeMap<&'static str, (u32, Duration)>>);

impl Interpreter for Seen {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let started = Instant::now();
        let y = pass_on(op, x);
        let mut seen = self.0.borrow_mut();
        let (calls, time) = seen.entry(op.name()).or_default();
        (*calls, *time) = (*calls + 1, *time + started.elapsed());
        y
    }
}

impl Seen {
    fn print(&self) {
        let seen = self.0.borrow();
        let total: Duration = seen.values().map(|(_, time)| time).sum();
        let mut rows: Vec<_> = seen.iter().collect();
        rows.sort_by_key(|(_, (_, time))| std::cmp::Reverse(*time));
        println!("\n{:40} {:>6} {:>9} {:>6}", "op", "calls", "ms/step", "part");
        for (name, (calls, time)) in rows {
            let ms = time.as_secs_f64() * 1e3 / STEPS as f64;
            let part = 100.0 * time.as_secs_f64() / total.as_secs_f64();
            println!("{name:40} {:>6} {ms:>9.2} {part:>5.1}%", calls / STEPS as u32);
        }
        println!();
    }
}
