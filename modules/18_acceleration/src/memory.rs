//! Memory that stays.
//!
//! The C library of Linux hands large blocks back to the system when they are freed, and the
//! system clears each page anew when it is touched again: a microsecond for 4 KiB, several times
//! what computing them takes. A training step asks for the same sizes again and again; so the
//! library is told to keep what it has.

#![expect(unsafe_code, reason = "a function of the C library")]

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
