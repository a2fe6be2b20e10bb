//! Module 17 · Memoization: never compute twice.
//!
//! A model that writes asks the same question again and again: what comes after these tokens? The
//! tokens hardly differ from one time to the next; one came behind them. What an earlier token
//! means to later ones are its key and its value in every layer, and as nobody looks ahead, they
//! never change. A [`KvCache`] keeps them, and a [`CachedGpt`] computes the new token alone:
//!
//! ```
//! use std::ops::ControlFlow;
//! use tinytorch_memoization::CachedGpt;
//! use tinytorch_tensor::Rng;
//! use tinytorch_transformers::{GenerateOptions, Gpt, GptConfig, generate};
//!
//! let model = Gpt::new(GptConfig { vocab_size: 65, ..GptConfig::tiny() }, &mut Rng::new(0));
//! let options = GenerateOptions { max_new_tokens: 20, ..Default::default() };
//! let cached = CachedGpt::new(&model);
//! let text = generate(&cached, &[1, 2, 3], &options, |_| ControlFlow::Continue(()));
//! let again = generate(&model, &[1, 2, 3], &options, |_| ControlFlow::Continue(()));
//! assert_eq!(text, again); // the same text, in a tenth of the operations
//! assert_eq!(cached.computed(), 22); // 3 tokens of the prompt, then one at a time but the last
//! ```
//!
//! Cost: writing `t` tokens takes `2 p t` floating-point operations with `p` parameters, instead
//! of `p t²`; what is kept is `2 layers d` numbers per token, `8 layers d` bytes. Each step reads
//! all parameters to treat one row, so it is bound by memory, not by arithmetic: the reason for
//! batching requests and for small weights (R. Pope et al., "Efficiently scaling transformer
//! inference", 2022).
//!
//! PyTorch's models keep it as `past_key_values` (Hugging Face's `use_cache`), servers in pages so
//! that many texts share memory (W. Kwon et al., "PagedAttention", 2023).

mod kv_cache;
mod cached_gpt;

pub use cached_gpt::{CachedGpt, features_after};
pub use kv_cache::{Append, KvCache};
