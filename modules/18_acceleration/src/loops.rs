//! How to step through several layouts at once.
//!
//! A broadcast sum of six axes is rarely six loops: axes that lie back to back in every tensor
//! are one. `[32, 64, 56, 56] + [64, 1, 1]` is three loops, `[4096, 1024] + [1024]` two, and two
//! tensors of one shape, both contiguous, are one row whatever their shape.

use std::ops::Range;
use tinytorch_tensor::{Layout, MAX_NDIM, Shape};

/// `N` layouts repeated to one shape, with as few axes as they allow, the innermost first.
#[derive(Clone, Copy)]
pub(crate) struct Loops<const N: usize> {
    axes: usize,
    sizes: [usize; MAX_NDIM],
    steps: [[usize; N]; MAX_NDIM],
    starts: [usize; N],
}

impl<const N: usize> Loops<N> {
    /// The loops over `shape`, to which each layout broadcasts.
    pub(crate) fn over(shape: Shape, layouts: [&Layout; N]) -> Self {
        let starts = layouts.map(Layout::offset);
        let mut loops = Self { axes: 0, sizes: [1; MAX_NDIM], steps: [[0; N]; MAX_NDIM], starts };
        for (i, n) in shape.iter().enumerate().rev() {
            if n != 1 {
                loops.push(n, layouts.map(|layout| step(layout, shape.ndim() - i)));
            }
        }
        loops.axes = loops.axes.max(1);
        loops
    }

    /// One more axis around the others, or a part of the outermost one.
    fn push(&mut self, n: usize, steps: [usize; N]) {
        if let Some(outermost) = self.axes.checked_sub(1) {
            let size = self.sizes[outermost];
            if (0..N).all(|k| steps[k] == size * self.steps[outermost][k]) {
                self.sizes[outermost] *= n;
                return;
            }
        }
        self.sizes[self.axes] = n;
        self.steps[self.axes] = steps;
        self.axes += 1;
    }

    /// Where the first number is in each storage.
    pub(crate) fn starts(&self) -> [usize; N] {
        self.starts
    }

    /// How many axes are left; at least one.
    pub(crate) fn axes(&self) -> usize {
        self.axes
    }

    /// The size of an axis; 0 is the innermost.
    pub(crate) fn size(&self, axis: usize) -> usize {
        self.sizes[axis]
    }

    /// How far apart in each storage neighbors along an axis are; 0 is the innermost.
    #[inline]
    pub(crate) fn steps(&self, axis: usize) -> [usize; N] {
        self.steps[axis]
    }

    /// Every part of a row that lies in `range` of the numbers in row-major order: the first
    /// one's place in that order, its place in each storage, and how many there are.
    #[inline(always)]
    pub(crate) fn rows(&self, range: Range<usize>) -> Rows<'_, N> {
        let (index, places) = self.at(range.start);
        Rows { loops: self, index, places, left: range }
    }

    /// The index of number `i`, and its places.
    #[inline(always)]
    fn at(&self, mut i: usize) -> ([usize; MAX_NDIM], [usize; N]) {
        let (mut index, mut places) = ([0; MAX_NDIM], self.starts);
        for (axis, index) in index.iter_mut().enumerate().take(self.axes) {
            if i == 0 {
                break;
            }
            *index = i % self.sizes[axis];
            i /= self.sizes[axis];
            for (place, step) in places.iter_mut().zip(self.steps[axis]) {
                *place += *index * step;
            }
        }
        (index, places)
    }

    /// From the start of a row to that of the next.
    #[inline(always)]
    fn advance(&self, index: &mut [usize; MAX_NDIM], places: &mut [usize; N]) {
        for (axis, index) in index.iter_mut().enumerate().take(self.axes).skip(1) {
            *index += 1;
            let turned = *index == self.sizes[axis];
            for (place, step) in places.iter_mut().zip(self.steps[axis]) {
                *place += step;
                *place -= if turned { *index * step } else { 0 };
            }
            if !turned {
                return;
            }
            *index = 0;
        }
    }
}

/// See [`Loops::rows`]. An iterator, as what is called with a closure may be compiled apart from
/// the kernel around it, without the kernel's instructions.
pub(crate) struct Rows<'a, const N: usize> {
    loops: &'a Loops<N>,
    index: [usize; MAX_NDIM],
    places: [usize; N],
    left: Range<usize>,
}

impl<const N: usize> Iterator for Rows<'_, N> {
    type Item = (usize, [usize; N], usize);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        if self.left.is_empty() {
            return None;
        }
        let (loops, first, places) = (self.loops, self.left.start, self.places);
        let n = (loops.sizes[0] - self.index[0]).min(self.left.len());
        self.left.start += n;
        for (place, step) in self.places.iter_mut().zip(loops.steps[0]) {
            *place -= self.index[0] * step;
        }
        self.index[0] = 0;
        loops.advance(&mut self.index, &mut self.places);
        Some((first, places, n))
    }
}

/// How far apart neighbors are along the axis that is the `from_end`-th from the end; 0 where one
/// number is repeated.
#[inline]
fn step(layout: &Layout, from_end: usize) -> usize {
    let shape = layout.shape();
    match shape.ndim().checked_sub(from_end) {
        Some(axis) if shape.size(axis) != 1 => layout.stride(axis),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_tensor::Tensor;

    fn sizes<const N: usize>(loops: &Loops<N>) -> Vec<usize> {
        (0..loops.axes()).rev().map(|axis| loops.size(axis)).collect()
    }

    #[test]
    fn axes_that_lie_back_to_back_are_one() {
        let picture = Tensor::zeros([32, 64, 5, 7]);
        let (shape, bias) = (picture.shape(), Tensor::zeros([64, 1, 1]));
        let whole = Loops::over(shape, [picture.layout(), picture.layout()]);
        assert_eq!(sizes(&whole), [32 * 64 * 35]);
        let channels = Loops::over(shape, [picture.layout(), bias.layout()]);
        assert_eq!(sizes(&channels), [32, 64, 35]);
        assert_eq!((channels.steps(0), channels.steps(1)), ([1, 0], [35, 1]));
        let one = Tensor::from(1.0);
        assert_eq!(sizes(&Loops::over(shape, [one.layout()])), [32 * 64 * 35]);
        assert_eq!(sizes(&Loops::over(one.shape(), [one.layout()])), [1]);
    }

    #[test]
    fn parts_of_rows_have_the_places_of_their_numbers() {
        let x = Tensor::zeros([4, 3, 6]).slice(2, 1..5).permute([1, 0, 2]);
        let loops = Loops::over(x.shape(), [x.layout()]);
        let index = |i: usize| [i / 16, i / 4 % 4, i % 4];
        for range in [0..48, 5..30, 7..8, 47..48, 3..3] {
            let mut seen = Vec::new();
            for (first, [place], n) in loops.rows(range.clone()) {
                seen.extend((0..n).map(|k| (first + k, place + k)));
            }
            let expected: Vec<_> = range.map(|i| (i, x.layout().position(&index(i)))).collect();
            assert_eq!(seen, expected);
        }
    }
}
