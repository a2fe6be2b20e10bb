//! Vectors: several floats that one instruction treats alike.
//!
//! A kernel is written once, for any `S: Simd`, and compiled for each [`Level`]:
//!
//! ```text
//! vectorized! {
//!     /// Doubles every number.
//!     pub(crate) fn double<S>(x: &mut [f32]) {
//!         for x in x.chunks_exact_mut(S::LANES) { .. S::add(v, v) .. }
//!     }
//! }
//! double(level(), &mut numbers);
//! ```
//!
//! The functions of a vector are only ever called inside of what [`vectorized!`] makes, where the
//! compiler may use the instructions that they stand for.

mod portable;
mod words;
#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(target_arch = "x86_64")]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;
pub(crate) use words::Words;

/// What a set of instructions can do with `LANES` floats at once.
#[expect(unsafe_code, reason = "loads and stores go through pointers")]
pub(crate) trait Simd: Words {
    /// `LANES` floats.
    type F: Copy;
    /// `LANES` answers to a question.
    type M: Copy;
    /// How many floats a vector holds.
    const LANES: usize;
    /// How many vectors the processor keeps at hand at once.
    const REGISTERS: usize;

    /// `x`, `LANES` times.
    fn splat(x: f32) -> Self::F;

    /// The numbers from `from` on, at any address.
    ///
    /// # Safety
    /// `LANES` of them can be read.
    unsafe fn load(from: *const f32) -> Self::F;

    /// The first `n` numbers from `from` on, and zeros; `n` is at most `LANES`.
    ///
    /// # Safety
    /// `n` of them can be read.
    unsafe fn load_first(from: *const f32, n: usize) -> Self::F;

    /// The first `n` numbers from `from` on, and behind them those of `rest`; `n` is at most
    /// `LANES`.
    ///
    /// # Safety
    /// `n` of them can be read.
    unsafe fn load_first_or(from: *const f32, n: usize, rest: Self::F) -> Self::F;

    /// Writes the numbers from `to` on.
    ///
    /// # Safety
    /// `LANES` of them can be written.
    unsafe fn store(to: *mut f32, x: Self::F);

    /// Writes the first `n` numbers from `to` on; `n` is at most `LANES`.
    ///
    /// # Safety
    /// `n` of them can be written.
    unsafe fn store_first(to: *mut f32, n: usize, x: Self::F);

