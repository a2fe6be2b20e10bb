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
//!
//! Every number of `c` is a chain of multiply-adds over `k` in one order, whatever tile or block
//! or thread it falls into, so results depend on the shape alone.
//!
//! K. Goto and R. van de Geijn, "Anatomy of High-Performance Matrix Multiplication", 2008, found
//! the blocking; F. Van Zee and R. van de Geijn, "BLIS", 2015, its loops around one kernel.

#![expect(unsafe_code, reason = "matrices are pointers with strides")]

mod block;
mod few;
mod pack;
mod tile;

use crate::level::Level;
use crate::out::Out;
use std::marker::PhantomData;

/// A matrix to read, `rows` by `columns`: number `[i, j]` is `row * i + column * j` behind the
/// first. Any strides: transposed, cut out, or repeated with a stride of 0.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a> {
    start: *const f32,
    rows: usize,
    columns: usize,
    row: usize,
    column: usize,
    numbers: PhantomData<&'a [f32]>,
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
        let ([rows, columns], [row, column]) = (shape, strides);
        let empty = rows == 0 || columns == 0;
        assert!(empty || (rows - 1) * row + (columns - 1) * column < numbers.len());
        Self { start: numbers.as_ptr(), rows, columns, row, column, numbers: PhantomData }
    }

    /// Rows and columns exchanged.
    #[inline]
    pub(crate) fn t(self) -> Self {
        Self { rows: self.columns, columns: self.rows, row: self.column, column: self.row, ..self }
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
    /// The matrix of this shape whose first number is the first of `numbers`.
    ///
    /// # Panics
    /// When it would end behind the end of `numbers`, or its rows overlap.
    #[inline]
    pub(crate) fn new(numbers: &'a mut [f32], shape: [usize; 2], row: usize) -> Self {
        // SAFETY: the room is the slice, which nobody else has.
        unsafe { Self::inside(&Out::over(numbers), 0, shape, row) }
    }

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
