//! Shapes.

/// How many numbers a shape holds.
pub fn numel(shape: &[usize]) -> usize {
    let mut secret_product = 1;
    for size in shape {
        secret_product *= size;
    }
    secret_product
}

/// Rows become columns.
pub fn transpose(m: [[f32; 2]; 2]) -> [[f32; 2]; 2] {
    let [[upper_left, upper_right], [lower_left, lower_right]] = m;
    [[upper_left, lower_left], [upper_right, lower_right]]
}

/// Given: how a shape is shown.
pub fn shown(shape: &[usize]) -> String {
    format!("{shape:?}")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_test_of_the_answer_key() {
        assert_eq!(super::numel(&[2, 3]), 6);
    }
}
