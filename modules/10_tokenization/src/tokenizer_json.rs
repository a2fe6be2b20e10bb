//! Hugging Face's `tokenizer.json`: one file that says all there is to say about a tokenizer.
//!
//! The format has room for dozens of kinds of normalizers, cuts, models and templates. Read here
//! is what GPT-2 and its many relatives are: byte-level BPE. Whatever else a file asks for is an
//! error that names it, since to leave it out would give other ids in silence.

use std::path::Path;

use crate::durable::{read_file, replace_file};
use crate::gpt2_files::{merge_of, vocabulary_entries};
use crate::json::{Cursor, write_string};
use crate::parts::Parts;
use crate::special::AddedToken;
use crate::{BpeTokenizer, TokenizationError};

const FORMAT: &str = "tokenizer.json";

impl BpeTokenizer {
    /// The tokenizer that a `tokenizer.json` describes.
    ///
    /// # Errors
    /// [`TokenizationError::Unsupported`] for another kind than byte-level BPE with GPT-2's cut,
    /// such as WordPiece, Unigram, or a model that adds tokens around each text;
    /// [`TokenizationError::Malformed`] for what is no JSON, ids with holes, a byte without a
    /// token, or merges of tokens that the vocabulary does not have.
    pub fn from_json(json: &str) -> Result<Self, TokenizationError> {
        let malformed = |problem| TokenizationError::malformed(FORMAT, problem);
        let mut reader = Reader::default();
        reader.file(&mut Cursor::new(json)).map_err(malformed)?;
        if !reader.refused.is_empty() {
            return Err(TokenizationError::unsupported(FORMAT, reader.refused.join("; ")));
        }
        reader.parts.assemble().map_err(malformed)
    }

    /// The tokenizer at `path`: a `tokenizer.json`, or a folder that has one, or has `vocab.json`
    /// and `merges.txt`.
    ///
    /// # Errors
    /// [`TokenizationError::Io`] if it cannot be read; see [`from_json`](Self::from_json) and
    /// [`from_gpt2`](Self::from_gpt2).
    pub fn load(path: impl AsRef<Path>) -> Result<Self, TokenizationError> {
        let path = path.as_ref();
        let json = if path.is_dir() { path.join("tokenizer.json") } else { path.to_path_buf() };
        let (vocabulary, merges) = (path.join("vocab.json"), path.join("merges.txt"));
        if path.is_dir() && !json.exists() && vocabulary.exists() {
            return Self::load_gpt2(vocabulary, merges);
        }
        Self::from_json(&read_file(&json)?).map_err(|e| e.in_file(&json))
    }

    /// Saves the tokenizer as a `tokenizer.json`, which Hugging Face's library reads too. The file
    /// at `path` is replaced in one step.
    ///
    /// # Errors
    /// [`TokenizationError::Io`] if it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), TokenizationError> {
        replace_file(path.as_ref(), &self.to_json())
    }

    /// The text of a `tokenizer.json`: a line for each token and for each merge, so that two of
    /// them can be compared.
    pub fn to_json(&self) -> String {
        let cut = self.cut;
        let spellings = self.spellings();
        let added = lines(self.added.iter().map(|token| {
            format!(
                "{{\"id\": {}, \"content\": {}, \"single_word\": false, \"lstrip\": false, \
                 \"rstrip\": false, \"normalized\": {}, \"special\": {}}}",
                token.id,
                quoted(&token.content),
                token.normalized,
                token.special
            )
        }));
        let vocabulary = lines(
            (0..).zip(&spellings).map(|(id, token): (i32, _)| format!("{}: {id}", quoted(token))),
        );
        let merges = lines(self.merges.iter().map(|merge| {
            let [left, right] = [merge.pair.0, merge.pair.1].map(|id| &spellings[id as usize]);
            quoted(&format!("{left} {right}"))
        }));
        format!(
            r#"{{
  "version": "1.0",
  "truncation": null,
  "padding": null,
  "added_tokens": [{added}],
  "normalizer": null,
  "pre_tokenizer": {{"type": "ByteLevel", "add_prefix_space": {}, "trim_offsets": true, "use_regex": {}}},
  "post_processor": null,
  "decoder": {{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true}},
  "model": {{
    "type": "BPE",
    "dropout": null,
    "unk_token": null,
    "continuing_subword_prefix": null,
    "end_of_word_suffix": null,
    "fuse_unk": false,
    "byte_fallback": false,
    "ignore_merges": {},
    "vocab": {{{vocabulary}}},
    "merges": [{merges}]
  }}
}}
"#,
            cut.prefix_space, cut.words, cut.whole_words_first
        )
    }
}

