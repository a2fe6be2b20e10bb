//! The products.

#![expect(unsafe_code, reason = "calls what is compiled for the instructions at hand")]

use super::rows::Rows;
use super::weights::{Signed, Weights};
use crate::level::{Level, level};
use crate::out::{self, Out};
use crate::words::pack::{Lines, Packing};
use crate::words::product::{Finish, Part, Right, product};
use crate::words::{Integers, QuadsPortable, Words};
#[cfg(target_arch = "x86_64")]
use crate::words::{QuadsAvx2, QuadsVnni};

/// `Σ (x[i, k] - zero[i]) w[k, j]` `-> [m, n]`, row after row, exactly: [`plain::matmul`].
///
/// [`plain::matmul`]: super::plain::matmul
///
/// # Panics
/// When the rows are not of the length that the weights are for.
pub fn matmul(x: &Rows, weights: &Weights) -> Vec<i32> {
    let len = x.count() * weights.outputs();
    // SAFETY: every sum is written.
    unsafe { out::filled(len, |out| multiply(x, weights, &Sums { x, weights, out })) }
}

/// What the rows and the weights stand for, multiplied: `[m, n]`, row after row.
/// [`plain::matmul`](super::plain::matmul) and [`plain::dequantize`](super::plain::dequantize)
/// in one: the sums of integers are never in memory.
///
/// `scales` has the step of each output's weights, `bias` what is added to it.
///
/// # Panics
/// When the rows are not of the length that the weights are for, or there is not one scale and
/// bias per output.
pub fn linear(x: &Rows, weights: &Weights, scales: &[f32], bias: Option<&[f32]>) -> Vec<f32> {
    let n = weights.outputs();
    assert!(
        scales.len() == n && bias.is_none_or(|bias| bias.len() == n) && x.scales.len() == x.count(),
        "int8: {} scales for {n} outputs and {} for {} rows; give one each, and biases as many",
        scales.len(),
        x.scales.len(),
        x.count()
    );
    // SAFETY: every number is written.
    unsafe {
        out::filled(x.count() * n, |out| {
            multiply(x, weights, &Floats { sums: Sums { x, weights, out }, scales, bias });
        })
    }
}

/// What multiplies.
#[derive(Clone, Copy)]
enum Instructions {
    #[cfg(target_arch = "x86_64")]
    Vnni,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Instructions {
    fn of(level: Level) -> Self {
        match level {
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 if is_x86_feature_detected!("avx512vnni") => Self::Vnni,
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 | Level::Avx2 => Self::Avx2,
            _ => Self::Portable,
        }
    }
}

/// A word is four numbers.
#[derive(Clone, Copy)]
struct Unsigned;

impl Packing for Unsigned {
    type Number = u8;
    const DEPTH: usize = 4;
    const ZERO: u8 = 0;

    #[inline(always)]
    fn word(number: impl Fn(usize) -> u8) -> u32 {
        let byte = |d| u32::from(number(d)) << (8 * d);
        byte(0) | byte(1) | byte(2) | byte(3)
    }
}

/// Whatever multiplies, the sums can be taken.
#[cfg(target_arch = "x86_64")]
trait Takes: Finish<QuadsVnni> + Finish<QuadsAvx2> + Finish<QuadsPortable> {}
#[cfg(target_arch = "x86_64")]
impl<F: Finish<QuadsVnni> + Finish<QuadsAvx2> + Finish<QuadsPortable>> Takes for F {}
#[cfg(not(target_arch = "x86_64"))]
trait Takes: Finish<QuadsPortable> {}
#[cfg(not(target_arch = "x86_64"))]
impl<F: Finish<QuadsPortable>> Takes for F {}

fn multiply<F: Takes>(x: &Rows, weights: &Weights, finish: &F) {
    let (m, k) = (x.count(), weights.inputs);
    assert!(
        x.values.len() == m * k,
        "int8: {m} rows of {k} numbers, as the weights are for, are not {}; quantize rows of {k}",
        x.values.len()
    );
    let left = Lines { numbers: &x.values, line: k, step: 1, count: m, depth: k };
    let columns = weights.outputs();
    let right: Right<'_, Signed> = Right::Packed { panels: &weights.panels, columns };
    let level = level();
    // SAFETY: the instructions are those of this processor, and there is a place for each sum.
    unsafe {
        match Instructions::of(level) {
            #[cfg(target_arch = "x86_64")]
            Instructions::Vnni => {
                product::<QuadsVnni, Unsigned, _, F>(level, &left, &right, finish)
            }
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => {
                product::<QuadsAvx2, Unsigned, _, F>(level, &left, &right, finish)
            }
            Instructions::Portable => {
                product::<QuadsPortable, Unsigned, _, F>(level, &left, &right, finish)
            }
        }
    }
}

/// Sums with the zeros taken out.
struct Sums<'a, T> {
    x: &'a Rows,
    weights: &'a Weights,
    out: Out<'a, T>,
}

