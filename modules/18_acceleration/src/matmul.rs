//! Batches of products: the kernel of [`MatMul`].
//!
//! `[…, m, k] x […, k, n]` is a product for each index of the broadcast batch, each of matrices
//! that may lie in memory in any way. When the right side is one matrix for all, the batch of the
//! left side is just more rows, and there is one larger product.
//!
//! Small products, such as attention's (a head of 256 by 64 with one of 64 by 256: 8 million
//! operations, some 40 microseconds), are shared between threads as wholes; large ones one by one.

#![expect(unsafe_code, reason = "products are written into a result that is not there yet")]

use crate::gemm::{Finish, Matrix, MatrixMut, gemm, gemm_parallel};
use crate::level::level;
use crate::out::{self, Out};
use crate::threads::{parallel_ranges, threads};
use tinytorch_tensor::{Kernels, Layout, MatMul, Op, Shape, Storage, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<MatMul>("f32", matmul);
}

/// A product of at least so many multiply-adds is shared by several threads: some hundred
/// microseconds. Smaller ones of a batch are each computed by one.
const LARGE: usize = 4_000_000;

/// A thread takes so many multiply-adds at a time: some ten microseconds.
const PIECE: usize = 500_000;

pub(crate) fn matmul(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (Storage::F32(a), Storage::F32(b)) = (x[0].storage(), x[1].storage()) else {
        return op.forward(x);
    };
    let batch = Batch::of(x[0], x[1]);
    let (a, b) = (batch.left(a, x[0].layout()), batch.right(b, x[1].layout()));
    // SAFETY: every product of the batch writes its part, as large as the matrix is.
    unsafe { out::tensor(batch.product_shape(x), |out| products(&batch, &a, &b, out)) }
}

/// Fills `out` with product after product.
///
/// # Safety
/// Nobody else uses `out`, which is as large as the products.
unsafe fn products(batch: &Batch, a: &Side, b: &Side, out: Out<'_>) {
    let ([m, k], n, count, level) = (a.shape, b.shape[1], batch.count(), level());
    // SAFETY: for those that begin in different places, the caller's promise.
    let c = |first, rows| unsafe { MatrixMut::inside(&out, first, [rows, n], n) };
    if count == 0 {
        return;
    }
    if let Some(a) = batch.as_rows(a, b) {
        return gemm_parallel(level, a, b.at(0), c(0, count * m), Finish::default());
    }
    let pair = |i| (a.at(batch.start(i, a)), b.at(batch.start(i, b)), c(i * m * n, m));
    let work = m * n * k;
    if work >= LARGE && count < 4 * threads() {
        for (a, b, c) in (0..count).map(pair) {
            gemm_parallel(level, a, b, c, Finish::default());
        }
        return;
    }
    parallel_ranges(count, (PIECE / work.max(1)).clamp(1, count), |part| {
        for (a, b, c) in part.map(pair) {
            gemm(level, a, b, c, Finish::default());
        }
    });
}

/// The axes before the last two, of which there are at most four; missing ones count as 1.
struct Batch {
    sizes: [usize; 4],
    /// How many of them the result has.
    ndim: usize,
}

/// One side: matrices of one shape and one layout, `batch` apart along each axis of the batch.
struct Side<'a> {
    numbers: &'a [f32],
    shape: [usize; 2],
    strides: [usize; 2],
    batch: [usize; 4],
}

impl Side<'_> {
    fn at(&self, start: usize) -> Matrix<'_> {
        let numbers = self.numbers.get(start..).unwrap_or(&[]); // none where a size is 0
        Matrix::new(numbers, self.shape, self.strides)
    }
}

impl Batch {
    /// What both sides broadcast to.
    fn of(a: &Tensor, b: &Tensor) -> Self {
        let axes = |x: &Tensor| x.ndim().saturating_sub(2);
        let mut sizes = [1; 4];
        for x in [a, b] {
            for (to, size) in sizes[4 - axes(x)..].iter_mut().zip(x.shape().iter()) {
                *to = if *to == 1 { size } else { *to };
            }
        }
        Self { sizes, ndim: axes(a).max(axes(b)) }
    }

    fn count(&self) -> usize {
        self.sizes.iter().product()
    }

