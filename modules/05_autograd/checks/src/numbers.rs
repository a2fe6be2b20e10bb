//! How the checks make numbers, read them, and find gradients without the code under test.

use check::{Because, Numbers, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions, Gradients};
use tinytorch_tensor::{Rng, Tensor};

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// One number that wants a gradient.
pub fn leaf(value: f32) -> Tensor {
    Tensor::from(value).with_grad()
}

/// 1 2 3 / 4 5 6, the lesson's matrix.
pub fn two_by_three() -> Tensor {
    Tensor::from([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
}

/// The floats 0, 1, 2, … row by row.
pub fn counted<const N: usize>(sizes: [usize; N]) -> Tensor {
    let count: usize = sizes.iter().product();
    Tensor::from_vec((0..count).map(|i| i as f32).collect(), sizes)
}

/// Random numbers about 1, reproducible.
pub fn drawn<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randn(sizes, &mut Rng::new(seed))
}

/// Walks back from `y` with the gradient `g` of `y`.
#[track_caller]
pub fn back(y: &Tensor, g: impl Into<Tensor>) -> Gradients {
    y.backward_with(BackwardOptions { gradient: Some(g.into()), ..Default::default() })
}

/// What each of `inputs` gets when `f` of them has the gradient `g`.
#[track_caller]
pub fn shares<const N: usize>(
    f: impl Fn(&[Tensor; N]) -> Tensor,
    inputs: [Tensor; N],
    g: impl Into<Tensor>,
) -> [Tensor; N] {
    let inputs = inputs.map(Tensor::with_grad);
    let gradients = back(&f(&inputs), g);
    inputs.map(|x| gradients.of(&x).clone())
}

/// The slope of `f` at `x`, and the slope of that slope.
#[track_caller]
pub fn twice_differentiated(f: impl Fn(&Tensor) -> Tensor, x: f32) -> (f32, f32) {
    let x = leaf(x);
    let record = BackwardOptions { create_graph: true, ..Default::default() };
    let first = f(&x).backward_with(record).of(&x).clone();
    (first.item(), first.backward().of(&x).item())
}

/// Wrong unless the gradients of `f` at `inputs` are what differences of `f` say they are.
///
/// The differences are this file's own, so that a judge that accepts anything accepts nothing here.
pub fn unless_judged<const N: usize>(
    f: impl Fn(&[Tensor; N]) -> Tensor,
    inputs: [Tensor; N],
) -> Verdict {
    let weights = Tensor::uniform(f(&inputs).shape(), 0.5, 1.5, &mut Rng::new(5));
    let got = shares(&f, inputs.clone(), weights.clone());
    for (i, got) in got.iter().enumerate() {
        let by_differences: Vec<f32> = (0..inputs[i].numel())
            .map(|k| {
                let at = |step: f32| {
                    let mut moved = inputs.clone();
                    moved[i].data_mut()[k] += step;
                    let (y, w) = (f(&moved).to_vec(), weights.to_vec());
                    y.iter().zip(w).map(|(&y, w)| f64::from(y) * f64::from(w)).sum::<f64>()
                };
                let between = |h: f32| (at(h) - at(-h)) / (2.0 * f64::from(h));
                ((4.0 * between(1.0 / 64.0) - between(1.0 / 32.0)) / 3.0) as f32
            })
            .collect();
        let expected = Numbers::new(inputs[i].shape().to_vec(), by_differences);
        wrong::unless_close(of(got), &expected, 2e-3)
            .note(format!("of input {i}; expected is what differences of the function say"))?;
    }
    Ok(())
}
