//! A word is one float: small floats are widened while they are packed.
//!
//! This is how bf16 is multiplied on processors without an instruction for it, and on those
//! whose instruction is slower than two of f32 (see [`crate::bf16`]).

#![expect(unsafe_code, reason = "words are read through pointers")]

use super::product::{Finish, Part};
use super::{Task, Words};
use crate::out::Out;
use crate::simd::{Portable, Simd};
use std::marker::PhantomData;

/// Floats in the vectors of `S`, at any level.
#[derive(Clone, Copy)]
pub(crate) struct Floats<S>(PhantomData<S>);

/// What differs between the levels: the shape of a tile, and how to get there.
pub(crate) trait Tiled: Simd + 'static {
    /// As [`Words::VECTORS`].
    const VECTORS: usize;
    /// As [`Words::ROWS`].
    const ROWS: usize;
    /// As [`Words::enter`].
    ///
    /// # Safety
    /// The processor has the instructions.
    unsafe fn enter(task: impl Task);
}

impl<S: Tiled> Words for Floats<S> {
    type Sum = S::F;
    type Left = S::F;
    type Right = S::F;
    const LANES: usize = S::LANES;
    const VECTORS: usize = S::VECTORS;
    const ROWS: usize = S::ROWS;

    #[inline(always)]
    fn zero() -> S::F {
        S::splat(0.0)
    }

    #[inline(always)]
    unsafe fn left(from: *const u32) -> S::F {
        // SAFETY: the caller's promise.
        S::splat(unsafe { from.cast::<f32>().read() })
    }

    #[inline(always)]
    unsafe fn right(from: *const u32) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { S::load(from.cast()) }
    }

    #[inline(always)]
    fn soon(at: *const u32) {
        S::prefetch(at.cast());
    }

    #[inline(always)]
    fn step(sum: S::F, left: S::F, right: S::F) -> S::F {
        S::fma(left, right, sum)
    }

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        // SAFETY: the caller's promise.
        unsafe { S::enter(task) }
    }
}

impl Tiled for Portable {
    const VECTORS: usize = 1;
    const ROWS: usize = 4;

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        task.run();
    }
}

#[cfg(target_arch = "x86_64")]
impl Tiled for crate::simd::Avx2 {
    const VECTORS: usize = 2;
    const ROWS: usize = 6;

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        #[target_feature(enable = "avx2,fma")]
        fn inside(task: impl Task) {
            task.run();
        }
        // SAFETY: the caller's promise.
        unsafe { inside(task) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Tiled for crate::simd::Avx512 {
    const VECTORS: usize = 2;
    const ROWS: usize = 14;

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
        fn inside(task: impl Task) {
            task.run();
        }
        // SAFETY: the caller's promise.
        unsafe { inside(task) }
    }
}

/// Sums of floats: written to a matrix, with a bias per column added at the end.
pub(crate) struct ToFloats<'a, S> {
    /// `[m, n]`
    pub out: Out<'a, f32>,
    /// `n`
    pub columns: usize,
    /// `[n]`
    pub bias: Option<&'a [f32]>,
    /// The vectors of the sums.
    pub vectors: PhantomData<fn(S)>,
}

impl<S: Simd, W: Words<Sum = S::F>> Finish<W> for ToFloats<'_, S> {
    const IN_PARTS: bool = true;

    #[inline(always)]
    unsafe fn take(&self, i: usize, j: usize, n: usize, mut sum: S::F, part: Part) {
        let at = self.out.at(i * self.columns + j);
        debug_assert!(i * self.columns + j + n <= self.out.len());
        // SAFETY: the place of these sums, which nobody else writes to.
        unsafe {
            if !part.first {
                let before = if n == S::LANES { S::load(at) } else { S::load_first(at, n) };
                sum = S::add(before, sum);
            }
            if let (true, Some(bias)) = (part.last, self.bias) {
                sum = S::add(sum, S::read(&bias[j..j + n]));
            }
            if n == S::LANES { S::store(at, sum) } else { S::store_first(at, n, sum) }
        }
    }
}
