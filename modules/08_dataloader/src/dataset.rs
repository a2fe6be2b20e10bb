//! What can be loaded: samples by index.

use crate::transforms::Transform;
use std::sync::Arc;
use tinytorch_tensor::{Rng, Tensor};

/// A number of samples, each an input and a target.
///
/// Every input has one shape and every target has one, so that samples can be stacked. Reading
/// changes nothing: `get` with an equal `rng` gives an equal sample, on any thread.
pub trait Dataset: Send + Sync {
    /// The number of samples.
    fn len(&self) -> usize;

    /// True when there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Sample `index`: `(input, target)`. `rng` belongs to this sample in this epoch alone; data
    /// sets without augmentation leave it untouched.
    ///
    /// # Panics
    /// When `index` is not below `len()`.
    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor);

    /// The samples at `indices`, stacked along a new first axis; `rngs` holds a stream for each.
    ///
    /// The samples of [`Dataset::get`], one after the other. A data set that can gather many
    /// samples at once does better, with the same result.
    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        let samples = indices.iter().zip(rngs).map(|(&index, rng)| self.get(index, rng));
        let (inputs, targets): (Vec<Tensor>, Vec<Tensor>) = samples.unzip();
        (stack(&inputs), stack(&targets))
    }

    /// This data set with every input sent through `transform`.
    fn map(self, transform: impl Transform + 'static) -> Transformed
    where
        Self: Sized + 'static,
    {
        Transformed { dataset: Arc::new(self), transform: Arc::new(transform) }
    }
}

fn stack(tensors: &[Tensor]) -> Tensor {
    Tensor::stack(&tensors.iter().collect::<Vec<_>>(), 0)
}

/// A data set that several owners read.
impl<D: Dataset + ?Sized> Dataset for Arc<D> {
    fn len(&self) -> usize {
        (**self).len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        (**self).get(index, rng)
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        (**self).batch(indices, rngs)
    }
}

/// Samples held in memory as two tensors, cut along their first axis.
///
/// ```
/// use tinytorch_dataloader::{Dataset, TensorDataset};
/// use tinytorch_tensor::{Rng, Tensor};
///
/// let xor = TensorDataset::new(
///     Tensor::from_vec(vec![0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0], [4, 2]),
///     Tensor::from_vec(vec![0, 1, 1, 0], [4]),
/// );
/// let (input, target) = xor.get(2, &mut Rng::new(0));
/// assert_eq!((input.to_vec(), target.item_i32()), (vec![1.0, 0.0], 1));
/// ```
#[derive(Clone, Debug)]
pub struct TensorDataset {
    inputs: Tensor,
    targets: Tensor,
}

impl TensorDataset {
    /// Sample `i` is `inputs[i]` with `targets[i]`. Shapes: `[n, ..]` and `[n, ..]`.
    ///
    /// # Panics
    /// When a tensor has no axis, or their first axes differ.
    #[track_caller]
    pub fn new(inputs: Tensor, targets: Tensor) -> Self {
        let samples = |t: &Tensor| t.shape().iter().next();
        assert!(
            samples(&inputs).is_some() && samples(&inputs) == samples(&targets),
            "tensor_dataset: inputs {} and targets {} differ in their first axis, the samples; \
             give one target per input",
            inputs.shape(),
            targets.shape(),
        );
        Self { inputs, targets }
    }

    /// All inputs, `[n, ..]`.
    pub fn inputs(&self) -> &Tensor {
        &self.inputs
    }

    /// All targets, `[n, ..]`.
    pub fn targets(&self) -> &Tensor {
        &self.targets
    }
}

impl Dataset for TensorDataset {
    fn len(&self) -> usize {
        self.inputs.shape().size(0)
    }

    fn get(&self, index: usize, _: &mut Rng) -> (Tensor, Tensor) {
        assert_in_range("tensor_dataset", index, self.len());
        (self.inputs.select(0, index), self.targets.select(0, index))
    }

