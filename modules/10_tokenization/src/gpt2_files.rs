//! GPT-2's two files: `vocab.json`, a token and its id per entry, and `merges.txt`, a merge per
//! line.
//!
//! ```text
//! vocab.json   {"!": 0, "\"": 1, ..., "Ġt": 256, "he": 258, ..., "<|endoftext|>": 50256}
//! merges.txt   #version: 0.2
//!              Ġ t
//!              h e
//! ```
//!
//! OpenAI's own names for them are `encoder.json` and `vocab.bpe`.

use std::collections::HashMap;
use std::path::Path;

use crate::byte_chars::ByteChars;
use crate::durable::{read_file, replace_file};
use crate::json::{Cursor, write_string};
use crate::parts::Parts;
use crate::{BpeTokenizer, TokenizationError};

/// What each version of `merges.txt` begins with; readers skip it.
const VERSION: &str = "#version: 0.2";

impl BpeTokenizer {
    /// The tokenizer that GPT-2's files `vocab.json` and `merges.txt` describe.
    ///
    /// The files do not say which tokens are special: it is those that are neither one byte nor
    /// made by a merge.
    ///
    /// # Errors
    /// [`TokenizationError::Malformed`] for text that does not follow the formats, ids with holes,
    /// a byte without a token, or merges of tokens that the vocabulary does not have.
    pub fn from_gpt2(vocab_json: &str, merges_txt: &str) -> Result<Self, TokenizationError> {
        let vocabulary = read_vocabulary(vocab_json)?;
        let merges = read_merges(merges_txt)?;
        let mut parts = Parts { vocabulary, merges, ..Default::default() };
        parts.name_specials();
        // That parts do not fit together may be the fault of either file.
        parts.assemble().map_err(|p| TokenizationError::malformed("vocab.json and merges.txt", p))
    }

    /// The tokenizer in the two files, `vocab.json` and `merges.txt` or by other names.
    ///
    /// # Errors
    /// [`TokenizationError::Io`] if one cannot be read; see [`from_gpt2`](Self::from_gpt2).
    pub fn load_gpt2(
        vocab_json: impl AsRef<Path>,
        merges_txt: impl AsRef<Path>,
    ) -> Result<Self, TokenizationError> {
        let (vocab_json, merges_txt) = (vocab_json.as_ref(), merges_txt.as_ref());
        let error_path = |e: TokenizationError| match e {
            TokenizationError::Malformed { format: "merges.txt", .. } => e.in_file(merges_txt),
            _ => e.in_file(vocab_json),
        };
        Self::from_gpt2(&read_file(vocab_json)?, &read_file(merges_txt)?).map_err(error_path)
    }

    /// The text of `vocab.json`, by ascending ids.
    ///
    /// What the two files cannot say is lost: a leading space that is asked for, tokens that were
    /// added to those of merges, how words are cut. [`to_json`](Self::to_json) loses nothing.
    pub fn to_vocab_json(&self) -> String {
        let mut json = String::from("{");
        for (id, token) in self.spellings().iter().enumerate() {
            json.push_str(if id == 0 { "" } else { "," });
            write_string(token, &mut json);
            json.push_str(&format!(":{id}"));
        }
        json.push_str("}\n");
        json
    }

    /// The text of `merges.txt`.
    pub fn to_merges_txt(&self) -> String {
        let tokens = self.spellings();
        let mut text = format!("{VERSION}\n");
        for merge in self.merges() {
            let (left, right) = merge.pair;
            text.push_str(&format!("{} {}\n", tokens[left as usize], tokens[right as usize]));
        }
        text
    }

    /// Saves both files; each is replaced in one step.
    ///
    /// # Errors
    /// [`TokenizationError::Io`] if one cannot be written.
    pub fn save_gpt2(
        &self,
        vocab_json: impl AsRef<Path>,
        merges_txt: impl AsRef<Path>,
    ) -> Result<(), TokenizationError> {
        replace_file(vocab_json.as_ref(), &self.to_vocab_json())?;
        replace_file(merges_txt.as_ref(), &self.to_merges_txt())
    }

    /// Each token as files spell it, by its id.
    pub(crate) fn spellings(&self) -> Vec<String> {
        let bytes = ByteChars::new();
        let mut spellings: Vec<String> =
            self.vocabulary.iter().map(|token| bytes.spell(token)).collect();
        for (id, token) in self.vocabulary.iter().enumerate() {
            // What no bytes lead to is spelled as the text that it is.
            if self.vocabulary.id(token) != Some(id as i32) {
                spellings[id] = String::from_utf8_lossy(token).into();
            }
        }
        spellings
    }
}

/// The entries of `vocab.json`.
fn read_vocabulary(json: &str) -> Result<HashMap<String, i32>, TokenizationError> {
    let mut cursor = Cursor::new(json);
    let entries =
        vocabulary_entries(&mut cursor).and_then(|entries| cursor.end().map(|()| entries));
    entries.map_err(|problem| TokenizationError::malformed("vocab.json", problem))
}

/// Reads an object of tokens and ids.
pub(crate) fn vocabulary_entries(cursor: &mut Cursor) -> Result<HashMap<String, i32>, String> {
    let mut entries = HashMap::new();
    cursor.object(|cursor, token| {
        if token.is_empty() {
            return Err(cursor.problem("after an empty token nothing"));
        }
        entries.insert(token, cursor.id()?);
        Ok(())
    })?;
    Ok(entries)
}

/// The lines of `merges.txt`.
fn read_merges(text: &str) -> Result<Vec<(String, String)>, TokenizationError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut merges = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        // Only the first line is about the file: `# #` further down merges two number signs.
        if (number == 1 && line.starts_with("#version")) || line.is_empty() {
            continue;
        }
        merges.push(merge_of(line).ok_or_else(|| {
            let problem = format!("line {number} is not two tokens with a space between: {line:?}");
            TokenizationError::malformed("merges.txt", problem)
        })?);
    }
    Ok(merges)
}

/// The two tokens of `left right`.
pub(crate) fn merge_of(line: &str) -> Option<(String, String)> {
    let (left, right) = line.split_once(' ')?;
    let sound = !left.is_empty() && !right.is_empty() && !right.contains(' ');
    sound.then(|| (left.to_string(), right.to_string()))
}
