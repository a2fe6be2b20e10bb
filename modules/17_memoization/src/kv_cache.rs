//! The keys and values of the tokens so far.

use tinytorch_tensor::{Shape, Tensor, Update, update};
use tinytorch_transformers::GptConfig;

/// Room for this many tokens is made at first; it doubles as it fills.
const FIRST: usize = 64;

/// What every layer of a model knows of the tokens so far: their keys and values.
#[derive(Clone, Debug)]
pub struct KvCache {
    /// Per layer its keys and its values, `[n, kv_heads, capacity, d / heads]` each.
    layers: Vec<[Tensor; 2]>,
    len: usize,
    context: usize,
}

impl KvCache {
    /// An empty one for `n` texts side by side.
    pub fn new(config: &GptConfig, n: usize) -> Self {
        let shape = [n, config.kv_heads, FIRST.min(config.context), config.head_dim()];
        let empty = || [Tensor::zeros(shape), Tensor::zeros(shape)];
        let layers = (0..config.layers).map(|_| empty()).collect();
        Self { layers, len: 0, context: config.context }
    }

    /// How many tokens every layer knows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it knows none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many tokens it has memory for; more is taken when needed, up to the model's context.
    pub fn capacity(&self) -> usize {
        self.layers.first().map_or(self.context, |[keys, _]| keys.size(-2))
    }

    /// The memory it takes, in bytes: `8 layers n kv_heads (d / heads)` per token of its capacity.
    pub fn nbytes(&self) -> usize {
        self.layers.iter().flatten().map(|t| t.storage().nbytes()).sum()
    }

    /// Forgets all but the first `len` tokens; the memory stays.
    ///
    /// # Panics
    /// When it does not know as many.
    #[track_caller]
    pub fn truncate(&mut self, len: usize) {
        assert!(len <= self.len, "kv_cache: {len} tokens can't be left of {}", self.len);
        self.len = len;
    }

    /// Adds the keys and values of `t` new tokens to a layer, `[n, kv_heads, t, d / heads]` each,
    /// and gives back those of all its tokens. [`advance`](Self::advance) when every layer has
    /// them: until then, all layers stand at the same place.
    ///
    /// # Panics
    /// When there is no such layer, the shapes do not fit, or the context is full.
    #[track_caller]
    pub fn extend(&mut self, layer: usize, keys: &Tensor, values: &Tensor) -> [Tensor; 2] {
        let all = self.layers.len();
        assert!(layer < all, "kv_cache: there is no layer {layer}, only {all}");
        let (end, room) = (self.len + keys.size(-2), self.layers[layer][0].shape());
        assert!(
            keys.shape() == with_rows(room, keys.size(-2)) && keys.shape() == values.shape(),
            "kv_cache: keys {} and values {} do not fit a layer of {room}; new tokens are [n, \
             kv_heads, t, d / heads]",
            keys.shape(),
            values.shape()
        );
        self.reserve(layer, end);
        let [kept_keys, kept_values] = &mut self.layers[layer];
        update(&Append { at: self.len }, &mut [kept_keys, kept_values], &[keys, values]);
        [kept_keys.narrow(-2, 0, end), kept_values.narrow(-2, 0, end)]
    }

    /// Every layer has got the keys and values of `t` more tokens.
    #[track_caller]
    pub fn advance(&mut self, t: usize) {
        assert!(self.len + t <= self.capacity(), "kv_cache: {t} tokens that no layer was given");
        self.len += t;
    }

    /// Makes room for `len` tokens in a layer.
    #[track_caller]
    fn reserve(&mut self, layer: usize, len: usize) {
        let context = self.context;
        assert!(
            len <= context,
            "kv_cache: {len} tokens are more than the context of {context}; truncate it, or begin \
             anew with the last ones"
        );
        for kept in &mut self.layers[layer] {
            let shape = kept.shape();
            if len > shape.size(2) {
                let larger = len.max(2 * shape.size(2)).min(context);
                let old = std::mem::replace(kept, Tensor::zeros(with_rows(shape, larger)));
                update(&Append { at: 0 }, &mut [kept], &[&old.narrow(-2, 0, self.len)]);
            }
        }
    }
}

