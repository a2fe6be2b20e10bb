//! The one door. Every computation of every module is an [`Op`] handed to [`dispatch`], so that
//! a later module can give all of them a new meaning (an [`Interpreter`] that times, counts or
//! casts) or a new implementation (a kernel: SIMD, int8, a GPU) without touching the modules
//! before it.
//!
//! ```text
//! dispatch -> interpreters, top first -> kernel or definition -> history, if wanted
//! ```
//!
//! History is written at the bottom, below the interpreters, so that what is differentiated is
//! what was really computed, the rounding of mixed precision included. PyTorch's dispatcher puts
//! autocast above autograd for the same reason.

use crate::history::History;
use crate::kernels::{compute, compute_update};
use crate::tensor::Tensor;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ops::BitOr;
use std::rc::Rc;
use std::sync::Arc;

/// A named computation with its settings, such as `MatMul` or `Sum { axes }`.
pub trait Op: Any + Send + Sync {
    /// The same word in code, profile, error and book: PyTorch's, where it has one.
    fn name(&self) -> &'static str;

    /// The definition: plain loops, and the reference every faster kernel is tested against.
    ///
    /// It may use tensor methods; what they compute on the way is neither recorded nor seen by
    /// interpreters, as it is this op that was asked for.
    fn forward(&self, x: &[&Tensor]) -> Tensor;

    /// What the gradient of input `input` looks at. Nothing else is kept for it.
    fn reads(&self, input: usize) -> Reads {
        let _ = input;
        Reads::ALL
    }

    /// Whether the definition works on any kind of storage, as one does that only arranges the
    /// layout.
    fn any_kind(&self) -> bool {
        false
    }

    /// What an op younger than module 05 brings along instead of registering it.
    fn brings(&self) -> Brought {
        &[]
    }
}

/// What an op carries for later modules, each thing found by its type: a gradient rule, say.
pub type Brought = &'static [&'static (dyn Any + Sync)];

/// Some of the inputs of an op, and perhaps its output: what a gradient rule reads.
///
/// Shapes are always at hand and need not be named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reads(u32); // bit 0 is the output, bit i + 1 is input i

impl Reads {
    /// Shapes only.
    pub const NOTHING: Reads = Reads(0);
    /// The output.
    pub const OUTPUT: Reads = Reads(1);
    /// Everything.
    pub const ALL: Reads = Reads(u32::MAX);

    /// Input `i`.
    ///
    /// # Panics
    /// When `i` is 31 or more: such an op keeps all or nothing.
    pub const fn input(i: usize) -> Reads {
        assert!(i < 31);
        Reads(2 << i)
    }

    /// Both; `|` in constants.
    pub const fn and(self, other: Reads) -> Reads {
        Reads(self.0 | other.0)
    }

    #[inline]
    pub(crate) fn output(self) -> bool {
        self.0 & 1 == 1
    }

    #[inline]
    pub(crate) fn has_input(self, i: usize) -> bool {
        self == Self::ALL || (i < 31 && self.0 >> (i + 1) & 1 == 1)
    }
}

impl BitOr for Reads {
    type Output = Reads;

    #[inline]
    fn bitor(self, other: Reads) -> Reads {
        self.and(other)
    }
}

/// Computes `op` of `x` as the interpreters of this thread, top first, see fit.
#[inline]
#[track_caller]
pub fn dispatch(op: impl Op, x: &[&Tensor]) -> Tensor {
    match STACK.with_borrow(Stack::clone) {
        Some(frame) => frame.interpret(&(Arc::new(op) as Arc<dyn Op>), x),
        None if !wants_history(x) => compute(&op, x),
        None => {
            let y = recording(false, || compute(&op, x));
            record(Arc::new(op), x, y)
        }
    }
}

