//! What a milestone reports, and the one place where it is judged.

use crate::json::{self, Object};

/// The value that the run from one seed reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SeedResult {
    /// Where the run's random numbers start.
    pub seed: u64,
    /// The metric at the end of the run; a share is a number in 0..=1. Worked out in f64: a
    /// rounded f32 would print as 0.9700000286102295.
    pub value: f64,
}

/// On which side of the bar the value has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The value has to reach the bar: accuracy.
    AtLeast,
    /// The value must not exceed the bar: an error rate, or what one layer can do on XOR.
    AtMost,
}

/// How the values of the seeds become the value of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// The worst seed speaks for all.
    Worst,
    /// The mean of the seeds.
    Mean,
}

/// What the value of a run is measured against.
///
/// ```
/// use stage::{Bar, SeedResult};
/// let seeds = [SeedResult { seed: 0, value: 0.99 }, SeedResult { seed: 1, value: 0.93 }];
/// assert!(!Bar::at_least(0.95).is_met_by(Bar::at_least(0.95).value_of(&seeds)));
/// assert!(Bar::at_least(0.95).over_mean().is_met_by(0.96));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The number that is to be reached or not to be exceeded, in the metric's unit.
    pub limit: f64,
    /// Whether it is to be reached or not to be exceeded.
    pub direction: Direction,
    /// How several seeds become one value.
    pub over: Over,
}

impl Bar {
    /// A bar that the worst seed has to reach.
    pub const fn at_least(limit: f64) -> Self {
        Bar { limit, direction: Direction::AtLeast, over: Over::Worst }
    }

    /// A bar that the worst seed must not exceed.
    pub const fn at_most(limit: f64) -> Self {
        Bar { limit, direction: Direction::AtMost, over: Over::Worst }
    }

    /// The same bar, held against the mean of the seeds instead of the worst.
    pub const fn over_mean(self) -> Self {
        Bar { over: Over::Mean, ..self }
    }

    /// The value of a run. NaN when there is no seed or when one seed is NaN.
    pub fn value_of(&self, seeds: &[SeedResult]) -> f64 {
        let values = seeds.iter().map(|result| result.value);
        if seeds.is_empty() || values.clone().any(f64::is_nan) {
            return f64::NAN;
        }
        match (self.over, self.direction) {
            (Over::Mean, _) => values.sum::<f64>() / seeds.len() as f64,
            (Over::Worst, Direction::AtLeast) => values.fold(f64::INFINITY, f64::min),
            (Over::Worst, Direction::AtMost) => values.fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// Whether `value` meets the bar; equal is enough. NaN never does.
    pub fn is_met_by(&self, value: f64) -> bool {
        match self.direction {
            Direction::AtLeast => value >= self.limit,
            Direction::AtMost => value <= self.limit,
        }
    }
}

/// Something that a run has to show besides its value: that the filters moved, that the rule
/// stopped within its bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What is required, in words: `updates within the bound of Novikoff's theorem`.
    pub what: String,
    /// Whether the run showed it.
    pub held: bool,
}

/// What one milestone reached on one data set or part.
///
/// The verdict cannot be set from outside: it follows from seeds, bar and requirements.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The milestone's number: `"03"`.
    pub milestone: String,
    /// The data set or part: `"tinydigits"`.
    pub data: String,
    /// What was measured: `"accuracy"`.
    pub metric: String,
    /// How long all seeds took together, in seconds.
    pub seconds: f64,
    /// Named series to keep and plot, such as the loss after each epoch of the last seed.
    pub curve: Vec<(String, Vec<f32>)>,
    /// Further facts, as a name and a value in words: `("parameters", "2,410")`.
    pub facts: Vec<(String, String)>,
    bar: Bar,
    seeds: Vec<SeedResult>,
    value: f64,
    requirements: Vec<Requirement>,
}

