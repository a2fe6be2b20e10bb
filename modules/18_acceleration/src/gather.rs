//! Single numbers picked by index, and added up by index: `gather` and `scatter_add`.
//!
//! Number `j` of a row of the index means the number at `start + index[j] * stride + j * step`,
//! with the strides of the tensor that is picked from: it is read where it lies, whatever its
//! layout. A number costs a line of the cache, 64 bytes, unless its neighbors are picked too.

#![expect(unsafe_code, reason = "results are written once")]

use crate::copy::dense;
use crate::elementwise::pieces;
use crate::out;
use crate::rows::share_rows;
use crate::settings;
use tinytorch_tensor::{Gather, Kernels, Layout, MAX_NDIM, Op, ScatterAdd, Shape, Storage, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Gather>("f32", gather);
    kernels.on::<ScatterAdd>("f32", scatter_add);
}

fn gather(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let Storage::F32(numbers) = x[0].storage() else { return op.forward(x) };
    let (places, index) =
        (Places::new(x[0].layout(), settings::<Gather>(op).axis, x[1]), x[1].ints());
    let (places, index, width) = (&places, &*index, places.width);
    // SAFETY: every row is written, each by one range.
    unsafe {
        out::tensor(x[1].shape(), |out| {
            share_rows(places.rows, width, |range| {
                for row in range {
                    let part = row * width..(row + 1) * width;
                    let mut place = places.start(row);
                    for (to, &i) in out.part(part.clone()).iter_mut().zip(&index[part]) {
                        *to = numbers[place + i as usize * places.stride];
                        place += places.step;
                    }
                }
            })
        })
    }
}

fn scatter_add(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let ScatterAdd { axis, shape } = *settings(op);
    let places = Places::new(&Layout::contiguous(shape), axis, x[1]);
    let (numbers, index) = (dense(x[0]), x[1].ints());
    let (numbers, index, width) = (&*numbers, &*index, places.width);
    // SAFETY: all are set to 0 first.
    unsafe {
        out::tensor(shape, |out| {
            pieces(out.len(), |range| out.part(range).fill(0.0));
            let sums = out.part(0..out.len());
            for row in 0..places.rows {
                let part = row * width..(row + 1) * width;
                let mut place = places.start(row);
                for (x, &i) in numbers[part.clone()].iter().zip(&index[part]) {
                    sums[place + i as usize * places.stride] += x;
                    place += places.step;
                }
            }
        })
    }
}

/// Where the numbers are that an index along an axis means, by rows of the index.
struct Places {
    index: Shape,
    /// From one row of the index to the next, along each axis.
    strides: [usize; MAX_NDIM],
    offset: usize,
    /// What an index of 1 more adds.
    stride: usize,
    /// What the next number of the row adds.
    step: usize,
    rows: usize,
    width: usize,
}

impl Places {
    fn new(layout: &Layout, axis: usize, index: &Tensor) -> Self {
        let (shape, last) = (index.shape(), index.ndim() - 1);
        let mut strides = [0; MAX_NDIM];
        for other in (0..last).filter(|&other| other != axis) {
            strides[other] = layout.stride(other);
        }
        Self {
            index: shape,
            strides,
            offset: layout.offset(),
            stride: layout.stride(axis),
            step: if axis == last { 0 } else { layout.stride(last) },
            rows: shape.iter().take(last).product(),
            width: shape.size(last),
        }
    }

    /// Where a row begins, but for its indices.
    #[inline]
    fn start(&self, row: usize) -> usize {
        let (mut left, mut start) = (row, self.offset);
        for axis in (0..self.index.ndim() - 1).rev() {
            start += left % self.index.size(axis) * self.strides[axis];
            left /= self.index.size(axis);
        }
        start
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    #[test]
    fn numbers_are_picked_and_added_up_along_any_axis_to_the_bit() {
        let rng = &mut Rng::new(13);
        for shape in [&[5][..], &[6, 7], &[3, 4, 50], &[2, 3, 4, 5], &[300, 300], &[0, 3]] {
            for axis in 0..shape.len() {
                let mut of_index = shape.to_vec();
                of_index[axis] = shape[axis].min(4);
                // Smaller elsewhere, too: what is picked are corners.
                for (other, size) in of_index.iter_mut().enumerate() {
                    *size -= usize::from(other != axis && *size > 3);
                }
                let n = of_index.iter().product::<usize>();
                let ids = (0..n).map(|_| rng.below(shape[axis].max(1) as u64) as i32).collect();
                let index = Tensor::from_vec::<i32>(ids, of_index.as_slice());
                for x in layouts(shape, rng) {
                    assert_agrees(&Gather { axis }, gather, &[&x, &index], 0.0);
                }
                for x in layouts(&of_index, rng) {
                    let op = ScatterAdd { axis, shape: shape.into() };
                    assert_agrees(&op, scatter_add, &[&x, &index], 0.0);
                }
            }
        }
    }
}
