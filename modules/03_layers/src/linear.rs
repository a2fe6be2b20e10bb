//! The fully connected layer.

use crate::init::Init;
use crate::module::Module;
use crate::state;
use tinytorch_tensor::{Op, Reads, Rng, Tensor, dispatch};

/// `x Wᵀ + b`: inputs `x` `[…, in]`, weight `[out, in]` and, if wanted, bias `[out]`.
///
/// One op, though `x.matmul(&weight.t()) + bias` says the same: no transposed weight and no
/// result without bias are made on the way or kept for the gradients.
/// `2 n in out` floating-point operations for `n` rows.
pub struct LinearOp;

impl Op for LinearOp {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (rows, weight, bias) = (x[0].data(), x[1].data(), x.get(2).map(|b| b.data()));
        let [outputs, inputs] = x[1].shape().dims();
        let mut sizes = x[0].shape().to_vec();
        let n = sizes.iter().rev().skip(1).product();
        let out = affine(n, &rows, &weight, bias.as_deref(), [outputs, inputs]);
        *sizes.last_mut().expect("checked by the function") = outputs;
        Tensor::from_vec(out, sizes)
    }

    fn reads(&self, input: usize) -> Reads {
        match input {
            0 => Reads::input(1),
            1 => Reads::input(0),
            _ => Reads::NOTHING,
        }
    }
}

/// `x Wᵀ + b` of numbers that lie row after row: `x` `[n, inputs]`, `weight` `[outputs, inputs]`,
/// `bias` `[outputs]` `-> [n, outputs]`.
fn affine(
    n: usize,
    x: &[f32],
    weight: &[f32],
    bias: Option<&[f32]>,
    [outputs, inputs]: [usize; 2],
) -> Vec<f32> {
    let mut out = Vec::with_capacity(n * outputs);
    for row in (0..n).map(|i| &x[i * inputs..(i + 1) * inputs]) {
        for o in 0..outputs {
            let weights = &weight[o * inputs..(o + 1) * inputs];
            out.push(dot(row, weights) + bias.map_or(0.0, |bias| bias[o]));
        }
    }
    out
}

/// The sum of the products of two rows.
#[inline]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Eight partial sums do not wait for each other, which lets the compiler use vector
    // instructions; one sum would have to be added up in order.
    const LANES: usize = 8;
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    let mut sums = [0.0; LANES];
    for (a, b) in a.iter().zip(b) {
        sums = std::array::from_fn(|i| sums[i] + a[i] * b[i]);
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| a * b);
    sums.iter().sum::<f32>() + rest.sum::<f32>()
}

/// `x Wᵀ + b`: `[…, in]` and `[out, in]` and `[out] -> […, out]`.
///
/// # Panics
/// When the shapes are not these, or the numbers are integers.
#[track_caller]
pub fn linear(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) -> Tensor {
    check(x, weight, bias);
    match bias {
        Some(bias) => dispatch(LinearOp, &[x, weight, bias]),
        None => dispatch(LinearOp, &[x, weight]),
    }
}

#[inline]
#[track_caller]
fn check(x: &Tensor, weight: &Tensor, bias: Option<&Tensor>) {
    let (shape, of) = (x.shape(), weight.shape());
    assert!(of.ndim() == 2, "linear: the weight is a matrix [out, in], not {of}");
    let (out, inputs) = (of.size(0), of.size(1));
    assert!(
        shape.ndim() > 0 && shape.size(shape.ndim() - 1) == inputs,
        "linear: x {shape} does not end in the {inputs} inputs of the weight {of}; flatten or \
         transpose x, or build the layer for it"
    );
    assert!(
        x.kind() != "i32",
        "linear: needs floats, got integers; use `to_f32()`, or `one_hot` for class numbers"
    );
    if let Some(bias) = bias {
        let shape = bias.shape();
        assert!(shape == [out], "linear: the bias of {out} outputs is [{out}], not {shape}");
    }
}

/// The fully connected layer `x Wᵀ + b`: every output is a weighted sum of all inputs.
#[derive(Clone, Debug)]
pub struct Linear {
    /// `[out, in]`
    pub weight: Tensor,
    /// `[out]`
    pub bias: Option<Tensor>,
}
state!(Linear { weight, bias });

impl Linear {
    /// A layer from `inputs` to `outputs` numbers that starts as PyTorch's: weight and bias
    /// uniform between `±1 / √inputs`.
    ///
    /// That keeps a third of the variance. For deep stacks see [`with_init`](Self::with_init).
    pub fn new(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        let init = default_init(inputs);
        Self {
            weight: init.tensor([outputs, inputs], rng).with_grad(),
            bias: Some(init.tensor([outputs], rng).with_grad()),
        }
    }

    /// As [`new`](Self::new), with nothing added: for a layer before a normalization.
    pub fn without_bias(inputs: usize, outputs: usize, rng: &mut Rng) -> Self {
        Self::with_init(inputs, outputs, default_init(inputs), rng).drop_bias()
    }

    /// A layer whose weight starts as `init` says, and its bias at 0.
    pub fn with_init(inputs: usize, outputs: usize, init: Init, rng: &mut Rng) -> Self {
        Self {
            weight: init.tensor([outputs, inputs], rng).with_grad(),
            bias: Some(Tensor::zeros([outputs]).with_grad()),
        }
    }

    fn drop_bias(self) -> Self {
        Self { bias: None, ..self }
    }
}

fn default_init(inputs: usize) -> Init {
    Init::Uniform { bound: 1.0 / (inputs.max(1) as f32).sqrt() }
}

