//! How many tokens a text becomes with vocabularies of several sizes, and how long each takes to
//! learn, by recounting and by counting what changes:
//!
//! ```text
//! cargo run --release -p tinytorch-tokenization --example sizes -- TEXT
//! ```

use std::error::Error;
use std::time::Instant;

use tinytorch_tokenization::{BpeTokenizer, CharTokenizer, Tokenizer, TrainOptions};

/// The result of `run`, and its seconds.
fn timed<T>(run: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed().as_secs_f64())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("which text? sizes TEXT")?;
    let text = std::fs::read_to_string(path)?;
    let characters = CharTokenizer::from_text(&text);
    println!("{} bytes; {} ids if every character is one\n", text.len(), characters.vocab_size());
    println!("vocabulary    tokens  bytes each   learned  by recounting");
    for vocab_size in [256, 512, 1256, 4096] {
        let options = TrainOptions { vocab_size, ..Default::default() };
        let (tokenizer, seconds) = timed(|| BpeTokenizer::train(&text, &options));
        let tokens = tokenizer.encode(&text).len();
        let each = text.len() as f64 / tokens as f64;
        print!("{vocab_size:10} {tokens:9} {each:11.2} {seconds:7.2} s");
        if vocab_size <= 1256 {
            let slow = timed(|| BpeTokenizer::train_by_recounting(&text, &options));
            assert_eq!(slow.0.merges(), tokenizer.merges());
            print!(" {:12.2} s", slow.1);
        }
        println!();
    }
    Ok(())
}
