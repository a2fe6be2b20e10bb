//! What can be wrong with a state that comes from outside.

use std::fmt;
use tinytorch_tensor::Shape;

/// Why a state could not be taken.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum OptimizersError {
    /// It is that of another optimizer, of other settings or of another model.
    StateDict {
        /// The optimizer that was to take it.
        optimizer: &'static str,
        /// Every entry that does not fit.
        mismatches: Vec<Mismatch>,
    },
}

/// An entry of a state that does not fit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Mismatch {
    /// It is needed and not there.
    Missing {
        /// Its name: what is remembered, and the path of the parameter.
        name: String,
    },
    /// It is there and nothing is known of it.
    Unexpected {
        /// Its name.
        name: String,
    },
    /// It has another shape than its parameter.
    Shape {
        /// Its name.
        name: String,
        /// The parameter's shape.
        expected: Shape,
        /// The entry's.
        got: Shape,
    },
    /// It is not of the right kind of number.
    Kind {
        /// Its name.
        name: String,
        /// "f32" for what is remembered, "i32" for a count.
        expected: &'static str,
        /// The entry's.
        got: &'static str,
    },
    /// It is a count of steps below 0.
    Count {
        /// Its name.
        name: String,
        /// The count.
        got: i32,
    },
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "missing `{name}`"),
            Self::Unexpected { name } => write!(f, "unexpected `{name}`"),
            Self::Shape { name, expected, got } => write!(f, "`{name}` is {got}, not {expected}"),
            Self::Kind { name, expected, got } => write!(f, "`{name}` is of {got}, not {expected}"),
            Self::Count { name, got } => write!(f, "`{name}` is {got}, which is no count of steps"),
        }
    }
}

impl fmt::Display for OptimizersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::StateDict { optimizer, mismatches } = self;
        write!(
            f,
            "the state does not fit this {optimizer}; make the optimizer with the settings and \
             for the model it was saved with: {}",
            listed(mismatches)
        )
    }
}

impl std::error::Error for OptimizersError {}

/// All of them, one after the other.
pub(crate) fn listed(mismatches: &[Mismatch]) -> String {
    mismatches.iter().map(Mismatch::to_string).collect::<Vec<_>>().join(", ")
}
