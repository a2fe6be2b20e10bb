//! The ids are those of Hugging Face's `tokenizers` and of `tiktoken`, and the merges those of
//! Hugging Face's trainer. `xtask/fixtures/tokenization.py` asked them, and wrote the files here.

use serde_json::Value;
use tinytorch_tokenization::{BpeTokenizer, Special, Tokenizer, TrainOptions, gpt2_words};

macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("fixtures/", $name))
    };
}

fn gpt2() -> BpeTokenizer {
    BpeTokenizer::from_gpt2(fixture!("gpt2/vocab.json"), fixture!("gpt2/merges.txt")).unwrap()
}

fn ids(value: &Value) -> Vec<i32> {
    value.as_array().unwrap().iter().map(|id| id.as_i64().unwrap() as i32).collect()
}

/// Texts, and the ids that another library gives them.
fn answers(json: &str) -> Vec<(String, Vec<i32>)> {
    let cases: Vec<Value> = serde_json::from_str(json).unwrap();
    cases.iter().map(|case| (case[0].as_str().unwrap().to_string(), ids(&case[1]))).collect()
}

#[track_caller]
fn same_ids(tokenizer: &BpeTokenizer, json: &str) {
    for (text, expected) in answers(json) {
        assert_eq!(tokenizer.encode(&text), expected, "{text:?}");
    }
}

#[test]
fn gpt_2s_files_give_the_ids_of_tokenizers_and_tiktoken() {
    let tokenizer = gpt2();
    assert_eq!(tokenizer.vocab_size(), 1362);
    same_ids(&tokenizer, fixture!("gpt2/ids.json"));
    for (text, expected) in answers(fixture!("gpt2/ids.json")) {
        assert_eq!(tokenizer.decode(&expected), text);
        assert_eq!(tokenizer.encode_bytes(text.as_bytes()), expected);
    }
}

#[test]
fn special_tokens_are_taken_as_tiktoken_takes_them() {
    let tokenizer = gpt2();
    let cases: Vec<Value> = serde_json::from_str(fixture!("gpt2/special.json")).unwrap();
    for case in cases {
        let text = case[0].as_str().unwrap();
        assert_eq!(tokenizer.encode(text), ids(&case[1]), "{text:?}");
        let asked = tokenizer.encode_with_special(text, Special::All, Special::None).unwrap();
        assert_eq!(asked, ids(&case[2]), "{text:?}");
        assert_eq!(tokenizer.decode(&asked), text);
    }
}

/// Hugging Face looks for special tokens in every text, so that is what is asked for here.
#[test]
fn a_tokenizer_json_with_spaces_and_added_tokens_gives_the_ids_of_tokenizers() {
    let tokenizer = BpeTokenizer::from_json(fixture!("shakespeare/tokenizer.json")).unwrap();
    assert_eq!(tokenizer.special_id("<|endoftext|>"), Some(0));
    for (text, expected) in answers(fixture!("shakespeare/ids.json")) {
        let ids = tokenizer.encode_with_special(&text, Special::All, Special::None).unwrap();
        assert_eq!(ids, expected, "{text:?}");
    }
}

#[test]
fn a_tokenizer_json_without_a_cut_and_with_whole_words_gives_the_ids_of_tokenizers() {
    let tokenizer = BpeTokenizer::from_json(fixture!("whole/tokenizer.json")).unwrap();
    same_ids(&tokenizer, fixture!("whole/ids.json"));
}

#[test]
fn training_gives_the_merges_of_hugging_face_one_by_one() {
    let options = TrainOptions {
        vocab_size: 1501,
        special_tokens: vec!["<|endoftext|>".into()],
        ..Default::default()
    };
    let trained = BpeTokenizer::train(fixture!("many_scripts.txt"), &options);
    assert_eq!(trained.to_merges_txt(), fixture!("gpt2/merges.txt"));
    let theirs: Value = serde_json::from_str(fixture!("gpt2/vocab.json")).unwrap();
    let ours: Value = serde_json::from_str(&trained.to_vocab_json()).unwrap();
    assert_eq!(ours, theirs);
}

/// Both sides add up, for blocks of 4,096 code points, how each is cut in four contexts.
#[test]
fn every_code_point_is_cut_as_the_regex_library_cuts_it() {
    let file: Value = serde_json::from_str(fixture!("words.json")).unwrap();
    let sums = file["sums"].as_array().unwrap();
    assert_eq!(sums.len(), 0x110);
    for (block, expected) in sums.iter().enumerate() {
        let first = block as u32 * 0x1000;
        let mut sum = 0_u32;
        for c in (first..first + 0x1000).filter_map(char::from_u32) {
            let contexts = [
                c.to_string(),
                format!("a{c}1{c}"),
                format!(" {c}{c} {c}"),
                format!("'s{c}\n {c}!"),
            ];
            for text in contexts {
                let lengths: String =
                    gpt2_words(&text).map(|word| word.chars().count().to_string()).collect();
                for byte in lengths.bytes().chain(*b";") {
                    sum = sum.wrapping_mul(31).wrapping_add(u32::from(byte));
                }
            }
        }
        assert_eq!(u64::from(sum), expected.as_u64().unwrap(), "from {first:#x}");
    }
}

#[test]
fn random_texts_are_cut_as_the_regex_library_cuts_them() {
    let file: Value = serde_json::from_str(fixture!("words.json")).unwrap();
    let cases = file["random"].as_array().unwrap();
    assert_eq!(cases.len(), 1500);
    for case in cases {
        let text = case[0].as_str().unwrap();
        let lengths: Vec<i32> = gpt2_words(text).map(|word| word.chars().count() as i32).collect();
        assert_eq!(lengths, ids(&case[1]), "{text:?}");
        assert_eq!(gpt2_words(text).collect::<String>(), text);
    }
}
