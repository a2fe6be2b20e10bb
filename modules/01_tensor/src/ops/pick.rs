//! Numbers picked by index, and their way back.

use super::{by_kind, only_floats};
use crate::door::{Op, Reads, dispatch};
use crate::layout::Layout;
use crate::shape::{Shape, resolve_axis};
use crate::storage::Element;
use crate::tensor::Tensor;

/// `y[i, j] = x[index[i, j], j]` along axis 0, and so for other axes: inputs `x`, `index`.
pub struct Gather {
    /// The axis that the indices are of.
    pub axis: usize,
}

impl Op for Gather {
    fn name(&self) -> &'static str {
        "gather"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let places = places(x[1], self.axis, x[0].shape());
        by_kind!(x[0], T => {
            let values = x[0].elements::<T>();
            Tensor::from_vec(places.map(|p| values[p]).collect(), x[1].shape())
        })
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }
}

/// `y[index[i, j], j] += x[i, j]` along axis 0, from zeros: what undoes a [`Gather`].
pub struct ScatterAdd {
    /// The axis that the indices are of.
    pub axis: usize,
    /// The shape of the result.
    pub shape: Shape,
}

impl Op for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let mut out = vec![0.0; self.shape.numel()];
        for (place, v) in places(x[1], self.axis, self.shape).zip(x[0].data().iter()) {
            out[place] += v;
        }
        Tensor::from_vec(out, self.shape)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }
}

/// For each index in row-major order, the place in a contiguous tensor of `shape` that it means:
/// its own coordinates, but along `axis` the index.
fn places(index: &Tensor, axis: usize, shape: Shape) -> impl Iterator<Item = usize> {
    let all: Vec<u32> = (0..shape.numel() as u32).collect();
    let stride = Layout::contiguous(shape).stride(axis);
    let mut corner = Layout::contiguous(shape);
    for (i, n) in index.shape().iter().enumerate() {
        corner = match i == axis {
            // Along the axis itself every coordinate counts from 0.
            true => corner.sliced(i, 0, shape.size(i).min(1), 1),
            false => corner.sliced(i, 0, n, 1),
        };
    }
    let starts = corner.expanded(index.shape()).gather(&all);
    let steps = index.to_vec_i32().into_iter().map(move |i| i as usize * stride);
    starts.into_iter().zip(steps).map(|(start, step)| start as usize + step)
}

/// Slices `index[0], index[1], …` of an axis, in this order: inputs `x`, `index` of `[k]`.
pub struct IndexSelect {
    /// The axis that the indices are of.
    pub axis: usize,
}

impl Op for IndexSelect {
    fn name(&self) -> &'static str {
        "index_select"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        by_kind!(x[0], T => selected::<T>(x[0], &x[1].ints(), self.axis))
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }
}

fn selected<T: Element>(x: &Tensor, index: &[i32], axis: usize) -> Tensor {
    let (values, shape) = (x.elements::<T>(), x.shape());
    let (outer, size, inner) = around(shape, axis);
    let mut out = Vec::with_capacity(outer * index.len() * inner);
    for block in 0..outer {
        for &i in index {
            let start = (block * size + i as usize) * inner;
            out.extend_from_slice(&values[start..start + inner]);
        }
    }
    Tensor::from_vec(out, shape.with_size(axis, index.len()))
}

/// The number of indices before the axis, along it, and behind it.
fn around(shape: Shape, axis: usize) -> (usize, usize, usize) {
    let outer = shape.iter().take(axis).product();
    (outer, shape.size(axis), shape.iter().skip(axis + 1).product())
}

/// Slice `i` of the input added to slice `index[i]` of zeros: what undoes an [`IndexSelect`].
pub struct IndexAdd {
    /// The axis that the indices are of.
    pub axis: usize,
    /// The size of that axis in the result.
    pub size: usize,
}

