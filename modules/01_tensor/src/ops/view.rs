//! Views: another layout over the same numbers.

use crate::door::{Op, Reads, dispatch};
use crate::layout::Layout;
use crate::shape::{Integers, Shape, resolve_axis, resolve_extents};
use crate::tensor::Tensor;
use std::ops::{Bound, RangeBounds};

/// Defines a view: its name and its layout. Its gradient reads nothing but shapes.
macro_rules! view {
    ($op:ident $name:literal, |$self:ident, $x:ident| $forward:expr) => {
        impl Op for $op {
            fn name(&self) -> &'static str {
                $name
            }

            fn forward(&$self, x: &[&Tensor]) -> Tensor {
                let $x = x[0];
                $forward
            }

            fn reads(&self, _: usize) -> Reads {
                Reads::NOTHING
            }

            fn any_kind(&self) -> bool {
                true
            }
        }
    };
}

/// The same numbers in the same order under another shape. A view where strides can say it, else
/// a copy.
pub struct Reshape(pub Shape);
view!(Reshape "reshape", |self, x| match x.layout().reshaped(self.0) {
    Some(layout) => x.view(layout),
    None => x.contiguous().view(Layout::contiguous(self.0)),
});

/// Axis `i` of the result is axis `axes[i]` of the input.
pub struct Permute {
    /// Each axis of the input once.
    pub axes: Vec<usize>,
}
view!(Permute "permute", |self, x| x.view(x.layout().permuted(&self.axes)));

/// Repeated to a shape that the input broadcasts to, by strides of 0.
pub struct Expand(pub Shape);
view!(Expand "expand", |self, x| x.view(x.layout().expanded(self.0)));

/// Indices `start, start + step, …` of one axis, `len` of them.
#[derive(Clone, Copy)]
pub struct Slice {
    /// The axis that is cut.
    pub axis: usize,
    /// The first index taken.
    pub start: usize,
    /// How many are taken.
    pub len: usize,
    /// How far apart, at least 1.
    pub step: usize,
}
view!(Slice "slice", |self, x| {
    x.view(x.layout().sliced(self.axis, self.start, self.len, self.step))
});

/// What undoes a [`Slice`]: the numbers back in their places, zeros elsewhere.
pub struct SliceBackward {
    /// The slice that is undone.
    pub slice: Slice,
    /// The size of the axis before it was sliced.
    pub size: usize,
}

impl Op for SliceBackward {
    fn name(&self) -> &'static str {
        "slice_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let Slice { axis, start, len, step } = self.slice;
        let whole = Layout::contiguous(x[0].shape().with_size(axis, self.size));
        let places: Vec<u32> = (0..whole.shape().numel() as u32).collect();
        let places = whole.sliced(axis, start, len, step).gather(&places);
        let mut out = vec![0.0; whole.shape().numel()];
        for (place, v) in places.into_iter().zip(x[0].data().iter()) {
            out[place as usize] = *v;
        }
        Tensor::from_vec(out, whole.shape())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

impl Tensor {
    /// The same numbers in the same order as `[sizes…]`, one of which may be -1: whatever is
    /// left. A view when the strides allow it, else a copy.
    ///
    /// # Panics
    /// When the sizes do not multiply to the number of numbers.
    #[track_caller]
    pub fn reshape(&self, sizes: impl Integers) -> Tensor {
        self.reshaped(resolve_extents(self.shape(), sizes))
    }

    fn reshaped(&self, shape: Shape) -> Tensor {
        dispatch(Reshape(shape), &[self])
    }

    /// The axes in another order: axis `i` of the result is axis `axes[i]` of this.
    ///
    /// # Panics
    /// When `axes` does not name each axis once.
    #[track_caller]
    pub fn permute(&self, axes: impl Integers) -> Tensor {
        let mut order = Vec::with_capacity(self.ndim());
        axes.each(&mut |axis| order.push(axis));
        let ndim = self.ndim();
        let mut seen = order.iter().map(|&a| resolve_axis("permute", a, ndim)).collect::<Vec<_>>();
        let axes = seen.clone();
        seen.sort_unstable();
        assert!(
            seen.into_iter().eq(0..ndim),
            "permute: {order:?} does not name each of the {ndim} axes of {} once; list them in \
             their new order",
            self.shape()
        );
        dispatch(Permute { axes }, &[self])
    }

    /// With axes `a` and `b` exchanged.
    ///
    /// # Panics
    /// When one does not exist.
    #[track_caller]
    pub fn transpose(&self, a: isize, b: isize) -> Tensor {
        let ndim = self.ndim();
        let (a, b) = (resolve_axis("transpose", a, ndim), resolve_axis("transpose", b, ndim));
        let mut axes: Vec<usize> = (0..ndim).collect();
        axes.swap(a, b);
        dispatch(Permute { axes }, &[self])
    }

