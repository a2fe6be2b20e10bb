//! Memory that stays, and that begins where the processor likes it to.
//!
//! The C library of Linux hands large blocks back to the system when they are freed, and the
//! system clears each page anew when it is touched again: a microsecond for 4 KiB, several times
//! what computing them takes. A training step asks for the same sizes again and again; so the
//! library is told to keep what it has.
//!
//! Its blocks begin at multiples of 16 bytes. A vector of 16 floats that does not begin at a line of
//! the cache, 64 bytes, lies in two of them, and reading or writing it is done twice. Where a
//! block begins is for the program's allocator to say: [`AlignedMemory`].

#![expect(unsafe_code, reason = "functions of the C library, and an allocator")]

use std::alloc::{GlobalAlloc, Layout, System};

/// From now on freed memory is kept for the next allocation instead of being given back.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn keep() {
    use std::ffi::c_int;
    unsafe extern "C" {
        fn mallopt(parameter: c_int, value: c_int) -> c_int;
    }
    const M_TRIM_THRESHOLD: c_int = -1;
    const M_TOP_PAD: c_int = -2;
    const M_MMAP_MAX: c_int = -4;
    // SAFETY: three settings of the allocator; each is refused, not misread, where unknown.
    unsafe {
        mallopt(M_MMAP_MAX, 0); // no block is a mapping of its own, unmapped when freed
        mallopt(M_TRIM_THRESHOLD, c_int::MAX); // the top of the heap is not cut off
        mallopt(M_TOP_PAD, 4 << 20); // the heap grows by more than is asked for
    }
}

/// Other allocators keep memory by themselves.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn keep() {}

/// An allocator whose blocks, from a KiB on, begin at a line of the cache; what it hands out is the
/// system's memory. Most kernels are some percent faster for it. A library should not choose the
/// allocator of a program, so this is for the program to say:
///
/// ```
/// use tinytorch_acceleration::AlignedMemory;
///
/// #[global_allocator]
/// static MEMORY: AlignedMemory = AlignedMemory;
///
/// let numbers = vec![0.0_f32; 1000];
/// assert!(numbers.as_ptr().addr().is_multiple_of(64));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct AlignedMemory;

/// A line of the cache, in bytes.
const LINE: usize = 64;

/// From this size on blocks begin at a line.
const LARGE: usize = 1024;

/// How blocks of the system are aligned at least.
const ALIGNED: usize = 16;

/// What the system is asked for instead of a block of this layout, if it is a large one.
fn with_room(layout: Layout) -> Option<Layout> {
    match layout.size() >= LARGE && layout.align() <= ALIGNED {
        true => Layout::from_size_align(layout.size() + LINE, ALIGNED).ok(),
        false => None,
    }
}

/// The first line that begins inside of a block. In front of it is noted how far inside.
///
/// # Safety
/// The block is null, or aligned and as large as [`with_room`] says.
unsafe fn inside(block: *mut u8) -> *mut u8 {
    if block.is_null() {
        return block;
    }
    let far = LINE - block.addr() % LINE;
    // SAFETY: between 16 bytes and a line inside, and there is a line more than is needed.
    unsafe {
        let place = block.add(far);
        place.sub(1).write(far as u8);
        place
    }
}

/// The block around such a place.
///
/// # Safety
/// The place is what [`inside`] gave.
unsafe fn around(place: *mut u8) -> *mut u8 {
    // SAFETY: the caller's promise.
    unsafe { place.sub(usize::from(place.sub(1).read())) }
}

// SAFETY: blocks are those of `System`, or parts of one that are large enough.
unsafe impl GlobalAlloc for AlignedMemory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises; there is a line more than is wanted.
        unsafe {
            match with_room(layout) {
                Some(room) => inside(System.alloc(room)),
                None => System.alloc(layout),
            }
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises; there is a line more than is wanted.
        unsafe {
            match with_room(layout) {
                Some(room) => inside(System.alloc_zeroed(room)),
                None => System.alloc_zeroed(layout),
            }
        }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises.
        unsafe {
            match with_room(layout) {
                Some(room) => System.dealloc(around(place), room),
                None => System.dealloc(place, layout),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box; // a block that nobody uses would not be asked for

    /// What a block of this size holds after it was given, written, and given another size.
    fn resized(from: usize, to: usize, align: usize) -> (bool, Vec<u8>) {
        let layout = |size| Layout::from_size_align(size, align).unwrap();
        // SAFETY: the block is used inside of its size, and freed with its last layout.
        unsafe {
            let block = AlignedMemory.alloc(layout(from));
            (0..from).for_each(|i| block.add(i).write(i as u8));
            let block = AlignedMemory.realloc(block, layout(from), to);
            let begins_well = block.addr().is_multiple_of(if to >= LARGE { LINE } else { align });
            let bytes = std::slice::from_raw_parts(block, from.min(to)).to_vec();
            AlignedMemory.dealloc(block, layout(to));
            (begins_well, bytes)
        }
    }

    #[test]
    fn large_blocks_begin_at_a_line_and_keep_what_they_hold() {
        let sizes = [1, 63, 1008, 1023, 1024, 1025, 5000, 100_000];
        for (from, to) in sizes.into_iter().flat_map(|from| sizes.map(|to| (from, to))) {
            for align in [1, 4, 16, 64, 4096] {
                let (begins_well, bytes) = resized(from, to, align);
                assert!(begins_well, "{from} to {to} bytes, aligned to {align}");
                let expected: Vec<u8> = (0..from.min(to)).map(|i| i as u8).collect();
                assert_eq!(bytes, expected, "{from} to {to} bytes");
            }
        }
    }

    #[test]
    fn zeroed_blocks_are_zero_whatever_was_there() {
        for size in [100, 1024, 70_000] {
            let layout = Layout::from_size_align(size, 4).unwrap();
            for _ in 0..4 {
                // SAFETY: as above.
                unsafe {
                    let block = AlignedMemory.alloc_zeroed(layout);
                    let bytes = std::slice::from_raw_parts_mut(block, size);
                    assert!(bytes.iter().all(|&byte| byte == 0));
                    bytes.fill(7);
                    AlignedMemory.dealloc(block, layout);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_had_is_null() {
        for size in [isize::MAX as usize - 3, isize::MAX as usize - 100, 1 << 60] {
            let layout = Layout::from_size_align(size, 4).unwrap();
            // SAFETY: the size is not zero.
            let block = black_box(unsafe { AlignedMemory.alloc(layout) });
            assert!(block.is_null());
        }
    }
}