    /// `a + b`
    fn add(a: Self::F, b: Self::F) -> Self::F;
    /// `a - b`
    fn sub(a: Self::F, b: Self::F) -> Self::F;
    /// `a * b`
    fn mul(a: Self::F, b: Self::F) -> Self::F;
    /// `a / b`
    fn div(a: Self::F, b: Self::F) -> Self::F;
    /// `a * b + c`, rounded once where the processor can.
    fn fma(a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The smaller; `b` if one of them is NaN.
    fn min(a: Self::F, b: Self::F) -> Self::F;
    /// The larger; `b` if one of them is NaN.
    fn max(a: Self::F, b: Self::F) -> Self::F;
    /// The square root.
    fn sqrt(a: Self::F) -> Self::F;
    /// Without its sign.
    fn abs(a: Self::F) -> Self::F;
    /// To the nearest whole number, halves to the even one. For magnitudes below 2^22.
    fn round(a: Self::F) -> Self::F;
    /// `a * 2^n` for whole `n` of -252 to 254, where both the factor and the result may leave the
    /// range of normal numbers.
    fn scale2(a: Self::F, n: Self::F) -> Self::F;
    /// For a positive normal `a`: its fraction in `[1, 2)`, and its exponent as a whole number.
    fn split(a: Self::F) -> (Self::F, Self::F);

    /// `a < b`; false of NaN, as are the next two.
    fn lt(a: Self::F, b: Self::F) -> Self::M;
    /// `a <= b`
    fn le(a: Self::F, b: Self::F) -> Self::M;
    /// `a == b`
    fn eq(a: Self::F, b: Self::F) -> Self::M;
    /// `yes` where the answer is yes, else `no`.
    fn select(m: Self::M, yes: Self::F, no: Self::F) -> Self::F;

    /// The `LANES` bf16 from `from` on as floats: their bits are the upper half of a float's.
    ///
    /// # Safety
    /// `LANES` of them can be read.
    unsafe fn load_bf16(from: *const u16) -> Self::F;

    /// The first `n` bf16 from `from` on as floats, and zeros; `n` is at most `LANES`.
    ///
    /// # Safety
    /// `n` of them can be read.
    #[inline(always)]
    unsafe fn load_first_bf16(from: *const u16, n: usize) -> Self::F {
        let mut numbers = [0; 16];
        for (i, number) in numbers.iter_mut().take(n).enumerate() {
            // SAFETY: the caller's promise.
            *number = unsafe { *from.add(i) };
        }
        // SAFETY: no vector is longer.
        unsafe { Self::load_bf16(numbers.as_ptr()) }
    }

    /// Turns a square of `LANES` by `LANES` numbers over: number `j` of row `i`, at
    /// `from + i * from_row + j`, goes to `to + j * to_row + i`.
    ///
    /// # Safety
    /// The rows can be read and written, and none of them is both.
    unsafe fn transpose(from: *const f32, from_row: usize, to: *mut f32, to_row: usize);
    /// Says that the numbers around `at`, which may be any address, are wanted soon.
    fn prefetch(at: *const f32);
    /// As [`prefetch`](Self::prefetch), but not so soon: into the second cache.
    fn prefetch_far(at: *const f32);

    /// As [`transpose`](Self::transpose), past the caches where a vector is a line of theirs: for
    /// results that are larger than they are. Seen by other threads after
    /// [`join_aside`](Self::join_aside).
    ///
    /// # Safety
    /// As for `transpose`; and each row written begins where a vector's worth of bytes does.
    #[inline(always)]
    unsafe fn transpose_aside(from: *const f32, from_row: usize, to: *mut f32, to_row: usize) {
        // SAFETY: the caller's promise.
        unsafe { Self::transpose(from, from_row, to, to_row) }
    }

    /// Waits until what was written past the caches is where others see it.
    #[inline(always)]
    fn join_aside() {}

    /// The sum of all lanes, added in pairs.
    fn sum(a: Self::F) -> f32;
    /// The largest lane, none of them NaN.
    fn largest(a: Self::F) -> f32;

    /// The numbers of a slice of at most `LANES`, and zeros.
    #[inline(always)]
    fn read(from: &[f32]) -> Self::F {
        debug_assert!(from.len() <= Self::LANES);
        match from.len() == Self::LANES {
            // SAFETY: the slice has that many.
            true => unsafe { Self::load(from.as_ptr()) },
            // SAFETY: the slice has that many.
            false => unsafe { Self::load_first(from.as_ptr(), from.len().min(Self::LANES)) },
        }
    }

    /// The numbers of a slice of at most `LANES`, and behind them those of `rest`.
    #[inline(always)]
    fn read_or(from: &[f32], rest: Self::F) -> Self::F {
        debug_assert!(from.len() <= Self::LANES);
        match from.len() == Self::LANES {
            // SAFETY: the slice has that many.
            true => unsafe { Self::load(from.as_ptr()) },
            false => {
                let n = from.len().min(Self::LANES);
                // SAFETY: the slice has that many.
                unsafe { Self::load_first_or(from.as_ptr(), n, rest) }
            }
        }
    }

    /// Fills a slice of at most `LANES`.
    #[inline(always)]
    fn write(to: &mut [f32], x: Self::F) {
        debug_assert!(to.len() <= Self::LANES);
        match to.len() == Self::LANES {
            // SAFETY: the slice has that many.
            true => unsafe { Self::store(to.as_mut_ptr(), x) },
            // SAFETY: the slice has that many.
            false => unsafe { Self::store_first(to.as_mut_ptr(), to.len().min(Self::LANES), x) },
        }
    }
}

/// Defines functions over vectors `S`, each compiled for every level and called with the level
/// first.
macro_rules! vectorized {
    ($(
        $(#[$meta:meta])*
        $vis:vis fn $name:ident<$S:ident $(, $G:ident: $bound:path)*>(
            $($arg:ident: $type:ty),* $(,)?
        ) $(-> $result:ty)? $body:block
    )+) => {$(
        $(#[$meta])*
        #[expect(unsafe_code, reason = "calls what was compiled for the level at hand")]
        #[allow(clippy::too_many_arguments)]
        $vis fn $name<$($G: $bound),*>(
            level: $crate::level::Level,
            $($arg: $type),*
        ) $(-> $result)? {
            use $crate::level::Level;

            #[inline(always)]
            #[allow(clippy::too_many_arguments)]
            fn any<$S: $crate::simd::Simd $(, $G: $bound)*>(
                $($arg: $type),*
            ) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma")]
            #[allow(clippy::too_many_arguments)]
            fn avx2<$($G: $bound),*>($($arg: $type),*) $(-> $result)? {
                any::<$crate::simd::Avx2 $(, $G)*>($($arg),*)
            }

            #[cfg(target_arch = "x86_64")]
            #[target_feature(enable = "avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")]
            #[allow(clippy::too_many_arguments)]
            fn avx512<$($G: $bound),*>($($arg: $type),*) $(-> $result)? {
                any::<$crate::simd::Avx512 $(, $G)*>($($arg),*)
            }

            match level {
                // SAFETY: a level is at hand only where the processor has its instructions.
                #[cfg(target_arch = "x86_64")]
                Level::Avx512 => unsafe { avx512::<$($G),*>($($arg),*) },
                // SAFETY: as above.
                #[cfg(target_arch = "x86_64")]
                Level::Avx2 => unsafe { avx2::<$($G),*>($($arg),*) },
                _ => any::<$crate::simd::Portable $(, $G)*>($($arg),*),
            }
        }
    )+};
}
pub(crate) use vectorized;

#[cfg(test)]
mod tests {
    use crate::level::Level;

    vectorized! {
        /// What each function gives for two rows of numbers, one row after the other.
        #[expect(clippy::type_complexity, reason = "names for the types would say no more")]
        fn all<S>(a: &[f32], b: &[f32]) -> Vec<Vec<f32>> {
            let both: [fn(S::F, S::F) -> S::F; 11] = [
                S::add, S::sub, S::mul, S::div, S::min, S::max,
                |a, b| S::fma(a, b, a),
                |a, b| S::select(S::lt(a, b), a, b),
                |a, b| S::select(S::le(a, b), a, b),
                |a, b| S::select(S::eq(a, b), a, S::splat(7.0)),
                |a, b| S::scale2(a, S::round(b)),
            ];
            let one: [fn(S::F) -> S::F; 6] = [
                |a| S::sqrt(S::abs(a)),
                S::abs,
                S::round,
                |a| S::split(S::abs(a)).0,
                |a| S::split(S::abs(a)).1,
                |a| S::splat(S::sum(a) + S::largest(a)),
            ];
            let row = |f: &dyn Fn(&[f32], &[f32], &mut [f32])| {
                let mut out = vec![0.0; a.len()];
                for i in (0..a.len()).step_by(S::LANES) {
                    let part = i..(i + S::LANES).min(a.len());
                    f(&a[part.clone()], &b[part.clone()], &mut out[part]);
                }
                out
            };
            let mut rows = Vec::new();
            for f in both {
                rows.push(row(&|a, b, out| S::write(out, f(S::read(a), S::read(b)))));
            }
            for f in one {
                rows.push(row(&|a, _, out| S::write(out, f(S::read(a)))));
            }
            let _sums = rows.pop(); // of as many lanes as there are: another at each level
            rows
        }

        fn sum_and_largest<S>(x: &[f32]) -> [f32; 2] {
            let chunks = x.chunks_exact(S::LANES).map(S::read);
            chunks.fold([0.0; 2], |[s, l], v| [s + S::sum(v), S::largest(v).max(l)])
        }

        fn widened<S>(bits: &[u16; 16]) -> Vec<f32> {
            let mut out = vec![0.0; 16];
            for i in (0..16).step_by(S::LANES) {
                // SAFETY: 8 or 16 lanes, of 16 numbers.
                unsafe { S::store(out[i..].as_mut_ptr(), S::load_bf16(bits[i..].as_ptr())) };
            }
            out
        }

        fn first_widened<S>(bits: &[u16]) -> Vec<f32> {
            let mut out = vec![7.0; S::LANES];
            // SAFETY: of the slice as many as it has are read.
            unsafe {
                let first = S::load_first_bf16(bits.as_ptr(), bits.len().min(S::LANES));
                S::store(out.as_mut_ptr(), first);
            }
            out
        }

        fn turned<S>(x: &[f32]) -> Vec<f32> {
            let (n, wide) = (S::LANES, S::LANES + 3);
            assert!(x.len() >= n * wide);
            let mut out = vec![-1.0; n * (n + 1)];
            // SAFETY: there are that many rows of that length on both sides.
            unsafe { S::transpose(x.as_ptr(), wide, out.as_mut_ptr(), n + 1) };
            out
        }
    }

    /// Same numbers to the bit, but for products and sums that are rounded once or twice.
    #[test]
    fn every_level_computes_the_same() {
        let a: Vec<f32> = (0..83).map(|i| (i as f32 - 41.3) * 1.37).collect();
        let b: Vec<f32> = (0..83).map(|i| ((i * 37 % 83) as f32 - 40.0) * 0.75).collect();
        let expected = all(Level::Portable, &a, &b);
        for level in Level::supported() {
            for (f, (got, expected)) in all(level, &a, &b).iter().zip(&expected).enumerate() {
                for (got, expected) in got.iter().zip(expected) {
                    let slack = if f == 6 { 1e-6 * expected.abs().max(1e3) } else { 0.0 };
                    let same = got == expected || (got - expected).abs() <= slack;
                    assert!(same, "{level} {f}: {got}, {expected}");
                }
            }
        }
    }

    #[test]
    fn lanes_are_added_and_compared() {
        let x: Vec<f32> = (0..64).map(|i| (i * 29 % 64) as f32).collect();
        for level in Level::supported() {
            assert_eq!(sum_and_largest(level, &x), [2016.0, 63.0], "{level}");
        }
    }

    vectorized! {
        fn sum_of_first<S>(x: &[f32], rest: f32) -> f32 {
            S::sum(S::read_or(x, S::splat(rest))) - S::sum(S::splat(rest))
        }
    }

    #[test]
    fn behind_the_end_of_a_slice_stands_what_is_asked_for() {
        let x: Vec<f32> = (1..9).map(|i| i as f32).collect();
        for level in Level::supported() {
            for n in 0..9 {
                let expected: f32 = x[..n].iter().map(|x| x - 3.0).sum();
                assert_eq!(sum_of_first(level, &x[..n], 3.0), expected, "{level} {n}");
            }
        }
    }

    #[test]
    fn a_square_is_turned_over_and_nothing_beside_it() {
        let x: Vec<f32> = (0..19 * 16).map(|i| i as f32).collect();
        for level in Level::supported() {
            let got = turned(level, &x);
            let n = if level == Level::Avx512 { 16 } else { 8 };
            for (i, row) in got.chunks(n + 1).enumerate() {
                let expected: Vec<f32> = (0..n).map(|j| (j * (n + 3) + i) as f32).collect();
                assert_eq!(row, [expected, vec![-1.0]].concat(), "{level}: row {i}");
            }
        }
    }

    #[test]
    fn the_upper_half_of_a_float_is_one() {
        let bits = std::array::from_fn(|i| (i * 4111) as u16);
        let expected: Vec<u32> = bits.iter().map(|&b| u32::from(b) << 16).collect();
        for level in Level::supported() {
            let got: Vec<u32> = widened(level, &bits).into_iter().map(f32::to_bits).collect();
            assert_eq!(got, expected, "{level}");
            for n in 0..=8 {
                let got = first_widened(level, &bits[..n]);
                let (there, missing) = got.split_at(n);
                assert!(
                    there.iter().zip(&expected).all(|(x, &bits)| x.to_bits() == bits),
                    "{level}"
                );
                assert!(missing.iter().all(|&x| x == 0.0), "{level}");
            }
        }
    }

    #[test]
    fn powers_of_two_leave_the_normal_range_as_they_should() {
        let a = [1.5, 1.0, 1.25, 1.0, 1.0, 1.999];
        let n = [127.0, 128.0, -126.0, -149.0, -160.0, -130.0];
        for level in Level::supported() {
            let scaled = &all(level, &a, &n)[10];
            let expected: Vec<f32> = a
                .iter()
                .zip(n)
                .map(|(a, n)| (f64::from(*a) * 2f64.powf(n.into())) as f32)
                .collect();
            assert_eq!(scaled, &expected, "{level}");
        }
    }

    #[test]
    fn nan_is_handed_on_by_the_second_argument() {
        let (nan, one) = ([f32::NAN; 3], [1.0; 3]);
        for level in Level::supported() {
            let (first, second) = (all(level, &nan, &one), all(level, &one, &nan));
            for f in [4, 5] {
                assert_eq!(first[f], one, "{level}");
                assert!(second[f].iter().all(|x| x.is_nan()), "{level}");
            }
            assert!(first[7].iter().all(|&x| x == 1.0), "{level}: NaN is not below 1");
        }
    }
}
