//! The list of tokens: bytes by id, and ids by bytes.

use std::collections::HashMap;

use crate::byte_chars::ByteChars;

/// The tokens of a byte-level tokenizer. Ids are contiguous: the n-th token added has the id n.
#[derive(Clone, Debug)]
pub(crate) struct Vocabulary {
    tokens: Vec<Box<[u8]>>,
    /// Without the tokens that no bytes lead to: special ones.
    ids: HashMap<Box<[u8]>, i32>,
}

impl Vocabulary {
    /// No tokens.
    pub(crate) fn new() -> Self {
        Self { tokens: Vec::new(), ids: HashMap::new() }
    }

    /// The 256 tokens of one byte each, in GPT-2's order.
    pub(crate) fn of_bytes() -> Self {
        let mut vocabulary = Self::new();
        for byte in ByteChars::new().bytes_in_order() {
            vocabulary.add(vec![byte]);
        }
        vocabulary
    }

    /// The id of the token `bytes`, which is added at the end if it is not there yet.
    ///
    /// Two merges may lead to the same bytes: `ab` + `c` and `a` + `bc` are one token.
    pub(crate) fn add(&mut self, bytes: Vec<u8>) -> i32 {
        if let Some(id) = self.id(&bytes) {
            return id;
        }
        let id = self.add_apart(bytes.clone());
        self.ids.insert(bytes.into(), id);
        id
    }

    /// Adds a token that its bytes do not lead to: it can be decoded, and [`id`](Self::id) does
    /// not find it.
    pub(crate) fn add_apart(&mut self, bytes: Vec<u8>) -> i32 {
        let id = i32::try_from(self.tokens.len()).expect("fewer than 2^31 tokens fit in memory");
        self.tokens.push(bytes.into());
        id
    }

    /// The id of the token `bytes`.
    pub(crate) fn id(&self, bytes: &[u8]) -> Option<i32> {
        self.ids.get(bytes).copied()
    }

    /// The bytes of the token `id`.
    pub(crate) fn token(&self, id: i32) -> Option<&[u8]> {
        usize::try_from(id).ok().and_then(|id| self.tokens.get(id)).map(|bytes| &bytes[..])
    }

    /// The bytes of two tokens, one after the other.
    pub(crate) fn joined(&self, left: i32, right: i32) -> Vec<u8> {
        [&self.tokens[left as usize][..], &self.tokens[right as usize]].concat()
    }

    pub(crate) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// The tokens in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.tokens.iter().map(|token| &token[..])
    }

    /// The id of each byte, or the first byte that has none.
    pub(crate) fn byte_ids(&self) -> Result<[i32; 256], u8> {
        let mut ids = [0; 256];
        for byte in 0..=255 {
            ids[usize::from(byte)] = self.id(&[byte]).ok_or(byte)?;
        }
        Ok(ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_contiguous_and_bytes_have_one_each() {
        let mut vocabulary = Vocabulary::of_bytes();
        assert_eq!(vocabulary.len(), 256);
        assert_eq!(vocabulary.add(b"ab".to_vec()), 256);
        assert_eq!(vocabulary.add_apart(b"<end>".to_vec()), 257);
        assert_eq!(vocabulary.add(b"ab".to_vec()), 256);
        assert_eq!(vocabulary.add(b"<end>".to_vec()), 258);
        assert_eq!(vocabulary.token(257), vocabulary.token(258));
        assert_eq!(vocabulary.joined(256, vocabulary.id(b"c").unwrap()), b"abc");
        assert_eq!((vocabulary.token(-1), vocabulary.token(259)), (None, None));
        assert_eq!(Vocabulary::new().byte_ids(), Err(0));
    }
}
