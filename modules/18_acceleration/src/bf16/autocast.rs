//! Mixed precision: matrix products and convolutions in bf16, everything else in floats.
//!
//! A product of matrices forgives rounded inputs, as its sums are long and kept as floats; an
//! update `w - 0.001 g` does not, as it is smaller than a step of bf16 and would be lost. So the
//! parameters stay floats ("master weights"), are rounded for the products, and get gradients of
//! floats (P. Micikevicius et al., "Mixed Precision Training", 2018). With the exponents of
//! floats, bf16 does without the scaling of the loss that the paper's half floats need.
//!
//! Nothing in a model changes. An [`Interpreter`] sees each op before it is computed and rounds
//! the inputs of some; as the history is written below, what is differentiated is what was
//! computed, and what is kept for it takes half the bytes.

use super::storage::KIND;
use crate::LowPrecision;
use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_layers::LinearOp;
use tinytorch_spatial::{Conv2dInputGrad, Conv2dOp, Conv2dWeightGrad};
use tinytorch_tensor::{
    ByKey, Interpreter, MatMul, Op, Tensor, TensorId, Update, pass_on, pass_on_update, with,
};

/// Runs `f` with the matrix products and convolutions of this thread in bf16.
///
/// Their results are floats, so whatever is computed from them is as without. A parameter is
/// rounded at its first use and not again before it is overwritten or `f` ends. Gradients may be
/// computed inside of `f` or after it: their products are in bf16 in either case, and they arrive
/// as floats.
///
/// In PyTorch: `with torch.autocast("cpu", dtype=torch.bfloat16):`, where products also give bf16.
///
/// ```
/// use tinytorch_acceleration::autocast;
/// use tinytorch_autograd::Backward;
/// use tinytorch_layers::{Linear, Module};
/// use tinytorch_tensor::{Rng, Tensor};
///
/// let rng = &mut Rng::new(1);
/// let (layer, x) = (Linear::new(64, 32, rng), Tensor::randn([8, 64], rng));
/// let (exact, y) = (layer.forward(&x), autocast(|| layer.forward(&x)));
/// assert_eq!(y.kind(), "f32");
/// let gap = (&y - exact).abs().max().item();
/// assert!(gap > 0.0 && gap < 0.02, "{gap}");
/// assert_eq!(y.mean().backward().of(&layer.weight).kind(), "f32");
/// ```
pub fn autocast<R>(f: impl FnOnce() -> R) -> R {
    with(Rc::new(Autocast::default()), f)
}

/// The interpreter of [`autocast`].
#[derive(Default)]
struct Autocast {
    /// Parameters that have been rounded, each with the numbers that it had then.
    rounded: RefCell<ByKey<TensorId, Rounded>>,
}

struct Rounded {
    /// Holds the numbers, so that they are not overwritten in place unnoticed.
    source: Tensor,
    small: Tensor,
}

impl Interpreter for Autocast {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let of = (&**op as &dyn Any).type_id();
        if ROUNDED.iter().any(|rounded| rounded() == of) {
            return self.in_bf16(op, x);
        }
        match op.any_kind() || x.iter().all(|x| x.kind() != KIND) {
            true => pass_on(op, x),
            false => in_floats(op, x),
        }
    }

    fn apply_update(&self, op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        for target in targets.iter() {
            self.rounded.borrow_mut().remove(&target.id());
        }
        pass_on_update(op, targets, x);
    }
}

/// The ops whose first two inputs are rounded; the third, a bias, is only added.
const ROUNDED: [fn() -> TypeId; 5] = [
    TypeId::of::<MatMul>,
    TypeId::of::<LinearOp>,
    TypeId::of::<Conv2dOp>,
    TypeId::of::<Conv2dInputGrad>,
    TypeId::of::<Conv2dWeightGrad>,
];

impl Autocast {
    fn in_bf16(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let [mut a, mut b] = [x[0].clone(), x[1].clone()];
        if a.requires_grad() || b.requires_grad() {
            // The history keeps what is rounded here.
            (a, b) = (self.round(&a), self.round(&b));
        } else if a.kind() != KIND && b.kind() != KIND {
            // One that is bf16 chooses the kernel, and that rounds the other on its way.
            b = b.to_bf16();
        }
        let mut rounded = vec![&a, &b];
        rounded.extend(&x[2..]);
        pass_on(op, &rounded)
    }

