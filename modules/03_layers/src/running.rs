//! Buffers that a model rewrites while it computes.

use std::sync::{Mutex, PoisonError};
use tinytorch_tensor::Tensor;

/// A buffer that `forward`, which has `&self`, may rewrite: the running mean of a batch norm.
///
/// A buffer that stays as it is, such as a table of positions, is a plain [`Tensor`].
#[derive(Debug)]
pub struct Running(Mutex<Tensor>);

impl Running {
    /// A buffer that starts with these numbers. They get no gradient.
    pub fn new(start: Tensor) -> Self {
        Self(Mutex::new(start.detach()))
    }

    /// The numbers as they are now.
    pub fn get(&self) -> Tensor {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Rewrites the numbers; other threads wait.
    pub fn rewrite(&self, f: impl FnOnce(&mut Tensor)) {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// A buffer of its own that starts with the same numbers.
impl Clone for Running {
    fn clone(&self) -> Self {
        Self::new(self.get())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_does_not_change() {
        let mean = Running::new(Tensor::from([1.0, 2.0]).with_grad());
        let (before, copy) = (mean.get(), mean.clone());
        mean.rewrite(|t| t.data_mut()[0] = 9.0);
        assert_eq!(mean.get(), Tensor::from([9.0, 2.0]));
        assert_eq!((before, copy.get()), (Tensor::from([1.0, 2.0]), Tensor::from([1.0, 2.0])));
        assert!(!mean.get().requires_grad());
    }
}
