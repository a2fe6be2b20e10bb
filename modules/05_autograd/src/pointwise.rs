//! The rule of functions of one number: the gradient times the slope.

use crate::rule::{Each, Gradient, Node, Rule};
use std::any::{Any, TypeId};
use std::marker::PhantomData;
use std::sync::Arc;
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Whether a slope is computed from the input or, where that is cheaper, from the output.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// From `x`.
    Input,
    /// From `y = f(x)`: the slope of `exp` is `y` itself.
    Output,
}

/// The rule of an op `y = f(x)` that treats every number alike: `g` times the slope of `f`.
pub struct Pointwise<O: 'static> {
    /// The name of the backward op, such as `exp_backward`.
    pub name: &'static str,
    /// What `slope` and `curve` are functions of.
    pub of: Of,
    /// `dy/dx`, from the op's settings and one number.
    pub slope: fn(&O, f32) -> f32,
    /// The derivative of `slope` with respect to that number, for second derivatives.
    pub curve: fn(&O, f32) -> f32,
}

impl<O: Op> Rule for Pointwise<O> {
    fn op(&self) -> TypeId {
        TypeId::of::<O>()
    }

    fn pass(&self, node: &Node, g: &Tensor, give: &mut dyn FnMut(usize, Tensor)) {
        let at = match self.of {
            Of::Input => node.x(0),
            Of::Output => node.y(),
        };
        let backward = PointwiseBackward::<O> {
            name: self.name,
            op: node.op.clone(),
            slope: self.slope,
            curve: Some(self.curve),
            of: PhantomData,
        };
        give(0, dispatch(backward, &[at, g]));
    }
}

/// `g` times the slope of `O` at each number: inputs the numbers, and `g`.
pub struct PointwiseBackward<O> {
    name: &'static str,
    op: Arc<dyn Op>,
    slope: fn(&O, f32) -> f32,
    /// The derivative of the slope; none where the slope is itself one, for second derivatives.
    pub curve: Option<fn(&O, f32) -> f32>,
    of: PhantomData<fn(&O)>,
}

impl<O: Op> PointwiseBackward<O> {
    /// The op whose slope it is.
    pub fn of(&self) -> &O {
        (&*self.op as &dyn Any).downcast_ref().expect("made from this op")
    }

    /// The same op with other functions.
    fn with(&self, slope: fn(&O, f32) -> f32, curve: Option<fn(&O, f32) -> f32>) -> Self {
        Self { name: self.name, op: self.op.clone(), slope, curve, of: PhantomData }
    }

    const BRINGS: Brought = &[&Gradient(&Each::<Self>(&[
        |op, node, h| {
            let Some(curve) = op.curve else {
                panic!("backward: `{}` has no third derivative", op.name)
            };
            dispatch(op.with(curve, None), &[node.x(0), &(node.x(1) * h)])
        },
        |op, node, h| dispatch(op.with(op.slope, op.curve), &[node.x(0), h]),
    ]))];
}

impl<O: Op> Op for PointwiseBackward<O> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (op, (at, g)) = (self.of(), (x[0].data(), x[1].data()));
        let product = at.iter().zip(g.iter()).map(|(&at, &g)| g * (self.slope)(op, at));
        Tensor::from_vec(product.collect(), x[0].shape())
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::ALL } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        Self::BRINGS
    }
}
