//! Which number of the storage stands where.

use crate::shape::{MAX_NDIM, Shape};

/// A shape, and how far apart in storage its numbers lie.
///
/// Number `[i, j, …]` is found at `offset + i * strides[0] + j * strides[1] + …`. A fresh tensor
/// is *contiguous*: the last axis has stride 1 and each other one the product of the sizes behind
/// it. Every view is another layout over the same numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    shape: Shape,
    strides: [u32; MAX_NDIM],
    offset: usize,
}

impl Layout {
    /// Row after row from the start of the storage.
    #[inline]
    pub fn contiguous(shape: Shape) -> Self {
        let (mut strides, mut step) = ([0; MAX_NDIM], 1u32);
        for (i, n) in shape.iter().enumerate().rev() {
            strides[i] = step;
            // Wraps only where no number is addressed: behind a size of 0, before the first axis.
            step = step.wrapping_mul(n.max(1) as u32);
        }
        Self { shape, strides, offset: 0 }
    }

    /// The sizes.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many numbers to skip from one index to the next, per axis.
    pub fn strides(&self) -> Vec<usize> {
        (0..self.shape.ndim()).map(|i| self.stride(i)).collect()
    }

    /// The stride of axis `i`.
    #[inline]
    pub fn stride(&self, i: usize) -> usize {
        self.strides[i] as usize
    }

    /// Where the first number is.
    #[inline]
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// Whether the numbers follow each other in row-major order without a gap.
    #[inline]
    pub fn is_contiguous(&self) -> bool {
        let mut step = 1;
        for (i, n) in self.shape.iter().enumerate().rev() {
            if n == 0 {
                return true;
            }
            if n != 1 {
                if self.stride(i) != step {
                    return false;
                }
                step *= n;
            }
        }
        true
    }

    /// Where the number at `index` is.
    ///
    /// # Panics
    /// When `index` does not have one number per axis, each below its size.
    #[track_caller]
    pub fn position(&self, index: &[usize]) -> usize {
        let inside = index.len() == self.shape.ndim()
            && index.iter().zip(self.shape.iter()).all(|(&i, n)| i < n);
        assert!(
            inside,
            "index: {index:?} is not inside {}; indices count from 0, one per axis",
            self.shape
        );
        let steps = index.iter().enumerate().map(|(axis, &i)| i * self.stride(axis));
        self.offset + steps.sum::<usize>()
    }

    /// Axis `i` of the result is axis `axes[i]` of this.
    pub(crate) fn permuted(&self, axes: &[usize]) -> Self {
        let sizes: Vec<usize> = axes.iter().map(|&a| self.shape.size(a)).collect();
        let mut strides = [0; MAX_NDIM];
        for (to, &a) in strides.iter_mut().zip(axes) {
            *to = self.strides[a];
        }
        Self { shape: Shape::new(&sizes), strides, offset: self.offset }
    }

    /// Indices `start, start + step, …` of `axis`, `len` of them.
    pub(crate) fn sliced(&self, axis: usize, start: usize, len: usize, step: usize) -> Self {
        let mut out = *self;
        out.shape = self.shape.with_size(axis, len);
        // Without numbers, whichever axis is empty, there is nothing to point at.
        out.offset += if out.shape.numel() > 0 { start * self.stride(axis) } else { 0 };
        out.strides[axis] = self.strides[axis].wrapping_mul(step as u32);
        out
    }

    /// Repeated to `shape`, to which this shape broadcasts: a stride of 0 reads a number again.
    #[inline]
    pub fn expanded(&self, shape: Shape) -> Self {
        if self.shape == shape {
            return *self;
        }
        let (mut strides, lead) = ([0; MAX_NDIM], shape.ndim() - self.shape.ndim());
        for (i, n) in self.shape.iter().enumerate() {
            let repeated = n == 1 && shape.size(lead + i) != 1;
            strides[lead + i] = if repeated { 0 } else { self.strides[i] };
        }
        Self { shape, strides, offset: self.offset }
    }

    /// The same numbers in the same order under another shape, if strides can say it.
    pub(crate) fn reshaped(&self, shape: Shape) -> Option<Self> {
        match self.is_contiguous() {
            true => Some(Self { offset: self.offset, ..Self::contiguous(shape) }),
            false => self.restrided(shape),
        }
    }

