//! 10.11: special tokens.

use crate::tokenizers::texts;
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::{BpeTokenizer, Special, Tokenizer, TrainOptions};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.11.between",
        exercise: "10.11",
        fact: "one<end>two is one | <end> | two, and <end><end> is two tokens",
        run: between,
    },
    Check {
        id: "10.11.longest",
        exercise: "10.11",
        fact: "of <a> and <a><b> at the same place, the longer one is meant",
        run: longest,
    },
    Check {
        id: "10.11.leftmost",
        exercise: "10.11",
        fact: "the token that stands first in the text is first, whichever the list has first",
        run: leftmost,
    },
    Check {
        id: "10.11.not_asked",
        exercise: "10.11",
        fact: "a text that spells out <end> does not become the token unless that is asked for",
        run: not_asked,
    },
    Check {
        id: "10.11.forbidden",
        exercise: "10.11",
        fact: "a forbidden token is found wherever it stands, with its place in bytes",
        run: forbidden,
    },
    Check {
        id: "10.11.training",
        exercise: "10.11",
        fact: "texts are learned from apart: no merge reaches over <end>",
        run: training,
    },
];

fn tokenizer(text: &str, specials: &[&str]) -> BpeTokenizer {
    let special_tokens = specials.iter().map(|token| token.to_string()).collect();
    let options = TrainOptions { vocab_size: 256 + specials.len(), special_tokens, min_count: 2 };
    BpeTokenizer::train_by_recounting(text, &options)
}

/// The tokens of a text in which special tokens are meant.
fn all(tokenizer: &BpeTokenizer, text: &str) -> Result<Vec<String>, check::Wrong> {
    match tokenizer.encode_with_special(text, Special::All, Special::None) {
        Ok(ids) => Ok(texts(tokenizer, &ids)),
        Err(error) => Err(wrong::unless(false, || error.to_string()).unwrap_err()),
    }
}

fn unless_tokens(tokenizer: &BpeTokenizer, text: &str, expected: &[&str]) -> Verdict {
    wrong::unless_eq(&all(tokenizer, text)?[..], expected).note(format!("the tokens of {text:?}"))
}

fn between() -> Verdict {
    let tokenizer = tokenizer("", &["<end>"]);
    let got = all(&tokenizer, "hi<end>yo")?;
    unless_tokens(&tokenizer, "hi<end>yo", &["h", "i", "<end>", "y", "o"])
        .because(got == ["h", "i", "<end>"], "the text behind the last token is text as well")
        .because(got == ["<end>", "y", "o"], "the text before the token is missing")
        .because(got.len() > 5, "the token was not found, or its text came again")?;
    unless_tokens(&tokenizer, "<end><end>", &["<end>", "<end>"]).because(
        all(&tokenizer, "<end><end>")?.len() == 6,
        "only the first was found: go on behind it, until there is none",
    )?;
    unless_tokens(&tokenizer, "<en", &["<", "e", "n"])?;
    unless_tokens(&tokenizer, "", &[])
}

fn longest() -> Verdict {
    for specials in [["<a>", "<a><b>"], ["<a><b>", "<a>"]] {
        let tokenizer = tokenizer("", &specials);
        let got = all(&tokenizer, "x<a><b>")?;
        unless_tokens(&tokenizer, "x<a><b>", &["x", "<a><b>"]).because(
            got.get(1).is_some_and(|t| t == "<a>"),
            "two tokens begin here: the longest wins",
        )?;
        unless_tokens(&tokenizer, "<a><a><b><a>", &["<a>", "<a><b>", "<a>"])?;
    }
    Ok(())
}

fn leftmost() -> Verdict {
    let tokenizer = tokenizer("", &["<long token>", "<b>"]);
    let text = "<b><long token>é<b>";
    unless_tokens(&tokenizer, text, &["<b>", "<long token>", "\u{fffd}", "\u{fffd}", "<b>"])
        .because(
            all(&tokenizer, text)?.first().is_some_and(|t| t == "<"),
            "the place goes first: a token further left is found before a longer one",
        )
}

fn not_asked() -> Verdict {
    let tokenizer = tokenizer("", &["<end>"]);
    let Some(end) = tokenizer.special_id("<end>") else {
        return wrong::unless(false, || "there is no special token <end>");
    };
    let ids = tokenizer.encode("a<end>");
    wrong::unless(!ids.contains(&end), || format!("{:?}", texts(&tokenizer, &ids)))?;
    wrong::unless_eq(ids.len(), 6)?;
    wrong::unless_eq(&*tokenizer.decode(&ids), "a<end>")
}

fn forbidden() -> Verdict {
    let tokenizer = tokenizer("", &["<end>", "<user>"]);
    for (text, token, at) in
        [("é <user>", "<user>", 3), ("<end>", "<end>", 0), ("<<end>", "<end>", 1)]
    {
        let said = match tokenizer.encode_with_special(text, Special::None, Special::All) {
            Ok(ids) => format!("{:?}", texts(&tokenizer, &ids)),
            Err(error) => error.to_string(),
        };
        wrong::unless(said.contains(token) && said.ends_with(&format!("byte {at}")), || {
            said.clone()
        })
        .because(said.ends_with("byte 2") && at == 3, "the place is in bytes, and é has two")
        .note(format!("{text:?} has {token} at byte {at}"))?;
    }
    let allowed = Special::Only(&["<user>"]);
    let fine = tokenizer.encode_with_special("<user>hi", allowed, Special::All);
    wrong::unless(fine.is_ok(), || format!("{fine:?}")).note("<user> was allowed")
}

fn training() -> Verdict {
    let text = "ab<end>ab<end>ab<end>ab";
    let special_tokens = vec!["<end>".to_string()];
    let options = TrainOptions { vocab_size: 300, special_tokens, min_count: 2 };
    let tokenizer = BpeTokenizer::train_by_recounting(text, &options);
    let learned = crate::tokenizers::merged(&tokenizer);
    wrong::unless_eq(&learned[..], &["ab"][..]).because(
        learned.iter().any(|token| token.contains('<') || token.contains("en")),
        "the special token was learned from as if it were text",
    )?;
    wrong::unless_eq(tokenizer.special_id("<end>"), Some(257))
}
