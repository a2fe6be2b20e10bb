//! A kind of numbers that no module knows: one byte each, with a scale.

use crate::message;
use std::sync::{Arc, Once};
use tinytorch::optimizers::SgdStep;
use tinytorch::prelude::*;
use tinytorch::tensor::{Buffer, MatMul, Op, Storage, Update, register};

/// `scale` times a whole number from -127 to 127.
struct Bytes {
    numbers: Vec<i8>,
    scale: f32,
}

impl Buffer for Bytes {
    fn kind(&self) -> &'static str {
        "i8"
    }

    fn to_f32(&self) -> Vec<f32> {
        self.numbers.iter().map(|&q| f32::from(q) * self.scale).collect()
    }

    fn nbytes(&self) -> usize {
        self.numbers.len() + size_of::<f32>()
    }
}

fn rounded(values: &[f32]) -> Storage {
    let largest = values.iter().fold(0.0_f32, |top, v| top.max(v.abs()));
    let scale = largest.max(f32::MIN_POSITIVE) / 127.0;
    let numbers = values.iter().map(|v| (v / scale).round() as i8).collect();
    Storage::Other(Arc::new(Bytes { numbers, scale }))
}

fn quantize(x: &Tensor) -> Tensor {
    install();
    Tensor::from_storage(rounded(&x.data()), x.shape())
}

/// `[m, k] x [k, n]` with bytes on either side, in any layout: `2 m k n` operations on floats, and
/// a quarter of the memory traffic for the side of bytes.
fn matmul(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let floats = |t: &Tensor| if t.kind() == "i8" { t.to_f32() } else { t.clone() };
    let (a, b) = (floats(x[0]), floats(x[1]));
    let ([m, k], [_, n]) = (a.shape().dims(), b.shape().dims());
    let sum = |i: usize, j: usize| (0..k).map(|p| a.at([i, p]) * b.at([p, j])).sum::<f32>();
    Tensor::from_vec((0..m * n).map(|ij| sum(ij / n, ij % n)).collect(), [m, n])
}

/// A step of plain SGD on weights of bytes.
fn sgd_step(op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let step: &SgdStep = (op as &dyn std::any::Any).downcast_ref().expect("registered for it");
    let mut w = targets[0].to_f32();
    step.run(&mut [&mut w], x);
    targets[0].replace_storage(rounded(&w.data()));
}

fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register(|kernels| {
            kernels.on::<MatMul>("i8", matmul);
            kernels.on_update::<SgdStep>("i8", sgd_step);
        });
    });
}

fn weights() -> Tensor {
    Tensor::from([[0.5, -1.0, 0.25], [2.0, 0.0, -0.75]])
}

#[test]
fn numbers_of_a_new_kind_take_the_room_they_say_and_come_back() {
    let bytes = quantize(&weights());
    assert_eq!((bytes.kind(), bytes.nbytes(), weights().nbytes()), ("i8", 10, 24));
    let error = (bytes.to_f32() - weights()).abs().max().item();
    assert!(error <= 0.5 * 2.0 / 127.0, "half a step at most, not {error}");
    assert_eq!(bytes.buffer::<Bytes>().expect("its own type").numbers[3], 127);
    assert!(weights().buffer::<Bytes>().is_none());
}

#[test]
fn views_of_a_new_kind_share_it() {
    let bytes = quantize(&weights());
    let row = bytes.t().select(1, 1);
    assert!(row.shares_storage(&bytes));
    assert_eq!((row.kind(), row.shape()), ("i8", Shape::from([3])));
    assert_eq!(row.to_f32(), bytes.to_f32().select(0, 1));
}

#[test]
fn a_kernel_computes_on_it_and_gradients_pass_through() {
    let (x, bytes) = (Tensor::from([[1.0, 2.0], [-1.0, 0.5]]).with_grad(), quantize(&weights()));
    let y = x.matmul(&bytes);
    assert_eq!(y.detach(), x.detach().matmul(&bytes.to_f32()));
    let grads = y.sum().backward();
    let expected = Tensor::ones([2, 3]).matmul(&bytes.to_f32().t());
    assert_eq!(*grads.of(&x), expected, "the rule multiplied by the transposed bytes");
}

#[test]
fn an_op_without_a_kernel_for_it_says_what_to_do() {
    let bytes = quantize(&weights());
    assert_eq!(
        message(|| _ = &bytes * &bytes),
        "mul: no kernel for storage of kind i8; register one, or use `to_f32()`"
    );
    let text = message(|| _ = bytes.to_vec());
    assert_eq!(text, "these numbers are i8, not f32; convert them with `to_f32()`");
}

#[test]
fn weights_of_a_new_kind_are_trained_where_they_are() {
    let x = Tensor::from([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]);
    let y = Tensor::from([[1.0], [-2.0], [-1.0]]);
    let mut w = quantize(&Tensor::from([[0.1], [0.1]])).with_grad();
    let id = w.id();
    let mut optimizer = Sgd::new(SgdOptions { lr: 0.3, ..Default::default() });
    for _ in 0..60 {
        let loss = mse_loss(&x.matmul(&w), &y);
        optimizer.step(&mut w, &loss.backward());
    }
    assert_eq!((w.kind(), w.id(), w.requires_grad()), ("i8", id, true));
    let error = (w.detach().to_f32() - Tensor::from([[1.0], [-2.0]])).abs().max().item();
    assert!(error < 0.02, "{w}: as close as a scale of 2/127 allows");
}
