//! The matrix product.

use crate::door::{Op, Reads, dispatch};
use crate::layout::Layout;
use crate::ops::elementwise::check_kinds;
use crate::ops::only_floats;
use crate::shape::Shape;
use crate::tensor::Tensor;

/// `[…, m, k] x […, k, n] -> […, m, n]`; what stands before the last two axes broadcasts. A
/// vector is a row on the left, a column on the right, and gives its axis up in the result.
///
/// `2 m k n` floating-point operations per matrix.
pub struct MatMul;

impl Op for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (a, b) = (Matrices::left(x[0].shape()), Matrices::right(x[1].shape()));
        let (m, k, n) = (a.rows, a.columns, b.columns);
        let batch = a.batch.broadcast(&b.batch).expect("checked by the method");
        let (values_a, values_b) = (x[0].data(), x[1].data());
        let mut out = vec![0.0; batch.numel() * m * n];
        if batch.ndim() == 0 {
            product(&values_a, &values_b, &mut out, k, n); // one matrix, nothing to look up
        } else {
            let pairs = a.starts(batch).into_iter().zip(b.starts(batch));
            for (out, (i, j)) in out.chunks_exact_mut((m * n).max(1)).zip(pairs) {
                product(&values_a[i..i + m * k], &values_b[j..j + k * n], out, k, n);
            }
        }
        Tensor::from_vec(out, product_shape(x[0].shape(), x[1].shape(), batch))
    }

    fn reads(&self, input: usize) -> Reads {
        Reads::input(1 - input)
    }
}

/// `out[i, j] += a[i, p] * b[p, j]`: row `i` of the result is a mix of the rows of `b`.
///
/// With `j` innermost, both rows are read and written in the order they are stored; the textbook
/// order (`p` innermost) walks down a column of `b`, a cache line for each number.
fn product(a: &[f32], b: &[f32], out: &mut [f32], k: usize, n: usize) {
    if k == 0 || n == 0 {
        return;
    }
    for (a_row, out_row) in a.chunks_exact(k).zip(out.chunks_exact_mut(n)) {
        for (&a, b_row) in a_row.iter().zip(b.chunks_exact(n)) {
            for (out, &b) in out_row.iter_mut().zip(b_row) {
                *out += a * b;
            }
        }
    }
}

/// An operand as matrices: `batch` of them, `rows` by `columns` each.
struct Matrices {
    batch: Shape,
    rows: usize,
    columns: usize,
}

impl Matrices {
    fn left(shape: Shape) -> Self {
        match shape.ndim() {
            1 => Self { batch: Shape::from([]), rows: 1, columns: shape.size(0) },
            _ => Self::of(shape),
        }
    }

    fn right(shape: Shape) -> Self {
        match shape.ndim() {
            1 => Self { batch: Shape::from([]), rows: shape.size(0), columns: 1 },
            _ => Self::of(shape),
        }
    }

    fn of(shape: Shape) -> Self {
        let (rows, columns) = (shape.ndim() - 2, shape.ndim() - 1);
        Self { batch: shape.leading(rows), rows: shape.size(rows), columns: shape.size(columns) }
    }

    /// Where each matrix of the broadcast batch starts.
    fn starts(&self, batch: Shape) -> Vec<usize> {
        let size = self.rows * self.columns;
        let starts: Vec<usize> = (0..self.batch.numel()).map(|i| i * size).collect();
        Layout::contiguous(self.batch).expanded(batch).gather(&starts)
    }
}

fn product_shape(a: Shape, b: Shape, batch: Shape) -> Shape {
    let mut shape = batch;
    if a.ndim() > 1 {
        shape = shape.with_axis(a.size(a.ndim() - 2));
    }
    if b.ndim() > 1 {
        shape = shape.with_axis(b.size(b.ndim() - 1));
    }
    shape
}

impl Tensor {
    /// The matrix product: `[m, k] x [k, n] -> [m, n]`.
    ///
    /// Axes before the last two are a batch and broadcast: `[8, 1, m, k] x [4, k, n] ->
    /// [8, 4, m, n]`. Vectors: `[k] x [k] -> []`, `[m, k] x [k] -> [m]`, `[k] x [k, n] -> [n]`.
    ///
    /// # Panics
    /// When the inner sizes differ, the batches do not broadcast, one operand is a single number,
    /// or the numbers are integers.
    #[track_caller]
    pub fn matmul(&self, other: &Tensor) -> Tensor {
        check_kinds("matmul", self, other);
        only_floats("matmul", self);
        let (a, b) = (self.shape(), other.shape());
        assert!(
            a.ndim() > 0 && b.ndim() > 0,
            "matmul: {a} x {b}: a single number is no matrix; multiply with `*`"
        );
        let (left, right) = (Matrices::left(a), Matrices::right(b));
        assert!(
            left.columns == right.rows,
            "matmul: {a} x {b}: the inner sizes {} and {} differ; transpose one operand with \
             `t()`, or check their order",
            left.columns,
            right.rows
        );
        assert!(
            left.batch.broadcast(&right.batch).is_some(),
            "matmul: {a} x {b}: the batches {} and {} do not broadcast; their sizes must be \
             equal, or one of them 1 or missing",
            left.batch,
            right.batch
        );
        dispatch(MatMul, &[self, other])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Rng;

    #[test]
    fn a_product_of_matrices_that_are_not_square() {
        let a = Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]);
        let b = Tensor::arange(0.0, 12.0, 1.0).reshape([3, 4]);
        let expected = [[32.0, 38.0, 44.0, 50.0], [68.0, 83.0, 98.0, 113.0]];
        assert_eq!(a.matmul(&b), Tensor::from(expected));
        assert_eq!(b.t().matmul(&a.t()), a.matmul(&b).t());
    }

    #[test]
    fn vectors_give_their_axis_up() {
        let (m, v) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([5.0, 6.0]));
        assert_eq!(m.matmul(&v), Tensor::from([17.0, 39.0]));
        assert_eq!(v.matmul(&m), Tensor::from([23.0, 34.0]));
        assert_eq!(v.matmul(&v), Tensor::from(61.0));
    }

    #[test]
    fn batches_broadcast() {
        let mut rng = Rng::new(1);
        let a = Tensor::randn([2, 1, 3, 4], &mut rng);
        let b = Tensor::randn([5, 4, 2], &mut rng);
        let y = a.matmul(&b);
        assert_eq!(y.shape(), [2, 5, 3, 2]);
        let one = a.select(0, 1).select(0, 0).matmul(&b.select(0, 3));
        assert_eq!(y.select(0, 1).select(0, 3), one);
    }

    #[test]
    fn sums_of_nothing_are_zero() {
        let y = Tensor::zeros([2, 0]).matmul(&Tensor::zeros([0, 3]));
        assert_eq!(y, Tensor::zeros([2, 3]));
        assert_eq!(Tensor::zeros([0, 2]).matmul(&Tensor::zeros([2, 3])).shape(), [0, 3]);
        assert_eq!(Tensor::zeros([2, 2]).matmul(&Tensor::zeros([2, 0])).shape(), [2, 0]);
    }

    #[test]
    #[should_panic(expected = "matmul: [2, 3] x [2, 3]: the inner sizes 3 and 2 differ")]
    fn inner_sizes_must_agree() {
        let x = Tensor::zeros([2, 3]);
        x.matmul(&x);
    }
}
