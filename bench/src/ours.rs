//! Our side of the race: every workload on the public API of `tinytorch`, as a user would write it.

mod matmul;
mod mlp;
mod tiny;
mod cnn;
mod gpt;
mod writing;
mod low_precision;
mod rows;
mod process;

use crate::workload::Workload;
use meter::{det, det_int, weights};
use tinytorch::acceleration::{LowPrecision, autocast};
use tinytorch::layers::{Path, SlotMut};
use tinytorch::prelude::*;

/// All rows, in the order of the table.
pub fn workloads() -> Vec<Workload> {
    let families = [
        matmul::workloads(),
        mlp::workloads(),
        tiny::workloads(),
        cnn::workloads(),
        gpt::workloads(),
        writing::workloads(),
        low_precision::workloads(),
        rows::workloads(),
        process::workloads(),
    ];
    let mut all: Vec<Workload> = families.into_iter().flatten().collect();
    all.sort_by(|a, b| a.name.split('.').next().cmp(&b.name.split('.').next())); // by family alone
    all
}

/// Data of this shape.
fn numbers(shape: impl Into<Shape>, seed: u64, scale: f32) -> Tensor {
    let shape = shape.into();
    Tensor::from_vec(det(shape.numel(), seed, scale), shape)
}

/// `shape` ids below `m`.
fn ids(shape: impl Into<Shape>, seed: u64, m: u32) -> Tensor {
    let shape = shape.into();
    let ids = det_int(shape.numel(), seed, m).into_iter().map(|id| id as i32);
    Tensor::from_vec(ids.collect(), shape)
}

/// A layer whose weight was written down as `[inputs, outputs]`, and no bias yet.
fn layer(inputs: usize, outputs: usize, seed: u64) -> Linear {
    let weight = Tensor::from_vec(weights(inputs * outputs, seed, inputs), [inputs, outputs]);
    Linear {
        weight: weight.t().contiguous().with_grad(),
        bias: Some(Tensor::zeros([outputs]).with_grad()),
    }
}

/// Steps of `optimizer` along the loss of `model`.
fn trainer<M: State>(
    mut model: M,
    mut optimizer: impl Optimizer,
    loss: impl Fn(&M) -> Tensor,
) -> impl FnMut() -> f32 {
    move || {
        let loss = loss(&model);
        optimizer.step(&mut model, &loss.backward());
        loss.item()
    }
}

/// The same loss with products and convolutions in 16 bits; parameters stay in 32.
fn mixed<M>(loss: impl Fn(&M) -> Tensor) -> impl Fn(&M) -> Tensor {
    move |model| autocast(|| loss(model))
}

/// A model for use without gradients, whose matrices and convolutions are kept in 16 bits.
fn halved<M: State>(model: M) -> M {
    with_weights(model, |weight| weight.to_bf16())
}

/// The same in 8 bits, of a model without convolutions.
fn quartered<M: State>(model: M) -> M {
    with_weights(model, |weight| weight.to_int8())
}

/// With the weights that something is multiplied with kept another way. Tables, norms and biases
/// stay in 32 bits.
fn with_weights<M: State>(mut model: M, kept: impl Fn(&Tensor) -> Tensor) -> M {
    model.visit_mut(&mut Path::new(), &mut |path, slot| {
        if let SlotMut::Tensor(tensor) = slot
            && tensor.ndim() > 1
            && !path.as_str().starts_with("embed.")
        {
            *tensor = kept(&tensor.detach());
        }
    });
    model
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Metric;

    #[test]
    fn every_row_has_a_name_of_its_own_and_a_place_in_its_family() {
        let all = workloads();
        let mut names: Vec<&str> = all.iter().map(|w| w.name.as_str()).collect();
        assert!(names.is_sorted_by_key(|name| name.split('.').next()));
        names.sort();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
        assert!(count > 50, "{count}");
    }

    #[test]
    fn a_row_that_is_measured_with_another_names_one_that_exists() {
        let all = workloads();
        for row in &all {
            if let Metric::Memory(of) = row.metric {
                assert!(all.iter().any(|w| w.name == of && w.metric == Metric::Time), "{of}");
            }
            let alone = !matches!(row.metric, Metric::Memory(_));
            assert_eq!(alone, row.run.is_some(), "{}", row.name);
        }
    }

    #[test]
    fn a_layer_computes_with_the_weight_as_written_down() {
        let x = numbers([3, 5], 1, 1.0);
        let written = Tensor::from_vec(weights(20, 7, 5), [5, 4]);
        let (layer, product) = (layer(5, 4, 7).forward(&x), x.matmul(&written));
        let apart = (layer - product).abs().max().item();
        assert!(apart < 1e-6, "{apart}");
    }
}
