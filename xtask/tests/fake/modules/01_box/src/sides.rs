//! The sides of a box.

/// How long a box is in each direction.
pub struct Sides(Vec<usize>);

impl Sides {
    /// A box of these lengths.
    pub fn new(lengths: &[usize]) -> Self {
        Self(lengths.to_vec())
    }

    /// How many numbers it holds.
    pub fn numel(&self) -> usize {
        self.0.iter().product()
    }

    /// How far apart neighbors are, in each direction: the last one is the fast one.
    pub fn strides(&self) -> Vec<usize> {
        let (mut strides, mut step) = (vec![0; self.0.len()], 1);
        for (i, length) in self.0.iter().enumerate().rev() {
            strides[i] = step;
            step *= length;
        }
        strides
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_is_counted() {
        assert_eq!(Sides::new(&[2, 3]).numel(), 6);
    }
}
