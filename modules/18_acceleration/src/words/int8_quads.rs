//! A word is four int8: unsigned on the left, signed on the right, sums in 32 bits.
//!
//! Sums wrap around, so that only the last one has to fit. That is why AVX2 does not use its
//! instruction for these (`vpmaddubsw`), which cuts sums of two products off at 16 bits.

#![expect(unsafe_code, reason = "vector instructions, and words that are read through pointers")]
#![allow(clippy::undocumented_unsafe_blocks)]
// SAFETY of all blocks: these functions are called in what `enter` compiles for the instructions
// alone, which runs where the processor has them; pointers are as the trait's callers promise.

use super::{Integers, Task, Words};
use crate::simd::Simd;
#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;
use std::array::from_fn;
#[cfg(target_arch = "x86_64")]
use std::mem::transmute;

/// AVX-512 VNNI: `vpdpbusd` adds four products to each of 16 sums.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct QuadsVnni;

#[cfg(target_arch = "x86_64")]
impl Words for QuadsVnni {
    type Sum = __m512i;
    type Left = __m512i;
    type Right = __m512i;
    const LANES: usize = 16;
    const VECTORS: usize = 2;
    const ROWS: usize = 14;

    #[inline(always)]
    fn zero() -> __m512i {
        unsafe { _mm512_setzero_si512() }
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
        crate::simd::Avx512::prefetch(at.cast());
    }

    #[inline(always)]
    fn step(sum: __m512i, left: __m512i, right: __m512i) -> __m512i {
        unsafe { _mm512_dpbusd_epi32(sum, left, right) }
    }

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl,avx512vnni")]
        fn inside(task: impl Task) {
            task.run();
        }
        unsafe { inside(task) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Integers for QuadsVnni {
    #[inline(always)]
    fn lanes(sum: __m512i) -> [i32; 16] {
        unsafe { transmute(sum) }
    }
}

/// AVX2: the first and third number of a word, and the second and fourth, as pairs of 16 bits,
/// which `vpmaddwd` multiplies and adds exactly.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub(crate) struct QuadsAvx2;

#[cfg(target_arch = "x86_64")]
impl Words for QuadsAvx2 {
    type Sum = __m256i;
    type Left = [__m256i; 2];
    type Right = [__m256i; 2];
    const LANES: usize = 8;
    const VECTORS: usize = 2;
    const ROWS: usize = 4;

    #[inline(always)]
    fn zero() -> __m256i {
        unsafe { _mm256_setzero_si256() }
    }

    #[inline(always)]
    unsafe fn left(from: *const u32) -> [__m256i; 2] {
        unsafe {
            let word = _mm256_set1_epi32(from.read() as i32);
            let low = _mm256_set1_epi16(0xFF);
            [_mm256_and_si256(word, low), _mm256_srli_epi16::<8>(word)]
        }
    }

    #[inline(always)]
    unsafe fn right(from: *const u32) -> [__m256i; 2] {
        unsafe {
            let words = _mm256_loadu_si256(from.cast());
            let even = _mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(words));
            [even, _mm256_srai_epi16::<8>(words)]
        }
    }

    #[inline(always)]
    fn soon(at: *const u32) {
        crate::simd::Avx2::prefetch(at.cast());
    }

    #[inline(always)]
    fn step(sum: __m256i, left: [__m256i; 2], right: [__m256i; 2]) -> __m256i {
        unsafe {
            let even = _mm256_madd_epi16(left[0], right[0]);
            let odd = _mm256_madd_epi16(left[1], right[1]);
            _mm256_add_epi32(sum, _mm256_add_epi32(even, odd))
        }
    }

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        #[target_feature(enable = "avx2,fma")]
        fn inside(task: impl Task) {
            task.run();
        }
        unsafe { inside(task) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Integers for QuadsAvx2 {
    #[inline(always)]
    fn lanes(sum: __m256i) -> [i32; 16] {
        unsafe { transmute([sum, _mm256_setzero_si256()]) }
    }
}

/// Any processor.
#[derive(Clone, Copy)]
pub(crate) struct QuadsPortable;

impl Words for QuadsPortable {
    type Sum = [i32; 8];
    type Left = [i16; 4];
    type Right = [[i16; 8]; 4];
    const LANES: usize = 8;
    const VECTORS: usize = 1;
    const ROWS: usize = 4;

    #[inline(always)]
    fn zero() -> [i32; 8] {
        [0; 8]
    }

    #[inline(always)]
    unsafe fn left(from: *const u32) -> [i16; 4] {
        let word = unsafe { from.read() };
        word.to_le_bytes().map(i16::from)
    }

    #[inline(always)]
    unsafe fn right(from: *const u32) -> [[i16; 8]; 4] {
        let words = unsafe { from.cast::<[u32; 8]>().read() };
        from_fn(|d| words.map(|word| i16::from((word >> (8 * d)) as i8)))
    }

    #[inline(always)]
    fn soon(at: *const u32) {
        crate::simd::Portable::prefetch(at.cast());
    }

    #[inline(always)]
    fn step(sum: [i32; 8], left: [i16; 4], right: [[i16; 8]; 4]) -> [i32; 8] {
        let product = |d: usize, j: usize| i32::from(left[d]) * i32::from(right[d][j]);
        let pairs = |j| (product(0, j) + product(1, j)) + (product(2, j) + product(3, j));
        from_fn(|j| sum[j].wrapping_add(pairs(j)))
    }

    #[inline(always)]
    unsafe fn enter(task: impl Task) {
        task.run();
    }
}

impl Integers for QuadsPortable {
    #[inline(always)]
    fn lanes(sum: [i32; 8]) -> [i32; 16] {
        from_fn(|i| if i < 8 { sum[i] } else { 0 })
    }
}
