//! A token per character: the smallest vocabulary that a text can be written with.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use crate::durable::{read_file, replace_file};
use crate::json::{Cursor, write_string};
use crate::tokenizer::no_such_id;
use crate::{TokenizationError, Tokenizer};

const FORMAT: &str = "character vocabulary";

/// A tokenizer whose tokens are characters, and one more for all that it does not know.
///
/// Id 0 is the unknown token; the characters follow in the order of their code points, so that a
/// vocabulary depends on which characters a text has, and not on where they stand in it.
///
/// ```
/// use tinytorch_tokenization::{CharTokenizer, Tokenizer};
///
/// let tokenizer = CharTokenizer::from_text("hello");
/// assert_eq!(tokenizer.vocab_size(), 5); // the unknown, e, h, l, o
/// assert_eq!(tokenizer.encode("hole!"), [2, 4, 3, 1, 0]);
/// assert_eq!(tokenizer.decode(&[2, 4, 3, 1, 0]), "hole\u{fffd}");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CharTokenizer {
    /// By id. The unknown token is decoded as the replacement character.
    tokens: Vec<String>,
    ids: HashMap<char, i32>,
}

impl CharTokenizer {
    /// The id of every character that the vocabulary does not have.
    pub const UNKNOWN: i32 = 0;

    /// The characters of `text`, each once.
    pub fn from_text(text: &str) -> Self {
        Self::from_characters(text.chars())
    }

    /// A vocabulary of `characters`, in the order of their code points, each once.
    pub fn from_characters(characters: impl IntoIterator<Item = char>) -> Self {
        let characters: BTreeSet<char> = characters.into_iter().collect();
        let mut tokens = vec![char::REPLACEMENT_CHARACTER.to_string()];
        let mut ids = HashMap::new();
        for c in characters {
            ids.insert(c, tokens.len() as i32); // at most 1,112,064 characters
            tokens.push(c.to_string());
        }
        Self { tokens, ids }
    }

    /// The id of `character`: [`UNKNOWN`](Self::UNKNOWN) if the vocabulary does not have it.
    pub fn id(&self, character: char) -> i32 {
        self.ids.get(&character).copied().unwrap_or(Self::UNKNOWN)
    }

    /// The ids of `text`, none of which is the unknown.
    ///
    /// # Errors
    /// [`TokenizationError::UnknownCharacter`] with the first that the vocabulary does not have.
    pub fn try_encode(&self, text: &str) -> Result<Vec<i32>, TokenizationError> {
        let known = |(at, character)| match self.ids.get(&character) {
            Some(&id) => Ok(id),
            None => Err(TokenizationError::UnknownCharacter { character, at }),
        };
        text.char_indices().map(known).collect()
    }

    /// The vocabulary as JSON: all characters in one string, in the order of their ids.
    pub fn to_json(&self) -> String {
        let mut json = String::from("{\"type\": \"characters\", \"version\": 1, \"characters\": ");
        write_string(&self.tokens[1..].concat(), &mut json);
        json.push_str("}\n");
        json
    }

    /// The vocabulary that [`to_json`](Self::to_json) wrote.
    ///
    /// # Errors
    /// [`TokenizationError::Malformed`] for anything else.
    pub fn from_json(json: &str) -> Result<Self, TokenizationError> {
        let malformed = |problem: String| TokenizationError::malformed(FORMAT, problem);
        let characters = read_json(json).map_err(malformed)?;
        let sorted = characters.chars().is_sorted_by(|a, b| a < b);
        if !sorted {
            let problem = "its characters are not in the order of their code points, each once";
            return Err(malformed(problem.into()));
        }
        Ok(Self::from_text(&characters))
    }

    /// Saves the vocabulary as JSON. The file at `path` is replaced in one step.
    ///
    /// # Errors
    /// [`TokenizationError::Io`] if it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TokenizationError> {
        replace_file(path.as_ref(), &self.to_json())
    }

    /// The vocabulary that was [saved](Self::save) at `path`.
    ///
    /// # Errors
    /// [`TokenizationError`] with the path, if it cannot be read or is not such a file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TokenizationError> {
        let path = path.as_ref();
        Self::from_json(&read_file(path)?).map_err(|e| e.in_file(path))
    }
}

