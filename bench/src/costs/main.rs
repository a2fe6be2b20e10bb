//! What the framework costs: time per op on tiny tensors, memory per graph on large ones.
//!
//! `cargo run --release -p bench --bin costs` prints one table. Times are medians over repeats that are spread
//! over the run, with the middle half of them beside it; bytes are counted at the allocator.
//! Targets are those the project has set itself; a missed one is marked, not hidden.

mod clock;
mod graph;
mod heap;
mod overhead;
mod report;
mod xor;

use report::Report;

fn main() {
    let mut report = Report::start();
    report.section("one op on 4 numbers");
    overhead::run(&mut report);
    report.section("training XOR: 2-8-2, sigmoid, squared error, SGD");
    xor::run(&mut report);
    report.section("64 layers of 256 x 256 with ReLU, a batch of 256");
    graph::layers(&mut report);
    report.section("a chain of 1,000,000 ops, on a stack of 256 KiB");
    graph::chain(&mut report);
}
