//! What a layer is.

use crate::state::State;
use std::any::type_name;
use tinytorch_tensor::Tensor;

/// A layer or a model: a function of a tensor, with [`State`].
pub trait Module: State + Send + Sync {
    /// The output for `x`.
    #[track_caller]
    fn forward(&self, x: &Tensor) -> Tensor;

    /// What kind of layer this is: the name of its type.
    fn name(&self) -> &'static str {
        let full = type_name::<Self>();
        let plain = full.split('<').next().unwrap_or(full);
        plain.rsplit("::").next().unwrap_or(plain)
    }

    /// The layers that `forward` runs one after the other, when that is all it does, so that a
    /// [`summary`](crate::summary()) can follow it.
    fn children(&self) -> &[Box<dyn Module>] {
        &[]
    }
}

impl<M: Module + ?Sized> Module for Box<M> {
    fn forward(&self, x: &Tensor) -> Tensor {
        (**self).forward(x)
    }

    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn children(&self) -> &[Box<dyn Module>] {
        (**self).children()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, Path, Slot, SlotMut};

    struct Twice<M>(M);

    impl<M: State> State for Twice<M> {
        fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
            self.0.visit(path, see);
        }

        fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
            self.0.visit_mut(path, see);
        }
    }

    impl<M: Module> Module for Twice<M> {
        fn forward(&self, x: &Tensor) -> Tensor {
            self.0.forward(&self.0.forward(x))
        }
    }

    #[test]
    fn a_layer_is_called_like_its_type() {
        assert_eq!(Identity.name(), "Identity");
        assert_eq!(Twice(Identity).name(), "Twice");
        let boxed: Box<dyn Module> = Box::new(Twice(Identity));
        assert_eq!(boxed.name(), "Twice");
        assert_eq!(boxed.forward(&Tensor::from(3.0)).item(), 3.0);
    }
}
