//! Weights and data, a layer, and a trainer.

use candle_core::{Device, Result, Tensor, Var, backprop::GradStore};
use candle_nn::{AdamW, Optimizer, ParamsAdamW};
use meter::{Meter, det, det_int, weights};

pub const CPU: Device = Device::Cpu;

pub fn numbers(shape: &[usize], seed: u64, scale: f32) -> Result<Tensor> {
    Tensor::from_vec(det(shape.iter().product(), seed, scale), shape, &CPU)
}

pub fn weight(shape: &[usize], seed: u64, inputs: usize) -> Result<Var> {
    let values = weights(shape.iter().product(), seed, inputs);
    Var::from_tensor(&Tensor::from_vec(values, shape, &CPU)?)
}

pub fn full(n: usize, value: f32) -> Result<Var> {
    Var::from_tensor(&Tensor::full(value, n, &CPU)?)
}

pub fn ids(n: usize, seed: u64, m: u32) -> Result<Tensor> {
    Tensor::from_vec(det_int(n, seed, m), n, &CPU)
}

/// Its only Adam.
pub fn adam(vars: Vec<Var>, lr: f64, weight_decay: f64) -> Result<AdamW> {
    AdamW::new(vars, ParamsAdamW { lr, weight_decay, ..Default::default() })
}

/// The weight is `[inputs, outputs]`, as its products like it best.
pub struct Layer {
    pub weight: Tensor,
    pub bias: Tensor,
    vars: [Var; 2],
}

impl Layer {
    pub fn new(inputs: usize, outputs: usize, seed: u64) -> Result<Self> {
        let vars = [weight(&[inputs, outputs], seed, inputs)?, full(outputs, 0.0)?];
        let [weight, bias] = vars.each_ref().map(|var| var.as_tensor().clone());
        Ok(Self { weight, bias, vars })
    }

    /// For inference: nothing that is computed with it remembers from what.
    pub fn detached(self) -> Self {
        Self { weight: self.weight.detach(), bias: self.bias.detach(), ..self }
    }

    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        if let &[n, t, d] = x.dims() {
            let rows = x.reshape((n * t, d))?.matmul(&self.weight)?;
            return rows.broadcast_add(&self.bias)?.reshape((n, t, ()));
        }
        x.matmul(&self.weight)?.broadcast_add(&self.bias)
    }

    pub fn vars(&self) -> [Var; 2] {
        self.vars.clone()
    }
}

/// Steps of `optimizer` along `loss`: the first losses, then the time, then the memory.
pub fn train(
    meter: &Meter,
    name: &str,
    losses: usize,
    mut optimizer: AdamW,
    loss: impl Fn() -> Result<Tensor>,
) -> Result<()> {
    let mut step = || -> Result<f32> {
        let loss = loss()?;
        optimizer.backward_step(&loss)?;
        loss.to_scalar::<f32>()
    };
    step_or_end(meter, name, losses, &mut step);
    Ok(())
}

fn step_or_end(meter: &Meter, name: &str, n: usize, step: &mut dyn FnMut() -> Result<f32>) {
    let mut step = || step().expect("the shapes fit");
    meter.losses(name, n, &mut step);
    if name != "W9.first_step" {
        meter.time(name, &mut step);
        meter.memory(name);
    }
}

/// A step along gradients that are known.
pub fn time_step(meter: &Meter, name: &str, mut optimizer: AdamW, grads: &GradStore) {
    meter.time(name, || optimizer.step(grads).expect("the shapes fit"));
}
