//! The weighted average of values.

use crate::gradient::gradients;
use crate::options::{AttentionOptions, check_values};
use crate::query::{Queries, add_scaled, row_of};
use tinytorch_autograd::{Gradient, Joint};
use tinytorch_layers::Dropout;
use tinytorch_tensor::{Brought, Op, Reads, Rng, Tensor, dispatch};

/// `softmax(q kᵀ · scale + mask) v`: inputs `q` `[…, h, t, d]`, `k` `[…, h / n, s, d]`, `v`
/// `[…, h / n, s, e]` and, if wanted, the mask; result `[…, h, t, e]`.
///
/// One op, though [`attention_weights`](crate::attention_weights) times `v` says the same: this
/// one has no more than a row of weights at a time, and its gradient computes them again instead
/// of keeping `t s` of them.
#[derive(Clone, Copy, Debug)]
pub struct ScaledDotProductAttention {
    /// What products are multiplied by.
    pub scale: f32,
    /// Whether a query sees only keys that are not later than itself.
    pub causal: bool,
    /// Which weights are dropped.
    pub dropout: Option<WeightDropout>,
}

/// Which weights are dropped: a pure function of the seed and of where a weight stands, so that
/// the way back drops the same, and so does whoever computes the rows in another order.
#[derive(Clone, Copy, Debug)]
pub struct WeightDropout {
    /// The probability that a weight is dropped.
    pub p: f32,
    /// Row `r` of the weights, of all heads and sequences, takes the numbers of stream `r` of this
    /// seed, in the order of the keys.
    pub seed: u64,
}

impl WeightDropout {
    /// What a layer drops in this call; nothing, when it is not in training.
    pub(crate) fn draw(layer: Option<&Dropout>) -> Option<Self> {
        let layer = layer.filter(|layer| layer.training.is_on() && layer.p > 0.0)?;
        Some(Self { p: layer.p, seed: layer.stream.draw().next_u64() })
    }

    /// What the weights of row `row` are multiplied by: 0, or `1 / (1 - p)`.
    pub fn factors(&self, row: usize, factors: &mut [f32]) {
        let (mut rng, keep) = (Rng::at(self.seed, row as u64), 1.0 / (1.0 - self.p));
        factors.fill_with(|| if rng.uniform() < self.p { 0.0 } else { keep });
    }
}

impl Op for ScaledDotProductAttention {
    fn name(&self) -> &'static str {
        "scaled_dot_product_attention"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (queries, values) = (Queries::new(self, x[0], x[1], x.get(3).copied()), x[2].data());
        let depth = x[2].size(-1);
        let mut out = vec![0.0; queries.heads * queries.len * depth];
        let mut weights = vec![0.0; queries.keys];
        let mut factors = vec![0.0; queries.keys];
        for head in 0..queries.heads {
            for i in 0..queries.len {
                let seen = queries.weigh(head, i, &mut weights);
                queries.factors(head, i, &mut factors[..seen]);
                let sum = &mut out[queries.row(head, i) * depth..][..depth];
                let value = |j| row_of(&values, queries.key_row(head, j), depth);
                for (j, (weight, factor)) in weights.iter().zip(&factors).take(seen).enumerate() {
                    add_scaled(sum, weight * factor, value(j));
                }
            }
        }
        let mut sizes = x[0].shape().to_vec();
        *sizes.last_mut().expect("checked by the function") = depth;
        Tensor::from_vec(out, sizes)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0) | Reads::input(1) | Reads::input(2) | Reads::input(3)
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<ScaledDotProductAttention>(gradients))] }
    }
}

