//! A quarter of the bytes: int8, with sums of 32 bits.
//!
//! A quantized layer multiplies integers and knows what they stand for: a row of activations is
//! `scale (q - zero)` with `q` of 0 to 255, a column of weights `scale q` with `q` of -128 to 127
//! (B. Jacob et al., "Quantization and Training of Neural Networks for Efficient
//! Integer-Arithmetic-Only Inference", 2018). The zero point is taken out of the sums afterward,
//! for which each column's own sum is kept with it:
//!
//! ```text
//! y[i, j] = scale_x[i] scale_w[j] (Σ x[i, k] w[k, j]  -  zero[i] Σ w[k, j])  +  bias[j]
//! ```
//!
//! Unsigned times signed is what `vpdpbusd` multiplies (AVX-512 VNNI): 64 products in one
//! instruction, four for each sum; four times what f32 does. [`plain`] says the same in loops.
//!
//! For one row the weights are read once and used once: memory is the limit, and a quarter of the
//! bytes is a quarter of the time. They are kept in panels, so both kinds of product read them
//! from the front to the back, and nothing is packed but the activations.
//!
//! A model is quantized by exchanging its weights ([`Int8Buffer`]); its layers stay as they are:
//!
//! ```
//! use tinytorch_acceleration::LowPrecision;
//! use tinytorch_layers::{Linear, Module};
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! let rng = &mut Rng::new(1);
//! let (x, mut layer) = (Tensor::randn([5, 256], rng), Linear::new(256, 128, rng));
//! let exact = layer.forward(&x);
//! layer.weight = layer.weight.to_int8();
//! assert_eq!(layer.weight.nbytes(), 128 * 256 + 128 * 8); // and two numbers per output
//! let gap = (layer.forward(&x) - exact).abs().max().item();
//! assert!(gap > 0.0 && gap < 0.05);
//! ```

mod weights;
mod rows;
mod product;
mod storage;
pub mod plain;

pub use product::{linear, matmul};
pub use rows::Rows;
pub use storage::Int8Buffer;
pub(crate) use storage::register;
pub use weights::Weights;
