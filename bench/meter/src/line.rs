//! What a program is asked for, and the lines that it answers with.

use crate::clock::{Time, time};
use crate::machine::peak_memory;

/// Measures what is asked for and prints a line of JSON for each result:
///
/// ```text
/// {"entrant":"candle","workload":"W2.train_b64","threads":1,"metric":"ms","value":1.94, …}
/// ```
pub struct Meter {
    /// Who runs: a framework, in one of its modes.
    pub entrant: String,
    /// How many threads it may use.
    pub threads: usize,
    only: Vec<String>,
    seconds: f64,
}

impl Meter {
    /// Measures the workloads in `only`, each for `seconds`.
    pub fn new(entrant: &str, threads: usize, only: &[&str], seconds: f64) -> Self {
        let only = only.iter().map(|w| (*w).to_string()).collect();
        Self { entrant: entrant.to_string(), threads, only, seconds }
    }

    /// As asked for on the command line: `PROGRAM --only W2.train_b64,W2.infer_b1 --seconds 0.25`,
    /// with `BENCH_THREADS` in the environment.
    pub fn from_arguments(entrant: &str) -> Self {
        let arguments: Vec<String> = std::env::args().collect();
        let after = |name: &str| {
            let at = arguments.iter().position(|argument| argument == name)?;
            arguments.get(at + 1).map(String::as_str)
        };
        let threads = std::env::var("BENCH_THREADS").ok().and_then(|n| n.parse().ok());
        let seconds = after("--seconds").and_then(|s| s.parse().ok());
        let only: Vec<&str> = after("--only").unwrap_or_default().split(',').collect();
        Self::new(entrant, threads.unwrap_or(1), &only, seconds.unwrap_or(0.25))
    }

    /// The same, for another mode of the framework.
    pub fn of(&self, entrant: &str) -> Self {
        let (only, seconds) = (self.only.clone(), self.seconds);
        Self { entrant: entrant.to_string(), threads: self.threads, only, seconds }
    }

    /// Whether this workload is asked for.
    pub fn wants(&self, workload: &str) -> bool {
        self.only.iter().any(|asked| asked == workload)
    }

    /// Whether any workload that begins so is asked for.
    pub fn wants_some(&self, family: &str) -> bool {
        self.only.iter().any(|asked| asked.starts_with(family))
    }

    /// Times `f` and prints the line, in milliseconds.
    pub fn time<R>(&self, workload: &str, f: impl FnMut() -> R) -> Time {
        let time = time(self.seconds, f);
        println!("{}", self.time_line(workload, time));
        time
    }

    /// Takes the first `n` steps and prints the first loss and the tenth. `step` gives the loss
    /// before its update.
    pub fn losses(&self, workload: &str, n: usize, mut step: impl FnMut() -> f32) -> Vec<f32> {
        let losses: Vec<f32> = (0..n).map(|_| step()).collect();
        for at in [1, 10].into_iter().filter(|&at| at <= n) {
            let loss = f64::from(losses[at - 1]);
            println!("{}", self.line(workload, &format!("loss{at}"), loss));
        }
        losses
    }

    /// Prints the most memory that this process ever held.
    pub fn memory(&self, workload: &str) {
        println!("{}", self.line(workload, "mib", peak_memory()));
    }

    fn line(&self, workload: &str, metric: &str, value: f64) -> String {
        format!(r#"{{{},"value":{value:.9}}}"#, self.head(workload, metric))
    }

    fn time_line(&self, workload: &str, time: Time) -> String {
        let Time { median, min, p90, calls, others } = time;
        let [value, min, p90] = [median, min, p90].map(|seconds| seconds * 1e3);
        format!(
            r#"{{{},"value":{value:.6},"min":{min:.6},"p90":{p90:.6},"calls":{calls},"others":{others:.3}}}"#,
            self.head(workload, "ms")
        )
    }

    /// Names hold nothing that JSON would want escaped.
    fn head(&self, workload: &str, metric: &str) -> String {
        let (entrant, threads) = (&self.entrant, self.threads);
        format!(
            r#""entrant":"{entrant}","workload":"{workload}","threads":{threads},"metric":"{metric}""#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_by_its_whole_name_is_wanted() {
        let meter = Meter::new("x", 1, &["W4.cnn_train_b64@bf16"], 0.1);
        assert!(meter.wants("W4.cnn_train_b64@bf16") && meter.wants_some("W4"));
        assert!(!meter.wants("W4.cnn_train_b64") && !meter.wants_some("W5"));
        assert!(meter.of("y").wants("W4.cnn_train_b64@bf16"));
    }

    #[test]
    fn a_line_is_json_with_times_in_milliseconds() {
        let meter = Meter::new("candle", 2, &[], 0.1);
        let time = Time { median: 0.002, min: 0.001, p90: 0.003, calls: 9, others: 0.25 };
        assert_eq!(
            meter.time_line("W2.x", time),
            r#"{"entrant":"candle","workload":"W2.x","threads":2,"metric":"ms","value":2.000000,"min":1.000000,"p90":3.000000,"calls":9,"others":0.250}"#
        );
        assert_eq!(
            meter.line("W2.x", "loss1", 2.5),
            r#"{"entrant":"candle","workload":"W2.x","threads":2,"metric":"loss1","value":2.500000000}"#
        );
    }

    #[test]
    fn losses_come_from_the_first_steps() {
        let mut steps = 0_u8;
        let losses = Meter::new("x", 1, &[], 0.0).losses("W3.x", 3, || {
            steps += 1;
            f32::from(steps)
        });
        assert_eq!((losses, steps), (vec![1.0, 2.0, 3.0], 3));
    }
}
