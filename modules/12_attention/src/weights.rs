//! The weights themselves, for looking at: attention in four lines.

use crate::causal::causal_mask;
use crate::options::{AttentionOptions, sharing};
use tinytorch_activations::Activations;
use tinytorch_tensor::{Shape, Tensor};

/// How much each query looks at each key: `softmax(q kᵀ / √d)`, `[…, t, d]` with `[…, s, d]` gives
/// `[…, t, s]`.
///
/// Each row sums to 1, or is all 0 if its query may look nowhere. Before dropout, which is no
/// opinion of the model. For drawing, and as the definition that
/// [`scaled_dot_product_attention`](crate::scaled_dot_product_attention) is compared with.
///
/// # Panics
/// When the shapes are not these, or the mask does not broadcast to the result.
#[track_caller]
pub fn attention_weights(q: &Tensor, k: &Tensor, options: &AttentionOptions) -> Tensor {
    options.check("attention_weights", q, k);
    let k = for_query_heads(k, sharing(q.shape(), k.shape()));
    weights(q, &k, options.scale_for(q), options.causal, options.mask)
}

/// The same, of as many heads of keys as of queries.
pub(crate) fn weights(
    q: &Tensor,
    k: &Tensor,
    scale: f32,
    causal: bool,
    mask: Option<&Tensor>,
) -> Tensor {
    let scores = q.matmul(&k.transpose(-1, -2)) * scale;
    match (causal, mask) {
        (false, None) => scores.softmax(-1),
        _ => among_visible(&scores, causal, mask),
    }
}

/// The softmax of the scores of those keys that a query may look at; 0 for the others.
fn among_visible(scores: &Tensor, causal: bool, mask: Option<&Tensor>) -> Tensor {
    let (mut scores, mut hidden) = (scores.clone(), Tensor::from(0));
    if causal {
        hidden = causal_mask(scores.size(-2), scores.size(-1)).eq(0);
    }
    if let Some(mask) = mask.filter(|mask| mask.kind() == "i32") {
        hidden = hidden.maximum(mask.eq(0));
    } else if let Some(mask) = mask {
        let never = mask.eq(f32::NEG_INFINITY);
        scores = scores + mask.masked_fill(&never, 0.0);
        hidden = hidden.maximum(never);
    }
    // Not -inf before the softmax: a row of nothing else would be NaN on the way.
    scores.masked_fill(&hidden, f32::MIN).softmax(-1).masked_fill(&hidden, 0.0)
}

/// Keys or values for each head of queries, of which `shared` share one.
pub(crate) fn for_query_heads(x: &Tensor, shared: usize) -> Tensor {
    if shared == 1 { x.clone() } else { repeated(x, shared) }
}

/// Each head `shared` times, next to each other: `[…, h, s, d] -> […, h shared, s, d]`.
fn repeated(x: &Tensor, shared: usize) -> Tensor {
    let (apart, together) = shapes(x, x.size(-3), shared);
    x.unsqueeze(-3).expand(apart).reshape(together)
}

/// The sum of what the copies of each head get: `[…, h shared, s, d] -> […, h, s, d]`.
pub(crate) fn summed(x: &Tensor, shared: usize) -> Tensor {
    if shared == 1 {
        return x.clone();
    }
    let (apart, _) = shapes(x, x.size(-3) / shared, shared);
    x.reshape(apart).sum_over(-3, false)
}

/// `[…, h, shared, s, d]` and `[…, h shared, s, d]`.
fn shapes(x: &Tensor, heads: usize, shared: usize) -> (Shape, Shape) {
    let sizes = x.shape().to_vec();
    let (leading, last) = (&sizes[..sizes.len() - 3], &sizes[sizes.len() - 2..]);
    let apart = [leading, &[heads, shared], last].concat();
    let together = [leading, &[heads * shared], last].concat();
    (apart.into(), together.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_tensor::Rng;

    fn draw(shape: [usize; 3]) -> Tensor {
        Tensor::randn(shape, &mut Rng::new(7))
    }

    #[test]
    fn weights_by_hand() {
        let (q, k) = (Tensor::from([[2.0 * 3.0_f32.ln(), 0.0, 0.0, 0.0]]), Tensor::eye(4));
        let weights = attention_weights(&q, &k, &AttentionOptions::default()); // root of 4 is 2
        let expected = Tensor::from([[3.0, 1.0, 1.0, 1.0]]) / 6.0;
        assert!((weights - expected).abs().max().item() < 1e-6);
    }

    #[test]
    fn each_query_has_one_to_give_among_those_it_may_see() {
        let (q, k) = (draw([2, 5, 4]), draw([2, 5, 4]));
        let causal = AttentionOptions { causal: true, ..Default::default() };
        let weights = attention_weights(&q, &k, &causal);
        assert!((weights.sum_over(-1, false) - 1.0).abs().max().item() < 1e-6);
        assert_eq!(weights.masked_fill(&causal_mask(5, 5), 0.0), Tensor::zeros([2, 5, 5]));
        // Those seen are not alike: a mask that only hides leaves the rest to the products.
        assert!(weights.select(1, 4).std().item() > 0.01);
    }

    #[test]
    fn a_row_of_nothing_is_0_with_a_gradient_of_0() {
        let (q, k) = (draw([1, 2, 4]).with_grad(), draw([1, 3, 4]));
        let mask = Tensor::from([[0], [1]]);
        let options = AttentionOptions { mask: Some(&mask), ..Default::default() };
        let weights = attention_weights(&q, &k, &options);
        assert_eq!(weights.select(1, 0), Tensor::zeros([1, 3]));
        let grads = (&weights * &weights).sum().backward();
        assert_eq!(grads.of(&q).select(1, 0), Tensor::zeros([1, 4]));
        assert!(grads.of(&q).select(1, 1).abs().max().item() > 0.0);
    }

    #[test]
    fn repeating_is_undone_by_summing() {
        let x = draw([2, 3, 4]);
        let many = repeated(&x, 3);
        assert_eq!(many.shape(), [6, 3, 4]);
        assert_eq!(many.select(0, 2), x.select(0, 0), "neighbors share");
        assert!((summed(&many, 3) - x * 3.0).abs().max().item() < 1e-6);
    }
}
