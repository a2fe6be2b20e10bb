//! How the checks make tensors and read them.

use check::Numbers;
use tinytorch_tensor::{Layout, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// The floats 0, 1, 2, … row by row.
pub fn counted<const N: usize>(sizes: [usize; N]) -> Tensor {
    let count: usize = sizes.iter().product();
    Tensor::from_vec((0..count).map(|i| i as f32).collect(), sizes)
}

/// 1 2 3 / 4 5 6, the lesson's matrix.
pub fn two_by_three() -> Tensor {
    Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

/// Every index of a shape, the last axis fastest.
pub fn indices(sizes: &[usize]) -> Vec<Vec<usize>> {
    sizes.iter().fold(vec![vec![]], |indices, &size| {
        let longer = |index: Vec<usize>| (0..size).map(move |i| [&index[..], &[i]].concat());
        indices.into_iter().flat_map(longer).collect()
    })
}

/// The places in storage that a layout shows, in row-major order. Needs `position`, and no more.
pub fn places(layout: &Layout) -> Vec<usize> {
    let sizes = layout.shape().to_vec();
    indices(&sizes).iter().map(|index| layout.position(index)).collect()
}
