//! Weights and data, a layer, and a trainer.

use burn::module::Param;
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::prelude::*;
use burn::tensor::{TensorData, module::linear};
use meter::{Meter, det, det_int};

pub fn numbers<const D: usize>(shape: [usize; D], seed: u64, scale: f32, on: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(det(shape.iter().product(), seed, scale), shape), on)
}

pub fn ids(n: usize, seed: u64, m: u32, on: &Device) -> Tensor<1, Int> {
    let ids: Vec<i32> = det_int(n, seed, m).into_iter().map(|id| id as i32).collect();
    Tensor::from_data(TensorData::new(ids, [n]), on)
}

pub fn weight<const D: usize>(
    shape: [usize; D],
    seed: u64,
    inputs: usize,
    on: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(numbers(shape, seed, 1.0 / (inputs as f32).sqrt(), on))
}

pub fn zeros(n: usize, on: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::zeros([n], on))
}

pub fn cross_entropy(on: &Device) -> CrossEntropyLoss {
    CrossEntropyLossConfig::new().init(on)
}

/// Its default is an epsilon of 1e-5.
pub fn adam() -> ModuleOptimizer {
    AdamConfig::new().with_epsilon(1e-8).init()
}

/// The weight is `[inputs, outputs]`, as burn keeps it.
#[derive(Module, Debug)]
pub struct Layer {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Layer {
    pub fn new(inputs: usize, outputs: usize, seed: u64, on: &Device) -> Self {
        Self { weight: weight([inputs, outputs], seed, inputs, on), bias: zeros(outputs, on) }
    }

    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        linear(x, self.weight.val(), Some(self.bias.val()))
    }
}

/// Times `f` and whatever it left running.
pub fn time<R>(meter: &Meter, name: &str, on: &Device, mut f: impl FnMut() -> R) {
    meter.time(name, || {
        let result = f();
        on.sync().expect("the device answers");
        result
    });
}

/// Steps of `optimizer` along `loss`: the first losses, then the time, then the memory.
pub fn train<M: Module>(
    meter: &Meter,
    name: &str,
    losses: usize,
    lr: f64,
    (model, mut optimizer): (M, ModuleOptimizer),
    loss: impl Fn(&M) -> Tensor<1>,
) {
    let mut model = Some(model);
    let mut step = || {
        let current = model.take().expect("it is put back below");
        let loss = loss(&current);
        let grads = GradientsParams::from_grads(loss.backward(), &current);
        model = Some(optimizer.step(lr, current, grads));
        loss.into_scalar::<f32>()
    };
    meter.losses(name, losses, &mut step);
    if name != "W9.first_step" {
        meter.time(name, &mut step);
        meter.memory(name);
    }
}
