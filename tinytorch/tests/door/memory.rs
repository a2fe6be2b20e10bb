//! What a graph keeps alive, and for how long: proven by what is dropped, not by looking.

use crate::parameter;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Once, Weak};
use tinytorch::autograd::{Each, Gradient};
use tinytorch::prelude::*;
use tinytorch::tensor::{
    Brought, Buffer, Interpreter, Op, Reads, Storage, dispatch, pass_on, register, with,
};

/// A number that counts those of its group that are alive.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn tensor(alive: &Arc<AtomicUsize>) -> Tensor {
        alive.fetch_add(1, SeqCst);
        Tensor::from_storage(Storage::Other(Arc::new(Counted(alive.clone()))), [])
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}

impl Buffer for Counted {
    fn kind(&self) -> &'static str {
        "counted"
    }

    fn to_f32(&self) -> Vec<f32> {
        vec![0.0]
    }

    fn nbytes(&self) -> usize {
        1
    }
}

/// One counted number from another. Its gradient reads the input, so that it is kept.
struct Next;

impl Op for Next {
    fn name(&self) -> &'static str {
        "next"
    }

    fn forward(&self, _: &[&Tensor]) -> Tensor {
        unreachable!("it has a kernel for its only kind")
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Next>(&[|_, n, g| dispatch(Back, &[n.x(0), g])]))] }
    }
}

/// What an interpreter looks for: one step back.
struct Back;

impl Op for Back {
    fn name(&self) -> &'static str {
        "back"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[1].clone()
    }

    fn any_kind(&self) -> bool {
        true
    }
}

/// Notes at each step back how many are alive.
struct Watch(Arc<AtomicUsize>, RefCell<Vec<usize>>);

impl Interpreter for Watch {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        if op.name() == "back" {
            self.1.borrow_mut().push(self.0.load(SeqCst));
        }
        pass_on(op, x)
    }
}

/// A chain of 100 counted numbers behind a counted parameter, and the number of them alive.
fn chain() -> (Tensor, Tensor, Arc<AtomicUsize>) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        register(|kernels| {
            kernels.on::<Next>("counted", |_, x| {
                Counted::tensor(&x[0].buffer::<Counted>().expect("counted").0)
            });
        });
    });
    let alive = Arc::new(AtomicUsize::new(0));
    let p = Counted::tensor(&alive).with_grad();
    let end = (0..100).fold(p.clone(), |y, _| dispatch(Next, &[&y]));
    (p, end, alive)
}

#[test]
fn a_loss_dropped_without_backward_frees_everything() {
    let (p, end, alive) = chain();
    assert_eq!(alive.load(SeqCst), 101);
    drop(end);
    assert_eq!(alive.load(SeqCst), 1, "the parameter");
    drop(p);
    assert_eq!(alive.load(SeqCst), 0);
}

#[test]
fn memory_is_given_back_node_by_node_while_the_loss_lives() {
    let (p, end, alive) = chain();
    let watch = Rc::new(Watch(alive.clone(), RefCell::default()));
    let grads = with(watch.clone(), || end.backward());
    let at_each_step = watch.1.take();
    // In front of step i: the end, the parameter, and the inputs of nodes not yet left.
    let expected: Vec<usize> = (0..100).map(|i| 101 - i).collect();
    assert_eq!(at_each_step, expected);
    assert_eq!(alive.load(SeqCst), 2, "the end, which is held, and the parameter");
    assert_eq!(grads.of(&p).item(), 1.0);
    drop(end);
    assert_eq!(alive.load(SeqCst), 1);
}

#[test]
fn a_retained_graph_is_kept_until_it_is_dropped() {
    let (_p, end, alive) = chain();
    end.backward_with(BackwardOptions { retain_graph: true, ..Default::default() });
    assert_eq!(alive.load(SeqCst), 101);
    drop(end);
    assert_eq!(alive.load(SeqCst), 1);
}

#[test]
fn nothing_is_kept_under_no_grad() {
    let alive = Arc::new(AtomicUsize::new(0));
    let p = Counted::tensor(&alive).with_grad();
    drop(chain()); // so that the kernel is there
    let end = no_grad(|| (0..100).fold(p.clone(), |y, _| dispatch(Next, &[&y])));
    assert_eq!(alive.load(SeqCst), 2, "the parameter and the end");
    drop(end);
}

/// A hold on the numbers of a tensor that does not keep them.
fn weak(t: &Tensor) -> Weak<Vec<f32>> {
    match t.storage() {
        Storage::F32(numbers) => Arc::downgrade(numbers),
        other => panic!("{other:?} is not of floats"),
    }
}

/// Whether the result of `f` keeps the numbers of its argument, which nobody else holds.
fn keeps(f: impl FnOnce(&Tensor) -> Tensor) -> bool {
    let x = &parameter(0.5) * 1.0; // computed, as in the middle of a network
    let numbers = weak(&x);
    let y = f(&x);
    assert!(y.history().is_some());
    drop(x);
    let kept = numbers.upgrade().is_some();
    drop(y);
    assert!(numbers.upgrade().is_none());
    kept
}

#[test]
fn ops_keep_only_what_their_gradients_read() {
    let p = &parameter(2.0);
    let c = &Tensor::from(3.0);
    // Their own input, because the slope depends on it.
    assert!(keeps(|x| x * p));
    assert!(keeps(|x| x.ln()));
    assert!(keeps(|x| x * x));
    assert!(keeps(|x| x.gelu()));
    assert!(keeps(|x| x.pow(2.0)));
    // Nothing of it: sums, differences, and products with what needs no gradient.
    assert!(!keeps(|x| x + p));
    assert!(!keeps(|x| x - p));
    assert!(!keeps(|x| x * c));
    assert!(!keeps(|x| x / c));
    assert!(!keeps(|x| -x));
    assert!(!keeps(|x| x.sum()));
    assert!(!keeps(|x| x.mean()));
    // Their output instead.
    assert!(!keeps(|x| x.relu()));
    assert!(!keeps(|x| x.exp()));
    assert!(!keeps(|x| x.sigmoid()));
    assert!(!keeps(|x| x.tanh()));
    assert!(!keeps(|x| x.sqrt()));
}

#[test]
fn a_layer_with_relu_keeps_one_activation() {
    let mut rng = Rng::new(0);
    let (first, second) = (Linear::new(4, 4, &mut rng), Linear::new(4, 1, &mut rng));
    let x = Tensor::ones([8, 4]);
    let before = first.forward(&x);
    let after = before.relu();
    let (unbent, bent) = (weak(&before), weak(&after));
    let loss = second.forward(&after).sum();
    drop((before, after));
    assert!(unbent.upgrade().is_none(), "relu reads its output, and `linear` not its own");
    assert!(bent.upgrade().is_some(), "read twice, kept once");
    loss.backward();
    assert!(bent.upgrade().is_none(), "given back, though the loss lives");
}