/// For each query the average of the values, weighted by how well its key answers:
/// `softmax(q kᵀ / √d) v`.
///
/// Queries `[…, t, d]`, keys `[…, s, d]`, values `[…, s, e]`; result `[…, t, e]`. The leading axes
/// are equal: sequences, and heads next to the last two axes.
///
/// # Panics
/// When the shapes are not these, or the mask does not broadcast to `[…, t, s]`.
#[track_caller]
pub fn scaled_dot_product_attention(
    q: &Tensor,
    k: &Tensor,
    v: &Tensor,
    options: &AttentionOptions,
) -> Tensor {
    const NAME: &str = "scaled_dot_product_attention";
    options.check(NAME, q, k);
    check_values(NAME, k, v);
    let op = ScaledDotProductAttention {
        scale: options.scale_for(q),
        causal: options.causal,
        dropout: WeightDropout::draw(options.dropout),
    };
    match options.mask {
        Some(mask) => dispatch(op, &[q, k, v, mask]),
        None => dispatch(op, &[q, k, v]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{attention_weights, causal_mask};

    /// Roundings of a few dozen products of numbers about 1.
    const CLOSE: f32 = 2e-6;

    fn close(a: &Tensor, b: &Tensor) -> bool {
        a.shape() == b.shape() && (a.numel() == 0 || (a - b).abs().max().item() < CLOSE)
    }

    fn attend(q: &Tensor, k: &Tensor, v: &Tensor, options: &AttentionOptions) -> Tensor {
        scaled_dot_product_attention(q, k, v, options)
    }

    /// Two sequences of two heads: 3 queries, 5 keys, width 4, values of width 6.
    fn tensors() -> [Tensor; 3] {
        let mut rng = Rng::new(1);
        let mut draw = |t, d| Tensor::randn([2, 2, t, d], &mut rng);
        [draw(3, 4), draw(5, 4), draw(5, 6)]
    }

    #[test]
    fn an_average_by_hand() {
        // Products 0 and ln 3, so weights 1/4 and 3/4.
        let q = Tensor::from([[3.0_f32.ln(), 0.0]]);
        let k = Tensor::from([[0.0, 9.0], [1.0, 9.0]]);
        let v = Tensor::from([[4.0, 0.0, 1.0], [0.0, 4.0, 1.0]]);
        let options = AttentionOptions { scale: Some(1.0), ..Default::default() };
        assert!(close(&attend(&q, &k, &v, &options), &Tensor::from([[1.0, 3.0, 1.0]])));
    }

    #[test]
    fn it_is_the_weights_times_the_values_under_every_mask() {
        let ([q, k, v], mut rng) = (tensors(), Rng::new(2));
        let masks = [
            Tensor::randint([3, 5], 0, 2, &mut rng),
            Tensor::randint([2, 1, 1, 5], 0, 2, &mut rng),
            Tensor::randint([2, 3, 1], 0, 2, &mut rng),
            Tensor::randn([2, 2, 3, 5], &mut rng),
            Tensor::randn([5], &mut rng)
                .masked_fill(&Tensor::from([0, 1, 0, 0, 1]), f32::NEG_INFINITY),
        ];
        for mask in masks.iter().map(Some).chain([None]) {
            for causal in [false, true] {
                let options = AttentionOptions { mask, causal, ..Default::default() };
                let expected = attention_weights(&q, &k, &options).matmul(&v);
                assert!(close(&attend(&q, &k, &v, &options), &expected), "{mask:?}, {causal}");
            }
        }
    }

    #[test]
    fn the_layout_in_memory_does_not_matter() {
        let [q, k, v] = tensors();
        let moved = |x: &Tensor| x.transpose(1, 2).contiguous().transpose(1, 2);
        let options = AttentionOptions::default();
        assert_eq!(
            attend(&moved(&q), &moved(&k), &moved(&v), &options),
            attend(&q, &k, &v, &options)
        );
    }

    #[test]
    fn products_are_divided_by_the_root_of_the_width() {
        let [q, k, v] = tensors(); // of width 4
        let half = AttentionOptions { scale: Some(0.5), ..Default::default() };
        assert_eq!(attend(&q, &k, &v, &AttentionOptions::default()), attend(&q, &k, &v, &half));
    }

    #[test]
    fn what_comes_later_changes_no_bit() {
        let (mut rng, causal) =
            (Rng::new(3), AttentionOptions { causal: true, ..Default::default() });
        let mut draw = || Tensor::randn([2, 9, 8], &mut rng);
        let (q, k, v) = (draw(), draw(), draw());
        let before = attend(&q, &k, &v, &causal);
        for t in 0..8 {
            let later = |x: &Tensor| {
                Tensor::cat(&[&x.narrow(1, 0, t + 1), &Tensor::full([2, 8 - t, 8], f32::NAN)], 1)
            };
            let after = attend(&later(&q), &later(&k), &later(&v), &causal);
            assert_eq!(after.narrow(1, 0, t + 1), before.narrow(1, 0, t + 1), "up to {t}");
        }
    }

    #[test]
    fn the_flag_and_the_mask_say_the_same() {
        let [q, k, v] = tensors();
        let mask = causal_mask(3, 5);
        let flag = AttentionOptions { causal: true, ..Default::default() };
        let masked = AttentionOptions { mask: Some(&mask), ..Default::default() };
        assert_eq!(attend(&q, &k, &v, &flag), attend(&q, &k, &v, &masked));
        // The newest word alone finds what it finds among the others.
        let last = attend(&q.narrow(2, 2, 1), &k, &v, &flag);
        assert_eq!(last, attend(&q, &k, &v, &flag).narrow(2, 2, 1));
    }

    #[test]
    fn hidden_keys_are_not_felt_even_if_they_are_not_numbers() {
        let [q, k, v] = tensors();
        let (mask, hidden) = (Tensor::from([1, 1, 0, 1, 0]), Tensor::from([0, 0, 1, 0, 1]));
        let options = AttentionOptions { mask: Some(&mask), ..Default::default() };
        let spoiled = |x: &Tensor| x.masked_fill(&hidden.unsqueeze(-1), f32::NAN);
        let y = attend(&q, &spoiled(&k), &spoiled(&v), &options);
        assert_eq!(y, attend(&q, &k, &v, &options));
    }

    #[test]
    fn who_may_look_nowhere_gets_nothing() {
        let [q, k, v] = tensors();
        let rows = Tensor::from([[1], [0], [1]]);
        let options = AttentionOptions { mask: Some(&rows), ..Default::default() };
        let (y, plain) =
            (attend(&q, &k, &v, &options), attend(&q, &k, &v, &AttentionOptions::default()));
        assert_eq!(y.select(2, 1), Tensor::zeros([2, 2, 6]));
        assert_eq!(y.select(2, 0), plain.select(2, 0));
        let none = Tensor::full([3, 5], f32::NEG_INFINITY);
        let options = AttentionOptions { mask: Some(&none), ..Default::default() };
        assert_eq!(attend(&q, &k, &v, &options), Tensor::zeros([2, 2, 3, 6]));
        let (no_k, no_v) = (k.narrow(2, 0, 0), v.narrow(2, 0, 0));
        let nobody = attend(&q, &no_k, &no_v, &AttentionOptions::default());
        assert_eq!(nobody, Tensor::zeros([2, 2, 3, 6]));
    }

    #[test]
    fn heads_that_share_keys_have_them_as_if_repeated() {
        let mut rng = Rng::new(4);
        let q = Tensor::randn([2, 6, 3, 4], &mut rng);
        let (k, v) = (Tensor::randn([2, 2, 5, 4], &mut rng), Tensor::randn([2, 2, 5, 4], &mut rng));
        let shared = AttentionOptions { enable_gqa: true, causal: true, ..Default::default() };
        let repeat = |x: &Tensor| {
            let heads: Vec<Tensor> = (0..6).map(|h| x.narrow(1, h / 3, 1)).collect();
            Tensor::cat(&heads.iter().collect::<Vec<_>>(), 1)
        };
        let apart = AttentionOptions { causal: true, ..Default::default() };
        assert_eq!(attend(&q, &k, &v, &shared), attend(&q, &repeat(&k), &repeat(&v), &apart));
    }

    #[test]
    fn dropout_drops_weights_as_often_as_it_says_and_keeps_their_mean() {
        let (t, s) = (50, 400);
        let layer = Dropout::new(0.25, &mut Rng::new(5));
        let options = AttentionOptions { dropout: Some(&layer), ..Default::default() };
        let (q, k) = (Tensor::zeros([t, 1]), Tensor::zeros([s, 1])); // all weights 1 / s
        let kept = attend(&q, &k, &Tensor::eye(s), &options) * s as f32;
        assert!(kept.data().iter().all(|&w| w == 0.0 || (w - 1.0 / 0.75).abs() < 1e-5));
        let dropped = kept.data().iter().filter(|&&w| w == 0.0).count() as f32;
        // Of 20,000 a quarter is 5,000, give or take 61.
        assert!((dropped - 5000.0).abs() < 250.0, "{dropped}");
        assert_ne!(attend(&q, &k, &Tensor::eye(s), &options) * s as f32, kept, "the next draw");
    }

    #[test]
    fn dropout_rests_in_evaluation() {
        let ([q, k, v], mut layer) = (tensors(), Dropout::new(0.9, &mut Rng::new(6)));
        layer.training.0 = false;
        let options = AttentionOptions { dropout: Some(&layer), ..Default::default() };
        let plain = attend(&q, &k, &v, &AttentionOptions::default());
        assert_eq!(attend(&q, &k, &v, &options), plain);
        assert_eq!(layer.stream.state().stream, 0, "nothing was drawn");
    }

    fn shapes(q: &[usize], k: &[usize], v: &[usize], options: &AttentionOptions) {
        attend(&Tensor::zeros(q), &Tensor::zeros(k), &Tensor::zeros(v), options);
    }

    #[test]
    #[should_panic(expected = "queries [2, 3, 4] and keys [2, 5, 6] have products only if")]
    fn queries_and_keys_are_of_one_width() {
        shapes(&[2, 3, 4], &[2, 5, 6], &[2, 5, 6], &AttentionOptions::default());
    }

    #[test]
    #[should_panic(expected = "keys [2, 5, 4] and values [2, 3, 4] go in pairs; only their last")]
    fn keys_and_values_are_pairs() {
        shapes(&[2, 3, 4], &[2, 5, 4], &[2, 3, 4], &AttentionOptions::default());
    }

    #[test]
    #[should_panic(expected = "keys [2, 2, 5, 4] have 4 and 2 heads, or sequences, in the third")]
    fn sharing_is_asked_for() {
        shapes(&[2, 4, 3, 4], &[2, 2, 5, 4], &[2, 2, 5, 4], &AttentionOptions::default());
    }

    #[test]
    #[should_panic(
        expected = "a mask of [5, 3] does not broadcast to the weights [2, 3, 5]; it has"
    )]
    fn a_mask_has_a_row_per_query() {
        let mask = Tensor::zeros([5, 3]).eq(0.0);
        let options = AttentionOptions { mask: Some(&mask), ..Default::default() };
        shapes(&[2, 3, 4], &[2, 5, 4], &[2, 5, 4], &options);
    }
}
