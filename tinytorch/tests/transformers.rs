//! The GPT says what Hugging Face's `transformers` says: scores, loss, gradients, texts, and what
//! its processors keep (`tests/fixtures`). Folders in GPT-2's layout are read and written.

mod fixtures;

use fixtures::{cases, is_whole, number, numbers, shape};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path as FilePath, PathBuf};
use tinytorch::prelude::*;
use tinytorch::training::Metadata;
use tinytorch::transformers::{
    Ended, LoadReport, TransformersError, apply_temperature, keep_top_k, keep_top_p,
    penalize_repetition,
};

/// Sums of some hundred products of numbers about 1, through two blocks.
const CLOSE: f64 = 1e-4;

fn folder() -> PathBuf {
    FilePath::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/gpt2")
}

fn answers() -> Value {
    let text = fs::read_to_string(folder().join("answers.json")).expect("the fixture is there");
    serde_json::from_str(&text).expect("it is JSON")
}

fn model() -> Gpt {
    let (model, report) = load_gpt2(folder(), true).expect("the fixture fits");
    assert_eq!((report.matched.len(), report.is_exact()), (28, true));
    model
}

fn ids(value: &Value) -> Tensor {
    assert!(is_whole(value), "ids are integers");
    Tensor::from_vec(numbers(value).into_iter().map(|id| id as i32).collect(), shape(value))
}

fn list(value: &Value) -> Vec<i32> {
    value.as_array().expect("a list").iter().map(|id| number(id) as i32).collect()
}

/// A folder of this test's own, removed when dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tinytorch-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder can be made");
        Self(path)
    }

    /// With the fixture's config and weights, renamed or left out as `rename` says.
    fn copy(name: &str, rename: impl Fn(&str) -> Option<String>) -> Self {
        let scratch = Self::new(name);
        let (tensors, _) = load_safetensors(folder().join("model.safetensors")).expect("sound");
        let tensors = tensors.into_iter().filter_map(|(name, t)| Some((rename(&name)?, t)));
        let path = scratch.0.join("model.safetensors");
        save_safetensors(path, &tensors.collect(), &Metadata::new()).expect("it can be written");
        fs::copy(folder().join("config.json"), scratch.0.join("config.json")).expect("copied");
        scratch
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).expect("it was made");
    }
}

#[test]
fn scores_are_those_of_hugging_face() {
    let (answers, model) = (answers(), model());
    let (inputs, _) = inputs_and_targets(&ids(&answers["ids"]));
    let logits = model.forward(&inputs);
    assert_eq!(logits.shape().to_vec(), shape(&answers["logits"]));
    for (got, want) in logits.data().iter().zip(numbers(&answers["logits"])) {
        assert!((f64::from(*got) - want).abs() <= CLOSE, "{got}, not {want}");
    }
}

#[test]
fn loss_gradients_and_a_step_are_those_of_hugging_face() {
    let (answers, mut model) = (answers(), model());
    let (inputs, targets) = inputs_and_targets(&ids(&answers["ids"]));
    let loss = model.loss(&inputs, &targets);
    assert!((f64::from(loss.item()) - number(&answers["loss"])).abs() < 1e-5, "{loss}");
    let grads = loss.backward();

    // Gradients travel as weights do: put in their place, saved, and read by name.
    let mut image = model.clone();
    image.visit_mut(&mut Path::new(), &mut |_, slot| {
        if let SlotMut::Tensor(t) = slot {
            *t = grads.of(t).contiguous();
        }
    });
    let scratch = Scratch::new("gradients");
    save_gpt2(&image, &scratch.0).expect("it can be written");
    let read = |path: PathBuf| load_safetensors(path).expect("sound").0;
    let got = read(scratch.0.join("model.safetensors"));
    let want = read(folder().join("gradients.safetensors"));
    assert_eq!(got.keys().collect::<Vec<_>>(), want.keys().collect::<Vec<_>>());
    for (name, want) in &want {
        let gap = (&got[name] - want).abs().max().item();
        assert!(gap < 1e-5, "{name} is off by {gap}");
    }

    let lr = number(&answers["rate"]) as f32;
    Sgd::new(SgdOptions { lr, ..Default::default() }).step(&mut model, &grads);
    let after = f64::from(model.loss(&inputs, &targets).item());
    assert!((after - number(&answers["loss_after"])).abs() < 1e-5, "{after}");
}

