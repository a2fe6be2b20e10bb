//! Who comes before whom.

use tinytorch_tensor::Tensor;

/// How many keys query `i` may look at: those up to its own place.
///
/// The queries are the last `queries` of the `keys` places, so that a model which remembers the
/// keys of earlier words can ask for the newest word alone. Where there are as many queries as
/// keys, as in training, query `i` sees keys `0..=i`. For other counts PyTorch's `is_causal` lines
/// up the first query with the first key; this is its `causal_lower_right`, and FlashAttention's
/// rule. A query before the first key sees nothing.
#[inline]
pub(crate) fn seen(i: usize, queries: usize, keys: usize) -> usize {
    (keys + i + 1).saturating_sub(queries).min(keys)
}

/// 1 where a query may look at a key that is not later than itself, else 0: `[queries, keys]`.
///
/// The last query is at the place of the last key. With `causal: true` in the options no mask is
/// needed; this one is for drawing it and for joining it with others, by `*`.
///
/// ```
/// use tinytorch_attention::causal_mask;
/// use tinytorch_tensor::Tensor;
///
/// assert_eq!(causal_mask(3, 3), Tensor::from([[1, 0, 0], [1, 1, 0], [1, 1, 1]]));
/// assert_eq!(causal_mask(1, 3), Tensor::from([[1, 1, 1]])); // the newest word, alone
/// ```
pub fn causal_mask(queries: usize, keys: usize) -> Tensor {
    let mut out = vec![0; queries * keys];
    for i in 0..queries {
        out[i * keys..][..seen(i, queries, keys)].fill(1);
    }
    Tensor::from_vec(out, [queries, keys])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_sees_itself_and_those_before() {
        let mask = causal_mask(5, 5);
        for i in 0..5 {
            for j in 0..5 {
                assert_eq!(mask.at_i32([i, j]) == 1, j <= i, "query {i}, key {j}");
            }
        }
    }

    #[test]
    fn the_last_query_is_at_the_last_key() {
        assert_eq!(causal_mask(2, 4), Tensor::from([[1, 1, 1, 0], [1, 1, 1, 1]]));
        assert_eq!(causal_mask(3, 1), Tensor::from([[0], [0], [1]]));
        assert_eq!(causal_mask(2, 0).shape(), [2, 0]);
    }
}
