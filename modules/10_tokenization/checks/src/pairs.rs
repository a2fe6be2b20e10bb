//! 10.5, 10.6 and 10.7: count, choose, merge.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::{Pair, PairCounts, Word, best_pair, count_pairs, merge_pair};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.5.places",
        exercise: "10.5",
        fact: "in a a a b d a a a b a c, aa stands 4 times, ab 2 times, ba, bd, da, ac once",
        run: places,
    },
    Check {
        id: "10.5.times",
        exercise: "10.5",
        fact: "the pairs of a word that stands 5 times in the text count 5 times",
        run: times,
    },
    Check {
        id: "10.5.words_apart",
        exercise: "10.5",
        fact: "no pair reaches from one word into the next, and a word of one token has none",
        run: words_apart,
    },
    Check {
        id: "10.6.most",
        exercise: "10.6",
        fact: "of counts 4, 2, 1 the pair with 4 is best; of no pairs, none",
        run: most,
    },
    Check {
        id: "10.6.ties",
        exercise: "10.6",
        fact: "of pairs that are equally frequent the smallest ids win, left before right",
        run: ties,
    },
    Check {
        id: "10.7.places",
        exercise: "10.7",
        fact: "1 2 3 1 2 with (1, 2) -> 9 is 9 3 9, wherever the pair stands",
        run: merges,
    },
    Check {
        id: "10.7.overlaps",
        exercise: "10.7",
        fact: "1 1 1 with (1, 1) -> 9 is 9 1: a token belongs to one merge",
        run: overlaps,
    },
    Check {
        id: "10.7.new_token",
        exercise: "10.7",
        fact: "what was written is not merged again: 1 2 2 with (1, 2) -> 1 is 1 2",
        run: new_token,
    },
];

fn word(ids: &[i32], count: u64) -> Word {
    Word { ids: ids.to_vec(), count }
}

fn counted(words: &[Word]) -> Vec<(Pair, u64)> {
    let mut counts: Vec<(Pair, u64)> = count_pairs(words).into_iter().collect();
    counts.sort_unstable();
    counts
}

fn places() -> Verdict {
    // a is 0, b is 1, c is 2, d is 3.
    let got = counted(&[word(&[0, 0, 0, 1, 3, 0, 0, 0, 1, 0, 2], 1)]);
    let aa = got.first().map_or(0, |(_, count)| *count);
    wrong::unless_eq(
        &got[..],
        &[((0, 0), 4), ((0, 1), 2), ((0, 2), 1), ((1, 0), 1), ((1, 3), 1), ((3, 0), 1)][..],
    )
    .because(aa == 2, "overlapping places count as well: aaa has aa twice")
    .because(got.iter().any(|&(pair, _)| pair == (0, 3)), "(a, d) is not (d, a)")
}

fn times() -> Verdict {
    let got = counted(&[word(&[7, 8, 7], 5), word(&[7, 8], 2)]);
    wrong::unless_eq(&got[..], &[((7, 8), 7), ((8, 7), 5)][..])
        .because(
            got == [((7, 8), 2), ((8, 7), 1)],
            "a word counts as often as it stands in the text: add its `count`",
        )
        .because(
            got.first() == Some(&((7, 8), 2)) || got.first() == Some(&((7, 8), 5)),
            "the count of a pair is the sum over all words: add to what is there",
        )
}

fn words_apart() -> Verdict {
    let got = counted(&[word(&[1], 3), word(&[], 4), word(&[2], 3)]);
    wrong::unless_eq(got, [] as [(Pair, u64); 0]).because(true, "words are counted each for itself")
}

fn most() -> Verdict {
    let counts = PairCounts::from_iter([((0, 1), 2), ((5, 5), 4), ((0, 0), 1)]);
    let got = best_pair(&counts);
    wrong::unless_eq(got, Some(((5, 5), 4))).because(
        got == Some(((0, 0), 1)),
        "this is the rarest pair: the most frequent is merged",
    )?;
    wrong::unless_eq(best_pair(&PairCounts::default()), None)
}

fn ties() -> Verdict {
    // Whatever order a table of hashes has: many tables, and many of the same pairs.
    for other in 0..50 {
        let mut counts =
            PairCounts::from_iter([((2, 1), 4), ((1, 9), 4), ((1, 3), 4), ((0, 0), 3)]);
        counts.extend((10..30).map(|left| ((left + other, left), 4)));
        let got = best_pair(&counts);
        wrong::unless_eq(got, Some(((1, 3), 4)))
            .because(
                got.is_some_and(|(pair, count)| count == 4 && pair.0 > 2),
                "of equal counts the smallest pair wins, not the largest, and not any",
            )
            .because(got == Some(((1, 9), 4)), "the left ids tie: the smallest right id wins")
            .because(got == Some(((0, 0), 3)), "the count goes first: 4 is more than 3")
            .because(got == Some(((2, 1), 4)), "the left id decides before the right")?;
    }
    Ok(())
}

fn unless_merges(before: &[i32], pair: Pair, token: i32, after: &[i32]) -> Verdict {
    let mut ids = before.to_vec();
    merge_pair(&mut ids, pair, token);
    wrong::unless_eq(&ids[..], after)
        .because(
            ids.len() == before.len() && before.len() > after.len(),
            "the list must get shorter: two ids become one",
        )
        .note(format!("{before:?} with {pair:?} -> {token}"))
}

fn merges() -> Verdict {
    let mut ids = vec![1, 2, 3, 1, 2];
    merge_pair(&mut ids, (1, 2), 9);
    unless_merges(&[1, 2, 3, 1, 2], (1, 2), 9, &[9, 3, 9])
        .because(ids == [9, 3, 1, 2], "every place is merged, not the first alone")
        .because(
            ids == [9, 3, 9, 2],
            "at the end of the list the right one must not be forgotten",
        )?;
    unless_merges(&[1, 2], (1, 2), 9, &[9])?;
    unless_merges(&[2, 1], (1, 2), 9, &[2, 1])
        .because(true, "(1, 2) is 1 and then 2, not the other way around")?;
    unless_merges(&[1, 3, 2], (1, 2), 9, &[1, 3, 2])?;
    unless_merges(&[3, 1], (1, 2), 9, &[3, 1])?;
    unless_merges(&[], (1, 2), 9, &[])
}

fn overlaps() -> Verdict {
    let mut ids = vec![1, 1, 1];
    merge_pair(&mut ids, (1, 1), 9);
    unless_merges(&[1, 1, 1], (1, 1), 9, &[9, 1])
        .because(ids == [9, 9], "the middle token was taken twice: after a merge go on behind it")
        .because(ids == [1, 9], "from left to right")?;
    unless_merges(&[1, 1, 1, 1], (1, 1), 9, &[9, 9])?;
    unless_merges(&[1, 1, 1, 1, 1, 2], (1, 1), 9, &[9, 9, 1, 2])
}

fn new_token() -> Verdict {
    let mut ids = vec![1, 2, 2];
    merge_pair(&mut ids, (1, 2), 1);
    unless_merges(&[1, 2, 2], (1, 2), 1, &[1, 2])
        .because(ids == [1], "read from the list as it was: what was written is not read again")
}
