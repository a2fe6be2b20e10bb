//! Module 18 · Acceleration: the same numbers, sooner.
//!
//! Kernels for ops that exist; the ops do not know. Linking this crate turns them on.

// What kernels stand on.
mod level;
mod simd;
mod threads;
mod memory;
mod out;
mod at_start;

// Number by number, and many to one.
mod math;
mod loops;
mod copy;
mod elementwise;
mod reduce;

// Products of matrices, and what is made of them.
mod gemm;
mod matmul;
mod linear;
mod conv;
mod attention;

// Rows, windows, tables.
mod rows;
mod softmax;
mod cross_entropy;
mod norms;
mod batch_norm;
mod pool;
mod embedding;
mod gather;
mod rotary;
mod dropout;
mod optimizers;

// Numbers of two bytes and of one.
mod words;
mod bf16;
pub mod int8;
mod low_precision;

#[cfg(test)]
mod trial;

pub use bf16::{Bf16, Bf16Buffer, ToBf16, autocast};
pub use level::{Level, level, with_level};
pub use low_precision::LowPrecision;
pub use memory::AlignedMemory;
pub use threads::{set_threads, threads};

use std::any::Any;
use std::sync::Once;
use tinytorch_tensor::{Kernels, Op, register};

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
    copy::register(kernels);
    elementwise::register(kernels);
    reduce::register(kernels);
    matmul::register(kernels);
    linear::register(kernels);
    conv::register(kernels);
    attention::register(kernels);
    softmax::register(kernels);
    cross_entropy::register(kernels);
    norms::register(kernels);
    batch_norm::register(kernels);
    pool::register(kernels);
    embedding::register(kernels);
    gather::register(kernels);
    rotary::register(kernels);
    dropout::register(kernels);
    optimizers::register(kernels);
    bf16::register(kernels);
    int8::register(kernels);
}

/// The settings of the op that a kernel was called for.
fn settings<O: Op>(op: &dyn Op) -> &O {
    (op as &dyn Any).downcast_ref().expect("a kernel is called for what it is registered for")
}
