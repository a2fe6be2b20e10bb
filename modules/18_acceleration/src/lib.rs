//! Module 18 · Acceleration: the same numbers, sooner.
//!
//! Kernels for ops that exist; the ops do not know. Linking this crate turns them on.

mod level;
mod simd;
mod threads;
mod memory;
mod out;

mod gemm;
mod matmul;
mod linear;
mod at_start;
#[cfg(test)]
mod trial;

pub use level::{Level, level, with_level};
pub use threads::{set_threads, threads};

use std::sync::Once;
use tinytorch_tensor::{Kernels, register};

/// Turns the kernels of this module on, unless `TINYTORCH_KERNELS=plain`. Where a program can run
/// code before `main` (Linux, macOS, Windows) linking this crate has done it already; elsewhere,
/// or to be explicit, call it.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        if level::wanted() {
            memory::keep();
            register(kernels);
        }
    });
}

/// Each file's kernels.
fn kernels(kernels: &mut Kernels) {
    matmul::register(kernels);
    linear::register(kernels);
}
