//! W4: the network for small pictures.

use crate::data::{Layer, adam, cross_entropy, ids, numbers, time, train, weight, zeros};
use burn::module::Param;
use burn::nn::{BatchNorm, BatchNormConfig};
use burn::prelude::*;
use burn::tensor::activation::relu;
use burn::tensor::module::{conv2d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions};
use meter::Meter;

const CHANNELS: [[usize; 2]; 4] = [[3, 32], [32, 32], [32, 64], [64, 64]];

#[derive(Module, Debug)]
struct Cnn {
    kernels: Vec<Param<Tensor<4>>>,
    biases: Vec<Param<Tensor<1>>>,
    norms: Vec<BatchNorm>,
    fc1: Layer,
    fc2: Layer,
}

impl Cnn {
    fn new(normalized: bool, on: &Device) -> Self {
        let kernel = |(seed, [i, o]): (u64, [usize; 2])| weight([o, i, 3, 3], seed, i * 9, on);
        let outputs = CHANNELS.map(|[_, outputs]| outputs);
        let normalized = outputs.iter().filter(|_| normalized);
        Self {
            kernels: (30..).zip(CHANNELS).map(kernel).collect(),
            biases: outputs.iter().map(|&n| zeros(n, on)).collect(),
            norms: normalized.map(|&n| BatchNormConfig::new(n).init(on)).collect(),
            fc1: Layer::new(4096, 256, 34, on),
            fc2: Layer::new(256, 10, 35, on),
        }
    }

    fn forward(&self, mut x: Tensor<4>) -> Tensor<2> {
        for i in 0..CHANNELS.len() {
            let options = ConvOptions::new([1, 1], [1, 1], [1, 1], 1);
            x = conv2d(x, self.kernels[i].val(), Some(self.biases[i].val()), options);
            if let Some(norm) = self.norms.get(i) {
                x = norm.forward(x);
            }
            x = relu(x);
            if i % 2 == 1 {
                x = max_pool2d(x, MaxPoolOptions::new([2, 2]));
            }
        }
        self.fc2.forward(relu(self.fc1.forward(x.flatten::<2>(1, 3))))
    }
}

pub fn run(meter: &Meter, on: &Device) {
    let learning = &on.clone().autodiff();
    for (name, normalized) in [("W4.cnn_train_b64", false), ("W4.cnnbn_train_b64", true)] {
        if meter.wants(name) {
            let x = numbers([64, 3, 32, 32], 110, 1.0, learning);
            let y = ids(64, 111, 10, learning);
            let loss = cross_entropy(learning);
            let start = (Cnn::new(normalized, learning), adam());
            train(meter, name, 1, 1e-3, start, |model: &Cnn| {
                loss.forward(model.forward(x.clone()), y.clone())
            });
        }
    }
    let name = "W4.cnn_infer_b256";
    if meter.wants(name) {
        let (model, x) = (Cnn::new(false, on), numbers([256, 3, 32, 32], 110, 1.0, on));
        time(meter, name, on, || model.forward(x.clone()));
    }
}
