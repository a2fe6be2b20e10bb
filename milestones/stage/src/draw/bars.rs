//! Horizontal bars: amounts side by side.

use super::Style;
use super::ink::{Ink, Row, drawing};
use super::text::{columns, fit, left, right};

/// One bar.
#[derive(Clone, Debug, PartialEq)]
pub struct Amount<'a> {
    /// What it is the amount of.
    pub label: &'a str,
    /// How much; negative and NaN draw no bar, infinite a full one.
    pub value: f32,
    /// The amount in words, after the bar: `97 %`.
    pub text: String,
}

/// The longest bar, in columns.
const LONGEST: usize = 50;

/// A bar for each amount. `full` is the amount that fills the width (1 for shares); `None` takes
/// the largest one.
pub fn bars(amounts: &[Amount<'_>], full: Option<f32>, style: Style) -> String {
    let style = style.at_least_20();
    let third = style.width / 3;
    let labels: Vec<_> = amounts.iter().map(|it| fit(it.label, third, style)).collect();
    let texts: Vec<_> = amounts.iter().map(|it| fit(&it.text, third, style)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| columns(text)).max().unwrap_or(0);
    let (before, after) = (widest(&labels), widest(&texts));
    let room = (style.width - before - after - 2).min(LONGEST);
    let finite = amounts.iter().map(|it| it.value).filter(|value| value.is_finite());
    let full = full.unwrap_or_else(|| finite.fold(0.0, f32::max));

    let row = |((amount, label), text): ((&Amount<'_>, &String), &String)| {
        let share = (amount.value / full).clamp(0.0, 1.0);
        let mut row = Row::new();
        row.push(&left(label, before), Ink::PLAIN);
        row.push(" ", Ink::PLAIN);
        row.push(&bar(if share.is_nan() { 0.0 } else { share }, room, style), Ink::fore(33));
        row.fill(before + 1 + room + 1);
        row.push(&right(text, after), Ink::PLAIN);
        row
    };
    let rows: Vec<Row> = amounts.iter().zip(&labels).zip(&texts).map(row).collect();
    drawing(&rows, style)
}

/// A share in 0..=1 of `room` columns, to half a column. Thin lines, because blocks would grow
/// together with those above and below.
fn bar(share: f32, room: usize, style: Style) -> String {
    if !style.unicode {
        return "=".repeat((share * room as f32).round() as usize);
    }
    let halves = (share * (2 * room) as f32).round() as usize;
    "━".repeat(halves / 2) + ["", "╸"][halves % 2]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amounts() -> Vec<Amount<'static>> {
        let amount = |(label, value): (&'static str, f32)| Amount {
            label,
            value,
            text: format!("{:.0} %", 100.0 * value),
        };
        [("cat", 1.0), ("dog", 0.5), ("owl", 0.02), ("", f32::NAN)].map(amount).to_vec()
    }

    #[test]
    fn bars_end_at_half_a_column() {
        let drawing = bars(&amounts(), Some(1.0), Style { width: 30, color: false, unicode: true });
        let expected = r"
cat ━━━━━━━━━━━━━━━━━━━━ 100 %
dog ━━━━━━━━━━            50 %
owl ╸                      2 %
                         NaN %
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn without_unicode_bars_are_whole_columns() {
        let drawing = bars(&amounts(), Some(1.0), Style { width: 30, ..Style::default() });
        let expected = r"
cat ==================== 100 %
dog ==========            50 %
owl                        2 %
                         NaN %
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