impl Op for IndexAdd {
    fn name(&self) -> &'static str {
        "index_add"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let shape = x[0].shape().with_size(self.axis, self.size);
        let (outer, size, inner) = around(shape, self.axis);
        let (values, index) = (x[0].data(), x[1].ints());
        let mut out = vec![0.0; shape.numel()];
        let starts = (0..outer)
            .flat_map(|block| index.iter().map(move |&i| (block * size + i as usize) * inner));
        for (start, row) in starts.zip(values.chunks_exact(inner.max(1))) {
            let sums = out[start..start + inner].iter_mut();
            sums.zip(row).for_each(|(sum, v)| *sum += v);
        }
        Tensor::from_vec(out, shape)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }
}

/// A row of zeros with a 1 at the index, for each index.
pub struct OneHot {
    /// How long the rows are.
    pub classes: usize,
}

impl Op for OneHot {
    fn name(&self) -> &'static str {
        "one_hot"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let mut out = vec![0; x[0].numel() * self.classes];
        for (row, &i) in out.chunks_exact_mut(self.classes.max(1)).zip(x[0].ints().iter()) {
            row[i as usize] = 1;
        }
        Tensor::from_vec(out, [x[0].shape().to_vec(), vec![self.classes]].concat())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

/// # Panics
/// When `index` is not of integers, or one of them is not in `0..size`.
#[track_caller]
fn check_indices(op: &str, index: &Tensor, size: usize) {
    assert!(
        index.kind() == "i32",
        "{op}: an index holds integers, not {}; use `to_i32()`",
        index.kind()
    );
    if let Some(i) = index.ints().iter().find(|&&i| i < 0 || i as usize >= size) {
        panic!("{op}: index {i} is not in 0..{size}; indices count from 0, up to the size less 1")
    }
}

impl Tensor {
    /// One number per index along `axis`: `y[i, j] = x[index[i, j], j]` for axis 0.
    /// The result has the shape of `index`.
    ///
    /// # Panics
    /// When an index is outside, or `index` has another number of axes or is larger than this
    /// elsewhere than along `axis`.
    #[track_caller]
    pub fn gather(&self, axis: isize, index: &Tensor) -> Tensor {
        let axis = self.check_gather("gather", axis, index);
        check_indices("gather", index, self.shape().size(axis));
        dispatch(Gather { axis }, &[self, index])
    }

    #[track_caller]
    fn check_gather(&self, op: &str, axis: isize, index: &Tensor) -> usize {
        let axis = resolve_axis(op, axis, self.ndim());
        let (shape, wished) = (self.shape(), index.shape());
        let fits = wished.ndim() == shape.ndim()
            && (0..shape.ndim()).all(|i| i == axis || wished.size(i) <= shape.size(i));
        assert!(
            fits,
            "{op}: an index of {} does not fit {}; sizes may differ along axis {axis} only",
            index.shape(),
            self.shape()
        );
        axis
    }

    /// Zeros of `size` along `axis`, with every number added where its index says:
    /// `y[index[i, j], j] += x[i, j]` for axis 0. Undoes [`gather`](Self::gather).
    ///
    /// # Panics
    /// When an index is outside `0..size`, or the shapes of `self` and `index` differ.
    #[track_caller]
    pub fn scatter_add(&self, axis: isize, index: &Tensor, size: usize) -> Tensor {
        only_floats("scatter_add", self);
        assert!(
            index.shape() == self.shape(),
            "scatter_add: numbers of {} need as many indices, not {}",
            self.shape(),
            index.shape()
        );
        let axis = resolve_axis("scatter_add", axis, self.ndim());
        check_indices("scatter_add", index, size);
        dispatch(ScatterAdd { axis, shape: self.shape().with_size(axis, size) }, &[self, index])
    }

    /// Slices `index[0], index[1], …` along `axis`: rows of a table by their numbers.
    /// `[v, d]` and `[k] -> [k, d]` for axis 0.
    ///
    /// # Panics
    /// When `index` is not a vector of integers in `0..size`.
    #[track_caller]
    pub fn index_select(&self, axis: isize, index: &Tensor) -> Tensor {
        let axis = resolve_axis("index_select", axis, self.ndim());
        check_vector("index_select", index);
        check_indices("index_select", index, self.shape().size(axis));
        dispatch(IndexSelect { axis }, &[self, index])
    }

