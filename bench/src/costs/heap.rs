//! Bytes alive on the heap, counted where they are allocated.
#![expect(unsafe_code, reason = "an allocator is unsafe to write; this one hands everything on")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// Bytes allocated less bytes freed, by this thread. Per thread, so that counting costs no
    /// atomic operation, which would be a part of what the clock measures.
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(bytes: isize) {
    let live = LIVE.get() + bytes;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call goes to `System` unchanged, with the caller's own promises; counting touches
// two cells without destructors and allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize);
        // SAFETY: the caller's promises, passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(-(layout.size() as isize));
        // SAFETY: the caller's promises, passed on.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(size as isize - layout.size() as isize);
        // SAFETY: the caller's promises, passed on.
        unsafe { System.realloc(place, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What this thread has on the heap from a moment on.
pub struct Heap {
    base: isize,
}

impl Heap {
    /// Counts from now on.
    pub fn from_here() -> Self {
        let base = LIVE.get();
        PEAK.set(base);
        Self { base }
    }

    /// Bytes more than at the start.
    pub fn live(&self) -> f64 {
        (LIVE.get() - self.base) as f64
    }

    /// The most bytes more than at the start, since the start or the last call of this.
    pub fn peak(&self) -> f64 {
        (PEAK.replace(LIVE.get()) - self.base) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_alive_and_the_most_that_was_are_counted() {
        let heap = Heap::from_here();
        let kept = vec![0_u8; 1000];
        drop(vec![1_u8; 5000]);
        assert_eq!((heap.live(), heap.peak()), (1000.0, 6000.0));
        let mut grown = kept;
        grown.reserve_exact(3000);
        assert_eq!(heap.live(), 4000.0);
        drop(grown);
        assert_eq!((heap.live(), heap.peak()), (0.0, 4000.0));
    }
}
