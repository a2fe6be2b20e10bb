//! Many attentions side by side.

use crate::attention::scaled_dot_product_attention;
use crate::options::AttentionOptions;
use crate::weights::attention_weights;
use tinytorch_embeddings::RotaryEmbedding;
use tinytorch_layers::{Dropout, Init, Linear, Module, linear, state};
use tinytorch_tensor::{Rng, Shape, Tensor};

/// How a [`MultiHeadAttention`] is built. The default is PyTorch's.
#[derive(Clone, Debug)]
pub struct MultiHeadAttentionOptions {
    /// How many heads of keys and values the heads of queries share; as many as there are of
    /// queries, if not given. Grouped-query attention: J. Ainslie et al., "GQA" (2023).
    pub kv_heads: Option<usize>,
    /// Whether the projections add a bias.
    pub bias: bool,
    /// The probability that a weight is dropped in training.
    pub dropout: f32,
    /// Whether a word sees only itself and those before.
    pub causal: bool,
    /// Turns queries and keys by their places; of the width of a head.
    pub rotary: Option<RotaryEmbedding>,
}

impl Default for MultiHeadAttentionOptions {
    fn default() -> Self {
        Self { kv_heads: None, bias: true, dropout: 0.0, causal: false, rotary: None }
    }
}

/// Several heads, each with queries, keys and values of its own, each free to look for something
/// else; what they found is joined and mixed. Vaswani et al. (2017), section 3.2.2.
///
/// Queries, keys and values come from one projection, as one product is faster than three and as
/// GPT-2 and `nn.MultiheadAttention` keep their weights so: rows of queries for head 0, 1, …,
/// then of keys, then of values. (GPT-2's files hold the transpose, `[d, 3 d]`.)
#[derive(Clone, Debug)]
pub struct MultiHeadAttention {
    /// `[d + 2 kv, d]`, where `kv` is the width of all heads of keys: `d` unless they are shared.
    pub qkv: Linear,
    /// `[d, d]`
    pub out: Linear,
    /// What is dropped of the weights.
    pub dropout: Dropout,
    /// How many heads of queries.
    pub heads: usize,
    /// How many heads of keys and of values.
    pub kv_heads: usize,
    /// Whether a word sees only itself and those before.
    pub causal: bool,
    /// Turns queries and keys by their places.
    pub rotary: Option<RotaryEmbedding>,
}
state!(MultiHeadAttention { qkv, out, dropout });

impl MultiHeadAttention {
    /// `heads` heads for words of `dim` numbers, each of width `dim / heads`.
    ///
    /// The weights start as PyTorch's: those of `qkv` uniform after Xavier, those of `out` between
    /// `±1 / √dim`, biases 0.
    ///
    /// # Panics
    /// When the heads do not divide `dim`, or `kv_heads` not the heads, or the rotary tables are
    /// of another width than a head.
    #[track_caller]
    pub fn new(
        dim: usize,
        heads: usize,
        options: MultiHeadAttentionOptions,
        rng: &mut Rng,
    ) -> Self {
        let MultiHeadAttentionOptions { kv_heads, bias, dropout, causal, rotary } = options;
        let kv_heads = kv_heads.unwrap_or(heads);
        check(dim, heads, kv_heads, rotary.as_ref());
        let kv = dim / heads * kv_heads;
        let bound = 1.0 / (dim as f32).sqrt();
        let layer = |outputs, init, rng: &mut Rng| {
            let layer = Linear::with_init(dim, outputs, init, rng);
            if bias { layer } else { Linear { bias: None, ..layer } }
        };
        Self {
            qkv: layer(dim + 2 * kv, Init::XavierUniform, rng),
            out: layer(dim, Init::Uniform { bound }, rng),
            dropout: Dropout::new(dropout, rng),
            heads,
            kv_heads,
            causal,
            rotary,
        }
    }

