//! The walk from a loss back to the parameters.

use crate::gradients::Gradients;
use crate::no_grad;
use crate::rule::{Node, find};
use std::sync::Arc;
use tinytorch_tensor::{ByKey, History, Saved, Tensor, TensorId};

/// The gradients of a loss.
pub trait Backward {
    /// The gradient of this loss, one number, for every parameter it was computed from.
    ///
    /// The graph is given back on the way: each node as soon as it is left, so that the memory of
    /// the forward pass shrinks while that of the gradients grows, and no parameter is shared any
    /// more when the optimizer overwrites it in place. A second call on the same graph therefore
    /// panics, unless the first one retained it.
    ///
    /// # Panics
    /// When the loss is not one number, was not computed from a parameter, went through an op
    /// without a gradient rule, or shares a part with a loss that has been differentiated before.
    fn backward(&self) -> Gradients;

    /// As [`backward`](Self::backward), with settings.
    ///
    /// # Panics
    /// As `backward`; or when `gradient` has another shape than this.
    fn backward_with(&self, options: BackwardOptions) -> Gradients;
}

/// How to walk back; PyTorch's words.
#[derive(Default, Clone)]
pub struct BackwardOptions {
    /// Keep the graph, so that it can be walked again.
    pub retain_graph: bool,
    /// Record the walk itself, so that the gradients can be differentiated in turn. Keeps the
    /// graph, too.
    pub create_graph: bool,
    /// The gradient to start with, of the shape of the tensor; 1 if it is not given, which only
    /// a tensor of one number allows.
    pub gradient: Option<Tensor>,
}

impl Backward for Tensor {
    #[track_caller]
    fn backward(&self) -> Gradients {
        self.backward_with(BackwardOptions::default())
    }

    #[track_caller]
    fn backward_with(&self, options: BackwardOptions) -> Gradients {
        let seed = seed(self, options.gradient.as_ref());
        let walk = Walk { retain: options.retain_graph, record: options.create_graph };
        let order = order(self);
        match walk.record {
            true => walk.run(self, seed, order),
            false => no_grad(|| walk.run(self, seed, order)),
        }
    }
}

#[track_caller]
fn seed(loss: &Tensor, gradient: Option<&Tensor>) -> Tensor {
    assert!(
        loss.requires_grad(),
        "backward: the loss depends on no parameter; make one with `with_grad()`, and compute the \
         loss outside of `no_grad`"
    );
    match gradient {
        Some(g) => {
            let (got, wanted) = (g.shape(), loss.shape());
            assert!(got == wanted, "backward: a gradient of {got} for a tensor of {wanted}");
            g.clone()
        }
        None => {
            assert!(
                loss.numel() == 1,
                "backward: a loss is one number, not {}; use `mean()` or `sum()`",
                loss.shape()
            );
            Tensor::ones(loss.shape())
        }
    }
}

/// A computed tensor: where its gradient is filed, and how it was computed.
type Computed = (TensorId, Arc<History>);

/// Every computed tensor that the loss needed, itself the last, each after those it needed.
///
/// A depth-first search with a stack of its own, as a million ops are deeper than the thread's.
/// Each tensor is opened once, whatever the number of its uses.
#[track_caller]
fn order(loss: &Tensor) -> Vec<Computed> {
    let computed = |t: &Tensor| t.history().map(|history| (t.id(), history.clone()));
    let (mut seen, mut done) = (ByKey::<TensorId, ()>::default(), Vec::new());
    let mut stack: Vec<(Computed, bool)> = Vec::new();
    stack.extend(computed(loss).map(|loss| (loss, false)));
    while let Some((node, opened)) = stack.pop() {
        if opened {
            done.push(node);
            continue;
        }
        if seen.insert(node.0, ()).is_some() {
            continue;
        }
        let history = node.1.clone();
        stack.push((node, true));
        history.look(|saved| {
            let Some(saved) = saved else { given_back(&history) };
            let inputs = saved.inputs.iter().filter_map(computed);
            stack.extend(inputs.filter(|(id, _)| !seen.contains_key(id)).map(|x| (x, false)));
        });
    }
    done
}

#[track_caller]
fn given_back(history: &History) -> ! {
    panic!(
        "backward: the graph at `{}` was given back by an earlier backward; compute the loss anew, \
         or ask the earlier one to `retain_graph`",
        history.op().name()
    )
}

struct Walk {
    retain: bool,
    record: bool,
}

impl Walk {
    /// Hands each tensor's gradient on to its inputs, the loss first. What is left over are the
    /// gradients of tensors that were not computed: the parameters.
    #[track_caller]
    fn run(&self, loss: &Tensor, seed: Tensor, mut order: Vec<Computed>) -> Gradients {
        let mut gradients = Gradients::new();
        gradients.add_one(loss.id(), seed);
        while let Some((id, history)) = order.pop() {
            let g = gradients.take(id).expect("what the loss needed is reached from it");
            let saved = self.saved(&history);
            let op = history.op();
            let Some(rule) = find(&**op) else {
                panic!(
                    "backward: op `{}` has no gradient rule; let it bring one (`Op::brings`), or \
                     `detach()` its result",
                    op.name()
                )
            };
            let node = Node { op, inputs: &saved.inputs, output: saved.output.as_deref() };
            rule.pass(&node, &g, &mut |i, share| {
                let x = &saved.inputs[i];
                check_share(op.name(), i, x, &share);
                match self.record {
                    true => gradients.add_one_recorded(x.id(), share),
                    false => gradients.add_one(x.id(), share),
                }
            });
        }
        gradients
    }

    /// What the node saved: taken out of it, unless the graph is to stay.
    #[track_caller]
    fn saved(&self, history: &Arc<History>) -> Saved {
        if !self.retain && !self.record {
            return history.take().unwrap_or_else(|| given_back(history));
        }
        let saved = history.look(|saved| saved.cloned());
        let mut saved = saved.unwrap_or_else(|| given_back(history));
        if self.record {
            // A rule that uses the output is differentiated through it.
            saved.output = saved.output.map(|y| Box::new(y.attached(history)));
        }
        saved
    }
}

#[inline]
fn check_share(op: &str, i: usize, x: &Tensor, share: &Tensor) {
    let (got, wanted) = (share.shape(), x.shape());
    assert!(
        got == wanted,
        "backward: the rule of `{op}` gave input {i} of {wanted} a gradient of {got}; sum it to \
         the shape of the input"
    );
}
