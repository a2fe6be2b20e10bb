//! How the checks make numbers and read them.

use check::Numbers;
use tinytorch_embeddings::Embedding;
use tinytorch_tensor::{Rng, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// The lesson's table: row `i` is `[10 i, 10 i + 1]`, four rows.
pub fn table() -> Embedding {
    let weight = Tensor::from([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0], [30.0, 31.0]]);
    Embedding { weight: weight.with_grad(), padding_idx: None }
}

/// Random numbers about 1, reproducible.
pub fn drawn<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randn(sizes, &mut Rng::new(seed))
}
