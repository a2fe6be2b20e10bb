//! W8: rows and single numbers, and a step of Adam.

use crate::data::{adam, ids, numbers, time};
use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig};
use burn::optim::GradientsParams;
use burn::prelude::*;
use burn::tensor::activation::{gelu, gelu_approximate, softmax};
use meter::Meter;

#[derive(Module, Debug)]
struct Weight {
    weight: Param<Tensor<1>>,
}

pub fn run(meter: &Meter, on: &Device) {
    if meter.wants_some("W8") {
        functions(meter, on);
    }
    if meter.wants("W8.embed_gather") {
        let (table, ids) = (numbers([50_257, 768], 7, 1.0, on), ids(4096, 8, 50_257, on));
        time(meter, "W8.embed_gather", on, || table.clone().select(0, ids.clone()));
    }
    if meter.wants("W8.adam_10M") {
        step(meter, on);
    }
}

/// A function of `x`, a row `b` and a layer norm.
type Function = fn(Tensor<2>, &Tensor<2>, &LayerNorm) -> Tensor<2>;

const FUNCTIONS: [(&str, Function); 9] = [
    ("W8.gelu_tanh", |x, _, _| gelu_approximate(x)),
    ("W8.gelu_erf", |x, _, _| gelu(x)),
    ("W8.softmax", |x, _, _| softmax(x, 1)),
    ("W8.layernorm", |x, _, norm| norm.forward(x)),
    ("W8.sum_all", |x, _, _| x.sum().unsqueeze()),
    ("W8.sum_dim0", |x, _, _| x.sum_dim(0)),
    ("W8.add_bcast", |x, b, _| x + b.clone()),
    ("W8.mul_same", |x, _, _| x.clone() * x),
    ("W8.exp", |x, _, _| x.exp()),
];

fn functions(meter: &Meter, on: &Device) {
    let (x, b) = (numbers([4096, 1024], 5, 3.0, on), numbers([1024], 6, 1.0, on).unsqueeze());
    let norm = LayerNormConfig::new(1024).init(on);
    for (name, function) in FUNCTIONS.into_iter().filter(|(name, _)| meter.wants(name)) {
        time(meter, name, on, || function(x.clone(), &b, &norm));
    }
}

fn step(meter: &Meter, on: &Device) {
    let learning = on.clone().autodiff();
    let weight = Param::from_tensor(numbers([10_000_000], 9, 1.0, &learning));
    let (mut model, mut adam) = (Some(Weight { weight }), adam());
    let gradient: Tensor<1> = numbers([10_000_000], 3, 1.0, on);
    time(meter, "W8.adam_10M", on, || {
        let current = model.take().expect("it is put back below");
        let mut grads = GradientsParams::new();
        grads.register(current.weight.id, gradient.clone());
        model = Some(adam.step(1e-3, current, grads));
    });
}
