//! The step that byte-pair encoding repeats: count the neighbors, take the most frequent pair,
//! write it as one token.
//!
//! ```text
//! a a b d a a b a c          counts: aa 2, ab 2, ba 1, bd 1, da 1, ac 1
//! X   b d X   b a c          aa -> X   (aa and ab tie; aa is the smaller pair of ids)
//! Y     d Y     a c          Xb -> Y
//! ```
//!
//! Source: Gage, "A New Algorithm for Data Compression" (1994), and Sennrich, Haddow & Birch,
//! "Neural Machine Translation of Rare Words with Subword Units" (2016), algorithm 1.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Two tokens next to each other: left, right.
pub type Pair = (i32, i32);

/// A word of a text, as ids, and how often the text has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The tokens that the word consists of at present.
    pub ids: Vec<i32>,
    /// How many times the word stands in the text.
    pub count: u64,
}

/// How often each pair stands in a text.
pub type PairCounts = PairMap<u64>;

/// How often each pair of neighbors stands in a text of these words.
///
/// A pair counts once for each time that its word stands in the text, and once for each place in
/// the word: `aaa`, 5 times, has the pair `aa` 10 times, although only one of two can be merged.
pub fn count_pairs(words: &[Word]) -> PairCounts {
    let mut counts = PairCounts::default();
    for word in words {
        for pair in word.ids.windows(2) {
            *counts.entry((pair[0], pair[1])).or_default() += word.count;
        }
    }
    counts
}

/// The pair to be merged next, and its count: that of the highest count; of several such, the one
/// with the smallest left id; of several such, that with the smallest right id. `None` if there
/// are no pairs.
///
/// A table of hashes has no order that could be relied on, so the rule decides every tie.
pub fn best_pair(counts: &PairCounts) -> Option<(Pair, u64)> {
    let best = counts.iter().max_by_key(|(pair, count)| (**count, Reverse(**pair)));
    best.map(|(&pair, &count)| (pair, count))
}

/// Writes `token` wherever `pair` stands in `ids`, from left to right: `aaa` becomes `Xa`.
pub fn merge_pair(ids: &mut Vec<i32>, pair: Pair, token: i32) {
    let (mut read, mut written) = (0, 0);
    while read < ids.len() {
        if ids[read] == pair.0 && ids.get(read + 1) == Some(&pair.1) {
            ids[written] = token;
            read += 2;
        } else {
            ids[written] = ids[read];
            read += 1;
        }
        written += 1;
    }
    ids.truncate(written);
}

/// A map from pairs, with a quick hash.
///
/// Training and encoding ask it hundreds of millions of times; the standard hash, which is made to
/// withstand chosen keys, takes most of their time.
pub type PairMap<T> = HashMap<Pair, T, BuildHasherDefault<PairHasher>>;

/// The hash of a [`PairMap`]: both ids, mixed by two multiplications.
#[derive(Clone, Copy, Default)]
pub struct PairHasher(u64);

impl Hasher for PairHasher {
    fn finish(&self) -> u64 {
        // The map looks at the lowest and at the highest bits: bring the middle to both.
        let mixed = (self.0 ^ (self.0 >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^ (mixed >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_i32(i32::from(byte));
        }
    }

    fn write_i32(&mut self, id: i32) {
        self.0 = self.0.rotate_left(32) ^ u64::from(id as u32);
        self.0 = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;
    use std::hash::BuildHasher;

    fn word(ids: &[i32], count: u64) -> Word {
        Word { ids: ids.to_vec(), count }
    }

    #[test]
    fn a_pair_counts_for_each_place_and_each_time_the_word_is_there() {
        let counts = count_pairs(&[word(&[1, 1, 1], 5), word(&[1, 2], 3), word(&[7], 9)]);
        assert_eq!(counts.len(), 2);
        assert_eq!((counts[&(1, 1)], counts[&(1, 2)]), (10, 3));
        assert_eq!(best_pair(&counts), Some(((1, 1), 10)));
        assert_eq!(best_pair(&count_pairs(&[])), None);
    }

    #[test]
    fn ties_go_to_the_smallest_ids_left_before_right() {
        let words = [word(&[2, 1], 4), word(&[1, 9], 4), word(&[1, 3], 4), word(&[0, 0], 3)];
        assert_eq!(best_pair(&count_pairs(&words)), Some(((1, 3), 4)));
    }

    #[test]
    fn a_merge_goes_from_left_to_right_and_takes_no_token_twice() {
        for (before, after) in [
            (vec![], vec![]),
            (vec![1], vec![1]),
            (vec![1, 2], vec![9]),
            (vec![2, 1], vec![2, 1]),
            (vec![1, 1, 2, 2, 1, 2], vec![1, 9, 2, 9]),
        ] {
            let mut ids = before;
            merge_pair(&mut ids, (1, 2), 9);
            assert_eq!(ids, after);
        }
        let mut ids = vec![1; 5];
        merge_pair(&mut ids, (1, 1), 9);
        assert_eq!(ids, [9, 9, 1]);
    }

    #[test]
    fn the_hash_spreads_neighboring_ids_over_low_and_high_bits() {
        let hasher = BuildHasherDefault::<PairHasher>::default();
        let (mut low, mut high) = (HashSet::new(), HashSet::new());
        for left in 0..64 {
            for right in 0..64 {
                let hash = hasher.hash_one((left, right));
                low.insert(hash & 0xffff);
                high.insert(hash >> 48);
            }
        }
        // 4,096 pairs thrown into 65,536 places at random fill about 3,971 of them.
        assert!(low.len() > 3800 && high.len() > 3800, "{} {}", low.len(), high.len());
    }
}
