//! W4: the network for small pictures.

use crate::data::{Layer, adam, full, ids, numbers, train, weight};
use candle_core::{Result, Tensor, Var};
use candle_nn::{BatchNorm, loss};
use meter::Meter;

const CHANNELS: [[usize; 2]; 4] = [[3, 32], [32, 32], [32, 64], [64, 64]];

struct Cnn {
    kernels: Vec<Tensor>,
    biases: Vec<Tensor>,
    norms: Vec<BatchNorm>,
    vars: Vec<Var>, // of all these
    fc1: Layer,
    fc2: Layer,
}

impl Cnn {
    fn new(normalized: bool) -> Result<Self> {
        let (mut kernels, mut biases, mut norms) = (Vec::new(), Vec::new(), Vec::new());
        let mut vars = Vec::new();
        let mut kept = |var: Var| {
            vars.push(var.clone());
            var.into_inner()
        };
        for (seed, [inputs, outputs]) in (30..).zip(CHANNELS) {
            kernels.push(kept(weight(&[outputs, inputs, 3, 3], seed, inputs * 9)?));
            biases.push(kept(full(outputs, 0.0)?));
            if normalized {
                let (weight, bias) = (kept(full(outputs, 1.0)?), kept(full(outputs, 0.0)?));
                let [mean, var] = [full(outputs, 0.0)?, full(outputs, 1.0)?].map(Var::into_inner);
                norms.push(BatchNorm::new(outputs, mean, var, weight, bias, 1e-5)?);
            }
        }
        let (fc1, fc2) = (Layer::new(4096, 256, 34)?, Layer::new(256, 10, 35)?);
        Ok(Self { kernels, biases, norms, vars, fc1, fc2 })
    }

    /// For inference: nothing that is computed with it remembers from what.
    fn detached(self) -> Self {
        let detached = |all: Vec<Tensor>| all.iter().map(Tensor::detach).collect();
        Self {
            kernels: detached(self.kernels),
            biases: detached(self.biases),
            fc1: self.fc1.detached(),
            fc2: self.fc2.detached(),
            ..self
        }
    }

    fn vars(&self) -> Vec<Var> {
        [&self.vars[..], &self.fc1.vars(), &self.fc2.vars()].concat()
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let mut x = x.clone();
        for i in 0..CHANNELS.len() {
            let bias = self.biases[i].reshape((1, (), 1, 1))?;
            x = x.conv2d(&self.kernels[i], 1, 1, 1, 1)?.broadcast_add(&bias)?;
            if let Some(norm) = self.norms.get(i) {
                x = norm.forward_train(&x)?;
            }
            x = x.relu()?;
            if i % 2 == 1 {
                x = x.max_pool2d(2)?;
            }
        }
        self.fc2.forward(&self.fc1.forward(&x.flatten_from(1)?)?.relu()?)
    }
}

pub fn run(meter: &Meter) -> Result<()> {
    for (name, normalized) in [("W4.cnn_train_b64", false), ("W4.cnnbn_train_b64", true)] {
        if meter.wants(name) {
            let (x, y) = (numbers(&[64, 3, 32, 32], 110, 1.0)?, ids(64, 111, 10)?);
            let model = Cnn::new(normalized)?;
            let adam = adam(model.vars(), 1e-3, 0.0)?;
            train(meter, name, 1, adam, || loss::cross_entropy(&model.forward(&x)?, &y))?;
        }
    }
    let name = "W4.cnn_infer_b256";
    if meter.wants(name) {
        let (model, x) = (Cnn::new(false)?.detached(), numbers(&[256, 3, 32, 32], 110, 1.0)?);
        meter.time(name, || model.forward(&x).expect("the shapes fit"));
    }
    Ok(())
}
