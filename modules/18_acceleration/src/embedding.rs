//! Slices picked by number and added up by number: embeddings and their gradients, `index_select`
//! and `index_add`.
//!
//! Both are of numbers `[outer, size, inner]` and an index of `k` along the middle: one copies `k`
//! slices of `inner` numbers for each `outer`, the other adds `k` of them up into `size` sums. Not
//! a multiplication among it; memory limits them, 8 and 12 bytes a number.
//!
//! **Sums that several threads add to.** A word that stands in many places gets the gradients of
//! all of them. If each thread took some of the places, two could add to one row at a time: with
//! locks or atomic additions, as on GPUs, the order of the sums, and so their last digits, would
//! depend on who came first. Here each thread takes some of the columns, for all places: no two
//! share a number, and every sum is taken in the order of the places, as in the definition.

#![expect(unsafe_code, reason = "results are written once, and by several threads")]

use crate::copy::dense;
use crate::elementwise::{ALONE, pieces};
use crate::level::level;
use crate::out::{self, Out};
use crate::rows::share_rows;
use crate::settings;
use crate::simd::vectorized;
use crate::threads::parallel;
use std::ops::Range;
use tinytorch_embeddings::{EmbeddingBackward, EmbeddingOp};
use tinytorch_tensor::{IndexAdd, IndexSelect, Kernels, Op, Shape, Tensor};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<EmbeddingOp>("f32", embedding);
    kernels.on::<EmbeddingBackward>("f32", embedding_backward);
    kernels.on::<IndexSelect>("f32", index_select);
    kernels.on::<IndexAdd>("f32", index_add);
}

fn embedding(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let [rows, dim] = x[0].shape().dims();
    let shape = x[1].shape().iter().chain([dim]).collect::<Vec<_>>();
    select(x[0], x[1], Middle { outer: 1, size: rows, inner: dim }, shape.into())
}

fn embedding_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let EmbeddingBackward { rows, padding_idx } = *settings(op);
    let dim = x[0].size(-1);
    let middle = Middle { outer: 1, size: rows, inner: dim };
    add_up(x[0], x[1], middle, padding_idx, [rows, dim].into())
}

fn index_select(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (axis, mut shape) = (settings::<IndexSelect>(op).axis, x[0].shape().to_vec());
    let middle = Middle::of(&shape, axis);
    shape[axis] = x[1].numel();
    select(x[0], x[1], middle, shape.into())
}

fn index_add(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let IndexAdd { axis, size } = *settings(op);
    let mut shape = x[0].shape().to_vec();
    shape[axis] = size;
    add_up(x[0], x[1], Middle::of(&shape, axis), None, shape.into())
}

/// Sizes before an axis, along it, and behind it.
#[derive(Clone, Copy)]
struct Middle {
    outer: usize,
    size: usize,
    inner: usize,
}

impl Middle {
    fn of(shape: &[usize], axis: usize) -> Self {
        let (outer, inner) = (&shape[..axis], &shape[axis + 1..]);
        Self { outer: outer.iter().product(), size: shape[axis], inner: inner.iter().product() }
    }

    /// Where slice `i` of block `block` lies.
    #[inline]
    fn slice(&self, block: usize, i: i32) -> Range<usize> {
        let start = (block * self.size + i as usize) * self.inner;
        start..start + self.inner
    }
}

/// The slices of `x` that the index names, for each block.
fn select(x: &Tensor, index: &Tensor, middle: Middle, shape: Shape) -> Tensor {
    let (numbers, index) = (dense(x), index.ints());
    let (numbers, index) = (&*numbers, &*index);
    let (k, inner) = (index.len(), middle.inner);
    // SAFETY: every slice of the result is written, each by one range.
    unsafe {
        out::tensor(shape, |out| {
            share_rows(middle.outer * k, inner, |range| {
                let part = out.part(range.start * inner..range.end * inner);
                let mut to = part.chunks_exact_mut(inner.max(1));
                each_slice(range, index, |block, i| {
                    let from = &numbers[middle.slice(block, i)];
                    if let Some(to) = to.next() {
                        to.copy_from_slice(from);
                    }
                });
            })
        })
    }
}

/// Calls `f` with the block and the index of each slice of `range`; they are counted block by
/// block, `index.len()` in each.
#[inline]
fn each_slice(range: Range<usize>, index: &[i32], mut f: impl FnMut(usize, i32)) {
    let k = index.len().max(1);
    let (mut block, mut at) = (range.start / k, range.start % k);
    for _ in range {
        f(block, index[at]);
        at += 1;
        if at == k {
            (block, at) = (block + 1, 0);
        }
    }
}

