//! Layers one after the other.

use crate::module::Module;
use crate::path::Path;
use crate::state::{Slot, SlotMut, State};
use tinytorch_tensor::Tensor;

/// Layers one after the other, each taking what the one before gives.
///
/// ```
/// use tinytorch_layers::{Linear, Model, Module, ReLU, sequential};
/// use tinytorch_tensor::{Rng, Tensor};
///
/// let mut rng = Rng::new(0);
/// let model = sequential![Linear::new(2, 8, &mut rng), ReLU, Linear::new(8, 1, &mut rng)];
/// assert_eq!(model.forward(&Tensor::zeros([5, 2])).shape(), [5, 1]);
/// assert_eq!(model.named_parameters()[2].0, "2.weight");
/// ```
#[derive(Default)]
pub struct Sequential {
    /// The layers, first one first. Their paths are their indices.
    pub layers: Vec<Box<dyn Module>>,
}

impl Sequential {
    /// These layers, one after the other; none of them is the identity.
    pub fn new(layers: Vec<Box<dyn Module>>) -> Self {
        Self { layers }
    }

    /// Puts one more layer at the end.
    pub fn push(&mut self, layer: impl Module + 'static) {
        self.layers.push(Box::new(layer));
    }
}

/// A [`Sequential`] of these layers, of any types.
#[macro_export]
macro_rules! sequential {
    ($($layer:expr),* $(,)?) => {
        $crate::Sequential::new(::std::vec![
            $(::std::boxed::Box::new($layer) as ::std::boxed::Box<dyn $crate::Module>),*
        ])
    };
}

impl State for Sequential {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        self.layers.visit(path, see);
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        self.layers.visit_mut(path, see);
    }
}

impl Module for Sequential {
    fn forward(&self, x: &Tensor) -> Tensor {
        let mut x = x.clone();
        for layer in &self.layers {
            x = layer.forward(&x); // in no closure, so that a panic names the caller's line
        }
        x
    }

    fn children(&self) -> &[Box<dyn Module>] {
        &self.layers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Flatten, Identity, Linear, Model, ReLU};
    use tinytorch_activations::Activations;
    use tinytorch_tensor::Rng;

    #[test]
    fn layers_run_in_their_order() {
        let mut rng = Rng::new(0);
        let (first, second) = (Linear::new(12, 4, &mut rng), Linear::new(4, 2, &mut rng));
        let model = sequential![Flatten, first.clone(), ReLU, second.clone()];
        let x = Tensor::randn([5, 3, 4], &mut rng);
        let expected = second.forward(&first.forward(&x.flatten(1)).relu());
        assert_eq!(model.forward(&x), expected);
    }

    #[test]
    fn nested_layers_have_nested_paths() {
        let mut rng = Rng::new(0);
        let mut model = sequential![Identity, sequential![Linear::new(1, 1, &mut rng)]];
        model.push(Linear::without_bias(1, 1, &mut rng));
        let names: Vec<String> = model.named_parameters().into_iter().map(|p| p.0).collect();
        assert_eq!(names, ["1.0.weight", "1.0.bias", "2.weight"]);
    }

    #[test]
    fn no_layers_change_nothing() {
        let x = Tensor::from([1.0, 2.0]);
        assert_eq!(sequential![].forward(&x), x);
        assert_eq!(Sequential::default().parameter_count(), 0);
    }
}