    /// One gather per tensor instead of `n` views and a stack.
    fn batch(&self, indices: &[usize], _: &mut [Rng]) -> (Tensor, Tensor) {
        for &index in indices {
            assert_in_range("tensor_dataset", index, self.len());
        }
        let rows: Vec<i32> = indices.iter().map(|&index| index as i32).collect();
        let rows = Tensor::from_vec(rows, [indices.len()]);
        (self.inputs.index_select(0, &rows), self.targets.index_select(0, &rows))
    }
}

/// Panics when there is no sample `index`.
fn assert_in_range(dataset: &str, index: usize, len: usize) {
    assert!(
        index < len,
        "{dataset}: no sample {index} among {len}; indices go from 0 to the length less one"
    );
}

/// A data set whose inputs pass through a [`Transform`]; made by [`Dataset::map`].
#[derive(Clone)]
pub struct Transformed {
    dataset: Arc<dyn Dataset>,
    transform: Arc<dyn Transform>,
}

impl Dataset for Transformed {
    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        let (input, target) = self.dataset.get(index, rng);
        (self.transform.apply(&input, rng), target)
    }
}

/// Some samples of a data set, in an order of their own.
#[derive(Clone)]
pub struct Subset {
    dataset: Arc<dyn Dataset>,
    indices: Arc<[usize]>,
}

impl Subset {
    /// Sample `i` is `dataset`'s sample `indices[i]`.
    ///
    /// # Panics
    /// When an index is not below `dataset.len()`.
    #[track_caller]
    pub fn new(dataset: impl Dataset + 'static, indices: impl Into<Arc<[usize]>>) -> Self {
        let indices = indices.into();
        if let Some(&index) = indices.iter().find(|&&index| index >= dataset.len()) {
            assert_in_range("subset", index, dataset.len());
        }
        Self { dataset: Arc::new(dataset), indices }
    }

    /// Which samples of the whole data set these are.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl Dataset for Subset {
    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        assert_in_range("subset", index, self.len());
        self.dataset.get(self.indices[index], rng)
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        let whole = indices.iter().map(|&index| {
            assert_in_range("subset", index, self.len());
            self.indices[index]
        });
        self.dataset.batch(&whole.collect::<Vec<_>>(), rngs)
    }
}

