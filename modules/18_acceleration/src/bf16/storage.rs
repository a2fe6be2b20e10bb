//! Tensors of bf16.

use super::number::{Bf16, floats, narrowed};
use crate::level::level;
use std::sync::Arc;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_tensor::{Brought, Buffer, Contiguous, Kernels, Op, Reads, Storage, Tensor, ToF32};

/// The kind of storage.
pub(crate) const KIND: &str = "bf16";

/// Numbers of a tensor in two bytes each.
pub struct Bf16Buffer(Vec<Bf16>);

impl Bf16Buffer {
    /// These numbers, rounded.
    pub fn new(numbers: &[f32]) -> Self {
        Self(narrowed(level(), numbers))
    }

    /// The numbers, in the order of the storage.
    pub fn numbers(&self) -> &[Bf16] {
        &self.0
    }

    fn tensor(self, like: &Tensor) -> Tensor {
        Tensor::from_storage(Storage::Other(Arc::new(self)), like.shape())
    }
}

impl Buffer for Bf16Buffer {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn to_f32(&self) -> Vec<f32> {
        floats(level(), &self.0)
    }

    fn nbytes(&self) -> usize {
        size_of_val(self.0.as_slice())
    }
}

/// Each number rounded to bf16; `to_f32` is the way back.
///
/// What comes back to it is a gradient of floats, and it is handed on as it is: with `y` equal to
/// `x` but for the rounding, the slope is taken as 1.
pub struct ToBf16;

impl Op for ToBf16 {
    fn name(&self) -> &'static str {
        "to_bf16"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match x[0].kind() {
            KIND => x[0].detach(),
            "f32" => in_its_order(x[0]),
            _ => Bf16Buffer::new(&x[0].to_f32().data()).tensor(x[0]),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn any_kind(&self) -> bool {
        true
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<ToBf16>(&[|_, _, g| g.to_f32()]))] }
    }
}

/// Floats rounded in the order in which they are stored, so that a transposed matrix costs no more
/// than one that is not: it comes out transposed, too.
fn in_its_order(x: &Tensor) -> Tensor {
    let mut axes: Vec<usize> = (0..x.ndim()).collect();
    axes.sort_by_key(|&axis| std::cmp::Reverse(x.layout().stride(axis)));
    let sorted = x.permute(axes.as_slice());
    if x.is_contiguous() || !sorted.is_contiguous() {
        return Bf16Buffer::new(&x.data()).tensor(x);
    }
    let mut back = vec![0; axes.len()];
    for (to, &from) in axes.iter().enumerate() {
        back[from] = to;
    }
    Bf16Buffer::new(&sorted.data()).tensor(&sorted).permute(back.as_slice())
}

/// The buffer of a tensor of this kind.
fn buffer(x: &Tensor) -> &Bf16Buffer {
    x.buffer().expect("the kernels of bf16 are called for it alone")
}

fn to_f32(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (layout, numbers) = (x[0].layout(), buffer(x[0]).numbers());
    if !layout.is_contiguous() {
        return op.forward(x);
    }
    let part = &numbers[layout.offset()..layout.offset() + x[0].numel()];
    Tensor::from_vec(floats(level(), part), x[0].shape())
}

/// By way of floats, which loses nothing.
fn contiguous(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    Bf16Buffer::new(&x[0].to_f32().data()).tensor(x[0])
}

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<ToF32>(KIND, to_f32);
    kernels.on::<Contiguous>(KIND, contiguous);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LowPrecision;
    use tinytorch_autograd::Backward;
    use tinytorch_tensor::Rng;

    #[test]
    fn a_tensor_takes_half_the_bytes_and_comes_back_rounded() {
        let x = Tensor::randn([5, 7], &mut Rng::new(1));
        let y = x.to_bf16();
        assert_eq!((y.kind(), y.shape(), y.nbytes()), ("bf16", x.shape(), 70));
        let expected = x.to_vec().into_iter().map(|x| Bf16::from(x).to_f32());
        assert_eq!(y.to_f32().to_vec(), expected.collect::<Vec<_>>());
        assert!(y.to_bf16().shares_storage(&y));
        assert_eq!(Tensor::from([1, 2]).to_bf16().to_f32(), Tensor::from([1.0, 2.0]));
    }

    #[test]
    fn views_are_read_in_their_order() {
        let x = Tensor::arange(0.0, 24.0, 1.0).reshape([2, 3, 4]);
        let y = x.to_bf16();
        let view = |x: &Tensor| x.transpose(0, 2).slice_step(1, 0..3, 2);
        assert_eq!(view(&y).to_f32(), view(&x));
        assert_eq!(view(&y).contiguous().to_f32(), view(&x));
        assert_eq!(y.select(0, 1).to_f32(), x.select(0, 1));
        assert_eq!(view(&x).to_bf16().to_f32(), view(&x));
        let turned = x.permute([2, 0, 1]);
        assert_eq!(turned.to_bf16().to_f32(), turned);
        assert_eq!(turned.to_bf16().strides(), turned.strides(), "as it was stored");
        assert_eq!(y.narrow(0, 0, 0).to_f32().shape(), [0, 3, 4]);
    }

    #[test]
    fn gradients_pass_through_both_ways() {
        let x = Tensor::from([1.0, 2.0, 3.3]).with_grad();
        let weights = Tensor::from([1.0, 10.0, 100.001]);
        let loss = (x.to_bf16().to_f32() * &weights).sum();
        assert_eq!(*loss.backward().of(&x), weights);
    }

    #[test]
    #[should_panic(expected = "exp: no kernel for storage of kind bf16; register one, or use")]
    fn what_has_no_kernel_says_so() {
        Tensor::from([1.0]).to_bf16().exp();
    }
}
