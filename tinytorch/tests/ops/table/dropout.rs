//! Dropout, whose random numbers are settings here.
//!
//! PyTorch draws others: it is asked where none matters, for probabilities of 0 and 1.

use super::Row;
use crate::args::Args;
use crate::array::Array;
use crate::draw::Sample;
use serde_json::json;
use tinytorch_layers::DropoutOp;
use tinytorch_tensor::{Rng, RngState, dispatch};

pub fn rows() -> Vec<Row> {
    vec![Row::new(
        "dropout",
        |x, a| dispatch(DropoutOp { p: a.f32("p"), state: state(a) }, &[&x[0]]),
        |x, a| {
            let (mut rng, p) = (Rng::from_state(state(a)), a.float("p"));
            let mut factor = || if f64::from(rng.uniform()) < p { 0.0 } else { 1.0 / (1.0 - p) };
            Array::build(&x[0].shape, |i| x[0].at(i) * factor())
        },
        |d| {
            let (shape, p) = (d.shape(), d.one_of(&[0.0, 0.25, 0.5, 0.875, 1.0]));
            let [seed, stream, counter] = [d.range(0, 99), d.range(0, 9), d.range(0, 9)];
            let args = json!({"p": p, "seed": seed, "stream": stream, "counter": counter});
            Sample::new(vec![d.floats(&shape)], args)
        },
    )]
}

/// Where the random numbers begin.
fn state(a: &Args) -> RngState {
    let number = |name| if a.has(name) { a.size(name) as u64 } else { 0 };
    RngState { seed: number("seed"), stream: number("stream"), counter: number("counter") }
}
