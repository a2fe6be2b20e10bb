//! What one `=` in the place of a `+=` does to a network: the gradient of the input of a
//! convolution is replaced, at the door, by one in which overlapping windows overwrite each other.
//! `cargo run --release -p tinytorch-spatial --example overlap`.

use std::any::Any;
use std::sync::atomic::{AtomicBool, Ordering};
use tinytorch_autograd::{Backward, no_grad};
use tinytorch_dataloader::{DataLoader, DataLoaderOptions, TinyDigits};
use tinytorch_layers::{Flatten, Linear, Module, ReLU, sequential};
use tinytorch_losses::cross_entropy;
use tinytorch_optimizers::{Adam, AdamOptions, Optimizer};
use tinytorch_spatial::{Conv2d, Conv2dInputGrad, Conv2dOptions, MaxPool2d};
use tinytorch_tensor::{Op, Rng, Tensor, register};

static OVERWRITE: AtomicBool = AtomicBool::new(false);

/// The definition, or the same with `=` for `+=`.
fn gradient(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    if !OVERWRITE.load(Ordering::Relaxed) {
        return op.forward(x);
    }
    let op: &Conv2dInputGrad = (op as &dyn Any).downcast_ref().expect("registered for it");
    let ([n, o, oh, ow], [_, c, kh, kw]) = (x[0].shape().dims(), x[1].shape().dims());
    let ([h, w], [down, right]) = (op.size, op.conv.windows([kh, kw]));
    let (g, weight) = (x[0].data(), x[1].data());
    let mut pixels = vec![0.0; n * c * h * w];
    for meeting in 0..n * o * c * kh * kw {
        let (n, o, c) =
            (meeting / (o * c * kh * kw), meeting / (c * kh * kw) % o, meeting / (kh * kw) % c);
        let (i, j) = (meeting / kw % kh, meeting % kw);
        let (to, from) = (n * x[1].size(1) + c, n * x[1].size(0) + o);
        for row in down.inside(i, h) {
            for col in right.inside(j, w) {
                let pixel = (to * h + down.place(row, i)) * w + right.place(col, j);
                let tap = ((o * x[1].size(1) + c) * kh + i) * kw + j;
                pixels[pixel] = weight[tap] * g[(from * oh + row) * ow + col];
            }
        }
    }
    Tensor::from_vec(pixels, [n, c, h, w])
}

/// The part of the test digits that is read after eight epochs.
fn trained(seed: u64) -> f32 {
    let mut rng = Rng::new(seed);
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
    let options = DataLoaderOptions { batch_size: 32, shuffle: true, ..Default::default() };
    let train = DataLoader::new(TinyDigits::train(), options);
    let mut optimizer = Adam::new(AdamOptions { lr: 0.003, ..Default::default() });
    for epoch in 0..8 {
        for (pictures, labels) in train.epoch(epoch) {
            let loss = cross_entropy(&model.forward(&pictures), &labels);
            optimizer.step(&mut model, &loss.backward());
        }
    }
    let all = DataLoaderOptions { batch_size: 200, ..Default::default() };
    let (pictures, labels) = DataLoader::new(TinyDigits::test(), all).epoch(0).next().expect("one");
    let guesses = no_grad(|| model.forward(&pictures)).argmax(1, false);
    guesses.eq(&labels).to_f32().mean().item()
}

fn main() {
    register(|kernels| kernels.on::<Conv2dInputGrad>("f32", gradient));
    println!("seed   added   overwritten");
    for seed in 0..3 {
        let [added, overwritten] = [false, true].map(|overwrite| {
            OVERWRITE.store(overwrite, Ordering::Relaxed);
            100.0 * trained(seed)
        });
        println!("{seed:4}  {added:4.1} %        {overwritten:4.1} %");
    }
}
