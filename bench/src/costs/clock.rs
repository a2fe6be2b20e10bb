//! How long something takes, on a machine that does other things as well.

use std::time::Instant;

/// Nanoseconds per call: the median over the repeats, the quartiles around it, and the least.
#[derive(Clone, Copy, Debug)]
pub struct Time {
    /// The least disturbed repeat.
    pub best: f64,
    /// Half of the repeats took less.
    pub median: f64,
    /// A quarter of the repeats took less.
    pub low: f64,
    /// A quarter of the repeats took more.
    pub high: f64,
}

impl Time {
    fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |part: f64| samples[((samples.len() - 1) as f64 * part).round() as usize];
        Self { best: at(0.0), median: at(0.5), low: at(0.25), high: at(0.75) }
    }

    /// The same time per `n` of what one call did.
    pub fn per(self, n: usize) -> Self {
        let n = n as f64;
        let Self { best, median, low, high } = self;
        Self { best: best / n, median: median / n, low: low / n, high: high / n }
    }
}

/// Something to measure, and what it is called.
pub struct Candidate<'a> {
    name: &'static str,
    calls: usize,
    run: Box<dyn FnMut() + 'a>,
}

impl<'a> Candidate<'a> {
    /// `run` is called `calls` times per repeat: enough for some hundred microseconds, which the
    /// clock resolves, and short enough that most repeats run undisturbed.
    pub fn new(name: &'static str, calls: usize, run: impl FnMut() + 'a) -> Self {
        // The loop is inside the box, so that a call of `run` is a plain one.
        let mut run = run;
        Self { name, calls, run: Box::new(move || (0..calls).for_each(|_| run())) }
    }
}

/// Measures all candidates in turn, again and again: what disturbs the machine disturbs all alike.
pub fn measure(repeats: usize, mut candidates: Vec<Candidate<'_>>) -> Vec<(&'static str, Time)> {
    let mut samples = vec![Vec::with_capacity(repeats); candidates.len()];
    candidates.iter_mut().for_each(|candidate| (candidate.run)()); // to warm up
    for _ in 0..repeats {
        for (candidate, samples) in candidates.iter_mut().zip(&mut samples) {
            let start = Instant::now();
            (candidate.run)();
            samples.push(start.elapsed().as_nanos() as f64 / candidate.calls as f64);
        }
    }
    candidates.iter().zip(samples).map(|(c, samples)| (c.name, Time::of(samples))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_and_its_quartiles_are_not_moved_by_outliers() {
        let time = Time::of(vec![3.0, 1e9, 1.0, 2.0, 4.0]);
        assert_eq!((time.best, time.low, time.median, time.high), (1.0, 2.0, 3.0, 4.0));
        assert_eq!(time.per(2).median, 1.5);
    }

    #[test]
    fn every_candidate_runs_as_often_as_it_says() {
        let mut runs = 0;
        let timed = measure(5, vec![Candidate::new("count", 3, || runs += 1)]);
        assert_eq!(timed[0].0, "count");
        assert_eq!(runs, 3 * (5 + 1), "once more to warm up");
    }
}