/// The slices of `x` added up by their index, for each block; those of index `skip` are left out.
fn add_up(x: &Tensor, index: &Tensor, middle: Middle, skip: Option<usize>, to: Shape) -> Tensor {
    let (numbers, index, level) = (dense(x), index.ints(), level());
    let (numbers, index) = (&*numbers, &*index);
    let skip = skip.map_or(-1, |id| id as i32);
    // SAFETY: all are set to 0 first.
    unsafe {
        out::tensor(to, |out| {
            pieces(out.len(), |range| out.part(range).fill(0.0));
            if numbers.len() <= ALONE {
                return add_columns(
                    level,
                    numbers,
                    index,
                    middle,
                    0..middle.outer,
                    skip,
                    0..middle.inner,
                    out,
                );
            }
            let strips = middle.inner.div_ceil(STRIP);
            parallel(middle.outer * strips, |piece| {
                let (block, start) = (piece / strips, piece % strips * STRIP);
                let columns = start..middle.inner.min(start + STRIP);
                add_columns(level, numbers, index, middle, block..block + 1, skip, columns, out);
            })
        })
    }
}

/// How many columns a thread adds up at a time: eight lines of the cache from each slice.
const STRIP: usize = 128;

vectorized! {
    /// Adds some columns of all slices of some blocks to their sums.
    fn add_columns<S>(
        numbers: &[f32],
        index: &[i32],
        middle: Middle,
        blocks: Range<usize>,
        skip: i32,
        columns: Range<usize>,
        out: Out<'_>,
    ) {
        let (mut from, width) = (blocks.start * index.len() * middle.inner, middle.inner);
        for block in blocks {
            for &i in index {
                let slice = &numbers[from..from + width][columns.clone()];
                from += width;
                if i == skip {
                    continue;
                }
                let start = middle.slice(block, i).start;
                // SAFETY: nobody else has these columns of this block.
                let sums = unsafe { out.part(start + columns.start..start + columns.end) };
                for (sum, x) in sums.iter_mut().zip(slice) {
                    *sum += x;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    fn ids(shape: &[usize], below: usize, rng: &mut Rng) -> Tensor {
        let n = shape.iter().product();
        let ids = (0..n).map(|_| rng.below(below as u64) as i32).collect();
        Tensor::from_vec::<i32>(ids, shape)
    }

    #[test]
    fn rows_are_looked_up_and_added_up_to_the_bit() {
        let rng = &mut Rng::new(11);
        for (rows, dim) in [(1, 1), (7, 5), (40, 64), (65, 130), (300, 257), (3, 0)] {
            for shape in [&[][..], &[1], &[9], &[4, 70], &[2, 3, 5], &[0]] {
                let ids = ids(shape, rows, rng);
                for weight in layouts(&[rows, dim], rng) {
                    let op = EmbeddingOp { padding_idx: None };
                    assert_agrees(&op, embedding, &[&weight, &ids], 0.0);
                }
                let of_g: Vec<usize> = shape.iter().copied().chain([dim]).collect();
                for g in layouts(&of_g, rng) {
                    for padding_idx in [None, Some(rows / 2)] {
                        let op = EmbeddingBackward { rows, padding_idx };
                        assert_agrees(&op, embedding_backward, &[&g, &ids], 0.0);
                    }
                }
            }
        }
    }

    #[test]
    fn slices_along_any_axis_are_picked_and_added_up_to_the_bit() {
        let rng = &mut Rng::new(12);
        for shape in [&[5][..], &[6, 7], &[3, 4, 50], &[2, 40, 3], &[70, 40, 30]] {
            for axis in 0..shape.len() {
                let size = shape[axis];
                for x in layouts(shape, rng) {
                    let some = ids(&[11], size, rng);
                    assert_agrees(&IndexSelect { axis }, index_select, &[&x, &some], 0.0);
                    let as_many = ids(&[size], 9, rng);
                    assert_agrees(&IndexAdd { axis, size: 9 }, index_add, &[&x, &as_many], 0.0);
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "out of range")]
    fn an_id_outside_is_not_looked_up() {
        embedding(&EmbeddingOp { padding_idx: None }, &[&Tensor::ones([3, 2]), &Tensor::from([3])]);
    }
}
