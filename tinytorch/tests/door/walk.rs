//! The walk back: each node once, however many there are, on any thread.

use crate::{loss, message, network, parameter};
use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch::prelude::*;
use tinytorch::tensor::{Interpreter, Op, Update, pass_on, pass_on_update, with};

/// Counts what is computed and what is overwritten.
#[derive(Default)]
struct Count {
    ops: Cell<usize>,
    updates: Cell<usize>,
}

impl Interpreter for Count {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        self.ops.set(self.ops.get() + 1);
        pass_on(op, x)
    }

    fn apply_update(&self, op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        self.updates.set(self.updates.get() + 1);
        pass_on_update(op, targets, x);
    }
}

/// Runs `f` on a thread with a stack of 128 KiB.
fn on_a_small_stack(f: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(128 << 10).spawn(f).expect("a thread");
    thread.join().expect("no overflow, which would have ended the process, and no panic");
}

const MILLION: usize = 1_000_000;

fn chain(p: &Tensor) -> Tensor {
    (0..MILLION).fold(p.clone(), |y, _| &y + p)
}

#[test]
fn a_chain_of_a_million_ops_is_walked_on_a_small_stack() {
    on_a_small_stack(|| {
        let p = parameter(1.0);
        assert_eq!(chain(&p).backward().of(&p).item(), 1_000_001.0);
    });
}

#[test]
fn a_chain_of_a_million_ops_is_dropped_on_a_small_stack() {
    on_a_small_stack(|| {
        let p = parameter(1.0);
        let end = chain(&p);
        let middle = end
            .history()
            .expect("recorded")
            .look(|saved| saved.expect("not given back").inputs[0].clone());
        drop(end);
        drop(middle); // the last hold on 999,999 of them
    });
}

#[test]
fn a_node_is_visited_once_whatever_the_fan_out() {
    let p = parameter(1.0);
    let y = (0..60).fold(p.clone(), |x, _| &x + &x); // 2^60 paths
    let count = Rc::new(Count::default());
    let grads = with(count.clone(), || y.backward());
    assert_eq!(grads.of(&p).item(), 2.0_f32.powi(60));
    assert_eq!((count.ops.get(), count.updates.get()), (0, 60), "one addition per node");
    let y = (0..60).fold(p.clone(), |x, _| &x * &x);
    let count = Rc::new(Count::default());
    with(count.clone(), || y.backward());
    assert_eq!((count.ops.get(), count.updates.get()), (120, 60), "two products per node");
}

#[test]
fn nothing_is_recorded_when_nothing_asks_or_recording_is_off() {
    let (p, x) = (parameter(1.0), Tensor::from(2.0));
    assert!((&x + &x).history().is_none());
    assert!((&x + &p).history().is_some());
    let y = no_grad(|| &x + &p);
    assert!(y.history().is_none() && !y.requires_grad());
    let elsewhere =
        no_grad(|| std::thread::scope(|scope| scope.spawn(|| &x + &p).join().expect("computed")));
    assert!(elsewhere.history().is_some(), "other threads go on recording");
    assert!((&x + &p).history().is_some());
}

#[test]
fn integers_are_never_recorded() {
    let p = Tensor::from([[1.0, 3.0, 2.0]]).with_grad();
    for integers in [p.argmax(1, false), p.gt(1.5), p.to_i32(), p.eq(&p)] {
        assert_eq!(integers.kind(), "i32");
        assert!(integers.history().is_none() && !integers.requires_grad());
    }
    let picked = p.gather(1, &p.argmax(1, true));
    let expected = Tensor::from([[0.0, 1.0, 0.0]]);
    assert_eq!(*picked.sum().backward().of(&p), expected, "but what they pick is");
}

