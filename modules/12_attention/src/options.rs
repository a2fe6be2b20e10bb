//! What can be asked of attention, and whether the shapes fit.

use tinytorch_layers::Dropout;
use tinytorch_tensor::{Shape, Tensor};

/// Who may look where, and how weights are made of products. The default: everybody everywhere.
#[derive(Clone, Copy, Debug, Default)]
pub struct AttentionOptions<'a> {
    /// Broadcasts to the weights `[…, t, s]`. Integers: 1 where a query may look at a key, 0 where
    /// not. Floats: added to the products, -inf where a query may not look.
    ///
    /// A query that may look nowhere gets 0, and no gradient: the average of nothing.
    pub mask: Option<&'a Tensor>,
    /// Whether a query sees only keys that are not later than itself, the last query being at the
    /// place of the last key. Holds together with `mask`.
    pub causal: bool,
    /// Drops weights as this layer would, when it is in training.
    pub dropout: Option<&'a Dropout>,
    /// What products are multiplied by: `1 / √d` if not given.
    pub scale: Option<f32>,
    /// Whether several heads of queries may share a head of keys and values: `[…, h, t, d]` with
    /// `[…, h / n, s, d]`. Neighbors share.
    pub enable_gqa: bool,
}

impl AttentionOptions<'_> {
    /// What products of `q` are multiplied by.
    pub(crate) fn scale_for(&self, q: &Tensor) -> f32 {
        self.scale.unwrap_or_else(|| 1.0 / (q.size(-1) as f32).sqrt())
    }

    /// # Panics
    /// When queries, keys and mask do not fit together.
    #[track_caller]
    pub(crate) fn check(&self, op: &str, q: &Tensor, k: &Tensor) {
        check_ranks(op, "queries", q);
        check_ranks(op, "keys", k);
        let (of, to) = (q.shape(), k.shape());
        assert!(
            q.size(-1) == k.size(-1),
            "{op}: queries {of} and keys {to} have products only if they are of one width; \
             project both to the same"
        );
        self.check_heads(op, of, to);
        let weights = weights_shape(of, to);
        if let Some(mask) = self.mask {
            let shape = mask.shape();
            assert!(
                shape.broadcast(&weights) == Some(weights),
                "{op}: a mask of {shape} does not broadcast to the weights {weights}; it has a row \
                 per query and a column per key, and a size of 1 for what is the same for all"
            );
        }
    }

    #[track_caller]
    fn check_heads(&self, op: &str, of: Shape, to: Shape) {
        let (batch, heads) = split_heads(of);
        let (key_batch, key_heads) = split_heads(to);
        assert!(
            batch == key_batch && of.ndim() == to.ndim(),
            "{op}: queries {of} and keys {to} are of different batches; `expand` one of them"
        );
        assert!(
            heads == key_heads || self.enable_gqa,
            "{op}: queries {of} and keys {to} have {heads} and {key_heads} heads, or sequences, in \
             the third axis from the end; make them equal, or share keys among heads with \
             `enable_gqa`"
        );
        assert!(
            heads == key_heads || heads * key_heads > 0 && heads.is_multiple_of(key_heads),
            "{op}: {heads} heads of queries can't share {key_heads} of keys evenly; choose a \
             divisor of {heads}"
        );
    }
}

#[track_caller]
fn check_ranks(op: &str, what: &str, x: &Tensor) {
    let shape = x.shape();
    assert!(shape.ndim() >= 2, "{op}: {what} {shape} are not [.., t, d]; use `unsqueeze(0)`");
    assert!(x.kind() != "i32", "{op}: {what} are floats, not integers; use `to_f32()`");
}

/// # Panics
/// When the values are not one per key.
#[track_caller]
pub(crate) fn check_values(op: &str, k: &Tensor, v: &Tensor) {
    check_ranks(op, "values", v);
    let (keys, values) = (k.shape(), v.shape());
    let places = |shape: Shape| shape.iter().take(shape.ndim() - 1).collect::<Vec<_>>();
    assert!(
        places(keys) == places(values),
        "{op}: keys {keys} and values {values} go in pairs; only their last axes may differ"
    );
}

/// The axes before the heads, and how many heads there are: 1, where no axis is theirs.
fn split_heads(shape: Shape) -> (Vec<usize>, usize) {
    let mut leading: Vec<usize> = shape.iter().take(shape.ndim() - 2).collect();
    let heads = leading.pop().unwrap_or(1);
    (leading, heads)
}

/// `[…, t, d]` with `[…, s, d]` gives weights `[…, t, s]`.
pub(crate) fn weights_shape(q: Shape, k: Shape) -> Shape {
    let mut sizes = q.to_vec();
    *sizes.last_mut().expect("an axis of features") = k.size(k.ndim() - 2);
    sizes.into()
}

/// How many heads of queries share a head of keys.
pub(crate) fn sharing(q: Shape, k: Shape) -> usize {
    let (_, heads) = split_heads(q);
    let (_, key_heads) = split_heads(k);
    (heads / key_heads.max(1)).max(1)
}
