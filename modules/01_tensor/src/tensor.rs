//! The tensor itself: numbers, a layout, and a place in the graph.

use crate::history::History;
use crate::layout::Layout;
use crate::shape::{Shape, resolve_axis};
use crate::storage::{Buffer, Element, Storage};
use std::any::Any;
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Which tensor this is: what a gradient is filed under. Clones share it; an update keeps it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TensorId(u64);

impl TensorId {
    /// Handed out in blocks per thread, so that threads making tensors never contend.
    #[inline]
    fn next() -> Self {
        const BLOCK: u64 = 1 << 20;
        static BLOCKS: AtomicU64 = AtomicU64::new(0);
        thread_local!(static NEXT: Cell<u64> = const { Cell::new(0) });
        let mut id = NEXT.get();
        if id.is_multiple_of(BLOCK) {
            id = BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK;
        }
        NEXT.set(id + 1);
        TensorId(id)
    }
}

/// Numbers with a shape.
///
/// Cloning and views share the numbers; writing copies them first when they are shared, so that
/// no tensor ever changes under another's hands.
#[derive(Clone)]
pub struct Tensor {
    id: TensorId,
    layout: Layout,
    storage: Storage,
    requires_grad: bool,
    history: Option<Arc<History>>,
}

impl Tensor {
    /// A tensor of these numbers, row by row.
    ///
    /// # Panics
    /// When there are more or fewer numbers than `shape` has places.
    #[inline]
    #[track_caller]
    pub fn from_vec<T: Element>(values: Vec<T>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let (got, wanted) = (values.len(), shape.numel());
        assert!(
            got == wanted,
            "from_vec: {got} numbers do not fill {shape}, which takes {wanted}; give as many as \
             the sizes multiply to"
        );
        Self::from_storage(T::store(values), shape)
    }

    /// A tensor of numbers kept in any kind of storage, row by row from its start.
    #[inline]
    pub fn from_storage(storage: Storage, shape: impl Into<Shape>) -> Self {
        Self::with_layout(storage, Layout::contiguous(shape.into()))
    }

    /// A new tensor over `storage`, of no history.
    #[inline]
    pub(crate) fn with_layout(storage: Storage, layout: Layout) -> Self {
        Self { id: TensorId::next(), layout, storage, requires_grad: false, history: None }
    }

    /// A new tensor that shows the same numbers in another layout.
    #[inline]
    pub(crate) fn view(&self, layout: Layout) -> Self {
        Self::with_layout(self.storage.clone(), layout)
    }

