//! Looking at what a model looks at, from outside.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use tinytorch::prelude::*;
use tinytorch::tensor::{Interpreter, Op, pass_on, with};

/// Stands at the door while a model runs, and keeps the weights of every attention.
#[derive(Default)]
struct Onlooker {
    seen: RefCell<Vec<Tensor>>,
}

impl Interpreter for Onlooker {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        if op.name() == "scaled_dot_product_attention" {
            self.seen.borrow_mut().push(weights(x[0], x[1]));
        }
        pass_on(op, x)
    }
}

/// `softmax(q kᵀ / sqrt(d))` with every token blind to those behind it: queries and keys
/// `[n, heads, t, d] -> [n, heads, t, t]`.
fn weights(q: &Tensor, k: &Tensor) -> Tensor {
    let (t, d) = (q.size(2), q.size(3));
    let scores = q.matmul(&k.transpose(2, 3)) / (d as f32).sqrt();
    let behind: Vec<i32> = (0..t * t).map(|i| i32::from(i % t > i / t)).collect();
    let scores = scores.masked_fill(&Tensor::from_vec(behind, [t, t]), f32::NEG_INFINITY);
    scores.softmax(3)
}

/// What each layer of `model` looks at when it reads `ids` `[n, t]`: weights `[n, heads, t, t]`,
/// a row for each token that looks, a column for each that is looked at.
pub fn looks(model: &dyn Module, ids: &Tensor) -> Vec<Tensor> {
    let onlooker = Rc::new(Onlooker::default());
    with(onlooker.clone(), || no_grad(|| model.forward(ids)));
    onlooker.seen.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_probabilities_of_what_came_before() {
        let mut rng = Rng::new(0);
        let (q, k) = (Tensor::randn([1, 2, 4, 3], &mut rng), Tensor::randn([1, 2, 4, 3], &mut rng));
        let weights = weights(&q, &k);
        assert_eq!(weights.at([0, 1, 0, 0]), 1.0);
        for (row, sum) in weights.sum_over([3], false).to_vec().into_iter().enumerate() {
            assert!((sum - 1.0).abs() < 1e-6, "row {row}: {sum}");
        }
        assert_eq!(weights.at([0, 0, 1, 2]), 0.0);
    }
}