/// The shape of a layer with `rows` places.
fn with_rows(layer: Shape, rows: usize) -> Shape {
    let [n, heads, _, width] = layer.dims();
    Shape::from([n, heads, rows, width])
}

/// Writes rows into a buffer in place: targets `[…, capacity, d]`, each getting the rows of the
/// input beside it, `[…, t, d]`, from row `at` on.
#[derive(Clone, Copy, Debug)]
pub struct Append {
    /// The first row that is overwritten.
    pub at: usize,
}

impl Update for Append {
    fn name(&self) -> &'static str {
        "append"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        for (target, new) in targets.iter_mut().zip(x) {
            let (capacity, t, d) = (target.size(-2), new.size(-2), new.size(-1));
            if t * d == 0 {
                continue;
            }
            let (new, buffer) = (new.data(), target.data_mut());
            for (rows, new) in buffer.chunks_exact_mut(capacity * d).zip(new.chunks_exact(t * d)) {
                rows[self.at * d..][..t * d].copy_from_slice(new);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_tensor::Rng;

    fn config() -> GptConfig {
        GptConfig {
            layers: 2,
            d_model: 8,
            heads: 2,
            kv_heads: 2,
            context: 200,
            ..GptConfig::tiny()
        }
    }

    #[test]
    fn what_was_added_comes_back_in_order_also_after_it_grew() {
        let (mut cache, mut rng) = (KvCache::new(&config(), 3), Rng::new(1));
        let mut all: Vec<[Tensor; 2]> = Vec::new();
        for t in [1, 60, 5, 1, 100] {
            let new = [(); 2].map(|()| Tensor::randn([3, 2, t, 4], &mut rng));
            let [keys, values] = cache.extend(1, &new[0], &new[1]);
            cache.extend(0, &new[1], &new[0]);
            cache.advance(t);
            all.push(new);
            for (part, whole) in [(0, &keys), (1, &values)] {
                let parts: Vec<&Tensor> = all.iter().map(|kept| &kept[part]).collect();
                assert_eq!(whole, &Tensor::cat(&parts, -2));
            }
        }
        assert_eq!((cache.len(), cache.capacity()), (167, 200));
        assert_eq!(cache.nbytes(), 8 * 2 * 3 * 8 * 200);
    }

    #[test]
    fn memory_is_written_in_place_while_there_is_room() {
        let mut cache = KvCache::new(&config(), 1);
        let place = |cache: &KvCache| cache.layers[0][0].data().as_ptr();
        let one = Tensor::ones([1, 2, 1, 4]);
        let before = place(&cache);
        for _ in 0..FIRST {
            cache.extend(0, &one, &one);
            cache.advance(1);
        }
        assert_eq!(place(&cache), before);
        assert_eq!(cache.capacity(), FIRST);
    }

    #[test]
    fn what_is_forgotten_is_overwritten() {
        let mut cache = KvCache::new(&config(), 1);
        for value in [1.0, 2.0, 3.0] {
            let new = Tensor::full([1, 2, 1, 4], value);
            cache.extend(0, &new, &new);
            cache.advance(1);
        }
        cache.truncate(1);
        let new = Tensor::full([1, 2, 1, 4], 9.0);
        let [keys, _] = cache.extend(0, &new, &new);
        assert_eq!(keys.select(0, 0).select(0, 0).select(1, 0).to_vec(), [1.0, 9.0]);
    }

    #[test]
    #[should_panic(expected = "kv_cache: 201 tokens are more than the context of 200")]
    fn a_full_context_is_an_error() {
        let new = Tensor::ones([1, 2, 201, 4]);
        KvCache::new(&config(), 1).extend(0, &new, &new);
    }

    #[test]
    #[should_panic(expected = "kv_cache: keys [1, 2, 1, 3] and values [1, 2, 1, 3] do not fit")]
    fn keys_have_the_width_of_a_head() {
        let new = Tensor::ones([1, 2, 1, 3]);
        KvCache::new(&config(), 1).extend(0, &new, &new);
    }
}
