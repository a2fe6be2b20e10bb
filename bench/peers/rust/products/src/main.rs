//! Bare matrix products of Rust crates, without tensors around them: the mark for our own.
//! `BENCH_MODE` is gemm, faer or matrixmultiply.

use faer::linalg::matmul::matmul;
use faer::{Accum, MatMut, MatRef, Par};
use meter::{Meter, PRODUCTS, det};

/// `y = a b`, all row-major and contiguous: `[m, k] x [k, n] -> [m, n]`, on a number of threads.
type Product = fn([usize; 3], &[f32], &[f32], &mut [f32], usize);

fn main() {
    let mode = std::env::var("BENCH_MODE").unwrap_or_default();
    let product: Product = match mode.as_str() {
        "gemm" => with_gemm,
        "faer" => with_faer,
        "matrixmultiply" => with_matrixmultiply,
        _ => panic!("BENCH_MODE is gemm, faer or matrixmultiply, not {mode}"),
    };
    let meter = Meter::from_arguments(&mode);
    for (name, size) in PRODUCTS.into_iter().filter(|(name, _)| meter.wants(name)) {
        let [m, k, n] = size;
        let (a, b, mut y) = (det(m * k, 1, 1.0), det(k * n, 2, 1.0), vec![0.0; m * n]);
        meter.time(name, || product(size, &a, &b, &mut y, meter.threads));
    }
    if meter.wants("W1.bmm_32x256x64x256") {
        many(&meter, product);
    }
}

/// 32 products of `[256, 64] x [64, 256]`, one after another.
fn many(meter: &Meter, product: Product) {
    let (size, count) = ([256, 64, 256], 32);
    let [left, right, out] = [256 * 64, 64 * 256, 256 * 256];
    let (a, b) = (det(count * left, 1, 1.0), det(count * right, 2, 1.0));
    let mut y = vec![0.0; count * out];
    meter.time("W1.bmm_32x256x64x256", || {
        let pairs = a.chunks_exact(left).zip(b.chunks_exact(right));
        for ((a, b), y) in pairs.zip(y.chunks_exact_mut(out)) {
            product(size, a, b, y, meter.threads);
        }
    });
}

fn with_gemm([m, k, n]: [usize; 3], a: &[f32], b: &[f32], y: &mut [f32], threads: usize) {
    let threads = match threads {
        1 => gemm::Parallelism::None,
        _ => gemm::Parallelism::Rayon(threads),
    };
    let (n_stride, k_stride) = (n as isize, k as isize);
    let (a, b, y) = (a.as_ptr(), b.as_ptr(), y.as_mut_ptr());
    let plain = (false, false, false); // nothing is conjugated
    // SAFETY: the slices are row-major matrices of these sizes, and `y` is no other one.
    unsafe {
        gemm::gemm(
            m, n, k, y, 1, n_stride, false, a, 1, k_stride, b, 1, n_stride, 0.0, 1.0, plain.0,
            plain.1, plain.2, threads,
        );
    }
}

fn with_faer([m, k, n]: [usize; 3], a: &[f32], b: &[f32], y: &mut [f32], threads: usize) {
    let (a, b) = (MatRef::from_row_major_slice(a, m, k), MatRef::from_row_major_slice(b, k, n));
    let y = MatMut::from_row_major_slice_mut(y, m, n);
    let threads = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
    matmul(y, Accum::Replace, a, b, 1.0_f32, threads);
}

/// Reads its number of threads from the environment.
fn with_matrixmultiply([m, k, n]: [usize; 3], a: &[f32], b: &[f32], y: &mut [f32], _: usize) {
    let (n_stride, k_stride) = (n as isize, k as isize);
    let (a, b, y) = (a.as_ptr(), b.as_ptr(), y.as_mut_ptr());
    // SAFETY: the slices are row-major matrices of these sizes, and `y` is no other one.
    unsafe {
        matrixmultiply::sgemm(m, k, n, 1.0, a, k_stride, 1, b, n_stride, 1, 0.0, y, n_stride, 1);
    }
}
