//! One matrix product of numbers that are bf16, or floats to be rounded to it.
//!
//! The product of two bf16 is a float exactly; the sums are floats, and so is the result. That is
//! decided here: PyTorch rounds the result to bf16 as well, and the next op, be it a bias, a GELU
//! or a norm, widens it again to compute with it. Rounding would cost digits and bring nothing.
//!
//! Which instructions? `vdpbf16ps` does two multiplications where `vfmadd` does one. AMD's
//! processors have it since Zen 4 at the rate of `vfmadd`, so bf16 is twice as fast as f32.
//! Intel's Sapphire Rapids has it at a quarter of the rate, measured: there, and wherever it is
//! missing, numbers are widened to floats while they are packed, which is as fast as f32. (What
//! Intel is fast with are its tiles, AMX, which stable Rust does not have yet.)

#![expect(unsafe_code, reason = "calls what is compiled for the instructions at hand")]

use super::number::{Bf16, floats, rounded};
use super::stream::{Order, Weights, stream};
use crate::level::{Level, level};
use crate::out::Out;
#[cfg(target_arch = "x86_64")]
use crate::simd::{Avx2, Avx512};
use crate::simd::{Portable, Simd};
#[cfg(target_arch = "x86_64")]
use crate::words::Pairs;
use crate::words::pack::{Lines, Packing};
use crate::words::product::{Right, product};
use crate::words::{Floats, ToFloats, Words};
use std::marker::PhantomData;
use std::sync::OnceLock;

/// A side of a product: its lines, which are the rows on the left and the columns on the right.
#[derive(Clone, Copy)]
pub(crate) enum Side<'a> {
    /// To be rounded.
    Floats(Lines<'a, f32>),
    /// As they are.
    Bf16(Lines<'a, Bf16>),
}

/// What multiplies.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Instructions {
    /// Those of this level for floats.
    Widened(Level),
    /// `vdpbf16ps`.
    Pairs,
}

impl Instructions {
    /// The fastest of this processor at the level of this thread.
    pub(crate) fn of_this_thread() -> Self {
        match level() {
            Level::Avx512 if pairs_are_fast() => Self::Pairs,
            level => Self::Widened(level),
        }
    }

    /// Whether this processor has `vdpbf16ps`.
    pub(crate) fn has_pairs() -> bool {
        #[cfg(target_arch = "x86_64")]
        return Level::Avx512.is_supported() && is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        false
    }

    /// With how many rows at most nothing is packed, measured: a row streamed costs more than one
    /// in a tile, as each weight is widened anew, and twice as much against pairs.
    fn streamed_rows(self, weights: &Weights<'_>) -> usize {
        match (self, weights.order) {
            (_, Order::Rows(_)) => 8,
            (Self::Pairs, Order::Columns(_)) => 12,
            (Self::Widened(_), Order::Columns(_)) => 32,
        }
    }

    fn level(self) -> Level {
        match self {
            Self::Widened(level) => level,
            Self::Pairs => Level::Avx512,
        }
    }
}

/// By the name of who made the processor: measuring it would give another result on another day.
fn pairs_are_fast() -> bool {
    static FAST: OnceLock<bool> = OnceLock::new();
    *FAST.get_or_init(|| Instructions::has_pairs() && made_by_amd())
}

#[cfg(target_arch = "x86_64")]
fn made_by_amd() -> bool {
    let name = std::arch::x86_64::__cpuid(0);
    [name.ebx, name.edx, name.ecx].map(u32::to_le_bytes).concat() == b"AuthenticAMD"
}

#[cfg(not(target_arch = "x86_64"))]
fn made_by_amd() -> bool {
    false
}