#[test]
fn greedy_texts_are_those_of_hugging_face() {
    let (answers, model) = (answers(), model());
    let prompt = list(&answers["prompt"]);
    for (name, repetition_penalty) in [("greedy", 1.0), ("penalized", 1.5)] {
        let options = GenerateOptions {
            max_new_tokens: 12 - prompt.len(),
            temperature: 0.0,
            repetition_penalty,
            ..Default::default()
        };
        let text = generate(&model, &prompt, &options, |_| ControlFlow::Continue(()));
        assert_eq!([&prompt[..], &text.tokens].concat(), list(&answers[name]), "{name}");
        assert_eq!(text.ended, Ended::Full);
    }
}

#[test]
fn what_is_kept_is_what_hugging_face_keeps() {
    let cases = cases("sampling.json");
    assert!(cases.len() > 55, "{}", cases.len());
    for case in &cases {
        let (seen, settings) = (list(&case["seen"]), &case["settings"]);
        let row = |name: &str| case[name].as_array().expect("a row").iter().map(number);
        let mut scores: Vec<f32> = row("scores").map(|x| x as f32).collect();
        let setting = |name: &str| settings.get(name).map(number);
        if let Some(penalty) = setting("repetition_penalty") {
            penalize_repetition(&mut scores, &seen, penalty as f32);
        }
        if let Some(temperature) = setting("temperature") {
            apply_temperature(&mut scores, temperature as f32);
        }
        if let Some(k) = setting("top_k") {
            keep_top_k(&mut scores, k as usize);
        }
        if let Some(p) = setting("top_p") {
            keep_top_p(&mut scores, p as f32);
        }
        for (token, (got, want)) in scores.iter().zip(row("answer")).enumerate() {
            let got = f64::from(*got);
            let near = got == want || (got - want).abs() <= 1e-6 * want.abs();
            assert!(near, "{}: token {token} has {got}, not {want}", case["case"]);
        }
    }
}

#[test]
fn a_saved_model_is_read_back_bit_for_bit_and_is_hugging_faces_file() {
    let (model, scratch) = (model(), Scratch::new("saved"));
    save_gpt2(&model, &scratch.0).expect("it can be written");
    let (again, report) = load_gpt2(&scratch.0, true).expect("it fits");
    assert!(report.ignored.is_empty());
    assert_eq!(again.state_dict(), model.state_dict());
    assert_eq!(again.config, model.config);
    let read = |path: PathBuf| load_safetensors(path).expect("sound");
    let file = scratch.0.join("model.safetensors");
    assert_eq!(read(file), read(folder().join("model.safetensors")));
}

#[test]
fn names_may_lack_their_prefix_and_masks_and_a_tied_head_are_let_pass() {
    let scratch = Scratch::copy("plain", |name| Some(name.replace("transformer.", "")));
    let path = scratch.0.join("model.safetensors");
    let (mut tensors, about) = load_safetensors(&path).expect("sound");
    tensors.insert("h.0.attn.bias".into(), Tensor::ones([1, 1, 12, 12]));
    tensors.insert("h.1.attn.masked_bias".into(), Tensor::from(-1e4));
    tensors.insert("lm_head.weight".into(), tensors["wte.weight"].clone());
    save_safetensors(&path, &tensors, &about).expect("it can be written");
    let (got, report) = load_gpt2(&scratch.0, true).expect("it fits");
    assert_eq!(report.ignored, ["h.0.attn.bias", "h.1.attn.masked_bias", "lm_head.weight"]);
    assert_eq!(got.state_dict(), model().state_dict());
}

