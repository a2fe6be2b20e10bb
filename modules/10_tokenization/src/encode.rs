//! A text into ids: special tokens first, then words, then merges.

use std::collections::HashMap;

use crate::merge_by_rank::merge_by_rank;
use crate::special::{AddedToken, Special, Stretch, find, split};
use crate::tokenizer::no_such_id;
use crate::{BpeTokenizer, TokenizationError, Tokenizer, gpt2_words};

impl BpeTokenizer {
    /// The ids of `text`, where special tokens that are `allowed` become the tokens they spell.
    ///
    /// What is `disallowed` and not allowed may not stand in the text. All others are plain text.
    /// `encode_with_special(text, Special::None, Special::All)` is the careful way to read what
    /// should have none, `(text, Special::All, Special::None)` the way to read one's own files.
    ///
    /// # Errors
    /// [`TokenizationError::SpecialInText`] with the first that is not allowed,
    /// [`TokenizationError::NoSuchSpecial`] for a name that no special token has.
    pub fn encode_with_special(
        &self,
        text: &str,
        allowed: Special,
        disallowed: Special,
    ) -> Result<Vec<i32>, TokenizationError> {
        self.check_names(allowed)?;
        self.check_names(disallowed)?;
        let forbidden: Vec<&AddedToken> = self
            .specials()
            .filter(|token| {
                disallowed.contains(&token.content) && !allowed.contains(&token.content)
            })
            .collect();
        if let Some((at, token)) = find(text, &forbidden) {
            return Err(TokenizationError::SpecialInText { token: token.content.clone(), at });
        }
        let wanted = |token: &&AddedToken| !token.special || allowed.contains(&token.content);
        let mut writer = Writer::new(self);
        writer.text(text, &self.added.iter().filter(wanted).collect::<Vec<_>>());
        Ok(writer.ids)
    }

    fn check_names(&self, special: Special) -> Result<(), TokenizationError> {
        let Special::Only(names) = special else { return Ok(()) };
        match names.iter().find(|name| self.special_id(name).is_none()) {
            None => Ok(()),
            Some(name) => Err(TokenizationError::NoSuchSpecial {
                token: name.to_string(),
                known: self.special_tokens().map(|(content, _)| content.to_string()).collect(),
            }),
        }
    }

    /// The ids of any bytes, be they UTF-8 or not.
    ///
    /// Those of a text are those of [`encode`](Tokenizer::encode). Where bytes are no UTF-8, they
    /// are a word of their own, and the text before and after them is cut for itself.
    /// [`decode_bytes`](Tokenizer::decode_bytes) gives the same bytes back (after a leading space,
    /// if the tokenizer was read from a file that asks for one).
    pub fn encode_bytes(&self, bytes: &[u8]) -> Vec<i32> {
        let added: Vec<&AddedToken> = self.added.iter().filter(|token| !token.special).collect();
        let mut writer = Writer::new(self);
        for chunk in bytes.utf8_chunks() {
            writer.text(chunk.valid(), &added);
            writer.word(chunk.invalid());
        }
        writer.ids
    }

    /// The tokens of one word, which is cut no further.
    pub fn encode_word(&self, word: &[u8]) -> Vec<i32> {
        let mut ids = word.iter().map(|&byte| self.byte_ids[usize::from(byte)]).collect();
        merge_by_rank(&mut ids, &self.ranks);
        ids
    }

    fn write_word(&self, word: &[u8], ids: &mut Vec<i32>) {
        match self.vocabulary.id(word) {
            Some(id) if self.cut.whole_words_first => ids.push(id),
            _ => ids.extend(self.encode_word(word)),
        }
    }
}

/// The longest word that is remembered, in bytes.
const REMEMBERED: usize = 32;

/// Ids being written for a text.
struct Writer<'m, 't> {
    tokenizer: &'m BpeTokenizer,
    ids: Vec<i32>,
    /// Where the ids of a word were written before: texts repeat their words, and copying is
    /// quicker than merging. It lives as long as the call, so that nothing grows behind it.
    written: HashMap<&'t [u8], (usize, usize)>,
}

impl<'m, 't> Writer<'m, 't> {
    fn new(tokenizer: &'m BpeTokenizer) -> Self {
        Self { tokenizer, ids: Vec::new(), written: HashMap::new() }
    }

    /// Writes `text`; where it spells out one of `added`, that token.
    fn text(&mut self, text: &'t str, added: &[&AddedToken]) {
        for stretch in split(text, added) {
            match stretch {
                Stretch::Token(id) => self.ids.push(id),
                Stretch::Text(text) => self.plain(text),
            }
        }
    }

    /// Writes `text`, which has no added tokens and is not empty.
    fn plain(&mut self, text: &'t str) {
        if self.tokenizer.cut.prefix_space && !text.starts_with(' ') {
            let spaced = format!(" {text}");
            let mut writer = Writer::new(self.tokenizer);
            writer.words(&spaced);
            self.ids.append(&mut writer.ids);
        } else {
            self.words(text);
        }
    }

    fn words(&mut self, text: &'t str) {
        if self.tokenizer.cut.words {
            gpt2_words(text).for_each(|word| self.word(word.as_bytes()));
        } else {
            self.word(text.as_bytes());
        }
    }

    /// Writes a word, which may be empty.
    fn word(&mut self, word: &'t [u8]) {
        if let Some(&(start, end)) = self.written.get(word) {
            self.ids.extend_from_within(start..end);
            return;
        }
        let start = self.ids.len();
        self.tokenizer.write_word(word, &mut self.ids);
        if word.len() <= REMEMBERED {
            self.written.insert(word, (start, self.ids.len()));
        }
    }
}

impl Tokenizer for BpeTokenizer {
    fn encode(&self, text: &str) -> Vec<i32> {
        let added: Vec<&AddedToken> = self.added.iter().filter(|token| !token.special).collect();
        let mut writer = Writer::new(self);
        writer.text(text, &added);
        writer.ids
    }

    #[track_caller]
    fn decode_bytes(&self, ids: &[i32]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(4 * ids.len());
        for &id in ids {
            match self.vocabulary.token(id) {
                Some(token) => bytes.extend_from_slice(token),
                None => no_such_id(id, self.vocab_size()),
            }
        }
        bytes
    }

    fn vocab_size(&self) -> usize {
        self.vocabulary.len()
    }

    fn token(&self, id: i32) -> Option<&[u8]> {
        self.vocabulary.token(id)
    }
}
