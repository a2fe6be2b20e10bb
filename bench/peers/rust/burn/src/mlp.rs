//! W2 and W3: small networks, and what an op costs; the first step of W9.

use crate::data::{Layer, adam, cross_entropy, ids, numbers, time, train};
use burn::prelude::*;
use burn::tensor::activation::relu;
use meter::Meter;

#[derive(Module, Debug)]
struct Mlp {
    layers: Vec<Layer>,
}

impl Mlp {
    fn new(on: &Device) -> Self {
        let layers = [(784, 256, 10), (256, 128, 11), (128, 10, 12)];
        Self { layers: layers.map(|(i, o, seed)| Layer::new(i, o, seed, on)).to_vec() }
    }

    fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        let [a, b, c] = &self.layers[..] else { unreachable!("there are three") };
        c.forward(relu(b.forward(relu(a.forward(x)))))
    }
}

pub fn run(meter: &Meter, on: &Device) {
    let learning = on.clone().autodiff();
    for (name, losses) in [("W2.train_b64", 10), ("W9.first_step", 1)] {
        if meter.wants(name) {
            let (x, y) = (numbers([64, 784], 102, 1.0, &learning), ids(64, 101, 10, &learning));
            let loss = cross_entropy(&learning);
            let start = (Mlp::new(&learning), adam());
            train(meter, name, losses, 1e-3, start, |model: &Mlp| {
                loss.forward(model.forward(x.clone()), y.clone())
            });
        }
    }
    if meter.wants("W2.infer_b1") {
        let (model, x) = (Mlp::new(on), numbers([1, 784], 102, 1.0, on));
        time(meter, "W2.infer_b1", on, || model.forward(x.clone()));
    }
    if meter.wants("W3.xor_train") {
        xor(meter, &learning);
    }
    if meter.wants("W3.op_add8") {
        let x = numbers([4, 2], 1, 1.0, on);
        time(meter, "W3.op_add8", on, || x.clone() + x.clone());
    }
    if meter.wants("W3.op_mm4") {
        let x = numbers([4, 4], 1, 1.0, on);
        time(meter, "W3.op_mm4", on, || x.clone().matmul(x.clone()));
    }
}

fn xor(meter: &Meter, on: &Device) {
    let x = Tensor::<2>::from_data([[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], on);
    let y = Tensor::<2>::from_data([[0.0_f32], [1.0], [1.0], [0.0]], on);
    let layers = vec![Layer::new(2, 4, 20, on), Layer::new(4, 1, 21, on)];
    train(meter, "W3.xor_train", 10, 1e-2, (Mlp { layers }, adam()), |model: &Mlp| {
        let hidden = model.layers[0].forward(x.clone()).tanh();
        (model.layers[1].forward(hidden) - y.clone()).square().mean()
    });
}
