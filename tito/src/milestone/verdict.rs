//! What a milestone reached, in words.

use stage::{Direction, Over, Report};

use crate::terminal::Terminal;

/// A number of a metric: a share of one in percent, anything else as it is.
pub fn amount(value: f64, share: bool) -> String {
    if !share {
        return format!("{value:.2}");
    }
    // Rounded down, so that 97.49 % is never shown as the 97.5 % that it misses. The trifle
    // keeps 0.57 from becoming 56.9 % by its binary form.
    let tenths = (value * 1000.0 + 1e-6).floor() / 10.0;
    format!("{tenths:.1} %")
}

/// Whether a report's metric is a share of one.
pub fn is_share(report: &Report) -> bool {
    (0.0..=1.0).contains(&report.bar().limit)
}

/// One report in a few lines: the verdict, the number and its bar, the seeds, what else had to
/// hold, and the facts.
pub fn lines(report: &Report, terminal: &Terminal) -> String {
    let share = is_share(report);
    let bar = report.bar();
    let verdict = if report.passed() { terminal.green("met   ") } else { terminal.red("missed") };
    let limit = match bar.direction {
        Direction::AtLeast => format!("at least {}", amount(bar.limit, share)),
        Direction::AtMost => format!("at most {}", amount(bar.limit, share)),
    };
    let over = match (report.seeds().len(), bar.over) {
        (1, _) => "1 seed".to_owned(),
        (count, Over::Worst) => format!("the worst of {count} seeds"),
        (count, Over::Mean) => format!("the mean of {count} seeds"),
    };
    let value = amount(report.value(), share);
    let mut lines = vec![
        format!("{verdict}  {} {} {}", terminal.bold(&report.data), report.metric, value),
        format!("        the bar is {limit}; {over}, {:.1} s", report.seconds),
    ];
    for requirement in report.requirements().iter().filter(|it| !it.held) {
        lines.push(terminal.red(&format!("        did not hold: {}", requirement.what)));
    }
    for (name, value) in &report.facts {
        lines.push(terminal.dim(&format!("        {name}: {value}")));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use stage::{Bar, SeedResult};

    #[test]
    fn shares_are_percent_and_never_rounded_up() {
        assert_eq!(amount(0.97499, true), "97.4 %");
        assert_eq!(amount(0.57, true), "57.0 %");
        assert_eq!(amount(1.0, true), "100.0 %");
        assert_eq!(amount(f64::NAN, true), "NaN %");
        assert_eq!(amount(12.345, false), "12.35");
    }

    #[test]
    fn a_missed_report_names_the_bar_the_seeds_and_what_did_not_hold() {
        let seeds = [0.5, 0.8].iter().enumerate();
        let seeds = seeds.map(|(seed, value)| SeedResult { seed: seed as u64, value: *value });
        let report =
            Report::judge("04", "tinydigits", "accuracy", Bar::at_least(0.97), seeds.collect())
                .require("the filters moved", false)
                .require("the loss fell", true)
                .with_fact("parameters", "810")
                .took(2.04);
        assert_eq!(
            lines(&report, &Terminal::plain()),
            "missed  tinydigits accuracy 50.0 %\n        \
             the bar is at least 97.0 %; the worst of 2 seeds, 2.0 s\n        \
             did not hold: the filters moved\n        parameters: 810"
        );
    }
}
