//! A tokenizer out of what its files say: everything is spelled out there, and may be wrong.

use std::collections::{HashMap, HashSet};

use crate::bpe::Cut;
use crate::byte_chars::ByteChars;
use crate::special::AddedToken;
use crate::vocabulary::Vocabulary;
use crate::{BpeTokenizer, Merge};

/// What the files of a tokenizer say, in their own spelling.
#[derive(Default)]
pub(crate) struct Parts {
    /// Tokens, spelled as [`byte_to_char`](crate::byte_to_char) has it, and their ids.
    pub(crate) vocabulary: HashMap<String, i32>,
    /// Left and right, the merge learned first at the beginning.
    pub(crate) merges: Vec<(String, String)>,
    pub(crate) added: Vec<AddedToken>,
    pub(crate) cut: Cut,
}

impl Parts {
    /// The tokens that merges lead to.
    fn merged(&self) -> HashSet<String> {
        self.merges.iter().map(|(left, right)| format!("{left}{right}")).collect()
    }

    /// Makes a special token of each token that is neither a byte nor comes from a merge: no text
    /// leads to it, so somebody put it there on purpose. In GPT-2's files that is
    /// `<|endoftext|>`.
    pub(crate) fn name_specials(&mut self) {
        let (bytes, merged) = (ByteChars::new(), self.merged());
        let one_byte = |token: &str| token.chars().count() == 1 && bytes.read(token).is_some();
        let unreachable = self
            .vocabulary
            .iter()
            .filter(|(token, _)| !merged.contains(*token) && !one_byte(token));
        self.added = unreachable
            .map(|(content, &id)| AddedToken {
                id,
                content: content.clone(),
                special: true,
                normalized: false,
            })
            .collect();
        self.added.sort_by_key(|token| token.id);
    }

    /// The tokenizer, if the parts fit together; else what does not.
    pub(crate) fn assemble(self) -> Result<BpeTokenizer, String> {
        if self.added.iter().any(|token| token.content.is_empty()) {
            return Err("an added token is empty".into());
        }
        let merged = self.merged();
        let tokens = self.tokens_by_id()?;
        let apart: HashMap<&str, &AddedToken> =
            self.added.iter().map(|token| (token.content.as_str(), token)).collect();
        if apart.len() < self.added.len() {
            return Err("an added token comes twice".into());
        }
        let bytes = ByteChars::new();
        let mut vocabulary = Vocabulary::new();
        for token in tokens {
            match (apart.get(token), bytes.read(token)) {
                (Some(added), _) if added.special && merged.contains(token) => {
                    return Err(format!(
                        "a merge makes the special token {token:?}, so that plain text could spell \
                         it out"
                    ));
                }
                (None, Some(bytes)) => vocabulary.add(bytes),
                (Some(_), Some(bytes)) if merged.contains(token) => vocabulary.add(bytes),
                _ => vocabulary.add_apart(token.as_bytes().to_vec()),
            };
        }
        let merges = self.merges_by_id()?;
        BpeTokenizer::from_parts(vocabulary, merges, self.added, self.cut)
    }

    /// All tokens in the order of their ids, which have no holes.
    fn tokens_by_id(&self) -> Result<Vec<&str>, String> {
        let mut all: Vec<(i32, &str)> = Vec::with_capacity(self.vocabulary.len());
        all.extend(self.vocabulary.iter().map(|(token, &id)| (id, token.as_str())));
        for AddedToken { id, content, .. } in &self.added {
            match self.vocabulary.get(content) {
                None => all.push((*id, content)),
                Some(known) if known == id => {}
                Some(known) => {
                    return Err(format!("{content:?} has two ids, {known} and {id}"));
                }
            }
        }
        all.sort_unstable();
        for (expected, (id, token)) in all.iter().enumerate() {
            if *id as usize != expected {
                return Err(format!(
                    "ids must run from 0 without holes, each once; {token:?} should have the id \
                     {expected}, it has {id}"
                ));
            }
        }
        Ok(all.into_iter().map(|(_, token)| token).collect())
    }

    fn merges_by_id(&self) -> Result<Vec<Merge>, String> {
        let id = |token: &str, line: usize| {
            self.vocabulary.get(token).copied().ok_or_else(|| {
                format!("merge {line} needs the token {token:?}, which is not in the vocabulary")
            })
        };
        let merge = |(line, (left, right)): (usize, &(String, String))| {
            Ok(Merge {
                pair: (id(left, line)?, id(right, line)?),
                token: id(&format!("{left}{right}"), line)?,
            })
        };
        (1..).zip(&self.merges).map(merge).collect()
    }
}
