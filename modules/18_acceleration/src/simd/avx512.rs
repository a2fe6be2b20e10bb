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

/// Puts the lower quarters of pairs, or the upper ones, side by side: of `a` and `b`, quarters
/// 0 and 2, or 1 and 3.
#[inline(always)]
unsafe fn quarters(upper: bool, a: __m512, b: __m512) -> __m512 {
    unsafe {
        match upper {
            false => _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b),
            true => _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b),
        }
    }
}

/// A square of 16 by 16 mirrored along its diagonal: words change places, then pairs of words,
/// then quarters of vectors, twice.
#[inline(always)]
unsafe fn mirrored(x: [__m512; 16]) -> [__m512; 16] {
    let (mut words, mut pairs) = (x, x);
    unsafe {
        for i in (0..16).step_by(2) {
            words[i] = _mm512_unpacklo_ps(x[i], x[i + 1]);
            words[i + 1] = _mm512_unpackhi_ps(x[i], x[i + 1]);
        }
        for i in (0..16).step_by(4) {
            for half in 0..2 {
                let a = _mm512_castps_pd(words[i + half]);
                let b = _mm512_castps_pd(words[i + half + 2]);
                pairs[i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(a, b));
                pairs[i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(a, b));
            }
        }
        // `pairs[4 r + c]` has in its quarter `q` column `4 q + c` of rows `4 r` to `4 r + 3`.
        let (mut eights, mut columns) = (pairs, pairs);
        for c in 0..4 {
            for half in [0, 8] {
                let (a, b) = (pairs[half + c], pairs[half + 4 + c]);
                eights[half + c] = quarters(false, a, b);
                eights[half + 4 + c] = quarters(true, a, b);
            }
        }
        // `eights[8 h + 4 o + c]` has columns `4 o + c` and `4 o + 8 + c` of rows `8 h` and on.
        for c in 0..4 {
            for odd in [0, 4] {
                let (a, b) = (eights[odd + c], eights[8 + odd + c]);
                columns[odd + c] = quarters(false, a, b);
                columns[8 + odd + c] = quarters(true, a, b);
            }
        }
        columns
    }
}

impl Simd for Avx512 {
    type F = __m512;
    type M = __mmask16;
    const LANES: usize = 16;

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
    fn copysign(a: __m512, b: __m512) -> __m512 {
        unsafe {
            let sign = _mm512_set1_ps(-0.0);
            _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b))
        }
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> __m512 {
        unsafe {
            let bits = _mm512_cvtepu16_epi32(_mm256_loadu_si256(from.cast()));
            _mm512_castsi512_ps(_mm512_slli_epi32::<16>(bits))
        }
    }

    #[inline(always)]
    unsafe fn store_mirrored(rows: &[[u32; 16]; 16], to: *mut u32, width: usize, apart: usize) {
        unsafe {
            let rows = rows.as_ptr().cast::<f32>();
            let mut square = [_mm512_setzero_ps(); 16];
            for (i, row) in square.iter_mut().enumerate() {
                *row = _mm512_loadu_ps(rows.add(16 * i));
            }
            let columns = mirrored(square);
            for (w, column) in columns.into_iter().enumerate() {
                _mm512_mask_storeu_ps(to.add(w * apart).cast(), first(width), column);
            }
        }
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
