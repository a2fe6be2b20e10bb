//! The kernels of module 18 are on, and what a model computes does not depend on how many threads
//! there are: neither what it learns nor what it writes.
//!
//! One test, as the number of threads is the process's.

use std::ops::ControlFlow;
use tinytorch::acceleration::{Level, level, set_threads, with_level};
use tinytorch::prelude::*;
use tinytorch::tensor::{MatMul, has_kernel};

/// Large enough that every kernel has work for two threads.
fn config() -> GptConfig {
    GptConfig {
        vocab_size: 300,
        context: 128,
        d_model: 128,
        hidden: 512,
        heads: 4,
        kv_heads: 4,
        dropout: 0.1,
        layers: 2,
        ..GptConfig::tiny()
    }
}

/// A GPT after two steps, the losses on the way, and what it then writes.
fn run(threads: usize) -> (Vec<f32>, Vec<Vec<f32>>, Vec<i32>) {
    set_threads(threads);
    let mut model = Gpt::new(config(), &mut Rng::new(1));
    let mut optimizer = AdamW::new(AdamWOptions { lr: 1e-2, ..Default::default() });
    let mut rng = Rng::new(2);
    let mut losses = Vec::new();
    for _ in 0..2 {
        let ids: Vec<i32> = (0..8 * 129).map(|_| rng.below(300) as i32).collect();
        let (ids, next) = inputs_and_targets(&Tensor::from_vec(ids, [8, 129]));
        let loss = model.loss(&ids, &next);
        losses.push(loss.item());
        optimizer.step(&mut model, &loss.backward());
    }
    let options = GenerateOptions { max_new_tokens: 40, seed: 3, ..Default::default() };
    let text = generate(&model, &[1, 2, 3], &options, |_| ControlFlow::Continue(()));
    (losses, model.parameters().iter().map(|p| p.to_vec()).collect(), text.tokens)
}

/// A small convolutional network after two steps.
fn pictures(threads: usize) -> (Vec<f32>, Vec<Vec<f32>>) {
    set_threads(threads);
    let mut rng = Rng::new(4);
    let mut model = SmallVgg::new([3, 32, 32], 10, 16, &mut rng);
    let mut optimizer = Sgd::new(SgdOptions { lr: 0.05, momentum: 0.9, ..Default::default() });
    let mut losses = Vec::new();
    for _ in 0..2 {
        let x = Tensor::randn([16, 3, 32, 32], &mut rng);
        let labels: Vec<i32> = (0..16).map(|_| rng.below(10) as i32).collect();
        let loss = cross_entropy(&model.forward(&x), &Tensor::from_vec(labels, [16]));
        losses.push(loss.item());
        optimizer.step(&mut model, &loss.backward());
    }
    (losses, model.parameters().iter().map(|p| p.to_vec()).collect())
}

#[test]
fn the_same_numbers_on_any_number_of_threads() {
    if std::env::var_os("TINYTORCH_KERNELS").is_none() {
        assert!(has_kernel::<MatMul>("f32"), "linking the crate turns its kernels on");
        assert_eq!(Some(&level()), Level::supported().last());
    }
    let (one, two, five) = (run(1), run(2), run(5));
    assert!(one == two && two == five, "the text {:?}, {:?}, {:?}", one.2, two.2, five.2);
    let (one, two, five) = (pictures(1), pictures(2), pictures(5));
    assert!(one == two && two == five, "losses {:?}, {:?}, {:?}", one.0, two.0, five.0);
    for level in Level::supported() {
        let there = with_level(level, || pictures(2).0);
        for (a, b) in there.iter().zip(&one.0) {
            assert!((a - b).abs() < 1e-3 * b.abs(), "{level}: {there:?}, {:?}", one.0);
        }
    }
}
