//! 10.9: the merges, done again on a new word.

use crate::tokenizers::{VERSES, texts, trained, with_merges};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::{BpeTokenizer, Tokenizer, Word, count_pairs};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.9.order",
        exercise: "10.9",
        fact: "with the merges b+c, a+b the word abc is a | bc: the first learned goes first",
        run: order,
    },
    Check {
        id: "10.9.again",
        exercise: "10.9",
        fact: "with l+o, lo+w, e+r the word lower is low | er: merges build on merges",
        run: again,
    },
    Check {
        id: "10.9.leftmost",
        exercise: "10.9",
        fact: "aaa with a+a is aa | a, and aaaa is two times aa",
        run: leftmost,
    },
    Check {
        id: "10.9.not_the_longest",
        exercise: "10.9",
        fact: "it is not the longest token that counts, but the merges that lead to it",
        run: not_the_longest,
    },
    Check {
        id: "10.9.short",
        exercise: "10.9",
        fact: "words of no byte, one byte, and without any merge stay as they are",
        run: short,
    },
    Check {
        id: "10.9.as_in_training",
        exercise: "10.9",
        fact: "the words that were trained on are encoded as training left them",
        run: as_in_training,
    },
    Check {
        id: "10.9.fewer_tokens",
        exercise: "10.9",
        fact: "with 20 merges the 159 bytes of two verses are 53 tokens",
        run: fewer_tokens,
    },
];

fn unless_tokens(tokenizer: &BpeTokenizer, word: &str, expected: &[&str]) -> Verdict {
    let got = texts(tokenizer, &tokenizer.encode_word(word.as_bytes()));
    wrong::unless_eq(&got[..], expected)
        .because(got.concat() != word, "the tokens must still be the word: remove the right one")
        .note(format!("the tokens of {word:?}"))
}

fn tokens(tokenizer: &BpeTokenizer, word: &str) -> Vec<String> {
    texts(tokenizer, &tokenizer.encode_word(word.as_bytes()))
}

fn order() -> Verdict {
    let tokenizer = with_merges(&[("b", "c"), ("a", "b")]);
    let got = tokens(&tokenizer, "abc");
    unless_tokens(&tokenizer, "abc", &["a", "bc"])
        .because(
            got == ["ab", "c"],
            "this pair comes first in the word; b+c comes first in training",
        )
        .because(got == ["a", "b", "c"], "nothing was merged")?;
    unless_tokens(&tokenizer, "ababc", &["ab", "a", "bc"])
}

fn again() -> Verdict {
    let tokenizer = with_merges(&[("l", "o"), ("lo", "w"), ("e", "r")]);
    let got = tokens(&tokenizer, "lower");
    unless_tokens(&tokenizer, "lower", &["low", "er"])
        .because(got == ["lo", "w", "er"], "after a merge look again: lo and w are neighbors now")
        .because(got.len() == 4, "one merge is not all: go on until no pair has one")?;
    unless_tokens(&tokenizer, "slow", &["s", "low"])
}

fn leftmost() -> Verdict {
    let tokenizer = with_merges(&[("a", "a")]);
    let got = tokens(&tokenizer, "aaa");
    unless_tokens(&tokenizer, "aaa", &["aa", "a"])
        .because(got == ["a", "aa"], "of several places the leftmost goes first")?;
    unless_tokens(&tokenizer, "aaaa", &["aa", "aa"])
}

fn not_the_longest() -> Verdict {
    // The token abc exists, but only by way of ab.
    let tokenizer = with_merges(&[("b", "d"), ("a", "b"), ("ab", "c"), ("c", "b")]);
    unless_tokens(&tokenizer, "abc", &["abc"])?;
    let got = tokens(&tokenizer, "abcbd");
    unless_tokens(&tokenizer, "abcbd", &["abc", "bd"])
        .because(got.first().is_some_and(|t| t == "abcb"), "there is no such merge")?;
    let tokenizer = with_merges(&[("b", "c"), ("a", "b"), ("ab", "c")]);
    let got = tokens(&tokenizer, "abc");
    unless_tokens(&tokenizer, "abc", &["a", "bc"])
        .because(got == ["abc"], "this is the longest token that fits; b+c was learned first")
}

fn short() -> Verdict {
    let tokenizer = with_merges(&[("l", "o")]);
    for word in ["", "l", "o", "ol", "xyz"] {
        let letters: Vec<String> = word.chars().map(String::from).collect();
        let letters: Vec<&str> = letters.iter().map(|letter| &**letter).collect();
        unless_tokens(&tokenizer, word, &letters)?;
    }
    Ok(())
}

fn as_in_training() -> Verdict {
    let text = "aaabdaaabac";
    let tokenizer = trained(text, 300, 2);
    unless_tokens(&tokenizer, text, &["aaab", "d", "aaab", "a", "c"])?;
    // Trained to the end no pair of any word stands twice in the text.
    let tokenizer = trained(VERSES, 1000, 2);
    let ids = tokenizer.encode_word(b" woodchuck");
    let left = count_pairs(&[Word { ids: ids.clone(), count: 3 }]);
    wrong::unless(left.is_empty(), || format!("{:?}", texts(&tokenizer, &ids)))
        .note("` woodchuck` stands three times in the text, so all its pairs were merged")
}

fn fewer_tokens() -> Verdict {
    let tokenizer = trained(VERSES, 276, 1);
    let ids = tokenizer.encode(VERSES);
    wrong::unless_eq(ids.len(), 53).note(format!("{:?}", texts(&tokenizer, &ids)))
}
