//! A word is two bf16, multiplied by `vdpbf16ps`.

#![expect(unsafe_code, reason = "vector instructions")]
#![allow(clippy::undocumented_unsafe_blocks)]
// SAFETY of all blocks: these functions are called in what `enter` compiles for the instructions
// alone, which runs where the processor has them; pointers are as the trait's callers promise.

use super::product::{Finish, Part};
use super::{Task, Words};
use crate::out::Out;
use crate::simd::{Avx512, Simd};
use std::arch::x86_64::*;
use std::mem::transmute;

/// AVX-512 BF16. The instruction takes numbers below 2^-126 for 0.
#[derive(Clone, Copy)]
pub(crate) struct Pairs;

impl Words for Pairs {
    type Sum = __m512;
    type Left = __m512i;
    type Right = __m512i;
    const LANES: usize = 16;
    const VECTORS: usize = 2;
    const ROWS: usize = 14;

    #[inline(always)]
    fn zero() -> __m512 {
        unsafe { _mm512_setzero_ps() }
    }

    #[inline(always)]
    unsafe fn left(from: *const u32) -> __m512i {
        unsafe { _mm512_set1_epi32(from.read() as i32) }
    }

    #[inline(always)]
    unsafe fn right(from: *const u32) -> __m512i {
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    fn soon(at: *const u32) {
        Avx512::prefetch(at.cast());
    }

    #[inline(always)]
    fn step(sum: __m512, left: __m512i, right: __m512i) -> __m512 {
        unsafe {
            let pairs = |words| transmute::<__m512i, __m512bh>(words);
            _mm512_dpbf16_ps(sum, pairs(left), pairs(right))
        }
    }

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")]
        fn inside(task: impl Task) {
            task.run();
        }
        unsafe { inside(task) }
    }
}

/// Sums of floats: written to a matrix, with a bias per column added at the end.
pub(crate) struct ToFloats<'a> {
    /// `[m, n]`
    pub out: Out<'a, f32>,
    /// `n`
    pub columns: usize,
    /// `[n]`
    pub bias: Option<&'a [f32]>,
}

impl Finish<Pairs> for ToFloats<'_> {
    const IN_PARTS: bool = true;

    #[inline(always)]
    unsafe fn take(&self, i: usize, j: usize, n: usize, mut sum: __m512, part: Part) {
        let at = self.out.at(i * self.columns + j);
        debug_assert!(i * self.columns + j + n <= self.out.len());
        unsafe {
            if !part.first {
                let before =
                    if n == Avx512::LANES { Avx512::load(at) } else { Avx512::load_first(at, n) };
                sum = Avx512::add(before, sum);
            }
            if let (true, Some(bias)) = (part.last, self.bias) {
                sum = Avx512::add(sum, Avx512::read(&bias[j..j + n]));
            }
            if n == Avx512::LANES {
                Avx512::store(at, sum)
            } else {
                Avx512::store_first(at, n, sum)
            }
        }
    }
}
