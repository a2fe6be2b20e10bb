//! From matrices of any layout to panels of words.
//!
//! A panel holds `width` lines (rows of the left matrix, columns of the right one) word by word:
//! word 0 of each line, then word 1 of each, and so on. Lines that are missing at the edge, and
//! numbers that are missing in the last word, are zeros.

#![expect(unsafe_code, reason = "squares are turned over through pointers")]

use crate::simd::{Simd, vectorized};
use std::borrow::Cow;
use std::ops::Range;

/// How numbers become words.
pub(crate) trait Packing: Copy + Sync + 'static {
    /// What is packed.
    type Number: Copy + Send + Sync;
    /// How many of them a word holds.
    const DEPTH: usize;
    /// What is there where there is none.
    const ZERO: Self::Number;
    /// The word of numbers `0..DEPTH`.
    fn word(number: impl Fn(usize) -> Self::Number) -> u32;
}

/// The lines of a matrix, anywhere in memory.
#[derive(Clone, Copy)]
pub(crate) struct Lines<'a, T> {
    /// From the first number of the first line on.
    pub numbers: &'a [T],
    /// How far the next line is.
    pub line: usize,
    /// How far the next number of a line is.
    pub step: usize,
    /// How many lines there are.
    pub count: usize,
    /// How many numbers a line has: `k`.
    pub depth: usize,
}

impl<T: Copy> Lines<'_, T> {
    /// All numbers, line by line.
    pub(crate) fn gathered(&self) -> Cow<'_, [T]> {
        let Lines { numbers, line, step, count, depth } = *self;
        if step == 1 && (line == depth || count == 1) {
            return Cow::Borrowed(&numbers[..count * depth]);
        }
        let place = |i| i / depth * line + i % depth * step;
        Cow::Owned((0..count * depth).map(|i| numbers[place(i)]).collect())
    }
}

/// The side of a square that is turned over at once.
const SQUARE: usize = 16;

vectorized! {
    /// Fills `to` with these words of `width` lines from line `first` on.
    pub(crate) fn pack<S, P: Packing>(
        lines: &Lines<'_, P::Number>,
        first: usize,
        width: usize,
        words: Range<usize>,
        to: &mut [u32],
    ) {
        assert!(to.len() == words.len() * width);
        let count = width.min(lines.count.saturating_sub(first));
        // Words whose numbers are all there; behind them there is at most one other.
        let whole = (lines.depth / P::DEPTH).clamp(words.start, words.end);
        let mut from = words.start;
        if lines.step == 1 && count > 1 {
            while from + SQUARE <= whole {
                let to = &mut to[(from - words.start) * width..][..SQUARE * width];
                squares::<S, P>(lines, first, count, from, width, to);
                from += SQUARE;
            }
        }
        for w in from..words.end {
            let to = &mut to[(w - words.start) * width..][..width];
            let (there, missing) = to.split_at_mut(count);
            match lines.line == 1 && w < whole {
                true => side_by_side::<P>(lines, first, w, there),
                false => one_by_one::<P>(lines, first, w, there),
            }
            missing.fill(P::word(|_| P::ZERO));
        }
    }
}

/// `SQUARE` words of each line: read along the lines, written across them.
#[inline(always)]
fn squares<S: Simd, P: Packing>(
    lines: &Lines<'_, P::Number>,
    first: usize,
    count: usize,
    from: usize,
    width: usize,
    to: &mut [u32],
) {
    for left in (0..width).step_by(SQUARE) {
        let side = SQUARE.min(width - left);
        let mut rows = [[0; SQUARE]; SQUARE];
        for (i, row) in rows.iter_mut().enumerate().take(side.min(count.saturating_sub(left))) {
            let start = (first + left + i) * lines.line + from * P::DEPTH;
            let numbers = &lines.numbers[start..start + SQUARE * P::DEPTH];
            for (w, word) in row.iter_mut().enumerate() {
                *word = P::word(|d| numbers[w * P::DEPTH + d]);
            }
        }
        let mut columns = [[0; SQUARE]; SQUARE];
        turn_over::<S>(&rows, &mut columns);
        for (w, column) in columns.iter().enumerate() {
            let to = &mut to[w * width + left..][..side];
            for i in (0..side).step_by(S::LANES) {
                let n = S::LANES.min(side - i);
                // SAFETY: a column has 16 words, the place as many as are stored.
                unsafe {
                    S::store_first(
                        to[i..].as_mut_ptr().cast(),
                        n,
                        S::load(&raw const column[i] as _),
                    )
                };
            }
        }
    }
}