    /// The sizes along the axes.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.layout.shape()
    }

    /// The number of axes; 0 for a single number.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.shape().ndim()
    }

    /// The size along `axis`; negative axes count from the end.
    ///
    /// # Panics
    /// When there is no such axis.
    #[track_caller]
    pub fn size(&self, axis: isize) -> usize {
        self.shape().size(resolve_axis("size", axis, self.ndim()))
    }

    /// The number of numbers.
    #[inline]
    pub fn numel(&self) -> usize {
        self.shape().numel()
    }

    /// Shape, strides and offset together.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many numbers apart neighbors along each axis are stored.
    pub fn strides(&self) -> Vec<usize> {
        self.layout.strides()
    }

    /// Whether the numbers are stored in row-major order without gaps.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        self.layout.is_contiguous()
    }

    /// The kind of numbers: "f32", "i32", or one that a later module added.
    #[inline]
    pub fn kind(&self) -> &'static str {
        self.storage.kind()
    }

    /// Where the numbers are kept; with [`layout`](Self::layout), all a kernel needs.
    #[inline]
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// The buffer, if the numbers are kept in one of type `B`.
    pub fn buffer<B: Buffer>(&self) -> Option<&B> {
        match &self.storage {
            Storage::Other(buffer) => (&**buffer as &dyn Any).downcast_ref(),
            _ => None,
        }
    }

    /// Whether `self` and `other` are views of the same numbers.
    pub fn shares_storage(&self, other: &Tensor) -> bool {
        self.storage.address() == other.storage.address()
    }

    /// The floats in row-major order: borrowed when the tensor is contiguous, gathered otherwise.
    ///
    /// # Panics
    /// When the tensor does not hold floats on the host; `to_f32` converts.
    #[inline]
    #[track_caller]
    pub fn data(&self) -> Cow<'_, [f32]> {
        self.elements()
    }

    /// The integers in row-major order, as [`data`](Self::data) gives floats.
    ///
    /// # Panics
    /// When the tensor does not hold integers; `to_i32` converts.
    #[inline]
    #[track_caller]
    pub fn ints(&self) -> Cow<'_, [i32]> {
        self.elements()
    }

    #[inline]
    #[track_caller]
    pub(crate) fn elements<T: Element>(&self) -> Cow<'_, [T]> {
        let (values, layout) = self.stored();
        match layout.is_contiguous() {
            true => Cow::Borrowed(&values[layout.offset()..layout.offset() + self.numel()]),
            false => Cow::Owned(layout.gather(values)),
        }
    }

    /// All numbers of the storage, and which of them are this tensor's.
    #[inline]
    #[track_caller]
    pub(crate) fn stored<T: Element>(&self) -> (&[T], &Layout) {
        match T::read(&self.storage) {
            Some(values) => (values, &self.layout),
            None => wrong_kind(T::KIND, self.kind()),
        }
    }

    /// The floats, row by row.
    ///
    /// # Panics
    /// As [`data`](Self::data).
    #[track_caller]
    pub fn to_vec(&self) -> Vec<f32> {
        self.data().into_owned()
    }

    /// The integers, row by row.
    ///
    /// # Panics
    /// As [`ints`](Self::ints).
    #[track_caller]
    pub fn to_vec_i32(&self) -> Vec<i32> {
        self.ints().into_owned()
    }

    /// The one number of a tensor of one.
    ///
    /// # Panics
    /// When there are none or several, or they are not floats.
    #[inline]
    #[track_caller]
    pub fn item(&self) -> f32 {
        self.only()
    }

    /// The one integer of a tensor of one.
    ///
    /// # Panics
    /// When there are none or several, or they are not integers.
    #[track_caller]
    pub fn item_i32(&self) -> i32 {
        self.only()
    }

    #[inline]
    #[track_caller]
    fn only<T: Element>(&self) -> T {
        let shape = self.shape();
        assert!(shape.numel() == 1, "item: {shape} is not one number; pick one with `at`");
        let (values, layout) = self.stored();
        values[layout.offset()]
    }

    /// The float at `index`, one number per axis: `x.at([i, j])`.
    ///
    /// # Panics
    /// When the index is not inside the shape, or the numbers are not floats.
    #[track_caller]
    pub fn at<const N: usize>(&self, index: [usize; N]) -> f32 {
        let (values, layout) = self.stored();
        values[layout.position(&index)]
    }

    /// The integer at `index`, one number per axis.
    ///
    /// # Panics
    /// When the index is not inside the shape, or the numbers are not integers.
    #[track_caller]
    pub fn at_i32<const N: usize>(&self, index: [usize; N]) -> i32 {
        let (values, layout) = self.stored();
        values[layout.position(&index)]
    }

    /// The floats, writable and in row-major order: in place when nothing else shares them, else
    /// a copy is made first.
    ///
    /// # Panics
    /// When they are not floats, or the tensor was computed by a recorded op: its gradient would
    /// be that of other numbers.
    #[track_caller]
    pub fn data_mut(&mut self) -> &mut [f32] {
        self.elements_mut()
    }

    /// The integers, writable, as [`data_mut`](Self::data_mut) gives floats.
    ///
    /// # Panics
    /// When they are not integers.
    #[track_caller]
    pub fn ints_mut(&mut self) -> &mut [i32] {
        self.elements_mut()
    }

    #[track_caller]
    fn elements_mut<T: Element>(&mut self) -> &mut [T] {
        self.check_writable();
        if !self.layout.is_contiguous() || T::write(&mut self.storage).is_none() {
            self.storage = T::store(self.elements().into_owned());
            self.layout = Layout::contiguous(self.shape());
        }
        let (start, len) = (self.layout.offset(), self.numel());
        let values = T::write(&mut self.storage).expect("just unshared");
        &mut values[start..start + len]
    }

    /// Other numbers of the same shape, row by row from the start of `storage`: how an update
    /// overwrites a kind of storage that cannot be written to from here. The id stays.
    ///
    /// # Panics
    /// When the tensor was computed by a recorded op, as for [`data_mut`](Self::data_mut).
    #[track_caller]
    pub fn replace_storage(&mut self, storage: Storage) {
        self.check_writable();
        self.storage = storage;
        self.layout = Layout::contiguous(self.shape());
    }

    #[inline]
    #[track_caller]
    fn check_writable(&self) {
        if let Some(history) = &self.history {
            let op = history.op().name();
            panic!("{op}: a computed tensor cannot be overwritten; overwrite a `detach()` of it")
        }
    }

    /// Which tensor this is.
    #[inline]
    pub fn id(&self) -> TensorId {
        self.id
    }

    /// Whether a gradient flows back to this tensor.
    #[inline]
    pub fn requires_grad(&self) -> bool {
        self.requires_grad
    }

    /// The same numbers as a parameter: what is computed from it remembers how.
    ///
    /// # Panics
    /// When they are not floats: integers have no gradient.
    #[track_caller]
    pub fn with_grad(self) -> Self {
        let mut leaf = Self { id: TensorId::next(), history: None, ..self };
        leaf.set_requires_grad(true);
        leaf
    }

    /// Turns the wish for a gradient on, or off to freeze a parameter. The id stays.
    ///
    /// # Panics
    /// When the tensor was computed (`detach()` it), or is to be turned on and is not of floats.
    #[track_caller]
    pub fn set_requires_grad(&mut self, on: bool) {
        assert!(
            self.history.is_none(),
            "requires_grad: a computed tensor requires a gradient when its inputs do; use `detach()`"
        );
        assert!(
            !on || self.kind() != "i32",
            "requires_grad: integers have no gradient; use `to_f32()` first"
        );
        self.requires_grad = on;
    }

    /// The same numbers, not remembering where they came from.
    pub fn detach(&self) -> Self {
        self.view(self.layout)
    }

    /// The computation this tensor came from, if it was recorded and not given back.
    #[inline]
    pub fn history(&self) -> Option<&Arc<History>> {
        self.history.as_ref()
    }

    /// As [`history`](Self::history), taken out of the tensor.
    pub fn take_history(&mut self) -> Option<Arc<History>> {
        self.history.take()
    }

    /// Under a new id always: a definition may hand back one of its inputs.
    #[inline]
    pub(crate) fn with_history(self, history: Arc<History>, id: TensorId) -> Self {
        Self { id, requires_grad: true, history: Some(history), ..self }
    }

    /// The same tensor under another id.
    #[inline]
    pub(crate) fn under(self, id: TensorId) -> Self {
        Self { id, ..self }
    }

    /// Given back its place in the graph, for rules that are differentiated themselves.
    pub fn attached(&self, history: &Arc<History>) -> Self {
        self.clone().with_history(history.clone(), self.id)
    }

    /// The same tensor with its place in the graph and its shape, but its numbers only if they
    /// are wanted.
    #[inline(always)]
    pub(crate) fn kept(&self, numbers: bool) -> Self {
        let storage = if numbers { self.storage.clone() } else { Storage::Released };
        Self { storage, history: self.history.clone(), ..*self }
    }

    /// The id that the next tensor of this thread gets.
    #[inline]
    pub(crate) fn next_id() -> TensorId {
        TensorId::next()
    }
}

