//! W1 and W7: products.

use crate::data::{numbers, time};
use burn::prelude::*;
use burn::tensor::{FloatDType, module::linear, quantization::QuantScheme};
use meter::{Meter, PRODUCTS};

const LAYERS: [[usize; 3]; 3] = [[1, 4096, 4096], [64, 1024, 1024], [512, 1024, 1024]];

pub fn run(meter: &Meter, on: &Device) {
    for (name, [m, k, n]) in PRODUCTS.into_iter().filter(|(name, _)| meter.wants(name)) {
        let (a, b) = (numbers([m, k], 1, 1.0, on), numbers([k, n], 2, 1.0, on));
        time(meter, name, on, || a.clone().matmul(b.clone()));
    }
    let name = "W1.bmm_32x256x64x256";
    if meter.wants(name) {
        let (a, b) = (numbers([32, 256, 64], 1, 1.0, on), numbers([32, 64, 256], 2, 1.0, on));
        time(meter, name, on, || a.clone().matmul(b.clone()));
    }
    LAYERS.into_iter().for_each(|size| layers(meter, size, on));
    for n in [512, 1024, 2048] {
        let name = format!("W7.bf16_mm_{n}");
        if meter.wants(&name) {
            let half = |seed| numbers([n, n], seed, 1.0, on).cast(FloatDType::BF16);
            let (a, b) = (half(1), half(2));
            time(meter, &name, on, || a.clone().matmul(b.clone()));
        }
    }
}

/// A layer in 32 bits, in 16, and with its weights in 8 bits.
fn layers(meter: &Meter, [m, k, n]: [usize; 3], on: &Device) {
    let [f32, bf16, int8] = ["f32", "bf16", "int8"].map(|kind| format!("W7.{kind}_{m}x{k}x{n}"));
    let (x, weight) = (numbers([m, k], 1, 1.0, on), numbers([k, n], 2, 1.0, on));
    if meter.wants(&f32) {
        time(meter, &f32, on, || x.clone().matmul(weight.clone()));
    }
    if meter.wants(&bf16) {
        let [x, weight] = [&x, &weight].map(|t| t.clone().cast(FloatDType::BF16));
        time(meter, &bf16, on, || x.clone().matmul(weight.clone()));
    }
    if meter.wants(&int8) {
        let weight = weight.quantize_dynamic(&QuantScheme::default());
        time(meter, &int8, on, || linear(x.clone(), weight.clone(), None));
    }
}
