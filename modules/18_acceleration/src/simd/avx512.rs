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
    fn copysign(a: __m512, b: __m512) -> __m512 {
        unsafe {
            let sign = _mm512_set1_ps(-0.0);
            _mm512_or_ps(_mm512_andnot_ps(sign, a), _mm512_and_ps(sign, b))
        }
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_step: usize, to: *mut f32, to_step: usize) {
        use std::array::from_fn;
        unsafe {
            let r: [__m512; 16] = from_fn(|i| _mm512_loadu_ps(from.add(i * from_step)));
            // Squares of 4 within each four rows and each quarter of a vector: q[4 g + i] has
            // column i of its square, for rows 4 g to 4 g + 3, in each quarter.
            let q: [__m512; 16] = from_fn(|n| {
                let r = &r[n & !3..];
                let (ab, cd) = match n & 2 {
                    0 => (_mm512_unpacklo_ps(r[0], r[1]), _mm512_unpacklo_ps(r[2], r[3])),
                    _ => (_mm512_unpackhi_ps(r[0], r[1]), _mm512_unpackhi_ps(r[2], r[3])),
                };
                match n & 1 {
                    0 => _mm512_shuffle_ps::<0b01_00_01_00>(ab, cd),
                    _ => _mm512_shuffle_ps::<0b11_10_11_10>(ab, cd),
                }
            });
            // Then the quarters, in the same way.
            for i in 0..4 {
                let [a, b, c, d] = [q[i], q[4 + i], q[8 + i], q[12 + i]];
                let [even_ab, odd_ab] = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(a, b),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(a, b),
                ];
                let [even_cd, odd_cd] = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(c, d),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(c, d),
                ];
                let columns = [
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(even_ab, even_cd),
                    _mm512_shuffle_f32x4::<0b10_00_10_00>(odd_ab, odd_cd),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(even_ab, even_cd),
                    _mm512_shuffle_f32x4::<0b11_01_11_01>(odd_ab, odd_cd),
                ];
                for (g, column) in columns.into_iter().enumerate() {
                    _mm512_storeu_ps(to.add((4 * g + i) * to_step), column);
                }
            }
        }
    }

    #[inline(always)]
    fn prefetch(at: *const f32) {
        unsafe { _mm_prefetch::<_MM_HINT_T0>(at.cast()) }
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
