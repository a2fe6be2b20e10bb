//! Whatever goes in comes out again: bytes, texts, and tokenizers through their files.

use std::fs;

use tinytorch_tensor::Rng;
use tinytorch_tokenization::{
    BpeTokenizer, CharTokenizer, DecodeStream, Special, TokenizationError, Tokenizer, TrainOptions,
};

const TEXT: &str = include_str!("fixtures/many_scripts.txt");

fn options(vocab_size: usize, special_tokens: &[&str]) -> TrainOptions {
    let special_tokens = special_tokens.iter().map(|token| token.to_string()).collect();
    TrainOptions { vocab_size, special_tokens, ..Default::default() }
}

/// Bytes as texts have them, broken now and then.
fn bytes(rng: &mut Rng) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..rng.below(6) {
        match rng.below(3) {
            0 => bytes.extend((0..rng.below(6)).map(|_| rng.below(256) as u8)),
            _ => {
                let start = rng.below(TEXT.len() as u64 - 40) as usize;
                bytes.extend(&TEXT.as_bytes()[start..start + rng.below(40) as usize]);
            }
        }
    }
    bytes
}

#[test]
fn every_string_of_bytes_comes_back() {
    let tokenizer = BpeTokenizer::train(TEXT, &options(600, &["<|endoftext|>"]));
    let mut rng = Rng::new(0);
    for first in 0..=255 {
        assert_eq!(tokenizer.decode_bytes(&tokenizer.encode_bytes(&[first])), [first]);
    }
    for _ in 0..3000 {
        let bytes = bytes(&mut rng);
        let ids = tokenizer.encode_bytes(&bytes);
        assert_eq!(tokenizer.decode_bytes(&ids), bytes);
        assert!(ids.len() <= bytes.len());
        assert!(ids.iter().all(|&id| (0..600).contains(&id)));
        let text = String::from_utf8_lossy(&bytes);
        assert_eq!(tokenizer.decode(&ids), text);
        assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
        let mut stream = DecodeStream::new(&tokenizer);
        let streamed: String = ids.iter().map(|&id| stream.push(id)).collect();
        assert_eq!(streamed + &stream.finish(), text);
    }
}

#[test]
fn a_megabyte_without_a_space_is_encoded_in_time() {
    let tokenizer = BpeTokenizer::train(TEXT, &options(600, &[]));
    let text = "abracadabra".repeat(100_000);
    assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);
}

#[test]
fn ids_are_contiguous_and_no_more_than_asked_for() {
    for vocab_size in [256, 258, 300, 1000] {
        let tokenizer = BpeTokenizer::train(
            TEXT,
            &options(vocab_size, &["<a>", "<b>"][..vocab_size.min(258) - 256]),
        );
        assert_eq!(tokenizer.vocab_size(), vocab_size);
        let ids = 0..vocab_size as i32;
        assert!(ids.clone().all(|id| tokenizer.token(id).is_some_and(|token| !token.is_empty())));
        assert_eq!((tokenizer.token(-1), tokenizer.token(ids.end)), (None, None));
    }
    // A text that offers fewer merges gives a smaller vocabulary, not an endless search.
    assert_eq!(BpeTokenizer::train("ab ab", &options(1000, &[])).vocab_size(), 257);
    assert_eq!(BpeTokenizer::train("", &options(1000, &["<a>"])).vocab_size(), 257);
}

#[test]
fn both_ways_of_training_give_one_tokenizer_each_time() {
    let options = options(420, &["<|endoftext|>"]);
    let quick = BpeTokenizer::train(TEXT, &options).to_json();
    assert_eq!(BpeTokenizer::train(TEXT, &options).to_json(), quick);
    assert_eq!(BpeTokenizer::train_by_recounting(TEXT, &options).to_json(), quick);
}

#[test]
fn fewer_merges_are_the_beginning_of_more() {
    let more = BpeTokenizer::train(TEXT, &options(700, &[]));
    for vocab_size in [256, 257, 300, 512] {
        let fewer = BpeTokenizer::train(TEXT, &options(vocab_size, &[]));
        assert_eq!(fewer.merges(), &more.merges()[..vocab_size - 256]);
    }
}