/// Lets the interpreters below have the op.
#[track_caller]
pub fn pass_on(op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
    match STACK.with_borrow(Stack::clone) {
        Some(frame) => frame.interpret(op, x),
        None if !wants_history(x) => compute(&**op, x),
        None => {
            let y = recording(false, || compute(&**op, x));
            record(op.clone(), x, y)
        }
    }
}

#[inline]
fn wants_history(x: &[&Tensor]) -> bool {
    x.iter().any(|t| t.requires_grad()) && RECORDING.get()
}

/// `y`, remembering that it is `op` of `x`, and of `x` no more than the gradients will read.
#[inline]
fn record(op: Arc<dyn Op>, x: &[&Tensor], y: Tensor) -> Tensor {
    if y.kind() == "i32" {
        return y; // an index or a mask: nothing flows back through integers
    }
    let wanted = x.iter().enumerate().filter(|(_, t)| t.requires_grad());
    let reads = wanted.fold(Reads::NOTHING, |reads, (i, _)| reads | op.reads(i));
    let id = Tensor::next_id();
    let history = History::new(op, reads, x, &y, id);
    y.with_history(history, id)
}

/// Runs `f` with the recording of histories on or off on this thread.
#[inline]
pub fn recording<R>(on: bool, f: impl FnOnce() -> R) -> R {
    let _restore = RestoreRecording(RECORDING.replace(on));
    f()
}

/// Another meaning for computation.
///
/// Whatever an interpreter computes while it works, with [`pass_on`] or with tensor methods, goes
/// to the interpreters below it: it never sees itself.
pub trait Interpreter {
    /// What `op` of `x` is, here.
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor;

    /// What overwriting `targets` means, here.
    fn apply_update(&self, op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        pass_on_update(op, targets, x);
    }
}

/// Runs `f` with `top` laid over this thread's interpreters.
pub fn with<R>(top: Rc<dyn Interpreter>, f: impl FnOnce() -> R) -> R {
    let below = STACK.with_borrow(Stack::clone);
    let _restore = Restore::set(Some(Rc::new(Frame { top, below })));
    f()
}

/// A named computation that overwrites its targets: an optimizer step, an append to a cache.
pub trait Update: Any + Send + Sync {
    /// The same word in code, profile, error and book.
    fn name(&self) -> &'static str;

    /// Overwrites the targets: plain loops, and the reference for faster kernels.
    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]);
}

/// The side door, for what must happen in place. Never recorded: nothing flows back through it.
///
/// # Panics
/// When a target was computed by a recorded op, whose gradient would then be that of other
/// numbers.
#[track_caller]
pub fn update(op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    if let Some(history) = targets.iter().find_map(|t| t.history()) {
        let (name, source) = (op.name(), history.op().name());
        panic!("{name}: cannot overwrite the result of `{source}`; overwrite a `detach()` of it")
    }
    pass_on_update(op, targets, x);
}

/// Lets the interpreters below have the update.
pub fn pass_on_update(op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    match STACK.with_borrow(Stack::clone) {
        None => recording(false, || compute_update(op, targets, x)),
        Some(frame) => {
            let _restore = Restore::set(frame.below.clone());
            frame.top.apply_update(op, targets, x);
        }
    }
}

type Stack = Option<Rc<Frame>>;

struct Frame {
    top: Rc<dyn Interpreter>,
    below: Stack,
}

impl Frame {
    #[cold]
    fn interpret(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let _restore = Restore::set(self.below.clone());
        self.top.apply(op, x)
    }
}

thread_local! {
    static STACK: RefCell<Stack> = const { RefCell::new(None) };
    static RECORDING: Cell<bool> = const { Cell::new(true) };
}

/// Puts the previous stack back when dropped, also when unwinding.
struct Restore(Stack);

impl Restore {
    fn set(stack: Stack) -> Self {
        Restore(STACK.replace(stack))
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        STACK.set(self.0.take());
    }
}

struct RestoreRecording(bool);

impl Drop for RestoreRecording {
    #[inline]
    fn drop(&mut self) {
        RECORDING.set(self.0);
    }
}
