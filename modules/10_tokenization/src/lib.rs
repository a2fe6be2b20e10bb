//! Module 10 · Tokenization: text into numbers, and numbers back into the very same text.
//!
//! A model computes with numbers, so a text must become a list of ids before it can be learned
//! from, and a list of ids must become a text before it can be read. What an id stands for is the
//! question. Characters are few, so lists are long; words are too many, and tomorrow there is a new
//! one. Between them is what GPT-2 and most models since use: *byte-pair encoding*.
//!
//! ```text
//! "lower slower"  ->  cut into words      lower | ·slower
//!                 ->  bytes               l o w e r | · s l o w e r
//!                 ->  merges, in order    l+o, lo+w, e+r, ...        low er | ·s low er
//!                 ->  ids                 [257, 258, 270, 257, 258]
//! ```
//!
//! - [`CharTokenizer`]: a token per character, and one for the unknown.
//! - [`BpeTokenizer`]: tokens of bytes. The 256 bytes are tokens, so nothing is unknown; training
//!   adds the pair of neighbors that is most frequent, again and again.
//!   [`train`](BpeTokenizer::train) learns one from a text, [`load`](BpeTokenizer::load) reads
//!   GPT-2's files and Hugging Face's `tokenizer.json`, [`save`](BpeTokenizer::save) writes it.
//!
//! ```
//! use tinytorch_tokenization::{BpeTokenizer, Tokenizer, TrainOptions};
//!
//! let text = "the cat sat on the mat; the rat that sat on the cat sat on the mat that sat";
//! let tokenizer = BpeTokenizer::train(text, &TrainOptions { vocab_size: 280, ..Default::default() });
//! let ids = tokenizer.encode(text);
//! assert!(ids.len() < text.len() / 2);
//! assert_eq!(tokenizer.decode(&ids), text);
//! assert_eq!(tokenizer.encode_tensor(" the cat").shape(), [2]);
//! ```
//!
//! The promises, each held by tests: every string of bytes comes back from its ids; a text and its
//! options give one tokenizer, that of Hugging Face's trainer, merge by merge; the ids are those of
//! `tokenizers` and `tiktoken` for the same files, over all of Unicode 16.0; special tokens are
//! written for those who ask for them ([`Special`]), never because a text spells them out.
//!
//! Cost: training looks at each different word once, and from then on only where a merge changes
//! something: some 0.1 s for 1,000 merges of 1 MB of English. Encoding looks at each character
//! about once, and merges each different word of a text once. A vocabulary of 50,257 tokens takes
//! some 8 MB.
//!
//! Production tokenizers do the same in more kinds: other cuts (GPT-4's takes at most three digits
//! together), Unigram models, normalization of the text, alignment of tokens with places in the
//! text, batches on all cores.
//!
//! Source: Sennrich, Haddow & Birch, "Neural Machine Translation of Rare Words with Subword Units"
//! (2016), and section 2.2 of Radford et al., "Language Models are Unsupervised Multitask Learners"
//! (2019), which applied it to bytes.

mod error;
mod durable;
mod json;
mod tokenizer;
mod stream;
mod characters;
mod byte_chars;
mod unicode_tables;
mod categories;
mod pretokenize;
mod vocabulary;
mod pairs;
mod words;
mod train;
mod learn;
mod merge_by_rank;
mod special;
mod bpe;
mod encode;
mod parts;
mod gpt2_files;
mod tokenizer_json;

pub use bpe::BpeTokenizer;
pub use byte_chars::{byte_to_char, char_to_byte};
pub use categories::Category;
pub use characters::CharTokenizer;
pub use error::TokenizationError;
pub use pairs::{Pair, PairCounts, PairHasher, PairMap, Word, best_pair, count_pairs, merge_pair};
pub use pretokenize::{Gpt2Words, gpt2_words};
pub use special::Special;
pub use stream::DecodeStream;
pub use tokenizer::Tokenizer;
pub use train::{Merge, TrainOptions};
