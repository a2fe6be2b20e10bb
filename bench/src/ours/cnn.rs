//! W4: a network for small pictures. Four convolutions of 3 by 3 that keep the size, a max pool of
//! 2 by 2 after each second, two fully connected layers; with and without batch normalization.

use super::{halved, ids, layer, mixed, numbers, trainer};
use crate::workload::{Losses, Precision, Work, Workload};
use meter::{Meter, weights};
use tinytorch::prelude::*;

/// Channels in and out, and height and width, of each convolution.
const CONVOLUTIONS: [([usize; 2], usize); 4] =
    [([3, 32], 32), ([32, 32], 32), ([32, 64], 16), ([64, 64], 16)];

struct Cnn {
    convolutions: Vec<Conv2d>,
    norms: Vec<BatchNorm2d>, // one per convolution, or none at all
    fc1: Linear,
    fc2: Linear,
}
state!(Cnn { convolutions, norms, fc1, fc2 });

impl Cnn {
    fn new(normalized: bool) -> Self {
        let channels = CONVOLUTIONS.map(|(channels, _)| channels);
        let normalized = channels.iter().filter(|_| normalized);
        Self {
            convolutions: (30..).zip(channels).map(|(seed, c)| convolution(c, seed)).collect(),
            norms: normalized.map(|&[_, outputs]| BatchNorm2d::new(outputs)).collect(),
            fc1: layer(4096, 256, 34),
            fc2: layer(256, 10, 35),
        }
    }
}

impl Module for Cnn {
    /// `[n, 3, 32, 32] -> [n, 10]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut x = x.clone();
        for (i, convolution) in self.convolutions.iter().enumerate() {
            x = convolution.forward(&x);
            if let Some(norm) = self.norms.get(i) {
                x = norm.forward(&x);
            }
            x = x.relu();
            if i % 2 == 1 {
                x = MaxPool2d::new([2, 2]).forward(&x);
            }
        }
        self.fc2.forward(&self.fc1.forward(&x.flatten(1)).relu())
    }
}

fn convolution([inputs, outputs]: [usize; 2], seed: u64) -> Conv2d {
    let seen = inputs * 9;
    let options = Conv2dOptions { padding: [1, 1], ..Default::default() };
    let like = Conv2d::new(inputs, outputs, [3, 3], options, &mut Rng::new(0));
    let weight = Tensor::from_vec(weights(outputs * seen, seed, seen), [outputs, inputs, 3, 3]);
    Conv2d { weight: weight.with_grad(), bias: Some(Tensor::zeros([outputs]).with_grad()), ..like }
}

/// Training steps with a batch of 64, and answers to 256 pictures; in 32 bits and in 16.
pub fn workloads() -> Vec<Workload> {
    let forward = forward_flops();
    let picture: f64 = forward.iter().sum();
    // Backward is twice that, but for the gradient of the pictures, which nobody wants.
    let training = Work::flops(64.0 * (3.0 * picture - forward[0]));
    let answers = Work::flops(256.0 * picture);
    let [mixed_training, small_answers] =
        [training, answers].map(|work| work.in_format(Precision::Bf16));
    let mut rows = Vec::new();
    for (name, normalized, losses) in TRAININGS {
        let small = format!("{name}@bf16");
        rows.extend([
            Workload::training(name, training, losses, move || step(normalized, loss())),
            Workload::training(small, mixed_training, losses, move || {
                step(normalized, mixed(loss()))
            }),
        ]);
    }
    let (name, small) = ("W4.cnn_infer_b256", "W4.cnn_infer_b256@bf16");
    rows.extend([
        Workload::new(name, answers, move |meter| infer(meter, name, &Cnn::new(false))),
        Workload::new(small, small_answers, move |meter| {
            infer(meter, small, &halved(Cnn::new(false)));
        }),
    ]);
    rows
}

/// Names, with norms or without, and the first loss.
const TRAININGS: [(&str, bool, Losses); 2] = [
    ("W4.cnn_train_b64", false, &[(1, 2.302_694)]),
    ("W4.cnnbn_train_b64", true, &[(1, 2.326_906)]),
];

/// Floating-point operations per picture, layer by layer.
fn forward_flops() -> [f64; 6] {
    let convolution = |([inputs, outputs], size): ([usize; 2], usize)| {
        2.0 * (9 * inputs * outputs * size * size) as f64
    };
    let [a, b, c, d] = CONVOLUTIONS.map(convolution);
    [a, b, c, d, 2.0 * 4096.0 * 256.0, 2.0 * 256.0 * 10.0]
}

fn infer(meter: &Meter, name: &str, model: &Cnn) {
    let x = numbers([256, 3, 32, 32], 110, 1.0);
    no_grad(|| meter.time(name, || model.forward(&x)));
}

fn step<L: Fn(&Cnn) -> Tensor>(normalized: bool, loss: L) -> impl FnMut() -> f32 {
    let adam = Adam::new(AdamOptions { lr: 1e-3, ..Default::default() });
    trainer(Cnn::new(normalized), adam, loss)
}

fn loss() -> impl Fn(&Cnn) -> Tensor {
    let (x, y) = (numbers([64, 3, 32, 32], 110, 1.0), ids([64], 111, 10));
    move |model| cross_entropy(&model.forward(&x), &y)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_loss_is_pytorchs() {
        // With norms, as every weight counts there, too; the race itself checks both.
        let loss = no_grad(|| loss()(&Cnn::new(true))).item();
        assert!((loss / 2.326_906 - 1.0).abs() < 1e-5, "{loss}");
    }

    #[test]
    fn in_16_bits_a_little_less_exactly_so() {
        let (model, x) = (Cnn::new(false), numbers([4, 3, 32, 32], 110, 1.0));
        let answers = |model: &Cnn| no_grad(|| model.forward(&x));
        let exact = answers(&model);
        for rounded in [mixed(answers)(&model), answers(&halved(model))] {
            let gap = (&rounded - &exact).abs().max().item();
            assert!(gap > 0.0 && gap < 1e-2, "{gap}");
        }
    }
}
