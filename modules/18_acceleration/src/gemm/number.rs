//! How the numbers of a matrix become floats, while they are packed.

#![expect(unsafe_code, reason = "numbers are read through pointers")]

use crate::Bf16;
use crate::simd::Simd;

/// What a matrix holds.
pub(super) trait Number {
    /// As it lies in memory.
    type Stored: Copy;

    /// The same number as a float.
    fn float(stored: Self::Stored) -> f32;

    /// A vector of them.
    ///
    /// # Safety
    /// `LANES` of them can be read.
    unsafe fn load<S: Simd>(from: *const Self::Stored) -> S::F;

    /// The first `n` of a vector, and zeros.
    ///
    /// # Safety
    /// `n` of them can be read.
    unsafe fn load_first<S: Simd>(from: *const Self::Stored, n: usize) -> S::F;

    /// A square of `LANES` by `LANES`, turned over: as [`Simd::transpose`].
    ///
    /// # Safety
    /// As there.
    #[inline(always)]
    unsafe fn transpose<S: Simd>(
        from: *const Self::Stored,
        from_row: usize,
        to: *mut f32,
        to_row: usize,
    ) {
        let mut square = [0.0; 16 * 16];
        // SAFETY: the caller's promise; no vector has more than 16 lanes.
        unsafe {
            for i in 0..S::LANES {
                let row = Self::load::<S>(from.wrapping_add(i * from_row));
                S::store(square.as_mut_ptr().add(i * S::LANES), row);
            }
            S::transpose(square.as_ptr(), S::LANES, to, to_row);
        }
    }
}

/// Floats, as they are.
pub(super) struct Floats;

impl Number for Floats {
    type Stored = f32;

    #[inline(always)]
    fn float(stored: f32) -> f32 {
        stored
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const f32) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { S::load(from) }
    }

    #[inline(always)]
    unsafe fn load_first<S: Simd>(from: *const f32, n: usize) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { S::load_first(from, n) }
    }

    #[inline(always)]
    unsafe fn transpose<S: Simd>(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller's promise.
        unsafe { S::transpose(from, from_row, to, to_row) }
    }
}

/// Floats, rounded to bf16.
pub(super) struct Rounded;

impl Number for Rounded {
    type Stored = f32;

    #[inline(always)]
    fn float(stored: f32) -> f32 {
        Bf16::from(stored).to_f32()
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const f32) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { Self::load_first::<S>(from, S::LANES) }
    }

    #[inline(always)]
    unsafe fn load_first<S: Simd>(from: *const f32, n: usize) -> S::F {
        let mut numbers = [0.0; 16];
        // SAFETY: the caller's promise; no vector has more than 16 lanes.
        unsafe {
            S::store(numbers.as_mut_ptr(), S::load_first(from, n));
            for number in &mut numbers[..S::LANES] {
                *number = Self::float(*number);
            }
            S::load(numbers.as_ptr())
        }
    }
}

/// bf16.
pub(super) struct Halves;

impl Number for Halves {
    type Stored = u16;

    #[inline(always)]
    fn float(stored: u16) -> f32 {
        Bf16::from_bits(stored).to_f32()
    }

    #[inline(always)]
    unsafe fn load<S: Simd>(from: *const u16) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { S::load_bf16(from) }
    }

    #[inline(always)]
    unsafe fn load_first<S: Simd>(from: *const u16, n: usize) -> S::F {
        // SAFETY: the caller's promise.
        unsafe { S::load_first_bf16(from, n) }
    }
}