#[test]
fn missing_and_unexpected_names_are_reported_and_are_errors_if_strict() {
    let scratch = Scratch::copy("renamed", |name| match name {
        "transformer.h.1.mlp.c_fc.bias" => None,
        "transformer.ln_f.bias" => Some("transformer.ln_g.bias".to_string()),
        other => Some(other.to_string()),
    });
    let (got, report) = load_gpt2(&scratch.0, false).expect("what fits");
    let expected = LoadReport {
        matched: report.matched.clone(),
        missing: vec!["h.1.mlp.c_fc.bias".into(), "ln_f.bias".into()],
        unexpected: vec!["ln_g.bias".into()],
        ..Default::default()
    };
    assert_eq!((report.matched.len(), &report), (26, &expected));
    assert_eq!(got.state_dict()["norm.bias"], Tensor::zeros([16]));
    assert_eq!(got.embed.tokens.weight, model().embed.tokens.weight);
    let error = load_gpt2(&scratch.0, true).expect_err("strict").to_string();
    assert!(error.contains("does not fit its config: 26 matched; missing: `h.1.mlp.c_fc.bias`, `ln_f.bias`; unexpected: `ln_g.bias`"), "{error}");
}

#[test]
fn weights_of_another_model_are_an_error_strict_or_not() {
    let scratch = Scratch::copy("other", |name| Some(name.to_string()));
    let path = scratch.0.join("config.json");
    let text = fs::read_to_string(&path).expect("it is there");
    fs::write(&path, text.replace("\"vocab_size\": 41", "\"vocab_size\": 40")).expect("written");
    for strict in [true, false] {
        let error = load_gpt2(&scratch.0, strict).expect_err("another table");
        assert!(matches!(&error, TransformersError::Mismatch { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("`wte.weight` is f32 [40, 16] in the model and f32 [41, 16]"),
            "{text}"
        );
    }
}

#[test]
fn hostile_folders_are_errors_and_ask_for_no_memory() {
    let scratch = Scratch::copy("hostile", |name| Some(name.to_string()));
    let (config, weights) = (scratch.0.join("config.json"), scratch.0.join("model.safetensors"));
    let (text, bytes) = (fs::read_to_string(&config).unwrap(), fs::read(&weights).unwrap());
    let fails = |expected: &str| {
        let error = load_gpt2(&scratch.0, false).map(|_| ()).expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    };
    for (from, to, expected) in [
        ("\"vocab_size\": 41", "\"vocab_size\": 4000000000", "a model of 64"),
        ("\"n_layer\": 2", "\"n_layer\": 4294967295", "holds 7440 numbers"),
        ("\"n_layer\": 2", "\"n_layer\": -2", "a whole number"),
        ("\"n_head\": 4", "\"n_head\": 0", "heads is 0"),
        ("\"n_positions\": 12", "\"n_positions\": 0", "context is 0"),
        ("\"model_type\": \"gpt2\"", "\"model_type\": \"bert\"", "only \"gpt2\" is known"),
        ("{", "[", "expected `{`"),
    ] {
        assert!(text.contains(from));
        fs::write(&config, text.replacen(from, to, 1)).unwrap();
        fails(expected);
    }
    fs::write(&config, b"\xff\xfe{}").unwrap();
    fails("utf-8");
    fs::write(&config, vec![b' '; (1 << 20) + 1]).unwrap();
    fails("longer than a megabyte");
    fs::remove_file(&config).unwrap();
    fails("cannot read");
    fs::write(&config, &text).unwrap();
    for len in [0, 7, 8, 100, bytes.len() / 2, bytes.len() - 1] {
        fs::write(&weights, &bytes[..len]).unwrap();
        fails("not a sound safetensors file");
    }
    fs::remove_file(&weights).unwrap();
    fails("cannot read");
}

#[test]
fn a_head_of_its_own_travels_and_what_gpt_2_lacks_does_not() {
    let scratch = Scratch::new("untied");
    let config = GptConfig { d_model: 8, hidden: 32, vocab_size: 9, ..GptConfig::tiny() };
    let untied = GptConfig { tied: false, ..config.clone() };
    let model = Gpt::new(untied, &mut Rng::new(1));
    save_gpt2(&model, &scratch.0).expect("it can be written");
    let (again, report) = load_gpt2(&scratch.0, true).expect("it fits");
    assert!(report.matched.contains(&"lm_head.weight".to_string()));
    let ids = Tensor::from([[1, 2, 3]]);
    assert_eq!(again.forward(&ids), model.forward(&ids));
    let rotary = GptConfig { positions: PositionKind::Rotary, ..config };
    let error = save_gpt2(&Gpt::new(rotary, &mut Rng::new(1)), &scratch.0).expect_err("rotary");
    assert!(matches!(error, TransformersError::Layout { .. }), "{error}");
}

/// Every kind of part in one model or another.
fn kinds() -> BTreeMap<&'static str, GptConfig> {
    let base =
        || GptConfig { vocab_size: 30, context: 16, d_model: 24, hidden: 40, ..GptConfig::tiny() };
    BTreeMap::from([
        ("learned", base()),
        ("waves, untied", GptConfig { positions: PositionKind::Sinusoidal, tied: false, ..base() }),
        (
            "modern",
            GptConfig {
                positions: PositionKind::Rotary,
                norm: NormKind::RmsNorm,
                kv_heads: 2,
                bias: false,
                ..base()
            },
        ),
    ])
}

#[test]
fn what_comes_later_changes_no_bit_of_what_was_said_before() {
    for (name, config) in kinds() {
        let model = Gpt::new(config, &mut Rng::new(2));
        let ids = Tensor::randint([2, 16], 0, 30, &mut Rng::new(3));
        let logits = model.forward(&ids);
        for t in 0..15 {
            let tail = Tensor::randint([2, 15 - t], 0, 30, &mut Rng::new(100 + t as u64));
            let changed = Tensor::cat(&[&ids.narrow(1, 0, t + 1), &tail], 1);
            let (before, after) = (logits.narrow(1, 0, t + 1), model.forward(&changed));
            assert_eq!(after.narrow(1, 0, t + 1), before, "{name}, after place {t}");
            assert_ne!(after, logits, "{name}: nobody listens to place {t}");
        }
        let short = model.forward(&ids.narrow(1, 0, 5));
        assert_eq!(short, logits.narrow(1, 0, 5), "{name}: a longer text changes the shorter");
    }
}

#[test]
fn the_next_token_is_scored_as_in_the_whole_text() {
    for (name, config) in kinds() {
        let model = Gpt::new(GptConfig { dropout: 0.5, ..config }, &mut Rng::new(2));
        let text = [3, 1, 4, 1, 5, 9, 2, 6];
        let whole = tinytorch::layers::evaluating(|| model.forward(&Tensor::from([text])));
        assert_eq!(model.next_logits(&text), whole.select(0, 0).select(0, 7).to_vec(), "{name}");
    }
}

#[test]
fn a_seed_writes_the_same_text_every_time_and_past_the_context() {
    for (name, config) in kinds() {
        let model = Gpt::new(config, &mut Rng::new(2));
        let write = |seed| {
            let options = GenerateOptions { max_new_tokens: 30, seed, ..Default::default() };
            generate(&model, &[1, 2], &options, |_| ControlFlow::Continue(())).tokens
        };
        assert_eq!(write(5), write(5), "{name}");
        assert_ne!(write(5), write(6), "{name}");
        assert_eq!(write(5).len(), 30);
    }
}

#[test]
fn parameters_are_as_many_as_the_formula_says() {
    for (name, config) in kinds() {
        let count = config.parameter_count();
        assert_eq!(Gpt::new(config, &mut Rng::new(0)).parameter_count(), count, "{name}");
    }
}

#[test]
fn every_kind_learns_a_text_by_heart() {
    let text = Tensor::from([[7, 3, 11, 3, 7, 19, 0, 5, 5, 2, 7, 3, 11, 8, 1, 4, 6]]);
    let (inputs, targets) = inputs_and_targets(&text);
    for (name, config) in kinds() {
        let mut model = Gpt::new(config, &mut Rng::new(2));
        let mut optimizer = AdamW::new(AdamWOptions { lr: 0.01, ..Default::default() });
        let first = model.loss(&inputs, &targets).item();
        assert!((first - 30_f32.ln()).abs() < 0.3, "{name} starts at {first}, not near ln 30");
        for _ in 0..80 {
            let grads = model.loss(&inputs, &targets).backward();
            optimizer.step(&mut model, &grads);
        }
        let last = model.loss(&inputs, &targets).item();
        assert!(last < 0.05, "{name}: {last}");
        let options =
            GenerateOptions { max_new_tokens: 14, temperature: 0.0, ..Default::default() };
        let written = generate(&model, &[7, 3, 11], &options, |_| ControlFlow::Continue(()));
        assert_eq!(written.tokens, text.narrow(1, 3, 14).to_vec_i32(), "{name}");
    }
}
