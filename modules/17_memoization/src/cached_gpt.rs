//! A model that computes each token once.

use crate::kv_cache::KvCache;
use std::cell::{Cell, RefCell};
use tinytorch_attention::{AttentionOptions, scaled_dot_product_attention};
use tinytorch_autograd::no_grad;
use tinytorch_layers::{Module, evaluating};
use tinytorch_tensor::Tensor;
use tinytorch_transformers::{Gpt, LanguageModel};

/// What the last block makes of `t` new tokens, normalized, when the cache knows those before
/// them: ids `[n, t] -> [n, t, d]`. Afterwards it knows the new ones too.
///
/// As [`Gpt::features`] of all tokens together, of which this is the end; without dropout, and
/// without a way back for gradients.
///
/// # Panics
/// When the ids are not `[n, t]` for the `n` of the cache, or it has no room for them.
#[track_caller]
pub fn features_after(model: &Gpt, ids: &Tensor, cache: &mut KvCache) -> Tensor {
    assert!(ids.ndim() == 2, "features_after: ids are [n, t], not {}", ids.shape());
    let (start, t) = (cache.len(), ids.size(1));
    let features = no_grad(|| {
        evaluating(|| {
            let mut x = model.embed.embed(ids, start);
            for (layer, block) in model.blocks.iter().enumerate() {
                let [q, k, v] = block.attention.project(&block.attention_norm.forward(&x), start);
                let [keys, values] = cache.extend(layer, &k, &v);
                // The queries are the last `t` of all places: that is how a causal op sees them.
                let options = AttentionOptions {
                    causal: true,
                    enable_gqa: block.attention.heads != block.attention.kv_heads,
                    ..Default::default()
                };
                let found = scaled_dot_product_attention(&q, &keys, &values, &options);
                x = x + block.attention.mix(&found);
                x = &x + block.mlp.forward(&block.mlp_norm.forward(&x));
            }
            model.norm.forward(&x)
        })
    });
    cache.advance(t);
    features
}

/// A model that remembers: shown a text that begins as the last one did, it computes only what is
/// new.
///
/// When a text outgrows the context, the window slides: every token then stands at another place,
/// nothing that was kept is true any more, and all is computed again, as without a cache.
pub struct CachedGpt<'a> {
    model: &'a Gpt,
    known: RefCell<Known>,
    computed: Cell<usize>,
}

struct Known {
    ids: Vec<i32>,
    cache: KvCache,
}

impl<'a> CachedGpt<'a> {
    /// A model that has read nothing yet.
    ///
    /// # Panics
    /// When its tokens see those behind them: what an early one means then changes with each new
    /// one.
    #[track_caller]
    pub fn new(model: &'a Gpt) -> Self {
        assert!(
            model.blocks.iter().all(|block| block.attention.causal),
            "cached_gpt: a block whose tokens look ahead can't keep what it computed"
        );
        let known = Known { ids: Vec::new(), cache: KvCache::new(&model.config, 1) };
        Self { model, known: RefCell::new(known), computed: Cell::new(0) }
    }

    /// How many tokens have been computed so far.
    pub fn computed(&self) -> usize {
        self.computed.get()
    }

    /// The memory of what it keeps, in bytes.
    pub fn nbytes(&self) -> usize {
        self.known.borrow().cache.nbytes()
    }
}