impl Report {
    /// Judges the runs from several seeds against a bar.
    ///
    /// No seed at all, or a NaN among the seeds, never passes.
    pub fn judge(
        milestone: &str,
        data: &str,
        metric: &str,
        bar: Bar,
        seeds: Vec<SeedResult>,
    ) -> Self {
        Report {
            milestone: milestone.to_owned(),
            data: data.to_owned(),
            metric: metric.to_owned(),
            seconds: 0.0,
            curve: Vec::new(),
            facts: Vec::new(),
            value: bar.value_of(&seeds),
            bar,
            seeds,
            requirements: Vec::new(),
        }
    }

    /// The report with a further condition for passing.
    pub fn require(mut self, what: &str, held: bool) -> Self {
        self.requirements.push(Requirement { what: what.to_owned(), held });
        self
    }

    /// The report with the time that it took, in seconds.
    pub fn took(mut self, seconds: f64) -> Self {
        self.seconds = seconds;
        self
    }

    /// The report with one more named series.
    pub fn with_curve(mut self, name: &str, values: Vec<f32>) -> Self {
        self.curve.push((name.to_owned(), values));
        self
    }

    /// The report with one more fact.
    pub fn with_fact(mut self, name: &str, value: impl Into<String>) -> Self {
        self.facts.push((name.to_owned(), value.into()));
        self
    }

    /// The value of the run: that of the worst seed, or the mean where the bar says so.
    pub fn value(&self) -> f64 {
        self.value
    }

    /// What the value was measured against.
    pub fn bar(&self) -> Bar {
        self.bar
    }

    /// The value of each seed, in the order in which they ran.
    pub fn seeds(&self) -> &[SeedResult] {
        &self.seeds
    }

    /// What the run had to show besides its value.
    pub fn requirements(&self) -> &[Requirement] {
        &self.requirements
    }

    /// Whether the value meets the bar and every requirement held.
    pub fn passed(&self) -> bool {
        self.bar.is_met_by(self.value) && self.requirements.iter().all(|it| it.held)
    }

    /// The report as one line of JSON, the form that `tito milestone run --json` prints:
    ///
    /// `{"milestone":"03","data":"tinydigits","metric":"accuracy","value":0.97,"bar":0.95,
    /// "passed":true,"seeds":[{"seed":0,"value":0.97}],"seconds":4.1}`
    pub fn to_json(&self) -> String {
        self.head().finish()
    }

    /// The report as one line of JSON with all there is, the form of a run record: the fields of
    /// [`to_json`](Self::to_json), then `direction` (`at_least`, `at_most`), `over` (`worst`,
    /// `mean`), `requirements`, `curve` and `facts`.
    pub fn to_record(&self) -> String {
        let direction = match self.bar.direction {
            Direction::AtLeast => "at_least",
            Direction::AtMost => "at_most",
        };
        let over = match self.bar.over {
            Over::Worst => "worst",
            Over::Mean => "mean",
        };
        let requirements = self.requirements.iter().map(|requirement| {
            let object = Object::new().string("what", &requirement.what);
            object.boolean("held", requirement.held).finish()
        });
        let curve = self.curve.iter().map(|(name, values)| {
            let values = json::array(values.iter().map(|value| json::number_f32(*value)));
            Object::new().string("name", name).raw("values", &values).finish()
        });
        let facts = self.facts.iter().map(|(name, value)| {
            Object::new().string("name", name).string("value", value).finish()
        });
        self.head()
            .string("direction", direction)
            .string("over", over)
            .raw("requirements", &json::array(requirements))
            .raw("curve", &json::array(curve))
            .raw("facts", &json::array(facts))
            .finish()
    }

