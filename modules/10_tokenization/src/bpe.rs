//! Byte-level byte-pair encoding: a tokenizer that has no unknowns.

use crate::byte_chars::ByteChars;
use crate::learn::learn_merges;
use crate::merge_by_rank::Ranks;
use crate::special::{AddedToken, Stretch, split};
use crate::train::{Limits, learn_merges_by_recounting};
use crate::vocabulary::Vocabulary;
use crate::words::count_words;
use crate::{Merge, TrainOptions, Word};

/// A tokenizer whose tokens are stretches of bytes: the 256 bytes themselves, and whatever merges
/// have put together from them.
///
/// As every text is bytes, every text can be encoded, and [`decode`](crate::Tokenizer::decode) gives it
/// back to the last space.
///
/// ```
/// use tinytorch_tokenization::{BpeTokenizer, Special, Tokenizer, TrainOptions};
///
/// let text = "slow slow slow, low low low";
/// let options = TrainOptions {
///     vocab_size: 280,
///     special_tokens: vec!["<|endoftext|>".into()],
///     ..Default::default()
/// };
/// let tokenizer = BpeTokenizer::train(text, &options);
/// let ids = tokenizer.encode("a slow é");
/// assert_eq!(tokenizer.decode(&ids), "a slow é");
/// assert_eq!(tokenizer.token(ids[1]), Some(&b" slow"[..]));
///
/// // The token at the end of a text is written by those who ask for it, never by a text.
/// let end = tokenizer.special_id("<|endoftext|>").unwrap();
/// assert!(!tokenizer.encode("<|endoftext|>").contains(&end));
/// let asked = tokenizer.encode_with_special("low<|endoftext|>", Special::All, Special::None)?;
/// assert_eq!(asked.last(), Some(&end));
/// # Ok::<(), tinytorch_tokenization::TokenizationError>(())
/// ```
#[derive(Clone, Debug)]
pub struct BpeTokenizer {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) merges: Vec<Merge>,
    pub(crate) ranks: Ranks,
    pub(crate) byte_ids: [i32; 256],
    pub(crate) added: Vec<AddedToken>,
    pub(crate) cut: Cut,
}

/// What happens to a text before its bytes are merged. The default is GPT-2's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Cut into [`gpt2_words`]? Otherwise all of a text is one word.
    pub(crate) words: bool,
    /// Put a space before a text that does not begin with one?
    pub(crate) prefix_space: bool,
    /// Take a word that is a token as that token, whatever the merges would make of it?
    pub(crate) whole_words_first: bool,
}

impl Default for Cut {
    fn default() -> Self {
        Self { words: true, prefix_space: false, whole_words_first: false }
    }
}

impl BpeTokenizer {
    /// A tokenizer learned from `text`: the most frequent pair of tokens within words is merged,
    /// again and again, until the vocabulary is as large as `options` allow.
    ///
    /// Of pairs that are equally frequent the one of the smallest ids is merged, left id before
    /// right, so a text and its options have one tokenizer. It is that of Hugging Face's
    /// `BpeTrainer` with a `ByteLevel` alphabet: ids 0 to 255 are the bytes in GPT-2's order, then
    /// come the merges in the order of training, then the special tokens.
    ///
    /// # Panics
    /// If `vocab_size` has no room for 256 bytes and the special tokens, or a special token is
    /// empty, comes twice, or is spelled as an ordinary token is.
    #[track_caller]
    pub fn train(text: &str, options: &TrainOptions) -> Self {
        Self::train_with(text, options, learn_merges)
    }

    /// What [`train`](Self::train) gives, by counting all pairs anew for each merge: the
    /// definition that it is held against.
    ///
    /// # Panics
    /// As [`train`](Self::train).
    #[track_caller]
    pub fn train_by_recounting(text: &str, options: &TrainOptions) -> Self {
        Self::train_with(text, options, learn_merges_by_recounting)
    }

