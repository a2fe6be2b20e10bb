//! W1 and W7: products.

use crate::data::numbers;
use candle_core::quantized::{GgmlDType, QMatMul, QTensor};
use candle_core::{DType, Module, Result};
use meter::{Meter, PRODUCTS};

const LAYERS: [[usize; 3]; 3] = [[1, 4096, 4096], [64, 1024, 1024], [512, 1024, 1024]];

pub fn run(meter: &Meter) -> Result<()> {
    for (name, [m, k, n]) in PRODUCTS.into_iter().filter(|(name, _)| meter.wants(name)) {
        let (a, b) = (numbers(&[m, k], 1, 1.0)?, numbers(&[k, n], 2, 1.0)?);
        meter.time(name, || a.matmul(&b).expect("the shapes fit"));
    }
    let name = "W1.bmm_32x256x64x256";
    if meter.wants(name) {
        let (a, b) = (numbers(&[32, 256, 64], 1, 1.0)?, numbers(&[32, 64, 256], 2, 1.0)?);
        meter.time(name, || a.matmul(&b).expect("the shapes fit"));
    }
    LAYERS.into_iter().try_for_each(|size| layers(meter, size))?;
    [512, 1024, 2048].into_iter().try_for_each(|n| halves(meter, n))
}

/// A layer in 32 bits, in 16, and with its weights in blocks of 8 bits (Q8_0).
fn layers(meter: &Meter, [m, k, n]: [usize; 3]) -> Result<()> {
    let [f32, bf16, int8] = ["f32", "bf16", "int8"].map(|kind| format!("W7.{kind}_{m}x{k}x{n}"));
    let (x, weight) = (numbers(&[m, k], 1, 1.0)?, numbers(&[n, k], 2, 1.0)?);
    if meter.wants(&f32) {
        let weight = weight.t()?;
        meter.time(&f32, || x.matmul(&weight).expect("the shapes fit"));
    }
    if meter.wants(&bf16) {
        let (x, weight) = (x.to_dtype(DType::BF16)?, weight.to_dtype(DType::BF16)?.t()?);
        meter.time(&bf16, || x.matmul(&weight).expect("the shapes fit"));
    }
    if meter.wants(&int8) {
        let weight = QMatMul::from_qtensor(QTensor::quantize(&weight, GgmlDType::Q8_0)?)?;
        meter.time(&int8, || weight.forward(&x).expect("the shapes fit"));
    }
    Ok(())
}

fn halves(meter: &Meter, n: usize) -> Result<()> {
    let name = format!("W7.bf16_mm_{n}");
    if meter.wants(&name) {
        let half = |seed| numbers(&[n, n], seed, 1.0)?.to_dtype(DType::BF16);
        let (a, b) = (half(1)?, half(2)?);
        meter.time(&name, || a.matmul(&b).expect("the shapes fit"));
    }
    Ok(())
}