    /// The fields that both forms begin with.
    fn head(&self) -> Object {
        let seeds = self.seeds.iter().map(|result| {
            Object::new().integer("seed", result.seed).number("value", result.value).finish()
        });
        Object::new()
            .string("milestone", &self.milestone)
            .string("data", &self.data)
            .string("metric", &self.metric)
            .number("value", self.value)
            .number("bar", self.bar.limit)
            .boolean("passed", self.passed())
            .raw("seeds", &json::array(seeds))
            // Whole milliseconds: more digits would be noise.
            .number("seconds", (self.seconds * 1e3).round() / 1e3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(bar: Bar, values: &[f64]) -> Report {
        let seed = |(seed, value): (usize, &f64)| SeedResult { seed: seed as u64, value: *value };
        let seeds = values.iter().enumerate().map(seed).collect();
        Report::judge("03", "tinydigits", "accuracy", bar, seeds)
    }

    #[test]
    fn the_worst_seed_speaks_for_the_run() {
        let low = report(Bar::at_least(0.95), &[0.99, 0.94, 0.97]);
        assert_eq!((low.value(), low.passed()), (0.94, false));
        let high = report(Bar::at_most(0.75), &[0.5, 0.76, 0.7]);
        assert_eq!((high.value(), high.passed()), (0.76, false));
    }

    #[test]
    fn the_mean_speaks_for_the_run_when_the_milestone_says_so() {
        let mean = report(Bar::at_least(0.75).over_mean(), &[1.0, 0.75, 0.5]);
        assert_eq!((mean.value(), mean.passed()), (0.75, true));
    }

    #[test]
    fn reaching_the_bar_exactly_is_enough() {
        assert!(report(Bar::at_least(0.95), &[0.95]).passed());
        assert!(report(Bar::at_most(0.75), &[0.75]).passed());
    }

    #[test]
    fn nan_never_passes() {
        for bar in [Bar::at_least(0.0), Bar::at_most(1.0), Bar::at_least(0.0).over_mean()] {
            assert!(!report(bar, &[f64::NAN, 0.5]).passed());
            assert!(!report(bar, &[0.5, f64::NAN]).passed());
        }
        assert!(!report(Bar::at_least(f64::NAN), &[1.0]).passed());
    }

    #[test]
    fn no_seed_never_passes() {
        for bar in [Bar::at_least(0.0), Bar::at_most(1.0), Bar::at_most(1.0).over_mean()] {
            let empty = report(bar, &[]);
            assert!(empty.value().is_nan());
            assert!(!empty.passed());
        }
    }

    #[test]
    fn an_unmet_requirement_fails_a_run_that_met_its_bar() {
        let met = report(Bar::at_least(0.95), &[1.0]).require("the filters moved", true);
        assert!(met.passed());
        assert!(!met.require("the loss fell", false).passed());
    }

    #[test]
    fn the_short_form_is_the_documented_one() {
        let report = report(Bar::at_least(0.95), &[0.97]).took(4.1000001);
        assert_eq!(
            report.with_fact("parameters", "2,410").to_json(),
            "{\"milestone\":\"03\",\"data\":\"tinydigits\",\"metric\":\"accuracy\",\
             \"value\":0.97,\"bar\":0.95,\"passed\":true,\
             \"seeds\":[{\"seed\":0,\"value\":0.97}],\"seconds\":4.1}"
        );
    }

    #[test]
    fn the_record_holds_everything() {
        let report = report(Bar::at_most(0.75).over_mean(), &[0.5])
            .took(0.25)
            .require("it \"ended\"", true)
            .with_curve("loss", vec![0.1, f32::NAN])
            .with_fact("parameters", "9");
        assert_eq!(
            report.to_record(),
            "{\"milestone\":\"03\",\"data\":\"tinydigits\",\"metric\":\"accuracy\",\
             \"value\":0.5,\"bar\":0.75,\"passed\":true,\
             \"seeds\":[{\"seed\":0,\"value\":0.5}],\"seconds\":0.25,\
             \"direction\":\"at_most\",\"over\":\"mean\",\
             \"requirements\":[{\"what\":\"it \\\"ended\\\"\",\"held\":true}],\
             \"curve\":[{\"name\":\"loss\",\"values\":[0.1,null]}],\
             \"facts\":[{\"name\":\"parameters\",\"value\":\"9\"}]}"
        );
    }
}
