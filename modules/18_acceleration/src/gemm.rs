//! Products of matrices: `c = a b`, `[m, k] x [k, n] -> [m, n]`.
//!
//! Every number is read from memory once and used many times; all the art is in where it waits in
//! between. A product of 1024 by 1024 takes 2.1 billion operations on 12 MiB, so the arithmetic
//! units are the limit, if what they need is always at hand:
//!
//! | where | how much | what waits there |
//! |---|---|---|
//! | registers | 2 KiB | a tile of `c`: 14 rows of 2 vectors, one multiply-add each per step of `k` |
//! | L1 | 32 KiB | 14 rows of `a`, [`DEPTH`](block::DEPTH) long, used with every column of the block |
//! | L2 | 1 MiB | a block of `b`, packed into panels as wide as a tile, used with every row of `a` |
//!
//! A step of `k` in a tile reads 14 numbers of `a` and 2 vectors of `b` and does 28 multiply-adds
//! of 16 numbers each: 900 operations for 184 bytes. Processors load two vectors while they do
//! two multiply-adds, so the loads take half of the time that the arithmetic takes.
//!
//! *Packing* copies a part of a matrix into the order in which it will be read. It makes every
//! layout alike (a transpose costs nothing but another way to copy), and costs one copy for
//! `2 m` or `2 n` operations per number; where these are few, the matrix is read where it lies.
//! How packed rows lie is known when the program is compiled, so a step takes no instructions to
//! find its numbers: 48 in all for its 28 multiply-adds, where it took 74. A core by itself begins
//! more than it can finish and hides the difference; one whose two threads share it does not.
//!
//! Every number of `c` is a chain of multiply-adds over `k` in one order, whatever tile or block
//! or thread it falls into, so results depend on the shape alone.
//!
//! K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, found
//! the blocking; F. Van Zee and R. van de Geijn, "BLIS", 2015, its loops around one kernel.

#![expect(unsafe_code, reason = "matrices are pointers with strides")]

mod block;
mod few;
mod number;
mod pack;
mod tile;

use crate::Bf16;
use crate::level::Level;
use crate::out::Out;
use std::marker::PhantomData;

/// A matrix to read, `rows` by `columns`: number `[i, j]` is `row * i + column * j` behind the
/// first. Any strides: transposed, cut out, or repeated with a stride of 0.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    /// Of what it holds, whatever that is.
    start: *const f32,
    holds: Holds,
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
    numbers: PhantomData<&'a [f32]>,
}

/// What the numbers of a matrix are. What is multiplied are floats: others are widened while they
/// are packed, which costs what packing costs, and half of the memory is read.
#[derive(Clone, Copy, PartialEq)]
enum Holds {
    Floats,
    /// Floats that count as if they were bf16.
    Rounded,
    Halves,
}

// SAFETY: it stands for a shared slice.
unsafe impl Send for Matrix<'_> {}
// SAFETY: it stands for a shared slice.
unsafe impl Sync for Matrix<'_> {}

impl<'a> Matrix<'a> {
    /// The matrix of this shape whose first number is the first of `numbers`; `strides` are how
    /// far apart rows and columns are.
    ///
    /// # Panics
    /// When it would end behind the end of `numbers`.
    #[inline]
    pub(crate) fn new(numbers: &'a [f32], shape: [usize; 2], strides: [usize; 2]) -> Self {
        assert!(reach(shape, strides) <= numbers.len());
        Self::at(numbers.as_ptr(), Holds::Floats, shape, strides)
    }

    /// As [`new`](Self::new), of bf16.
    ///
    /// # Panics
    /// As there.
    pub(crate) fn halves(numbers: &'a [Bf16], shape: [usize; 2], strides: [usize; 2]) -> Self {
        assert!(reach(shape, strides) <= numbers.len());
        Self::at(numbers.as_ptr().cast(), Holds::Halves, shape, strides)
    }

    /// The matrix that begins here, where all of it can be read.
    #[inline]
    fn at(start: *const f32, holds: Holds, shape: [usize; 2], strides: [usize; 2]) -> Self {
        let ([rows, columns], [row, column]) = (shape, strides);
        Self { start, holds, rows, columns, row, column, numbers: PhantomData }
    }

    /// With every number rounded to bf16.
    pub(crate) fn rounded(self) -> Self {
        match self.holds {
            Holds::Floats => Self { holds: Holds::Rounded, ..self },
            Holds::Rounded | Holds::Halves => self,
        }
    }

    /// Rows and columns exchanged.
    #[inline]
    pub(crate) fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row: self.column, column: self.row, ..self }
    }
}