    /// A vector is a row.
    fn left<'a>(&self, numbers: &'a [f32], layout: &Layout) -> Side<'a> {
        match layout.shape().ndim() {
            1 => self.side(numbers, layout, [1, layout.shape().size(0)], [0, layout.stride(0)]),
            _ => self.matrices(numbers, layout),
        }
    }

    /// A vector is a column.
    fn right<'a>(&self, numbers: &'a [f32], layout: &Layout) -> Side<'a> {
        match layout.shape().ndim() {
            1 => self.side(numbers, layout, [layout.shape().size(0), 1], [layout.stride(0), 0]),
            _ => self.matrices(numbers, layout),
        }
    }

    fn matrices<'a>(&self, numbers: &'a [f32], layout: &Layout) -> Side<'a> {
        let (shape, row) = (layout.shape(), layout.shape().ndim() - 2);
        let sizes = [shape.size(row), shape.size(row + 1)];
        self.side(numbers, layout, sizes, [layout.stride(row), layout.stride(row + 1)])
    }

    fn side<'a>(
        &self,
        numbers: &'a [f32],
        layout: &Layout,
        shape: [usize; 2],
        strides: [usize; 2],
    ) -> Side<'a> {
        let axes = layout.shape().ndim().saturating_sub(2);
        let mut batch = [0; 4];
        for axis in 0..axes {
            if layout.shape().size(axis) > 1 {
                batch[4 - axes + axis] = layout.stride(axis);
            }
        }
        Side { numbers: &numbers[layout.offset()..], shape, strides, batch }
    }

    /// Where a side's matrix number `i` starts.
    fn start(&self, mut i: usize, side: &Side) -> usize {
        let mut start = 0;
        for axis in (0..4).rev() {
            start += i % self.sizes[axis] * side.batch[axis];
            i /= self.sizes[axis];
        }
        start
    }

    /// All matrices of the left side on top of each other, if they lie so and meet one matrix.
    fn as_rows<'a>(&self, a: &'a Side, b: &Side) -> Option<Matrix<'a>> {
        let mut rows = a.shape[0];
        for axis in (0..4).rev().filter(|&axis| self.sizes[axis] > 1) {
            if b.batch[axis] != 0 || a.batch[axis] != rows * a.strides[0] {
                return None;
            }
            rows *= self.sizes[axis];
        }
        Some(Matrix::new(a.numbers, [rows, a.shape[1]], a.strides))
    }

    /// A vector gives its axis up.
    fn product_shape(&self, x: &[&Tensor]) -> Shape {
        let (mut sizes, mut ndim) = ([1; 6], self.ndim);
        sizes[..ndim].copy_from_slice(&self.sizes[4 - ndim..]);
        for (x, back) in [(x[0], 2), (x[1], 1)] {
            if x.ndim() > 1 {
                sizes[ndim] = x.shape().size(x.ndim() - back);
                ndim += 1;
            }
        }
        Shape::new(&sizes[..ndim])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    /// Sums rounded in another order; where all of them come out near zero, by as much as the
    /// products that cancel.
    const TOLERANCE: f32 = 1e-4;

    #[test]
    fn products_of_all_sizes_and_layouts_agree() {
        let mut rng = Rng::new(18);
        let sizes = [0, 1, 2, 3, 5, 6, 7, 8, 13, 14, 15, 16, 17, 31, 32, 33, 47, 65];
        let pick = |rng: &mut Rng| sizes[rng.below(sizes.len() as u64) as usize];
        for _ in 0..120 {
            let [m, k, n] = [pick(&mut rng), pick(&mut rng), pick(&mut rng)];
            let (left, right) = (layouts(&[m, k], &mut rng), layouts(&[k, n], &mut rng));
            for a in &left {
                for b in &right {
                    assert_agrees(&MatMul, matmul, &[a, b], TOLERANCE);
                }
            }
        }
    }

    #[test]
    fn products_larger_than_a_block_agree() {
        let mut rng = Rng::new(19);
        let shapes = [[300, 300, 70], [70, 20, 600], [130, 600, 33], [1, 300, 700], [3, 700, 300]];
        for [m, k, n] in shapes {
            let (left, right) = (layouts(&[m, k], &mut rng), layouts(&[k, n], &mut rng));
            for (a, b) in left.iter().zip(&right) {
                assert_agrees(&MatMul, matmul, &[a, b], TOLERANCE);
            }
            let b = Tensor::randn([n, k], &mut rng).t();
            assert_agrees(&MatMul, matmul, &[&left[0], &b], TOLERANCE);
        }
    }

    #[test]
    fn batches_broadcast_and_vectors_lose_their_axis() {
        let mut rng = Rng::new(20);
        let shapes: [(&[usize], &[usize]); 12] = [
            (&[7], &[7]),
            (&[5, 7], &[7]),
            (&[7], &[7, 5]),
            (&[4, 5, 7], &[7]),
            (&[7], &[4, 7, 5]),
            (&[4, 5, 7], &[7, 3]),
            (&[2, 3, 5, 7], &[3, 7, 4]),
            (&[2, 1, 5, 7], &[3, 7, 4]),
            (&[2, 1, 3, 1, 2, 4], &[5, 1, 6, 4, 3]),
            (&[0, 5, 7], &[7, 3]),
            (&[3, 0, 7], &[3, 7, 2]),
            (&[3, 5, 0], &[3, 0, 2]),
        ];
        for (a, b) in shapes {
            for a in &layouts(a, &mut rng) {
                for b in &layouts(b, &mut rng) {
                    assert_agrees(&MatMul, matmul, &[a, b], TOLERANCE);
                }
            }
        }
    }

    #[test]
    fn what_is_no_number_reaches_its_row_and_its_column_alone() {
        let mut a = Tensor::ones([20, 40]);
        a.data_mut()[3 * 40 + 39] = f32::NAN;
        let mut b = Tensor::ones([40, 50]);
        b.data_mut()[49] = f32::INFINITY;
        for right in [b.clone(), b.t().contiguous().t()] {
            assert_agrees(&MatMul, matmul, &[&a, &right], 0.0);
        }
    }

    #[test]
    fn long_sums_are_as_exact_as_single_precision_allows() {
        let (k, mut rng) = (20_000, Rng::new(21));
        let (a, b) = (Tensor::rand([2, k], &mut rng), Tensor::rand([k, 40], &mut rng));
        let (x, y) = (a.to_vec(), b.to_vec());
        for right in [b.clone(), b.t().contiguous().t()] {
            let got = matmul(&MatMul, &[&a, &right]).to_vec();
            for (i, got) in got.into_iter().enumerate() {
                let products =
                    (0..k).map(|p| f64::from(x[i / 40 * k + p]) * f64::from(y[p * 40 + i % 40]));
                let exact: f64 = products.sum();
                // 20,000 roundings, each of at most 2^-24 of the sum so far, mostly cancel.
                let error = (f64::from(got) - exact).abs() / exact;
                assert!(error < 2e-5, "{got} is {error:e} from {exact}");
            }
        }
    }
}
