//! Axes: which numbers stand on them, and where.

/// A round distance between ticks: 1, 2, 2.5 or 5 times a power of ten.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Step {
    mantissa: f64,
    exponent: i32,
}

impl Step {
    const MANTISSAS: [f64; 4] = [1.0, 2.0, 2.5, 5.0];

    /// The smallest round step that is not below `least`, which is positive.
    fn at_least(least: f64) -> Step {
        let exponent = least.log10().floor() as i32;
        // The tolerance keeps 0.1 from being found too small for 0.1.
        let reaches = |step: &Step| step.value() >= least * (1.0 - 1e-9);
        let steps = Step::MANTISSAS.map(|mantissa| Step { mantissa, exponent });
        let above = Step { mantissa: 1.0, exponent: exponent + 1 };
        steps.into_iter().find(reaches).unwrap_or(above)
    }

    fn next(self) -> Step {
        Step::at_least(self.value() * 1.01)
    }

    fn value(self) -> f64 {
        if self.exponent < 0 {
            self.mantissa / 10f64.powi(-self.exponent) // exact where the product is not
        } else {
            self.mantissa * 10f64.powi(self.exponent)
        }
    }

    /// Digits after the point that multiples of it need.
    fn decimals(self) -> usize {
        let of_mantissa = i32::from(self.mantissa == 2.5);
        (of_mantissa - self.exponent).max(0) as usize
    }

    /// The names of some multiples of it, all written the same way.
    fn labels(self, values: &[f64]) -> Vec<String> {
        let largest = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
        let scientific = largest >= 1e6 || self.decimals() > 5;
        let digits = (largest.log10().floor() as i32).saturating_sub(self.exponent).clamp(0, 9)
            as usize
            + usize::from(self.mantissa == 2.5);
        let label = |value: &f64| match *value {
            value if value.abs() < self.value() / 2.0 && scientific => "0".to_owned(),
            // Written as 0.0 and not as -0.0 or as what rounding left.
            value if value.abs() < self.value() / 2.0 => format!("{:.*}", self.decimals(), 0.0),
            value if scientific => format!("{value:.digits$e}"),
            value => format!("{value:.*}", self.decimals()),
        };
        values.iter().map(label).collect()
    }
}

/// A vertical axis: a number of even steps, with labels at some of their ends.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    from: f64,
    to: f64,
    log: bool,
    /// How many steps there are between its ends.
    pub(crate) steps: usize,
    /// After how many steps from the lower end a tick stands, and its label.
    pub(crate) ticks: Vec<(usize, String)>,
}

