//! Ops that treat every number alike.
//!
//! `a + b` reads eight bytes, writes four and computes once: on a machine that adds 30 numbers in
//! the time that memory brings one, nothing matters but reading each number once and writing each
//! once. So there is one pass per op, whatever is broadcast, vectors of as many numbers as the
//! processor has lanes, and a function that is dear (`exp`, `erf`) is computed by [`math`] while
//! the next numbers are on their way. What a chain of such ops costs beyond that is the trips to
//! memory in between; only a kernel for the chain, fused, saves those.
//!
//! [`math`]: crate::math

mod one;
mod two;
mod backward;
mod choose;
mod updates;

pub(crate) use one::One;
pub(crate) use two::{Two, combine};

use crate::threads::parallel_ranges;
use std::ops::Range;
use tinytorch_tensor::{Element, Kernels, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    one::register(kernels);
    two::register(kernels);
    backward::register(kernels);
    choose::register(kernels);
    updates::register(kernels);
}

/// So many numbers are computed by the thread that asks: sharing them would take longer.
pub(crate) const ALONE: usize = 1 << 16;
/// So many numbers one thread takes at a time.
const PIECE: usize = 1 << 15;

/// Calls `work` with `0..n` in parts, on several threads where it is worth it.
#[inline]
pub(crate) fn pieces(n: usize, work: impl Fn(Range<usize>) + Sync) {
    match n <= ALONE {
        true => work(0..n),
        false => parallel_ranges(n, PIECE, work),
    }
}

/// All numbers of a tensor's storage.
///
/// # Panics
/// When they are of another kind.
#[inline]
pub(crate) fn numbers<T: Element>(x: &Tensor) -> &[T] {
    match T::read(x.storage()) {
        Some(numbers) => numbers,
        None => panic!("these numbers are {}, not {}", x.kind(), T::KIND),
    }
}
