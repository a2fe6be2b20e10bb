//! Layers without numbers of their own that change the shape, or nothing.

use crate::module::Module;
use crate::state;
use tinytorch_tensor::Tensor;

/// Merges all axes behind the batch: `[n, …] -> [n, product]`. A view.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flatten;
state!(Flatten {});

impl Module for Flatten {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.flatten(1)
    }
}

/// Gives back what it gets: the layer to put where one is not wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity;
state!(Identity {});

impl Module for Identity {
    fn forward(&self, x: &Tensor) -> Tensor {
        x.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;

    #[test]
    fn flatten_keeps_the_batch() {
        let x = Tensor::arange(0.0, 24.0, 1.0).reshape([2, 3, 4]);
        let y = Flatten.forward(&x);
        assert_eq!(y, x.reshape([2, 12]));
        assert!(y.shares_storage(&x));
        assert_eq!(Flatten.forward(&Tensor::zeros([0, 3, 4])).shape(), [0, 12]);
    }

    #[test]
    fn identity_does_nothing_and_keeps_nothing() {
        let x = Tensor::from([1.0, 2.0]);
        assert_eq!(Identity.forward(&x).id(), x.id());
        assert!(Identity.state_dict().is_empty() && Flatten.state_dict().is_empty());
    }
}