    /// The transposed matrix: `[m, n] -> [n, m]`. Vectors and single numbers stay as they are.
    ///
    /// # Panics
    /// With more than two axes; name them with `transpose`.
    #[track_caller]
    pub fn t(&self) -> Tensor {
        assert!(
            self.ndim() <= 2,
            "t: {} has more than two axes; name the two with `transpose(a, b)`",
            self.shape()
        );
        if self.ndim() < 2 { self.clone() } else { self.transpose(0, 1) }
    }

    /// Without axis `axis`, if its size is 1; else as it is.
    ///
    /// # Panics
    /// When there is no such axis.
    #[track_caller]
    pub fn squeeze(&self, axis: isize) -> Tensor {
        let axis = resolve_axis("squeeze", axis, self.ndim());
        if self.shape().size(axis) != 1 {
            return self.clone();
        }
        self.without_axis(axis)
    }

    fn without_axis(&self, axis: usize) -> Tensor {
        let mut sizes = self.shape().to_vec();
        sizes.remove(axis);
        self.reshaped(Shape::from(sizes))
    }

    /// Without all axes of size 1.
    pub fn squeeze_all(&self) -> Tensor {
        let sizes: Vec<usize> = self.shape().iter().filter(|&n| n != 1).collect();
        self.reshaped(Shape::from(sizes))
    }

    /// With a new axis of size 1, which is axis `axis` of the result.
    ///
    /// # Panics
    /// When the result has no such axis.
    #[track_caller]
    pub fn unsqueeze(&self, axis: isize) -> Tensor {
        let axis = resolve_axis("unsqueeze", axis, self.ndim() + 1);
        let mut sizes = self.shape().to_vec();
        sizes.insert(axis, 1);
        self.reshaped(Shape::from(sizes))
    }

    /// All axes from `start` on merged into one; `flatten(0)` gives a vector.
    ///
    /// # Panics
    /// When there is no axis `start`.
    #[track_caller]
    pub fn flatten(&self, start: isize) -> Tensor {
        self.flatten_range(start, -1)
    }

    /// Axes `start` to `end`, both included, merged into one.
    ///
    /// # Panics
    /// When one does not exist, or `end` is before `start`.
    #[track_caller]
    pub fn flatten_range(&self, start: isize, end: isize) -> Tensor {
        if self.ndim() == 0 {
            return self.reshaped(Shape::from([1]));
        }
        let first = resolve_axis("flatten", start, self.ndim());
        let last = resolve_axis("flatten", end, self.ndim());
        assert!(first <= last, "flatten: axis {end} comes before axis {start}; swap them");
        let mut sizes = self.shape().to_vec();
        let merged = sizes.drain(first..=last).product();
        sizes.insert(first, merged);
        self.reshaped(Shape::from(sizes))
    }

    /// Indices `start..start + len` of `axis`.
    ///
    /// # Panics
    /// When they are not all inside.
    #[track_caller]
    pub fn narrow(&self, axis: isize, start: usize, len: usize) -> Tensor {
        let axis = resolve_axis("narrow", axis, self.ndim());
        let size = self.shape().size(axis);
        assert!(
            start.checked_add(len).is_some_and(|end| end <= size),
            "narrow: {len} indices from {start} on are not inside axis {axis} of {}, which ends at \
             {size}",
            self.shape()
        );
        dispatch(Slice { axis, start, len, step: 1 }, &[self])
    }

    /// The indices of `axis` that lie in a range: `x.slice(0, 2..5)`, `x.slice(-1, ..3)`.
    ///
    /// # Panics
    /// When the range is not inside the axis.
    #[track_caller]
    pub fn slice(&self, axis: isize, range: impl RangeBounds<usize>) -> Tensor {
        self.slice_step(axis, range, 1)
    }

    /// Every `step`-th index of a range of `axis`, from its start on.
    ///
    /// # Panics
    /// When the range is not inside the axis, or `step` is 0.
    #[track_caller]
    pub fn slice_step(&self, axis: isize, range: impl RangeBounds<usize>, step: usize) -> Tensor {
        let axis = resolve_axis("slice", axis, self.ndim());
        let size = self.shape().size(axis);
        let start = match range.start_bound() {
            Bound::Included(&i) => i,
            Bound::Excluded(&i) => i + 1,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&i) => i + 1,
            Bound::Excluded(&i) => i,
            Bound::Unbounded => size,
        };
        assert!(
            start <= end && end <= size,
            "slice: {start}..{end} is not inside axis {axis} of {}, which is 0..{size}",
            self.shape()
        );
        assert!(step > 0, "slice: a step of 0 never arrives; use 1 or more");
        dispatch(Slice { axis, start, len: (end - start).div_ceil(step), step }, &[self])
    }

