//! Kernels against definitions: over shapes, layouts, levels and threads.

use crate::level::{Level, with_level};
use crate::threads::{set_threads, threads};
use std::sync::{Mutex, PoisonError};
use tinytorch_tensor::{Kernel, Op, Rng, Tensor};

/// Runs `f` with `n` threads. One test at a time, as the number is the whole process's.
pub(crate) fn on_threads<R>(n: usize, f: impl FnOnce() -> R) -> R {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    struct Restore(usize);
    impl Drop for Restore {
        fn drop(&mut self) {
            set_threads(self.0);
        }
    }
    let _restore = Restore(threads());
    set_threads(n);
    f()
}

/// Normal numbers of this shape in five layouts: plain, with its axes stored in reverse, with its
/// last two swapped, cut out of a larger tensor, and repeated along its first axis.
pub(crate) fn layouts(shape: &[usize], rng: &mut Rng) -> Vec<Tensor> {
    let n = shape.len();
    let mut all = vec![Tensor::randn(shape, rng)];
    if n > 1 {
        let reversed: Vec<usize> = shape.iter().rev().copied().collect();
        let back: Vec<isize> = (0..n as isize).rev().collect();
        all.push(Tensor::randn(reversed.as_slice(), rng).permute(back.as_slice()));
        let mut swapped = shape.to_vec();
        swapped.swap(n - 2, n - 1);
        all.push(Tensor::randn(swapped.as_slice(), rng).transpose(-2, -1));
    }
    if n > 0 {
        let larger: Vec<usize> = shape.iter().map(|s| 2 * s + 3).collect();
        let mut cut = Tensor::randn(larger.as_slice(), rng);
        for (axis, &size) in shape.iter().enumerate() {
            cut = cut.slice_step(axis as isize, 1..2 * size + 1, 2);
        }
        all.push(cut);
        let mut one = shape.to_vec();
        one[0] = 1;
        all.push(Tensor::randn(one.as_slice(), rng).expand(shape));
    }
    all
}

/// Asserts that `kernel` computes what `op` defines, at every level and on one thread and on two:
/// each number within `tolerance` of the size of the largest, NaN where NaN is, and the same to
/// the bit on any number of threads.
#[track_caller]
pub(crate) fn assert_agrees(op: &dyn Op, kernel: Kernel, x: &[&Tensor], tolerance: f32) {
    assert_difference_agrees(op, kernel, x, tolerance, 0.0);
}

/// As [`assert_agrees`], for an op that subtracts numbers as large as `terms` from each other: what
/// is left can be small, but no more exact than they are.
#[track_caller]
pub(crate) fn assert_difference_agrees(
    op: &dyn Op,
    kernel: Kernel,
    x: &[&Tensor],
    tolerance: f32,
    terms: f32,
) {
    let expected = op.forward(x);
    for level in Level::supported() {
        let run = |n| on_threads(n, || with_level(level, || kernel(op, x)));
        let got = run(1);
        let what = || {
            let shapes: Vec<_> =
                x.iter().map(|x| format!("{}{:?}", x.shape(), x.strides())).collect();
            format!("{} at {level} of {}", op.name(), shapes.join(", "))
        };
        assert_close_or_small(&got, &expected, tolerance, terms, &what);
        let bits = |t: &Tensor| match t.kind() {
            "f32" => t.to_vec().into_iter().map(f32::to_bits).collect(),
            _ => t.to_vec_i32().into_iter().map(|i| i as u32).collect::<Vec<_>>(),
        };
        assert_eq!(bits(&got), bits(&run(2)), "{}: two threads", what());
    }
}

/// Asserts equal shapes and kinds, and each number within `tolerance` of the size of the largest.
#[track_caller]
pub(crate) fn assert_close(
    got: &Tensor,
    expected: &Tensor,
    tolerance: f32,
    what: &dyn Fn() -> String,
) {
    assert_close_or_small(got, expected, tolerance, 0.0, what);
}

#[track_caller]
fn assert_close_or_small(
    got: &Tensor,
    expected: &Tensor,
    tolerance: f32,
    terms: f32,
    what: &dyn Fn() -> String,
) {
    assert_eq!((got.shape(), got.kind()), (expected.shape(), expected.kind()), "{}", what());
    if got.kind() == "i32" {
        assert_eq!(got.to_vec_i32(), expected.to_vec_i32(), "{}", what());
        return;
    }
    let (got, expected) = (got.to_vec(), expected.to_vec());
    let largest = largest(&expected).max(terms);
    for (i, (g, e)) in got.iter().zip(&expected).enumerate() {
        let same = g == e || g.is_nan() && e.is_nan() || (g - e).abs() <= tolerance * largest;
        assert!(same, "{}: number {i} is {g}, not {e} (the largest is {largest})", what());
    }
}

/// The largest magnitude among the numbers that have one.
pub(crate) fn largest(x: &[f32]) -> f32 {
    x.iter().filter(|x| x.is_finite()).fold(0.0, |l: f32, x| l.max(x.abs()))
}
