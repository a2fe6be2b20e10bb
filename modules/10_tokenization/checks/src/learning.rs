//! 10.12: the same merges with less work.

use crate::tokenizers::{VERSES, merged, options, trained};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::BpeTokenizer;

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.12.by_hand",
        exercise: "10.12",
        fact: "aaabdaaabac gives the merges aa, ab, aaab, in this order",
        run: by_hand,
    },
    Check {
        id: "10.12.neighbors",
        exercise: "10.12",
        fact: "bcbc with b+c is XX, and XX counts once: the left neighbor is the one as written",
        run: neighbors,
    },
    Check {
        id: "10.12.stale",
        exercise: "10.12",
        fact: "of ab 5, bc 4, xy 3, merging ab leaves bc twice: xy comes before it",
        run: stale,
    },
    Check {
        id: "10.12.runs",
        exercise: "10.12",
        fact: "runs of one letter, 1 to 40 long, give the merges of the definition",
        run: runs,
    },
    Check {
        id: "10.12.verses",
        exercise: "10.12",
        fact: "two verses give the merges of the definition, to the last pair",
        run: verses,
    },
    Check {
        id: "10.12.few_letters",
        exercise: "10.12",
        fact: "400 texts of two and three letters give the merges of the definition",
        run: few_letters,
    },
    Check {
        id: "10.12.many_words",
        exercise: "10.12",
        fact: "20,000 different words and 2,000 merges are learned from within the time",
        run: many_words,
    },
];

/// Ours, and the definition's.
fn unless_same(text: &str, vocab_size: usize) -> Verdict {
    let quick = BpeTokenizer::train(text, &options(vocab_size, 1));
    let slow = trained(text, vocab_size, 1);
    let differs = quick.merges().iter().zip(slow.merges()).position(|(a, b)| a != b);
    let place = differs.unwrap_or(quick.merges().len().min(slow.merges().len()));
    let [ours, theirs] = [&quick, &slow].map(|t| merged(t).get(place).cloned());
    wrong::unless(quick.merges() == slow.merges(), || {
        format!("merge {place} is {ours:?}, that of the definition {theirs:?}")
    })
    .because(
        ours.is_none(),
        "it stops too soon: a stale entry of the queue is put right and pushed again",
    )
    .note(format!("trained on {text:?}"))
}

fn by_hand() -> Verdict {
    let got = merged(&BpeTokenizer::train("aaabdaaabac", &options(300, 2)));
    wrong::unless_eq(&got[..], &["aa", "ab", "aaab"][..])
        .because(got.is_empty(), "nothing was learned: does the queue give back what is right?")
        .because(
            got == ["aa"] || got == ["aa", "ab"],
            "the pairs that a merge makes must be added, and noted as gained",
        )
        .because(
            got.len() > 3 || got.get(1).is_some_and(|t| t == "aa"),
            "the pairs that a merge takes apart must be subtracted",
        )
}

fn neighbors() -> Verdict {
    // After b+c the words are XX, XX, and yX: XX stands twice and not once more.
    unless_same("bcbc bcbc ybc", 300)?;
    let got = merged(&BpeTokenizer::train("bcbcbcbc bcbcbcbc", &options(300, 2)));
    wrong::unless_eq(&got[..], &["bc", "bcbc", "bcbcbcbc"][..])
}

fn stale() -> Verdict {
    let text = "ab\nab\nab\nabc\nabc\nbc\nbc\nxy\nxy\nxy";
    let got = merged(&BpeTokenizer::train(text, &options(300, 2)));
    wrong::unless_eq(&got[..], &["ab", "xy", "bc", "abc"][..])
        .because(
            got.get(1).is_some_and(|token| token == "bc"),
            "the queue had bc with 4, but it was stale: with ab merged, bc stands twice",
        )
        .because(
            !got.contains(&"bc".to_string()),
            "a stale entry is put right and pushed again, not thrown away",
        )
        .because(
            !got.contains(&"abc".to_string()),
            "(ab, c) stands twice since ab was merged: it must be noted as gained",
        )
}

fn runs() -> Verdict {
    for length in 1..=40 {
        unless_same(&"a".repeat(length), 300)?;
        unless_same(&format!("{}b{}", "a".repeat(length), "a".repeat(40 - length)), 300)?;
    }
    Ok(())
}

fn verses() -> Verdict {
    unless_same(VERSES, 1000)
}

fn few_letters() -> Verdict {
    let mut state = 1_u64;
    let mut draw = |n: u64| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % n
    };
    for round in 0..400 {
        let letters = &"abc "[4 - (3 + round % 2)..];
        let text: String = (0..10 + draw(40))
            .map(|_| letters.as_bytes()[draw(letters.len() as u64) as usize] as char)
            .collect();
        unless_same(&text, 290)?;
    }
    Ok(())
}

fn many_words() -> Verdict {
    let digits = |n: u64| (0..5).map(move |place| (b'a' + (n >> (4 * place)) as u8 % 16) as char);
    let words = (0..20_000_u64).map(|n| digits(n.wrapping_mul(40_503)).collect::<String>());
    let text = words.collect::<Vec<_>>().join(" ");
    let tokenizer = BpeTokenizer::train(&text, &options(256 + 2000, 2));
    wrong::unless_eq(tokenizer.merges().len(), 2000)
}
