//! W6: writing text with a cache of keys and values, one token at a time, always the likeliest,
//! after a prompt of 16 tokens.

use super::gpt::{Size, model};
use super::{halved, quartered};
use crate::workload::{Precision, Work, Workload};
use meter::{Meter, det_int};
use std::ops::ControlFlow;
use tinytorch::prelude::*;

const SMALL: Size = Size { layers: 6, heads: 6, d: 384, context: 320, vocabulary: 65 };
const GPT2: Size = Size { layers: 12, heads: 12, d: 768, context: 128, vocabulary: 50_257 };

/// 256 tokens by a small model; 24 by one of the size of GPT-2 (124 million weights and an output
/// table of its own), with weights in 32, 16 and 8 bits.
pub fn workloads() -> Vec<Workload> {
    let many = "W6.gen_small_256";
    let [few, small, smaller] = ["W6.gpt2_f32", "W6.gpt2_bf16", "W6.gpt2_int8"];
    vec![
        Workload::new(many, work_small(), move |meter| write(meter, many, &model(&SMALL), 256)),
        Workload::new(few, work_gpt2(4.0, Precision::F32), move |meter| {
            write(meter, few, &model(&GPT2), 24);
        }),
        Workload::new(small, work_gpt2(2.0, Precision::Bf16), move |meter| {
            write(meter, small, &halved(model(&GPT2)), 24);
        }),
        Workload::new(smaller, work_gpt2(1.0, Precision::Int8), move |meter| {
            write(meter, smaller, &quartered(model(&GPT2)), 24);
        }),
    ]
}

/// Each token reads all weights once.
fn work_small() -> Work {
    let weights = 4.0 * 12.0 * 6.0 * 384.0 * 384.0;
    Work::flops(0.0).and_bytes(256.0 * weights, weights)
}

/// The prompt is one pass over 16 tokens, then 23 tokens read all weights, of `bytes` each, once.
fn work_gpt2(bytes: f64, precision: Precision) -> Work {
    let (blocks, head) = (12.0 * 12.0 * 768.0 * 768.0, 50_257.0 * 768.0);
    let weights = bytes * (blocks + head);
    let products = Work::flops(2.0 * (16.0 * blocks + 24.0 * head)).in_format(precision);
    products.and_bytes(23.0 * weights, weights)
}

fn write(meter: &Meter, name: &str, model: &Gpt, tokens: usize) {
    let prompt = prompt();
    let greedy =
        GenerateOptions { max_new_tokens: tokens, temperature: 0.0, ..GenerateOptions::default() };
    // A fresh cache each time: reading the prompt is part of the work.
    let written =
        || generate(&CachedGpt::new(model), &prompt, &greedy, |_| ControlFlow::Continue(()));
    meter.time(name, written);
}

fn prompt() -> Vec<i32> {
    det_int(16, 130, 65).into_iter().map(|id| id as i32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_in_fewer_bytes_expect_almost_the_same() {
        let size = Size { layers: 2, heads: 2, d: 32, context: 20, vocabulary: 65 };
        let logits = |model: Gpt| CachedGpt::new(&model).next_logits(&prompt());
        let exact = logits(model(&size));
        let largest = exact.iter().fold(0.0, |l: f32, x| l.max(x.abs()));
        let rounded = [(halved(model(&size)), 0.02), (quartered(model(&size)), 0.05)];
        for (small, most) in rounded {
            let gaps = exact.iter().zip(logits(small)).map(|(a, b)| (a - b).abs());
            let gap = gaps.fold(0.0, f32::max);
            assert!(gap > 0.0 && gap < most * largest, "{gap} of {largest}");
        }
    }
}
