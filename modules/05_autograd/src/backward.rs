//! The walk from a loss back to the parameters.

use crate::gradients::Gradients;
use crate::no_grad;
use crate::rule::{Node, Rule, find};
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
        assert!(
            self.requires_grad(),
            "backward: the loss depends on no parameter; make one with `with_grad()`, and compute \
             the loss outside of `no_grad`"
        );
        let seed = match options.gradient {
            Some(gradient) => fitting(gradient, self),
            None => seed(self),
        };
        let walk = Walk { retain: options.retain_graph, record: options.create_graph };
        let steps = steps(order(self));
        let gradients = match walk.record {
            true => walk.run(self, seed, steps),
            false => no_grad(|| walk.run(self, seed, steps)),
        };
        // Here and not on the way, so that the message has the caller's line.
        gradients.unwrap_or_else(|problem| panic!("backward: {problem}"))
    }
}

/// The gradient of a loss with respect to itself: 1.
///
/// # Panics
/// When the loss is not one number: of several, which one is to fall?
#[track_caller]
fn seed(loss: &Tensor) -> Tensor {
    assert!(
        loss.numel() == 1,
        "backward: a loss is one number, not {}; use `mean()` or `sum()`",
        loss.shape()
    );
    Tensor::ones(loss.shape())
}

#[track_caller]
fn fitting(gradient: Tensor, y: &Tensor) -> Tensor {
    let (got, wanted) = (gradient.shape(), y.shape());
    assert!(
        got == wanted,
        "backward: a gradient of {got} for a tensor of {wanted}; give one of its shape"
    );
    gradient
}

/// A computed tensor: where its gradient is filed, and how it was computed.
pub type Computed = (TensorId, Arc<History>);

/// Every computed tensor that the loss needed, itself the last, each after those it needed.
///
/// A depth-first search with a stack of its own, as a million ops are deeper than the thread's.
/// Each tensor is opened once, whatever the number of its uses. Read backward, it is the order of
/// the walk; read forward, it shows what a graph holds on to:
///
/// ```
/// use tinytorch_autograd::order;
/// use tinytorch_tensor::Tensor;
///
/// let x = Tensor::from(3.0).with_grad();
/// let a = &x * 2.0;
/// let y = &a * (&a + 1.0);
/// let names: Vec<_> = order(&y).iter().map(|(_, history)| history.op().name()).collect();
/// assert_eq!(names, ["mul", "add", "mul"]);
/// ```
///
/// # Panics
/// When a `backward` has given back a part of the graph.
#[track_caller]
pub fn order(loss: &Tensor) -> Vec<Computed> {
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
        let there = history.look(|saved| {
            let inputs = saved?.inputs.iter().filter_map(computed);
            stack.extend(inputs.filter(|(id, _)| !seen.contains_key(id)).map(|x| (x, false)));
            Some(())
        });
        if there.is_none() {
            panic!("backward: {}", given_back(&history))
        }
    }
    done
}

#[cold]
fn given_back(history: &History) -> String {
    format!(
        "the graph at `{}` was given back by an earlier backward; compute the loss anew, or ask \
         the earlier one to `retain_graph`",
        history.op().name()
    )
}

