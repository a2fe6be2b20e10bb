//! W6: writing text with a cache of keys and values, one token at a time, always the likeliest,
//! after a prompt of 16 tokens.

use super::gpt::{Size, model};
use crate::workload::{Work, Workload};
use meter::{Meter, det_int};
use std::ops::ControlFlow;
use tinytorch::prelude::*;

const SMALL: Size = Size { layers: 6, heads: 6, d: 384, context: 320, vocabulary: 65 };
const GPT2: Size = Size { layers: 12, heads: 12, d: 768, context: 128, vocabulary: 50_257 };

/// 256 tokens by a small model; 24 by one of the size of GPT-2 (124 million weights and an output
/// table of its own).
pub fn workloads() -> Vec<Workload> {
    let (few, many) = ("W6.gpt2_f32", "W6.gen_small_256");
    vec![
        Workload::new(many, small(), move |meter| write(meter, many, &SMALL, 256)),
        Workload::new(few, gpt2(4.0), move |meter| write(meter, few, &GPT2, 24)),
    ]
}

/// Each token reads all weights once.
fn small() -> Work {
    let weights = 4.0 * 12.0 * 6.0 * 384.0 * 384.0;
    Work::flops(0.0).and_bytes(256.0 * weights, weights)
}

/// The prompt is one pass over 16 tokens, then 23 tokens read all weights once each.
pub fn gpt2(bytes: f64) -> Work {
    let (blocks, head) = (12.0 * 12.0 * 768.0 * 768.0, 50_257.0 * 768.0);
    let weights = bytes * (blocks + head);
    Work::flops(2.0 * (16.0 * blocks + 24.0 * head)).and_bytes(23.0 * weights, weights)
}

fn write(meter: &Meter, name: &str, size: &Size, tokens: usize) {
    let (model, prompt) = (model(size), prompt());
    let greedy =
        GenerateOptions { max_new_tokens: tokens, temperature: 0.0, ..GenerateOptions::default() };
    // A fresh cache each time: reading the prompt is part of the work.
    let written =
        || generate(&CachedGpt::new(&model), &prompt, &greedy, |_| ControlFlow::Continue(()));
    meter.time(name, written);
}

fn prompt() -> Vec<i32> {
    det_int(16, 130, 65).into_iter().map(|id| id as i32).collect()
}