/// `text` as a JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_string(text, &mut json);
    json
}

/// The items on lines of their own, with commas between them.
fn lines(items: impl Iterator<Item = String>) -> String {
    items.map(|item| format!("\n{item}")).collect::<Vec<_>>().join(",")
}

/// What has been read of a file.
#[derive(Default)]
struct Reader {
    parts: Parts,
    /// What the file asks for and is not built here, with what would be read instead. The file is
    /// read to its end nevertheless, so that all of it can be named at once.
    refused: Vec<String>,
}

impl Reader {
    fn refuse(&mut self, what: String) -> Result<(), String> {
        self.refused.push(what);
        Ok(())
    }

    fn file(&mut self, cursor: &mut Cursor) -> Result<(), String> {
        let (mut model, mut cut) = (false, false);
        cursor.object(|cursor, key| match key.as_str() {
            "model" => {
                model = true;
                self.model(cursor)
            }
            "pre_tokenizer" => {
                cut = true;
                self.cut(cursor)
            }
            "added_tokens" => cursor.array(|cursor| self.added_token(cursor)),
            "decoder" | "post_processor" => self.byte_level(cursor, &key),
            "normalizer" | "truncation" | "padding" => self.null(cursor, &key),
            _ => cursor.skip(),
        })?;
        cursor.end()?;
        match (model, cut) {
            (false, _) => Err("there is no `model`".into()),
            (_, false) => self.refuse("no pre_tokenizer; `ByteLevel` is read".into()),
            _ => Ok(()),
        }
    }

    /// Reads what would change the ids if it were there.
    fn null(&mut self, cursor: &mut Cursor, key: &str) -> Result<(), String> {
        if cursor.null() {
            return Ok(());
        }
        cursor.skip()?;
        self.refuse(format!("a {key}; `null` is read"))
    }

    /// Reads `pre_tokenizer`.
    fn cut(&mut self, cursor: &mut Cursor) -> Result<(), String> {
        let Some(kind) = self.byte_level_switches(cursor)? else { return Ok(()) };
        self.kind_must_be_byte_level("pre_tokenizer", &kind)
    }

    /// Reads `decoder` or `post_processor`, of which `ByteLevel` is what is done here anyway.
    fn byte_level(&mut self, cursor: &mut Cursor, key: &str) -> Result<(), String> {
        if cursor.null() {
            return Ok(());
        }
        let mut kind = String::new();
        cursor.object(|cursor, key| match key.as_str() {
            "type" => cursor.string().map(|found| kind = found),
            _ => cursor.skip(),
        })?;
        self.kind_must_be_byte_level(key, &kind)
    }

    fn kind_must_be_byte_level(&mut self, key: &str, kind: &str) -> Result<(), String> {
        match kind {
            "ByteLevel" => Ok(()),
            _ => self.refuse(format!("the {key} {kind:?}; `ByteLevel` is read")),
        }
    }

