//! Tokenizers to try facts on, and the bytes of their tokens as text.

use tinytorch_tokenization::{BpeTokenizer, Tokenizer, TrainOptions, byte_to_char};

/// Options without special tokens; every pair counts, once or often.
pub fn options(vocab_size: usize, min_count: u64) -> TrainOptions {
    TrainOptions { vocab_size, min_count, ..Default::default() }
}

/// What the definition learns.
pub fn trained(text: &str, vocab_size: usize, min_count: u64) -> BpeTokenizer {
    BpeTokenizer::train_by_recounting(text, &options(vocab_size, min_count))
}

/// A tokenizer with these merges of ASCII tokens, the first learned first, read from GPT-2's files.
pub fn with_merges(merges: &[(&str, &str)]) -> BpeTokenizer {
    let mut characters: Vec<char> = (0..=255).map(byte_to_char).collect();
    characters.sort_unstable();
    let mut tokens: Vec<String> = characters.into_iter().map(String::from).collect();
    for (left, right) in merges {
        let token = format!("{left}{right}");
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    }
    let entry = |(id, token): (usize, &String)| {
        let escaped = token.replace('\\', "\\\\").replace('"', "\\\"");
        format!("\"{escaped}\":{id}")
    };
    let entries: Vec<String> = tokens.iter().enumerate().map(entry).collect();
    let lines: Vec<String> = merges.iter().map(|(left, right)| format!("{left} {right}")).collect();
    BpeTokenizer::from_gpt2(&format!("{{{}}}", entries.join(",")), &lines.join("\n"))
        .expect("the files are sound")
}

/// The tokens of `ids`, each as text.
pub fn texts(tokenizer: &dyn Tokenizer, ids: &[i32]) -> Vec<String> {
    let text = |&id: &i32| match tokenizer.token(id) {
        Some(token) => String::from_utf8_lossy(token).into_owned(),
        None => format!("no token {id}"),
    };
    ids.iter().map(text).collect()
}

/// The tokens that the merges made, each as text, in order.
pub fn merged(tokenizer: &BpeTokenizer) -> Vec<String> {
    let ids: Vec<i32> = tokenizer.merges().iter().map(|merge| merge.token).collect();
    texts(tokenizer, &ids)
}

/// Two verses, 159 bytes.
pub const VERSES: &str = "How much wood would a woodchuck chuck, if a woodchuck could chuck wood?\n\
    He'd chuck, he would, as much as he could, and chuck as much wood as a woodchuck would.";
