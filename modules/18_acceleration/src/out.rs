//! The numbers of a result before they are computed.

#![expect(unsafe_code, reason = "memory that is written once instead of twice")]

use std::marker::PhantomData;
use std::ops::Range;
use tinytorch_tensor::{Element, Shape, Tensor};

/// Room for numbers that several threads fill, each another part.
#[derive(Clone, Copy)]
pub(crate) struct Out<'a, T = f32> {
    start: *mut T,
    len: usize,
    room: PhantomData<&'a mut [T]>,
}

// SAFETY: whoever takes a part promises that nobody else has any of it.
unsafe impl<T: Send> Send for Out<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Out<'_, T> {}

impl<'a, T> Out<'a, T> {
    /// Room that exists: what is in it may be overwritten.
    pub(crate) fn over(numbers: &'a mut [T]) -> Self {
        Self { start: numbers.as_mut_ptr(), len: numbers.len(), room: PhantomData }
    }

    /// A part of it. What is in it means nothing before it is written.
    ///
    /// # Safety
    /// No two parts that overlap are in use at once.
    ///
    /// # Panics
    /// When the range ends behind the end.
    #[inline]
    #[expect(clippy::mut_from_ref, reason = "the caller promises that parts do not overlap")]
    pub(crate) unsafe fn part(&self, range: Range<usize>) -> &'a mut [T] {
        assert!(range.start <= range.end && range.end <= self.len);
        // SAFETY: inside of the room, and nobody else's.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(range.start), range.len()) }
    }

    /// Where number `i` is, for kernels that step through it by themselves.
    #[inline]
    pub(crate) fn at(&self, i: usize) -> *mut T {
        debug_assert!(i <= self.len);
        self.start.wrapping_add(i)
    }

    /// How many numbers there is room for.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// `n` numbers that `fill` writes.
///
/// # Safety
/// `fill` writes every one of them.
pub(crate) unsafe fn filled<T: Element>(n: usize, fill: impl FnOnce(Out<'_, T>)) -> Vec<T> {
    let mut numbers = Vec::with_capacity(n);
    fill(Out { start: numbers.as_mut_ptr(), len: n, room: PhantomData });
    // SAFETY: there is room for them, and all are written.
    unsafe { numbers.set_len(n) };
    numbers
}

/// A tensor whose numbers `fill` writes, row by row.
///
/// # Safety
/// `fill` writes every one of them.
pub(crate) unsafe fn tensor<T: Element>(
    shape: impl Into<Shape>,
    fill: impl FnOnce(Out<'_, T>),
) -> Tensor {
    let shape = shape.into();
    // SAFETY: the caller's promise.
    Tensor::from_vec(unsafe { filled(shape.numel(), fill) }, shape)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::parallel_ranges;

    #[test]
    fn parts_are_filled_by_several_threads() {
        // SAFETY: the ranges cover all, and none twice.
        let t = unsafe {
            tensor([10, 101], |out| {
                parallel_ranges(out.len(), 64, |range| {
                    let first = range.start;
                    for (i, x) in out.part(range).iter_mut().enumerate() {
                        *x = (first + i) as f32;
                    }
                })
            })
        };
        assert_eq!(t.to_vec(), (0..1010).map(|i| i as f32).collect::<Vec<_>>());
    }
}
