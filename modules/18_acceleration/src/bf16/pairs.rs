//! A product by the instruction for pairs of bf16, where it is fast: see [`crate::words`].

#![expect(unsafe_code, reason = "calls what is compiled for the instructions at hand")]

use super::number::Bf16;
use super::product::{Instructions, Side};
use crate::level::Level;
use crate::out::Out;
use crate::words::pack::{Lines, Packing};
use crate::words::product::{Right, product};
use crate::words::{Pairs, ToFloats};
use std::marker::PhantomData;

/// As [`multiply`](super::product::multiply): `left [m, k] x right [k, n]`, and the bias.
///
/// # Panics
/// When the processor does not have the instruction.
pub(super) fn multiply(left: Side<'_>, right: Side<'_>, bias: Option<&[f32]>, out: Out<'_, f32>) {
    assert!(out.len() == left.count() * right.count());
    assert!(Instructions::has_pairs());
    // SAFETY: the processor has the instructions, and there is a place for each sum.
    unsafe {
        match (left, right) {
            (Side::Floats(left), Side::Floats(right)) => pairs_of(&left, right, bias, out),
            (Side::Floats(left), Side::Bf16(right)) => pairs_of(&left, right, bias, out),
            (Side::Bf16(left), Side::Floats(right)) => pairs_of(&left, right, bias, out),
            (Side::Bf16(left), Side::Bf16(right)) => pairs_of(&left, right, bias, out),
        }
    }
}

/// # Safety
/// The processor has the instructions, and `out` has a place for each sum.
unsafe fn pairs_of<L: Small, R: Small>(
    left: &Lines<'_, L>,
    right: Lines<'_, R>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let finish = ToFloats { out, columns: right.count, bias };
    let right = Right::Lines(right);
    // SAFETY: the caller's promise.
    unsafe {
        product::<Pairs, Paired<L>, Paired<R>, _>(Level::Avx512, left, &right, &finish);
    }
}

/// What becomes bf16.
trait Small: Copy + Send + Sync + 'static {
    const ZERO: Self;
    fn bf16(self) -> Bf16;
}

impl Small for f32 {
    const ZERO: f32 = 0.0;

    #[inline(always)]
    fn bf16(self) -> Bf16 {
        Bf16::from(self)
    }
}

impl Small for Bf16 {
    const ZERO: Bf16 = Bf16::ZERO;

    #[inline(always)]
    fn bf16(self) -> Bf16 {
        self
    }
}

/// A word is two numbers.
#[derive(Clone, Copy)]
struct Paired<T>(PhantomData<T>);

impl<T: Small> Packing for Paired<T> {
    type Number = T;
    const DEPTH: usize = 2;
    const ZERO: T = T::ZERO;

    #[inline(always)]
    fn word(number: impl Fn(usize) -> T) -> u32 {
        let half = |d| u32::from(number(d).bf16().to_bits()) << (16 * d);
        half(0) | half(1)
    }
}
