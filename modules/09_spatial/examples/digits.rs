//! A small convolutional network learns the 8 by 8 digits:
//! `cargo run --release -p tinytorch-spatial --example digits`.

use std::time::Instant;
use tinytorch_autograd::{Backward, no_grad};
use tinytorch_dataloader::{DataLoader, DataLoaderOptions, TinyDigits};
use tinytorch_layers::{Flatten, Linear, Model, Module, ReLU, sequential};
use tinytorch_losses::cross_entropy;
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer};
use tinytorch_spatial::{Conv2d, Conv2dOptions, MaxPool2d};
use tinytorch_tensor::Rng;

const EPOCHS: usize = 20;

fn main() {
    let mut rng = Rng::new(0);
    let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
    let mut model = sequential![
        Conv2d::new(1, 8, [3, 3], same, &mut rng),
        ReLU,
        MaxPool2d::new([2, 2]),
        Conv2d::new(8, 16, [3, 3], same, &mut rng),
        ReLU,
        MaxPool2d::new([2, 2]),
        Flatten,
        Linear::new(16 * 2 * 2, 10, &mut rng),
    ];
    println!("{} parameters", model.parameter_count());
    let options = DataLoaderOptions { batch_size: 32, shuffle: true, ..Default::default() };
    let train = DataLoader::new(TinyDigits::train(), options);
    let all = DataLoaderOptions { batch_size: 200, ..Default::default() };
    let test = DataLoader::new(TinyDigits::test(), all);
    let (pictures, labels) = test.epoch(0).next().expect("one batch of 200");
    let mut optimizer = Adam::new(AdamOptions { lr: 0.003, ..Default::default() });
    let start = Instant::now();
    for epoch in 0..EPOCHS {
        for (pictures, labels) in train.epoch(epoch) {
            let loss = cross_entropy(&model.forward(&pictures), &labels);
            optimizer.step(&mut model, &loss.backward());
        }
        let guesses = no_grad(|| model.forward(&pictures)).argmax(1, false);
        let right = guesses.eq(&labels).to_f32().mean().item();
        let seconds = start.elapsed().as_secs_f32();
        println!("epoch {:2}: {:.1} % right after {seconds:.1} s", epoch + 1, 100.0 * right);
    }
}