#[test]
fn second_derivatives_are_right() {
    // A penalty on the slope of a network, as in Gulrajani et al., 2017: d|dy/dx|²/dw.
    let mut rng = Rng::new(2);
    let draws = [Tensor::randn([4, 3], &mut rng), Tensor::randn([3, 2], &mut rng)];
    let penalty = |x: &[Tensor]| {
        let input = Tensor::from([[0.3, -0.7, 0.2, 0.9]]).with_grad();
        let y = input.matmul(&x[0]).tanh().matmul(&x[1]).sum();
        let create = BackwardOptions { create_graph: true, ..Default::default() };
        let slope = y.backward_with(create).of(&input).clone();
        (&slope * &slope).sum()
    };
    let w = draws.clone().map(Tensor::with_grad);
    let grads = penalty(&w).backward();
    for (i, w) in w.iter().enumerate() {
        for (number, analytic) in grads.of(w).to_vec().into_iter().enumerate() {
            let at = |step: f32| {
                let mut moved = draws.clone();
                moved[i].data_mut()[number] += step;
                f64::from(penalty(&moved).item())
            };
            let difference = (at(1e-2) - at(-1e-2)) / 2e-2;
            let error = (f64::from(analytic) - difference).abs();
            // Third derivatives times a step squared, and 1e-7 of 10 over a step.
            assert!(error < 5e-3 * (1.0 + difference.abs()), "{analytic}, not {difference}");
        }
    }
}

#[test]
fn third_derivatives_go_through_products() {
    let x = parameter(2.0);
    let create = || BackwardOptions { create_graph: true, ..Default::default() };
    let first = (&x * &x * &x * &x).backward_with(create()).of(&x).clone();
    let second = first.backward_with(create()).of(&x).clone();
    let third = second.backward().of(&x).item();
    assert_eq!((first.item(), second.item(), third), (32.0, 48.0, 48.0));
}

#[test]
fn a_graph_is_walked_twice_only_if_it_was_retained() {
    let model = network();
    let y = loss(&model);
    let options = || BackwardOptions { retain_graph: true, ..Default::default() };
    let (first, second) = (y.backward_with(options()), y.backward());
    for p in model.parameters() {
        assert_eq!(first.of(p), second.of(p));
    }
    let text = message(|| _ = y.backward());
    assert_eq!(
        text,
        "backward: the graph at `mean` was given back by an earlier backward; compute the \
         loss anew, or ask the earlier one to `retain_graph`"
    );
}

#[test]
fn a_parameter_that_the_loss_does_not_reach_is_an_error_with_a_name() {
    struct Forgotten {
        used: Linear,
        unused: Linear,
    }
    state!(Forgotten { used, unused });
    let mut rng = Rng::new(0);
    let (used, unused) = (Linear::new(2, 1, &mut rng), Linear::new(2, 5, &mut rng));
    let mut model = Forgotten { used, unused };
    let grads = loss(&model.used).backward();
    assert!(grads.get(&model.unused.weight).is_none());
    let text = message(|| _ = grads.of(&model.unused.weight));
    assert!(text.starts_with("gradient: the loss does not depend on this tensor of [5, 2]"));
    let mut optimizer = Sgd::new(SgdOptions::default());
    let text = message(|| optimizer.step(&mut model, &grads));
    assert!(
        text.starts_with("optimizer: the loss does not depend on `unused.weight` [5, 2]"),
        "{text}"
    );
}

#[test]
fn models_gradients_and_optimizers_go_between_threads() {
    fn send_sync<T: Send + Sync>() {}
    send_sync::<Tensor>();
    send_sync::<Gradients>();
    send_sync::<Linear>();
    send_sync::<Sequential>();
    send_sync::<Adam>();
    send_sync::<DataLoader>();
    let (model, results) = (&network(), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let grads = loss(model).backward();
                let all: Vec<_> = model.parameters().iter().map(|p| grads.of(p).to_vec()).collect();
                results.lock().expect("nobody panicked").push(all);
            });
        }
    });
    let results = results.into_inner().expect("nobody panicked");
    assert!(results.iter().all(|grads| *grads == results[0]) && results.len() == 4);
}
