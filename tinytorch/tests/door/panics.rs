//! A panic on the way, in a rule, an op or an interpreter, leaves a clear state.

use crate::{loss, message, network, parameter};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch::autograd::{Each, Gradient};
use tinytorch::prelude::*;
use tinytorch::tensor::{Brought, Interpreter, Op, dispatch, pass_on, with};

/// The identity, with a rule that panics.
struct Trap;

impl Op for Trap {
    fn name(&self) -> &'static str {
        "trap"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0].clone()
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Trap>(&[|_, _, _| panic!("caught in the trap")]))] }
    }
}

/// An op whose definition panics.
struct Broken;

impl Op for Broken {
    fn name(&self) -> &'static str {
        "broken"
    }

    fn forward(&self, _: &[&Tensor]) -> Tensor {
        panic!("broken")
    }
}

/// Counts ops.
#[derive(Default)]
struct Count(Cell<usize>);

impl Interpreter for Count {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        self.0.set(self.0.get() + 1);
        pass_on(op, x)
    }
}

/// Recording works, nothing watches, and gradients come out right.
#[track_caller]
fn assert_clear() {
    let p = parameter(3.0);
    let y = &p * &p;
    assert!(y.history().is_some(), "recording is on again");
    assert_eq!(y.backward().of(&p).item(), 6.0);
}

#[test]
fn a_panicking_rule_leaves_recording_and_weights_as_they_were() {
    let mut model = network();
    let before = model.parameters()[0].data().as_ptr();
    let trapped = dispatch(Trap, &[&loss(&model)]) * 2.0;
    assert_eq!(message(|| _ = trapped.backward()), "caught in the trap");
    assert_clear();
    // The graph was given back as far as the walk came, and says so.
    let text = message(|| _ = trapped.backward());
    assert!(text.contains("was given back by an earlier backward; compute the loss anew"));
    drop(trapped);
    let mut optimizer = Sgd::new(SgdOptions::default());
    let grads = loss(&model).backward();
    optimizer.step(&mut model, &grads);
    assert_eq!(model.parameters()[0].data().as_ptr(), before, "nothing holds the weights");
}

#[test]
fn a_part_of_the_graph_that_was_not_reached_can_still_be_walked() {
    let p = parameter(3.0);
    let below = &p * &p;
    let trapped = dispatch(Trap, &[&below]);
    assert_eq!(message(|| _ = trapped.backward()), "caught in the trap");
    assert_eq!(below.backward().of(&p).item(), 6.0);
}

#[test]
fn a_retained_graph_survives_a_panic_whole() {
    let p = parameter(3.0);
    let trapped = dispatch(Trap, &[&(&p * &p)]) * 2.0;
    let options = || BackwardOptions { retain_graph: true, ..Default::default() };
    for _ in 0..2 {
        let text = message(|| _ = trapped.backward_with(options()));
        assert_eq!(text, "caught in the trap", "the rule is reached each time");
    }
}

#[test]
fn a_panicking_op_leaves_interpreters_and_recording_as_they_were() {
    let (p, count) = (parameter(1.0), Rc::new(Count::default()));
    let attempt = || with(count.clone(), || dispatch(Broken, &[&(&p + &p)]));
    assert_eq!(message(|| _ = attempt()), "broken");
    assert_eq!(count.0.get(), 2);
    assert_clear();
    assert_eq!(count.0.get(), 2, "it watches no more");
    assert_eq!(message(|| _ = no_grad(|| dispatch(Broken, &[&p]))), "broken");
    assert_clear();
}

#[test]
fn a_panicking_interpreter_is_gone_afterwards_and_those_below_stay() {
    struct Fragile;
    impl Interpreter for Fragile {
        fn apply(&self, op: &Arc<dyn Op>, _: &[&Tensor]) -> Tensor {
            panic!("no {} today", op.name())
        }
    }
    let (p, below) = (parameter(1.0), Rc::new(Count::default()));
    with(below.clone(), || {
        assert_eq!(message(|| _ = with(Rc::new(Fragile), || &p * &p)), "no mul today");
        let _ = &p * &p;
    });
    assert_eq!(below.0.get(), 1, "the one below sees what comes after");
    assert_clear();
}
