//! Matrices of a block, as pointers and strides.
//!
//! Whoever makes a [`Matrix`] or [`Rows`] promises to the functions it is handed to that the
//! numbers they are asked to compute with are there: inputs for as long as the op's tensors are
//! borrowed, room for as long as its [`Room`], and that nobody else has what is written.

/// A matrix in memory: number `[i, j]` is `i * row + j * step` behind the start.
#[derive(Clone, Copy)]
pub(super) struct Matrix {
    pub(super) start: *const f32,
    pub(super) row: usize,
    pub(super) step: usize,
}

impl Matrix {
    /// From row `i` on.
    pub(super) fn rows_from(self, i: usize) -> Self {
        Self { start: self.start.wrapping_add(i * self.row), ..self }
    }

    /// From column `j` on.
    pub(super) fn columns_from(self, j: usize) -> Self {
        Self { start: self.start.wrapping_add(j * self.step), ..self }
    }

    /// Number `[i, j]`.
    pub(super) fn at(self, i: usize, j: usize) -> *const f32 {
        self.start.wrapping_add(i * self.row + j * self.step)
    }

    /// Rows for columns.
    pub(super) fn transposed(self) -> Self {
        Self { row: self.step, step: self.row, ..self }
    }
}

/// Rows that lie whole in memory, each `row` behind the one before.
#[derive(Clone, Copy)]
pub(super) struct Rows {
    pub(super) start: *mut f32,
    pub(super) row: usize,
}

impl Rows {
    /// From number `[i, j]` on.
    #[inline(always)]
    pub(super) fn after(self, i: usize, j: usize) -> Self {
        Self { start: self.start.wrapping_add(i * self.row + j), ..self }
    }

    /// Row `i`.
    #[inline(always)]
    pub(super) fn at(self, i: usize) -> *mut f32 {
        self.start.wrapping_add(i * self.row)
    }

    /// As the factor whose strides do not matter.
    pub(super) fn matrix(self) -> Matrix {
        Matrix { start: self.start, row: self.row, step: 1 }
    }
}

/// Room for what a piece of work needs for itself, uncleared, each part at the start of a line of
/// the cache.
pub(super) struct Room {
    numbers: Vec<f32>,
    taken: usize,
}

/// Numbers in a line of the cache.
pub(super) const LINE: usize = 16;

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
