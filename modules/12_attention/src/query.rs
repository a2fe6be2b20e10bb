//! One query at a time: the weights of its keys.

use crate::attention::ScaledDotProductAttention;
use crate::causal::seen;
use crate::options::sharing;
use std::borrow::Cow;
use tinytorch_tensor::{Shape, Tensor};

/// Queries `[n, t, d]`, keys `[n / shared, s, d]` and what the mask adds, row by row.
pub(crate) struct Queries<'a> {
    op: ScaledDotProductAttention,
    q: Cow<'a, [f32]>,
    k: Cow<'a, [f32]>,
    bias: Option<Bias>,
    /// How many heads of queries there are, over all sequences.
    pub heads: usize,
    /// How many of these share a head of keys.
    pub shared: usize,
    /// How many queries there are in a head.
    pub len: usize,
    /// How many keys.
    pub keys: usize,
    /// How many numbers a query and a key have.
    pub width: usize,
}

impl<'a> Queries<'a> {
    pub fn new(
        op: &ScaledDotProductAttention,
        q: &'a Tensor,
        k: &'a Tensor,
        mask: Option<&Tensor>,
    ) -> Self {
        let shape = q.shape();
        let leading: Shape = shape.iter().take(shape.ndim() - 2).collect::<Vec<_>>().into();
        Self {
            op: *op,
            q: q.data(),
            k: k.data(),
            bias: mask.map(|mask| Bias::new(mask, leading)),
            heads: leading.numel(),
            shared: sharing(shape, k.shape()),
            len: q.size(-2),
            keys: k.size(-2),
            width: q.size(-1),
        }
    }

    /// Which query of all this is: the number of its row.
    pub fn row(&self, head: usize, i: usize) -> usize {
        head * self.len + i
    }

    /// Which row of the keys and values is key `j` of a head of queries.
    pub fn key_row(&self, head: usize, j: usize) -> usize {
        head / self.shared * self.keys + j
    }

    /// The numbers of query `i`.
    pub fn query(&self, head: usize, i: usize) -> &[f32] {
        row_of(&self.q, self.row(head, i), self.width)
    }

    /// The numbers of key `j`.
    pub fn key(&self, head: usize, j: usize) -> &[f32] {
        row_of(&self.k, self.key_row(head, j), self.width)
    }

    /// Writes the weights of the keys that query `i` may see by its place, and gives back how many
    /// these are; the others stay as they were. They sum to 1, or are all 0 if none may be seen.
    pub fn weigh(&self, head: usize, i: usize, weights: &mut [f32]) -> usize {
        let seen = if self.op.causal { seen(i, self.len, self.keys) } else { self.keys };
        let (query, weights) = (self.query(head, i), &mut weights[..seen]);
        for (j, score) in weights.iter_mut().enumerate() {
            *score = dot(query, self.key(head, j)) * self.op.scale;
        }
        if let Some(bias) = &self.bias {
            bias.add(head, i, weights);
        }
        softmax_or_nothing(weights);
        seen
    }

    /// What the weights of query `i` are multiplied by: 0 where dropout drops.
    pub fn factors(&self, head: usize, i: usize, factors: &mut [f32]) {
        match self.op.dropout {
            Some(dropout) => dropout.factors(self.row(head, i), factors),
            None => factors.fill(1.0),
        }
    }

    /// Where in the mask the entry for key 0 of query `i` is, and how far apart those of
    /// neighboring keys are.
    pub fn place_in_mask(&self, head: usize, i: usize) -> (usize, usize) {
        self.bias.as_ref().map_or((0, 0), |bias| bias.place(head, i))
    }
}

/// Row `i` of numbers that lie `width` to a row.
pub(crate) fn row_of(numbers: &[f32], i: usize, width: usize) -> &[f32] {
    &numbers[i * width..(i + 1) * width]
}

/// What is added to the products, in the mask's own shape: the copies that it stands for are not
/// made.
struct Bias {
    numbers: Vec<f32>,
    /// For each head, which of the mask's matrices is its.
    matrices: Vec<i32>,
    rows: usize,
    columns: usize,
}

