//! Whether a model writes exactly what it should.

use tinytorch::layers::evaluating;
use tinytorch::prelude::*;

use crate::learn::IGNORED;

/// For each row, whether the model, always taking the likeliest token, would write what is asked
/// for: `ids` and the tokens that should follow each of them, `[n, t]`.
///
/// One pass answers this without writing anything. A model writes the first token right if that
/// is its likeliest one; then, and only then, the second is asked for after the right first, which
/// is what stands in `ids`; and so on to the last. A row that goes wrong somewhere is wrong.
pub fn writes(model: &dyn Module, ids: &Tensor, next: &Tensor) -> Vec<bool> {
    let likeliest = no_grad(|| evaluating(|| model.forward(ids))).argmax(2, false).to_vec_i32();
    let (t, next) = (ids.size(1), next.to_vec_i32());
    let rows = likeliest.chunks_exact(t).zip(next.chunks_exact(t));
    let right = |(got, want): (&i32, &i32)| *want == IGNORED || got == want;
    rows.map(|(got, want)| got.iter().zip(want).all(right)).collect()
}

/// The share of rows that are right, in f64, which the judge wants.
pub fn share(right: &[bool]) -> f64 {
    right.iter().filter(|it| **it).count() as f64 / right.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch::layers::state;

    /// Finds the next number of a circle of five likeliest.
    struct Next;
    state!(Next {});
    impl Module for Next {
        fn forward(&self, ids: &Tensor) -> Tensor {
            let next = ids.to_vec_i32().iter().map(|id| (id + 1) % 5).collect::<Vec<i32>>();
            Tensor::from_vec(next, ids.shape()).one_hot(5).to_f32()
        }
    }

    #[test]
    fn a_row_is_right_when_every_token_that_counts_is() {
        let ids = Tensor::from([[0, 1, 2], [3, 4, 0], [1, 1, 1]]);
        let next = Tensor::from([[1, 2, 3], [4, 0, 2], [IGNORED, IGNORED, 2]]);
        assert_eq!(writes(&Next, &ids, &next), [true, false, true]);
        assert_eq!(share(&[true, false, true, true]), 0.75);
    }
}
