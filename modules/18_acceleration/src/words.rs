//! Matrix products of numbers that are smaller than four bytes.
//!
//! A vector instruction for small numbers adds several products into each of its sums: two of
//! bf16 (`vdpbf16ps`), four of int8 (`vpdpbusd`). To it, four bytes that follow each other along
//! `k` are one *word*, and a matrix product looks the same for every kind of number:
//!
//! ```text
//! sums[i][j] += word of row i . word of column j          for each word along k
//!
//! bf16: two numbers a word        int8: four
//! ```
//!
//! So there is one driver here, and a [`Words`] says what a word means and which instruction
//! multiplies two. The operands are copied into *panels* first ([`pack`]): of the left matrix a
//! few rows, of the right one [`PANEL`] columns, word by word along `k`, so that the innermost
//! loop reads both from the front to the back. That is the scheme of K. Goto and R. van de Geijn,
//! "Anatomy of High-Performance Matrix Multiplication" (2008).
//!
//! Cost: `2 m k n` operations, of which an instruction does 64 (bf16) or 128 (int8) at 16 sums a
//! vector; packing copies `(m + n) k` numbers, which is why a product with few rows does
//! better without ([`crate::bf16`] streams those).
//!
//! | | instruction | multiplications at once |
//! |---|---|---|
//! | `Pairs` | `vdpbf16ps` | 32 |
//! | `QuadsVnni` | `vpdpbusd` | 64 |
//! | `QuadsAvx2` | `vpmaddwd`, of pairs of 16 bits | 16 |
//! | `QuadsPortable` | what the compiler makes of loops | |

pub(crate) mod pack;
pub(crate) mod product;
#[cfg(target_arch = "x86_64")]
mod bf16_pairs;
mod int8_quads;

#[cfg(target_arch = "x86_64")]
pub(crate) use bf16_pairs::{Pairs, ToFloats};
pub(crate) use int8_quads::QuadsPortable;
#[cfg(target_arch = "x86_64")]
pub(crate) use int8_quads::{QuadsAvx2, QuadsVnni};

/// How many columns a panel of the right matrix holds, whatever the length of a vector: what is
/// packed once can be multiplied at every level.
pub(crate) const PANEL: usize = 32;

/// What the four bytes of a word mean, and how two are multiplied.
///
/// All functions are called in [`enter`](Self::enter) alone, where the compiler may use the
/// instructions that they stand for.
#[expect(unsafe_code, reason = "words are read through pointers, by chosen instructions")]
pub(crate) trait Words: Copy + 'static {
    /// `LANES` sums, of neighboring columns.
    type Sum: Copy;
    /// A word of the left matrix, for all columns.
    type Left: Copy;
    /// A word of each of `LANES` columns.
    type Right: Copy;
    /// How many columns a vector has.
    const LANES: usize;
    /// How many vectors stand side by side in a tile: 1 or 2.
    const VECTORS: usize;
    /// How many rows a tile has at most: with its sums and operands it fills the registers.
    const ROWS: usize;

    /// Sums of nothing.
    fn zero() -> Self::Sum;

    /// The word at `from`, for all columns.
    ///
    /// # Safety
    /// It can be read.
    unsafe fn left(from: *const u32) -> Self::Left;

    /// The words from `from` on, one per column.
    ///
    /// # Safety
    /// `LANES` of them can be read.
    unsafe fn right(from: *const u32) -> Self::Right;

    /// Says that the words around `at`, which may be any address, are wanted soon.
    fn soon(at: *const u32);

    /// The sums with the products of these words added.
    fn step(sum: Self::Sum, left: Self::Left, right: Self::Right) -> Self::Sum;

    /// Runs `task` compiled for the instructions.
    ///
    /// # Safety
    /// The processor has them.
    unsafe fn enter(task: impl Task);
}

/// Words whose sums are whole numbers.
pub(crate) trait Integers: Words {
    /// The sums, and zeros behind them.
    fn lanes(sum: Self::Sum) -> [i32; 16];
}

/// What is to be compiled for the instructions of a [`Words`]; `run` is to be `inline(always)`.
pub(crate) trait Task {
    /// Does it.
    fn run(self);
}
