//! What a GPT is built of.

use crate::mlp::{Activation, MlpOptions};
use crate::norm::NormKind;

/// How a model knows where a token stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PositionKind {
    /// A learned row per place is added: GPT-2.
    #[default]
    Learned,
    /// Fixed waves are added: the transformer of 2017.
    Sinusoidal,
    /// Queries and keys are turned by an angle that grows with the place: Llama.
    Rotary,
}

/// What a GPT is built of. Begin from a preset and change what differs:
///
/// ```
/// use tinytorch_transformers::{GptConfig, NormKind, PositionKind};
///
/// let config = GptConfig { vocab_size: 65, dropout: 0.1, ..GptConfig::tiny() };
/// assert_eq!(config.parameter_count(), 108_352);
///
/// let modern = GptConfig {
///     norm: NormKind::RmsNorm,
///     positions: PositionKind::Rotary,
///     kv_heads: 2, // two query heads share a key and a value
///     bias: false,
///     ..config
/// };
/// assert_eq!(modern.parameter_count(), 94_592);
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct GptConfig {
    /// How many tokens there are.
    pub vocab_size: usize,
    /// How many tokens it can look at, at most.
    pub context: usize,
    /// How many numbers stand for a token: the width of the stream from block to block.
    pub d_model: usize,
    /// How many blocks there are.
    pub layers: usize,
    /// How many heads attention has; each is `d_model / heads` wide.
    pub heads: usize,
    /// How many heads keys and values have: `heads`, or fewer that are shared.
    pub kv_heads: usize,
    /// The width inside the MLP: `4 d_model` by custom.
    pub hidden: usize,
    /// The bend inside the MLP.
    pub activation: Activation,
    /// The probability with which numbers are dropped in training: after the embedding, in
    /// attention's weights, and at the end of both halves of a block.
    pub dropout: f32,
    /// Whether linear layers and layer norms add a bias.
    pub bias: bool,
    /// Which normalization.
    pub norm: NormKind,
    /// What the normalization adds before it divides.
    pub eps: f32,
    /// How places are told apart.
    pub positions: PositionKind,
    /// Whether the scores are computed with the table of the embedding.
    pub tied: bool,
}

impl GptConfig {
    /// A GPT of `layers` blocks, `d_model` wide, otherwise as GPT-2: vocabulary of 50,257, context
    /// of 1,024.
    fn gpt2(layers: usize, heads: usize, d_model: usize) -> Self {
        Self {
            vocab_size: 50_257,
            context: 1_024,
            d_model,
            layers,
            heads,
            kv_heads: heads,
            hidden: 4 * d_model,
            activation: Activation::GeluTanh,
            dropout: 0.1,
            bias: true,
            norm: NormKind::LayerNorm,
            eps: 1e-5,
            positions: PositionKind::Learned,
            tied: true,
        }
    }

    /// GPT-2 of 124 million parameters.
    pub fn gpt2_small() -> Self {
        Self::gpt2(12, 12, 768)
    }

    /// GPT-2 of 355 million parameters.
    pub fn gpt2_medium() -> Self {
        Self::gpt2(24, 16, 1_024)
    }

    /// GPT-2 of 774 million parameters.
    pub fn gpt2_large() -> Self {
        Self::gpt2(36, 20, 1_280)
    }

    /// GPT-2 of 1.6 billion parameters.
    pub fn gpt2_xl() -> Self {
        Self::gpt2(48, 25, 1_600)
    }

    /// Two blocks, 64 wide, four heads, a context of 64, 256 tokens, no dropout: trains on a
    /// laptop while one looks on.
    pub fn tiny() -> Self {
        Self { vocab_size: 256, context: 64, dropout: 0.0, ..Self::gpt2(2, 4, 64) }
    }

    /// nanoGPT's small character model of Shakespeare: four blocks, 128 wide, a context of 64.
    pub fn shakespeare_small() -> Self {
        let small = Self::gpt2(4, 4, 128);
        Self { vocab_size: 65, context: 64, dropout: 0.0, bias: false, ..small }
    }

    /// nanoGPT's full character model of Shakespeare: six blocks, 384 wide, a context of 256.
    pub fn shakespeare() -> Self {
        let full = Self::gpt2(6, 6, 384);
        Self { vocab_size: 65, context: 256, dropout: 0.2, bias: false, ..full }
    }

