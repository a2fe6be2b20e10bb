//! One table for everything that is measured.

use crate::clock::Time;
use meter::processor;

/// Prints rows as they come.
pub struct Report;

impl Report {
    /// Says where and how, as a number without that means nothing.
    pub fn start() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        println!("{}, {cores} cores; median [middle half; best]", processor());
        Self
    }

    /// Starts a part of the table.
    pub fn section(&mut self, title: &str) {
        println!("\n{title}");
    }

    /// A time.
    pub fn time(&mut self, name: &str, time: Time) {
        let (median, [low, high, best]) =
            (nanoseconds(time.median), [time.low, time.high, time.best].map(nanoseconds));
        println!("  {name:<44} {median:>9} [{low} to {high}; {best}]");
    }

    /// A time that was taken once.
    pub fn once(&mut self, name: &str, ns: f64) {
        println!("  {name:<44} {:>9} (once)", nanoseconds(ns));
    }

    /// A number of bytes.
    pub fn bytes(&mut self, name: &str, bytes: f64) {
        let mebibytes = (bytes / f64::from(1 << 20) * 100.0).round() / 100.0 + 0.0; // no -0
        println!("  {name:<44} {mebibytes:>9.2} MiB");
    }

    /// A number that is to be at most `target`, and whether it is.
    pub fn at_most(&mut self, name: &str, value: f64, target: f64, unit: &str) {
        let verdict = if value <= target { "met" } else { "MISSED" };
        println!("  {name:<44} {value:>9.1} {unit}, target {target} {unit}: {verdict}");
    }

    /// A fact that is to hold.
    pub fn holds(&mut self, name: &str, holds: bool) {
        println!("  {name:<44} {:>9}", if holds { "yes" } else { "NO" });
    }
}

fn nanoseconds(ns: f64) -> String {
    match ns {
        ..1e4 => format!("{ns:.1} ns"),
        1e4..1e7 => format!("{:.1} µs", ns / 1e3),
        _ => format!("{:.1} ms", ns / 1e6),
    }
}
