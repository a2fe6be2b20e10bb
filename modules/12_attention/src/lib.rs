//! Module 12 · Attention: every word looks at the words that matter to it.
//!
//! Each place of a sequence asks a question (its query), each has a label (its key) and something
//! to say (its value). How well the label answers the question, by their dot product, decides how
//! much of the value is taken over:
//!
//! ```text
//! attention(q, k, v) = softmax(q kᵀ / √d) v        [t, d] x [s, d] x [s, d] -> [t, d]
//! ```
//!
//! ```
//! use tinytorch_attention::{MultiHeadAttention, MultiHeadAttentionOptions};
//! use tinytorch_layers::{Model, Module};
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! let mut rng = Rng::new(0);
//! let options = MultiHeadAttentionOptions { causal: true, ..Default::default() };
//! let mut attention = MultiHeadAttention::new(32, 4, options, &mut rng); // 4 heads of width 8
//! attention.eval();
//! let x = Tensor::randn([2, 10, 32], &mut rng); // 2 sequences of 10 words
//! let (y, weights) = attention.forward_with_weights(&x);
//! assert_eq!((y.shape(), weights.shape()), ([2, 10, 32].into(), [2, 4, 10, 10].into()));
//! assert_eq!(weights.at([0, 0, 3, 4]), 0.0); // word 3 does not see word 4, which comes later
//! ```
//!
//! A. Vaswani et al., "Attention is all you need" (2017): equation 1 and section 3.2.2.
//!
//! Cost: `4 t s d` floating-point operations per head forward and two and a half times that
//! backward, and `t s` weights: twice the text, four times the work. The weights are never all in
//! memory: [`ScaledDotProductAttention`] keeps one row of them at a time and, for the gradient,
//! none, as it computes them again. That is what makes FlashAttention (T. Dao et al., 2022) use
//! memory in proportion to `t`; it also goes through the keys in blocks, so that a block stays in
//! the fastest memory.
//!
//! PyTorch has the same function and layer, `F.scaled_dot_product_attention` and
//! `nn.MultiheadAttention`; there the mask of the layer means the opposite of that of the function,
//! here 1 is always "may look".

mod causal;
mod options;
mod query;
mod attention;
mod gradient;
mod weights;
mod multi_head;

pub use attention::{ScaledDotProductAttention, WeightDropout, scaled_dot_product_attention};
pub use causal::causal_mask;
pub use gradient::ScaledDotProductAttentionBackward;
pub use multi_head::{MultiHeadAttention, MultiHeadAttentionOptions};
pub use options::AttentionOptions;
pub use weights::attention_weights;

/// The code in the lesson, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
