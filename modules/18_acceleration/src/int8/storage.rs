//! The weights of a layer as a tensor, and the ops that take it.
//!
//! A model is quantized by exchanging its weights: the layers stay as they are.

use super::product::linear;
use super::rows::Rows;
use super::weights::Weights;
use crate::linear::with_last;
use std::sync::Arc;
use tinytorch_layers::LinearOp;
use tinytorch_tensor::{Buffer, Kernel, Kernels, MatMul, Op, Storage, Tensor};

/// The kind of storage.
const KIND: &str = "int8";

/// Weights `[outputs, inputs]` in whole steps, `scale[j] q[j, k]` with `q` of -127 to 127: the
/// largest weight of each output is 127 steps. A byte per weight, and 8 bytes per output.
///
/// Steps of their own cost an output nothing, as they are taken out of its sum once, and keep the
/// small weights of one output from being rounded by the large ones of another (R. Krishnamoorthi,
/// "Quantizing deep convolutional networks for efficient inference", 2018, section 2.4).
pub struct Int8Buffer {
    weights: Weights,
    scales: Vec<f32>,
}

impl Int8Buffer {
    /// Quantizes rows of `inputs` numbers. A row with a number that is not finite has NaN for a
    /// scale, and so has what is computed from it.
    ///
    /// # Panics
    /// When the rows are not whole, or longer than [`Weights::MOST_INPUTS`].
    pub fn new(numbers: &[f32], outputs: usize, inputs: usize) -> Self {
        let mut scales: Vec<f32> = numbers.chunks(inputs.max(1)).map(step).collect();
        scales.resize(outputs, 1.0); // of no inputs
        let whole =
            |(place, number): (usize, &f32)| (number / scales[place / inputs]).round() as i8;
        let whole: Vec<i8> = numbers.iter().enumerate().map(whole).collect();
        Self { weights: Weights::new(&whole, outputs, inputs), scales }
    }

    /// The steps.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// How large a step is, for each output.
    pub fn scales(&self) -> &[f32] {
        &self.scales
    }

    #[track_caller]
    pub(crate) fn tensor(matrix: &Tensor) -> Tensor {
        let shape = matrix.shape();
        assert!(
            shape.ndim() == 2,
            "to_int8: {shape} is not a matrix; give the weight of a layer, [outputs, inputs]"
        );
        let [outputs, inputs] = shape.dims();
        let buffer = Self::new(&matrix.to_f32().data(), outputs, inputs);
        Tensor::from_storage(Storage::Other(Arc::new(buffer)), shape)
    }
}

/// The size of a step of one row.
fn step(row: &[f32]) -> f32 {
    if row.iter().any(|w| !w.is_finite()) {
        return f32::NAN;
    }
    let step = row.iter().fold(0.0_f32, |largest, w| largest.max(w.abs())) / 127.0;
    if step >= f32::MIN_POSITIVE { step } else { 1.0 }
}

impl Buffer for Int8Buffer {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn to_f32(&self) -> Vec<f32> {
        let inputs = self.weights.inputs();
        let float = |(place, q): (usize, i8)| self.scales[place / inputs] * f32::from(q);
        self.weights.to_vec().into_iter().enumerate().map(float).collect()
    }

    fn nbytes(&self) -> usize {
        self.weights.nbytes() + size_of_val(self.scales.as_slice())
    }
}

/// The buffer, if the tensor shows all of it and in its order, and there is something to multiply.
fn whole(weight: &Tensor) -> Option<&Int8Buffer> {
    let buffer: &Int8Buffer = weight.buffer()?;
    let Weights { sums, inputs, .. } = &buffer.weights;
    let is_whole = weight.is_contiguous() && weight.shape() == [sums.len(), *inputs];
    (is_whole && *inputs > 0).then_some(buffer)
}

/// `x Wᵀ + b`, of rows that are quantized first.
fn layer(x: &Tensor, weight: &Int8Buffer, bias: Option<&Tensor>) -> Tensor {
    let x = x.to_f32();
    let rows = Rows::quantize(&x.data(), weight.weights.inputs());
    let bias = bias.map(|bias| bias.to_f32());
    let bias = bias.as_ref().map(|bias| bias.data());
    let y = linear(&rows, &weight.weights, &weight.scales, bias.as_deref());
    Tensor::from_vec(y, with_last(x.shape(), weight.weights.outputs()))
}

fn linear_op(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    match whole(x[1]) {
        Some(weight) => layer(x[0], weight, x.get(2).copied()),
        None => in_floats(crate::linear::linear, op, x),
    }
}

fn matmul(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let turned = (x[1].ndim() == 2).then(|| x[1].t());
    match turned.as_ref().and_then(whole) {
        Some(weight) => layer(x[0], weight, None),
        None => in_floats(crate::matmul::matmul, op, x),
    }
}

