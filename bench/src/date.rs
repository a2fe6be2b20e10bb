//! When something was measured.

/// `2026-11-21 19:04:37`, of seconds since 1970, in universal time.
///
/// Days become a date in a calendar whose years begin in March, so that the day that not every
/// year has is the last one (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
pub fn time(unix_seconds: u64) -> String {
    let (days, seconds) = (unix_seconds / 86_400, unix_seconds % 86_400);
    let [hour, minute, second] = [seconds / 3_600, seconds / 60 % 60, seconds % 60];
    let since = days + 719_468; // 1 March of the year 0
    let (era, day) = (since / 146_097, since % 146_097); // 400 years
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // from March on
    let of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    let year = 400 * era + year + next;
    format!("{year}-{month:02}-{of_month:02} {hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_over_leap_years() {
        assert_eq!(time(0), "1970-01-01 00:00:00");
        assert_eq!(time(951_782_399), "2000-02-28 23:59:59");
        assert_eq!(time(951_782_400), "2000-02-29 00:00:00");
        assert_eq!(time(1_735_689_599), "2024-12-31 23:59:59");
        assert_eq!(time(4_107_542_400), "2100-03-01 00:00:00"); // a year without the day
    }
}
