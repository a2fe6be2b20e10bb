//! W1: matrix products in 32-bit floats, square, as in the small models, and many at once.

use super::numbers;
use crate::workload::{Work, Workload};
use meter::PRODUCTS;

/// `[m, k] x [k, n]`, and 32 times `[256, 64] x [64, 256]`, as attention has them.
pub fn workloads() -> Vec<Workload> {
    let single = PRODUCTS.into_iter().map(|(name, size)| {
        let [m, k, n] = size;
        let work = match m {
            1 => Work::bytes(4.0 * (k * n) as f64), // a weight is used once and waited for
            _ => Work::matmul(size),
        };
        Workload::new(name, work, move |meter| {
            let (a, b) = (numbers([m, k], 1, 1.0), numbers([k, n], 2, 1.0));
            meter.time(name, || a.matmul(&b));
        })
    });
    let name = "W1.bmm_32x256x64x256";
    let many = Workload::new(name, Work::matmul([32 * 256, 64, 256]), move |meter| {
        let (a, b) = (numbers([32, 256, 64], 1, 1.0), numbers([32, 64, 256], 2, 1.0));
        meter.time(name, || a.matmul(&b));
    });
    single.chain([many]).collect()
}
