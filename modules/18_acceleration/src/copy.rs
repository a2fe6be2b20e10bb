//! The same numbers in another order.
//!
//! A copy computes nothing; it is as fast as memory, if memory is used well. It comes in lines of
//! 64 bytes, and a processor keeps a few hundred of them at hand. Transposing row by row touches a
//! line per number and needs it again only when it is long gone: 16 times the traffic. So the
//! matrix is cut into tiles that fit, and within a tile vectors are transposed in registers: 16
//! rows of 16 numbers are read, each line once, and written, each line once.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet, tile by tile")]

use crate::elementwise::{ALONE, numbers, pieces};
use crate::level::level;
use crate::loops::Loops;
use crate::out::{Out, filled, tensor};
use crate::settings;
use crate::simd::vectorized;
use crate::threads::parallel;
use std::borrow::Cow;
use std::ops::Range;
use tinytorch_tensor::{
    Cat, Contiguous, Element, Kernels, Layout, Op, Slice, SliceBackward, Tensor,
};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Contiguous>("f32", contiguous::<f32>);
    kernels.on::<Contiguous>("i32", contiguous::<i32>);
    kernels.on::<Cat>("f32", cat);
    kernels.on::<SliceBackward>("f32", slice_backward);
}

/// The floats of a tensor in row-major order: borrowed where they are, else copied.
///
/// # Panics
/// When it does not hold floats on the host.
#[inline]
pub(crate) fn dense(x: &Tensor) -> Cow<'_, [f32]> {
    match x.is_contiguous() {
        true => Cow::Borrowed(&numbers(x)[x.layout().offset()..][..x.numel()]),
        false => Cow::Owned(copied(x)),
    }
}

/// A tensor that is contiguous, with the numbers of `x`.
pub(crate) fn dense_tensor(x: &Tensor) -> Tensor {
    Tensor::from_vec(copied::<f32>(x), x.shape())
}

fn contiguous<T: Element>(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    Tensor::from_vec(copied::<T>(x[0]), x[0].shape())
}

/// The numbers of a tensor in row-major order.
fn copied<T: Element>(x: &Tensor) -> Vec<T> {
    let (values, n) = (numbers::<T>(x), x.numel());
    // SAFETY: `copy_to` writes every number.
    unsafe { filled(n, |out| copy_to(values, x.layout(), out)) }
}

/// Writes the numbers of `layout` to `out`, which has as many, in row-major order.
fn copy_to<T: Element>(values: &[T], layout: &Layout, out: Out<'_, T>) {
    let loops = Loops::over(layout.shape(), [layout]);
    if out.len() == 0 {
        return;
    }
    match (loops.steps(0), (1..loops.axes()).find(|&axis| loops.steps(axis) == [1])) {
        ([0 | 1], _) | (_, None) => pieces(out.len(), |range| {
            // SAFETY: the ranges cover all, and none twice.
            let part = unsafe { out.part(range.clone()) };
            copy_rows(values, &loops, range.start, part);
        }),
        (_, Some(axis)) => Transposed::new(&loops, axis).copy(values, out),
    }
}

/// The numbers from `first` on, row by row.
fn copy_rows<T: Element>(values: &[T], loops: &Loops<1>, first: usize, out: &mut [T]) {
    let [step] = loops.steps(0);
    for (at, [place], n) in loops.rows(first..first + out.len()) {
        let out = &mut out[at - first..][..n];
        match step {
            0 => out.fill(values[place]),
            1 => out.copy_from_slice(&values[place..place + n]),
            _ => {
                out.iter_mut().zip(values[place..].iter().step_by(step)).for_each(|(o, v)| *o = *v)
            }
        }
    }
}

/// Many matrices, each to be transposed: number `j` of row `i` of the result is number `i` of row
/// `j` of what is stored.
struct Transposed {
    /// Rows of a result, and how far apart they are.
    rows: usize,
    row_step: usize,
    /// Numbers in a row of a result, which are rows in storage, and how far apart those are.
    columns: usize,
    column_step: usize,
    /// The axes around: sizes, and steps in the result and in storage.
    outer: Vec<[usize; 3]>,
    start: usize,
}

