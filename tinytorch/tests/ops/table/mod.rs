//! The table: one row per op and per method that is made of ops. A new op needs a row here; then
//! its values, gradients, layouts and special values are tested with everybody else's.

mod activations;
mod classification;
mod comparisons;
mod dropout;
mod elementwise;
mod indexing;
mod joins;
mod norms;
mod products;
mod reductions;
mod regression;
mod spatial;
mod sequences;
mod views;

use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use crate::verdict::Tolerance;
use tinytorch_tensor::Tensor;

/// What is known about an op.
pub struct Row {
    /// The op's name, or the method's when a method is made of several ops.
    pub name: &'static str,
    /// How it is called with the inputs and settings of a case.
    pub call: fn(&[Tensor], &Args) -> Tensor,
    /// What it means, in f64, index by index.
    pub definition: fn(&[Array], &Args) -> Array,
    /// A random call of it.
    pub sample: fn(&mut Draw) -> Sample,
    /// Inputs that are no variables, such as class weights.
    pub constants: &'static [usize],
    /// Whether equal numbers in an input lie on a kink, as with max.
    pub wants_distinct: bool,
}

/// How far off results of some dozen numbers below 10 may be: some dozen roundings of f32, 6e-8 of
/// the number each. The widest, far out in the tanh form of GELU, is `1 + tanh`, of which little is
/// left. An op that needs more says here why.
pub const TOLERANCE: Tolerance = Tolerance { relative: 2e-6, absolute: 2e-6 };

impl Row {
    /// With no exceptions.
    pub const fn new(
        name: &'static str,
        call: fn(&[Tensor], &Args) -> Tensor,
        definition: fn(&[Array], &Args) -> Array,
        sample: fn(&mut Draw) -> Sample,
    ) -> Row {
        Row { name, call, definition, sample, constants: &[], wants_distinct: false }
    }

    /// Some inputs are no variables.
    pub const fn with_constants(self, constants: &'static [usize]) -> Row {
        Row { constants, ..self }
    }

    /// Equal numbers lie on a kink.
    pub const fn on_distinct_numbers(self) -> Row {
        Row { wants_distinct: true, ..self }
    }
}

/// All rows.
pub fn rows() -> Vec<Row> {
    let groups = [
        elementwise::rows(),
        comparisons::rows(),
        views::rows(),
        reductions::rows(),
        joins::rows(),
        indexing::rows(),
        products::rows(),
        activations::rows(),
        dropout::rows(),
        regression::rows(),
        classification::rows(),
        spatial::rows(),
        sequences::rows(),
        norms::rows(),
    ];
    groups.into_iter().flatten().collect()
}

/// The row of a name.
pub fn row(name: &str) -> Row {
    let found = rows().into_iter().find(|row| row.name == name);
    found.unwrap_or_else(|| panic!("`{name}` is missing: give it a row in tests/ops/table"))
}
