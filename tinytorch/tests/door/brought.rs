//! Ops of later modules, which bring their gradient rules with them.

use crate::{message, parameter};
use tinytorch::autograd::{Each, Gradient, Joint, Of, Pointwise};
use tinytorch::prelude::*;
use tinytorch::tensor::{Brought, Op, Reads, dispatch};

/// `x y²`, a rule per input.
struct TimesSquare;

impl Op for TimesSquare {
    fn name(&self) -> &'static str {
        "times_square"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0] * x[1] * x[1]
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::input(1) } else { Reads::input(0) | Reads::input(1) }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<TimesSquare>(&[
                |_, n, g| g * n.x(1) * n.x(1),
                |_, n, g| g * n.x(0) * n.x(1) * 2.0,
            ]))]
        }
    }
}

/// The length of the vector of all inputs, however many: one rule for all.
struct Length;

impl Op for Length {
    fn name(&self) -> &'static str {
        "length"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let squares = x.iter().map(|x| (*x * *x).sum());
        squares.reduce(|a, b| a + b).expect("an input").sqrt()
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Joint::<Length>(|_, n, g| {
                let per_length = g / n.y(); // shared work
                let share = |i| n.wants(i).then(|| n.x(i) * &per_length);
                (0..n.len()).map(share).collect()
            }))]
        }
    }
}

/// `ln(1 + eˣ)`, by its slope and the slope of that.
struct Softplus;

impl Op for Softplus {
    fn name(&self) -> &'static str {
        "softplus"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        (x[0].exp() + 1.0).ln()
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::input(0)
    }

    fn brings(&self) -> Brought {
        fn sigmoid(x: f32) -> f32 {
            1.0 / (1.0 + (-x).exp())
        }
        const {
            &[&Gradient(&Pointwise::<Softplus> {
                name: "softplus_backward",
                of: Of::Input,
                slope: |_, x| sigmoid(x),
                curve: |_, x| sigmoid(x) * (1.0 - sigmoid(x)),
            })]
        }
    }
}

#[test]
fn a_rule_per_input_is_right_and_only_those_wanted_run() {
    let (x, y) = (Tensor::from([2.0, -1.0]), Tensor::from([3.0, 0.5]));
    gradcheck(|x| dispatch(TimesSquare, &[&x[0], &x[1]]), &[x.clone(), y.clone()]).expect("right");
    let y = y.with_grad();
    let grads = dispatch(TimesSquare, &[&x, &y]).sum().backward();
    assert_eq!(*grads.of(&y), Tensor::from([12.0, -1.0]));
    assert_eq!(grads.len(), 1);
}

#[test]
fn one_rule_for_any_number_of_inputs_is_right() {
    let inputs = [Tensor::from([3.0, 1.0]), Tensor::from(-2.0), Tensor::from([[0.5], [1.5]])];
    gradcheck(|x| dispatch(Length, &x.iter().collect::<Vec<_>>()), &inputs).expect("right");
    let (a, b) = (parameter(2.0), parameter(4.0));
    let frozen = Tensor::from(4.0);
    let grads = dispatch(Length, &[&a, &frozen, &b]).backward(); // of length 6
    assert_eq!(grads.len(), 2);
    let errors = [grads.of(&a).item() - 2.0 / 6.0, grads.of(&b).item() - 4.0 / 6.0];
    assert!(errors.iter().all(|e| e.abs() < 1e-7), "{errors:?}");
}

#[test]
fn a_slope_is_a_rule_and_the_slope_of_that_the_second() {
    gradcheck(|x| dispatch(Softplus, &[&x[0]]), &[Tensor::from([-2.0, 0.3, 4.0])]).expect("right");
    let x = parameter(0.3);
    let options = BackwardOptions { create_graph: true, ..Default::default() };
    let first = dispatch(Softplus, &[&x]).backward_with(options);
    let second = first.of(&x).backward().of(&x).item();
    let s = 1.0 / (1.0 + (-0.3_f32).exp());
    assert!((second - s * (1.0 - s)).abs() < 1e-6, "{second}");
}

#[test]
fn second_derivatives_go_through_rules_that_were_brought() {
    let (x, y) = (parameter(5.0), parameter(3.0));
    let options = BackwardOptions { create_graph: true, ..Default::default() };
    let first = dispatch(TimesSquare, &[&x, &y]).backward_with(options);
    assert_eq!((first.of(&x).item(), first.of(&y).item()), (9.0, 30.0));
    let second = (first.of(&x) + first.of(&y)).backward(); // y² + 2xy
    assert_eq!((second.of(&x).item(), second.of(&y).item()), (6.0, 16.0));
}

/// An op that module 05 knows nothing of.
struct Floor;

impl Op for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        Tensor::from_vec(x[0].data().iter().map(|v| v.floor()).collect(), x[0].shape())
    }
}

#[test]
fn a_missing_rule_is_an_error_that_names_the_op() {
    let text = message(|| _ = dispatch(Floor, &[&parameter(1.5)]).backward());
    assert_eq!(
        text,
        "backward: op `floor` has no gradient rule; let it bring one (`Op::brings`), or \
         `detach()` its result"
    );
    // Where nothing flows back it is not needed.
    let p = parameter(1.5);
    assert_eq!((dispatch(Floor, &[&p]).detach() * &p).backward().of(&p).item(), 1.0);
}

/// Says of itself that its gradient needs nothing, which is not true.
struct Forgetful;

impl Op for Forgetful {
    fn name(&self) -> &'static str {
        "forgetful"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0].exp()
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Forgetful>(&[|_, n, g| g * n.x(0).exp()]))] }
    }
}

/// Gives back a gradient that is not of the shape of its input.
struct Careless;

impl Op for Careless {
    fn name(&self) -> &'static str {
        "careless"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0].sum()
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Careless>(&[|_, _, g| g.clone()]))] }
    }
}

/// Has a rule that forgets the second of two inputs.
struct OneSided;

impl Op for OneSided {
    fn name(&self) -> &'static str {
        "one_sided"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0] + x[1]
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<OneSided>(|_, _, g| vec![Some(g.clone())]))] }
    }
}

#[test]
fn a_gradient_that_a_rule_forgets_is_not_silently_absent() {
    let (a, b) = (parameter(1.0), parameter(2.0));
    assert_eq!(dispatch(OneSided, &[&a, &b.detach()]).backward().len(), 1);
    assert_eq!(
        message(|| _ = dispatch(OneSided, &[&a, &b]).backward()),
        "backward: `one_sided` has no gradient for input 1; `detach()` it"
    );
}

#[test]
fn a_rule_that_reads_what_was_not_kept_or_gives_a_wrong_shape_is_named() {
    assert_eq!(
        message(|| _ = dispatch(Forgetful, &[&parameter(1.0)]).backward()),
        "backward: the rule of `forgetful` reads input 0, which its `reads` does not name"
    );
    let x = Tensor::zeros([2, 3]).with_grad();
    assert_eq!(
        message(|| _ = dispatch(Careless, &[&x]).backward()),
        "backward: the rule of `careless` gave input 0 of [2, 3] a gradient of []; bring \
         each share to the shape of its input"
    );
}
