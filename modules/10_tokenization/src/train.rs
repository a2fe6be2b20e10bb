//! Which merges a text asks for: the definition, which counts everything anew for each merge.

use crate::vocabulary::Vocabulary;
use crate::{Pair, Word, best_pair, count_pairs, merge_pair};

/// What a byte-level vocabulary is to be like.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// How many ids there may be: 256 bytes, the special tokens, and merges for the rest. A text
    /// that has fewer pairs to offer gives a smaller vocabulary. 1,000 unless told.
    pub vocab_size: usize,
    /// Tokens that no text leads to, such as `<|endoftext|>`; they get the last ids, in this
    /// order. Where the text to be trained on spells one out, it ends there and begins anew.
    pub special_tokens: Vec<String>,
    /// A pair that stands in the text less often is not merged. 2 unless told: a token for what
    /// comes once makes nothing shorter.
    pub min_count: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self { vocab_size: 1000, special_tokens: Vec::new(), min_count: 2 }
    }
}

/// A rule learned in training: wherever `pair` stands, `token` may be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Merge {
    /// The two tokens, left and right.
    pub pair: Pair,
    /// The token that stands for both.
    pub token: i32,
}

/// When training ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// As soon as the vocabulary has so many tokens.
    pub(crate) tokens: usize,
    /// As soon as no pair is so frequent.
    pub(crate) min_count: u64,
}

/// Learns merges from `words`, in order, and adds their tokens to `vocabulary`.
///
/// Cost: each merge counts all pairs of all different words, so 1,000 merges of 1 MB look at about
/// 10^8 pairs. [`learn_merges`](crate::learn::learn_merges) gives the same merges sooner.
pub(crate) fn learn_merges_by_recounting(
    mut words: Vec<Word>,
    vocabulary: &mut Vocabulary,
    limits: Limits,
) -> Vec<Merge> {
    let mut merges = Vec::new();
    while vocabulary.len() < limits.tokens {
        let counts = count_pairs(&words);
        let Some((pair, count)) = best_pair(&counts) else { break };
        if count < limits.min_count {
            break;
        }
        let token = vocabulary.add(vocabulary.joined(pair.0, pair.1));
        for word in &mut words {
            merge_pair(&mut word.ids, pair, token);
        }
        merges.push(Merge { pair, token });
    }
    merges
}