    /// Reads a pre-tokenizer's switches, and gives back its kind.
    fn byte_level_switches(&mut self, cursor: &mut Cursor) -> Result<Option<String>, String> {
        if cursor.null() {
            self.refuse("no pre_tokenizer; `ByteLevel` is read".into())?;
            return Ok(None);
        }
        let mut kind = String::new();
        let cut = &mut self.parts.cut;
        // What the library takes a switch for that is not there.
        (cut.prefix_space, cut.words) = (true, true);
        cursor.object(|cursor, key| {
            match key.as_str() {
                "type" => kind = cursor.string()?,
                "add_prefix_space" => cut.prefix_space = cursor.boolean()?,
                "use_regex" => cut.words = cursor.boolean()?,
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        Ok(Some(kind))
    }

    /// Reads an item of `added_tokens`.
    fn added_token(&mut self, cursor: &mut Cursor) -> Result<(), String> {
        let (mut id, mut content) = (None, None);
        let (mut special, mut normalized) = (false, false);
        cursor.object(|cursor, key| {
            match key.as_str() {
                "id" => id = Some(cursor.id()?),
                "content" => content = Some(cursor.string()?),
                "special" => special = cursor.boolean()?,
                "normalized" => normalized = cursor.boolean()?,
                "single_word" | "lstrip" | "rstrip" if cursor.boolean()? => {
                    self.refuse(format!("an added token with `{key}`; `false` is read"))?;
                }
                "single_word" | "lstrip" | "rstrip" => {}
                _ => cursor.skip()?,
            }
            Ok(())
        })?;
        let (Some(id), Some(content)) = (id, content) else {
            return Err(cursor.problem("an added token with `id` and `content` before this"));
        };
        self.parts.added.push(AddedToken { id, content, special, normalized });
        Ok(())
    }

    fn model(&mut self, cursor: &mut Cursor) -> Result<(), String> {
        let (mut vocabulary, mut merges) = (false, false);
        cursor.object(|cursor, key| match key.as_str() {
            "type" => match cursor.string()?.as_str() {
                "BPE" => Ok(()),
                kind => self.refuse(format!("the model {kind:?}; `BPE` is read")),
            },
            "continuing_subword_prefix" | "end_of_word_suffix" => {
                if cursor.null() || cursor.string()?.is_empty() {
                    return Ok(());
                }
                self.refuse(format!("a {key}; `null` is read"))
            }
            "dropout" => self.null(cursor, &key),
            "ignore_merges" => {
                self.parts.cut.whole_words_first = cursor.boolean()?;
                Ok(())
            }
            // Unigram has a list of scored tokens here.
            "vocab" if cursor.begins_with(b'[') => {
                cursor.skip()?;
                self.refuse("a vocabulary with scores; one with ids is read".into())
            }
            "vocab" => {
                vocabulary = true;
                self.parts.vocabulary = vocabulary_entries(cursor)?;
                Ok(())
            }
            "merges" => {
                merges = true;
                cursor.array(|cursor| {
                    self.parts.merges.push(read_merge(cursor)?);
                    Ok(())
                })
            }
            // Among them `unk_token`, `fuse_unk` and `byte_fallback`: as all 256 bytes have
            // tokens, nothing is unknown.
            _ => cursor.skip(),
        })?;
        if (vocabulary && merges) || !self.refused.is_empty() {
            return Ok(());
        }
        Err("the model has no `vocab` or no `merges`".into())
    }
}

/// Reads `"left right"`, or `["left", "right"]` as files since 2024 have it.
fn read_merge(cursor: &mut Cursor) -> Result<(String, String), String> {
    if cursor.begins_with(b'"') {
        let line = cursor.string()?;
        return merge_of(&line)
            .ok_or_else(|| format!("a merge is not two tokens with a space between: {line:?}"));
    }
    let mut tokens = Vec::new();
    cursor.array(|cursor| {
        tokens.push(cursor.string()?);
        Ok(())
    })?;
    match <[String; 2]>::try_from(tokens) {
        Ok([left, right]) if !left.is_empty() && !right.is_empty() => Ok((left, right)),
        _ => Err(cursor.problem("a merge of two tokens before this")),
    }
}