    /// Queries, keys and values of words whose first place is `offset`: `[…, t, d]` gives
    /// `[…, h, t, d / h]` and, twice, `[…, kv_heads, t, d / h]`.
    ///
    /// For who keeps the keys and values of earlier words: pass them all to
    /// [`scaled_dot_product_attention`] and what that gives to [`mix`](Self::mix).
    #[track_caller]
    pub fn project(&self, x: &Tensor, offset: usize) -> [Tensor; 3] {
        let (dim, kv) = self.widths();
        let all = self.qkv.forward(x);
        let part = |start, width, heads| split(&all.narrow(-1, start, width), heads);
        let (q, k) = (part(0, dim, self.heads), part(dim, kv, self.kv_heads));
        [self.turned(q, offset), self.turned(k, offset), part(dim + kv, kv, self.kv_heads)]
    }

    /// What the heads found, joined and mixed: `[…, h, t, d / h] -> […, t, d]`.
    #[track_caller]
    pub fn mix(&self, heads: &Tensor) -> Tensor {
        self.out.forward(&heads.transpose(-3, -2).flatten(-2))
    }

    /// As [`forward`](Module::forward), with a mask that broadcasts to `[…, h, t, t]`: for padding
    /// one of `[n, 1, 1, t]`, 1 where there is a word.
    #[track_caller]
    pub fn forward_masked(&self, x: &Tensor, mask: Option<&Tensor>) -> Tensor {
        let [q, k, v] = self.project(x, 0);
        self.mix(&scaled_dot_product_attention(&q, &k, &v, &self.options(mask)))
    }

    /// The output, and how much each head looked at what: `[…, t, d]` and `[…, h, t, t]`. The
    /// weights are those before dropout.
    #[track_caller]
    pub fn forward_with_weights(&self, x: &Tensor) -> (Tensor, Tensor) {
        let [q, k, v] = self.project(x, 0);
        let options = self.options(None);
        let found = scaled_dot_product_attention(&q, &k, &v, &options);
        (self.mix(&found), attention_weights(&q, &k, &options))
    }

    /// Cross attention: words of `query` look at `memory`, such as those of a translation at its
    /// original. `[…, t, d]` and `[…, s, d] -> […, t, d]`; a mask broadcasts to `[…, h, t, s]`.
    #[track_caller]
    pub fn attend(&self, query: &Tensor, memory: &Tensor, mask: Option<&Tensor>) -> Tensor {
        let (dim, kv) = self.widths();
        let q = self.turned(split(&self.part(query, 0, dim), self.heads), 0);
        let both = self.part(memory, dim, 2 * kv);
        let k = self.turned(split(&both.narrow(-1, 0, kv), self.kv_heads), 0);
        let v = split(&both.narrow(-1, kv, kv), self.kv_heads);
        self.mix(&scaled_dot_product_attention(&q, &k, &v, &self.options(mask)))
    }

    /// The width of all queries together, and that of all keys.
    fn widths(&self) -> (usize, usize) {
        let dim = self.out.weight.size(1);
        (dim, dim / self.heads * self.kv_heads)
    }

    /// Rows `start..start + width` of the joint projection, of `x` alone.
    #[track_caller]
    fn part(&self, x: &Tensor, start: usize, width: usize) -> Tensor {
        let bias = self.qkv.bias.as_ref().map(|bias| bias.narrow(0, start, width));
        linear(x, &self.qkv.weight.narrow(0, start, width), bias.as_ref())
    }

    #[track_caller]
    fn turned(&self, x: Tensor, offset: usize) -> Tensor {
        match &self.rotary {
            Some(rotary) => rotary.apply(&x, offset),
            None => x,
        }
    }

    fn options<'a>(&'a self, mask: Option<&'a Tensor>) -> AttentionOptions<'a> {
        AttentionOptions {
            mask,
            causal: self.causal,
            dropout: Some(&self.dropout),
            scale: None,
            enable_gqa: self.kv_heads != self.heads,
        }
    }
}

#[track_caller]
fn check(dim: usize, heads: usize, kv_heads: usize, rotary: Option<&RotaryEmbedding>) {
    assert!(
        heads > 0 && dim.is_multiple_of(heads),
        "multi_head_attention: {heads} heads do not divide a width of {dim}; choose a divisor"
    );
    assert!(
        kv_heads > 0 && heads.is_multiple_of(kv_heads),
        "multi_head_attention: {heads} heads of queries can't share {kv_heads} of keys evenly; \
         choose a divisor of {heads}"
    );
    if let Some(rotary) = rotary {
        let (turned, width) = (2 * rotary.cosines.size(1), dim / heads);
        assert!(
            turned == width,
            "multi_head_attention: heads of width {width} do not fit rotary tables for {turned}; \
             build them for the width of a head"
        );
    }
}

