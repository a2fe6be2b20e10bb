//! W7: matrix products and fully connected layers without bias, in 32, 16 and 8 bits.

use super::numbers;
use crate::workload::{Precision, Work, Workload};
use tinytorch::acceleration::{LowPrecision, int8};
use tinytorch::layers::linear;
use tinytorch::prelude::*;

/// Rows, inputs and outputs.
const SIZES: [(&str, [usize; 3]); 3] = [
    ("1x4096x4096", [1, 4096, 4096]),
    ("64x1024x1024", [64, 1024, 1024]),
    ("512x1024x1024", [512, 1024, 1024]),
];

/// Layers `[m, k] x [n, k]ᵀ` in each format, and bare products. Weights are kept as each format
/// wants them; activations come as floats, and what a layer of integers makes of them first is
/// part of its work. A bare product of integers gets integers.
pub fn workloads() -> Vec<Workload> {
    let layers = SIZES.into_iter().flat_map(|(size, shape)| {
        [in_32(size, shape), in_16(size, shape), in_8(size, shape), integers(size, shape)]
    });
    layers.chain([512, 1024, 2048].map(halves)).collect()
}

/// One row waits for the weight, of `bytes` per number; more rows for the products.
fn work([m, k, n]: [usize; 3], bytes: f64) -> Work {
    match m {
        1 => Work::bytes(bytes * (k * n) as f64),
        _ => Work::matmul([m, k, n]),
    }
}

/// The activations and the weight.
fn operands([m, k, n]: [usize; 3]) -> [Tensor; 2] {
    [numbers([m, k], 1, 1.0), numbers([n, k], 2, 1.0)]
}

fn in_32(size: &str, shape: [usize; 3]) -> Workload {
    let name = format!("W7.f32_{size}");
    Workload::new(name.clone(), work(shape, 4.0), move |meter| {
        let [x, weight] = operands(shape);
        meter.time(&name, || linear(&x, &weight, None));
    })
}

fn in_16(size: &str, shape: [usize; 3]) -> Workload {
    let name = format!("W7.bf16_{size}");
    let work = work(shape, 2.0).in_format(Precision::Bf16);
    Workload::new(name.clone(), work, move |meter| {
        let [x, weight] = operands(shape).map(|x| x.to_bf16());
        meter.time(&name, || linear(&x, &weight, None));
    })
}

/// `[n, n] x [n, n]`
fn halves(n: usize) -> Workload {
    let name = format!("W7.bf16_mm_{n}");
    let work = Work::matmul([n, n, n]).in_format(Precision::Bf16);
    Workload::new(name.clone(), work, move |meter| {
        let [a, b] = [1, 2].map(|seed| numbers([n, n], seed, 1.0).to_bf16());
        meter.time(&name, || a.matmul(&b));
    })
}

fn in_8(size: &str, shape: [usize; 3]) -> Workload {
    let name = format!("W7.int8_{size}");
    let work = work(shape, 1.0).in_format(Precision::Int8);
    Workload::new(name.clone(), work, move |meter| {
        let [x, weight] = operands(shape);
        let weight = weight.to_int8();
        meter.time(&name, || linear(&x, &weight, None));
    })
}

/// Without what they stand for.
fn integers(size: &str, shape: [usize; 3]) -> Workload {
    let name = format!("W7.int8_mm_{size}");
    let work = work(shape, 1.0).in_format(Precision::Int8);
    Workload::new(name.clone(), work, move |meter| {
        let [m, k, n] = shape;
        let [x, weight] = operands(shape).map(|x| whole(&x.data()));
        let (x, weights) =
            (int8::Rows::symmetric(&x, vec![1.0; m]), int8::Weights::new(&weight, n, k));
        meter.time(&name, || int8::matmul(&x, &weights));
    })
}

/// In whole steps, of which 127 are 1.
fn whole(numbers: &[f32]) -> Vec<i8> {
    numbers.iter().map(|x| (127.0 * x).round() as i8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_of_few_bits_is_near_the_layer() {
        let [x, weight] = operands([5, 300, 40]);
        let exact = linear(&x, &weight, None);
        let small = linear(&x.to_bf16(), &weight.to_bf16(), None);
        // The numbers are uniform to 1: a sum of 300 products is about 6. Off by half a step of
        // 1/127, each product is off by about 1/500, and all of them by 0.03.
        for (got, most) in [(small, 0.1), (linear(&x, &weight.to_int8(), None), 0.3)] {
            let gap = (got - &exact).abs().max().item();
            assert!(gap > 0.0 && gap < most, "{gap}");
        }
    }
}
