//! What the door adds to the bare loop.

use crate::clock::{Candidate, Time, measure};
use crate::report::Report;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch::prelude::*;
use tinytorch::tensor::{Interpreter, Op, pass_on, with};

/// An interpreter that does nothing but pass on: the least one can cost.
struct Idle;

impl Interpreter for Idle {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        pass_on(op, x)
    }
}

const CALLS: usize = 2000;
const REPEATS: usize = 201;
const LINKS: usize = 1000;

/// Additions of four numbers: bare, through the door, recorded, interpreted; alone and in a chain.
pub fn run(report: &mut Report) {
    let numbers = [1.0_f32, 2.0, 3.0, 4.0];
    let (x, p) = (Tensor::from(numbers), Tensor::from(numbers).with_grad());
    let bare = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a + b).collect::<Vec<f32>>();
    let (values, idle) = (numbers.to_vec(), Rc::new(Idle));
    let one = Tensor::from(1.0).with_grad();
    let chain = || (0..LINKS).fold(one.clone(), |y, _| &y + &one);
    let interpreted =
        || with(idle.clone(), || (0..CALLS).for_each(|_| _ = black_box(black_box(&x) + &x)));
    let times = measure(
        REPEATS,
        vec![
            Candidate::new("bare loop into a new vector", CALLS, || {
                black_box(bare(black_box(&values), &values));
            }),
            Candidate::new("add", CALLS, || _ = black_box(black_box(&x) + &x)),
            Candidate::new("add, recorded and dropped", CALLS, || {
                _ = black_box(black_box(&p) + &p)
            }),
            Candidate::new("add, through an idle interpreter", 1, interpreted),
            Candidate::new("chain of 1000: forward, per op", 1, || _ = black_box(chain())),
            Candidate::new("chain of 1000: forward and backward, per op", 1, || {
                black_box(chain().backward());
            }),
        ],
    );
    let per = [1, 1, 1, CALLS, LINKS, LINKS];
    let times: Vec<(&str, Time)> =
        times.into_iter().zip(per).map(|((name, time), n)| (name, time.per(n))).collect();
    for (name, time) in &times {
        report.time(name, *time);
    }
    let recorded = times[2].1.median - times[0].1.median;
    report.at_most("recorded op, above the bare loop", recorded, 200.0, "ns");
}
