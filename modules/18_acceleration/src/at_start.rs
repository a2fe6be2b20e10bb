//! Runs [`install`](crate::install) before `main`, so that no user has to.
//!
//! What runs here reads an environment variable, sets the allocator up and fills a table;
//! nothing that needs the runtime, and nothing that panics.

#![expect(unsafe_code, reason = "a place in the loader's list of functions to call at start")]

extern "C" fn install() {
    crate::install();
}

// SAFETY: the section holds pointers to `extern "C" fn()`, which this is, and `install` does not
// unwind.
#[cfg(any(target_os = "linux", target_os = "macos", windows))]
#[used]
#[cfg_attr(target_os = "linux", unsafe(link_section = ".init_array"))]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(windows, unsafe(link_section = ".CRT$XCU"))]
static AT_START: extern "C" fn() = install;
