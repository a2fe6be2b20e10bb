//! How long training takes, and how many megabytes a second are encoded and decoded:
//!
//! ```text
//! cargo run --release -p tinytorch-tokenization --example throughput -- TEXT [TOKENIZER.JSON]
//! ```
//!
//! Without a second file a vocabulary of 1,256 tokens is trained on the text and used. It prints
//! one line of JSON, which `xtask/fixtures/tokenizer_speed.py` reads to set it beside what
//! `tokenizers` and `tiktoken` take in the same minutes.

use std::error::Error;
use std::time::Instant;

use tinytorch_tokenization::{BpeTokenizer, Tokenizer, TrainOptions};

/// The least seconds of three runs, and the result of the last.
fn best_of_three<T>(mut run: impl FnMut() -> T) -> (f64, T) {
    let mut timed = || {
        let start = Instant::now();
        let result = run();
        (start.elapsed().as_secs_f64(), result)
    };
    let (first, second, (third, result)) = (timed().0, timed().0, timed());
    (first.min(second).min(third), result)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("which text? throughput TEXT [TOKENIZER.JSON]")?;
    let text = std::fs::read_to_string(path)?;
    let options = TrainOptions { vocab_size: 1256, ..Default::default() };
    let (training, trained) = best_of_three(|| BpeTokenizer::train(&text, &options));
    let tokenizer = match arguments.next() {
        Some(file) => BpeTokenizer::load(file)?,
        None => trained,
    };
    let (encoding, ids) = best_of_three(|| tokenizer.encode(&text));
    let (decoding, back) = best_of_three(|| tokenizer.decode(&ids));
    assert_eq!(back, text, "a text comes back from its ids");
    let megabytes = text.len() as f64 / 1e6;
    println!(
        "{{\"train_s\": {training:.4}, \"encode_mb_s\": {:.1}, \"decode_mb_s\": {:.1}, \
         \"tokens\": {}, \"bytes_per_token\": {:.3}, \"vocabulary\": {}}}",
        megabytes / encoding,
        megabytes / decoding,
        ids.len(),
        text.len() as f64 / ids.len() as f64,
        tokenizer.vocab_size()
    );
    Ok(())
}
