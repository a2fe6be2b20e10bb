//! GPT-2's `config.json`, read and written.

use crate::config::{GptConfig, PositionKind};
use crate::json::{Value, fields};
use crate::mlp::Activation;
use crate::norm::NormKind;
use std::collections::BTreeMap;

/// Their names for the bend in the MLP. The first of each is written.
const ACTIVATIONS: [(&str, Activation); 7] = [
    ("gelu_new", Activation::GeluTanh),
    ("gelu_pytorch_tanh", Activation::GeluTanh),
    ("gelu_fast", Activation::GeluTanh),
    ("gelu", Activation::Gelu),
    ("relu", Activation::Relu),
    ("silu", Activation::Silu),
    ("swish", Activation::Silu),
];

/// Settings that change what GPT-2 computes, in ways that are not to be had here, and the only
/// value that is.
const FIXED: [(&str, bool); 4] = [
    ("scale_attn_weights", true),
    ("scale_attn_by_inverse_layer_idx", false),
    ("add_cross_attention", false),
    ("is_encoder_decoder", false),
];

/// The settings in the text of a `config.json`. What it leaves out is as in GPT-2.
pub(super) fn read(text: &str) -> Result<GptConfig, String> {
    let settings = Settings(fields(text)?);
    let kind = settings.text("model_type")?.unwrap_or("gpt2");
    if kind != "gpt2" {
        return Err(format!("a model of type {kind:?}; only \"gpt2\" is known here"));
    }
    for (name, only) in FIXED {
        if settings.flag(name)?.is_some_and(|on| on != only) {
            return Err(format!("`{name}` is {}; only {only} is to be had here", !only));
        }
    }
    let preset = GptConfig::gpt2_small();
    let d_model = settings.size("n_embd")?.unwrap_or(preset.d_model);
    let heads = settings.size("n_head")?.unwrap_or(preset.heads);
    let places = settings.size("n_positions")?.or(settings.size("n_ctx")?);
    let config = GptConfig {
        vocab_size: settings.size("vocab_size")?.unwrap_or(preset.vocab_size),
        context: places.unwrap_or(preset.context),
        d_model,
        layers: settings.size("n_layer")?.unwrap_or(preset.layers),
        heads,
        kv_heads: heads,
        hidden: settings.size("n_inner")?.unwrap_or(d_model.saturating_mul(4)),
        activation: settings.activation()?.unwrap_or(preset.activation),
        dropout: settings.number("resid_pdrop")?.unwrap_or(f64::from(preset.dropout)) as f32,
        eps: settings.number("layer_norm_epsilon")?.unwrap_or(f64::from(preset.eps)) as f32,
        tied: settings.flag("tie_word_embeddings")?.unwrap_or(true),
        ..preset
    };
    config.problem().map_or(Ok(config), Err)
}

/// The text of a `config.json`, or why there is none for this model.
pub(super) fn write(config: &GptConfig) -> Result<String, String> {
    let wrong = [
        (config.positions != PositionKind::Learned, "positions that are not learned"),
        (config.norm != NormKind::LayerNorm, "a norm other than layer norm"),
        (!config.bias, "layers without bias"),
        (config.kv_heads != config.heads, "heads that share keys"),
    ];
    if let Some((_, what)) = wrong.iter().find(|(wrong, _)| *wrong) {
        return Err(format!("it has {what}; save its `state_dict` with `save_safetensors`"));
    }
    let name = ACTIVATIONS.iter().find(|(_, activation)| *activation == config.activation);
    let (name, _) = name.expect("each has a name");
    let GptConfig { vocab_size, context, d_model, layers, heads, hidden, .. } = config;
    let GptConfig { dropout, eps, tied, .. } = config;
    Ok(format!(
        r#"{{
  "activation_function": "{name}",
  "architectures": ["GPT2LMHeadModel"],
  "attn_pdrop": {dropout:?},
  "embd_pdrop": {dropout:?},
  "layer_norm_epsilon": {eps:?},
  "model_type": "gpt2",
  "n_ctx": {context},
  "n_embd": {d_model},
  "n_head": {heads},
  "n_inner": {hidden},
  "n_layer": {layers},
  "n_positions": {context},
  "resid_pdrop": {dropout:?},
  "tie_word_embeddings": {tied},
  "vocab_size": {vocab_size}
}}
"#
    ))
}