/// What has no integers on the right, by way of floats.
fn in_floats(kernel: Kernel, op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let floats: Vec<Tensor> = x.iter().map(|x| x.to_f32()).collect();
    kernel(op, &floats.iter().collect::<Vec<_>>())
}

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<LinearOp>(KIND, linear_op);
    kernels.on::<MatMul>(KIND, matmul);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LowPrecision;
    use tinytorch_autograd::Backward;
    use tinytorch_layers::linear;
    use tinytorch_tensor::Rng;

    #[test]
    fn a_matrix_takes_a_quarter_of_the_bytes_and_comes_back_within_half_a_step() {
        let scales = Tensor::from([[1.0], [0.001], [100.0]]);
        let weight = Tensor::randn([3, 4000], &mut Rng::new(1)) * scales;
        let small = weight.to_int8();
        assert_eq!((small.kind(), small.shape()), ("int8", weight.shape()));
        assert!(small.to_int8().shares_storage(&small));
        for j in 0..3 {
            let (exact, got) = (weight.select(0, j), small.to_f32().select(0, j));
            let largest = exact.abs().max().item();
            assert!((&got - &exact).abs().max().item() <= 0.5001 * largest / 127.0);
            assert!((got.abs().max().item() - largest).abs() <= 1e-6 * largest);
        }
        let large = Tensor::zeros([64, 1000]);
        assert!(large.to_int8().nbytes() * 39 < large.nbytes() * 10);
    }

    #[test]
    fn layers_and_products_take_it() {
        let rng = &mut Rng::new(2);
        let (weight, bias) = (Tensor::randn([40, 300], rng), Tensor::randn([40], rng));
        let small = weight.to_int8();
        for shape in [vec![300], vec![5, 300], vec![2, 3, 300], vec![0, 300]] {
            let x = Tensor::randn(shape, rng);
            let near = |got: Tensor, exact: Tensor| {
                assert_eq!(got.shape(), exact.shape());
                // A step of x is about 0.025, of a weight 0.028: each of 300 products is off by
                // about 0.01, and their sum by 17 times that.
                let gap = (got - exact).abs().to_vec().into_iter().fold(0.0, f32::max);
                assert!(gap < 1.0, "{gap}");
            };
            near(linear(&x, &small, Some(&bias)), linear(&x, &weight, Some(&bias)));
            near(linear(&x.to_bf16(), &small, None), linear(&x, &weight, None));
            near(x.matmul(&small.t()), x.matmul(&weight.t()));
        }
    }

    #[test]
    fn a_part_of_it_is_taken_as_floats() {
        let rng = &mut Rng::new(3);
        let (x, small) = (Tensor::randn([4, 20], rng), Tensor::randn([6, 20], rng).to_int8());
        let part = small.narrow(0, 1, 3);
        assert_eq!(linear(&x, &part, None), linear(&x, &part.to_f32(), None));
        let g = Tensor::randn([4, 6], rng);
        assert_eq!(g.matmul(&small), g.matmul(&small.to_f32()));
    }

    #[test]
    fn without_inputs_there_is_the_bias() {
        let (x, small) = (Tensor::zeros([2, 0]), Tensor::zeros([3, 0]).to_int8());
        let bias = Tensor::from([1.0, 2.0, 3.0]);
        assert_eq!(linear(&x, &small, Some(&bias)), bias.expand([2, 3]));
    }

    #[test]
    fn gradients_reach_what_is_multiplied_with_it() {
        let rng = &mut Rng::new(4);
        let (x, small) =
            (Tensor::randn([4, 20], rng).with_grad(), Tensor::randn([6, 20], rng).to_int8());
        let grads = linear(&x, &small, None).sum().backward();
        assert_eq!(*grads.of(&x), Tensor::ones([4, 6]).matmul(&small.to_f32()));
    }

    #[test]
    fn what_is_not_finite_is_not_hidden() {
        let small = Tensor::from([[1.0, f32::NAN], [f32::INFINITY, 1.0], [0.0, 0.0]]).to_int8();
        let y = linear(&Tensor::ones([1, 2]), &small, None).to_vec();
        assert!(y[0].is_nan() && y[1].is_nan() && y[2] == 0.0, "{y:?}");
    }

    #[test]
    #[should_panic(expected = "to_int8: [3] is not a matrix; give the weight of a layer")]
    fn only_matrices_are_weights_of_layers() {
        Tensor::ones([3]).to_int8();
    }

    #[test]
    #[should_panic(expected = "exp: no kernel for storage of kind int8; register one, or use")]
    fn what_has_no_kernel_says_so() {
        Tensor::ones([3, 3]).to_int8().exp();
    }
}