impl Scale {
    /// Where `value` lies, as a share of the axis from its lower end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.log10() } else { value };
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }

    /// Axes over `spans` (low and high of the data) that share the number of their ticks, so
    /// that left and right ones stand in the same rows. Linear ones.
    pub(crate) fn linear(
        spans: &[(f64, f64)],
        intervals: std::ops::RangeInclusive<usize>,
    ) -> Vec<Scale> {
        let fits = |n: usize| spans.iter().map(|span| Scale::fit(*span, n)).collect::<Vec<_>>();
        let cost = |fits: &Vec<(f64, Scale)>| fits.iter().map(|(cost, _)| cost).sum::<f64>();
        let best = intervals.map(fits).min_by(|a, b| cost(a).total_cmp(&cost(b)));
        best.into_iter().flatten().map(|(_, scale)| scale).collect()
    }

    /// The best axis over a span with `n` intervals between ticks, and how bad it is: the share
    /// of it that stays empty, with a penalty for going below 0 or above 1 where the data does
    /// not, because shares and losses cannot.
    fn fit((low, high): (f64, f64), n: usize) -> (f64, Scale) {
        let mut step = Step::at_least((high - low) / n as f64);
        let first = |step: Step| (low / step.value() + 1e-6).floor();
        let reaches = |step: Step, first: f64| {
            (first + n as f64) * step.value() >= high - step.value() * 1e-6
        };
        while !reaches(step, first(step)) {
            step = step.next();
        }
        let cost = |first: f64| {
            let (from, to) = (first * step.value(), (first + n as f64) * step.value());
            let below_zero = low >= 0.0 && from < 0.0;
            let above_one = high <= 1.0 && to > 1.0 + step.value() / 2.0;
            let impossible = f64::from(u8::from(below_zero) + u8::from(above_one));
            let crooked = f64::from(u8::from(step.mantissa == 2.5));
            1.0 - (high - low) / (to - from) + 5.0 * impossible + 0.1 * crooked
        };
        let highest = first(step);
        let candidates = (0..=n).map(|down| highest - down as f64);
        let best = candidates.filter(|first| reaches(step, *first));
        let first = best.min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(highest);
        let values: Vec<f64> = (0..=n).map(|i| (first + i as f64) * step.value()).collect();
        let ticks = step.labels(&values).into_iter().enumerate().collect();
        let scale = Scale { from: values[0], to: values[n], log: false, steps: n, ticks };
        (cost(first), scale)
    }

    /// An axis of at most `most` steps over a span of positive numbers, in which factors are
    /// distances. Ticks are powers of ten.
    pub(crate) fn logarithmic((low, high): (f64, f64), most: usize) -> Scale {
        let (mut low, mut high) = (low.log10(), high.log10());
        if (low - 1e-6).ceil() + 1.0 > high + 1e-6 {
            // Fewer than two powers of ten lie in the span: without them it could not be read.
            low = (low + 1e-6).floor();
            high = (high - 1e-6).ceil().max(low + 1.0);
        }
        let ends = |step: f64| {
            let first = (low / step + 1e-6).floor();
            (first, (high / step - 1e-6).ceil().max(first + 1.0))
        };
        let most = most.max(2);
        let fits = |step: &f64| ends(*step).1 - ends(*step).0 <= most as f64;
        // A step is a whole part of a decade, or several decades where there are too many.
        let parts = (1..=most.min(8)).rev().map(|parts| 1.0 / parts as f64);
        let several = (2..).map(f64::from);
        let step = parts.chain(several).find(fits).unwrap_or(100.0);
        let (first, last) = ends(step);
        let power = |i: usize| {
            let power = (first + i as f64) * step;
            ((power - power.round()).abs() < 1e-6).then_some(power.round() as i32)
        };
        let label = |power: i32| match power {
            -4..=-1 => format!("{:.*}", -power as usize, 10f64.powi(power)),
            0..=5 => format!("{}", 10f64.powi(power)),
            _ => format!("1e{power}"),
        };
        let steps = (last - first) as usize;
        let ticks = (0..=steps).filter_map(|i| Some((i, label(power(i)?)))).collect();
        Scale { from: first * step, to: last * step, log: true, steps, ticks }
    }
}

/// At most `most` round numbers in a span, with their labels; whole ones where `whole` says so.
pub(crate) fn ticks_within(
    (low, high): (f64, f64),
    most: usize,
    whole: bool,
) -> Vec<(f64, String)> {
    let least = (high - low) / most.max(1) as f64;
    let mut step = Step::at_least(if whole { least.max(1.0) } else { least });
    loop {
        let first = (low / step.value() - 1e-6).ceil();
        let last = (high / step.value() + 1e-6).floor();
        let crooked = whole && step.decimals() > 0;
        if last - first < most.max(1) as f64 && !crooked {
            let count = (last - first + 1.0).max(0.0) as usize;
            let values: Vec<f64> = (0..count).map(|i| (first + i as f64) * step.value()).collect();
            let labels = step.labels(&values);
            return values.into_iter().zip(labels).collect();
        }
        step = step.next();
    }
}