/// The fields of the file. One that is `null` is as one that is not there.
struct Settings(BTreeMap<String, Value>);

impl Settings {
    fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| **value != Value::Null)
    }

    fn number(&self, name: &str) -> Result<Option<f64>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Number(number)) => Ok(Some(*number)),
            Some(other) => Err(format!("`{name}` is a number, not {other:?}")),
        }
    }

    fn size(&self, name: &str) -> Result<Option<usize>, String> {
        let largest = f64::from(u32::MAX);
        match self.number(name)? {
            None => Ok(None),
            Some(n) if n.fract() == 0.0 && (0.0..=largest).contains(&n) => Ok(Some(n as usize)),
            Some(n) => Err(format!("`{name}` is a whole number of at most {largest}, not {n}")),
        }
    }

    fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(on)) => Ok(Some(*on)),
            Some(other) => Err(format!("`{name}` is true or false, not {other:?}")),
        }
    }

    fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(other) => Err(format!("`{name}` is a text, not {other:?}")),
        }
    }

    fn activation(&self) -> Result<Option<Activation>, String> {
        let Some(name) = self.text("activation_function")? else { return Ok(None) };
        let known = ACTIVATIONS.iter().find(|(known, _)| *known == name);
        let (_, activation) = known.ok_or_else(|| {
            let known: Vec<&str> = ACTIVATIONS.iter().map(|(known, _)| *known).collect();
            format!("`activation_function` {name:?} is none of {}", known.join(", "))
        })?;
        Ok(Some(*activation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let config = GptConfig {
            vocab_size: 11,
            context: 7,
            d_model: 6,
            layers: 3,
            heads: 2,
            kv_heads: 2,
            hidden: 13,
            activation: Activation::Relu,
            dropout: 0.25,
            eps: 1e-6,
            tied: false,
            ..GptConfig::tiny()
        };
        assert_eq!(read(&write(&config).expect("it fits")), Ok(config));
    }

    #[test]
    fn what_is_left_out_is_as_in_gpt_2() {
        assert_eq!(read("{}"), Ok(GptConfig::gpt2_small()));
        let config = read(r#"{"n_ctx": 64, "n_inner": null, "n_embd": 24, "task": {"a": [1]}}"#);
        let config = config.expect("sound");
        assert_eq!((config.context, config.d_model, config.hidden), (64, 24, 96));
        assert_eq!(read(r#"{"n_ctx": 64, "n_positions": 32}"#).expect("sound").context, 32);
    }

    #[test]
    fn hostile_settings_are_errors() {
        let cases = [
            (r#"{"model_type": "llama"}"#, "only \"gpt2\" is known"),
            (r#"{"scale_attn_weights": false}"#, "`scale_attn_weights` is false; only true"),
            (r#"{"n_embd": -1}"#, "a whole number"),
            (r#"{"n_embd": 1.5}"#, "a whole number"),
            (r#"{"n_embd": 1e30}"#, "a whole number"),
            (r#"{"n_embd": "768"}"#, "`n_embd` is a number"),
            (r#"{"n_head": 0}"#, "heads is 0"),
            (r#"{"n_head": 7}"#, "not cut evenly by 7 heads"),
            (r#"{"resid_pdrop": 3}"#, "dropout is a probability"),
            (r#"{"layer_norm_epsilon": -1}"#, "eps is 0 or above"),
            (r#"{"layer_norm_epsilon": 1e300}"#, "eps is 0 or above, and finite"),
            (r#"{"activation_function": "sine"}"#, "\"sine\" is none of gelu_new"),
            (r#"{"tie_word_embeddings": 1}"#, "true or false"),
            (r#"{"n_embd": 768"#, "expected"),
            ("", "expected"),
        ];
        for (text, expected) in cases {
            let error = read(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn what_gpt_2_does_not_have_is_not_written() {
        let tiny = GptConfig::tiny;
        for (config, what) in [
            (GptConfig { bias: false, ..tiny() }, "without bias"),
            (GptConfig { kv_heads: 1, ..tiny() }, "share keys"),
            (GptConfig { norm: NormKind::RmsNorm, ..tiny() }, "a norm"),
            (GptConfig { positions: PositionKind::Rotary, ..tiny() }, "positions"),
        ] {
            assert!(write(&config).expect_err(what).contains(what));
        }
    }
}
