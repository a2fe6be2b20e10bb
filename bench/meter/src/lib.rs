//! What every Rust program in the race measures with: ours, candle's, burn's, that of the bare
//! matrix products. The Python programs have the same in `bench/peers/py/common.py`.
//!
//! One rule of timing, one stream of weights, one form of line, so that the programs differ in the
//! framework alone:
//!
//! ```
//! use meter::Meter;
//!
//! let meter = Meter::new("nobody", 1, &["W3.op_add8"], 0.001);
//! if meter.wants("W3.op_add8") {
//!     let x = meter::det(8, 1, 1.0);
//!     let time = meter.time("W3.op_add8", || std::hint::black_box(x.iter().sum::<f32>()));
//!     assert!(time.median > 0.0);
//! }
//! ```

mod clock;
mod det;
mod line;
mod machine;
mod products;

pub use clock::{Time, time};
pub use det::{det, det_int, weights};
pub use line::Meter;
pub use machine::{busy_seconds, own_seconds, peak_memory, processor};
pub use products::PRODUCTS;