    /// How many numbers are learned, without building anything:
    ///
    /// ```text
    /// embedding   v d, and context d for learned places        head   v d, unless tied
    /// a block     attention 2 d² + 2 d kv   MLP 2 d hidden   two norms   and the biases
    /// ```
    ///
    /// With `kv = d` and `hidden = 4 d` a block is about `12 d²`.
    pub fn parameter_count(&self) -> usize {
        // Products of sizes from a file may be absurd: they end at the largest, not in a panic.
        let times = usize::saturating_mul;
        let sum = |parts: &[usize]| parts.iter().fold(0_usize, |sum, &n| sum.saturating_add(n));
        let (d, hidden) = (self.d_model, self.hidden);
        let kv = times(d / self.heads.max(1), self.kv_heads);
        let biases = |n: usize| if self.bias { n } else { 0 };
        let norm = match self.norm {
            NormKind::LayerNorm => sum(&[d, biases(d)]),
            NormKind::RmsNorm => d,
        };
        let attention = sum(&[times(times(2, d), sum(&[d, kv])), biases(sum(&[d, kv, kv, d]))]);
        let mlp = sum(&[times(times(2, d), hidden), biases(sum(&[hidden, d]))]);
        let block = sum(&[norm, attention, norm, mlp]);
        let table = times(self.vocab_size, d);
        let learned = self.positions == PositionKind::Learned;
        let places = if learned { times(self.context, d) } else { 0 };
        let head = if self.tied { 0 } else { table };
        sum(&[table, places, times(self.layers, block), norm, head])
    }

    /// The width of a head.
    pub fn head_dim(&self) -> usize {
        self.d_model / self.heads
    }

    /// The settings of a block's MLP.
    pub(crate) fn mlp(&self) -> MlpOptions {
        MlpOptions {
            d_model: self.d_model,
            hidden: self.hidden,
            activation: self.activation,
            bias: self.bias,
            dropout: self.dropout,
        }
    }

    /// Why no model can be built of this, if so; what is wrong, and the cure.
    pub(crate) fn problem(&self) -> Option<String> {
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("context", self.context),
            ("d_model", self.d_model),
            ("heads", self.heads),
            ("kv_heads", self.kv_heads),
            ("hidden", self.hidden),
        ];
        let (d, heads, kv_heads) = (self.d_model, self.heads, self.kv_heads);
        if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            return Some(format!("{name} is 0; use at least 1"));
        }
        if !d.is_multiple_of(heads) {
            return Some(format!(
                "a d_model of {d} is not cut evenly by {heads} heads; choose a multiple"
            ));
        }
        if !heads.is_multiple_of(kv_heads) {
            return Some(format!(
                "{heads} heads cannot share {kv_heads} kv_heads evenly; choose a divisor"
            ));
        }
        if self.positions == PositionKind::Rotary && !self.head_dim().is_multiple_of(2) {
            let dim = self.head_dim();
            return Some(format!(
                "rotary positions turn pairs, and heads are {dim} wide; choose an even width"
            ));
        }
        if !(0.0..=1.0).contains(&self.dropout) {
            return Some(format!("dropout is a probability from 0 to 1, not {}", self.dropout));
        }
        if !(self.eps >= 0.0 && self.eps.is_finite()) {
            return Some(format!("eps is 0 or above, and finite, not {}", self.eps));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_gpt_2_are_the_published_ones() {
        let counts = [
            (GptConfig::gpt2_small(), 124_439_808),
            (GptConfig::gpt2_medium(), 354_823_168),
            (GptConfig::gpt2_large(), 774_030_080),
            (GptConfig::gpt2_xl(), 1_557_611_200),
        ];
        for (config, count) in counts {
            assert_eq!(config.parameter_count(), count);
            assert_eq!((config.problem(), config.head_dim()), (None, 64));
        }
    }

    #[test]
    fn absurd_sizes_are_counted_without_overflow() {
        let absurd = GptConfig { vocab_size: usize::MAX, hidden: usize::MAX, ..GptConfig::tiny() };
        assert_eq!(absurd.parameter_count(), usize::MAX);
    }

    #[test]
    fn what_cannot_be_built_is_said_with_its_cure() {
        let tiny = GptConfig::tiny;
        let rotary = PositionKind::Rotary;
        let cases = [
            (GptConfig { d_model: 0, ..tiny() }, "d_model is 0"),
            (GptConfig { heads: 3, ..tiny() }, "64 is not cut evenly by 3 heads"),
            (GptConfig { kv_heads: 3, ..tiny() }, "4 heads cannot share 3 kv_heads"),
            (GptConfig { d_model: 20, positions: rotary, ..tiny() }, "heads are 5 wide"),
            (GptConfig { dropout: 1.5, ..tiny() }, "dropout is a probability"),
            (GptConfig { eps: f32::NAN, ..tiny() }, "eps is 0 or above"),
        ];
        for (config, expected) in cases {
            let problem = config.problem().expect(expected);
            assert!(problem.contains(expected), "{problem}");
        }
    }
}