impl<T: Copy> Sums<'_, T> {
    /// Writes `f` of these sums, of which `n` count. In arrays, which the compiler turns into
    /// vectors, as slices could overlap.
    ///
    /// # Safety
    /// As [`Finish::take`].
    #[inline(always)]
    unsafe fn write<W: Integers>(
        &self,
        [i, j, n]: [usize; 3],
        sum: W::Sum,
        f: impl Fn([i32; LANES]) -> [T; LANES],
    ) {
        let zero = i32::from(self.x.zeros[i]);
        let (mut sums, of_columns) = (W::lanes(sum), first(&self.weights.sums, j, n));
        for (sum, of_column) in sums.iter_mut().zip(of_columns) {
            *sum = sum.wrapping_sub(zero.wrapping_mul(of_column));
        }
        let (numbers, at) = (f(sums), i * self.weights.outputs() + j);
        // SAFETY: the caller's promise.
        copy::<W, T>(&numbers[..n], unsafe { self.out.part(at..at + n) });
    }
}

/// The most sums that a vector has.
const LANES: usize = 16;

/// `n` numbers from `j` on, and whatever follows.
#[inline(always)]
fn first<T: Copy + Default>(numbers: &[T], j: usize, n: usize) -> [T; LANES] {
    let numbers = &numbers[j..];
    if let Some(vector) = numbers.first_chunk() {
        return *vector;
    }
    let mut array = [T::default(); LANES];
    array[..n].copy_from_slice(&numbers[..n]);
    array
}

/// Copies a vector, of a length that the compiler knows, or a part of one.
#[inline(always)]
fn copy<W: Words, T: Copy>(from: &[T], to: &mut [T]) {
    assert!(from.len() == to.len());
    let (from, to, n) = (from.as_ptr(), to.as_mut_ptr(), from.len());
    // SAFETY: both have `n`, and what can be written to is nowhere else.
    unsafe {
        match n == W::LANES {
            true => std::ptr::copy_nonoverlapping(from, to, W::LANES),
            false => std::ptr::copy_nonoverlapping(from, to, n),
        }
    }
}

impl<W: Integers> Finish<W> for Sums<'_, i32> {
    const IN_PARTS: bool = false;

    #[inline(always)]
    unsafe fn take(&self, i: usize, j: usize, n: usize, sum: W::Sum, _: Part) {
        // SAFETY: the caller's promise.
        unsafe { self.write::<W>([i, j, n], sum, |sums| sums) };
    }
}

/// Sums as the floats that they stand for.
struct Floats<'a> {
    sums: Sums<'a, f32>,
    scales: &'a [f32],
    bias: Option<&'a [f32]>,
}

