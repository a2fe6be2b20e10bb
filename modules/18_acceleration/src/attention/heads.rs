//! Where the numbers of each head are.
//!
//! Queries, keys and values are mostly views of one tensor `[n, t, 3, h, d]`, what the joint
//! projection gave. Nothing is copied to bring heads together: a head is a start and two strides.

#![expect(unsafe_code, reason = "numbers are read through pointers and strides")]

use super::product::Rows;
use std::ops::Range;
use tinytorch_attention::ScaledDotProductAttention;
use tinytorch_tensor::{Layout, Shape, Storage, Tensor};

/// A matrix in memory: number `[i, j]` is `i * row + j * step` behind the start.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

impl Matrix {
    /// From row `i` on.
    pub(super) fn from_row(self, i: usize) -> Self {
        Self { start: self.start.wrapping_add(i * self.row), ..self }
    }

    /// From column `j` on.
    pub(super) fn from_column(self, j: usize) -> Self {
        Self { start: self.start.wrapping_add(j * self.step), ..self }
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        Self { row: self.step, step: self.row, ..self }
    }
}

/// The matrices in the last two axes of a tensor.
pub(super) struct Matrices<'a> {
    numbers: &'a [f32],
    layout: Layout,
}

impl<'a> Matrices<'a> {
    /// None, if the tensor does not hold floats.
    pub(super) fn of(x: &'a Tensor) -> Option<Self> {
        match x.storage() {
            Storage::F32(numbers) => Some(Self { numbers, layout: *x.layout() }),
            _ => None,
        }
    }

    /// Matrix number `head`, counted over all axes before the last two.
    pub(super) fn at(&self, head: usize) -> Matrix {
        let place = MatrixPlace::of(&self.layout, head);
        Matrix {
            start: self.numbers.as_ptr().wrapping_add(place.start),
            row: place.row,
            step: place.step,
        }
    }
}

/// Where in storage the numbers of a matrix are.
#[derive(Clone, Copy)]
pub(super) struct MatrixPlace {
    start: usize,
    row: usize,
    step: usize,
}

impl MatrixPlace {
    /// Those of matrix number `head`.
    pub(super) fn of(layout: &Layout, mut head: usize) -> Self {
        let (mut start, matrix) = (layout.offset(), layout.shape().ndim() - 2);
        for axis in (0..matrix).rev() {
            let size = layout.shape().size(axis);
            start += head % size * layout.stride(axis);
            head /= size;
        }
        Self { start, row: layout.stride(matrix), step: layout.stride(matrix + 1) }
    }

    pub(super) fn at(self, i: usize, j: usize) -> usize {
        self.start + i * self.row + j * self.step
    }
}

/// Who may look where, as the definition has it: integers hide where they are 0, floats are added.
pub(super) struct Mask<'a> {
    numbers: Numbers<'a>,
    /// That of the weights `[…, t, s]`, to which the mask is expanded: its copies are not made.
    layout: Layout,
}

enum Numbers<'a> {
    Allowed(&'a [i32]),
    Added(&'a [f32]),
}

impl<'a> Mask<'a> {
    fn of(x: &'a Tensor, layout: Layout) -> Option<Self> {
        let numbers = match x.storage() {
            Storage::F32(numbers) => Numbers::Added(numbers),
            Storage::I32(numbers) => Numbers::Allowed(numbers),
            _ => return None,
        };
        Some(Self { numbers, layout })
    }

    /// What is added to the scores of these queries for these keys, written to `room`: a row per
    /// query, or one for all.
    pub(super) fn rows(
        &self,
        head: usize,
        queries: &Range<usize>,
        keys: &Range<usize>,
        room: Rows,
    ) -> Rows {
        let place = MatrixPlace::of(&self.layout, head);
        let (count, row) = if place.row == 0 { (1, 0) } else { (queries.len(), room.row) };
        for i in 0..count {
            // SAFETY: the caller's room, to the end of the line in which the keys end.
            let row = unsafe {
                std::slice::from_raw_parts_mut(room.at(i), keys.len().next_multiple_of(LINE))
            };
            let (row, rest) = row.split_at_mut(keys.len());
            let places = keys.clone().map(|j| place.at(queries.start + i, j));
            self.fill(places, row);
            rest.fill(0.0);
        }
        Rows { row, ..room }
    }

    fn fill(&self, places: impl Iterator<Item = usize>, row: &mut [f32]) {
        let pairs = row.iter_mut().zip(places);
        match self.numbers {
            Numbers::Added(numbers) => pairs.for_each(|(x, i)| *x = numbers[i]),
            Numbers::Allowed(allowed) => {
                let add = |allowed| if allowed == 0 { f32::NEG_INFINITY } else { 0.0 };
                pairs.for_each(|(x, i)| *x = add(allowed[i]));
            }
        }
    }
}

/// What attention is computed of.
pub(super) struct Heads<'a> {
    pub(super) op: ScaledDotProductAttention,
    pub(super) q: Matrices<'a>,
    pub(super) k: Matrices<'a>,
    pub(super) v: Matrices<'a>,
    pub(super) mask: Option<Mask<'a>>,
    /// How many heads of queries there are, over all sequences.
    pub(super) heads: usize,
    /// How many of these share a head of keys and values.
    pub(super) shared: usize,
    /// How many queries a head has.
    pub(super) queries: usize,
    /// How many keys.
    pub(super) keys: usize,
    /// How many numbers a query and a key have.
    pub(super) width: usize,
    /// How many a value has.
    pub(super) depth: usize,
}

