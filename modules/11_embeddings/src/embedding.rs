//! A row of numbers per id.

use tinytorch_autograd::{Each, Gradient};
use tinytorch_layers::{Init, Module, linear, state};
use tinytorch_tensor::{Brought, Op, Reads, Rng, Tensor, dispatch};

/// Row `ids[…]` of the weight for each id: inputs weight `[v, d]` and ids `[…]`.
///
/// Multiplying `one_hot(ids)` by the weight says the same with `v` times the work.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingOp {
    /// The id whose row gets no gradient.
    pub padding_idx: Option<usize>,
}

impl Op for EmbeddingOp {
    fn name(&self) -> &'static str {
        "embedding"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (weight, ids) = (x[0].data(), x[1].ints());
        let dim = x[0].shape().size(1);
        let mut out = Vec::with_capacity(ids.len() * dim);
        for &id in ids.iter() {
            let start = id as usize * dim;
            out.extend_from_slice(&weight[start..start + dim]);
        }
        Tensor::from_vec(out, [x[1].shape().to_vec(), vec![dim]].concat())
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<EmbeddingOp>(&[|op, n, g| {
                let rows = n.shape(0).size(0);
                dispatch(EmbeddingBackward { rows, padding_idx: op.padding_idx }, &[g, n.x(1)])
            }]))]
        }
    }
}

/// Each row of `g` added to row `ids[…]` of zeros, the padding row left at 0: inputs `g` `[…, d]`
/// and ids `[…]`, result `[v, d]`.
///
/// Added and not written: a word that occurs twice is responsible for both places.
#[derive(Clone, Copy, Debug)]
pub struct EmbeddingBackward {
    /// How many rows the weight has.
    pub rows: usize,
    /// The id whose row gets no gradient.
    pub padding_idx: Option<usize>,
}

impl Op for EmbeddingBackward {
    fn name(&self) -> &'static str {
        "embedding_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (g, ids) = (x[0].data(), x[1].ints());
        let dim = x[0].size(-1);
        let mut out = vec![0.0; self.rows * dim];
        for (row, &id) in g.chunks_exact(dim.max(1)).zip(ids.iter()) {
            if Some(id as usize) == self.padding_idx {
                continue;
            }
            let start = id as usize * dim;
            let sums = out[start..start + dim].iter_mut();
            sums.zip(row).for_each(|(sum, g)| *sum += g);
        }
        Tensor::from_vec(out, [self.rows, dim])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(1)
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<EmbeddingBackward>(&[|op, n, h| {
                let padding_idx = op.padding_idx;
                let looked_up = dispatch(EmbeddingOp { padding_idx }, &[h, n.x(1)]);
                match padding_idx {
                    Some(id) => looked_up.masked_fill(&n.x(1).eq(id as i32).unsqueeze(-1), 0.0),
                    None => looked_up,
                }
            }]))]
        }
    }
}

/// Row `ids[…]` of the weight for each id: `[v, d]` and `[…] -> […, d]`. Row `padding_idx` gets
/// no gradient.
///
/// # Panics
/// When the weight is no matrix of floats, or an id is not one of its rows.
#[track_caller]
pub fn embedding(weight: &Tensor, ids: &Tensor, padding_idx: Option<usize>) -> Tensor {
    check(weight, ids, padding_idx);
    dispatch(EmbeddingOp { padding_idx }, &[weight, ids])
}

#[track_caller]
fn check(weight: &Tensor, ids: &Tensor, padding_idx: Option<usize>) {
    let shape = weight.shape();
    assert!(
        shape.ndim() == 2 && weight.kind() != "i32",
        "embedding: the weight is a matrix [v, d] of floats, not {} {shape}; give the weight \
         first, then the ids",
        weight.kind()
    );
    assert!(ids.kind() == "i32", "embedding: ids are integers, not {}; use `to_i32()`", ids.kind());
    let rows = shape.size(0);
    if let Some(id) = ids.ints().iter().find(|&&id| id < 0 || id as usize >= rows) {
        panic!(
            "embedding: id {id} is not in the vocabulary of {rows}; check that the tokenizer is \
             the model's"
        )
    }
    check_padding(rows, padding_idx);
}