    fn round(&self, x: &Tensor) -> Tensor {
        let is_parameter = x.requires_grad() && x.history().is_none() && x.kind() == "f32";
        if is_parameter { self.round_once(x) } else { x.to_bf16() }
    }

    /// As [`to_bf16`](LowPrecision::to_bf16), but a parameter that is used again, in another
    /// layer or on the way back, is not rounded again.
    fn round_once(&self, x: &Tensor) -> Tensor {
        let mut rounded = self.rounded.borrow_mut();
        if let Some(Rounded { source, small }) = rounded.get(&x.id())
            && source.shares_storage(x)
            && source.layout() == x.layout()
        {
            return small.clone();
        }
        let small = x.to_bf16();
        // Rounded while nothing was recorded, it has no way back to the parameter, and the next
        // use may need one.
        if small.requires_grad() {
            let source = x.detach();
            rounded.insert(x.id(), Rounded { source, small: small.clone() });
        }
        small
    }
}

/// What has no kernel for bf16 gets floats.
fn in_floats(op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
    let widen = |x: &&Tensor| if x.kind() == KIND { x.to_f32() } else { (*x).clone() };
    let floats: Vec<Tensor> = x.iter().map(widen).collect();
    pass_on(op, &floats.iter().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use tinytorch_activations::Activations;
    use tinytorch_autograd::{Backward, no_grad};
    use tinytorch_layers::{Linear, Model, Module, ReLU, Sequential, sequential};
    use tinytorch_losses::cross_entropy;
    use tinytorch_optimizers::{Adam, AdamOptions, Optimizer};
    use tinytorch_spatial::conv2d;
    use tinytorch_tensor::Rng;

    /// Counts how often something is rounded.
    #[derive(Default)]
    struct Count(Cell<usize>);

    impl Interpreter for Count {
        fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
            self.0.set(self.0.get() + usize::from(op.name() == "to_bf16"));
            pass_on(op, x)
        }
    }

    /// Points in the plane, and in which ring around the middle they are: one of three.
    fn rings(n: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        let points = Tensor::randn([n, 2], rng);
        let radius = (&points * &points).sum_over(1, false).sqrt();
        (points, radius.ge(0.8).to_f32().to_i32() + radius.ge(1.5))
    }

    fn train(mixed: bool) -> (f32, Sequential) {
        let rng = &mut Rng::new(1);
        let (x, y) = rings(128, rng);
        let mut net = sequential![
            Linear::new(2, 32, rng),
            ReLU,
            Linear::new(32, 32, rng),
            ReLU,
            Linear::new(32, 3, rng)
        ];
        let mut optimizer = Adam::new(AdamOptions { lr: 0.01, ..Default::default() });
        let mut last = 0.0;
        for _ in 0..40 {
            let forward = || cross_entropy(&net.forward(&x), &y);
            let loss = if mixed { autocast(forward) } else { forward() };
            optimizer.step(&mut net, &loss.backward());
            last = loss.item();
        }
        (last, net)
    }

    #[test]
    fn a_network_learns_as_it_does_in_floats() {
        let ((exact, _), (mixed, net)) = (train(false), train(true));
        assert!(exact < 0.3, "three classes begin at 1.1: {exact}");
        assert!(exact != mixed && (mixed / exact - 1.0).abs() < 0.1, "{mixed}, in floats {exact}");
        assert!(net.parameters().iter().all(|p| p.kind() == "f32"));
    }

    #[test]
    fn results_and_gradients_are_floats_and_what_is_kept_is_bf16() {
        let rng = &mut Rng::new(2);
        let (layer, x) = (Linear::new(6, 4, rng), Tensor::randn([3, 6], rng).with_grad());
        let y = autocast(|| layer.forward(&x).relu());
        let before = y.history().expect("recorded").look(|saved| saved.unwrap().inputs[0].clone());
        let kinds = before
            .history()
            .expect("recorded")
            .look(|saved| saved.unwrap().inputs.iter().map(|x| x.kind()).collect::<Vec<_>>());
        assert_eq!(kinds, ["bf16", "bf16", "released"]);
        let grads = y.sum().backward();
        for of in [&x, &layer.weight, layer.bias.as_ref().unwrap()] {
            assert_eq!(grads.of(of).kind(), "f32");
        }
    }

    /// Inside, the way back goes through the interpreter, too.
    #[test]
    fn gradients_are_the_same_inside_and_after() {
        let rng = &mut Rng::new(3);
        let net = sequential![Linear::new(9, 7, rng), ReLU, Linear::new(7, 5, rng)];
        let x = Tensor::randn([4, 9], rng);
        let loss = || (net.forward(&x) * net.forward(&x)).mean();
        let (after, inside) = (autocast(loss).backward(), autocast(|| loss().backward()));
        let exact = loss().backward();
        for p in net.parameters() {
            assert_eq!(after.of(p), inside.of(p));
            let gap = (after.of(p) - exact.of(p)).abs().max().item();
            let largest = exact.of(p).abs().max().item();
            // Three factors, each off by 1/512 at most, and sums in which some cancel.
            assert!(gap > 0.0 && gap < 0.02 * largest, "{gap} of {largest}");
        }
    }

    #[test]
    fn a_parameter_is_rounded_once_until_it_is_overwritten() {
        let rng = &mut Rng::new(4);
        let mut layer = Linear::without_bias(5, 5, rng);
        let x = Tensor::randn([2, 5], rng);
        let count = Rc::new(Count::default());
        with(count.clone(), || {
            autocast(|| {
                layer.forward(&x);
                assert_eq!(count.0.get(), 2, "the weight and the input");
                let y = layer.forward(&x);
                assert_eq!(count.0.get(), 3, "the input");
                layer.weight.data_mut()[0] = 100.0;
                let z = layer.forward(&x);
                assert_eq!(count.0.get(), 5, "both");
                assert_ne!(y.at([0, 0]), z.at([0, 0]), "the new number counts");
                let grads = layer.forward(&x).sum().backward();
                let place = layer.weight.data().as_ptr();
                let mut optimizer = Adam::new(AdamOptions::default());
                let rounded = count.0.get();
                optimizer.step(&mut layer, &grads);
                assert_eq!(layer.weight.data().as_ptr(), place, "an update is in place");
                layer.forward(&x);
                assert_eq!(count.0.get(), rounded + 2);
            })
        });
    }

    #[test]
    fn what_was_rounded_without_recording_is_not_used_where_it_counts() {
        let (layer, x) = (Linear::new(3, 2, &mut Rng::new(5)), Tensor::ones([1, 3]));
        autocast(|| {
            no_grad(|| layer.forward(&x));
            let grads = layer.forward(&x).sum().backward();
            assert_eq!(*grads.of(&layer.weight), Tensor::ones([2, 3]));
        });
    }

    #[test]
    fn other_ops_get_floats() {
        let x = Tensor::from([1.0, 2.5]).to_bf16();
        autocast(|| {
            assert_eq!(x.exp(), x.to_f32().exp());
            assert_eq!((&x + 1.0).kind(), "f32");
            assert_eq!(x.reshape([2, 1]).kind(), "bf16", "a view of any kind");
        });
    }

    #[test]
    fn without_gradients_one_side_is_rounded_here_and_the_other_on_its_way() {
        let rng = &mut Rng::new(6);
        let (a, b) = (Tensor::randn([3, 20], rng), Tensor::randn([20, 4], rng));
        let rounded = |x: &Tensor| x.to_bf16().to_f32();
        let gap = autocast(|| a.matmul(&b)) - rounded(&a).matmul(&rounded(&b));
        assert!(gap.abs().max().item() < 1e-5);
    }

    #[test]
    fn convolutions_are_of_rounded_numbers_there_and_back() {
        let rng = &mut Rng::new(7);
        let rounded = |x: &Tensor| x.to_bf16().to_f32().with_grad();
        let [x, w] = [[2, 3, 6, 6], [4, 3, 3, 3]].map(|s| Tensor::randn(s, rng).with_grad());
        let bias = Tensor::randn([4], rng);
        let conv = |x: &Tensor, w: &Tensor| conv2d(x, w, Some(&bias), Conv2dOp::default());
        let (small_x, small_w) = (rounded(&x), rounded(&w));
        let (got, expected) = (autocast(|| conv(&x, &w)), conv(&small_x, &small_w));
        assert!((&got - &expected).abs().max().item() < 1e-5);
        // All ones on the way back, which rounding leaves alone.
        let (got, expected) = (got.sum().backward(), expected.sum().backward());
        for (ours, theirs) in [(&x, &small_x), (&w, &small_w)] {
            let gap = (got.of(ours) - expected.of(theirs)).abs().max().item();
            assert!(gap < 1e-4, "{gap}");
        }
    }
}
