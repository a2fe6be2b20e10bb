//! One matrix product of numbers that are bf16, or floats to be rounded to it.
//!
//! The product of two bf16 is a float exactly; the sums are floats, and so is the result. That is
//! decided here: PyTorch rounds the result to bf16 as well, and the next op, be it a bias, a GELU
//! or a norm, widens it again to compute with it. Rounding would cost digits and bring nothing.
//!
//! Which instructions? `vdpbf16ps` does two multiplications where `vfmadd` does one. AMD's
//! processors have it since Zen 4 at the rate of `vfmadd`, so bf16 is twice as fast as f32.
//! Intel's Sapphire Rapids has it at a quarter of the rate, measured: there, and wherever it is
//! missing, the product is one of floats ([`crate::gemm`]), to which numbers are widened while
//! they are packed: as fast as f32, and half of the memory is read. (What
//! Intel is fast with are its tiles, AMX, which stable Rust does not have yet.)

#![expect(unsafe_code, reason = "products are written into a result that is not there yet")]

use super::number::{Bf16, floats, rounded};
#[cfg(target_arch = "x86_64")]
use super::pairs;
use super::stream::{Order, Weights, stream};
use crate::gemm::{Bias, Finish, Matrix, MatrixMut, gemm_parallel};
use crate::level::{Level, level};
use crate::out::Out;
use crate::words::pack::Lines;
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
            (Self::Pairs, Order::Rows(_)) => 8,
            (Self::Pairs, Order::Columns(_)) => 12,
            (Self::Widened(_), Order::Rows(_)) => 4,
            (Self::Widened(_), Order::Columns(_)) => 20,
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
    let level = match by {
        #[cfg(target_arch = "x86_64")]
        Instructions::Pairs => return pairs::multiply(left, right, bias, out),
        #[cfg(not(target_arch = "x86_64"))]
        Instructions::Pairs => unreachable!("no other processor has them"),
        Instructions::Widened(level) => level,
    };
    // SAFETY: the caller lends `out`, of `m` rows of `n`.
    let c = unsafe { MatrixMut::inside(&out, 0, [m, n], n) };
    let finish = Finish { bias: bias.map_or(Bias::None, Bias::OfColumns), ..Finish::default() };
    gemm_parallel(level, left.matrix(), right.matrix().t(), c, finish);
}

impl<'a> Side<'a> {
    pub(super) fn count(&self) -> usize {
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

    /// Its lines as rows.
    fn matrix(&self) -> Matrix<'a> {
        match *self {
            Side::Floats(Lines { numbers, line, step, count, depth }) => {
                Matrix::new(numbers, [count, depth], [line, step]).rounded()
            }
            Side::Bf16(Lines { numbers, line, step, count, depth }) => {
                Matrix::halves(numbers, [count, depth], [line, step])
            }
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
