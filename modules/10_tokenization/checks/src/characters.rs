//! 10.1: a token per character.

use crate::tokenizers::texts;
use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::{CharTokenizer, Tokenizer};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.1.hello",
        exercise: "10.1",
        fact: "hello is 2 1 3 3 4: e, h, l, o in the order of their code points, from 1 on",
        run: hello,
    },
    Check {
        id: "10.1.each_once",
        exercise: "10.1",
        fact: "a vocabulary has each character once, wherever it stands in the text",
        run: each_once,
    },
    Check {
        id: "10.1.characters_not_bytes",
        exercise: "10.1",
        fact: "é and the crab are a token each, although they are two and four bytes",
        run: characters_not_bytes,
    },
    Check {
        id: "10.1.unknown",
        exercise: "10.1",
        fact: "what the vocabulary does not have is id 0, and comes back as U+FFFD",
        run: unknown,
    },
    Check {
        id: "10.1.nothing_between",
        exercise: "10.1",
        fact: "a text comes back from its ids: nothing is put between the characters",
        run: nothing_between,
    },
    Check {
        id: "10.1.no_such_id",
        exercise: "10.1",
        fact: "the ids -1 and 5 of a vocabulary of five panic, and say which ids there are",
        run: no_such_id,
    },
];

fn hello() -> Verdict {
    let got = CharTokenizer::from_text("hello").encode("hello");
    wrong::unless_eq(&got[..], &[2, 1, 3, 3, 4][..])
        .because(got == [1, 0, 2, 2, 3], "id 0 is the unknown: characters begin at 1")
        .because(got == [1, 2, 3, 3, 4], "in the order of code points, not as they come")
        .because(got.iter().all(|&id| id == 0), "every character is taken for unknown")
}

fn each_once() -> Verdict {
    let tokenizer = CharTokenizer::from_text("cab abc");
    wrong::unless_eq(tokenizer.vocab_size(), 5)
        .because(tokenizer.vocab_size() == 8, "a character that comes again has its id already")
        .because(tokenizer.vocab_size() == 4, "the unknown token is one of the vocabulary")?;
    let all: Vec<i32> = (0..5).collect();
    wrong::unless_eq(texts(&tokenizer, &all), ["\u{fffd}", " ", "a", "b", "c"])?;
    wrong::unless(
        tokenizer == CharTokenizer::from_text("bca "),
        || "the same characters in another order make another vocabulary",
    )
}

fn characters_not_bytes() -> Verdict {
    let text = "né\u{1f980}";
    let tokenizer = CharTokenizer::from_text(text);
    let ids = tokenizer.encode(text);
    wrong::unless_eq(ids.len(), 3)
        .because(ids.len() == 7, "these are bytes: `chars` goes through characters")?;
    wrong::unless_eq(tokenizer.decode(&ids), text)
}

fn unknown() -> Verdict {
    let tokenizer = CharTokenizer::from_text("abc");
    wrong::unless_eq(tokenizer.id('z'), CharTokenizer::UNKNOWN)?;
    let ids = tokenizer.encode("azb");
    wrong::unless_eq(&ids[..], &[1, 0, 2][..])
        .because(ids == [1, 2], "the unknown character was dropped: a text must not get shorter")?;
    wrong::unless_eq(tokenizer.decode(&ids), "a\u{fffd}b")
}

fn nothing_between() -> Verdict {
    let text = "a man,  a plan\n";
    let tokenizer = CharTokenizer::from_text(text);
    let got = tokenizer.decode(&tokenizer.encode(text));
    wrong::unless_eq(&*got, text)
        .because(got.starts_with("a   "), "decode puts spaces between the tokens")
}

fn no_such_id() -> Verdict {
    let tokenizer = CharTokenizer::from_text("abcd");
    for id in [-1, 5] {
        wrong::unless_panics(|| tokenizer.decode_bytes(&[1, id]), "ids from 0 to 4 only")
            .note(format!("decode_bytes of the id {id}"))?;
    }
    Ok(())
}
