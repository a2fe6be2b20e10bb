//! How the checks make numbers and layers, read them, and compute attention without the code under
//! test.

use check::Numbers;
use tinytorch_attention::{AttentionOptions, MultiHeadAttention};
use tinytorch_layers::{Dropout, Linear};
use tinytorch_tensor::{Rng, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// Random numbers about 1, reproducible.
pub fn drawn<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randn(sizes, &mut Rng::new(seed))
}

/// The default, and a mask.
pub fn masked(mask: &Tensor) -> AttentionOptions<'_> {
    AttentionOptions { mask: Some(mask), ..Default::default() }
}

/// The default, without a look at the future.
pub const CAUSAL: AttentionOptions =
    AttentionOptions { mask: None, causal: true, dropout: None, scale: None, enable_gqa: false };

/// Attention in double precision, number by number: `[t, d]`, `[s, d]`, `[s, e]`, and who may look
/// where.
pub fn by_hand(q: &Tensor, k: &Tensor, v: &Tensor, sees: impl Fn(usize, usize) -> bool) -> Numbers {
    let (t, d, s, e) = (q.size(0), q.size(1), k.size(0), v.size(1));
    let mut out = Vec::new();
    for i in 0..t {
        let score = |j| {
            let products = (0..d).map(|c| f64::from(q.at([i, c])) * f64::from(k.at([j, c])));
            if sees(i, j) { (products.sum::<f64>() / (d as f64).sqrt()).exp() } else { 0.0 }
        };
        let weights: Vec<f64> = (0..s).map(score).collect();
        let total: f64 = weights.iter().sum();
        let share = |w: f64| if total == 0.0 { 0.0 } else { w / total };
        for c in 0..e {
            let terms = weights.iter().enumerate();
            let sum: f64 = terms.map(|(j, &w)| share(w) * f64::from(v.at([j, c]))).sum();
            out.push(sum as f32);
        }
    }
    Numbers::new(vec![t, e], out)
}

/// A layer of two heads of width 2 whose projections change nothing: queries, keys and values are
/// the words themselves.
pub fn plain_heads() -> MultiHeadAttention {
    let eye = Tensor::eye(4);
    MultiHeadAttention {
        qkv: Linear { weight: Tensor::cat(&[&eye, &eye, &eye], 0).with_grad(), bias: None },
        out: Linear { weight: eye.with_grad(), bias: None },
        dropout: Dropout::new(0.0, &mut Rng::new(0)),
        heads: 2,
        kv_heads: 2,
        causal: false,
        rotary: None,
    }
}

/// The lesson's two words, 1 2 3 4 and 5 6 7 8.
pub fn two_words() -> Tensor {
    Tensor::from([[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]])
}
