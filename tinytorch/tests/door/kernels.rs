//! A faster implementation of an op that module 01 defines.

use crate::{loss, message, network};
use std::cell::Cell;
use std::sync::Once;
use tinytorch::prelude::*;
use tinytorch::tensor::{MatMul, Op, dispatch, has_kernel, register};

thread_local! {
    /// How often this thread has run the kernel.
    static RUNS: Cell<usize> = const { Cell::new(0) };
}

/// Matrix products in tiles of 4 x 4 sums that stay in registers; batches as defined.
///
/// Each sum is added up in the order of the definition, so that the tests beside this one get the
/// same numbers to the bit whenever it is registered.
fn tiled(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    RUNS.set(RUNS.get() + 1);
    let (a, b) = (x[0], x[1]);
    if a.ndim() != 2 || b.ndim() != 2 {
        return op.forward(x);
    }
    let ([m, k], [_, n]) = (a.shape().dims(), b.shape().dims());
    let (a, b) = (a.data(), b.data());
    let mut out = vec![0.0; m * n];
    for (top, left) in (0..m).step_by(4).flat_map(|i| (0..n).step_by(4).map(move |j| (i, j))) {
        let (rows, columns) = (4.min(m - top), 4.min(n - left));
        let mut sums = [[0.0; 4]; 4];
        for p in 0..k {
            for (i, row) in sums.iter_mut().enumerate().take(rows) {
                for (j, sum) in row.iter_mut().enumerate().take(columns) {
                    *sum += a[(top + i) * k + p] * b[p * n + left + j];
                }
            }
        }
        for (i, row) in sums.iter().enumerate().take(rows) {
            let start = (top + i) * n + left;
            out[start..start + columns].copy_from_slice(&row[..columns]);
        }
    }
    Tensor::from_vec(out, [m, n])
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| register(|kernels| kernels.on::<MatMul>("f32", tiled)));
}

fn runs(f: impl FnOnce()) -> usize {
    let before = RUNS.get();
    f();
    RUNS.get() - before
}

#[test]
fn a_kernel_from_outside_computes_what_the_definition_says() {
    install();
    assert!(has_kernel::<MatMul>("f32") && !has_kernel::<MatMul>("i32"));
    let mut rng = Rng::new(1);
    for (m, k, n) in [(1, 1, 1), (4, 4, 4), (5, 7, 3), (13, 2, 9), (3, 0, 5), (0, 2, 3)] {
        let a = Tensor::randint([m, k], -9, 10, &mut rng).to_f32();
        let b = Tensor::randint([n, k], -9, 10, &mut rng).to_f32();
        let products = [(a.clone(), b.t()), (b.clone(), a.t())];
        for (a, b) in products {
            let mut fast = None;
            assert_eq!(runs(|| fast = Some(a.matmul(&b))), 1);
            assert_eq!(fast.expect("computed"), MatMul.forward(&[&a, &b]), "[{m}, {k}, {n}]");
        }
    }
}

#[test]
fn gradients_use_it_without_knowing() {
    install();
    let result = loss(&network());
    // Each layer's weights, and the input of the second: nobody asks for that of the first.
    assert_eq!(runs(|| _ = result.backward()), 3);
}

#[test]
fn a_kernel_is_there_for_threads_that_were_running_before() {
    struct Slow;
    impl Op for Slow {
        fn name(&self) -> &'static str {
            "slow"
        }
        fn forward(&self, _: &[&Tensor]) -> Tensor {
            Tensor::from(0.0)
        }
    }
    let (ask, questions) = std::sync::mpsc::channel::<()>();
    let (answer, answers) = std::sync::mpsc::channel();
    let worker = std::thread::spawn(move || {
        while questions.recv().is_ok() {
            let x = Tensor::from(1.0);
            answer.send(dispatch(Slow, &[&x]).item()).expect("somebody listens");
        }
    });
    let asked = || {
        ask.send(()).expect("the worker lives");
        answers.recv().expect("an answer")
    };
    assert_eq!(asked(), 0.0);
    register(|kernels| kernels.on::<Slow>("f32", |_, _| Tensor::from(1.0)));
    assert_eq!(asked(), 1.0);
    register(|kernels| kernels.on::<Slow>("f32", |_, _| Tensor::from(2.0)));
    assert_eq!(asked(), 2.0, "later ones win");
    drop(ask);
    worker.join().expect("it ends");
}

#[test]
fn the_checks_of_a_method_stand_before_any_kernel() {
    install();
    let x = Tensor::zeros([2, 3]);
    assert!(message(|| _ = x.matmul(&x)).starts_with("matmul: [2, 3] x [2, 3]: the inner sizes"));
    assert_eq!(x + 1.0, Tensor::ones([2, 3]), "no other op was touched");
}
