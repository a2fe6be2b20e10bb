//! The filters of a network: what they are, and how far they moved.

use tinytorch::prelude::*;

/// The weights of a convolution, at one moment.
#[derive(Clone)]
pub struct Filters {
    /// Their path in the model: `conv1.weight`.
    pub path: String,
    /// `[o, c, kh, kw]`, a copy that training does not change.
    pub weights: Tensor,
}

/// The filters of all convolutions of a network, from the picture on: its tensors with four axes,
/// whether or not they learn.
pub fn filters(network: &dyn Module) -> Vec<Filters> {
    let learning = network.named_parameters().into_iter();
    let learning = learning.map(|(path, weights)| (path, weights.clone()));
    let all = learning.chain(network.named_buffers());
    let four = all.filter(|(_, weights)| weights.ndim() == 4);
    let copied = |weights: Tensor| Tensor::from_vec(weights.to_vec(), weights.shape());
    four.map(|(path, weights)| Filters { path, weights: copied(weights) }).collect()
}

/// How far the filters of each convolution moved, as a share of their size:
/// `|after - before| / |before|`, with the root of the sum of squares for a size.
pub fn moved(before: &[Filters], after: &[Filters]) -> Vec<f32> {
    let size = |t: &Tensor| (t * t).sum().sqrt().item();
    let pairs = before.iter().zip(after);
    pairs.map(|(a, b)| size(&(&b.weights - &a.weights)) / size(&a.weights)).collect()
}

/// The least that the filters of a convolution moved; 0 where there is no convolution.
pub fn least_moved([before, after]: &[Vec<Filters>; 2]) -> f32 {
    moved(before, after).into_iter().reduce(f32::min).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::DigitNet;

    #[test]
    fn filters_are_found_in_order_and_stay_as_they_were() {
        let mut network = DigitNet::new(&mut Rng::new(0));
        let before = filters(&network);
        let paths: Vec<&str> = before.iter().map(|it| it.path.as_str()).collect();
        assert_eq!(paths, ["conv1.weight", "conv2.weight"]);
        assert_eq!(moved(&before, &filters(&network)), [0.0, 0.0]);
        network.visit_mut(&mut Path::default(), &mut |path, slot| {
            if let SlotMut::Tensor(weights) = slot
                && path.to_string() == "conv2.weight"
            {
                weights.data_mut().iter_mut().for_each(|weight| *weight *= -0.5);
            }
        });
        assert_eq!(moved(&before, &filters(&network)), [0.0, 1.5]);
    }
}