#[track_caller]
fn check_padding(rows: usize, padding_idx: Option<usize>) {
    assert!(
        padding_idx.is_none_or(|id| id < rows),
        "embedding: padding id {} is not in the vocabulary of {rows}; choose one of its ids",
        padding_idx.unwrap_or(0)
    );
}

/// A table of `v` rows of `d` numbers, looked up by id.
///
/// **One table at both ends.** A language model turns ids into rows at its start, and rows into a
/// score per id at its end; [`logits`](Self::logits) does the second with the same weight (O. Press
/// and L. Wolf, "Using the output embedding to improve language models", 2017), as GPT-2 does. The
/// weight is stored, counted, saved and stepped once, and its gradient is the sum of both uses.
/// A `Linear` whose weight is a clone of this one is the same parameter too, as clones share their
/// id; but there is no need for a second layer.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// `[v, d]`
    pub weight: Tensor,
    /// The id of what is no word, only there to fill a batch: its row gets no gradient.
    pub padding_idx: Option<usize>,
}
state!(Embedding { weight });

impl Embedding {
    /// A table for `vocabulary` ids of `dim` numbers each, drawn from the normal distribution of
    /// variance 1, as PyTorch's. With `logits`, start smaller: see [`with_init`](Self::with_init).
    pub fn new(vocabulary: usize, dim: usize, rng: &mut Rng) -> Self {
        Self::with_init(vocabulary, dim, Init::Normal { std: 1.0 }, rng)
    }

    /// A table whose numbers start as `init` says: GPT-2's as `Init::Normal { std: 0.02 }`.
    pub fn with_init(vocabulary: usize, dim: usize, init: Init, rng: &mut Rng) -> Self {
        let weight = init.tensor([vocabulary, dim], rng).with_grad();
        Self { weight, padding_idx: None }
    }

    /// The same table with row `id` set to 0, where it will stay: it gets no gradient.
    ///
    /// # Panics
    /// When `id` is not in the vocabulary.
    #[track_caller]
    pub fn with_padding_idx(mut self, id: usize) -> Self {
        let [rows, dim] = self.weight.shape().dims();
        check_padding(rows, Some(id));
        self.weight.data_mut()[id * dim..(id + 1) * dim].fill(0.0);
        Self { padding_idx: Some(id), ..self }
    }

    /// A score for every id, by how well its row points along `x`: `[…, d] -> […, v]`.
    ///
    /// # Panics
    /// When the last axis of `x` is not `d`.
    #[track_caller]
    pub fn logits(&self, x: &Tensor) -> Tensor {
        linear(x, &self.weight, None)
    }
}