/// `dataset` dealt out at random: parts of the given lengths that share no sample. The same seed
/// gives the same parts.
///
/// ```
/// use tinytorch_dataloader::{Dataset, TinyDigits, random_split};
///
/// let [train, validation] = random_split(TinyDigits::train(), [900, 100], 42);
/// assert_eq!((train.len(), validation.len()), (900, 100));
/// ```
///
/// # Panics
/// When the lengths do not add up to `dataset.len()`.
#[track_caller]
pub fn random_split<const N: usize>(
    dataset: impl Dataset + 'static,
    lengths: [usize; N],
    seed: u64,
) -> [Subset; N] {
    let (samples, wanted) = (dataset.len(), lengths.iter().sum::<usize>());
    assert!(
        samples == wanted,
        "random_split: the lengths {lengths:?} add up to {wanted}, the data set has {samples}; \
         give every sample a part"
    );
    let dataset: Arc<dyn Dataset> = Arc::new(dataset);
    let mut indices: Vec<usize> = (0..samples).collect();
    Rng::new(seed).shuffle(&mut indices);
    let mut rest = indices.as_slice();
    lengths.map(|length| {
        let (part, others) = rest.split_at(length);
        rest = others;
        Subset { dataset: Arc::clone(&dataset), indices: part.into() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs `[n, 2]` and targets `[n]`: sample `i` is `([i, -i], 10 i)`.
    fn numbered(n: i32) -> TensorDataset {
        let inputs = (0..n).flat_map(|i| [i as f32, -i as f32]).collect();
        TensorDataset::new(
            Tensor::from_vec::<f32>(inputs, [n as usize, 2]),
            Tensor::from_vec((0..n).map(|i| 10 * i).collect(), [n as usize]),
        )
    }

    fn streams(n: usize) -> Vec<Rng> {
        (0..n as u64).map(|i| Rng::at(1, i)).collect()
    }

    /// `inputs + noise`, to see which stream a sample was given.
    fn noise(x: &Tensor, rng: &mut Rng) -> Tensor {
        Tensor::from_vec(x.data().iter().map(|x| x + rng.uniform()).collect(), x.shape())
    }

    /// The samples of `get`, and of `batch`, as numbers.
    fn both_ways(dataset: &dyn Dataset, indices: &[usize]) -> [(Vec<f32>, Vec<i32>); 2] {
        let mut rngs = streams(indices.len());
        let singly: Vec<_> =
            indices.iter().zip(&mut rngs).map(|(&i, rng)| dataset.get(i, rng)).collect();
        let (x, y) = dataset.batch(indices, &mut streams(indices.len()));
        assert_eq!(x.shape().size(0), indices.len());
        let xs = singly.iter().flat_map(|(x, _)| x.to_vec()).collect();
        let ys = singly.iter().map(|(_, y)| y.item_i32()).collect();
        [(xs, ys), (x.to_vec(), y.to_vec_i32())]
    }

    #[test]
    fn a_batch_holds_the_samples_that_get_gives() {
        let shared: Arc<dyn Dataset> = Arc::new(numbered(9));
        let reversed = Subset::new(Arc::clone(&shared), (0..9).rev().collect::<Vec<_>>());
        let noisy = numbered(9).map(noise);
        let all: [&dyn Dataset; 5] =
            [&numbered(9), &shared, &reversed, &noisy, &Subset::new(noisy.clone(), vec![4, 4, 8])];
        for dataset in all {
            let [singly, at_once] = both_ways(dataset, &[2, 0, 2, 1]);
            assert_eq!(singly, at_once);
        }
        let [_, (x, y)] = both_ways(&reversed, &[0, 8]);
        assert_eq!((x, y), (vec![8.0, -8.0, 0.0, 0.0], vec![80, 0]));
    }

    #[test]
    fn a_map_leaves_the_stored_data_and_the_targets_alone() {
        let stored = numbered(3);
        let noisy = stored.clone().map(noise);
        let (x, y) = noisy.get(1, &mut Rng::new(0));
        assert_ne!(x.to_vec(), [1.0, -1.0]);
        assert_eq!(y.item_i32(), 10);
        assert_eq!(stored.inputs().to_vec(), numbered(3).inputs().to_vec());
    }

    #[test]
    fn a_split_deals_out_every_sample_once_and_depends_on_the_seed() {
        let parts = |seed| {
            let [a, b, none] = random_split(numbered(100), [70, 30, 0], seed);
            assert_eq!((a.len(), b.len(), none.is_empty()), (70, 30, true));
            [a.indices(), b.indices()].concat()
        };
        let dealt = parts(5);
        let mut sorted = dealt.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<_>>());
        assert_ne!(dealt, sorted);
        assert_eq!(dealt, parts(5));
        assert_ne!(dealt, parts(6));
    }

    #[test]
    #[should_panic = "tensor_dataset: inputs [3, 2] and targets [2] differ in their first axis"]
    fn as_many_targets_as_inputs_are_asked_for() {
        TensorDataset::new(Tensor::zeros([3, 2]), Tensor::zeros([2]));
    }

    #[test]
    #[should_panic = "tensor_dataset: inputs [] and targets [] differ"]
    fn a_single_number_is_no_data_set() {
        TensorDataset::new(Tensor::from_vec(vec![1.0], []), Tensor::from_vec(vec![1.0], []));
    }

    #[test]
    #[should_panic = "tensor_dataset: no sample 3 among 3"]
    fn a_sample_beyond_the_end_is_refused() {
        numbered(3).get(3, &mut Rng::new(0));
    }

    #[test]
    #[should_panic = "tensor_dataset: no sample 7 among 3"]
    fn a_batch_beyond_the_end_is_refused() {
        numbered(3).batch(&[0, 7], &mut streams(2));
    }

    #[test]
    #[should_panic = "subset: no sample 5 among 3"]
    fn a_subset_of_samples_that_do_not_exist_is_refused() {
        Subset::new(numbered(3), vec![0, 5]);
    }

    #[test]
    #[should_panic = "the lengths [1, 1] add up to 2, the data set has 3"]
    fn a_split_that_forgets_a_sample_is_refused() {
        random_split(numbered(3), [1, 1], 0);
    }
}
