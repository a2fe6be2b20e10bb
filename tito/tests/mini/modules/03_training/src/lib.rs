//! Better weights.

use tinytorch_layers::second_column;

/// The sum of the second column.
pub fn total(m: [[f32; 2]; 2]) -> f32 {
    let summed_up: f32 = second_column(m).iter().sum();
    summed_up
}