/// A part of a matrix that one thread transposes: so many rows, so many numbers of each. Rows lie
/// in pages of their own, whose addresses are looked up in a table of some seventy.
const BAND: [usize; 2] = [64, 512];
/// The same for results that no cache holds. They are written past the caches: reading a line
/// only to overwrite all of it is a third of the traffic, and nothing waits for it.
const WIDE_BAND: [usize; 2] = [256, 512];
/// A result of so many numbers is not found in a cache by whoever reads it next.
const LARGE: usize = 1 << 20;

/// Numbers in a line of the cache.
const LINE: usize = 16;

/// `0..n` in parts of `size`, the first shorter by `short`: so many parts.
fn parts(n: usize, short: usize, size: usize) -> usize {
    (n + short).div_ceil(size)
}

/// Part `i` of them.
fn part(i: usize, n: usize, short: usize, size: usize) -> Range<usize> {
    (i * size).saturating_sub(short)..((i + 1) * size - short).min(n)
}

/// How far into a line rows begin that are `step` apart; 0 where each begins elsewhere in one.
fn into_line<T>(rows: *const T, step: usize) -> usize {
    match step % LINE {
        0 => rows.addr() / size_of::<T>() % LINE,
        _ => 0,
    }
}

impl Transposed {
    /// Rows of the result follow each other along `axis`, whose numbers are stored side by side.
    fn new(loops: &Loops<1>, axis: usize) -> Self {
        let mut out_step = 1;
        let steps: Vec<[usize; 3]> = (0..loops.axes())
            .map(|i| {
                let (size, [step]) = (loops.size(i), loops.steps(i));
                out_step *= size;
                [size, out_step / size, step]
            })
            .collect();
        let [start] = loops.starts();
        let outer = (1..steps.len()).filter(|&i| i != axis).map(|i| steps[i]).collect();
        let ([columns, _, column_step], [rows, row_step, _]) = (steps[0], steps[axis]);
        Self { rows, row_step, columns, column_step, outer, start }
    }

    fn copy<T: Element>(&self, values: &[T], out: Out<'_, T>) {
        let (level, matrices) = (level(), self.outer.iter().map(|o| o[0]).product::<usize>());
        let from = values[self.start..].as_ptr();
        // Parts begin where lines do, so that each line is read and written by one part.
        let (down, across) =
            (into_line(from, self.column_step), into_line(out.at(0), self.row_step));
        let aside = out.len() >= LARGE && self.row_step.is_multiple_of(LINE);
        let [height, width] = if aside { WIDE_BAND } else { BAND };
        let i_parts = parts(self.rows, down, height);
        let j_parts = parts(self.columns, across, width);
        let piece = |piece: usize| {
            let mut matrix = piece / (i_parts * j_parts);
            let (mut from, mut to) = (self.start, 0);
            for [size, out_step, step] in &self.outer {
                from += matrix % size * step;
                to += matrix % size * out_step;
                matrix /= size;
            }
            let rows = part(piece / j_parts % i_parts, self.rows, down, height);
            let columns = part(piece % j_parts, self.columns, across, width);
            let band = Band {
                rows: rows.len(),
                columns: columns.len(),
                from_step: self.column_step,
                to_step: self.row_step,
                aside,
            };
            let first = from + rows.start + columns.start * self.column_step;
            let from = &values[first..first + (band.columns - 1) * band.from_step + band.rows];
            let to = out.at(to + rows.start * self.row_step + columns.start);
            debug_assert_eq!(size_of::<T>(), size_of::<f32>());
            transpose(level, from.as_ptr().cast(), to.cast(), band);
        };
        let pieces = matrices * i_parts * j_parts;
        match self.rows * self.columns * matrices <= ALONE {
            true => (0..pieces).for_each(piece),
            false => parallel(pieces, piece),
        }
    }
}