impl Module for Linear {
    /// `[…, in] -> […, out]`
    fn forward(&self, x: &Tensor) -> Tensor {
        linear(x, &self.weight, self.bias.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Model;

    /// Two inputs, three outputs, five rows: no size that could be taken for another.
    fn layer() -> Linear {
        Linear {
            weight: Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]),
            bias: Some(Tensor::from([0.5, -1.0, 100.0])),
        }
    }

    #[test]
    fn each_output_has_its_row_of_weights_and_its_bias() {
        let x = Tensor::from([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [2.0, -1.0], [0.0, 0.0]]);
        let expected = Tensor::from([
            [1.5, 2.0, 105.0],
            [2.5, 3.0, 106.0],
            [3.5, 6.0, 111.0],
            [0.5, 1.0, 104.0],
            [0.5, -1.0, 100.0],
        ]);
        assert_eq!(layer().forward(&x), expected);
        let plain = layer().drop_bias();
        assert_eq!(plain.forward(&x).select(0, 0), Tensor::from([1.0, 3.0, 5.0]));
    }

    #[test]
    fn it_is_the_matrix_product_with_the_transposed_weight() {
        let mut rng = Rng::new(5);
        for (n, inputs, outputs) in [(1, 1, 1), (3, 16, 2), (2, 37, 5), (4, 64, 33), (2, 0, 3)] {
            let x = Tensor::randn([inputs, n], &mut rng).t();
            let weight = Tensor::randn([inputs, outputs], &mut rng).t();
            let bias = Tensor::randn([outputs], &mut rng);
            let gap = linear(&x, &weight, Some(&bias)) - (x.matmul(&weight.t()) + bias);
            // Sums of up to 64 numbers about 1, in another order.
            assert!(gap.abs().max().item() < 1e-5, "{n} rows of {inputs} to {outputs}");
        }
    }

    #[test]
    fn everything_before_the_last_axis_is_a_batch() {
        let (layer, x) = (layer(), Tensor::randn([2, 4, 2], &mut Rng::new(1)));
        let y = layer.forward(&x);
        assert_eq!(y.shape(), [2, 4, 3]);
        assert_eq!(y.reshape([8, 3]), layer.forward(&x.reshape([8, 2])));
        assert_eq!(layer.forward(&x.select(0, 1).select(0, 2)), y.select(0, 1).select(0, 2));
        assert_eq!(layer.forward(&Tensor::zeros([0, 2])).shape(), [0, 3]);
    }

    #[test]
    fn a_new_layer_starts_as_pytorchs() {
        let layer = Linear::new(100, 120, &mut Rng::new(3));
        let bias = layer.bias.as_ref().expect("it has one");
        assert_eq!((layer.weight.shape(), bias.shape()), ([120, 100].into(), [120].into()));
        for t in [&layer.weight, bias] {
            assert!(t.requires_grad());
            assert!(t.abs().max().item() <= 0.1);
        }
        let std = layer.weight.std().item();
        assert!((std / (0.1 / 3_f32.sqrt()) - 1.0).abs() < 0.03, "{std}");
        assert!(bias.std().item() > 0.04);
        assert_eq!(layer.parameter_count(), 12_120);
    }

    #[test]
    fn a_seed_gives_one_layer_and_every_weight_is_drawn() {
        let weight = |seed| Linear::new(30, 40, &mut Rng::new(seed)).weight;
        assert_eq!(weight(1), weight(1));
        assert_ne!(weight(1), weight(2));
        let mut values = weight(1).to_vec();
        values.sort_by(f32::total_cmp);
        values.dedup();
        assert!(values.len() > 1190, "{} different weights", values.len());
    }

    #[test]
    fn a_layer_without_bias_has_one_parameter() {
        let layer = Linear::without_bias(4, 5, &mut Rng::new(0));
        assert_eq!(layer.named_parameters().len(), 1);
        assert_eq!(layer.forward(&Tensor::zeros([2, 4])), Tensor::zeros([2, 5]));
    }

    #[test]
    fn an_init_is_for_the_weight_and_the_bias_is_0() {
        let layer = Linear::with_init(4, 5, Init::Ones, &mut Rng::new(0));
        assert_eq!(layer.forward(&Tensor::ones([1, 4])), Tensor::full([1, 5], 4.0));
        assert_eq!(layer.parameters().len(), 2);
    }

    #[test]
    #[should_panic(expected = "linear: x [5, 3] does not end in the 2 inputs of the weight [3, 2]")]
    fn the_last_axis_must_be_the_inputs() {
        layer().forward(&Tensor::zeros([5, 3]));
    }

    #[test]
    #[should_panic(expected = "linear: needs floats, got integers")]
    fn integers_are_no_inputs() {
        layer().forward(&Tensor::from([[1, 2]]));
    }

    #[test]
    #[should_panic(expected = "linear: the bias of 3 outputs is [3], not [2]")]
    fn a_bias_fits_its_weight() {
        linear(&Tensor::zeros([1, 2]), &layer().weight, Some(&Tensor::zeros([2])));
    }

    #[test]
    fn gradients_read_the_other_factor_and_a_bias_reads_nothing() {
        assert_eq!(LinearOp.reads(0), Reads::input(1));
        assert_eq!(LinearOp.reads(1), Reads::input(0));
        assert_eq!(LinearOp.reads(2), Reads::NOTHING);
        assert_eq!(LinearOp.name(), "linear");
    }
}