impl Module for Embedding {
    /// Ids `[…] -> […, d]`
    fn forward(&self, ids: &Tensor) -> Tensor {
        embedding(&self.weight, ids, self.padding_idx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_layers::{Model, sequential};

    /// Row `i` is `[10 i, 10 i + 1]`.
    fn table() -> Embedding {
        let rows: Vec<f32> =
            (0..4).flat_map(|i| [10.0 * i as f32, 10.0 * i as f32 + 1.0]).collect();
        Embedding { weight: Tensor::from_vec(rows, [4, 2]).with_grad(), padding_idx: None }
    }

    #[test]
    fn each_id_gives_its_row_wherever_it_stands() {
        let y = table().forward(&Tensor::from([[3, 0, 3], [1, 1, 2]]));
        let expected = Tensor::from([
            [[30.0, 31.0], [0.0, 1.0], [30.0, 31.0]],
            [[10.0, 11.0], [10.0, 11.0], [20.0, 21.0]],
        ]);
        assert_eq!(y, expected);
        assert_eq!(table().forward(&Tensor::from(2)), Tensor::from([20.0, 21.0]));
        assert_eq!(table().forward(&Tensor::arange_i32(0)).shape(), [0, 2]);
    }

    #[test]
    fn a_lookup_is_a_product_with_one_hot_rows() {
        let (table, ids) = (table(), Tensor::from([2, 2, 0]));
        let product = ids.one_hot(4).to_f32().matmul(&table.weight);
        assert_eq!(table.forward(&ids), product);
    }

    #[test]
    fn a_word_used_twice_gets_the_gradient_of_both_places_and_an_unused_one_none() {
        let table = table();
        let factors = Tensor::from([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]]);
        let loss = (table.forward(&Tensor::from([3, 1, 3])) * factors).sum();
        let expected = Tensor::from([[0.0, 0.0], [4.0, 8.0], [0.0, 0.0], [17.0, 34.0]]);
        assert_eq!(*loss.backward().of(&table.weight), expected);
    }

    #[test]
    fn padding_starts_at_zero_and_gets_no_gradient() {
        let table = Embedding::new(4, 2, &mut Rng::new(0)).with_padding_idx(1);
        assert_eq!(table.weight.select(0, 1), Tensor::zeros([2]));
        assert!(table.weight.requires_grad());
        let y = table.forward(&Tensor::from([1, 2, 1]));
        let grads = y.sum().backward();
        assert_eq!(grads.of(&table.weight).sum_over(1, false), Tensor::from([0.0, 0.0, 2.0, 0.0]));
    }

    #[test]
    fn at_both_ends_it_is_one_parameter_whose_gradient_is_the_sum() {
        let table = table();
        let ids = Tensor::from([0, 2]);
        let loss = |read: &Tensor, write: &Tensor| {
            linear(&(embedding(read, &ids, None) * 0.1), write, None).sum()
        };
        let tied = table.logits(&(table.forward(&ids) * 0.1)).sum().backward();
        let (read, write) = (table.weight.detach().with_grad(), table.weight.detach().with_grad());
        let apart = loss(&read, &write).backward();
        assert_eq!(*tied.of(&table.weight), apart.of(&read) + apart.of(&write));
        assert_eq!((table.parameters().len(), table.parameter_count()), (1, 8));
    }

    #[test]
    fn a_new_table_is_normal() {
        let table = Embedding::new(200, 50, &mut Rng::new(3));
        // Of 10,000 draws the mean is known to 0.01, the deviation to 0.007.
        assert!(table.weight.mean().item().abs() < 0.04);
        assert!((table.weight.std().item() - 1.0).abs() < 0.03);
        let small = Embedding::with_init(9, 9, Init::Normal { std: 0.02 }, &mut Rng::new(3));
        assert!(small.weight.abs().max().item() < 0.1);
    }

    #[test]
    fn it_begins_a_network() {
        let rng = &mut Rng::new(0);
        let model =
            sequential![Embedding::new(10, 4, rng), tinytorch_layers::Linear::new(4, 2, rng)];
        assert_eq!(model.forward(&Tensor::from([[1, 2, 3]])).shape(), [1, 3, 2]);
        assert_eq!(model.named_parameters()[0].0, "0.weight");
    }

    #[test]
    #[should_panic(
        expected = "embedding: id 4 is not in the vocabulary of 4; check that the token"
    )]
    fn an_id_beyond_the_vocabulary_is_an_error() {
        table().forward(&Tensor::from([0, 4]));
    }

    #[test]
    #[should_panic(expected = "embedding: id -1 is not in the vocabulary of 4")]
    fn a_negative_id_is_an_error() {
        table().forward(&Tensor::from([0, -1]));
    }

    #[test]
    #[should_panic(expected = "embedding: ids are integers, not f32; use `to_i32()`")]
    fn floats_are_no_ids() {
        table().forward(&Tensor::zeros([2]));
    }

    #[test]
    #[should_panic(expected = "embedding: padding id 9 is not in the vocabulary of 4")]
    fn padding_is_an_id_of_the_vocabulary() {
        _ = table().with_padding_idx(9);
    }
}
