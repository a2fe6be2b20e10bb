//! W7: a fully connected layer without bias, in 32 bits. Those in 16 and in 8 bits stand in
//! `not_built` until there are some.

use super::numbers;
use crate::workload::{Work, Workload};
use tinytorch::layers::linear;

/// Rows, inputs and outputs.
pub const SIZES: [(&str, [usize; 3]); 3] = [
    ("1x4096x4096", [1, 4096, 4096]),
    ("64x1024x1024", [64, 1024, 1024]),
    ("512x1024x1024", [512, 1024, 1024]),
];

/// `[m, k] x [n, k]ᵀ`
pub fn workloads() -> Vec<Workload> {
    let layers = SIZES.into_iter().map(|(size, [m, k, n])| {
        let name = format!("W7.f32_{size}");
        Workload::new(name.clone(), work([m, k, n], 4.0), move |meter| {
            let (x, weight) = (numbers([m, k], 1, 1.0), numbers([n, k], 2, 1.0));
            meter.time(&name, || linear(&x, &weight, None));
        })
    });
    layers.collect()
}

/// One row waits for the weight, of `bytes` per number; more rows for the products.
pub fn work([m, k, n]: [usize; 3], bytes: f64) -> Work {
    match m {
        1 => Work::bytes(bytes * (k * n) as f64),
        _ => Work::matmul([m, k, n]),
    }
}
