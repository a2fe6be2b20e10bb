//! One call of an op, and all that is known about it.

use crate::args::Args;
use crate::array::Array;
use crate::draw::{Draw, Sample};
use crate::fixtures;
use crate::placement::{PLACEMENTS, Placement, constant_along};
use crate::table::{Row, TOLERANCE, row};
use crate::verdict::close;
use serde_json::Value;
use tinytorch_autograd::{Backward, BackwardOptions, Gradients};
use tinytorch_tensor::Tensor;

/// One call of an op, in some layout, differentiated as `sum(output * cotangent)`.
pub struct Trial<'a> {
    pub row: &'a Row,
    pub name: String,
    pub sample: Sample,
    pub placements: Vec<Placement>,
    pub output: Array,
    pub cotangent: Array,
    /// Which inputs a gradient is wanted of.
    pub variables: Vec<bool>,
}

impl<'a> Trial<'a> {
    /// Random number `number` of a row. What it should give is what the definition gives.
    ///
    /// An input that lies in memory as a broadcast repeats its numbers; without `repeats` it does
    /// not, and is laid out plainly.
    pub fn random(row: &'a Row, number: u64, repeats: bool) -> Trial<'a> {
        let add = |sum: u64, byte: u8| (sum * 31 + u64::from(byte)) % 1_000_003;
        let mut d = Draw::new(row.name.bytes().fold(0, add) * 1000 + number);
        let mut sample = (row.sample)(&mut d);
        let placements: Vec<_> = sample.inputs.iter().map(|_| d.one_of(&PLACEMENTS)).collect();
        for (x, &placement) in sample.inputs.iter_mut().zip(&placements) {
            if placement == Placement::Broadcast && repeats && x.ndim() > 0 {
                *x = constant_along(x, d.range(0, x.ndim()));
            }
        }
        let output = (row.definition)(&sample.inputs, &sample.args);
        let variable =
            |(i, x): (usize, &Array)| !x.whole && !output.whole && !row.constants.contains(&i);
        Trial {
            row,
            name: format!("{} number {number}", row.name),
            variables: sample.inputs.iter().enumerate().map(variable).collect(),
            cotangent: d.floats(&output.shape),
            sample,
            placements,
            output,
        }
    }

    /// Random calls of a row to differentiate: on distinct numbers where it wants them; none when
    /// it has no gradients.
    pub fn differentiable(row: &'a Row, numbers: u64) -> impl Iterator<Item = Trial<'a>> {
        let trials = (0..numbers).map(|number| Trial::random(row, number, !row.wants_distinct));
        trials.filter(|trial| trial.variables.contains(&true))
    }

    /// The inputs as they lie in memory.
    pub fn inputs(&self) -> Vec<Tensor> {
        let lay = |(x, placement): (&Array, &Placement)| placement.of(x);
        self.sample.inputs.iter().zip(&self.placements).map(lay).collect()
    }

    /// The same, the variables among them wanting a gradient.
    pub fn variables(&self) -> Vec<Tensor> {
        let mut inputs = self.inputs();
        inputs.iter_mut().zip(&self.variables).for_each(|(x, &on)| x.set_requires_grad(on));
        inputs
    }

    /// The op of these inputs.
    pub fn call(&self, inputs: &[Tensor]) -> Tensor {
        (self.row.call)(inputs, &self.sample.args)
    }

    /// The gradients of an output; recorded, if they are to be differentiated again.
    pub fn backward(&self, output: &Tensor, again: bool) -> Gradients {
        output.backward_with(BackwardOptions {
            create_graph: again,
            gradient: Some(self.cotangent.tensor()),
            ..BackwardOptions::default()
        })
    }

    /// Compares the output.
    pub fn check_output(&self) -> Result<(), String> {
        close("output", &self.call(&self.inputs()), &self.output, TOLERANCE)
    }

    /// Compares the gradients of the variables: asked for together, and each alone, as an op keeps
    /// only what the gradients that are wanted read.
    pub fn check_gradients(&self, expected: impl Fn(usize) -> Array) -> Result<(), String> {
        let variables = (0..self.variables.len()).filter(|&i| self.variables[i]);
        let all: Vec<(usize, Array)> = variables.map(|i| (i, expected(i))).collect();
        self.check_wanted(&all)?;
        let alone = all.chunks(1).filter(|_| all.len() > 1);
        alone.map(|one| self.check_wanted(one)).find(Result::is_err).unwrap_or(Ok(()))
    }

    fn check_wanted(&self, expected: &[(usize, Array)]) -> Result<(), String> {
        let mut inputs = self.inputs();
        expected.iter().for_each(|&(i, _)| inputs[i].set_requires_grad(true));
        let found = self.backward(&self.call(&inputs), false);
        for (i, expected) in expected {
            let what = format!("gradient of input {i}");
            let gradient = found.get(&inputs[*i]).ok_or(format!("no {what}"))?;
            close(&what, gradient, expected, TOLERANCE)?;
        }
        Ok(())
    }
}

impl std::fmt::Display for Trial<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (inputs, args) = (&self.sample.inputs, &self.sample.args.0);
        write!(f, "{}, laid out {:?}, {args}, {inputs:?}", self.name, self.placements)
    }
}

/// A case of a fixture file: a call, and what PyTorch answers.
pub struct Case {
    pub row: Row,
    name: String,
    pub sample: Sample,
    pub output: Array,
    cotangent: Option<Array>,
    gradients: Vec<Option<Array>>,
}

/// The cases of a file.
pub fn cases(file: &str) -> Vec<Case> {
    let list = |case: &Value, name: &str| case[name].as_array().cloned().unwrap_or_default();
    let read = |case: &Value| {
        let op = case["op"].as_str().expect("an op");
        let rounded = |input: &Value| Array::read(input).rounded();
        let inputs: Vec<Array> = list(case, "inputs").iter().map(rounded).collect();
        let gradients = list(case, "gradients");
        let gradients = gradients.iter().map(|g| (!g.is_null()).then(|| Array::read(g)));
        Case {
            row: row(op),
            name: format!("{op} ({})", case["case"].as_str().expect("a name")),
            sample: Sample { inputs, args: Args(case["args"].clone()) },
            output: Array::read(&case["output"]),
            cotangent: case.get("cotangent").map(Array::read),
            gradients: gradients.collect(),
        }
    };
    fixtures::cases(file).iter().map(read).collect()
}

impl Case {
    /// The case with all inputs in one layout, for every layout; then in a different one for each.
    pub fn trials(&self) -> impl Iterator<Item = Trial<'_>> {
        let (inputs, layouts) = (self.sample.inputs.len(), PLACEMENTS.len());
        let alike = PLACEMENTS.iter().map(move |&placement| vec![placement; inputs]);
        let from = move |first| (0..inputs).map(|i| PLACEMENTS[(first + i) % layouts]).collect();
        let mixed = (0..layouts).map(from).filter(move |_| inputs > 1);
        alike.chain(mixed).map(|placements| Trial {
            row: &self.row,
            name: self.name.clone(),
            sample: self.sample.clone(),
            placements,
            output: self.output.clone(),
            cotangent: self.cotangent.clone().unwrap_or_else(|| Array::scalar(0.0)),
            variables: self.gradients.iter().map(Option::is_some).collect(),
        })
    }

    /// PyTorch's gradient of input `i`.
    pub fn gradient(&self, i: usize) -> Array {
        self.gradients[i].clone().expect("a gradient of a variable")
    }
}
