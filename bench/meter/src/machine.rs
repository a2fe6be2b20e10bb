//! What the operating system says about the machine and this process. On systems without `/proc`
//! all numbers are 0.

use std::fs::read_to_string;

/// Ticks of `/proc` in a second.
const HERTZ: f64 = 100.0;

/// Processor time spent by anyone since the machine started, in seconds of one core.
pub fn busy_seconds() -> f64 {
    busy(&read_to_string("/proc/stat").unwrap_or_default())
}

/// Processor time spent by this process, in seconds of one core.
pub fn own_seconds() -> f64 {
    own(&read_to_string("/proc/self/stat").unwrap_or_default())
}

/// The most memory this process ever held, in MiB.
pub fn peak_memory() -> f64 {
    peak(&read_to_string("/proc/self/status").unwrap_or_default())
}

/// The processor's name, where the system tells.
pub fn processor() -> String {
    let info = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find(|line| line.starts_with("model name"));
    let name = name.and_then(|line| line.split_once(':')).map(|(_, name)| name.trim().to_owned());
    name.unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// The first line is `cpu user nice system idle iowait irq softirq steal guest guest_nice`; idle
/// and iowait are no work, and guests are counted as user already.
fn busy(stat: &str) -> f64 {
    let all = stat.lines().next().unwrap_or_default().split_whitespace().skip(1);
    let work = all.enumerate().filter(|(i, _)| ![3, 4, 8, 9].contains(i));
    work.filter_map(|(_, ticks)| ticks.parse::<f64>().ok()).sum::<f64>() / HERTZ
}

/// After the name, which may hold spaces and ends with the last parenthesis, user and system time
/// are the twelfth and thirteenth number.
fn own(stat: &str) -> f64 {
    let after = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    after.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / HERTZ
}

/// `VmHWM:   123456 kB`
fn peak(status: &str) -> f64 {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_without_what_is_idle_or_counted_twice() {
        assert_eq!(busy("cpu  100 200 300 9999 8888 1 2 3 4000 5000\ncpu0 1 2 3\n"), 6.06);
        let stat = "7 (a b) c) R 1 2 3 4 5 6 7 8 9 10 150 50 777 888";
        assert_eq!(own(stat), 2.0);
    }

    #[test]
    fn memory_is_read_in_mebibytes() {
        assert_eq!(peak("VmPeak:\t 999 kB\nVmHWM:\t  2048 kB\n"), 2.0);
        assert_eq!(peak("nothing"), 0.0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_seen() {
        assert!(busy_seconds() > 0.0);
        assert!(peak_memory() > 1.0);
        assert!(own_seconds() <= busy_seconds());
    }
}
