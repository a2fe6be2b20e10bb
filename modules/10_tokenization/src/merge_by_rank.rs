//! A word into tokens: the merges are done again, in the order in which they were learned.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::pairs::PairMap;
use crate::{Merge, Pair};

/// From this length on a word is merged by a queue: looking through all of it for each merge would
/// be some 48 times 48 looks. Words of a text are five bytes long, and rounds over five bytes are
/// quicker than any queue.
const LONG: usize = 48;

/// For each pair that has a merge: its rank, 0 for the merge learned first, and its token.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ranks(PairMap<Ranked>);

/// A merge as it is looked up. The order is that of the ranks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ranked {
    rank: u32,
    token: i32,
}

impl Ranks {
    /// The ranks of merges in the order of training, or the first pair that comes twice.
    pub(crate) fn new(merges: &[Merge]) -> Result<Self, Pair> {
        let mut ranks = PairMap::default();
        for (rank, merge) in merges.iter().enumerate() {
            let ranked = Ranked { rank: rank as u32, token: merge.token };
            if ranks.insert(merge.pair, ranked).is_some() {
                return Err(merge.pair);
            }
        }
        Ok(Self(ranks))
    }

    fn get(&self, pair: Pair) -> Option<Ranked> {
        self.0.get(&pair).copied()
    }
}

/// Merges the tokens of a word for as long as any two neighbors have a merge: always the merge
/// learned first, and of several places the leftmost.
pub(crate) fn merge_by_rank(ids: &mut Vec<i32>, ranks: &Ranks) {
    if ids.len() < LONG { merge_short(ids, ranks) } else { merge_long(ids, ranks) }
}

/// The definition. `k` tokens take up to `k` rounds of up to `k` looks: a few for most words.
fn merge_short(ids: &mut Vec<i32>, ranks: &Ranks) {
    loop {
        let ranked = |(at, pair): (usize, &[i32])| Some((ranks.get((pair[0], pair[1]))?, at));
        let Some((first, at)) = ids.windows(2).enumerate().filter_map(ranked).min() else {
            return;
        };
        ids[at] = first.token;
        ids.remove(at + 1);
    }
}

/// The same for long words, in `k log k`: all merges that are possible wait in a queue, and the
/// tokens are a list of which any can be taken out.
///
/// A megabyte without a space would otherwise take hours.
fn merge_long(ids: &mut Vec<i32>, ranks: &Ranks) {
    const GONE: i32 = -1;
    let end = ids.len();
    let mut next: Vec<usize> = (1..=end).collect();
    let mut previous: Vec<usize> = (0..end).map(|at| at.wrapping_sub(1)).collect(); // first: none
    let mut queue: BinaryHeap<Reverse<(Ranked, usize)>> = ids
        .windows(2)
        .enumerate()
        .filter_map(|(at, pair)| Some(Reverse((ranks.get((pair[0], pair[1]))?, at))))
        .collect();
    while let Some(Reverse((ranked, at))) = queue.pop() {
        // Since it was queued one of its tokens may have been merged with another neighbor.
        let right = next[at];
        if ids[at] == GONE || right == end || ranks.get((ids[at], ids[right])) != Some(ranked) {
            continue;
        }
        ids[at] = ranked.token;
        ids[right] = GONE;
        next[at] = next[right];
        if next[at] < end {
            previous[next[at]] = at;
        }
        for left in [previous[at], at] {
            if left < end && next[left] < end {
                let pair = (ids[left], ids[next[left]]);
                queue.extend(ranks.get(pair).map(|ranked| Reverse((ranked, left))));
            }
        }
    }
    ids.retain(|&id| id != GONE);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_tensor::Rng;

    #[test]
    fn the_merge_learned_first_goes_first_wherever_it_stands() {
        // bc before ab: abc is a + bc, although ab stands further left.
        let merges = [Merge { pair: (2, 3), token: 4 }, Merge { pair: (1, 2), token: 5 }];
        let ranks = Ranks::new(&merges).unwrap();
        for (before, after) in [
            (vec![1, 2, 3], vec![1, 4]),
            (vec![1, 2, 1, 2, 3], vec![5, 1, 4]),
            (vec![3, 2, 1], vec![3, 2, 1]),
            (vec![], vec![]),
            (vec![1], vec![1]),
        ] {
            let mut ids = before;
            merge_by_rank(&mut ids, &ranks);
            assert_eq!(ids, after);
        }
        assert_eq!(Ranks::new(&[merges[0], merges[0]]).unwrap_err(), (2, 3));
    }

    #[test]
    fn long_words_are_merged_as_short_ones_are() {
        let mut rng = Rng::new(1);
        for _ in 0..400 {
            // Merges in any order, also such that need a token which a later one makes.
            let letters = 2 + rng.below(3) as i32;
            let mut merges: Vec<Merge> = Vec::new();
            for token in letters..letters + 12 {
                let pair = (rng.below(token as u64) as i32, rng.below(token as u64) as i32);
                if merges.iter().all(|merge| merge.pair != pair) {
                    merges.push(Merge { pair, token });
                }
            }
            rng.shuffle(&mut merges);
            let ranks = Ranks::new(&merges).unwrap();
            let word: Vec<i32> =
                (0..rng.below(80)).map(|_| rng.below(letters as u64) as i32).collect();
            let (mut short, mut long) = (word.clone(), word.clone());
            merge_short(&mut short, &ranks);
            merge_long(&mut long, &ranks);
            assert_eq!(short, long, "{word:?} {merges:?}");
        }
    }
}
