//! The part of a checkpoint that is text: where the run is, and how it went.

use std::fmt::Display;
use std::str::FromStr;

use tinytorch_tensor::RngState;

use crate::history::Tally;
use crate::{Average, EpochSummary, Scores, TrainingError};

pub(crate) fn malformed(problem: impl Into<String>) -> TrainingError {
    TrainingError::Malformed { format: "checkpoint", problem: problem.into() }
}

/// One number or word.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, TrainingError> {
    text.parse().map_err(|_| malformed(format!("{text:?} is not what it should be")))
}

/// `N` numbers with spaces between.
pub(crate) fn parse_all<T: FromStr, const N: usize>(text: &str) -> Result<[T; N], TrainingError> {
    let all = text.split_whitespace().map(parse).collect::<Result<Vec<T>, _>>()?;
    let found = all.len();
    all.try_into().map_err(|_| malformed(format!("{N} numbers expected, {found} in {text:?}")))
}

/// Things with spaces between.
pub(crate) fn join<T: Display>(all: impl IntoIterator<Item = T>) -> String {
    all.into_iter().map(|one| one.to_string()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn write_stream(state: RngState) -> String {
    join([state.seed, state.stream, state.counter])
}

pub(crate) fn read_stream(text: &str) -> Result<RngState, TrainingError> {
    let [seed, stream, counter] = parse_all(text)?;
    Ok(RngState { seed, stream, counter })
}

/// `SUM SAMPLES` of the loss and of each metric, commas between.
pub(crate) fn write_tally(tally: &Tally) -> String {
    let averages = std::iter::once(&tally.loss).chain(&tally.metrics);
    // Rust prints as many digits of a float as bring back its very bits.
    let texts = averages.map(|average| format!("{} {}", average.sum, average.samples));
    texts.collect::<Vec<_>>().join(",")
}

pub(crate) fn read_tally(text: &str) -> Result<Tally, TrainingError> {
    let read = |text: &str| match text.split_once(' ') {
        Some((sum, samples)) => Ok(Average { sum: parse(sum)?, samples: parse(samples)? }),
        None => Err(malformed(format!("a sum and its samples expected, not {text:?}"))),
    };
    let mut averages = text.split(',').map(read).collect::<Result<Vec<_>, _>>()?;
    let loss = averages.remove(0); // `split` gives at least one
    Ok(Tally { loss, metrics: averages })
}

/// One line for each epoch: `EPOCH STEPS LR|LOSS METRICS…|LOSS METRICS…`, the last part empty where
/// nothing was validated.
pub(crate) fn write_epochs(epochs: &[EpochSummary]) -> String {
    let numbers = |scores: &Scores| {
        join(std::iter::once(scores.loss).chain(scores.metrics.iter().map(|&(_, value)| value)))
    };
    let line = |epoch: &EpochSummary| {
        let validation = epoch.validation.as_ref().map(numbers).unwrap_or_default();
        let EpochSummary { epoch, steps, lr, ref train, .. } = *epoch;
        format!("{epoch} {steps} {lr}|{}|{validation}", numbers(train))
    };
    epochs.iter().map(line).collect::<Vec<_>>().join("\n")
}

pub(crate) fn read_epochs(
    text: &str,
    metrics: &[&str],
) -> Result<Vec<EpochSummary>, TrainingError> {
    let scores = |text: &str| {
        let values = text.split(' ').map(parse).collect::<Result<Vec<f32>, _>>()?;
        if values.len() != metrics.len() + 1 {
            let wanted = metrics.len();
            return Err(malformed(format!("a loss and {wanted} metrics expected, not {text:?}")));
        }
        let named = metrics.iter().map(|name| name.to_string()).zip(values[1..].iter().copied());
        Ok(Scores { loss: values[0], metrics: named.collect() })
    };
    let epoch = |line: &str| {
        let Some((head, (train, validation))) =
            line.split_once('|').and_then(|(head, rest)| Some((head, rest.split_once('|')?)))
        else {
            return Err(malformed(format!("an epoch expected, not {line:?}")));
        };
        let [epoch, steps, lr] = parse_all::<String, 3>(head)?;
        Ok(EpochSummary {
            epoch: parse(&epoch)?,
            steps: parse(&steps)?,
            lr: parse(&lr)?,
            train: scores(train)?,
            validation: (!validation.is_empty()).then(|| scores(validation)).transpose()?,
        })
    };
    text.lines().map(epoch).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tally_comes_back_bit_for_bit() {
        for sum in [0.1 + 0.2, -0.0, 1e300, 5e-324, f64::INFINITY, f64::NEG_INFINITY] {
            let average = Average { sum, samples: u64::MAX };
            let tally = Tally { loss: average, metrics: vec![average; 2] };
            let back = read_tally(&write_tally(&tally)).unwrap();
            assert_eq!(back.loss.sum.to_bits(), sum.to_bits());
            assert_eq!(back, tally);
        }
        let nan = Average { sum: f64::NAN, samples: 0 };
        let tally = Tally { loss: nan, metrics: vec![] };
        assert!(read_tally(&write_tally(&tally)).unwrap().loss.sum.is_nan());
    }

    #[test]
    fn epochs_come_back_with_and_without_validation() {
        let scores = |loss| Scores { loss, metrics: vec![("accuracy".to_string(), 1.0 / 3.0)] };
        let epoch = |epoch, validation| EpochSummary {
            epoch,
            steps: 7 * epoch,
            lr: 1e-3 / 3.0,
            train: scores(1e-45),
            validation,
        };
        let epochs = vec![epoch(0, None), epoch(1, Some(scores(-2.5)))];
        assert_eq!(read_epochs(&write_epochs(&epochs), &["accuracy"]).unwrap(), epochs);
        assert_eq!(read_epochs("", &["accuracy"]).unwrap(), []);
    }

    #[test]
    fn damaged_text_is_an_error() {
        for text in ["", "1", "1 2,", "x 2", "1 -2", "1 2 3"] {
            assert!(read_tally(text).is_err(), "{text:?}");
        }
        for text in ["0", "0 1|2|3", "0 1 0.1|2", "0 1 0.1||", "0 1 0.1|2 3|", "a 1 0.1|2|"] {
            assert!(read_epochs(text, &[]).is_err(), "{text:?}");
        }
        for text in ["", "1 2", "1 2 3 4", "1 2 -3"] {
            assert!(read_stream(text).is_err(), "{text:?}");
        }
    }
}
