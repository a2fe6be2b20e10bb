//! 10.4: a text into words.

use crate::tokenizers::VERSES;
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::gpt2_words;

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.4.sentence",
        exercise: "10.4",
        fact: "`Hello, world 42!` is Hello | , | world | 42 | !, each with the space before it",
        run: sentence,
    },
    Check {
        id: "10.4.endings",
        exercise: "10.4",
        fact: "'s 't 're 've 'm 'll 'd are words, in lower case and after no space",
        run: endings,
    },
    Check {
        id: "10.4.spaces",
        exercise: "10.4",
        fact: "of several spaces the last goes with the word: `a   b` is a | two spaces | ` b`",
        run: spaces,
    },
    Check {
        id: "10.4.end",
        exercise: "10.4",
        fact: "spaces at the end of a text are one word",
        run: end,
    },
    Check {
        id: "10.4.lines",
        exercise: "10.4",
        fact: "only the plain space joins a word: a line break, a tab, a wide space do not",
        run: lines,
    },
    Check {
        id: "10.4.scripts",
        exercise: "10.4",
        fact: "lengths are in bytes: words of é, 東京 and emoji are whole",
        run: scripts,
    },
    Check {
        id: "10.4.whole",
        exercise: "10.4",
        fact: "the words of two verses, put together, are the verses",
        run: whole,
    },
];

fn unless_words(text: &str, expected: &[&str]) -> Verdict {
    let got: Vec<&str> = gpt2_words(text).collect();
    wrong::unless_eq(got, expected).note(format!("the words of {text:?}"))
}

fn first(text: &str) -> &str {
    gpt2_words(text).next().unwrap_or_default()
}

fn sentence() -> Verdict {
    unless_words("Hello, world 42!", &["Hello", ",", " world", " 42", "!"])
        .because(first(" world") == " worl", "the space is a byte more: add it to the run")
        .because(first("Hello, world") == "Hello,", "a word is all of one category")
        .because(gpt2_words("a b").count() == 3, "the space belongs to the word behind it")
        .because(first(" 42") == " ", "numbers take the space before them as well")?;
    unless_words("abc123 ?!x", &["abc", "123", " ?!", "x"])
}

fn endings() -> Verdict {
    unless_words("we're they'll I'd it's", &["we", "'re", " they", "'ll", " I", "'d", " it", "'s"])
        .because(
            first("'re") == "'r" || first("'ll") == "'l",
            "re, ve and ll are two letters: three bytes with the apostrophe",
        )
        .because(first("'re") == "'", "try the endings before anything else")?;
    unless_words("'strange", &["'s", "trange"])
        .because(first("'strange") == "'", "the pattern does not ask where the ending ends")?;
    unless_words("IT'S", &["IT", "'", "S"])
        .because(gpt2_words("IT'S").nth(1) == Some("'S"), "GPT-2 knows them in lower case only")?;
    unless_words("a 's", &["a", " '", "s"]).because(
        gpt2_words(" 's").next() == Some(" 's"),
        "behind a space the apostrophe is other: only the first alternatives have no space",
    )?;
    unless_words("''s'r", &["''", "s", "'", "r"])
}

fn spaces() -> Verdict {
    unless_words("a   b", &["a", "  ", " b"])
        .because(gpt2_words("a   b").nth(1) == Some("   "), "the last space is the word's")
        .because(gpt2_words("a   b").nth(1) == Some(" "), "all but the last are one word")?;
    unless_words("  ?", &[" ", " ?"])?;
    unless_words("a b", &["a", " b"])
}

fn end() -> Verdict {
    unless_words("a   ", &["a", "   "]).because(
        gpt2_words("a   ").nth(1) == Some("  "),
        "no word follows that could want the last space",
    )?;
    unless_words(" ", &[" "])?;
    unless_words("\r\n", &["\r\n"])
}

fn lines() -> Verdict {
    unless_words("a\nb", &["a", "\n", "b"])
        .because(gpt2_words("a\nb").nth(1) == Some("\nb"), "` ?` in the pattern is U+0020 alone")?;
    unless_words("a\n\nb", &["a", "\n", "\n", "b"])?;
    unless_words("a\n  b", &["a", "\n ", " b"])?;
    unless_words("a\tb\u{3000}c", &["a", "\t", "b", "\u{3000}", "c"])?;
    unless_words("a \u{3000}b", &["a", " ", "\u{3000}", "b"])
        .because(true, "the last white space is a character of three bytes: take off all three")
}

fn scripts() -> Verdict {
    unless_words("né 東京2", &["né", " 東京", "2"])
        .because(first("né") == "n", "a run goes on for as long as the category is the same")?;
    unless_words(
        "e\u{301} \u{1f469}\u{200d}\u{1f680}!",
        &["e", "\u{301}", " \u{1f469}\u{200d}\u{1f680}!"],
    )
}

fn whole() -> Verdict {
    let words: Vec<&str> = gpt2_words(VERSES).collect();
    wrong::unless_eq(words.concat(), VERSES)?;
    wrong::unless_eq(words.len(), 39).note("words of the verses, marks and all")
}
