//! Data whose every number says where it comes from.

use check::Numbers;
use tinytorch_dataloader::{DataLoader, DataLoaderOptions, Dataset, Epoch};
use tinytorch_tensor::{Rng, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// The floats 1, 2, 3, … row by row.
pub fn counted<const N: usize>(sizes: [usize; N]) -> Tensor {
    let count: usize = sizes.iter().product();
    Tensor::from_vec((1..=count).map(|i| i as f32).collect(), sizes)
}

/// Sample `i` is the input `[i]` with the target `i`. A data set of its own, so that checks of the
/// loader need nothing of `TensorDataset`.
pub struct Numbered(pub usize);

impl Dataset for Numbered {
    fn len(&self) -> usize {
        self.0
    }

    fn get(&self, index: usize, _: &mut Rng) -> (Tensor, Tensor) {
        assert!(index < self.0, "numbered: no sample {index} among {}", self.0);
        (Tensor::from([index as f32]), Tensor::from(index as i32))
    }

    fn batch(&self, indices: &[usize], _: &mut [Rng]) -> (Tensor, Tensor) {
        let inputs: Vec<f32> = indices.iter().map(|&index| index as f32).collect();
        let targets: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let n = indices.len();
        (Tensor::from_vec(inputs, [n, 1]), Tensor::from_vec(targets, [n]))
    }
}

pub fn loader(dataset: impl Dataset + 'static, options: DataLoaderOptions) -> DataLoader {
    DataLoader::new(dataset, options)
}

/// The targets of each batch.
pub fn targets(epoch: Epoch) -> Vec<Vec<i32>> {
    epoch.map(|(_, targets)| targets.to_vec_i32()).collect()
}