/// The characters in a file of [`CharTokenizer::to_json`].
fn read_json(json: &str) -> Result<String, String> {
    let (mut kind, mut version, mut characters) = (None, None, None);
    let mut cursor = Cursor::new(json);
    cursor.object(|cursor, key| {
        match key.as_str() {
            "type" => kind = Some(cursor.string()?),
            "version" => version = Some(cursor.id()?),
            "characters" => characters = Some(cursor.string()?),
            _ => return Err(format!("there is no field {key:?}")),
        }
        Ok(())
    })?;
    cursor.end()?;
    if kind.as_deref() != Some("characters") {
        return Err(format!("`type` is {kind:?}, and not \"characters\""));
    }
    if version != Some(1) {
        return Err(format!("`version` is {version:?}; this program knows version 1"));
    }
    characters.ok_or_else(|| "the field `characters` is missing".into())
}

impl Tokenizer for CharTokenizer {
    fn encode(&self, text: &str) -> Vec<i32> {
        text.chars().map(|c| self.id(c)).collect()
    }

    #[track_caller]
    fn decode_bytes(&self, ids: &[i32]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(ids.len());
        for &id in ids {
            match self.token(id) {
                Some(token) => bytes.extend_from_slice(token),
                None => no_such_id(id, self.vocab_size()),
            }
        }
        bytes
    }

    fn vocab_size(&self) -> usize {
        self.tokens.len()
    }

    fn token(&self, id: i32) -> Option<&[u8]> {
        usize::try_from(id).ok().and_then(|id| self.tokens.get(id)).map(String::as_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_known_characters_comes_back_whole() {
        let text = "naïve \u{1f469}\u{200d}\u{1f680} e\u{301} 東京\r\n";
        let tokenizer = CharTokenizer::from_text(text);
        let ids = tokenizer.encode(text);
        assert_eq!(ids.len(), text.chars().count());
        assert_eq!(tokenizer.decode(&ids), text);
        assert_eq!(tokenizer.try_encode(text).unwrap(), ids);
        assert_eq!(tokenizer.decode_tensor(&tokenizer.encode_tensor(text)), text);
    }

    #[test]
    fn ids_depend_on_the_set_of_characters_alone() {
        let tokenizer = CharTokenizer::from_text("cab");
        assert_eq!(tokenizer, CharTokenizer::from_text("abcabc"));
        assert_eq!(tokenizer.encode("abc"), [1, 2, 3]);
        assert_eq!(CharTokenizer::from_text("").vocab_size(), 1);
    }

    #[test]
    fn the_strict_way_names_the_unknown_character_and_its_place() {
        let error = CharTokenizer::from_text("é ").try_encode("éé x").unwrap_err().to_string();
        assert!(error.contains("'x'") && error.ends_with("byte 5"), "{error}");
    }

    #[test]
    fn an_id_without_a_token_panics_with_the_ids_that_there_are() {
        let tokenizer = CharTokenizer::from_text("ab");
        for id in [3, -1, i32::MIN, i32::MAX] {
            assert_eq!(tokenizer.token(id), None);
            let panic = std::panic::catch_unwind(|| tokenizer.decode(&[1, id])).unwrap_err();
            let message = panic.downcast::<String>().unwrap();
            assert!(message.contains("from 0 to 2 only"), "{message}");
        }
    }

    #[test]
    fn json_comes_back_and_what_is_no_vocabulary_is_an_error() {
        let tokenizer = CharTokenizer::from_text("\u{0}\n\"\\é\u{2028}\u{1f980}");
        assert_eq!(CharTokenizer::from_json(&tokenizer.to_json()).unwrap(), tokenizer);
        for json in [
            "",
            "{}",
            r#"{"type": "bpe", "version": 1, "characters": "a"}"#,
            r#"{"type": "characters", "version": 2, "characters": "a"}"#,
            r#"{"type": "characters", "version": 1}"#,
            r#"{"type": "characters", "version": 1, "characters": "ba"}"#,
            r#"{"type": "characters", "version": 1, "characters": "aa"}"#,
            r#"{"type": "characters", "version": 1, "characters": "a", "x": 1}"#,
            r#"{"type": "characters", "version": 1, "characters": "a"} x"#,
        ] {
            let error = CharTokenizer::from_json(json).unwrap_err().to_string();
            assert!(error.starts_with("not a sound character vocabulary: "), "{json}: {error}");
        }
    }
}