    /// As [`reshaped`](Self::reshaped), when there are gaps or axes out of order.
    ///
    /// Axes of the old shape that lie back to back (`stride[i] == size[i+1] * stride[i+1]`) form
    /// one run of numbers; each run must be cut into whole axes of the new shape.
    fn restrided(&self, shape: Shape) -> Option<Self> {
        let old: Vec<(usize, usize)> =
            (0..self.shape.ndim()).map(|i| (self.shape.size(i), self.stride(i))).collect();
        let mut strides = [0; MAX_NDIM];
        let mut axis = shape.ndim(); // axes of the new shape from here on have their stride
        let mut i = old.len();
        while i > 0 {
            i -= 1;
            let (mut run, stride) = old[i]; // a run of numbers, `stride` apart
            while i > 0 && (old[i - 1].0 == 1 || old[i - 1].1 == run * stride) {
                i -= 1;
                run *= old[i].0;
            }
            let mut filled = 1;
            while axis > 0 && (filled < run || shape.size(axis - 1) == 1) {
                axis -= 1;
                strides[axis] = u32::try_from(stride * filled).ok()?;
                filled *= shape.size(axis);
            }
            if filled != run {
                return None;
            }
        }
        // What is left in front are axes of size 1, whose stride never counts.
        Some(Self { shape, strides, offset: self.offset })
    }

    /// The numbers along the last axis, row by row: where each row starts.
    #[inline]
    pub(crate) fn rows(&self) -> Rows {
        let outer = self.shape.ndim().saturating_sub(1);
        let count: usize = self.shape.iter().take(outer).product();
        let (len, stride) = match self.shape.ndim() {
            0 => (1, 1),
            _ => (self.shape.size(outer), self.stride(outer)),
        };
        let left = if len == 0 { 0 } else { count };
        Rows { layout: *self, index: [0; MAX_NDIM], next: self.offset, left, outer, len, stride }
    }

    /// The numbers of `values` in this layout's order.
    pub(crate) fn gather<T: Copy>(&self, values: &[T]) -> Vec<T> {
        let rows = self.rows();
        let mut out = Vec::with_capacity(self.shape.numel());
        let (len, stride) = (rows.len, rows.stride);
        for start in rows {
            match stride {
                0 => out.extend(std::iter::repeat_n(values[start], len)),
                1 => out.extend_from_slice(&values[start..start + len]),
                _ => out.extend(values[start..].iter().step_by(stride).take(len)),
            }
        }
        out
    }
}

/// The starts of the rows of a layout, last row index fastest: an odometer over the outer axes.
pub(crate) struct Rows {
    layout: Layout,
    index: [u32; MAX_NDIM],
    next: usize,
    left: usize,
    outer: usize,
    /// How long each row is.
    pub len: usize,
    /// How far apart the numbers of a row are.
    pub stride: usize,
}

impl Iterator for Rows {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        if self.left == 0 {
            return None;
        }
        self.left -= 1;
        let start = self.next;
        for axis in (0..self.outer).rev() {
            self.index[axis] += 1;
            self.next += self.layout.stride(axis);
            if (self.index[axis] as usize) < self.layout.shape.size(axis) {
                break;
            }
            self.next -= self.index[axis] as usize * self.layout.stride(axis);
            self.index[axis] = 0;
        }
        Some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(layout: &Layout) -> Vec<usize> {
        layout.gather(&(0..64).collect::<Vec<_>>())
    }

    #[test]
    fn strides_are_row_major() {
        let layout = Layout::contiguous(Shape::from([2, 3, 4]));
        assert_eq!(layout.strides(), [12, 4, 1]);
        assert_eq!(layout.position(&[1, 2, 3]), 23);
        assert!(layout.is_contiguous());
    }

    #[test]
    fn views_read_the_same_numbers_in_another_order() {
        let rows = Layout::contiguous(Shape::from([2, 3]));
        assert_eq!(read(&rows.permuted(&[1, 0])), [0, 3, 1, 4, 2, 5]);
        assert_eq!(read(&rows.sliced(1, 0, 2, 2)), [0, 2, 3, 5]);
        let column = rows.sliced(1, 1, 1, 1);
        assert_eq!(read(&column.expanded(Shape::from([2, 2]))), [1, 1, 4, 4]);
        assert!(!column.is_contiguous() && rows.sliced(0, 1, 1, 1).is_contiguous());
    }

    #[test]
    fn a_reshape_is_a_view_exactly_when_strides_can_say_it() {
        let t = Layout::contiguous(Shape::from([2, 3, 4])).permuted(&[1, 0, 2]); // [3, 2, 4]
        assert!(t.reshaped(Shape::from([6, 4])).is_none());
        let split = t.reshaped(Shape::from([3, 2, 2, 2])).expect("a run is cut in two");
        assert_eq!(split.strides(), [4, 12, 2, 1]);
        assert_eq!(read(&split), read(&t));
        let ones = t.reshaped(Shape::from([1, 3, 1, 2, 4, 1])).expect("sizes of 1 cost nothing");
        assert_eq!(read(&ones), read(&t));
        let merged = Layout::contiguous(Shape::from([4, 2, 3])).sliced(0, 0, 2, 2);
        assert_eq!(merged.reshaped(Shape::from([2, 6])).map(|m| read(&m)), Some(read(&merged)));
    }

    #[test]
    fn a_layout_without_numbers_has_no_rows() {
        for shape in [Shape::from([0]), Shape::from([2, 0, 3]), Shape::from([2, 0])] {
            assert!(read(&Layout::contiguous(shape)).is_empty());
        }
    }
}
