//! Module 11 · Embeddings: words as points, and where in the sentence they stand.
//!
//! A tokenizer turns text into ids, and an id is a name: 7 is no nearer to 8 than to 4,000. An
//! [`Embedding`] keeps a row of numbers per id and looks it up; training moves the rows until
//! words that are used alike lie near each other.
//!
//! ```
//! use tinytorch_embeddings::{Embedding, sinusoidal};
//! use tinytorch_layers::Module;
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! let words = Embedding::new(50, 8, &mut Rng::new(0)); // 50 words, 8 numbers each
//! let ids = Tensor::from([[7, 3, 7], [0, 49, 1]]);
//! let x = words.forward(&ids);
//! assert_eq!(x.shape(), [2, 3, 8]);
//! assert_eq!(x.select(0, 0).select(0, 0), x.select(0, 0).select(0, 2)); // the same word
//!
//! let x = x + sinusoidal(3, 8); // now the two differ: one comes first, one last
//! assert_ne!(x.select(0, 0).select(0, 0), x.select(0, 0).select(0, 2));
//! ```
//!
//! A bag of rows has no order, so the place of each word is told apart: by a row learned per place
//! ([`PositionEmbedding`]), by waves of different lengths ([`sinusoidal`]), or by turning the
//! queries and keys of attention by an angle that grows with the place ([`RotaryEmbedding`]).
//!
//! Cost: a lookup of `n` ids reads and writes `4 n d` bytes and takes no arithmetic; the table is
//! `4 v d` bytes, and so is its gradient. Nearly half of the smallest GPT-2 would be two such
//! tables, if the one at the end were not the one at the start ([`Embedding::logits`]).
//!
//! PyTorch has `nn.Embedding` with the same initial numbers, padding row and gradient; its
//! `sparse=True` keeps of the gradient only the rows that were used. Positions are left to the
//! user there.

mod embedding;
mod position;
mod rotary;
mod sequence;

pub use embedding::{Embedding, EmbeddingBackward, EmbeddingOp, embedding};
pub use position::{PositionEmbedding, sinusoidal};
pub use rotary::{Rotary, RotaryEmbedding};
pub use sequence::{Positions, SequenceEmbedding};

/// The code in the lesson, compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../lesson.md")]
struct Lesson;
