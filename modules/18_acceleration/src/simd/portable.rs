//! Eight numbers in an array: the compiler turns loops over them into the vectors it has.

#![expect(unsafe_code, reason = "loads and stores go through pointers")]

use super::Simd;
use std::array::from_fn;

/// Any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

#[inline(always)]
fn zip(a: [f32; 8], b: [f32; 8], f: impl Fn(f32, f32) -> f32) -> [f32; 8] {
    from_fn(|i| f(a[i], b[i]))
}

#[inline(always)]
fn ask(a: [f32; 8], b: [f32; 8], f: impl Fn(f32, f32) -> bool) -> [bool; 8] {
    from_fn(|i| f(a[i], b[i]))
}

/// A power of two that is a normal number: the exponent's bits, nothing else.
#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    f32::from_bits(((n as i32 + 127) << 23) as u32)
}

impl Simd for Portable {
    type F = [f32; 8];
    type M = [bool; 8];
    const LANES: usize = 8;
    /// In vectors of eight: sixteen registers of four on x86-64, thirty-two elsewhere.
    const REGISTERS: usize = if cfg!(target_arch = "x86_64") { 8 } else { 16 };

    #[inline(always)]
    fn splat(x: f32) -> [f32; 8] {
        [x; 8]
    }

    #[inline(always)]
    unsafe fn load(from: *const f32) -> [f32; 8] {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { from.cast::<[f32; 8]>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> [f32; 8] {
        // SAFETY: only the first `n` are read.
        from_fn(|i| if i < n { unsafe { from.add(i).read() } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn load_first_or(from: *const f32, n: usize, rest: [f32; 8]) -> [f32; 8] {
        // SAFETY: only the first `n` are read.
        from_fn(|i| if i < n { unsafe { from.add(i).read() } } else { rest[i] })
    }

    #[inline(always)]
    unsafe fn store(to: *mut f32, x: [f32; 8]) {
        // SAFETY: the caller's promise; no alignment is asked for.
        unsafe { to.cast::<[f32; 8]>().write_unaligned(x) }
    }

    #[inline(always)]
    unsafe fn store_first(to: *mut f32, n: usize, x: [f32; 8]) {
        for (i, x) in x.into_iter().take(n).enumerate() {
            // SAFETY: only the first `n` are written.
            unsafe { to.add(i).write(x) }
        }
    }

    #[inline(always)]
    fn add(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn fma(a: [f32; 8], b: [f32; 8], c: [f32; 8]) -> [f32; 8] {
        // Without an instruction for it, rounding once is a call that costs a hundred.
        match cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
            true => from_fn(|i| a[i].mul_add(b[i], c[i])),
            false => from_fn(|i| a[i] * b[i] + c[i]),
        }
    }

    #[inline(always)]
    fn min(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn max(a: [f32; 8], b: [f32; 8]) -> [f32; 8] {
        zip(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn sqrt(a: [f32; 8]) -> [f32; 8] {
        a.map(f32::sqrt)
    }

    #[inline(always)]
    fn abs(a: [f32; 8]) -> [f32; 8] {
        a.map(f32::abs)
    }

    #[inline(always)]
    fn round(a: [f32; 8]) -> [f32; 8] {
        // Where a unit in the last place is 1, adding rounds; taking away again is exact.
        const WHOLE: f32 = 12_582_912.0; // 1.5 * 2^23
        a.map(|a| (a + WHOLE) - WHOLE)
    }

    #[inline(always)]
    fn scale2(a: [f32; 8], n: [f32; 8]) -> [f32; 8] {
        // In two steps, as 2^n itself need not be a number; the larger one is exact.
        from_fn(|i| {
            let half = (n[i] * 0.5).clamp(-126.0, 127.0) as i32 as f32;
            a[i] * power_of_two(half) * power_of_two(n[i] - half)
        })
    }

    #[inline(always)]
    fn split(a: [f32; 8]) -> ([f32; 8], [f32; 8]) {
        let bits = a.map(f32::to_bits);
        (
            bits.map(|b| f32::from_bits(b & 0x007F_FFFF | 0x3F80_0000)),
            bits.map(|b| (b >> 23) as i32 as f32 - 127.0),
        )
    }

    #[inline(always)]
    fn lt(a: [f32; 8], b: [f32; 8]) -> [bool; 8] {
        ask(a, b, |a, b| a < b)
    }

    #[inline(always)]
    fn le(a: [f32; 8], b: [f32; 8]) -> [bool; 8] {
        ask(a, b, |a, b| a <= b)
    }

    #[inline(always)]
    fn eq(a: [f32; 8], b: [f32; 8]) -> [bool; 8] {
        ask(a, b, |a, b| a == b)
    }

    #[inline(always)]
    fn select(m: [bool; 8], yes: [f32; 8], no: [f32; 8]) -> [f32; 8] {
        from_fn(|i| if m[i] { yes[i] } else { no[i] })
    }

    #[inline(always)]
    unsafe fn load_bf16(from: *const u16) -> [f32; 8] {
        // SAFETY: the caller's promise; no alignment is asked for.
        let bits = unsafe { from.cast::<[u16; 8]>().read_unaligned() };
        bits.map(|b| f32::from_bits(u32::from(b) << 16))
    }

    #[inline(always)]
    unsafe fn transpose(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        for i in 0..8 {
            for j in 0..8 {
                // SAFETY: the caller's promise.
                unsafe { to.add(j * to_row + i).write(from.add(i * from_row + j).read()) }
            }
        }
    }

    #[inline(always)]
    fn prefetch(_at: *const f32) {}

    #[inline(always)]
    fn prefetch_far(_at: *const f32) {}

    #[inline(always)]
    fn sum(a: [f32; 8]) -> f32 {
        let b: [f32; 4] = from_fn(|i| a[i] + a[i + 4]);
        (b[0] + b[2]) + (b[1] + b[3])
    }

    #[inline(always)]
    fn largest(a: [f32; 8]) -> f32 {
        a.into_iter().fold(f32::NEG_INFINITY, f32::max)
    }
}
