//! The smallest network that learns something: where overhead is all there is.

use crate::clock::{Candidate, measure};
use crate::report::Report;
use std::cell::RefCell;
use std::hint::black_box;
use tinytorch::prelude::*;

struct Xor {
    model: Sequential,
    optimizer: Sgd,
    x: Tensor,
    y: Tensor,
}

impl Xor {
    fn new() -> Self {
        let mut rng = Rng::new(1);
        Self {
            model: sequential![Linear::new(2, 8, &mut rng), Sigmoid, Linear::new(8, 2, &mut rng)],
            optimizer: Sgd::new(SgdOptions { lr: 0.5, ..Default::default() }),
            x: Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
            y: Tensor::from([[1.0, 0.0], [0.0, 1.0], [0.0, 1.0], [1.0, 0.0]]),
        }
    }

    fn loss(&self) -> Tensor {
        mse_loss(&self.model.forward(&self.x), &self.y)
    }

    fn step(&mut self) {
        let grads = self.loss().backward();
        self.optimizer.step(&mut self.model, &grads);
    }

    fn addresses(&self) -> Vec<*const f32> {
        self.model.parameters().iter().map(|p| p.data().as_ptr()).collect()
    }
}

/// Forward, backward and update, alone and together.
pub fn run(report: &mut Report) {
    const CALLS: usize = 50;
    const REPEATS: usize = 201;
    let xor = RefCell::new(Xor::new());
    let (places, start) = (xor.borrow().addresses(), xor.borrow().loss().item());
    let mut alone = Xor::new();
    let of_alone = alone.loss().backward();
    let times = measure(
        REPEATS,
        vec![
            Candidate::new("forward, not recorded", CALLS, || {
                no_grad(|| black_box(xor.borrow().loss()));
            }),
            Candidate::new("forward, recorded and dropped", CALLS, || {
                black_box(xor.borrow().loss());
            }),
            Candidate::new("forward and backward", CALLS, || {
                black_box(xor.borrow().loss().backward());
            }),
            Candidate::new("update", CALLS, || alone.optimizer.step(&mut alone.model, &of_alone)),
            Candidate::new("train step", CALLS, || xor.borrow_mut().step()),
        ],
    );
    for (name, time) in times {
        report.time(name, time);
    }
    let (xor, end) = (xor.borrow(), xor.borrow().loss().item());
    report.holds("weights are where they were", xor.addresses() == places);
    report.holds("and it has learned", end < 0.01 * start);
}