/// How many numbers a matrix reaches over, from its first to its last.
#[inline]
fn reach([rows, columns]: [usize; 2], [row, column]: [usize; 2]) -> usize {
    match rows == 0 || columns == 0 {
        true => 0,
        false => (rows - 1) * row + (columns - 1) * column + 1,
    }
}

/// A matrix to write, `rows` by `columns`, whose rows lie `row` apart and have no gaps. What is in
/// it before means nothing, unless it is added to.
pub(crate) struct MatrixMut<'a> {
    start: *mut f32,
    rows: usize,
    columns: usize,
    row: usize,
    numbers: PhantomData<&'a mut [f32]>,
}

// SAFETY: it stands for a slice that nobody else has.
unsafe impl Send for MatrixMut<'_> {}
// SAFETY: threads write parts of it that do not overlap.
unsafe impl Sync for MatrixMut<'_> {}

impl<'a> MatrixMut<'a> {
    /// The matrix of this shape whose first number is number `first` of the room.
    ///
    /// # Safety
    /// Nobody else uses these numbers at the same time.
    ///
    /// # Panics
    /// When it would end behind the end of the room, or its rows overlap.
    #[inline]
    pub(crate) unsafe fn inside(
        room: &Out<'a>,
        first: usize,
        [rows, columns]: [usize; 2],
        row: usize,
    ) -> Self {
        let empty = rows == 0 || columns == 0;
        assert!(empty || first + (rows - 1) * row + columns <= room.len());
        assert!(rows < 2 || row >= columns);
        Self { start: room.at(first), rows, columns, row, numbers: PhantomData }
    }
}

/// What becomes of a product: `c = a b + bias`, or `c += a b + bias`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Finish<'a> {
    /// It is added to what `c` holds.
    pub(crate) accumulate: bool,
    /// What is added to it.
    pub(crate) bias: Bias<'a>,
}

/// A number per row or per column of a product.
#[derive(Clone, Copy, Default)]
pub(crate) enum Bias<'a> {
    /// Nothing.
    #[default]
    None,
    /// Number `j` is added to every number of column `j`.
    OfColumns(&'a [f32]),
    /// Number `i` is added to every number of row `i`.
    OfRows(&'a [f32]),
}

/// `c = a b`, finished; on the caller's thread alone.
///
/// # Panics
/// When the shapes do not fit.
#[inline]
pub(crate) fn gemm(level: Level, a: Matrix, b: Matrix, c: MatrixMut, finish: Finish) {
    let product = Product::new(a, b, &c, finish);
    block::compute(level, &product, 0..product.a.rows, 0..product.b.columns);
}

/// `c = a b`, finished; on as many threads as are worth it.
///
/// # Panics
/// When the shapes do not fit.
#[inline]
pub(crate) fn gemm_parallel(level: Level, a: Matrix, b: Matrix, c: MatrixMut, finish: Finish) {
    block::compute_parallel(level, &Product::new(a, b, &c, finish));
}

/// A product whose shapes fit.
struct Product<'a> {
    a: Matrix<'a>,
    b: Matrix<'a>,
    c: *mut f32,
    c_row: usize,
    finish: Finish<'a>,
}

// SAFETY: threads write parts of `c` that do not overlap.
unsafe impl Sync for Product<'_> {}

impl<'a> Product<'a> {
    #[inline]
    fn new(a: Matrix<'a>, b: Matrix<'a>, c: &'a MatrixMut, finish: Finish<'a>) -> Self {
        let fits = a.columns == b.rows && a.rows == c.rows && b.columns == c.columns;
        assert!(fits, "gemm: shapes that do not fit");
        match finish.bias {
            Bias::None => {}
            Bias::OfColumns(bias) => assert!(bias.len() == c.columns),
            Bias::OfRows(bias) => assert!(bias.len() == c.rows),
        }
        let product = Self { a, b, c: c.start, c_row: c.row, finish };
        match c.columns == 1 && c.rows > 1 && c.row == 1 {
            true => product.t(),
            false => product,
        }
    }

