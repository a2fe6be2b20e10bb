//! The same merges as the definition's, counted once: each merge changes the counts of its
//! neighbors only.
//!
//! ```text
//! merge b c -> X            ... a b c d ...   becomes   ... a X d ...
//! pairs lost                ab, bc, cd                  at this place
//! pairs gained              aX, Xd
//! ```
//!
//! So beside the count of a pair we keep the words that have it, and look at no others. The most
//! frequent pair comes from a heap whose entries may be out of date: counts that fell are put right
//! when they come to the top, counts that rose are pushed again.
//!
//! Cost: 1,000 merges of 1 MB of English touch some 10^6 pairs instead of 10^8.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::pairs::PairMap;
use crate::train::Limits;
use crate::vocabulary::Vocabulary;
use crate::{Merge, Pair, Word};

/// Learns merges from `words`, in order, and adds their tokens to `vocabulary`.
pub(crate) fn learn_merges(
    words: Vec<Word>,
    vocabulary: &mut Vocabulary,
    limits: Limits,
) -> Vec<Merge> {
    let mut state = Learning::new(words);
    let mut merges = Vec::new();
    while vocabulary.len() < limits.tokens {
        let Some((pair, count)) = state.take_best() else { break };
        if count < limits.min_count {
            break;
        }
        let token = vocabulary.add(vocabulary.joined(pair.0, pair.1));
        state.merge(pair, token);
        merges.push(Merge { pair, token });
    }
    merges
}

/// What is known of a pair.
#[derive(Default)]
struct Known {
    count: u64,
    /// The words that have it, and maybe some that have lost it: indices.
    words: Vec<u32>,
}

struct Learning {
    words: Vec<Word>,
    /// Exact; a pair that no word has is not in it.
    pairs: PairMap<Known>,
    /// For each pair at least one entry, of a count that is not below its own.
    queue: BinaryHeap<(u64, Reverse<Pair>)>,
}

impl Learning {
    fn new(words: Vec<Word>) -> Self {
        let mut state =
            Self { words: Vec::new(), pairs: PairMap::default(), queue: Default::default() };
        for (index, word) in words.iter().enumerate() {
            for pair in word.ids.windows(2) {
                state.add((pair[0], pair[1]), index as u32, word.count);
            }
        }
        state.words = words;
        state.queue = state.pairs.iter().map(|(&p, known)| (known.count, Reverse(p))).collect();
        state
    }

    fn add(&mut self, pair: Pair, word: u32, count: u64) {
        let known = self.pairs.entry(pair).or_default();
        known.count += count;
        if known.words.last() != Some(&word) {
            known.words.push(word);
        }
    }

    fn subtract(&mut self, pair: Pair, count: u64) {
        let known = self.pairs.get_mut(&pair).expect("a pair that stands in a word is known");
        known.count -= count;
        if known.count == 0 {
            self.pairs.remove(&pair);
        }
    }

    /// The most frequent pair and its count; it is taken off the queue.
    fn take_best(&mut self) -> Option<(Pair, u64)> {
        while let Some((count, Reverse(pair))) = self.queue.pop() {
            match self.pairs.get(&pair) {
                Some(known) if known.count == count => return Some((pair, count)),
                Some(known) => self.queue.push((known.count, Reverse(pair))),
                None => {}
            }
        }
        None
    }

    /// Writes `token` for `pair` in all words, and counts what that changes.
    fn merge(&mut self, pair: Pair, token: i32) {
        let places = std::mem::take(&mut self.pairs.get_mut(&pair).expect("it is the best").words);
        let mut gained: Vec<Pair> = Vec::new();
        for place in places {
            let Word { ids, count } = std::mem::replace(
                &mut self.words[place as usize],
                Word { ids: Vec::new(), count: 0 },
            );
            let ids = self.merge_in_word(ids, count, place, Merge { pair, token }, &mut gained);
            self.words[place as usize] = Word { ids, count };
        }
        gained.sort_unstable();
        gained.dedup();
        for pair in gained {
            if let Some(known) = self.pairs.get(&pair) {
                self.queue.push((known.count, Reverse(pair)));
            }
        }
    }

    /// The word's ids after the merge. The pairs that it gained are added to `gained`.
    fn merge_in_word(
        &mut self,
        mut ids: Vec<i32>,
        count: u64,
        place: u32,
        Merge { pair, token }: Merge,
        gained: &mut Vec<Pair>,
    ) -> Vec<i32> {
        let (mut read, mut written) = (0, 0);
        while read < ids.len() {
            if ids[read] != pair.0 || ids.get(read + 1) != Some(&pair.1) {
                ids[written] = ids[read];
                (read, written) = (read + 1, written + 1);
                continue;
            }
            // What stands to the left is already merged, what stands to the right is not yet: if
            // the next merge takes it, that one counts again.
            if written > 0 {
                let left = ids[written - 1];
                self.subtract((left, pair.0), count);
                self.add((left, token), place, count);
                gained.push((left, token));
            }
            if let Some(&right) = ids.get(read + 2) {
                self.subtract((pair.1, right), count);
                self.add((token, right), place, count);
                gained.push((token, right));
            }
            self.subtract(pair, count);
            ids[written] = token;
            (read, written) = (read + 2, written + 1);
        }
        ids.truncate(written);
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learn_merges_by_recounting;
    use tinytorch_tensor::Rng;

    /// Both ways from the same words.
    fn both(words: &[Word], limits: Limits) -> (Vec<Merge>, Vec<Merge>) {
        let (mut one, mut other) = (Vocabulary::of_bytes(), Vocabulary::of_bytes());
        let quick = learn_merges(words.to_vec(), &mut one, limits);
        let slow = learn_merges_by_recounting(words.to_vec(), &mut other, limits);
        assert!(one.iter().eq(other.iter()));
        (quick, slow)
    }

    #[test]
    fn they_are_the_merges_of_the_definition() {
        let mut rng = Rng::new(3);
        for round in 0..300 {
            // Few letters make for many runs, overlaps, ties, and tokens with two origins.
            let letters = 1 + round % 4;
            let words: Vec<Word> = (0..1 + rng.below(12))
                .map(|_| Word {
                    ids: (0..rng.below(16)).map(|_| rng.below(letters) as i32).collect(),
                    count: 1 + rng.below(4),
                })
                .collect();
            let limits = Limits { tokens: 256 + 40, min_count: 1 + rng.below(3) };
            let (quick, slow) = both(&words, limits);
            assert_eq!(quick, slow, "{words:?}");
        }
    }

    #[test]
    fn one_token_may_have_two_origins() {
        // abc comes from ab + c where ab is frequent, and from a + bc where bc was merged first.
        let word = |ids: &[i32], count| Word { ids: ids.to_vec(), count };
        let words = [word(&[1, 2, 9], 90), word(&[0, 1, 2], 30), word(&[5, 0, 1], 50)];
        let (quick, slow) = both(&words, Limits { tokens: 300, min_count: 1 });
        assert_eq!(quick, slow);
    }

    #[test]
    fn fewer_merges_are_the_beginning_of_more() {
        let text = "she sells sea shells by the sea shore; the shells she sells are sea shells";
        let ids = std::array::from_fn(|byte| byte as i32);
        let words = crate::words::count_words([text], &ids);
        let (all, _) = both(&words, Limits { tokens: 296, min_count: 1 });
        for tokens in 256..296 {
            let (some, _) = both(&words, Limits { tokens, min_count: 1 });
            assert_eq!(some, all[..some.len()]);
        }
    }
}
