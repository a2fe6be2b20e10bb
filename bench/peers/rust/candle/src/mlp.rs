//! W2 and W3: small networks, and what an op costs; the first step of W9.

use crate::data::{CPU, Layer, adam, ids, numbers, train};
use candle_core::{Result, Tensor};
use candle_nn::loss;
use meter::Meter;

pub fn run(meter: &Meter) -> Result<()> {
    for (name, losses) in [("W2.train_b64", 10), ("W9.first_step", 1)] {
        if meter.wants(name) {
            digits(meter, name, losses)?;
        }
    }
    if meter.wants("W2.infer_b1") {
        let (layers, x) = (mlp()?.map(Layer::detached), numbers(&[1, 784], 102, 1.0)?);
        meter.time("W2.infer_b1", || forward(&layers, &x).expect("the shapes fit"));
    }
    if meter.wants("W3.xor_train") {
        xor(meter)?;
    }
    if meter.wants("W3.op_add8") {
        let x = numbers(&[4, 2], 1, 1.0)?;
        meter.time("W3.op_add8", || (&x + &x).expect("the shapes fit"));
    }
    if meter.wants("W3.op_mm4") {
        let x = numbers(&[4, 4], 1, 1.0)?;
        meter.time("W3.op_mm4", || x.matmul(&x).expect("the shapes fit"));
    }
    Ok(())
}

fn mlp() -> Result<[Layer; 3]> {
    Ok([Layer::new(784, 256, 10)?, Layer::new(256, 128, 11)?, Layer::new(128, 10, 12)?])
}

fn forward([a, b, c]: &[Layer; 3], x: &Tensor) -> Result<Tensor> {
    c.forward(&b.forward(&a.forward(x)?.relu()?)?.relu()?)
}

fn digits(meter: &Meter, name: &str, losses: usize) -> Result<()> {
    let (layers, x, y) = (mlp()?, numbers(&[64, 784], 102, 1.0)?, ids(64, 101, 10)?);
    let adam = adam(layers.iter().flat_map(Layer::vars).collect(), 1e-3, 0.0)?;
    train(meter, name, losses, adam, || loss::cross_entropy(&forward(&layers, &x)?, &y))
}

fn xor(meter: &Meter) -> Result<()> {
    let (hidden, output) = (Layer::new(2, 4, 20)?, Layer::new(4, 1, 21)?);
    let x = Tensor::new(&[[0.0_f32, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], &CPU)?;
    let y = Tensor::new(&[[0.0_f32], [1.0], [1.0], [0.0]], &CPU)?;
    let adam = adam([hidden.vars(), output.vars()].concat(), 1e-2, 0.0)?;
    train(meter, "W3.xor_train", 10, adam, || {
        loss::mse(&output.forward(&hidden.forward(&x)?.tanh()?)?, &y)
    })
}