#[cold]
#[track_caller]
fn wrong_kind(wanted: &str, kind: &str) -> ! {
    match kind {
        "released" => panic!(
            "backward: this op's `reads` does not name the numbers that its gradient rule reads"
        ),
        _ => panic!("these numbers are {kind}, not {wanted}; convert them with `to_{wanted}()`"),
    }
}

/// Equal shapes, kinds and numbers; NaN equals nothing, as in IEEE 754.
impl PartialEq for Tensor {
    fn eq(&self, other: &Tensor) -> bool {
        self.shape() == other.shape()
            && match (self.kind(), other.kind()) {
                ("f32", "f32") => self.data() == other.data(),
                ("i32", "i32") => self.ints() == other.ints(),
                _ => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_to_shared_numbers_copies_them_first() {
        let mut a = Tensor::from([1.0, 2.0, 3.0]);
        let b = a.clone();
        a.data_mut()[0] = 9.0;
        assert_eq!((a.at([0]), b.at([0])), (9.0, 1.0));
        let place = a.data().as_ptr();
        a.data_mut()[1] = 8.0;
        assert_eq!(place, a.data().as_ptr(), "nothing shares it any more: in place");
        assert_eq!(a.id(), b.id(), "an update keeps the id");
    }

    #[test]
    fn writing_to_a_view_leaves_the_rest_of_the_storage_alone() {
        let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        let mut column = x.select(1, 1);
        column.data_mut()[0] = 7.0;
        assert_eq!(column.to_vec(), [7.0, 4.0]);
        assert_eq!(x.to_vec(), [1.0, 2.0, 3.0, 4.0]);
    }

    #[test]
    fn a_replaced_storage_keeps_the_id_and_leaves_others_alone() {
        let mut w = Tensor::from([[1.0, 2.0], [3.0, 4.0]]).with_grad();
        let (id, old) = (w.id(), w.clone());
        w.replace_storage(f32::store(vec![5.0, 6.0, 7.0, 8.0]));
        assert_eq!(w.to_vec(), [5.0, 6.0, 7.0, 8.0]);
        assert_eq!((w.id(), w.requires_grad(), old.at([0, 0])), (id, true, 1.0));
    }

    #[test]
    #[should_panic(expected = "add: a computed tensor cannot be overwritten")]
    fn a_computed_tensor_keeps_its_storage() {
        let w = Tensor::from([1.0]).with_grad();
        (&w + &w).replace_storage(f32::store(vec![0.0]));
    }

    #[test]
    #[should_panic(expected = "from_vec: 3 numbers do not fill [2, 2], which takes 4")]
    fn numbers_must_fill_the_shape() {
        Tensor::from_vec(vec![1.0, 2.0, 3.0], [2, 2]);
    }

    #[test]
    #[should_panic(expected = "these numbers are i32, not f32; convert them with `to_f32()`")]
    fn integers_are_not_floats() {
        Tensor::from([1, 2]).to_vec();
    }

    #[test]
    fn two_tensors_of_equal_numbers_are_equal_whatever_their_layout() {
        let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        assert_eq!(x.t(), Tensor::from([[1.0, 3.0], [2.0, 4.0]]));
        assert_ne!(x, x.reshape([4]));
        assert_ne!(Tensor::from([1.0]), Tensor::from([1]));
        assert_ne!(Tensor::from([f32::NAN]), Tensor::from([f32::NAN]));
    }
}
