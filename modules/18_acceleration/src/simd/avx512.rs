//! Vectors of 16 floats on x86-64.

#![expect(unsafe_code, reason = "vector instructions")]
#![allow(clippy::undocumented_unsafe_blocks)]
// SAFETY of all blocks: these functions are called in functions compiled for AVX-512 alone, which
// run where the processor has it; pointers are as the trait's callers promise.

use super::Simd;
use std::arch::x86_64::*;

/// AVX-512 F, BW, DQ and VL.
#[derive(Clone, Copy)]
pub(crate) struct Avx512;

/// The first `n` lanes.
#[inline(always)]
fn first(n: usize) -> __mmask16 {
    ((1u32 << n) - 1) as __mmask16
}

/// 16 rows of 16 numbers, transposed; written past the caches if `ASIDE`.
#[inline(always)]
unsafe fn transpose<const ASIDE: bool>(
    from: *const f32,
    from_row: usize,
    to: *mut f32,
    to_row: usize,
) {
    // Four columns at a time: a vector takes four numbers of each of four rows, so that
    // what is left to turn over are squares of four by four inside of its quarters.
    unsafe {
        for column in [0, 4, 8, 12] {
            let four = |row: usize| _mm_loadu_ps(from.add(row * from_row + column));
            let rows = |i: usize| {
                let x = _mm512_castps128_ps512(four(i));
                let x = _mm512_insertf32x4::<1>(x, four(i + 4));
                let x = _mm512_insertf32x4::<2>(x, four(i + 8));
                _mm512_insertf32x4::<3>(x, four(i + 12))
            };
            let pairs = |i: usize| {
                let (a, b) = (rows(i), rows(i + 1));
                (_mm512_unpacklo_ps(a, b), _mm512_unpackhi_ps(a, b))
            };
            let ((a, b), (c, d)) = (pairs(0), pairs(2));
            for (i, (first, second)) in [(a, c), (b, d)].into_iter().enumerate() {
                let (first, second) = (_mm512_castps_pd(first), _mm512_castps_pd(second));
                let to = to.add((column + 2 * i) * to_row);
                let (even, odd) =
                    (_mm512_unpacklo_pd(first, second), _mm512_unpackhi_pd(first, second));
                match ASIDE {
                    true => {
                        _mm512_stream_pd(to.cast(), even);
                        _mm512_stream_pd(to.add(to_row).cast(), odd);
                    }
                    false => {
                        _mm512_storeu_pd(to.cast(), even);
                        _mm512_storeu_pd(to.add(to_row).cast(), odd);
                    }
                }
            }
        }
    }
}

impl Simd for Avx512 {
    type F = __m512;
    type M = __mmask16;
    const LANES: usize = 16;
    const REGISTERS: usize = 32;

    #[inline(always)]
    fn splat(x: f32) -> __m512 {
        unsafe { _mm512_set1_ps(x) }
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> __m512 {
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> __m512 {
        unsafe { _mm512_maskz_loadu_ps(first(n), from) }
    }

    #[inline(always)]
    unsafe fn load_first_or(from: *const f32, n: usize, rest: __m512) -> __m512 {
        unsafe { _mm512_mask_loadu_ps(rest, first(n), from) }
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: __m512) {
        unsafe { _mm512_storeu_ps(to, x) }
    }

    #[inline(always)]
    unsafe fn store_first(to: *mut f32, n: usize, x: __m512) {
        unsafe { _mm512_mask_storeu_ps(to, first(n), x) }
    }

    #[inline(always)]
    fn add(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn div(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_div_ps(a, b) }
    }

    #[inline(always)]
    fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn min(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn max(a: __m512, b: __m512) -> __m512 {
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn sqrt(a: __m512) -> __m512 {
        unsafe { _mm512_sqrt_ps(a) }
    }

    #[inline(always)]
    fn abs(a: __m512) -> __m512 {
        unsafe { _mm512_abs_ps(a) }
    }

    #[inline(always)]
    fn round(a: __m512) -> __m512 {
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(a) }
    }

    #[inline(always)]
    fn scale2(a: __m512, n: __m512) -> __m512 {
        unsafe { _mm512_scalef_ps(a, n) }
    }

    #[inline(always)]
    fn split(a: __m512) -> (__m512, __m512) {
        unsafe {
            let fraction = _mm512_getmant_ps::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_ZERO>(a);
            (fraction, _mm512_getexp_ps(a))
        }
    }

    #[inline(always)]
    fn lt(a: __m512, b: __m512) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b) }
    }

    #[inline(always)]
    fn le(a: __m512, b: __m512) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(a, b) }
    }

    #[inline(always)]
    fn eq(a: __m512, b: __m512) -> __mmask16 {
        unsafe { _mm512_cmp_ps_mask::<_CMP_EQ_OQ>(a, b) }
    }

    #[inline(always)]
    fn select(m: __mmask16, yes: __m512, no: __m512) -> __m512 {
        unsafe { _mm512_mask_blend_ps(m, no, yes) }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> __m512 {
        unsafe {
            let bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits))
        }
    }

    #[inline(always)]
    unsafe fn load_first_bf16(from: *const u16, n: usize) -> __m512 {
        unsafe {
            let bits = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(first(n), from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits))
        }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose::<false>(from, from_row, to, to_row) }
    }

    #[inline(always)]
    unsafe fn transpose_aside(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        unsafe { transpose::<true>(from, from_row, to, to_row) }
    }

    #[inline(always)]
    fn join_aside() {
        unsafe { _mm_sfence() }
    }

    #[inline(always)]
    fn prefetch(at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
    }

    #[inline(always)]
    fn prefetch_far(at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T1>(at.cast()) }
    }

    #[inline(always)]
    fn sum(a: __m512) -> f32 {
        unsafe { _mm512_reduce_add_ps(a) }
    }

    #[inline(always)]
    fn largest(a: __m512) -> f32 {
        unsafe { _mm512_reduce_max_ps(a) }
    }
}