impl Bias {
    fn new(mask: &Tensor, leading: Shape) -> Self {
        let may = |m: &i32| if *m == 0 { f32::NEG_INFINITY } else { 0.0 };
        let numbers = match mask.kind() {
            "i32" => mask.ints().iter().map(may).collect(),
            _ => mask.to_vec(),
        };
        // A mask of fewer axes has one row, or one column, for all.
        let sizes = mask.shape().to_vec();
        let padded = [vec![1; 2_usize.saturating_sub(sizes.len())], sizes].concat();
        let (own, matrix) = padded.split_at(padded.len() - 2);
        let count: usize = own.iter().product();
        let matrices = Tensor::arange_i32(count).reshape(Shape::from(own)).expand(leading);
        Self { numbers, matrices: matrices.to_vec_i32(), rows: matrix[0], columns: matrix[1] }
    }

    fn place(&self, head: usize, i: usize) -> (usize, usize) {
        let row = self.matrices[head] as usize * self.rows + if self.rows == 1 { 0 } else { i };
        (row * self.columns, usize::from(self.columns > 1))
    }

    fn add(&self, head: usize, i: usize, scores: &mut [f32]) {
        let (start, step) = self.place(head, i);
        for (j, score) in scores.iter_mut().enumerate() {
            let bias = self.numbers[start + j * step];
            // Set and not added: a hidden key may hold NaN, and must not be felt.
            *score = if bias == f32::NEG_INFINITY { bias } else { *score + bias };
        }
    }
}

/// Scores become weights that sum to 1; if all of them are -inf, zeros.
fn softmax_or_nothing(scores: &mut [f32]) {
    if scores.iter().all(|&score| score == f32::NEG_INFINITY) {
        return scores.fill(0.0);
    }
    let largest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = (*score - largest).exp());
    let sum: f64 = scores.iter().copied().map(f64::from).sum();
    let share = (1.0 / sum) as f32;
    scores.iter_mut().for_each(|score| *score *= share);
}

/// The sum of the products of two rows, in eight partial sums that do not wait for each other.
#[inline]
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a_eights, a_rest) = a.as_chunks::<8>();
    let (b_eights, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (x, y) in a_eights.iter().zip(b_eights) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    sums.iter().sum::<f32>() + rest
}

/// Adds `factor` times row `x` to row `sum`.
///
/// Nothing times nothing is nothing here, even if `x` holds infinities or NaN: what may not be
/// seen must not be felt.
#[inline]
pub(crate) fn add_scaled(sum: &mut [f32], factor: f32, x: &[f32]) {
    if factor != 0.0 {
        sum.iter_mut().zip(x).for_each(|(sum, x)| *sum += factor * x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_sum_to_1_however_large_the_scores() {
        let mut scores = [1000.0, 1000.0, f32::NEG_INFINITY, 990.0];
        softmax_or_nothing(&mut scores);
        assert!((scores.iter().sum::<f32>() - 1.0).abs() < 1e-6);
        assert_eq!((scores[0], scores[2]), (scores[1], 0.0));
    }

    #[test]
    fn who_sees_nothing_weighs_nothing_and_nan_is_not_hidden() {
        let mut scores = [f32::NEG_INFINITY; 3];
        softmax_or_nothing(&mut scores);
        assert_eq!(scores, [0.0; 3]);
        softmax_or_nothing(&mut []);
        let mut scores = [f32::NAN, f32::NEG_INFINITY];
        softmax_or_nothing(&mut scores);
        assert!(scores[0].is_nan());
    }

    #[test]
    fn a_mask_is_found_for_each_head_without_being_copied() {
        let ones = |shape: &[usize]| Tensor::zeros(shape);
        let leading = Shape::from([2, 3]); // two sequences, three heads each
        let starts = |shape: &[usize]| {
            let bias = Bias::new(&ones(shape), leading);
            (0..6).map(|head| bias.place(head, 1).0).collect::<Vec<_>>()
        };
        assert_eq!(starts(&[2, 3, 4, 5]), [5, 25, 45, 65, 85, 105]);
        assert_eq!(starts(&[2, 1, 1, 5]), [0, 0, 0, 5, 5, 5]); // padding, per sequence
        assert_eq!(starts(&[3, 1, 1]), [0, 1, 2, 0, 1, 2]); // a slope per head
        assert_eq!(starts(&[4, 5]), [5; 6]);
        assert_eq!(starts(&[5]), [0; 6]);
    }
}