#[test]
fn a_special_token_is_never_learned_and_never_spelled_out_by_accident() {
    let end = "<|endoftext|>";
    let text = format!("one{end}two{end}").repeat(50);
    let tokenizer = BpeTokenizer::train(&text, &options(300, &[end]));
    let id = tokenizer.special_id(end).unwrap();
    assert_eq!(id as usize, tokenizer.vocab_size() - 1);
    assert!((0..id).all(|id| !tokenizer.token(id).unwrap().contains(&b'<') || id < 256));
    assert_eq!(tokenizer.id(end.as_bytes()), None);
    assert_eq!(tokenizer.encode(&text).iter().filter(|&&found| found == id).count(), 0);
    assert_eq!(tokenizer.decode(&tokenizer.encode(&text)), text);

    let asked = |allowed, disallowed| tokenizer.encode_with_special(&text, allowed, disallowed);
    let only = [end];
    let ids = asked(Special::Only(&only), Special::All).unwrap();
    assert_eq!(ids.iter().filter(|&&found| found == id).count(), 100);
    assert_eq!(tokenizer.decode(&ids), text);
    assert_eq!(asked(Special::None, Special::None).unwrap(), tokenizer.encode(&text));
    match asked(Special::None, Special::All).unwrap_err() {
        TokenizationError::SpecialInText { token, at } => assert_eq!((&*token, at), (end, 3)),
        other => panic!("{other}"),
    }
    let error = asked(Special::Only(&["<end>"]), Special::None);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("\"<end>\"") && error.contains("<|endoftext|>"), "{error}");
}

#[test]
fn options_that_cannot_be_met_panic_with_the_cure() {
    let message = |options: TrainOptions| {
        let panic = std::panic::catch_unwind(|| BpeTokenizer::train("text", &options)).unwrap_err();
        *panic.downcast::<String>().unwrap()
    };
    assert!(message(options(255, &[])).contains("make it 256 or more: 255"));
    assert!(message(options(256, &["<a>"])).contains("make it 257 or more: 256"));
    assert!(message(options(300, &[""])).contains("longer"));
    assert!(message(options(300, &["Ġ"])).contains("longer"));
    assert!(message(options(300, &["<a>", "<a>"])).contains("twice"));
}

#[test]
fn a_tokenizer_comes_back_from_each_of_its_files() {
    let folder = std::env::temp_dir().join(format!("tinytorch-bpe-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir(&folder).unwrap();
    let tokenizer = BpeTokenizer::train(TEXT, &options(500, &["<|endoftext|>", "<|user|>"]));

    let (vocab, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
    tokenizer.save_gpt2(&vocab, &merges).unwrap();
    // The two files do not name special tokens, and yet they are found.
    assert_eq!(BpeTokenizer::load_gpt2(&vocab, &merges).unwrap().to_json(), tokenizer.to_json());
    assert_eq!(BpeTokenizer::load(&folder).unwrap().to_json(), tokenizer.to_json());

    let file = folder.join("tokenizer.json");
    let smaller = BpeTokenizer::train(TEXT, &options(300, &[]));
    smaller.save(&file).unwrap();
    for path in [&file, &folder] {
        assert_eq!(BpeTokenizer::load(path).unwrap().to_json(), smaller.to_json());
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 3);

    let characters = CharTokenizer::from_text(TEXT);
    characters.save(folder.join("characters.json")).unwrap();
    assert_eq!(CharTokenizer::load(folder.join("characters.json")).unwrap(), characters);
    let error = CharTokenizer::load(&file).unwrap_err().to_string();
    assert!(error.contains("tokenizer.json"), "{error}");
    fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_others_wrote_comes_back_as_it_was_read() {
    for json in [
        include_str!("fixtures/shakespeare/tokenizer.json"),
        include_str!("fixtures/whole/tokenizer.json"),
    ] {
        let read = BpeTokenizer::from_json(json).unwrap();
        let again = BpeTokenizer::from_json(&read.to_json()).unwrap();
        assert_eq!(again.to_json(), read.to_json());
        for start in (0..4000).step_by(97) {
            let text: String = TEXT.chars().skip(start).take(60).collect();
            assert_eq!(again.encode(&text), read.encode(&text));
        }
        let theirs: serde_json::Value = serde_json::from_str(json).unwrap();
        let ours: serde_json::Value = serde_json::from_str(&read.to_json()).unwrap();
        for key in ["added_tokens", "pre_tokenizer", "normalizer"] {
            assert_eq!(ours[key], theirs[key], "{key}");
        }
    }
}

#[test]
fn tokenizers_of_both_kinds_are_one_kind_to_a_program() {
    let tokenizers: [Box<dyn Tokenizer>; 2] = [
        Box::new(CharTokenizer::from_text(TEXT)),
        Box::new(BpeTokenizer::train(TEXT, &options(300, &[]))),
    ];
    for tokenizer in &tokenizers {
        let ids = tokenizer.encode_tensor("größe 中");
        assert_eq!((ids.ndim(), ids.kind()), (1, "i32"));
        assert_eq!(tokenizer.decode_tensor(&ids), "größe 中");
        let all: Vec<u8> =
            ids.to_vec_i32().iter().flat_map(|&id| tokenizer.token(id).unwrap().to_vec()).collect();
        assert_eq!(all, "größe 中".as_bytes());
    }
}
