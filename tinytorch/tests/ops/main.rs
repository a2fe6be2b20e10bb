//! One table of ops drives these tests: [`table::rows`]. Each op's values and gradients are
//! compared with PyTorch's (`tests/fixtures`) and, on random shapes, with its definition in f64;
//! in every layout; at special values; twice differentiated. An op without a row fails.
//!
//! To add an op: a row in `table`, cases in `xtask/fixtures`.

mod args;
mod array;
mod coverage;
mod draw;
#[path = "../fixtures/mod.rs"]
mod fixtures;
mod placement;
mod slope;
mod table;
mod trial;
mod twice;
mod verdict;

use std::collections::BTreeSet;
use table::{TOLERANCE, rows};
use tinytorch_autograd::{GradcheckOptions, gradcheck_with};
use tinytorch_tensor::Tensor;
use trial::{Case, Trial, cases};
use verdict::{Verdict, close_to_special};

/// Random samples per op. Those of integers have no gradient; at least 200 have one.
const SAMPLES: u64 = 260;
/// Second differences cost four times as much.
const TWICE_SAMPLES: u64 = 40;
/// The module's own check is coarse, and tested where it is defined; here it meets every op.
const GRADCHECK_SAMPLES: u64 = 20;
/// Random numbers keep 1/128 from a kink, and two steps are taken; a difference over eight times
/// less than the default's is eight times as rough.
const NARROW: GradcheckOptions =
    GradcheckOptions { step: 1.0 / 512.0, relative: 5e-3, absolute: 2.4e-4 };

/// What PyTorch answered, a file for each corner of the course.
const FILES: [&str; 6] = [
    "tensor_ops",
    "network_ops",
    "spatial_convolutions",
    "spatial_ops",
    "sequence_ops",
    "transformer_ops",
];

fn all_cases() -> Vec<Case> {
    FILES.iter().flat_map(|file| cases(&format!("{file}.json"))).collect()
}

#[test]
fn values_are_pytorchs_in_every_layout() {
    let mut verdict = Verdict::default();
    for case in &all_cases() {
        for trial in case.trials() {
            verdict.case(&trial, || trial.check_output());
        }
    }
    verdict.settle(5000);
}

#[test]
fn gradients_are_pytorchs_in_every_layout() {
    let mut verdict = Verdict::default();
    for case in &all_cases() {
        for trial in case.trials().filter(|trial| trial.variables.contains(&true)) {
            verdict.case(&trial, || trial.check_gradients(|i| case.gradient(i)));
        }
    }
    verdict.settle(4000);
}

#[test]
fn values_at_special_numbers_are_pytorchs_in_every_layout() {
    let mut verdict = Verdict::default();
    for case in &cases("special_values.json") {
        for trial in case.trials() {
            verdict.case(&trial, || {
                let out = trial.call(&trial.inputs());
                close_to_special(&out, &trial.output, TOLERANCE.relative)
            });
        }
    }
    verdict.settle(500);
}

/// The definitions in the table judge random samples, so they are judged first.
#[test]
fn the_definitions_in_the_table_are_pytorchs() {
    let mut verdict = Verdict::default();
    for case in &all_cases() {
        for trial in case.trials().take(1) {
            verdict.case(&trial, || {
                let answer = (case.row.definition)(&case.sample.inputs, &case.sample.args);
                let near = |(a, b): (&f64, &f64)| {
                    a.is_nan() && b.is_nan() || a == b || (a - b).abs() <= 1e-7 * b.abs().max(1.0)
                };
                let equal = answer.shape == case.output.shape
                    && answer.whole == case.output.whole
                    && answer.data.iter().zip(&case.output.data).all(near);
                if equal { Ok(()) } else { Err(format!("{answer:?}, expected {:?}", case.output)) }
            });
        }
    }
    verdict.settle(700);
}

#[test]
fn random_samples_have_the_values_of_their_definition() {
    let mut verdict = Verdict::default();
    for row in &rows() {
        for trial in (0..SAMPLES).map(|number| Trial::random(row, number, true)) {
            verdict.case(&trial, || trial.check_output());
        }
    }
    verdict.settle(SAMPLES as usize * rows().len());
}

#[test]
fn random_samples_have_the_gradients_of_their_definition() {
    let mut verdict = Verdict::default();
    for row in &rows() {
        let mut trials = 0;
        for trial in Trial::differentiable(row, SAMPLES) {
            trials += 1;
            verdict.case(&trial, || trial.check_gradients(|i| slope::gradient(&trial, i)));
        }
        assert!(trials == 0 || trials >= 200, "{}: only {trials} samples", row.name);
    }
    verdict.settle(200 * 60);
}

#[test]
fn random_samples_have_the_second_derivatives_of_their_definition() {
    let mut verdict = Verdict::default();
    for row in &rows() {
        for (seed, trial) in (0..).zip(Trial::differentiable(row, TWICE_SAMPLES)) {
            verdict.case(&trial, || twice::check(&trial, seed));
        }
    }
    verdict.settle(40 * 60);
}

#[test]
fn gradcheck_accepts_every_op() {
    let mut verdict = Verdict::default();
    for row in &rows() {
        for trial in Trial::differentiable(row, GRADCHECK_SAMPLES) {
            let inputs = trial.variables();
            let wanted: Vec<_> = inputs.iter().filter(|x| x.requires_grad()).cloned().collect();
            let call = |wanted: &[Tensor]| {
                let mut wanted = wanted.iter();
                let pick = |x: &Tensor| match x.requires_grad() {
                    true => wanted.next().expect("as many as variables").clone(),
                    false => x.clone(),
                };
                trial.call(&inputs.iter().map(pick).collect::<Vec<_>>())
            };
            let outcome = || gradcheck_with(NARROW, call, &wanted);
            verdict.case(&trial, || outcome().map_err(|e| e.to_string()));
        }
    }
    verdict.settle(20 * 60);
}

#[test]
fn every_row_is_compared_with_pytorch() {
    let compared: BTreeSet<&str> = all_cases().iter().map(|case| case.row.name).collect();
    let missing = rows().into_iter().map(|row| row.name).filter(|name| !compared.contains(name));
    assert_eq!(missing.collect::<Vec<_>>(), [""; 0], "add cases to xtask/fixtures");
}

/// A row named after it, or, for `relu_backward`, after the op whose gradient it is; and that row
/// does compute it.
#[test]
fn every_op_has_a_row() {
    let rows = rows();
    let mut verdict = Verdict::default();
    for (op, file) in coverage::ops_in_the_sources() {
        let name = op.strip_suffix("_backward").unwrap_or(&op);
        let row = rows.iter().find(|row| row.name == name);
        verdict.case(&format!("`{op}` of {}", file.display()), || {
            let row = row.ok_or("has no row: add one to tests/ops/table")?;
            let seen = coverage::ops_computed_by(|| {
                for trial in (0..GRADCHECK_SAMPLES).map(|number| Trial::random(row, number, true)) {
                    let output = trial.call(&trial.variables());
                    if trial.variables.contains(&true) {
                        trial.backward(&output, false);
                    }
                }
            });
            let computed = seen.contains(op.as_str());
            computed.then_some(()).ok_or(format!("row `{}` computes only {seen:?}", row.name))
        });
    }
    verdict.settle(50);
}