/// So many rows to be written, so many numbers in each.
#[derive(Clone, Copy)]
struct Band {
    rows: usize,
    columns: usize,
    from_step: usize,
    to_step: usize,
    /// Past the caches; the rows begin alike in their lines.
    aside: bool,
}

vectorized! {
    /// Writes a band. That it can be read and written is the caller's promise.
    fn transpose<S>(from: *const f32, to: *mut f32, band: Band) {
        let Band { rows, columns, from_step, to_step, aside } = band;
        let (down, across) = (into_line(from, from_step), into_line(to, to_step));
        let (down, across) = (down % S::LANES, across % S::LANES);
        for j in 0..parts(columns, across, S::LANES) {
            let j = part(j, columns, across, S::LANES);
            for i in 0..parts(rows, down, S::LANES) {
                let i = part(i, rows, down, S::LANES);
                let from = from.wrapping_add(j.start * from_step + i.start);
                let to = to.wrapping_add(i.start * to_step + j.start);
                // SAFETY: inside of the band.
                unsafe {
                    if i.len() < S::LANES || j.len() < S::LANES {
                        transpose_edge(from, to, i.len(), j.len(), [from_step, to_step]);
                    } else if aside {
                        S::transpose_aside(from, from_step, to, to_step);
                    } else {
                        S::transpose(from, from_step, to, to_step);
                    }
                }
            }
        }
        if aside {
            S::join_aside();
        }
    }
}

/// Fewer rows or numbers than a vector has lanes.
///
/// # Safety
/// `rows` of `columns` numbers can be written, and as many columns read.
#[inline(always)]
unsafe fn transpose_edge(
    from: *const f32,
    to: *mut f32,
    rows: usize,
    columns: usize,
    [from_step, to_step]: [usize; 2],
) {
    for i in 0..rows {
        for j in 0..columns {
            // SAFETY: the caller's promise.
            unsafe { to.add(i * to_step + j).write(from.add(j * from_step + i).read()) }
        }
    }
}

/// For each index before the axis, a run of numbers from every input.
fn cat(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let &Cat { axis } = settings::<Cat>(op);
    let mut sizes = x[0].shape().to_vec();
    sizes[axis] = x.iter().map(|t| t.shape().size(axis)).sum();
    let inner: usize = sizes[axis + 1..].iter().product();
    let whole_run = sizes[axis] * inner;
    let fill = |out: Out<'_, f32>| {
        let mut start = 0;
        for x in x {
            let (values, run) = (dense(x), x.shape().size(axis) * inner);
            let first = start;
            pieces(values.len(), |range| {
                let mut next = range.start;
                while next < range.end {
                    let n = (run - next % run).min(range.end - next);
                    let to = next / run * whole_run + first + next % run;
                    // SAFETY: each run of each input has a place of its own.
                    let to = unsafe { out.part(to..to + n) };
                    to.copy_from_slice(&values[next..next + n]);
                    next += n;
                }
            });
            start += run;
        }
    };
    // SAFETY: the runs of all inputs, one after the other, are the result.
    unsafe { tensor(sizes, fill) }
}