    /// Index `index` of `axis`, which goes away: `[a, b, c].select(1, i) -> [a, c]`.
    ///
    /// # Panics
    /// When it is not inside.
    #[track_caller]
    pub fn select(&self, axis: isize, index: usize) -> Tensor {
        let axis = resolve_axis("select", axis, self.ndim());
        assert!(
            index < self.shape().size(axis),
            "select: index {index} is not inside axis {axis} of {}; indices count from 0",
            self.shape()
        );
        let one = dispatch(Slice { axis, start: index, len: 1, step: 1 }, &[self]);
        one.without_axis(axis)
    }

    /// Repeated to `shape`, to which this broadcasts; nothing is copied.
    ///
    /// # Panics
    /// When it does not broadcast to `shape`.
    #[track_caller]
    pub fn expand(&self, shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        assert!(
            self.shape().broadcast(&shape) == Some(shape),
            "expand: {} does not broadcast to {shape}; only axes of size 1, or new ones in \
             front, can be repeated",
            self.shape()
        );
        if self.shape() == shape { self.clone() } else { dispatch(Expand(shape), &[self]) }
    }

    /// Another word for [`expand`](Self::expand).
    ///
    /// # Panics
    /// As `expand`.
    #[track_caller]
    pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Tensor {
        self.expand(shape)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(shape: impl Into<Shape>) -> Tensor {
        let shape = shape.into();
        Tensor::arange(0.0, shape.numel() as f32, 1.0).reshape(shape)
    }

    #[test]
    fn views_share_the_numbers() {
        let x = counted([2, 3, 4]);
        let views = [
            x.reshape([6, -1]),
            x.permute([2, 0, 1]),
            x.slice_step(1, .., 2),
            x.select(0, 1),
            x.unsqueeze(-1).squeeze(-1),
            x.flatten(1),
            x.t_of_last_two(),
        ];
        assert!(views.iter().all(|v| v.shares_storage(&x)));
    }

    impl Tensor {
        fn t_of_last_two(&self) -> Tensor {
            self.transpose(-1, -2)
        }
    }

    #[test]
    fn a_transposed_matrix_reads_columns() {
        let x = counted([2, 3]);
        assert_eq!(x.t().to_vec(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(x.t().reshape([6]).to_vec(), x.t().to_vec(), "a copy, in the view's order");
    }

    #[test]
    fn slices_are_those_of_python() {
        let x = counted([10]);
        assert_eq!(x.slice(0, 2..5).to_vec(), [2.0, 3.0, 4.0]);
        assert_eq!(x.slice_step(0, 1..8, 3).to_vec(), [1.0, 4.0, 7.0]);
        assert_eq!(x.slice(0, ..=1).to_vec(), [0.0, 1.0]);
        assert_eq!(x.slice(0, 10..).shape(), [0]);
        assert_eq!(x.narrow(0, 8, 2).slice_step(0, .., 5).to_vec(), [8.0]);
    }

    #[test]
    fn an_empty_tensor_is_sliced_like_any_other() {
        assert_eq!(counted([0, 4]).slice(1, 2..).to_vec(), []);
        assert_eq!(counted([3, 0]).select(0, 2).to_vec(), []);
    }

    #[test]
    fn undoing_a_slice_puts_the_numbers_back_among_zeros() {
        let slice = Slice { axis: 0, start: 1, len: 2, step: 2 };
        let back = dispatch(SliceBackward { slice, size: 4 }, &[&Tensor::from([5.0, 6.0])]);
        assert_eq!(back.to_vec(), [0.0, 5.0, 0.0, 6.0]);
    }

    #[test]
    #[should_panic(expected = "reshape: [2, 3] has 6 numbers, which do not fill [4, 2]")]
    fn a_reshape_keeps_the_number_of_numbers() {
        counted([2, 3]).reshape([4, 2]);
    }

    #[test]
    #[should_panic(expected = "permute: [0, 0] does not name each of the 2 axes of [2, 3] once")]
    fn a_permutation_names_each_axis_once() {
        counted([2, 3]).permute([0, 0]);
    }

    #[test]
    fn flattening_a_single_number_gives_a_vector_of_one() {
        assert_eq!(Tensor::from(3.0).flatten(0).shape(), [1]);
        assert_eq!(counted([2, 3, 4]).flatten_range(0, 1).shape(), [6, 4]);
        assert_eq!(counted([1, 3, 1]).squeeze_all().shape(), [3]);
    }
}