/// A computed tensor, and how a gradient passes through its op.
type Step = (Computed, &'static dyn Rule);

/// The steps of a walk. A rule that is missing is found here, while the graph is whole.
#[track_caller]
fn steps(order: Vec<Computed>) -> Vec<Step> {
    let mut steps = Vec::with_capacity(order.len());
    for node in order {
        let op = node.1.op();
        let Some(rule) = find(&**op) else {
            panic!(
                "backward: op `{}` has no gradient rule; let it bring one (`Op::brings`), or \
                 `detach()` its result",
                op.name()
            )
        };
        steps.push((node, rule));
    }
    steps
}

struct Walk {
    retain: bool,
    record: bool,
}

impl Walk {
    /// Hands each tensor's gradient on to its inputs, the loss first. What is left over are the
    /// gradients of tensors that were not computed: the parameters.
    ///
    /// # Errors
    /// When a rule does not give what it should, or another thread walks the same graph: in words.
    fn run(&self, loss: &Tensor, seed: Tensor, mut steps: Vec<Step>) -> Result<Gradients, String> {
        let mut gradients = Gradients::new();
        gradients.add_one(loss.id(), seed);
        while let Some(((id, history), rule)) = steps.pop() {
            let g = gradients.take(id).expect("what the loss needed is reached from it");
            let saved = self.saved(&history)?;
            self.pass_on(rule, &Node::of(&history, &saved), &g, &mut gradients)?;
        }
        Ok(gradients)
    }

    /// What the node saved: taken out of it, unless the graph is to stay.
    fn saved(&self, history: &Arc<History>) -> Result<Saved, String> {
        if !self.retain && !self.record {
            return history.take().ok_or_else(|| given_back(history));
        }
        let saved = history.look(|saved| saved.cloned());
        let mut saved = saved.ok_or_else(|| given_back(history))?;
        if self.record {
            // A rule that uses the output is differentiated through it.
            saved.output = saved.output.map(|y| Box::new(y.attached(history)));
        }
        Ok(saved)
    }

    /// Adds what each input of `node` gets, when its output has the gradient `g`, to what the
    /// input has from its other uses.
    #[inline]
    fn pass_on(
        &self,
        rule: &dyn Rule,
        node: &Node,
        g: &Tensor,
        gradients: &mut Gradients,
    ) -> Result<(), String> {
        let (mut given, mut problem) = (Given::default(), None);
        rule.pass(node, g, &mut |i, share| {
            let x = &node.inputs[i];
            given.note(i);
            match share.shape() == x.shape() {
                false => problem = Some(wrong_shape(node.op.name(), i, x, &share)),
                true if self.record => gradients.add_one_recorded(x.id(), share),
                true => gradients.add_one(x.id(), share),
            }
        });
        problem.or_else(|| given.lacking(node)).map_or(Ok(()), Err)
    }
}

#[cold]
fn wrong_shape(op: &str, i: usize, x: &Tensor, share: &Tensor) -> String {
    let (got, wanted) = (share.shape(), x.shape());
    format!(
        "the rule of `{op}` gave input {i} of {wanted} a gradient of {got}; bring each share to \
         the shape of its input"
    )
}

/// Which inputs a rule has given a gradient.
#[derive(Default)]
struct Given {
    count: usize,
    /// One bit each, as far as they go.
    which: u64,
}

impl Given {
    #[inline]
    fn note(&mut self, i: usize) {
        self.count += 1;
        self.which |= 1 << i.min(63);
    }

    /// The complaint about an input that wants a gradient and got none: never silently absent.
    #[inline]
    fn lacking(&self, node: &Node) -> Option<String> {
        let mut wanted = (0..node.len()).filter(|&i| node.wants(i));
        if wanted.clone().count() <= self.count {
            return None;
        }
        let last = wanted.clone().next_back();
        let i = wanted.find(|&i| self.which >> i.min(63) & 1 == 0).or(last)?;
        Some(format!("`{}` has no gradient for input {i}; `detach()` it", node.op.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_activations::Activations;

    fn leaf(value: f32) -> Tensor {
        Tensor::from(value).with_grad()
    }

    #[test]
    fn what_a_tensor_gets_from_several_uses_adds_up() {
        let x = leaf(3.0);
        assert_eq!((&x + &x).backward().of(&x).item(), 2.0);
        assert_eq!((&x * &x * &x).backward().of(&x).item(), 27.0);
    }

    /// `y = a b` with `a = 2x` and `b = 2x + 1`: reached before both uses of `a` are known, a
    /// walk without an order would pass on half of its gradient, or some of it twice.
    #[test]
    fn a_diamond_is_walked_in_order() {
        let x = leaf(3.0);
        let a = &x * 2.0;
        let b = &a + 1.0;
        let y = &a * &b; // 4x^2 + 2x
        assert_eq!(y.backward().of(&x).item(), 26.0);
    }

    #[test]
    fn a_product_of_matrices_gives_each_factor_the_other_transposed() {
        let a = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]).with_grad();
        let b = Tensor::arange(0.0, 12.0, 1.0).reshape([3, 4]).with_grad();
        let grads = a.matmul(&b).sum().backward();
        assert_eq!(*grads.of(&a), b.sum_over(1, false).detach().expand([2, 3]));
        assert_eq!(*grads.of(&b), a.sum_over(0, false).detach().unsqueeze(1).expand([3, 4]));
    }

    #[test]
    fn what_was_broadcast_gets_the_sum_over_its_copies() {
        let x = Tensor::ones([2, 3]);
        let row = Tensor::from([1.0, 2.0, 3.0]).with_grad();
        let column = Tensor::from([[1.0], [2.0]]).with_grad();
        let grads = (&x * &row + &column).sum().backward();
        assert_eq!(*grads.of(&row), Tensor::from([2.0, 2.0, 2.0]));
        assert_eq!(*grads.of(&column), Tensor::from([[3.0], [3.0]]));
    }

    #[test]
    fn a_sum_gives_each_number_the_gradient_of_the_whole() {
        let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]).with_grad();
        let grads = (x.sum_over(1, false) * Tensor::from([10.0, 20.0])).sum().backward();
        assert_eq!(*grads.of(&x), Tensor::from([[10.0, 10.0], [20.0, 20.0]]));
    }

    #[test]
    #[should_panic(expected = "backward: a loss is one number, not [2]; use `mean()` or `sum()`")]
    fn a_loss_is_one_number() {
        (Tensor::from([1.0, 2.0]).with_grad() * 2.0).backward();
    }

    #[test]
    fn a_seed_of_its_own_weights_the_outputs() {
        let x = Tensor::from([1.0, 2.0]).with_grad();
        let gradient = Some(Tensor::from([1.0, 10.0]));
        let grads = (&x * &x).backward_with(BackwardOptions { gradient, ..Default::default() });
        assert_eq!(*grads.of(&x), Tensor::from([2.0, 40.0]));
    }

    #[test]
    #[should_panic(expected = "the graph at `mul` was given back by an earlier backward")]
    fn a_graph_is_walked_once() {
        let x = leaf(2.0);
        let y = &x * &x;
        y.backward();
        y.backward();
    }

    #[test]
    fn a_retained_graph_is_walked_again() {
        let x = leaf(2.0);
        let y = x.exp();
        let retain = BackwardOptions { retain_graph: true, ..Default::default() };
        let first = y.backward_with(retain).of(&x).item();
        assert_eq!(y.backward().of(&x).item(), first);
    }

    #[test]
    fn gradients_can_be_differentiated() {
        let create = || BackwardOptions { create_graph: true, ..Default::default() };
        let x = leaf(0.5);
        let y = x.tanh() * &x; // t + x(1 - t^2), then 2(1 - t^2)(1 - x t)
        let first = y.backward_with(create()).of(&x).clone();
        let t = 0.5_f32.tanh();
        assert!((first.item() - (t + 0.5 * (1.0 - t * t))).abs() < 1e-6);
        let second = first.backward().of(&x).item();
        assert!((second - 2.0 * (1.0 - t * t) * (1.0 - 0.5 * t)).abs() < 1e-6);
        let cube = &x * &x * &x;
        let slope = cube.backward_with(create()).of(&x).clone();
        let curve = slope.backward_with(create()).of(&x).clone();
        assert_eq!((curve.item(), curve.backward().of(&x).item()), (3.0, 6.0));
    }

    #[test]
    fn only_what_the_loss_was_computed_from_has_a_gradient() {
        let (used, unused) = (leaf(1.0), leaf(1.0));
        let grads = (&used * 2.0).backward();
        assert!(grads.get(&unused).is_none() && grads.len() == 1);
        let frozen = (&used * 2.0).detach() * &unused;
        assert!(frozen.backward().get(&used).is_none());
    }

    #[test]
    fn nothing_flows_through_what_was_computed_without_recording() {
        let x = leaf(2.0);
        let y = no_grad(|| &x * 3.0);
        assert!(!y.requires_grad() && y.history().is_none());
        assert_eq!((&x * &y).backward().of(&x).item(), 6.0);
    }
}