/// `left [m, k] x right [k, n]`, and what `bias` has per column added: `out [m, n]`.
///
/// # Panics
/// When a side ends before its last line does.
pub(crate) fn multiply(
    by: Instructions,
    left: Side<'_>,
    right: Side<'_>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let (m, n) = (left.count(), right.count());
    assert!(out.len() == m * n && left.depth() == right.depth());
    if out.len() == 0 {
        return;
    }
    if let Some(weights) = right.weights().filter(|weights| m <= by.streamed_rows(weights)) {
        return stream(by.level(), &left.rounded(by.level()), &weights, bias, out);
    }
    if let (1, None, Some(weights)) = (n, bias, left.weights()) {
        return stream(by.level(), &right.rounded(by.level()), &weights, None, out);
    }
    match (left, right) {
        (Side::Floats(left), Side::Floats(right)) => packed(by, &left, right, bias, out),
        (Side::Floats(left), Side::Bf16(right)) => packed(by, &left, right, bias, out),
        (Side::Bf16(left), Side::Floats(right)) => packed(by, &left, right, bias, out),
        (Side::Bf16(left), Side::Bf16(right)) => packed(by, &left, right, bias, out),
    }
}

/// By way of panels.
fn packed<L: Small, R: Small>(
    by: Instructions,
    left: &Lines<'_, L>,
    right: Lines<'_, R>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let level = by.level();
    // SAFETY: instructions are at hand only where the processor has them, and `multiply` made
    // sure that there is a place for each sum.
    unsafe {
        match by {
            #[cfg(target_arch = "x86_64")]
            Instructions::Pairs => {
                packed_by::<Pairs, Avx512, Paired<L>, Paired<R>>(level, left, right, bias, out)
            }
            #[cfg(target_arch = "x86_64")]
            Instructions::Widened(Level::Avx512) => {
                packed_by::<Floats<Avx512>, Avx512, Wide<L>, Wide<R>>(level, left, right, bias, out)
            }
            #[cfg(target_arch = "x86_64")]
            Instructions::Widened(Level::Avx2) => {
                packed_by::<Floats<Avx2>, Avx2, Wide<L>, Wide<R>>(level, left, right, bias, out)
            }
            _ => packed_by::<Floats<Portable>, Portable, Wide<L>, Wide<R>>(
                level, left, right, bias, out,
            ),
        }
    }
}

/// # Safety
/// The processor has the instructions of `W`, and `out` has a place for each sum.
unsafe fn packed_by<W: Words<Sum = S::F>, S: Simd, L: Packing, R: Packing>(
    level: Level,
    left: &Lines<'_, L::Number>,
    right: Lines<'_, R::Number>,
    bias: Option<&[f32]>,
    out: Out<'_, f32>,
) {
    let finish = ToFloats::<S> { out, columns: right.count, bias, vectors: PhantomData };
    // SAFETY: the caller's promise.
    unsafe { product::<W, L, R, _>(level, left, &Right::Lines(right), &finish) };
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

/// A word is one number, widened to a float.
#[derive(Clone, Copy)]
struct Wide<T>(PhantomData<T>);

impl<T: Small> Packing for Wide<T> {
    type Number = T;
    const DEPTH: usize = 1;
    const ZERO: T = T::ZERO;

    #[inline(always)]
    fn word(number: impl Fn(usize) -> T) -> u32 {
        number(0).bf16().to_f32().to_bits()
    }
}

/// A word is two numbers.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
struct Paired<T>(PhantomData<T>);

#[cfg(target_arch = "x86_64")]
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

impl<'a> Side<'a> {
    fn count(&self) -> usize {
        match self {
            Side::Floats(lines) => lines.count,
            Side::Bf16(lines) => lines.count,
        }
    }

    fn depth(&self) -> usize {
        match self {
            Side::Floats(lines) => lines.depth,
            Side::Bf16(lines) => lines.depth,
        }
    }

    /// Itself as weights that can be streamed: bf16 in one of two orders.
    fn weights(&self) -> Option<Weights<'a>> {
        let Side::Bf16(lines) = *self else { return None };
        let Lines { numbers, line, step, count: columns, depth } = lines;
        let order = match (depth, line, step) {
            (0, ..) => return None,
            (_, _, 1) => Order::Columns(line),
            (_, 1, _) => Order::Rows(step),
            _ => return None,
        };
        Some(Weights { numbers, depth, columns, order })
    }

    /// Its numbers as floats, rounded, line by line: of a side with few lines.
    fn rounded(&self, level: Level) -> Vec<f32> {
        match self {
            Side::Floats(lines) => rounded(level, &lines.gathered()),
            Side::Bf16(lines) => floats(level, &lines.gathered()),
        }
    }
}