/// Row `i` becomes column `i`. Words are moved as if they were floats, which changes none.
#[inline(always)]
fn turn_over<S: Simd>(rows: &[[u32; SQUARE]; SQUARE], columns: &mut [[u32; SQUARE]; SQUARE]) {
    let (from, to) = (rows.as_ptr().cast::<f32>(), columns.as_mut_ptr().cast::<f32>());
    for i in (0..SQUARE).step_by(S::LANES) {
        for j in (0..SQUARE).step_by(S::LANES) {
            // SAFETY: both are `SQUARE` rows of `SQUARE` words, in which these squares lie.
            unsafe {
                S::transpose(from.add(i * SQUARE + j), SQUARE, to.add(j * SQUARE + i), SQUARE)
            };
        }
    }
}

/// One word of neighboring lines whose numbers are neighbors, too.
#[inline(always)]
fn side_by_side<P: Packing>(lines: &Lines<'_, P::Number>, first: usize, w: usize, to: &mut [u32]) {
    let start = w * P::DEPTH * lines.step + first;
    let (panels, rest) = to.as_chunks_mut::<SQUARE>();
    let behind = panels.len() * SQUARE;
    for (i, to) in panels.iter_mut().enumerate() {
        // Of a length that the compiler knows: a vector or two.
        let row = |d: usize| {
            let start = start + d.min(P::DEPTH - 1) * lines.step + i * SQUARE;
            lines.numbers[start..].first_chunk::<SQUARE>().expect("as many lines as words")
        };
        let rows = [row(0), row(1), row(2), row(3)];
        for (i, word) in to.iter_mut().enumerate() {
            *word = P::word(|d| rows[d][i]);
        }
    }
    for (i, word) in rest.iter_mut().enumerate() {
        *word = P::word(|d| lines.numbers[start + d * lines.step + behind + i]);
    }
}

/// One word of each line, wherever its numbers are.
#[inline(always)]
fn one_by_one<P: Packing>(lines: &Lines<'_, P::Number>, first: usize, w: usize, to: &mut [u32]) {
    for (i, word) in to.iter_mut().enumerate() {
        let start = (first + i) * lines.line;
        *word = P::word(|d| match w * P::DEPTH + d {
            k if k < lines.depth => lines.numbers[start + k * lines.step],
            _ => P::ZERO,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::Level;

    /// Two numbers of 16 bits a word.
    #[derive(Clone, Copy)]
    struct Twos;

    impl Packing for Twos {
        type Number = u16;
        const DEPTH: usize = 2;
        const ZERO: u16 = 0;

        fn word(number: impl Fn(usize) -> u16) -> u32 {
            u32::from(number(0)) | u32::from(number(1)) << 16
        }
    }

    /// Lines of different numbers, in any of three layouts.
    fn lines(numbers: &[u16], count: usize, depth: usize) -> [Lines<'_, u16>; 3] {
        let of = |line, step| Lines { numbers, line, step, count, depth };
        [of(depth + 3, 1), of(1, count + 2), of(2 * depth + 1, 2)]
    }

    #[test]
    fn words_of_all_lines_lie_side_by_side() {
        let numbers: Vec<u16> = (1..20_000).collect();
        for (count, depth) in [(40, 71), (33, 64), (14, 33), (3, 100), (1, 1), (5, 0)] {
            for lines in lines(&numbers, count, depth) {
                for (width, first) in [(2, 0), (6, 1), (14, 0), (32, 0), (32, 32)] {
                    let words = depth.div_ceil(2);
                    for range in [0..words, words / 3..words, 0..words.min(17)] {
                        let number = |line: usize, k| match line < count && k < depth {
                            true => u32::from(numbers[line * lines.line + k * lines.step]),
                            false => 0,
                        };
                        let expected: Vec<u32> = range
                            .clone()
                            .flat_map(|w| (first..first + width).map(move |line| (w, line)))
                            .map(|(w, line)| number(line, 2 * w) | number(line, 2 * w + 1) << 16)
                            .collect();
                        for level in Level::supported() {
                            let mut to = vec![9; expected.len()];
                            pack::<Twos>(level, &lines, first, width, range.clone(), &mut to);
                            assert_eq!(to, expected, "{level}: {count} of {depth}, {width} wide");
                        }
                    }
                }
            }
        }
    }
}
