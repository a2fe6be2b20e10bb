//! Words of 32 bits whose products have 64.
//!
//! Processors multiply such words in vectors where each has 64 bits of room, and read the lower
//! half of it: what is left in the upper one by earlier steps does no harm.

#![expect(unsafe_code, reason = "vector instructions, and stores through pointers")]

use super::Portable;
#[cfg(target_arch = "x86_64")]
use super::{Avx2, Avx512};
use std::array::from_fn;

/// What a set of instructions can do with `WORDS` words at once.
pub(crate) trait Words: Copy {
    /// `WORDS` words, each in the lower half of 64 bits.
    type W: Copy;
    /// How many words a vector holds.
    const WORDS: usize;

    /// `w`, `WORDS` times.
    fn splat_word(w: u64) -> Self::W;
    /// `first`, `first + 1` and so on, in all 64 bits.
    fn count_words(first: u64) -> Self::W;
    /// What is in the upper halves.
    fn upper_words(a: Self::W) -> Self::W;
    /// The products of the lower halves.
    fn mul_words(a: Self::W, b: Self::W) -> Self::W;
    /// `a ^ b ^ c`
    fn xor_words(a: Self::W, b: Self::W, c: Self::W) -> Self::W;

    /// Writes the lower halves of four vectors from `to` on: the first word of each, the second
    /// of each, and so on.
    ///
    /// # Safety
    /// `4 WORDS` words can be written.
    unsafe fn store_words(to: *mut u32, rows: [Self::W; 4]);
}

impl Words for Portable {
    type W = [u64; 4];
    const WORDS: usize = 4;

    #[inline(always)]
    fn splat_word(w: u64) -> [u64; 4] {
        [w; 4]
    }

    #[inline(always)]
    fn count_words(first: u64) -> [u64; 4] {
        from_fn(|i| first.wrapping_add(i as u64))
    }

    #[inline(always)]
    fn upper_words(a: [u64; 4]) -> [u64; 4] {
        a.map(|a| a >> 32)
    }

    #[inline(always)]
    fn mul_words(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
        from_fn(|i| u64::from(a[i] as u32) * u64::from(b[i] as u32))
    }

    #[inline(always)]
    fn xor_words(a: [u64; 4], b: [u64; 4], c: [u64; 4]) -> [u64; 4] {
        from_fn(|i| a[i] ^ b[i] ^ c[i])
    }

    #[inline(always)]
    unsafe fn store_words(to: *mut u32, rows: [[u64; 4]; 4]) {
        let words: [u32; 16] = from_fn(|i| rows[i % 4][i / 4] as u32);
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[u32; 16]>().write_unaligned(words) }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    #![allow(clippy::undocumented_unsafe_blocks)]
    // SAFETY of all blocks: these functions are called in functions compiled for their level alone,
    // which run where the processor has it; pointers are as the trait's callers promise.

    use super::{Avx2, Avx512, Words};
    use std::arch::x86_64::*;

    impl Words for Avx2 {
        type W = __m256i;
        const WORDS: usize = 4;

        #[inline(always)]
        fn splat_word(w: u64) -> __m256i {
            unsafe { _mm256_set1_epi64x(w as i64) }
        }

        #[inline(always)]
        fn count_words(first: u64) -> __m256i {
            unsafe { _mm256_add_epi64(Self::splat_word(first), _mm256_setr_epi64x(0, 1, 2, 3)) }
        }

        #[inline(always)]
        fn upper_words(a: __m256i) -> __m256i {
            unsafe { _mm256_srli_epi64::<32>(a) }
        }

        #[inline(always)]
        fn mul_words(a: __m256i, b: __m256i) -> __m256i {
            unsafe { _mm256_mul_epu32(a, b) }
        }

        #[inline(always)]
        fn xor_words(a: __m256i, b: __m256i, c: __m256i) -> __m256i {
            unsafe { _mm256_xor_si256(_mm256_xor_si256(a, b), c) }
        }

        #[inline(always)]
        unsafe fn store_words(to: *mut u32, [a, b, c, d]: [__m256i; 4]) {
            unsafe {
                let pairs = |low, high| {
                    _mm256_blend_epi32::<0xAA>(low, _mm256_shuffle_epi32::<0b10_10_00_00>(high))
                };
                let (ab, cd) = (pairs(a, b), pairs(c, d));
                let (even, odd) = (_mm256_unpacklo_epi64(ab, cd), _mm256_unpackhi_epi64(ab, cd));
                let first = _mm256_permute2x128_si256::<0x20>(even, odd);
                let second = _mm256_permute2x128_si256::<0x31>(even, odd);
                _mm256_storeu_si256(to.cast(), first);
                _mm256_storeu_si256(to.add(8).cast(), second);
            }
        }
    }

    impl Words for Avx512 {
        type W = __m512i;
        const WORDS: usize = 8;

        #[inline(always)]
        fn splat_word(w: u64) -> __m512i {
            unsafe { _mm512_set1_epi64(w as i64) }
        }

        #[inline(always)]
        fn count_words(first: u64) -> __m512i {
            unsafe {
                let lanes = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
                _mm512_add_epi64(Self::splat_word(first), lanes)
            }
        }

        #[inline(always)]
        fn upper_words(a: __m512i) -> __m512i {
            unsafe { _mm512_srli_epi64::<32>(a) }
        }

        #[inline(always)]
        fn mul_words(a: __m512i, b: __m512i) -> __m512i {
            unsafe { _mm512_mul_epu32(a, b) }
        }

        #[inline(always)]
        fn xor_words(a: __m512i, b: __m512i, c: __m512i) -> __m512i {
            unsafe { _mm512_ternarylogic_epi64::<0x96>(a, b, c) }
        }

        #[inline(always)]
        unsafe fn store_words(to: *mut u32, [a, b, c, d]: [__m512i; 4]) {
            unsafe {
                let pairs =
                    |low, high| _mm512_mask_blend_epi32(0xAAAA, low, _mm512_slli_epi64::<32>(high));
                let (ab, cd) = (pairs(a, b), pairs(c, d));
                let first = _mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11);
                let second = _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15);
                _mm512_storeu_si512(to.cast(), _mm512_permutex2var_epi64(ab, first, cd));
                _mm512_storeu_si512(to.add(16).cast(), _mm512_permutex2var_epi64(ab, second, cd));
            }
        }
    }
}
