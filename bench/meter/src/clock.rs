//! How long a call takes.

use crate::machine::{busy_seconds, own_seconds};
use std::hint::black_box;
use std::time::Instant;

/// Seconds per call, and under which circumstances.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Time {
    /// Half of the samples took less.
    pub median: f64,
    /// The least disturbed sample.
    pub min: f64,
    /// One in ten samples took longer.
    pub p90: f64,
    /// How many calls were timed.
    pub calls: usize,
    /// What other processes had of the machine meanwhile, in cores.
    pub others: f64,
}

/// Below this a sample is several calls, as reading the clock twice takes some 40 nanoseconds.
const SHORT: f64 = 20e-6;

/// Warm-up lasts this long, in seconds, and at least two calls: what is compiled when it is first
/// called takes long once.
const WARM_UP: f64 = 0.15;

/// What takes longer than this, in seconds, is timed once: there are other rounds.
const LONG: f64 = 5.0;

/// Times `f` for `seconds` after a warm-up: five samples or more, three of what takes a second.
pub fn time<R>(seconds: f64, mut f: impl FnMut() -> R) -> Time {
    let one = warm_up(&mut f);
    let calls = if one < SHORT { (SHORT / one.max(1e-9)) as usize + 1 } else { 1 };
    let mut samples = Vec::new();
    let (busy, own, start) = (busy_seconds(), own_seconds(), Instant::now());
    while samples.len() < least(&samples) || start.elapsed().as_secs_f64() < seconds {
        let start = Instant::now();
        (0..calls).for_each(|_| _ = black_box(f()));
        samples.push(start.elapsed().as_secs_f64() / calls as f64);
    }
    let wall = start.elapsed().as_secs_f64();
    let others = (busy_seconds() - busy) - (own_seconds() - own);
    Time { others: (others / wall).max(0.0), ..summary(samples, calls) }
}

/// How many samples it takes, after those there are.
fn least(samples: &[f64]) -> usize {
    match samples.first() {
        Some(&first) if first > LONG => 1,
        Some(&first) if first > 1.0 => 3,
        _ => 5,
    }
}

/// Calls until caches, page tables and thread pools are as they stay; gives the shortest call.
fn warm_up<R>(f: &mut impl FnMut() -> R) -> f64 {
    let (mut one, mut calls, start) = (f64::INFINITY, 0, Instant::now());
    loop {
        let call = Instant::now();
        black_box(f());
        one = one.min(call.elapsed().as_secs_f64());
        calls += 1;
        let passed = start.elapsed().as_secs_f64();
        if passed > WARM_UP && calls > 1 || passed > LONG {
            return one;
        }
    }
}

fn summary(mut samples: Vec<f64>, calls: usize) -> Time {
    samples.sort_by(f64::total_cmp);
    let n = samples.len();
    let (median, p90) = (samples[n / 2], samples[n * 9 / 10]);
    Time { median, min: samples[0], p90, calls: n * calls, others: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_slow_sample_moves_neither_median_nor_least() {
        let time = summary(vec![3.0, 1e9, 1.0, 2.0, 4.0], 7);
        assert_eq!((time.min, time.median, time.p90, time.calls), (1.0, 3.0, 1e9, 35));
    }

    #[test]
    fn short_calls_are_timed_many_at_once_and_all_are_counted() {
        let mut calls = 0_usize;
        let time = time(0.01, || calls += 1);
        assert!(time.median > 0.0 && time.median < SHORT, "{}", time.median);
        assert!(calls > time.calls && time.calls > 1000, "{calls} with the warm-up");
    }

    #[test]
    fn the_slower_the_fewer() {
        assert_eq!([&[][..], &[0.9], &[1.1, 0.9], &[5.1]].map(least), [5, 5, 3, 1]);
    }

    #[test]
    fn a_slow_call_is_not_made_more_often_than_asked() {
        let mut calls = 0;
        let time = time(0.0, || {
            calls += 1;
            std::thread::sleep(std::time::Duration::from_millis(80));
        });
        assert_eq!((calls, time.calls), (7, 5), "twice to warm up, five times timed");
        assert!(time.min >= 0.08 && time.median >= time.min && time.p90 >= time.median);
    }
}