impl<'a> Heads<'a> {
    /// None, if something is not kept as floats on the host (a mask may be of integers).
    pub(super) fn of(
        op: &ScaledDotProductAttention,
        [q, k, v]: [&'a Tensor; 3],
        mask: Option<&'a Tensor>,
    ) -> Option<Self> {
        let (queries, keys) = (q.size(-2), k.size(-2));
        let leading = |x: &Tensor| x.shape().iter().take(x.ndim() - 2).product::<usize>();
        let (heads, key_heads) = (leading(q), leading(k));
        let mask = match mask {
            Some(mask) => Some(Mask::of(mask, expanded(mask.layout(), q, keys))?),
            None => None,
        };
        Some(Self {
            op: *op,
            q: Matrices::of(q)?,
            k: Matrices::of(k)?,
            v: Matrices::of(v)?,
            mask,
            heads,
            shared: (heads / key_heads.max(1)).max(1),
            queries,
            keys,
            width: q.size(-1),
            depth: v.size(-1),
        })
    }

    /// How many keys query `i` may see by its place, the last query being at the last key.
    pub(super) fn seen(&self, i: usize) -> usize {
        match self.op.causal {
            true => (self.keys + i + 1).saturating_sub(self.queries).min(self.keys),
            false => self.keys,
        }
    }

    /// The first query that may see key `j`.
    pub(super) fn first_to_see(&self, j: usize) -> usize {
        match self.op.causal {
            true => (self.queries + j).saturating_sub(self.keys),
            false => 0,
        }
    }

    /// About how many multiplications a product of all queries of a head with all keys takes,
    /// hidden ones left out.
    pub(super) fn work(&self) -> usize {
        let pairs = self.queries * self.keys;
        let hidden = if self.op.causal { self.queries.min(self.keys).pow(2) / 2 } else { 0 };
        (pairs - hidden.min(pairs)) * self.width.max(self.depth).max(1)
    }
}

/// The layout of a mask, repeated to the weights `[…, t, keys]` of queries `q`.
pub(super) fn expanded(mask: &Layout, q: &Tensor, keys: usize) -> Layout {
    let mut weights = q.shape().to_vec();
    *weights.last_mut().expect("queries have a last axis") = keys;
    mask.expanded(Shape::from(weights))
}

/// Room for what a piece of work needs for itself, uncleared, each part at the start of a line of
/// the cache.
pub(super) struct Room {
    numbers: Vec<f32>,
    taken: usize,
}

/// Numbers in a line of the cache.
const LINE: usize = 16;

impl Room {
    /// For parts of these sizes together.
    pub(super) fn of(sizes: &[usize]) -> Self {
        let lines: usize = sizes.iter().map(|n| n.div_ceil(LINE)).sum();
        let numbers = Vec::with_capacity((lines + 1) * LINE);
        let bytes = numbers.as_ptr() as usize % (LINE * size_of::<f32>());
        let taken = (LINE - bytes / size_of::<f32>()) % LINE;
        Self { numbers, taken }
    }

    /// The next part, of `n` numbers that mean nothing yet.
    ///
    /// # Panics
    /// When there is no room left.
    pub(super) fn take(&mut self, n: usize) -> *mut f32 {
        let start = self.taken;
        self.taken += n.next_multiple_of(LINE);
        assert!(self.taken <= self.numbers.capacity());
        self.numbers.as_mut_ptr().wrapping_add(start)
    }
}
