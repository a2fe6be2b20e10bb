//! 10.8: the loop that learns.

use crate::tokenizers::{VERSES, merged, trained};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::Tokenizer;

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.8.by_hand",
        exercise: "10.8",
        fact: "aaabdaaabac gives the merges aa, ab, aaab, in this order",
        run: by_hand,
    },
    Check {
        id: "10.8.limit",
        exercise: "10.8",
        fact: "the vocabulary never grows past what is asked for, and may stay below",
        run: limit,
    },
    Check {
        id: "10.8.ids",
        exercise: "10.8",
        fact: "ids are contiguous: the first merge is 256, the next 257, ...",
        run: ids,
    },
    Check {
        id: "10.8.rare",
        exercise: "10.8",
        fact: "a pair below min_count is not merged, one that reaches it is",
        run: rare,
    },
    Check {
        id: "10.8.within_words",
        exercise: "10.8",
        fact: "merges stay within words: no token has a space anywhere but at its beginning",
        run: within_words,
    },
    Check {
        id: "10.8.prefix",
        exercise: "10.8",
        fact: "a smaller vocabulary's merges are the beginning of a larger one's",
        run: prefix,
    },
];

fn by_hand() -> Verdict {
    let got = merged(&trained("aaabdaaabac", 300, 2));
    wrong::unless_eq(&got[..], &["aa", "ab", "aaab"][..])
        .because(got.first().is_some_and(|token| token == "bd"), "the rarest pair came first")
        .because(got == ["aa"], "a pair that stands twice is not below a minimum of 2")
        .because(
            got.get(1).is_some_and(|token| token == "ba"),
            "the bytes of the left token come first: a and b are joined to ab",
        )
        .because(
            got.len() > 3 && got[..3] == ["aa", "ab", "aaab"],
            "a pair below `min_count`, here 2, is not merged",
        )
        .because(
            got.first().is_some_and(|t| t == "aa") && got.get(1).is_some_and(|t| t == "aaa"),
            "aa a and a b both stand twice; a b has the smaller ids: a is 64, aa is 256",
        )
        .because(got.is_empty(), "nothing was learned: the loop goes on *while* there is room")
}

fn limit() -> Verdict {
    for size in [256, 257, 258, 270] {
        let got = trained(VERSES, size, 2).vocab_size();
        wrong::unless_eq(got, size)
            .because(got == size + 1, "one too many: ask for room before you merge, not after")
            .because(got + 1 == size, "one too few: with 256 tokens and room for 257, one fits")
            .because(got == 256 && size > 256, "the new tokens must be added to the vocabulary")?;
    }
    wrong::unless_eq(trained("ab ab", 300, 2).vocab_size(), 257)
        .note("the text ab ab has one pair that stands twice")?;
    wrong::unless_eq(trained("", 300, 2).vocab_size(), 256).note("the empty text has no pairs")
}

fn ids() -> Verdict {
    let tokenizer = trained(VERSES, 290, 2);
    for (id, merge) in (256..).zip(tokenizer.merges()) {
        wrong::unless_eq(merge.token, id)
            .because(
                merge.token == id + 1,
                "ids have no holes: the next id is the number of tokens",
            )
            .because(merge.token < 256, "this id is a byte's: a new token gets the next id")
            .note(format!("the token of merge {}", id - 256))?;
        let (left, right) = merge.pair;
        let parts = [left, right].map(|id| tokenizer.token(id).unwrap_or_default());
        wrong::unless_eq(tokenizer.token(id), Some(&parts.concat()[..]))
            .note(format!("the bytes of the token {id}, which stands for {left} and {right}"))?;
        wrong::unless_eq(tokenizer.id(&parts.concat()), Some(id)).because(
            tokenizer.id(&parts.concat()).is_none(),
            "`ids` must find the new token by its bytes",
        )?;
    }
    Ok(())
}

fn rare() -> Verdict {
    let text = "ab ab ab cd cd";
    let got = merged(&trained(text, 300, 3));
    wrong::unless_eq(&got[..], &["ab"][..])
        .because(got.is_empty(), "a count of 3 is not below 3")
        .note("the minimum is 3; ab stands three times, ` a` and cd twice")
}

fn within_words() -> Verdict {
    let tokenizer = trained(VERSES, 300, 1);
    for token in merged(&tokenizer) {
        wrong::unless(!token.chars().skip(1).any(char::is_whitespace), || {
            format!("the token {token:?}")
        })?;
    }
    wrong::unless(tokenizer.id(b" woodchuck").is_some(), || {
        format!("there is no token ` woodchuck` among {:?}", merged(&tokenizer))
    })
}

fn prefix() -> Verdict {
    let all = trained(VERSES, 300, 1);
    for size in [256, 260, 280] {
        let fewer = trained(VERSES, size, 1);
        let expected = &all.merges()[..fewer.merges().len()];
        wrong::unless_eq(fewer.merges(), expected).note(format!("a vocabulary of {size}"))?;
    }
    Ok(())
}
