//! Files from anywhere: an error each time, that says what is wrong.

use tinytorch_tokenization::{BpeTokenizer, TokenizationError, TrainOptions};

/// A whole small tokenizer, as `tokenizer.json`.
fn sound() -> String {
    let special_tokens = vec!["<|endoftext|>".to_string()];
    let options = TrainOptions { vocab_size: 262, special_tokens, ..Default::default() };
    BpeTokenizer::train("low lower lowest low lower", &options).to_json()
}

#[track_caller]
fn problem(json: &str) -> String {
    BpeTokenizer::from_json(json).unwrap_err().to_string()
}

/// The problem after `find`, which is there, was replaced.
#[track_caller]
fn with(find: &str, replace: &str) -> String {
    let json = sound();
    assert!(json.contains(find), "{find} is not in\n{json}");
    problem(&json.replacen(find, replace, 1))
}

#[test]
fn a_file_that_asks_for_another_tokenizer_is_told_what_is_missing() {
    for (find, replace, expected) in [
        (r#""type": "BPE""#, r#""type": "WordPiece""#, r#"the model "WordPiece"; `BPE` is read"#),
        (r#""normalizer": null"#, r#""normalizer": {"type": "NFC"}"#, "a normalizer; `null` is"),
        (r#""truncation": null"#, r#""truncation": {"max_length": 5}"#, "a truncation"),
        (
            r#""post_processor": null"#,
            r#""post_processor": {"type": "TemplateProcessing"}"#,
            r#"the post_processor "TemplateProcessing""#,
        ),
        (
            r#""pre_tokenizer": {"type": "ByteLevel""#,
            r#""pre_tokenizer": {"type": "Whitespace""#,
            r#"the pre_tokenizer "Whitespace""#,
        ),
        (r#""pre_tokenizer": "#, r#""pre_tokenizer": null, "x": "#, "no pre_tokenizer"),
        (r#""pre_tokenizer": "#, r#""x": "#, "no pre_tokenizer"),
        (
            r#""decoder": {"type": "ByteLevel""#,
            r#""decoder": {"type": "WordPiece""#,
            r#"the decoder "WordPiece""#,
        ),
        (r#""end_of_word_suffix": null"#, r#""end_of_word_suffix": "</w>""#, "end_of_word_suffix"),
        (r#""dropout": null"#, r#""dropout": 0.1"#, "a dropout"),
        (r#""lstrip": false"#, r#""lstrip": true"#, "an added token with `lstrip`"),
    ] {
        let error = with(find, replace);
        assert!(error.starts_with("this tokenizer.json needs what is not built here: "), "{error}");
        assert!(error.contains(expected), "{error}");
    }
    // Unigram, in the form that its files have: everything is named at once.
    let error = problem(
        r#"{"normalizer": {"type": "Precompiled"}, "pre_tokenizer": {"type": "Metaspace"},
            "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["a", -1.5]]}}"#,
    );
    for part in ["normalizer", "Metaspace", "Unigram", "scores"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn parts_that_do_not_fit_together_are_named() {
    for (find, replace, expected) in [
        (r#""lo": 256"#, r#""lo": 2147483647"#, "\"low\" should have the id 256, it has 257"),
        (r#""lo": 256"#, r#""lo": 257"#, "each once"),
        (r#""lo": 256"#, r#""lo": -1"#, "an id"),
        (r#""lo": 256"#, r#""lo": 2147483648"#, "an id"),
        (r#""lo": 256"#, r#""lo": 2.5"#, "an id"),
        (r#""lo": 256"#, r#""low": 256"#, "comes twice"),
        (r#""lo": 256"#, r#""": 256"#, "empty"),
        (r#""lo": 256"#, r#""ol": 256"#, r#"merge 1 needs the token "lo""#),
        (r#""!": 0"#, r#""!!": 0"#, "the byte 0x21 has no token"),
        (r#""l o""#, r#""l""#, "two tokens with a space between"),
        (r#""l o""#, r#"["l", "o", "w"]"#, "two tokens"),
        (r#""l o""#, r#""l o", "l o""#, "comes twice"),
        (r#""l o""#, r#""l z""#, "lz"),
        (r#""content": "<|endoftext|>""#, r#""content": "lo""#, "two ids"),
        (r#""content": "<|endoftext|>""#, r#""content": """#, "empty"),
        (r#""content": "<|endoftext|>", "#, "", "`id` and `content`"),
        (r#""merges""#, r#""mergers""#, "no `merges`"),
        (r#""model""#, r#""modem""#, "no `model`"),
    ] {
        let error = with(find, replace);
        assert!(error.starts_with("not a sound tokenizer.json: "), "{error}");
        assert!(error.contains(expected), "{replace}: {error}");
    }
    // Plain text must not be able to spell out a special token.
    let error = with(r#""id": 261, "content": "<|endoftext|>""#, r#""id": 257, "content": "low""#);
    assert!(error.contains("a merge makes the special token \"low\""), "{error}");
}

#[test]
fn gpt_2s_two_files_are_checked_as_well() {
    let tokenizer = BpeTokenizer::from_json(&sound()).unwrap();
    let (vocab, merges) = (tokenizer.to_vocab_json(), tokenizer.to_merges_txt());
    assert_eq!(BpeTokenizer::from_gpt2(&vocab, &merges).unwrap().to_json(), sound());
    let dos = merges.replace('\n', "\r\n");
    assert_eq!(BpeTokenizer::from_gpt2(&vocab, &dos).unwrap().to_json(), sound());
    for (vocab, merges, expected) in [
        (vocab.as_str(), "#version: 0.2\nl o w\n", "not a sound merges.txt: line 2"),
        (&vocab, "l o\n#version: 0.2", "merge 2 needs the token \"#version:\""),
        (&vocab, "l o\nl  o\n", "line 2"),
        (&vocab, "x q\n", "merge 1 needs the token \"xq\""),
        ("[]", &merges, "not a sound vocab.json: expected `{`"),
        ("{}", "", "the byte 0x00 has no token"),
        ("{\"a\":0} x", "", "the end of the text"),
    ] {
        let error = BpeTokenizer::from_gpt2(vocab, merges).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_file_cut_short_anywhere_is_an_error() {
    let json = sound();
    let whole = json.trim_end().len();
    for end in (0..whole).filter(|&end| json.is_char_boundary(end)) {
        let error = BpeTokenizer::from_json(&json[..end]).unwrap_err();
        assert!(matches!(error, TokenizationError::Malformed { .. }), "{end}: {error}");
    }
}

#[test]
fn errors_name_the_file_and_those_of_the_system_too() {
    let missing = BpeTokenizer::load("no/such/tokenizer.json").unwrap_err();
    assert!(matches!(missing, TokenizationError::Io { action: "read", .. }), "{missing}");
    assert!(std::error::Error::source(&missing).is_some());
    let path = std::env::temp_dir().join(format!("tinytorch-hostile-{}.json", std::process::id()));
    std::fs::write(&path, "{}").unwrap();
    let error = BpeTokenizer::load(&path).unwrap_err().to_string();
    assert!(error.contains("tinytorch-hostile") && error.contains("no `model`"), "{error}");
    std::fs::write(&path, b"\xff\xfe").unwrap();
    assert!(BpeTokenizer::load(&path).unwrap_err().to_string().contains("UTF-8"));
    std::fs::remove_file(path).unwrap();
}