    /// The same of a column, as a row: `cᵀ = bᵀ aᵀ`.
    fn t(self) -> Self {
        let bias = match self.finish.bias {
            Bias::None => Bias::None,
            Bias::OfColumns(bias) => Bias::OfRows(bias),
            Bias::OfRows(bias) => Bias::OfColumns(bias),
        };
        let finish = Finish { bias, ..self.finish };
        Self { a: self.b.t(), b: self.a.t(), c: self.c, c_row: self.a.rows, finish }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::on_threads;
    use tinytorch_tensor::Rng;

    /// What [`gemm`] is to leave in `c`, in double precision.
    fn expected(
        a: &[f32],
        b: &[f32],
        c: &[f32],
        [m, k, n]: [usize; 3],
        finish: Finish,
    ) -> Vec<f64> {
        let at = |i: usize, j: usize| {
            let products = (0..k).map(|p| f64::from(a[i * k + p]) * f64::from(b[p * n + j]));
            let bias = match finish.bias {
                Bias::None => 0.0,
                Bias::OfColumns(bias) => bias[j],
                Bias::OfRows(bias) => bias[i],
            };
            let before = if finish.accumulate { c[i * n + j] } else { 0.0 };
            products.sum::<f64>() + f64::from(bias) + f64::from(before)
        };
        (0..m * n).map(|i| at(i / n, i % n)).collect()
    }

    /// A slice as a matrix.
    fn over(numbers: &mut [f32], shape: [usize; 2], row: usize) -> MatrixMut<'_> {
        // SAFETY: nobody else has the slice.
        unsafe { MatrixMut::inside(&Out::over(numbers), 0, shape, row) }
    }

    fn numbers(n: usize, rng: &mut Rng) -> Vec<f32> {
        (0..n).map(|_| rng.normal()).collect()
    }

    #[test]
    fn products_are_finished_as_told_at_every_level_and_on_any_number_of_threads() {
        let mut rng = Rng::new(5);
        let shapes = [
            [1, 40, 70],
            [1, 300, 1],
            [3, 40, 70],
            [4, 33, 9],
            [6, 64, 30],
            [9, 2, 3],
            [50, 7, 1],
            [20, 0, 5],
            [37, 300, 65],
            [130, 300, 600],
            [200, 40, 33],
        ];
        for [m, k, n] in shapes {
            let (a, b) = (numbers(m * k, &mut rng), numbers(k * n, &mut rng));
            let (before, bias) = (numbers(m * n, &mut rng), numbers(m.max(n), &mut rng));
            let biases = [Bias::None, Bias::OfColumns(&bias[..n]), Bias::OfRows(&bias[..m])];
            let turned: Vec<f32> = (0..k * n).map(|i| b[i % k * n + i / k]).collect();
            for (bias, accumulate) in biases.into_iter().flat_map(|b| [(b, false), (b, true)]) {
                let finish = Finish { accumulate, bias };
                let exact = expected(&a, &b, &before, [m, k, n], finish);
                for level in Level::supported() {
                    let left = Matrix::new(&a, [m, k], [k, 1]);
                    let rights =
                        [Matrix::new(&b, [k, n], [n, 1]), Matrix::new(&turned, [n, k], [k, 1]).t()];
                    for right in rights {
                        let run = |parallel: bool| {
                            let mut c = before.clone();
                            let to = over(&mut c, [m, n], n);
                            match parallel {
                                true => gemm_parallel(level, left, right, to, finish),
                                false => gemm(level, left, right, to, finish),
                            }
                            c
                        };
                        let got = run(false);
                        for (got, exact) in got.iter().zip(&exact) {
                            let error = (f64::from(*got) - exact).abs();
                            assert!(error < 1e-4, "{level}: {got}, not {exact}, of {m} {k} {n}");
                        }
                        let bits =
                            |c: Vec<f32>| c.into_iter().map(f32::to_bits).collect::<Vec<_>>();
                        let (two, three) =
                            (on_threads(2, || run(true)), on_threads(3, || run(true)));
                        assert_eq!(bits(two), bits(got.clone()), "{level} of {m} {k} {n}");
                        assert_eq!(bits(three), bits(got), "{level} of {m} {k} {n}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_lies_between_the_rows_of_a_result_stays() {
        let (a, b) = ([1.0; 15 * 3], [1.0; 3 * 20]);
        for level in Level::supported() {
            let mut c = [7.0; 15 * 33];
            gemm(
                level,
                Matrix::new(&a, [15, 3], [3, 1]),
                Matrix::new(&b, [3, 20], [20, 1]),
                over(&mut c, [15, 20], 33),
                Finish::default(),
            );
            for row in c.chunks(33) {
                assert_eq!(row, [[3.0; 20].as_slice(), &[7.0; 13]].concat(), "{level}");
            }
        }
    }

    #[test]
    #[should_panic(expected = "shapes that do not fit")]
    fn shapes_must_fit() {
        let mut c = [0.0; 4];
        let (a, b) =
            (Matrix::new(&[1.0; 6], [2, 3], [3, 1]), Matrix::new(&[1.0; 4], [2, 2], [2, 1]));
        gemm(Level::Portable, a, b, over(&mut c, [2, 2], 2), Finish::default());
    }
}
