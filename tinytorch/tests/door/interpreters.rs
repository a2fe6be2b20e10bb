//! Other meanings for computation: counting, rounding, and several laid over each other.

use crate::{loss, message, network, parameter};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch::autograd::{Each, Gradient};
use tinytorch::prelude::*;
use tinytorch::tensor::{
    Brought, Interpreter, Op, Update, dispatch, pass_on, pass_on_update, with,
};

/// Calls and floating-point operations, by the name of op or update.
#[derive(Default)]
struct Counter(RefCell<BTreeMap<&'static str, (usize, usize)>>);

impl Counter {
    fn count(&self, name: &'static str, flops: usize) {
        let mut counts = self.0.borrow_mut();
        let entry = counts.entry(name).or_default();
        *entry = (entry.0 + 1, entry.1 + flops);
    }

    fn calls(&self, name: &str) -> usize {
        self.0.borrow().get(name).map_or(0, |entry| entry.0)
    }
}

/// By name and shapes alone: the counter need not know the types of other people's ops.
fn flops(name: &str, x: &[&Tensor], y: &Tensor) -> usize {
    let inner = |t: &Tensor| t.shape().size(t.ndim() - 1);
    match name {
        "linear" => 2 * y.numel() * inner(x[0]) + x.get(2).map_or(0, |_| y.numel()),
        "matmul" => 2 * y.numel() * inner(x[0]),
        "permute" | "reshape" | "expand" => 0,
        "sum" | "sum_to" => x[0].numel(),
        _ => y.numel(),
    }
}

impl Interpreter for Counter {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let y = pass_on(op, x);
        self.count(op.name(), flops(op.name(), x, &y));
        y
    }

    fn apply_update(&self, op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        pass_on_update(op, targets, x);
        self.count(op.name(), 2 * targets[0].numel());
    }
}

#[test]
fn a_counter_sees_forward_backward_and_the_optimizer() {
    let counter = Rc::new(Counter::default());
    let mut model = sequential![network()]; // a model in a model
    let mut optimizer = Sgd::new(SgdOptions::default());
    with(counter.clone(), || {
        let loss = loss(&model);
        optimizer.step(&mut model, &loss.backward());
    });
    // Four samples through 2 x 3, ReLU, 3 x 1. The definition of `linear` uses `matmul`, but it
    // is `linear` that was asked for. In front of the first layer nobody wants a gradient.
    let counts = counter.0.borrow();
    assert_eq!(counts["linear"], (2, (2 * 4 * 2 * 3 + 12) + (2 * 4 * 3 + 4)));
    assert_eq!(counts["relu"], (1, 12));
    assert_eq!(counts["relu_backward"], (1, 12));
    assert_eq!(counts["matmul"], (3, 2 * 4 * 3 + 2 * 4 * 3 + 2 * 4 * 3 * 2));
    assert_eq!(counts["sgd_step"], (4, 2 * (6 + 3 + 3 + 1)), "an update per parameter");
    assert_eq!(counts["sum_to"], (2, 4 + 12), "the gradients of the biases");
}

#[test]
fn what_runs_outside_or_on_another_thread_is_not_seen() {
    let counter = Rc::new(Counter::default());
    let x = Tensor::from([1.0, 2.0]);
    with(counter.clone(), || {
        let _ = &x + &x;
        std::thread::scope(|scope| _ = scope.spawn(|| &x * &x).join());
    });
    let _ = &x - &x;
    assert_eq!(*counter.0.borrow(), BTreeMap::from([("add", (1, 2))]));
}

/// To multiples of 1/4, towards 0: a number format of low precision. Gradients pass unchanged.
struct Quarters;

impl Op for Quarters {
    fn name(&self) -> &'static str {
        "quarters"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let rounded = x[0].data().iter().map(|v| (v * 4.0).trunc() / 4.0).collect();
        Tensor::from_vec(rounded, x[0].shape())
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Quarters>(&[|_, _, g| g.clone()]))] }
    }
}

/// Rounds what is multiplied, as mixed precision does.
struct LowPrecision;

impl Interpreter for LowPrecision {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        if op.name() != "mul" {
            return pass_on(op, x);
        }
        let rounded: Vec<Tensor> = x.iter().map(|t| dispatch(Quarters, &[t])).collect();
        pass_on(op, &rounded.iter().collect::<Vec<_>>())
    }
}

#[test]
fn what_an_interpreter_really_computes_is_what_is_differentiated() {
    let (a, b) = (parameter(1.3), parameter(2.9));
    let y = with(Rc::new(LowPrecision), || &a * &b);
    assert_eq!(y.item(), 1.25 * 2.75);
    let grads = y.backward();
    assert_eq!((grads.of(&a).item(), grads.of(&b).item()), (2.75, 1.25), "not 2.9 and 1.3");
}

#[test]
fn interpreters_stack_and_none_sees_itself() {
    let (over, under) = (Rc::new(Counter::default()), Rc::new(Counter::default()));
    let x = Tensor::from(1.3);
    let low = Rc::new(LowPrecision);
    with(under.clone(), || with(low, || with(over.clone(), || &x * &x)));
    assert_eq!((over.calls("mul"), over.calls("quarters")), (1, 0), "above the rounding");
    assert_eq!((under.calls("mul"), under.calls("quarters")), (1, 2), "below it");
}

#[test]
fn an_interpreter_may_answer_without_computing() {
    struct Zeros;
    impl Interpreter for Zeros {
        fn apply(&self, _: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
            Tensor::zeros(x[0].shape())
        }
    }
    let p = parameter(3.0);
    let y = with(Rc::new(Zeros), || &p * &p);
    assert_eq!(y.item(), 0.0);
    let text = message(|| _ = y.backward());
    assert!(text.starts_with("backward: the loss depends on no parameter"), "{text}");
}

#[test]
fn computation_under_an_interpreter_gives_the_same_numbers() {
    let model = network();
    let (plain, plain_grads) = (loss(&model), loss(&model).backward());
    let watched = with(Rc::new(Counter::default()), || {
        let loss = loss(&model);
        (loss.item(), loss.backward())
    });
    assert_eq!(plain.item(), watched.0);
    for p in model.parameters() {
        assert_eq!(plain_grads.of(p), watched.1.of(p));
    }
}
