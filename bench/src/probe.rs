//! What the machine can do at most, measured in the same run: multiply in registers, and read.
#![expect(unsafe_code, reason = "functions for one kind of processor are called after asking it")]

use crate::workload::{Precision, Work};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

/// The roofline of this machine with a number of threads.
///
/// S. Williams, A. Waterman, D. Patterson, "Roofline: an insightful visual performance model for
/// multicore architectures" (2009).
pub struct Probe {
    threads: usize,
    products: [f64; 3],
    reads: RefCell<BTreeMap<u32, f64>>, // by the power of two of the size
}

/// Half a gigabyte: few caches are larger.
const LARGEST: u32 = 29;

impl Probe {
    /// Measures products at once, and reading when it is asked for.
    pub fn new(threads: usize) -> Self {
        let formats = [Precision::F32, Precision::Bf16, Precision::Int8];
        let products = formats.map(|format| best_of(|| multiply(format, threads)));
        // Some processors have an instruction for bf16 that is slower than widening is.
        let [floats, halves, bytes] = products;
        let products = [floats, halves.max(floats), bytes];
        Self { threads, products, reads: RefCell::default() }
    }

    /// Operations per second.
    pub fn products(&self, precision: Precision) -> f64 {
        self.products[precision as usize]
    }

    /// Bytes per second, going again and again through `resident` bytes.
    pub fn reading(&self, resident: f64) -> f64 {
        let power = (resident.max(1.0).log2().ceil() as u32).clamp(14, LARGEST);
        let mut known = self.reads.borrow_mut();
        *known.entry(power).or_insert_with(|| read(1 << power, self.threads))
    }

    /// The least time that `work` takes, in milliseconds; `None` if there is no such limit.
    pub fn limit(&self, work: Work) -> Option<f64> {
        let products = work.flops / self.products(work.precision);
        let reading = if work.bytes > 0.0 { work.bytes / self.reading(work.resident) } else { 0.0 };
        let seconds = products + reading;
        (seconds > 0.0).then_some(seconds * 1e3)
    }

    /// Whether reading takes the larger part of the least time.
    pub fn waits_for_memory(&self, work: Work) -> bool {
        let products = work.flops / self.products(work.precision);
        work.bytes > 0.0 && work.bytes / self.reading(work.resident) > products
    }
}

/// Other programs only ever make it slower.
fn best_of(mut measure: impl FnMut() -> f64) -> f64 {
    (0..20).map(|_| measure()).fold(0.0, f64::max)
}

/// Runs `f` on all threads at once, with their numbers; gives seconds.
fn on_all(threads: usize, f: impl Fn(usize) + Sync) -> f64 {
    let start = Instant::now();
    std::thread::scope(|scope| {
        (1..threads).for_each(|i| {
            _ = scope.spawn({
                let f = &f;
                move || f(i)
            })
        });
        f(0);
    });
    start.elapsed().as_secs_f64()
}

/// Goes through `bytes` twice and more, window by window, each thread through its part of it; gives
/// bytes per second in the best window, which is short enough not to be interrupted.
fn read(bytes: usize, threads: usize) -> f64 {
    const WINDOW: usize = 16 << 20;
    let data = vec![1.0_f32; bytes / 4];
    let window = data.len().min(threads * WINDOW / 4);
    let times = (WINDOW / bytes).max(1);
    let once = |window: &[f32]| {
        let part = window.len().div_ceil(threads);
        let seconds = on_all(threads, |i| {
            let part = window.chunks(part).nth(i).unwrap_or_default();
            (0..times).for_each(|_| _ = black_box(sum(black_box(part))));
        });
        (times * 4 * window.len()) as f64 / seconds
    };
    let windows = data.chunks_exact(window).cycle();
    let rounds = (2 * data.len() / window).max(20);
    windows.take(rounds).map(once).fold(0.0, f64::max)
}

/// Repeats of the innermost loop: a millisecond or two.
const ROUNDS: usize = 250_000;

/// Products and sums that wait for nothing, in the widest registers; gives operations per second.
fn multiply(precision: Precision, threads: usize) -> f64 {
    let (run, per_round) = widest(precision);
    let seconds = on_all(threads, |_| _ = black_box(run(ROUNDS)));
    (ROUNDS * per_round * threads) as f64 / seconds
}

/// What runs a number of rounds, and how many operations a round is.
type Rounds = (fn(usize) -> f32, usize);

#[cfg(target_arch = "x86_64")]
fn widest(precision: Precision) -> Rounds {
    let wide = is_x86_feature_detected!("avx512f");
    match precision {
        Precision::Bf16 if wide && is_x86_feature_detected!("avx512bf16") => {
            // SAFETY: the processor has been asked just now.
            (|n| unsafe { x86::dot_bf16(n) }, x86::CHAINS * 64)
        }
        Precision::Int8 if wide && is_x86_feature_detected!("avx512vnni") => {
            // SAFETY: the processor has been asked just now.
            (|n| unsafe { x86::dot_int8(n) }, x86::CHAINS * 128)
        }
        // SAFETY: the processor has been asked just now.
        _ if wide => (|n| unsafe { x86::fma_512(n) }, x86::CHAINS * 32),
        _ if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") => {
            // SAFETY: the processor has been asked just now.
            (|n| unsafe { x86::fma_256(n) }, x86::FEWER * 16)
        }
        _ => (plain, PLAIN * 2),
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn widest(_: Precision) -> Rounds {
    (plain, PLAIN * 2)
}

/// Sums, in eight registers of eight numbers.
const PLAIN: usize = 64;

/// For processors that nobody wrote a loop for: what the compiler makes of this.
fn plain(rounds: usize) -> f32 {
    let (factor, mut sums) = (black_box(0.5_f32), [0.0_f32; PLAIN]);
    for _ in 0..rounds {
        sums = black_box(sums).map(|sum| sum + factor * factor);
    }
    sums.iter().sum()
}

/// The sum of all numbers, in registers as wide as there are.
fn sum(x: &[f32]) -> f32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") {
        // SAFETY: the processor has been asked just now.
        return unsafe { x86::sum_512(x) };
    }
    lanes(x)
}