/// What was cut out, back in its place among zeros.
fn slice_backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let &SliceBackward { slice: Slice { axis, start, len, step }, size } = settings(op);
    let mut sizes = x[0].shape().to_vec();
    sizes[axis] = size;
    let inner: usize = sizes[axis + 1..].iter().product();
    let (values, (row, cut_row)) = (dense(x[0]), (size * inner, len * inner));
    // Where a run of numbers that were taken or left out ends, and where the taken ones come from.
    let run = |at: usize| match (step, at / inner) {
        (1, i) if i < start => (start * inner, None),
        (1, i) if i >= start + len => (row, None),
        (1, _) => ((start + len) * inner, Some(at - start * inner)),
        (_, i) => {
            let taken = i >= start && (i - start) % step == 0 && (i - start) / step < len;
            ((i + 1) * inner, taken.then(|| (i - start) / step * inner + at % inner))
        }
    };
    let fill = |out: Out<'_, f32>| {
        pieces(out.len(), |range| {
            let mut next = range.start;
            while next < range.end {
                let (end, from) = run(next % row);
                let n = (end - next % row).min(range.end - next);
                // SAFETY: the ranges cover all, and none twice.
                let to = unsafe { out.part(next..next + n) };
                match from {
                    None => to.fill(0.0),
                    Some(from) => {
                        let from = next / row * cut_row + from;
                        to.copy_from_slice(&values[from..from + n]);
                    }
                }
                next += n;
            }
        })
    };
    // SAFETY: every number is 0 or copied.
    unsafe { tensor(sizes, fill) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    #[test]
    fn a_copy_is_the_same_numbers_in_order() {
        let mut rng = Rng::new(1);
        let shapes: [&[usize]; 14] = [
            &[],
            &[0, 3],
            &[1, 1],
            &[2, 3],
            &[7, 9],
            &[8, 8],
            &[16, 16],
            &[33, 15],
            &[70, 130],
            &[3, 17, 40],
            &[2, 3, 4, 5],
            &[5, 1, 64, 16],
            &[300, 700],
            &[2, 1, 3, 20, 2, 35],
        ];
        for shape in shapes {
            for x in layouts(shape, &mut rng) {
                assert_agrees(&Contiguous, contiguous::<f32>, &[&x], 0.0);
                let whole = x.to_i32();
                if whole.ndim() > 1 {
                    assert_agrees(&Contiguous, contiguous::<i32>, &[&whole.transpose(0, -1)], 0.0);
                }
                assert_eq!(dense(&x), x.data());
            }
        }
    }

    #[test]
    fn what_no_cache_holds_is_copied() {
        let mut rng = Rng::new(5);
        for shape in [[1030, 1056], [1024, 1040], [1100, 1001]] {
            let x = Tensor::randn(shape, &mut rng);
            assert_agrees(&Contiguous, contiguous::<f32>, &[&x.t()], 0.0);
            let cut = x.slice(0, 3..).slice(1, 5..).t();
            assert_agrees(&Contiguous, contiguous::<f32>, &[&cut], 0.0);
        }
    }

    #[test]
    fn any_order_of_axes_is_copied() {
        let mut rng = Rng::new(2);
        let x = Tensor::randn([17, 3, 20, 34], &mut rng).slice(1, 1..);
        for a in 0..4 {
            for b in (0..4).filter(|&b| b != a) {
                for c in (0..4).filter(|&c| c != a && c != b) {
                    let x = x.permute([a, b, c, 6 - a - b - c]);
                    assert_agrees(&Contiguous, contiguous::<f32>, &[&x], 0.0);
                }
            }
        }
    }

    #[test]
    fn tensors_are_joined() {
        let mut rng = Rng::new(3);
        for sizes in [[1, 2, 3], [0, 5, 1], [0, 0, 0], [100, 1, 200]] {
            for axis in 0..3 {
                let x: Vec<Tensor> = sizes
                    .iter()
                    .map(|&n| {
                        let mut shape = [5, 33, 9];
                        shape[axis] = n;
                        Tensor::randn(shape, &mut rng).transpose(0, 2).contiguous().transpose(0, 2)
                    })
                    .collect();
                let x: Vec<&Tensor> = x.iter().collect();
                assert_agrees(&Cat { axis }, cat, &x, 0.0);
            }
        }
    }

    #[test]
    fn slices_go_back_to_their_place() {
        let mut rng = Rng::new(4);
        for (size, start, len, step) in [
            (10, 2, 5, 1),
            (10, 0, 10, 1),
            (10, 3, 3, 2),
            (10, 9, 1, 4),
            (10, 5, 0, 1),
            (0, 0, 0, 1),
        ] {
            for axis in 0..3 {
                let mut shape = [40, 50, 30];
                shape[axis] = len;
                let op = SliceBackward { slice: Slice { axis, start, len, step }, size };
                for x in layouts(&shape, &mut rng) {
                    assert_agrees(&op, slice_backward, &[&x], 0.0);
                }
            }
        }
    }
}
