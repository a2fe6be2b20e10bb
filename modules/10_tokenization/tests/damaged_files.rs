//! Damaged files take memory by their own length. Alone in its program: what other tests allocate
//! would be counted too.

use peak_alloc::PeakAlloc;
use tinytorch_tensor::Rng;
use tinytorch_tokenization::{BpeTokenizer, CharTokenizer, TrainOptions};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// A whole small tokenizer, as `tokenizer.json`.
fn sound() -> String {
    let special_tokens = vec!["<|endoftext|>".to_string()];
    let options = TrainOptions { vocab_size: 262, special_tokens, ..Default::default() };
    BpeTokenizer::train("low lower lowest low lower", &options).to_json()
}

#[test]
fn damaged_files_never_panic_and_take_memory_by_their_own_length() {
    let json = sound();
    let characters = CharTokenizer::from_text("héllo\n\"").to_json();
    let mut rng = Rng::new(5);
    let pieces =
        ["{", "}", "[", "]", "\"", ",", ":", "\\u", "9999999999", "-", "null", "true", "Ġ", " "];
    for round in 0..3000 {
        let source = if round % 4 == 0 { &characters } else { &json };
        let mut text: Vec<char> = source.chars().collect();
        for _ in 0..1 + rng.below(3) {
            let at = rng.below(text.len() as u64) as usize;
            let end = (at + rng.below(5) as usize).min(text.len());
            let piece = pieces[rng.below(pieces.len() as u64) as usize];
            text.splice(at..end, piece.chars());
        }
        let text: String = text.into_iter().collect();
        let before = MEMORY.current_usage();
        MEMORY.reset_peak_usage();
        let _ = BpeTokenizer::from_json(&text);
        let _ = CharTokenizer::from_json(&text);
        let _ = BpeTokenizer::from_gpt2(&text, &text);
        let taken = MEMORY.peak_usage() - before;
        // A token of a line like `"ab": 300,` is kept in about six places.
        assert!(taken < 100 * text.len() + 100_000, "{taken} bytes for {}:\n{text}", text.len());
    }
}
