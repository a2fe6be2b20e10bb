//! One floor of the tower: the tokens look at each other, then each thinks for itself.

use crate::config::{GptConfig, PositionKind};
use crate::mlp::Mlp;
use crate::norm::Norm;
use tinytorch_attention::{MultiHeadAttention, MultiHeadAttentionOptions};
use tinytorch_embeddings::RotaryEmbedding;
use tinytorch_layers::{Dropout, Module, state};
use tinytorch_tensor::{Rng, Tensor};

/// A transformer block with normalization before each half ("pre-norm"):
///
/// ```text
/// x = x + dropout(attention(norm(x)))
/// x = x + dropout(mlp(norm(x)))
/// ```
///
/// Nothing stands between the two `x` of a line but a sum, from the first block to the last: that
/// way gradients reach the embedding undiminished, however many blocks there are. The transformer
/// of 2017 normalized after the sum, on that way, and needed its learning rate warmed up with
/// care: R. Xiong et al., "On layer normalization in the transformer architecture" (2020).
///
/// About `24 d²` floating-point operations per token for the weights, and `4 t d` for attention
/// over `t` tokens.
#[derive(Clone, Debug)]
pub struct TransformerBlock {
    /// Before attention.
    pub attention_norm: Norm,
    /// Among the tokens.
    pub attention: MultiHeadAttention,
    /// On what attention gives.
    pub attention_dropout: Dropout,
    /// Before the MLP.
    pub mlp_norm: Norm,
    /// For each token.
    pub mlp: Mlp,
}
state!(TransformerBlock { attention_norm, attention, attention_dropout, mlp_norm, mlp });

impl TransformerBlock {
    /// A fresh block whose tokens see themselves and those before. For a block that sees both
    /// ways, set `attention.causal` to false.
    ///
    /// # Panics
    /// When no block can be built of `config`.
    #[track_caller]
    pub fn new(config: &GptConfig, rng: &mut Rng) -> Self {
        if let Some(problem) = config.problem() {
            panic!("gpt: {problem}");
        }
        let rotary = config.positions == PositionKind::Rotary;
        let options = MultiHeadAttentionOptions {
            kv_heads: Some(config.kv_heads),
            bias: config.bias,
            dropout: config.dropout,
            causal: true,
            rotary: rotary.then(|| RotaryEmbedding::new(config.head_dim(), config.context)),
        };
        let norm = || Norm::new(config.norm, config.d_model, config.bias, config.eps);
        Self {
            attention_norm: norm(),
            attention: MultiHeadAttention::new(config.d_model, config.heads, options, rng),
            attention_dropout: Dropout::new(config.dropout, rng),
            mlp_norm: norm(),
            mlp: Mlp::new(config.mlp(), rng),
        }
    }
}

impl Module for TransformerBlock {
    /// `[n, t, d] -> [n, t, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        let seen = self.attention.forward(&self.attention_norm.forward(x));
        let x = x + self.attention_dropout.forward(&seen);
        let thought = self.mlp.forward(&self.mlp_norm.forward(&x));
        x + thought
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_layers::{Model, evaluating};

    fn config() -> GptConfig {
        GptConfig { d_model: 8, hidden: 32, heads: 2, kv_heads: 2, ..GptConfig::tiny() }
    }

    fn zero(tensor: &mut Tensor) {
        tensor.data_mut().fill(0.0);
    }

    #[test]
    fn with_both_last_layers_at_0_a_block_passes_its_input_on() {
        let mut block = TransformerBlock::new(&config(), &mut Rng::new(0));
        for layer in [&mut block.attention.out, &mut block.mlp.down] {
            zero(&mut layer.weight);
            zero(layer.bias.as_mut().expect("it has one"));
        }
        let x = Tensor::randn([2, 5, 8], &mut Rng::new(1));
        assert_eq!(block.forward(&x), x);
    }

    #[test]
    fn each_half_is_added_to_what_came_in_and_normalizes_it_first() {
        let block = TransformerBlock::new(&config(), &mut Rng::new(0));
        let x = Tensor::randn([2, 5, 8], &mut Rng::new(1)) * 3.0 + 2.0;
        let half = &x + block.attention.forward(&block.attention_norm.forward(&x));
        let whole = &half + block.mlp.forward(&block.mlp_norm.forward(&half));
        assert_eq!(block.forward(&x), whole);
    }

    #[test]
    fn later_tokens_are_not_seen_unless_one_allows_it() {
        let mut block = TransformerBlock::new(&config(), &mut Rng::new(0));
        let x = Tensor::randn([1, 6, 8], &mut Rng::new(1));
        let changed = Tensor::cat(&[&x.narrow(1, 0, 4), &(x.narrow(1, 4, 2) * -2.0)], 1);
        let first = |block: &TransformerBlock, x: &Tensor| block.forward(x).narrow(1, 0, 4);
        assert_eq!(first(&block, &x), first(&block, &changed));
        block.attention.causal = false;
        assert_ne!(first(&block, &x), first(&block, &changed));
    }

    #[test]
    fn both_halves_are_dropped_from_in_training_only() {
        let config = GptConfig { dropout: 0.5, ..config() };
        let block = TransformerBlock::new(&config, &mut Rng::new(0));
        let x = Tensor::randn([1, 6, 8], &mut Rng::new(1));
        assert_ne!(block.forward(&x), block.forward(&x));
        let quiet = || evaluating(|| block.forward(&x));
        assert_eq!(quiet(), quiet());
        for (path, _) in block.named_parameters() {
            assert!(!path.contains("dropout"), "{path}");
        }
    }
}
