//! The binary; everything else is in the library.

use std::process::ExitCode;
use tinytorch::acceleration::AlignedMemory;

/// Milestones train in this process.
#[global_allocator]
static MEMORY: AlignedMemory = AlignedMemory;

fn main() -> ExitCode {
    tito::main()
}