#[inline(always)]
fn lanes(x: &[f32]) -> f32 {
    let mut sums = [0.0_f32; 128];
    for chunk in x.as_chunks::<128>().0 {
        sums.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    sums.iter().sum()
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;
    use std::hint::black_box;

    /// Sums that do not wait for each other: two units, four cycles each, and some to spare.
    pub const CHAINS: usize = 24;

    /// The same where there are 16 registers.
    pub const FEWER: usize = 12;

    #[target_feature(enable = "avx512f")]
    pub fn fma_512(rounds: usize) -> f32 {
        let x = _mm512_set1_ps(black_box(0.5));
        let mut sums = [_mm512_setzero_ps(); CHAINS];
        for _ in 0..rounds {
            sums.iter_mut().for_each(|sum| *sum = _mm512_fmadd_ps(x, x, *sum));
        }
        total(&sums)
    }

    #[target_feature(enable = "avx2,fma")]
    pub fn fma_256(rounds: usize) -> f32 {
        let x = _mm256_set1_ps(black_box(0.5));
        let mut sums = [_mm256_setzero_ps(); FEWER];
        for _ in 0..rounds {
            sums.iter_mut().for_each(|sum| *sum = _mm256_fmadd_ps(x, x, *sum));
        }
        let all = sums.into_iter().fold(_mm256_setzero_ps(), |all, sum| _mm256_add_ps(all, sum));
        _mm256_cvtss_f32(all)
    }

    #[target_feature(enable = "avx512f,avx512bf16")]
    pub fn dot_bf16(rounds: usize) -> f32 {
        let halves = _mm512_set1_ps(black_box(0.5));
        let x = _mm512_cvtne2ps_pbh(halves, halves);
        let mut sums = [_mm512_setzero_ps(); CHAINS];
        for _ in 0..rounds {
            sums.iter_mut().for_each(|sum| *sum = _mm512_dpbf16_ps(*sum, x, x));
        }
        total(&sums)
    }

    #[target_feature(enable = "avx512f,avx512vnni")]
    pub fn dot_int8(rounds: usize) -> f32 {
        let x = _mm512_set1_epi32(black_box(0x0101_0101));
        let mut sums = [_mm512_setzero_si512(); CHAINS];
        for _ in 0..rounds {
            sums.iter_mut().for_each(|sum| *sum = _mm512_dpbusd_epi32(*sum, x, x));
        }
        let zero = _mm512_setzero_si512();
        let all = sums.into_iter().fold(zero, |all, sum| _mm512_add_epi32(all, sum));
        _mm512_reduce_add_epi32(all) as f32
    }

    #[target_feature(enable = "avx512f")]
    pub fn sum_512(x: &[f32]) -> f32 {
        super::lanes(x)
    }

    #[target_feature(enable = "avx512f")]
    fn total(sums: &[__m512]) -> f32 {
        let zero = _mm512_setzero_ps();
        _mm512_reduce_add_ps(sums.iter().fold(zero, |all, &sum| _mm512_add_ps(all, sum)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Probe {
        let reads = RefCell::new([(20, 1e11), (24, 3e10)].into());
        Probe { threads: 1, products: [1e11, 2e11, 4e11], reads }
    }

    #[test]
    fn the_limit_is_multiplying_and_then_reading() {
        let probe = known();
        assert_eq!(probe.limit(Work::NONE), None);
        assert_eq!(probe.limit(Work::flops(2e8)), Some(2.0));
        let int8 = Work::flops(2e8).in_format(Precision::Int8);
        assert_eq!(probe.limit(int8.and_bytes(1e8, 1e6)), Some(1.5), "from a near cache");
        assert_eq!(probe.limit(Work::bytes(1.5e7)), Some(0.5), "from further away");
    }

    #[test]
    fn who_waits_for_memory_is_known() {
        let probe = known();
        assert!(!probe.waits_for_memory(Work::flops(1.0)));
        assert!(probe.waits_for_memory(Work::flops(1e6).and_bytes(1.5e7, 1.5e7)));
        assert!(!probe.waits_for_memory(Work::flops(1e9).and_bytes(1.5e7, 1.5e7)));
    }

    #[test]
    fn sums_are_right_whatever_computes_them() {
        let x = vec![1.0; 4 * 128];
        assert_eq!((sum(&x), lanes(&x)), (512.0, 512.0));
        let (run, _) = widest(Precision::F32);
        assert!(run(1000) > 0.0 && plain(1000) == 0.25 * 64_000.0);
    }

    #[test]
    fn a_machine_multiplies_and_reads_at_some_speed() {
        assert!(multiply(Precision::F32, 2) > 1e8);
        assert!(read(1 << 14, 2) > 1e8 && read(1 << 25, 1) > 1e8);
    }
}
