//! W8: what is done to each number or each row of `[4096, 1024]`, 16 MiB; rows out of a table; and
//! a step of Adam.

use super::{ids, numbers};
use crate::workload::{Work, Workload};
use tinytorch::embeddings::embedding;
use tinytorch::prelude::*;
use tinytorch::transformers::layer_norm;

type Function = fn(&Tensor, &Tensor, &Tensor) -> Tensor;

/// A function of `x`, a row `b` and a row of ones, and how often it must go through 16 MiB.
const FUNCTIONS: [(&str, f64, Function); 10] = [
    ("W8.gelu_tanh", 2.0, |x, _, _| x.gelu_tanh()),
    ("W8.gelu_erf", 2.0, |x, _, _| x.gelu()),
    ("W8.softmax", 2.0, |x, _, _| x.softmax(1)),
    ("W8.layernorm", 2.0, |x, b, one| layer_norm(x, Some(one), Some(b), 1e-5)),
    ("W8.sum_all", 1.0, |x, _, _| x.sum()),
    ("W8.sum_dim0", 1.0, |x, _, _| x.sum_over(0, false)),
    ("W8.add_bcast", 2.0, |x, b, _| x + b),
    ("W8.mul_same", 2.0, |x, _, _| x * x),
    ("W8.transpose_copy", 2.0, |x, _, _| x.t().contiguous()),
    ("W8.exp", 2.0, |x, _, _| x.exp()),
];

/// All of them.
pub fn workloads() -> Vec<Workload> {
    let functions = FUNCTIONS.into_iter().map(|(name, passes, function)| {
        Workload::new(name, Work::bytes(passes * 4.0 * 4096.0 * 1024.0), move |meter| {
            let (x, b) = (numbers([4096, 1024], 5, 3.0), numbers([1024], 6, 1.0));
            let one = Tensor::ones([1024]);
            meter.time(name, || function(&x, &b, &one));
        })
    });
    functions.chain([gather(), adam()]).collect()
}

/// 4,096 rows out of a table of 50,257.
fn gather() -> Workload {
    let name = "W8.embed_gather";
    Workload::new(name, Work::bytes(2.0 * 4.0 * 4096.0 * 768.0), move |meter| {
        let (table, ids) = (numbers([50_257, 768], 7, 1.0), ids([4096], 8, 50_257));
        meter.time(name, || embedding(&table, &ids, None));
    })
}

/// Four numbers read and three written, for each of ten million weights.
fn adam() -> Workload {
    const N: usize = 10_000_000;
    let name = "W8.adam_10M";
    let work = Work::NONE.and_bytes(28.0 * N as f64, 16.0 * N as f64);
    Workload::new(name, work, move |meter| {
        let mut weight = numbers([N], 9, 1.0).with_grad();
        let mut grads = Gradients::new();
        grads.add_one(weight.id(), numbers([N], 3, 1.0));
        let mut adam = Adam::new(AdamOptions { lr: 1e-3, ..Default::default() });
        meter.time(name, || adam.step(&mut weight, &grads));
    })
}