    #[track_caller]
    fn train_with(
        text: &str,
        options: &TrainOptions,
        learn: fn(Vec<Word>, &mut Vocabulary, Limits) -> Vec<Merge>,
    ) -> Self {
        check_options(options);
        let mut vocabulary = Vocabulary::of_bytes();
        let byte_ids = vocabulary.byte_ids().expect("all bytes are in it");
        let mut added: Vec<AddedToken> = Vec::new();
        for content in &options.special_tokens {
            added.push(AddedToken {
                id: 0, // known when the merges are
                content: content.clone(),
                special: true,
                normalized: false,
            });
        }
        let documents = split(text, &added.iter().collect::<Vec<_>>());
        let texts = documents.iter().filter_map(|stretch| match stretch {
            Stretch::Text(text) => Some(*text),
            Stretch::Token(_) => None,
        });
        let tokens = options.vocab_size - added.len();
        let limits = Limits { tokens, min_count: options.min_count.max(1) };
        let merges = learn(count_words(texts, &byte_ids), &mut vocabulary, limits);
        for token in &mut added {
            let spelled = ByteChars::new().read(&token.content);
            assert!(
                spelled.is_none_or(|bytes| vocabulary.id(&bytes).is_none()),
                "train: a special token is spelled as an ordinary one is in files; put it between \
                 `<|` and `|>`: {:?}",
                token.content
            );
            token.id = vocabulary.add_apart(token.content.clone().into_bytes());
        }
        let ranks = Ranks::new(&merges).expect("a merged pair stands nowhere any more");
        Self { vocabulary, merges, ranks, byte_ids, added, cut: Cut::default() }
    }

    /// A tokenizer put together from a file's parts; the problem, if they do not fit together.
    pub(crate) fn from_parts(
        vocabulary: Vocabulary,
        merges: Vec<Merge>,
        added: Vec<AddedToken>,
        cut: Cut,
    ) -> Result<Self, String> {
        let byte_ids = vocabulary.byte_ids().map_err(|byte| {
            format!(
                "the byte {byte:#04x} has no token; without all 256 there would be texts that \
                 cannot be encoded"
            )
        })?;
        let ranks = Ranks::new(&merges).map_err(|(left, right)| {
            format!("the merge of the tokens {left} and {right} comes twice")
        })?;
        Ok(Self { vocabulary, merges, ranks, byte_ids, added, cut })
    }

    /// The merges, in the order in which they were learned.
    pub fn merges(&self) -> &[Merge] {
        &self.merges
    }

    /// The id of the token that consists of these bytes, or `None`. Special tokens are not found.
    pub fn id(&self, token: &[u8]) -> Option<i32> {
        self.vocabulary.id(token)
    }

    /// The id of the special token spelled `content`, or `None` if there is none.
    pub fn special_id(&self, content: &str) -> Option<i32> {
        self.specials().find(|token| token.content == content).map(|token| token.id)
    }

    /// The special tokens and their ids.
    pub fn special_tokens(&self) -> impl Iterator<Item = (&str, i32)> {
        self.specials().map(|token| (token.content.as_str(), token.id))
    }

    pub(crate) fn specials(&self) -> impl Iterator<Item = &AddedToken> {
        self.added.iter().filter(|token| token.special)
    }
}

#[track_caller]
fn check_options(options: &TrainOptions) {
    let TrainOptions { vocab_size, special_tokens, .. } = options;
    let needed = 256 + special_tokens.len();
    assert!(
        *vocab_size >= needed,
        "train: vocab_size must hold 256 bytes and {} special tokens; make it {needed} or more: \
         {vocab_size}",
        special_tokens.len()
    );
    assert!(i32::try_from(*vocab_size).is_ok(), "train: vocab_size must fit an i32: {vocab_size}");
    for (place, content) in special_tokens.iter().enumerate() {
        let spells_a_byte =
            content.chars().count() == 1 && ByteChars::new().read(content).is_some();
        assert!(
            !content.is_empty() && !spells_a_byte,
            "train: a special token must be longer than one character; call it `<|{content}|>`: \
             {content:?}"
        );
        assert!(
            !special_tokens[..place].contains(content),
            "train: a special token comes twice; leave one out: {content:?}"
        );
    }
}