    /// Zeros of `size` along `axis`, with slice `i` added to slice `index[i]`.
    /// Undoes [`index_select`](Self::index_select).
    ///
    /// # Panics
    /// When `index` does not have one integer in `0..size` for each slice.
    #[track_caller]
    pub fn index_add(&self, axis: isize, index: &Tensor, size: usize) -> Tensor {
        only_floats("index_add", self);
        let axis = resolve_axis("index_add", axis, self.ndim());
        check_vector("index_add", index);
        assert!(
            index.numel() == self.shape().size(axis),
            "index_add: {} indices for {} slices along axis {axis} of {}",
            index.numel(),
            self.shape().size(axis),
            self.shape()
        );
        check_indices("index_add", index, size);
        dispatch(IndexAdd { axis, size }, &[self, index])
    }

    /// For each integer a row of zeros with a 1 in its place: `[…] -> […, classes]`, integers.
    ///
    /// # Panics
    /// When one is not in `0..classes`.
    #[track_caller]
    pub fn one_hot(&self, classes: usize) -> Tensor {
        check_indices("one_hot", self, classes);
        dispatch(OneHot { classes }, &[self])
    }
}

#[track_caller]
fn check_vector(op: &str, index: &Tensor) {
    assert!(index.ndim() == 1, "{op}: the index is a vector, not {}", index.shape());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gather_picks_along_the_named_axis() {
        let x = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let rows = x.gather(0, &Tensor::from([[1, 0, 1]]));
        assert_eq!(rows, Tensor::from([[4.0, 2.0, 6.0]]));
        let columns = x.gather(1, &Tensor::from([[2, 2], [0, 1]]));
        assert_eq!(columns, Tensor::from([[3.0, 3.0], [4.0, 5.0]]));
        assert_eq!(x.gather(1, &Tensor::from([[2]])), Tensor::from([[3.0]]));
    }

    #[test]
    fn what_is_scattered_to_one_place_adds_up() {
        let x = Tensor::from([[1.0, 2.0, 3.0]]);
        let sums = x.scatter_add(1, &Tensor::from([[1, 1, 0]]), 4);
        assert_eq!(sums, Tensor::from([[3.0, 3.0, 0.0, 0.0]]));
        let rows = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let sums = rows.index_add(0, &Tensor::from([2, 0, 2]), 3);
        assert_eq!(sums, Tensor::from([[3.0, 4.0], [0.0, 0.0], [6.0, 8.0]]));
    }

    #[test]
    fn index_select_takes_slices_in_the_order_asked_for() {
        let x = Tensor::from([[1, 2, 3], [4, 5, 6]]);
        let index = Tensor::from([2, 0, 2]);
        assert_eq!(x.index_select(1, &index), Tensor::from([[3, 1, 3], [6, 4, 6]]));
        assert_eq!(x.index_select(0, &Tensor::arange_i32(0)).shape(), [0, 3]);
    }

    #[test]
    fn one_hot_rows_have_a_single_one() {
        assert_eq!(Tensor::from([1, 0]).one_hot(3), Tensor::from([[0, 1, 0], [1, 0, 0]]));
        assert_eq!(Tensor::from(2).one_hot(3).shape(), [3]);
    }

    #[test]
    #[should_panic(expected = "index_select: index 2 is not in 0..2")]
    fn an_index_outside_is_refused() {
        Tensor::from([1.0, 2.0]).index_select(0, &Tensor::from([2]));
    }

    #[test]
    #[should_panic(expected = "gather: an index holds integers, not f32; use `to_i32()`")]
    fn floats_are_no_indices() {
        Tensor::from([1.0]).gather(0, &Tensor::from([0.0]));
    }
}