impl LanguageModel for CachedGpt<'_> {
    fn context(&self) -> usize {
        self.model.context()
    }

    fn next_logits(&self, ids: &[i32]) -> Vec<f32> {
        let (v, context) = (self.model.config.vocab_size, self.context());
        assert!(!ids.is_empty(), "cached_gpt: nothing follows from no ids; give at least one");
        assert!(
            ids.len() <= context,
            "cached_gpt: {} ids are more than the context of {context}",
            ids.len()
        );
        if let Some(id) = ids.iter().find(|&&id| id < 0 || id as usize >= v) {
            panic!("cached_gpt: id {id} is not in the vocabulary of {v}");
        }
        let known = &mut *self.known.borrow_mut();
        let same = known.ids.iter().zip(ids).take_while(|(a, b)| a == b).count();
        let kept = same.min(ids.len() - 1); // the last one is asked for, so it is computed
        known.cache.truncate(kept);
        let new = Tensor::from_vec(ids[kept..].to_vec(), [1, ids.len() - kept]);
        let features = features_after(self.model, &new, &mut known.cache);
        known.ids = ids.to_vec();
        self.computed.set(self.computed() + new.numel());
        let last = features.narrow(1, new.numel() - 1, 1);
        no_grad(|| self.model.logits(&last).to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::ControlFlow;
    use tinytorch_tensor::Rng;
    use tinytorch_transformers::{GenerateOptions, GptConfig, NormKind, PositionKind, generate};

    fn models() -> Vec<Gpt> {
        let learned = GptConfig {
            vocab_size: 17,
            context: 40,
            layers: 2,
            d_model: 16,
            hidden: 64,
            heads: 4,
            kv_heads: 4,
            dropout: 0.2,
            ..GptConfig::tiny()
        };
        let waves =
            GptConfig { positions: PositionKind::Sinusoidal, tied: false, ..learned.clone() };
        let turned = GptConfig {
            positions: PositionKind::Rotary,
            norm: NormKind::RmsNorm,
            kv_heads: 2,
            bias: false,
            ..learned.clone()
        };
        let of = |config: GptConfig| {
            let mut model = Gpt::new(config, &mut Rng::new(5));
            for block in &mut model.blocks {
                // Drawn as GPT-2's the weights are so small that tokens hardly see each other.
                let weight = &mut block.attention.qkv.weight;
                weight.data_mut().iter_mut().for_each(|w| *w *= 20.0);
            }
            model
        };
        [learned, waves, turned].map(of).into()
    }

    fn close(a: &[f32], b: &[f32]) -> bool {
        let largest = b.iter().fold(0.0, |l: f32, x| l.max(x.abs()));
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-5 * largest)
    }

    #[test]
    fn cached_and_uncached_agree_token_by_token_over_several_texts() {
        for model in models() {
            let cached = CachedGpt::new(&model);
            let mut rng = Rng::new(3);
            for text in 0..3 {
                let mut ids = vec![text, 7];
                while ids.len() < 40 {
                    let (got, expected) = (cached.next_logits(&ids), model.next_logits(&ids));
                    assert!(close(&got, &expected), "{:?}, {} ids", model.config, ids.len());
                    ids.push(rng.below(17) as i32);
                }
            }
            assert_eq!(cached.computed(), 3 * 39);
        }
    }

    #[test]
    fn several_tokens_at_once_and_texts_side_by_side() {
        for model in models() {
            let ids: Vec<i32> = (0..60).map(|i| i * 7 % 17).collect();
            let ids = Tensor::from_vec(ids, [3, 20]);
            let expected = no_grad(|| evaluating(|| model.features(&ids)));
            let mut cache = KvCache::new(&model.config, 3);
            let parts = [(0, 1), (1, 8), (9, 11)]
                .map(|(start, t)| features_after(&model, &ids.narrow(1, start, t), &mut cache));
            let got = Tensor::cat(&parts.each_ref().map(|part| part), 1);
            assert!(close(&got.to_vec(), &expected.to_vec()));
        }
    }

    #[test]
    fn a_text_that_outgrows_the_context_is_written_as_without_a_cache() {
        let model = &models()[0];
        let options = GenerateOptions { max_new_tokens: 60, seed: 4, ..Default::default() };
        let go = |_| ControlFlow::Continue(());
        let expected = generate(model, &[1, 2, 3], &options, go);
        let cached = CachedGpt::new(model);
        assert_eq!(generate(&cached, &[1, 2, 3], &options, go), expected);
        assert_eq!(generate(&cached, &[1, 2, 3], &options, go), expected, "and once more");
    }

    #[test]
    fn a_text_that_changes_in_the_middle_is_computed_from_there() {
        let model = &models()[2];
        let cached = CachedGpt::new(model);
        cached.next_logits(&[1, 2, 3, 4, 5]);
        for ids in [vec![1, 2, 9, 4, 5], vec![1, 2], vec![1, 2], vec![8]] {
            assert!(close(&cached.next_logits(&ids), &model.next_logits(&ids)), "{ids:?}");
        }
        assert_eq!(cached.computed(), 5 + 3 + 1 + 1 + 1);
    }

    #[test]
    #[should_panic(expected = "cached_gpt: a block whose tokens look ahead")]
    fn a_model_that_looks_ahead_is_refused() {
        let mut model = models().remove(0);
        model.blocks[1].attention.causal = false;
        CachedGpt::new(&model);
    }

    #[test]
    #[should_panic(expected = "cached_gpt: id 17 is not in the vocabulary of 17")]
    fn an_id_is_in_the_vocabulary() {
        CachedGpt::new(&models()[0]).next_logits(&[17]);
    }
}
