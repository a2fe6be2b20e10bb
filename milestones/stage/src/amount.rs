//! Counts, as people read them.

/// A count with commas between its thousands.
///
/// ```
/// assert_eq!(stage::thousands(1_234_567), "1,234,567");
/// ```
pub fn thousands(count: usize) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!([0, 999, 1000, 2410].map(thousands), ["0", "999", "1,000", "2,410"]);
    }
}