/// Heads out of the features: `[…, t, h w] -> […, h, t, w]`.
fn split(x: &Tensor, heads: usize) -> Tensor {
    let mut sizes = x.shape().to_vec();
    let width = sizes.pop().expect("an axis of features") / heads;
    sizes.extend([heads, width]);
    x.reshape(Shape::from(sizes)).transpose(-3, -2)
}

impl Module for MultiHeadAttention {
    /// Self attention: `[…, t, d] -> […, t, d]`
    fn forward(&self, x: &Tensor) -> Tensor {
        self.forward_masked(x, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::{Backward, gradcheck};
    use tinytorch_layers::Model;

    fn layer(options: MultiHeadAttentionOptions) -> MultiHeadAttention {
        MultiHeadAttention::new(8, 2, options, &mut Rng::new(1))
    }

    fn words(t: usize) -> Tensor {
        Tensor::randn([3, t, 8], &mut Rng::new(2))
    }

    fn close(a: &Tensor, b: &Tensor) -> bool {
        a.shape() == b.shape() && (a - b).abs().max().item() < 1e-5
    }

    #[test]
    fn each_head_attends_with_its_own_features() {
        let (layer, x) = (layer(MultiHeadAttentionOptions::default()), words(5));
        let rows = |start: usize| {
            let bias = layer.qkv.bias.as_ref().map(|b| b.narrow(0, start, 4));
            linear(&x, &layer.qkv.weight.narrow(0, start, 4), bias.as_ref())
        };
        let head = |h: usize| {
            let (q, k, v) = (rows(4 * h), rows(8 + 4 * h), rows(16 + 4 * h));
            attention_weights(&q, &k, &AttentionOptions::default()).matmul(&v)
        };
        let expected = layer.out.forward(&Tensor::cat(&[&head(0), &head(1)], -1));
        assert!(close(&layer.forward(&x), &expected));
    }

    #[test]
    fn it_has_the_parameters_of_its_projections() {
        let names = |options| {
            let layer = layer(options);
            layer.named_parameters().into_iter().map(|(name, p)| (name, p.numel())).collect()
        };
        let all: Vec<(String, usize)> = names(MultiHeadAttentionOptions::default());
        let expected = [("qkv.weight", 192), ("qkv.bias", 24), ("out.weight", 64), ("out.bias", 8)];
        assert_eq!(all, expected.map(|(name, n)| (name.to_string(), n)));
        let shared =
            MultiHeadAttentionOptions { kv_heads: Some(1), bias: false, ..Default::default() };
        let expected = [("qkv.weight", 128), ("out.weight", 64)];
        assert_eq!(names(shared), expected.map(|(name, n)| (name.to_string(), n)));
    }

    #[test]
    fn attending_to_oneself_is_self_attention() {
        for kv_heads in [1, 2] {
            let rotary = Some(RotaryEmbedding::new(4, 10));
            let options = MultiHeadAttentionOptions {
                kv_heads: Some(kv_heads),
                rotary,
                ..Default::default()
            };
            let (layer, x) = (layer(options), words(5));
            assert!(close(&layer.attend(&x, &x, None), &layer.forward(&x)));
            let mask = Tensor::from([[1, 1, 0, 1, 0]]);
            let masked = layer.forward_masked(&x, Some(&mask));
            assert!(close(&layer.attend(&x, &x, Some(&mask)), &masked));
            assert!(!close(&masked, &layer.forward(&x)));
        }
    }

    #[test]
    fn a_memory_may_have_another_length() {
        let layer = layer(MultiHeadAttentionOptions::default());
        assert_eq!(layer.attend(&words(2), &words(7), None).shape(), [3, 2, 8]);
        assert_eq!(layer.attend(&words(2), &words(0), None).shape(), [3, 2, 8]);
    }

    #[test]
    fn what_comes_later_changes_no_bit() {
        let rotary = Some(RotaryEmbedding::new(4, 10));
        let options = MultiHeadAttentionOptions { causal: true, rotary, ..Default::default() };
        let (layer, x) = (layer(options), words(6));
        let whole = layer.forward(&x);
        for t in 1..6 {
            let other = Tensor::cat(&[&x.narrow(1, 0, t), &(x.narrow(1, t, 6 - t) * 3.0)], 1);
            assert_eq!(layer.forward(&other).narrow(1, 0, t), whole.narrow(1, 0, t));
        }
    }

    #[test]
    fn remembered_keys_give_what_reading_again_would() {
        let rotary = Some(RotaryEmbedding::new(4, 10));
        let options = MultiHeadAttentionOptions { causal: true, rotary, ..Default::default() };
        let (layer, x) = (layer(options), words(6));
        let [_, early_k, early_v] = layer.project(&x.narrow(1, 0, 4), 0);
        let [q, k, v] = layer.project(&x.narrow(1, 4, 2), 4);
        let (k, v) = (Tensor::cat(&[&early_k, &k], 2), Tensor::cat(&[&early_v, &v], 2));
        let causal = AttentionOptions { causal: true, ..Default::default() };
        let y = layer.mix(&scaled_dot_product_attention(&q, &k, &v, &causal));
        assert!(close(&y, &layer.forward(&x).narrow(1, 4, 2)));
    }

    #[test]
    fn without_places_the_order_of_words_does_not_matter() {
        let (layer, x) = (layer(MultiHeadAttentionOptions::default()), words(4));
        let order = Tensor::from([2, 0, 3, 1]);
        let shuffled = layer.forward(&x.index_select(1, &order));
        assert!(close(&shuffled, &layer.forward(&x).index_select(1, &order)));
    }

    #[test]
    fn the_weights_are_those_that_were_used() {
        let (layer, x) = (layer(MultiHeadAttentionOptions::default()), words(4));
        let (y, weights) = layer.forward_with_weights(&x);
        assert_eq!((y.shape(), weights.shape()), ([3, 4, 8].into(), [3, 2, 4, 4].into()));
        let [_, _, v] = layer.project(&x, 0);
        assert!(close(&layer.mix(&weights.matmul(&v)), &y));
        assert_eq!(y, layer.forward(&x));
    }

    #[test]
    fn one_sequence_needs_no_batch() {
        let (layer, x) = (layer(MultiHeadAttentionOptions::default()), words(4));
        assert!(close(&layer.forward(&x.select(0, 1)), &layer.forward(&x).select(0, 1)));
    }

    #[test]
    fn every_parameter_gets_its_gradient() {
        let options =
            MultiHeadAttentionOptions { kv_heads: Some(1), causal: true, ..Default::default() };
        let (layer, x) = (layer(options), words(3));
        let grads = layer.forward(&x).sum().backward();
        assert_eq!(grads.len(), layer.parameters().len());
        let inputs = [layer.qkv.weight.detach(), layer.out.weight.detach(), x];
        let call = |p: &[Tensor]| {
            let mut layer = layer.clone();
            (layer.qkv.weight, layer.out.weight) = (p[0].clone(), p[1].clone());
            layer.forward(&p[2])
        };
        gradcheck(call, &inputs).expect("the right rules");
    }

    #[test]
    fn dropout_is_for_training() {
        let mut layer = layer(MultiHeadAttentionOptions { dropout: 0.5, ..Default::default() });
        let x = words(4);
        assert_ne!(layer.forward(&x), layer.forward(&x));
        layer.eval();
        assert_eq!(layer.forward(&x), layer.forward(&x));
    }

    #[test]
    #[should_panic(expected = "multi_head_attention: 3 heads do not divide a width of 8; choose a")]
    fn heads_divide_the_width() {
        MultiHeadAttention::new(8, 3, Default::default(), &mut Rng::new(0));
    }

    #[test]
    #[should_panic(
        expected = "heads of width 4 do not fit rotary tables for 8; build them for the"
    )]
    fn rotary_tables_are_of_the_width_of_a_head() {
        let rotary = Some(RotaryEmbedding::new(8, 10));
        layer(MultiHeadAttentionOptions { rotary, ..Default::default() });
    }
}
