//! What every tokenizer can do, whatever its tokens are.

use tinytorch_tensor::Tensor;

use crate::DecodeStream;

/// Text into ids, and ids into text.
///
/// Ids run from 0 to [`vocab_size`](Self::vocab_size) without holes, so that each can be a row of
/// a table of embeddings and a column of logits. They are `i32`, the integers of tensors.
///
/// The trait can be a `&dyn Tokenizer`: a program that writes text need not know of which kind.
pub trait Tokenizer: Send + Sync {
    /// The ids of `text`, one per token.
    ///
    /// Any text can be encoded. Special tokens never come from here: a text that spells one out is
    /// taken as the characters it consists of.
    fn encode(&self, text: &str) -> Vec<i32>;

    /// The bytes that `ids` stand for, one token after the other, with nothing between them.
    ///
    /// # Panics
    /// If an id is not in the vocabulary.
    fn decode_bytes(&self, ids: &[i32]) -> Vec<u8>;

    /// How many ids there are, special tokens included.
    fn vocab_size(&self) -> usize;

    /// The bytes of the token `id`, or `None` if the vocabulary has no such id.
    fn token(&self, id: i32) -> Option<&[u8]>;

    /// The text that `ids` stand for.
    ///
    /// Ids may be cut anywhere, also in the middle of a character's bytes, and a model may write
    /// bytes that are no UTF-8 at all: each such stretch becomes U+FFFD, the replacement
    /// character, as in [`String::from_utf8_lossy`]. [`decode_bytes`](Self::decode_bytes) loses
    /// nothing.
    ///
    /// # Panics
    /// If an id is not in the vocabulary.
    #[track_caller]
    fn decode(&self, ids: &[i32]) -> String {
        let bytes = self.decode_bytes(ids);
        String::from_utf8(bytes).unwrap_or_else(|e| String::from_utf8_lossy(e.as_bytes()).into())
    }

    /// The ids of `text` as a tensor of shape `[t]`.
    fn encode_tensor(&self, text: &str) -> Tensor {
        let ids = self.encode(text);
        let t = ids.len();
        Tensor::from_vec(ids, [t])
    }

    /// The text that a tensor of ids stands for, read in row-major order.
    ///
    /// # Panics
    /// If the tensor is not of `i32`, or an id is not in the vocabulary.
    #[track_caller]
    fn decode_tensor(&self, ids: &Tensor) -> String {
        self.decode(&ids.ints())
    }

    /// A decoder that is given ids one at a time, for text shown while it is being written.
    fn stream(&self) -> DecodeStream<'_>
    where
        Self: Sized,
    {
        DecodeStream::new(self)
    }
}

/// The panic of an id that is not in the vocabulary.
#[track_caller]
pub(crate) fn no_such_id(id: i32, size: usize) -> ! {
    panic!(
        "decode: there are ids from 0 to {} only; decode with the tokenizer that the model was \
         trained with: {id}",
        size as i64 - 1
    )
}
