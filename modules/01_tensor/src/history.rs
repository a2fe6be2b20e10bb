//! Where a tensor came from.

use crate::door::{Op, Reads};
use crate::tensor::{Tensor, TensorId};
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The op of a recorded computation and what its gradient will need.
///
/// What is kept can be taken out through a shared reference, because that is what lets
/// `backward(&self)` give memory back while the loss, and any output the user holds, lives on.
pub struct History {
    op: Arc<dyn Op>,
    saved: Mutex<Option<Saved>>,
}

/// The inputs of an op and its output, as far as the gradient rules of the op read them.
///
/// The output has no history here, so that a history never holds itself.
#[derive(Clone)]
pub struct Saved {
    /// The inputs; those that no rule reads have a shape and a place in the graph, but no numbers.
    pub inputs: Inputs,
    /// The output, if a rule reads it; few do, so it is not kept in line.
    pub output: Option<Box<Tensor>>,
}

impl History {
    /// How `y`, which is to have this id, was computed: by `op` of `x`.
    ///
    /// Each arm allocates for itself, so that the inputs are written where they will stay: a few
    /// hundred bytes passed from hand to hand would be copied each time, a fifth of the cost of
    /// a small op.
    #[inline]
    pub(crate) fn new(
        op: Arc<dyn Op>,
        reads: Reads,
        x: &[&Tensor],
        y: &Tensor,
        id: TensorId,
    ) -> Arc<Self> {
        let output = reads.output().then(|| Box::new(y.detach().under(id)));
        let keep = |i: usize| x[i].kept(reads.has_input(i));
        match x.len() {
            1 => Self::of(op, Inputs::One([keep(0)]), output),
            2 => Self::of(op, Inputs::Two([keep(0), keep(1)]), output),
            n => Self::of(op, Inputs::Many((0..n).map(keep).collect()), output),
        }
    }

    #[inline(always)]
    fn of(op: Arc<dyn Op>, inputs: Inputs, output: Option<Box<Tensor>>) -> Arc<Self> {
        Arc::new(Self { op, saved: Mutex::new(Some(Saved { inputs, output })) })
    }

    /// The op that was computed.
    #[inline]
    pub fn op(&self) -> &Arc<dyn Op> {
        &self.op
    }

    /// What was saved, leaving nothing behind. `None`: it was taken before.
    pub fn take(&self) -> Option<Saved> {
        self.lock().take()
    }

    /// Looks at what was saved. `None`: it was taken before.
    pub fn look<R>(&self, f: impl FnOnce(Option<&Saved>) -> R) -> R {
        f(self.lock().as_ref())
    }

    /// Hands over the histories of the inputs.
    #[inline]
    fn give_up(&mut self, waiting: &mut Vec<Arc<History>>) {
        if let Some(saved) = self.saved.get_mut().unwrap_or_else(PoisonError::into_inner) {
            waiting.extend(saved.inputs.iter_mut().filter_map(Tensor::take_history));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Saved>> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A loop, not the recursion the compiler would write: a chain of a million ops is a million
/// histories deep.
impl Drop for History {
    #[inline]
    fn drop(&mut self) {
        let mut waiting = Vec::new();
        self.give_up(&mut waiting);
        while let Some(history) = waiting.pop() {
            // Of several threads that let go of a history at once, exactly one gets it.
            if let Some(mut history) = Arc::into_inner(history) {
                history.give_up(&mut waiting);
            }
        }
    }
}

/// The inputs of one op. One or two, as almost all have, cost no allocation.
#[derive(Clone)]
pub enum Inputs {
    /// Of a unary op.
    One([Tensor; 1]),
    /// Of a binary op.
    Two([Tensor; 2]),
    /// Of the rest.
    Many(Vec<Tensor>),
}

impl Deref for Inputs {
    type Target = [Tensor];

    fn deref(&self) -> &[Tensor] {
        match self {
            Self::One(x) => x,
            Self::Two(x) => x,
            Self::Many(x) => x,
        }
    }
}

impl DerefMut for Inputs {
    fn deref_mut(&mut self) -> &mut [Tensor] {
        match self {
            Self::One(x) => x,
            Self::Two(x) => x,
            Self::Many(x) => x,
        }
    }
}
