//! Gradients of gradients.

use crate::array::Array;
use crate::draw::Draw;
use crate::slope;
use crate::trial::Trial;
use crate::verdict::{Tolerance, close};
use tinytorch_autograd::Backward;
use tinytorch_tensor::Tensor;

/// Twice the roundings, larger numbers on the way, and slopes that are differences, such as
/// `1 - tanh^2` far out or `1 / p^2 - 1 / (1 - p)^2`.
const TOLERANCE: Tolerance = Tolerance { relative: 1e-4, absolute: 2e-5 };

/// Compares the second derivatives in all variables together, and in each alone.
pub fn check(trial: &Trial, seed: u64) -> Result<(), String> {
    let all = &trial.variables;
    check_wanted(trial, all, seed)?;
    let variables: Vec<usize> = (0..all.len()).filter(|&i| all[i]).collect();
    let only = |i: usize| (0..all.len()).map(|j| i == j).collect::<Vec<bool>>();
    let alone = variables.iter().filter(|_| variables.len() > 1);
    alone.map(|&i| check_wanted(trial, &only(i), seed)).find(Result::is_err).unwrap_or(Ok(()))
}

/// Compares the gradients of `sum over i of <gradient of input i, direction i>` with the second
/// differences of the definition.
fn check_wanted(trial: &Trial, wanted: &[bool], seed: u64) -> Result<(), String> {
    let mut d = Draw::new(seed);
    let along = trial.sample.inputs.iter().zip(wanted);
    let along = along.map(|(x, &on)| if on { d.floats(&x.shape) } else { x.map(|_| 0.0) });
    let along: Vec<Array> = along.collect();

    let mut inputs = trial.inputs();
    inputs.iter_mut().zip(wanted).for_each(|(x, &on)| x.set_requires_grad(on));
    let first = trial.backward(&trial.call(&inputs), true);
    let wanted = inputs.iter().zip(&along).filter(|(x, _)| x.requires_grad());
    let shares = wanted.map(|(x, v)| (first.of(x) * v.tensor()).sum());
    let total = shares.reduce(|a, b| a + b).expect("a variable");
    // Of a linear op, the gradient is constant: nothing to differentiate, and all slopes are 0.
    let second = total.requires_grad().then(|| total.backward());

    for (i, x) in inputs.iter().enumerate().filter(|(_, x)| x.requires_grad()) {
        let expected = slope::second(trial, i, &along);
        let found = second.as_ref().and_then(|second| second.get(x).cloned());
        let found = found.unwrap_or_else(|| Tensor::zeros(x.shape()));
        close(&format!("second derivative in input {i}"), &found, &expected, TOLERANCE)?;
    }
    Ok(())
}
