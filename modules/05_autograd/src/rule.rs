//! What a gradient rule is, and how the walk finds the one for an op.

use crate::rules::RULES;
use std::any::{Any, TypeId};
use std::sync::{Arc, LazyLock};
use tinytorch_tensor::{ByKey, History, Op, Saved, Shape, Storage, Tensor};

/// A computation on the way back: what its rule may look at.
pub struct Node<'a> {
    pub(crate) op: &'a Arc<dyn Op>,
    pub(crate) inputs: &'a [Tensor],
    pub(crate) output: Option<&'a Tensor>,
}

impl<'a> Node<'a> {
    #[inline]
    pub(crate) fn of(history: &'a History, saved: &'a Saved) -> Self {
        Self { op: history.op(), inputs: &saved.inputs, output: saved.output.as_deref() }
    }

    /// Input `i`.
    ///
    /// # Panics
    /// When the op's `reads` does not name it: its numbers were not kept.
    #[inline]
    #[track_caller]
    pub fn x(&self, i: usize) -> &Tensor {
        let x = &self.inputs[i];
        if let Storage::Released = x.storage() {
            let op = self.op.name();
            panic!("backward: the rule of `{op}` reads input {i}, which its `reads` does not name")
        }
        x
    }

    /// The output.
    ///
    /// # Panics
    /// When the op's `reads` does not name it: it was not kept.
    #[inline]
    #[track_caller]
    pub fn y(&self) -> &Tensor {
        let Some(y) = self.output else {
            let op = self.op.name();
            panic!("backward: the rule of `{op}` reads the output, which its `reads` does not name")
        };
        y
    }

    /// The shape of input `i`, which is always known.
    pub fn shape(&self, i: usize) -> Shape {
        self.inputs[i].shape()
    }

    /// The number of inputs.
    pub fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether there are no inputs: never, for a computation that was recorded.
    pub fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Whether a gradient is wanted for input `i`.
    pub fn wants(&self, i: usize) -> bool {
        self.inputs[i].requires_grad()
    }
}

/// How a gradient passes through an op. There are four forms: [`Each`], [`Broadcast`], [`Joint`]
/// and [`Pointwise`](crate::Pointwise).
pub trait Rule: Sync {
    /// The type of op it is for.
    fn op(&self) -> TypeId;

    /// From the gradient `g` of the output, calls `give` with the gradient of every input that
    /// the node wants one for.
    fn pass(&self, node: &Node, g: &Tensor, give: &mut dyn FnMut(usize, Tensor));
}

/// The gradient of one input, from the op, its node, and the gradient of the output.
pub type Share<O> = fn(&O, &Node, &Tensor) -> Tensor;

/// One closure per input; only those that are wanted run. Inputs beyond the last have no gradient,
/// and one that is wanted all the same is an error of the walk.
pub struct Each<O: 'static>(pub &'static [Share<O>]);

impl<O: Op> Rule for Each<O> {
    fn op(&self) -> TypeId {
        TypeId::of::<O>()
    }

    fn pass(&self, node: &Node, g: &Tensor, give: &mut dyn FnMut(usize, Tensor)) {
        let op = settings::<O>(node);
        for (i, share) in self.0.iter().enumerate().take(node.len()) {
            if node.wants(i) {
                give(i, share(op, node, g));
            }
        }
    }
}

/// As [`Each`], for ops that broadcast their inputs: a number that was repeated gets the sum of
/// what its copies get.
pub struct Broadcast<O: 'static>(pub &'static [Share<O>]);

impl<O: Op> Rule for Broadcast<O> {
    fn op(&self) -> TypeId {
        TypeId::of::<O>()
    }

    fn pass(&self, node: &Node, g: &Tensor, give: &mut dyn FnMut(usize, Tensor)) {
        Each(self.0).pass(node, g, &mut |i, share| match share.shape() == node.shape(i) {
            true => give(i, share),
            false => give(i, share.sum_to(node.shape(i))),
        });
    }
}

/// All gradients at once, for ops whose gradients share work, or that have any number of inputs.
///
/// The closure returns one entry per input; those of inputs that are not wanted are ignored.
pub struct Joint<O: 'static>(pub fn(&O, &Node, &Tensor) -> Vec<Option<Tensor>>);

impl<O: Op> Rule for Joint<O> {
    fn op(&self) -> TypeId {
        TypeId::of::<O>()
    }

    fn pass(&self, node: &Node, g: &Tensor, give: &mut dyn FnMut(usize, Tensor)) {
        let shares = self.0(settings::<O>(node), node, g);
        let wanted = shares.into_iter().enumerate().filter(|(i, _)| node.wants(*i));
        wanted.filter_map(|(i, share)| Some((i, share?))).for_each(|(i, share)| give(i, share));
    }
}

/// The op of a node as the type that its rule is for.
pub(crate) fn settings<'a, O: Op>(node: &'a Node) -> &'a O {
    (&**node.op as &dyn Any).downcast_ref().expect("a rule meets its own op")
}

/// What an op from module 09 on puts into [`Op::brings`] to be differentiable.
pub struct Gradient(pub &'static dyn Rule);

/// The rule of `op`: from the table of modules 01 to 04, or what the op brings.
pub(crate) fn find(op: &dyn Op) -> Option<&'static dyn Rule> {
    static BY_OP: LazyLock<ByKey<TypeId, &'static dyn Rule>> =
        LazyLock::new(|| RULES.iter().map(|rule| (rule.op(), *rule)).collect());
    let brought =
        |b: &&'static (dyn Any + Sync)| Some((*b as &dyn Any).downcast_ref::<Gradient>()?.0);
    let known = BY_OP.get(&op.type_id()).copied();
    known.or_else(|| op.brings().iter().find_map(brought))
}

#[cfg(test)]
mod tests {
    use crate::Backward;
    use tinytorch_losses::CrossEntropy;
    use tinytorch_tensor::Tensor;

    #[test]
    #[should_panic(expected = "`cross_entropy` has no gradient for input 2; `detach()` it")]
    fn a_share_that_no_rule_has_is_an_error_and_not_silently_absent() {
        let weight = Some(Tensor::from([1.0, 2.0]).with_grad());
        let loss = CrossEntropy { weight, ..CrossEntropy::default() };
        loss.of(&Tensor::from([[1.0, 2.0]]), &Tensor::from([0])).backward();
    }
}