/// The lowest and highest finite number, widened where they are the same; `None` without any.
pub(crate) fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let ends = |ends: Option<(f64, f64)>, value: f64| {
        let (low, high) = ends.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    };
    let (low, high) = values.filter(|value| value.is_finite()).fold(None, ends)?;
    // Closer than an f32 can tell apart at this size counts as the same.
    if high - low > low.abs().max(high.abs()) * 1e-7 {
        return Some((low, high));
    }
    Some(match low {
        0.0 => (0.0, 1.0),
        share if share > 0.0 && high <= 1.0 => (share * 0.9, (share * 1.1).min(1.0)),
        other => (other - other.abs() * 0.1, other + other.abs() * 0.1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64) -> Vec<String> {
        names(&Scale::linear(&[(low, high)], 3..=6)[0])
    }

    fn names(scale: &Scale) -> Vec<String> {
        scale.ticks.iter().map(|(_, label)| label.clone()).collect()
    }

    #[test]
    fn ticks_are_round_numbers_around_the_data() {
        assert_eq!(labels(0.03, 2.31), ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]);
        assert_eq!(labels(0.0, 100.0), ["0", "20", "40", "60", "80", "100"]);
        assert_eq!(labels(-3.0, 3.0), ["-3", "-2", "-1", "0", "1", "2", "3"]);
        assert_eq!(labels(1.0e9, 3.0e9), ["1.0e9", "1.5e9", "2.0e9", "2.5e9", "3.0e9"]);
        assert_eq!(labels(0.0, 3.0e-8).first().unwrap(), "0");
    }

    #[test]
    fn a_share_has_no_tick_above_one_and_none_below_zero() {
        for low in 0..100 {
            let labels = labels(f64::from(low) / 100.0, 0.995);
            assert!(labels.iter().all(|label| (0.0..=1.0).contains(&label.parse().unwrap())));
        }
    }

    #[test]
    fn two_axes_have_the_same_number_of_ticks() {
        let scales = Scale::linear(&[(0.03, 2.31), (0.31, 0.97)], 3..=6);
        assert_eq!(scales[0].steps, scales[1].steps);
        assert_eq!(scales[1].ticks.last().unwrap().1, "1.0");
    }

    #[test]
    fn the_ends_of_an_axis_enclose_the_data() {
        for (low, high) in [(-1e38, 1e38), (1e-40, 2e-40), (0.999_999, 1.0), (-7.0, -6.9)] {
            let scale = Scale::linear(&[(low, high)], 3..=6).remove(0);
            assert!(scale.from <= low + (high - low) * 1e-5, "{scale:?}");
            assert!(scale.to >= high - (high - low) * 1e-5, "{scale:?}");
        }
    }

    #[test]
    fn logarithmic_ticks_are_powers_of_ten() {
        let scale = Scale::logarithmic((0.003, 2.3), 11);
        assert_eq!(names(&scale), ["0.01", "0.1", "1"]);
        assert_eq!((scale.steps, scale.ticks[0].0), (10, 2));
        let third = (scale.place(1.0) - scale.place(0.1)) * 10.0;
        assert!((third - 3.0).abs() < 1e-9, "a decade is three steps, not {third}");
        assert_eq!(names(&Scale::logarithmic((1e-30, 1e30), 5)).len(), 5);
    }

    #[test]
    fn a_logarithmic_axis_encloses_the_data_in_few_steps() {
        for (low, high) in [(1.0, 1.2), (0.09, 0.11), (1e-40, 1e38), (2.0, 3000.0), (1.0, 1e5)] {
            for most in 2..20 {
                let scale = Scale::logarithmic((low, high), most);
                let (from, to) = (10f64.powf(scale.from), 10f64.powf(scale.to));
                assert!(from <= low * 1.001 && to >= high * 0.999, "{scale:?}");
                assert!((1..=most).contains(&scale.steps), "{most}: {scale:?}");
                assert!(scale.ticks.len() > 1 || most < 4, "{most}: {scale:?}");
            }
        }
    }

    #[test]
    fn ticks_within_a_span_stay_in_it() {
        let texts = |ticks: Vec<(f64, String)>| ticks.into_iter().map(|t| t.1).collect::<Vec<_>>();
        assert_eq!(texts(ticks_within((1.0, 20.0), 5, true)), ["5", "10", "15", "20"]);
        assert_eq!(texts(ticks_within((1.0, 3.0), 9, true)), ["1", "2", "3"]);
        assert_eq!(
            texts(ticks_within((-0.5, 1.5), 5, false)),
            ["-0.5", "0.0", "0.5", "1.0", "1.5"]
        );
    }

    #[test]
    fn a_constant_gets_room_around_it() {
        let finite = [f64::NAN, 1.0, f64::INFINITY, 1.0];
        assert_eq!(span(finite.into_iter()), Some((0.9, 1.0)));
        assert_eq!(span([0.0].into_iter()), Some((0.0, 1.0)));
        assert_eq!(span([-10.0].into_iter()), Some((-11.0, -9.0)));
        assert_eq!(span([f64::NAN].into_iter()), None);
    }
}
