//! Where the numbers of each head are.
//!
//! Queries, keys and values are mostly views of one tensor `[n, t, 3, h, d]`, what the joint
//! projection gave. Nothing is copied to bring heads together: a head is a start and two strides.

use super::mask::Mask;
use super::matrix::Matrix;
use tinytorch_attention::ScaledDotProductAttention;
use tinytorch_tensor::{Layout, Storage, Tensor};

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
    pub(super) row: usize,
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
    /// None, if something is not kept as floats on the host (a mask may be of integers), or the
    /// shapes are not those that the definition asks for.
    pub(super) fn of(
        op: &ScaledDotProductAttention,
        [q, k, v]: [&'a Tensor; 3],
        mask: Option<&'a Tensor>,
    ) -> Option<Self> {
        let (queries, keys) = (q.size(-2), k.size(-2));
        let leading = |x: &Tensor| x.shape().iter().take(x.ndim() - 2).product::<usize>();
        let (heads, key_heads) = (leading(q), leading(k));
        let shared = (heads / key_heads.max(1)).max(1);
        let pairs = leading(v) == key_heads && v.size(-2) == keys;
        if !pairs || heads != key_heads * shared || k.size(-1) != q.size(-1) {
            return None;
        }
        let mask = match mask {
            Some(mask) => Some(Mask::of(mask, q, keys)?),
            None => None,
        };
        Some(Self {
            op: *op,
            q: Matrices::of(q)?,
            k: Matrices::of(k)?,
            v: Matrices::of(v)?,
            mask,
            heads,
            shared,
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
