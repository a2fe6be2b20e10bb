//! How the checks make numbers, read them, and find gradients without the code under test.

use check::{Because, Numbers, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_layers::{Model, State};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::GptConfig;

/// The floats of a tensor, as the harness compares them.
pub fn of(t: &Tensor) -> Numbers {
    Numbers::new(t.shape().to_vec(), t.to_vec())
}

/// Random numbers about 1, reproducible.
pub fn drawn<const N: usize>(sizes: [usize; N], seed: u64) -> Tensor {
    Tensor::randn(sizes, &mut Rng::new(seed))
}

/// Whether the numbers of `t` are `expected`, to within 1e-4: for telling mistakes apart.
pub fn near(t: &Tensor, expected: &[f32]) -> bool {
    let close = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-4;
    t.numel() == expected.len() && t.data().iter().zip(expected).all(close)
}

/// Whether two tensors have one shape and the same numbers, to within 1e-5.
pub fn same(a: &Tensor, b: &Tensor) -> bool {
    a.shape() == b.shape() && (a.numel() == 0 || (a - b).abs().max().item() < 1e-5)
}

/// The names of what is trained.
pub fn names(model: &impl State) -> Vec<String> {
    model.named_parameters().into_iter().map(|(name, _)| name).collect()
}

/// A config small enough to be looked at: two layers, 16 wide, 20 tokens, a context of 8.
pub fn small() -> GptConfig {
    let tiny = GptConfig::tiny();
    GptConfig { vocab_size: 20, context: 8, d_model: 16, hidden: 64, heads: 2, kv_heads: 2, ..tiny }
}

/// What each of `inputs` gets when `f` of them has the gradient `g`.
#[track_caller]
pub fn shares<const N: usize>(
    f: impl Fn(&[Tensor; N]) -> Tensor,
    inputs: [Tensor; N],
    g: impl Into<Tensor>,
) -> [Tensor; N] {
    let inputs = inputs.map(Tensor::with_grad);
    let options = BackwardOptions { gradient: Some(g.into()), ..Default::default() };
    let gradients = f(&inputs).backward_with(options);
    inputs.map(|x| gradients.of(&x).clone())
}

/// Wrong unless the gradients of `f` at `inputs` are what differences of `f` say they are.
pub fn unless_judged<const N: usize>(
    f: impl Fn(&[Tensor; N]) -> Tensor,
    inputs: [Tensor; N],
) -> Verdict {
    let weights = Tensor::uniform(f(&inputs).shape(), 0.5, 1.5, &mut Rng::new(5));
    let got = shares(&f, inputs.clone(), weights.clone());
    for (i, got) in got.iter().enumerate() {
        let slope = |k: usize| {
            let at = |step: f32| {
                let mut moved = inputs.clone();
                moved[i].data_mut()[k] += step;
                let (y, w) = (f(&moved).to_vec(), weights.to_vec());
                y.iter().zip(w).map(|(&y, w)| f64::from(y) * f64::from(w)).sum::<f64>()
            };
            let between = |h: f32| (at(h) - at(-h)) / (2.0 * f64::from(h));
            ((4.0 * between(1.0 / 64.0) - between(1.0 / 32.0)) / 3.0) as f32
        };
        let by_differences = (0..inputs[i].numel()).map(slope).collect();
        let expected = Numbers::new(inputs[i].shape().to_vec(), by_differences);
        wrong::unless_close(of(got), &expected, 2e-3)
            .note(format!("of input {i}; expected is what differences of the function say"))?;
    }
    Ok(())
}
