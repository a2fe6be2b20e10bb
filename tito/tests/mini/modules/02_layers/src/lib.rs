//! A row of weights.

use tinytorch_tensor::transpose;

/// Weights times numbers, added up.
pub fn weighted(weights: [f32; 2], x: [f32; 2]) -> f32 {
    let [first_weight, second_weight] = weights;
    first_weight * x[0] + second_weight * x[1]
}

/// The second column of a matrix.
pub fn second_column(m: [[f32; 2]; 2]) -> [f32; 2] {
    let turned_over = transpose(m);
    turned_over[1]
}