impl<W: Integers> Finish<W> for Floats<'_> {
    const IN_PARTS: bool = false;

    #[inline(always)]
    unsafe fn take(&self, i: usize, j: usize, n: usize, sum: W::Sum, _: Part) {
        let (scale, scales) = (self.sums.x.scales[i], first(self.scales, j, n));
        let bias = self.bias.map_or([0.0; LANES], |bias| first(bias, j, n));
        // SAFETY: the caller's promise.
        unsafe {
            self.sums.write::<W>([i, j, n], sum, |sums| {
                let mut numbers = [0.0; LANES];
                for (l, number) in numbers.iter_mut().enumerate() {
                    *number = scale * scales[l] * sums[l] as f32 + bias[l];
                }
                numbers
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::int8::plain;
    use crate::level::with_level;
    use crate::trial::on_threads;
    use tinytorch_tensor::Rng;

    fn bytes(n: usize, rng: &mut Rng) -> Vec<u8> {
        (0..n).map(|_| rng.next_u32() as u8).collect()
    }

    /// Any bytes: rows with their zeros, weights, and the scales of both.
    fn case(m: usize, k: usize, n: usize, rng: &mut Rng) -> (Rows, Vec<i8>, Vec<f32>) {
        let scales = |n, rng: &mut Rng| (0..n).map(|_| rng.uniform() + 0.5).collect::<Vec<f32>>();
        let x = Rows { values: bytes(m * k, rng), zeros: bytes(m, rng), scales: scales(m, rng) };
        let weights = bytes(n * k, rng).into_iter().map(|b| b as i8).collect();
        (x, weights, scales(n, rng))
    }

    #[track_caller]
    fn assert_agrees([m, k, n]: [usize; 3], rng: &mut Rng) {
        let (x, values, scales) = case(m, k, n, rng);
        let bias: Vec<f32> = (0..n).map(|_| 1e4 * rng.normal()).collect();
        let sums = plain::matmul(&x.values, &x.zeros, &values, [m, k, n]);
        let weights = Weights::new(&values, n, k);
        for level in Level::supported() {
            for threads in [1, 2] {
                let what = || format!("{level}, {threads} threads: [{m}, {k}] x [{k}, {n}]");
                on_threads(threads, || {
                    with_level(level, || {
                        assert_eq!(matmul(&x, &weights), sums, "{}", what());
                        for bias in [None, Some(bias.as_slice())] {
                            let expected = plain::dequantize(&sums, &x.scales, &scales, bias);
                            assert_eq!(linear(&x, &weights, &scales, bias), expected, "{}", what());
                        }
                    });
                });
            }
        }
    }

    #[test]
    fn sums_are_exact_at_every_size() {
        let rng = &mut Rng::new(1);
        for shape in [[0, 3, 4], [3, 0, 4], [3, 4, 0], [1, 1, 1], [30, 1040, 70], [3, 40, 2100]] {
            assert_agrees(shape, rng);
        }
        for _ in 0..150 {
            let mut some = |sizes: &[usize]| sizes[rng.below(sizes.len() as u64) as usize];
            let m = some(&[1, 2, 3, 4, 5, 8, 13, 14, 15, 28, 43]);
            let k = some(&[1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 255, 256, 300]);
            let n = some(&[1, 3, 7, 8, 15, 16, 31, 32, 33, 65]);
            assert_agrees([m, k, n], rng);
        }
    }

    #[test]
    fn blocks_of_rows_and_columns_and_threads_change_nothing() {
        for shape in [[1400, 9, 40], [64, 520, 300], [1, 2050, 4100]] {
            assert_agrees(shape, &mut Rng::new(2));
        }
    }

    /// Instructions that saturate at 16 bits on the way would not survive this.
    #[test]
    fn the_largest_numbers_do_not_saturate() {
        let k = Weights::MOST_INPUTS;
        let x = Rows { values: vec![255; 2 * k], zeros: vec![0, 255], scales: vec![1.0; 2] };
        let mut values = vec![-128; k];
        values.extend(vec![127; k]);
        let weights = Weights::new(&values, 2, k);
        for level in Level::supported() {
            let sums = with_level(level, || matmul(&x, &weights));
            assert_eq!(sums, [-255 * 128 * k as i32, 255 * 127 * k as i32, 0, 0], "{level}");
        }
    }

    #[test]
    fn a_quantized_layer_is_near_the_layer() {
        let rng = &mut Rng::new(3);
        let (m, k, n) = (20, 200, 30);
        let x: Vec<f32> = (0..m * k).map(|_| rng.normal()).collect();
        let (_, values, _) = case(1, k, n, rng);
        let scales: Vec<f32> = (0..n).map(|j| 0.001 * (j + 1) as f32).collect();
        let y = linear(&Rows::quantize(&x, k), &Weights::new(&values, n, k), &scales, None);
        for (place, y) in y.into_iter().enumerate() {
            let (i, j) = (place / n, place % n);
            let products = (0..k).map(|p| x[i * k + p] * scales[j] * f32::from(values[j * k + p]));
            // A step of the activations is about 0.025 and off by half at most: about 0.007 of
            // 1 for each of 200 products, whose sum is about 14 products long.
            let scale = 74.0 * scales[j] * 14.0; // of weights that are 74 steps on average
            assert!((y - products.sum::<f32>()).abs() < 0.05 * scale, "{i}, {j}");
        }
    }

    #[test]
    fn a_row_with_a_number_that_is_none_gives_none() {
        let mut x = vec![1.0; 6];
        x[4] = f32::NAN;
        let y = linear(&Rows::quantize(&x, 3), &Weights::new(&[1; 6], 2, 3), &[1.0; 2], None);
        assert!(y[..2].iter().all(|y| (y - 3.0).abs() < 1e-5) && y[2..].iter().all(|y| y.is_nan()));
    }

    #[test]
    #[should_panic(expected = "int8: 1 rows of 3 numbers, as the weights are for, are not 4")]
    fn rows_are_as_long_as_those_of_the_weights() {
        matmul(&Rows::quantize(&[1.0; 4], 4), &Weights::new(&[1; 6], 2, 3));
    }
}
