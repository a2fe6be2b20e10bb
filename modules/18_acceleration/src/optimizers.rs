//! Optimizer steps: parameter, memory and gradient in one pass.
//!
//! A step of Adam reads four numbers per weight and writes three, 28 bytes, for a dozen operations:
//! for a model that does not fit the caches nothing but memory limits it. Written as ops on whole
//! tensors, as in a library without a kernel for it, the same step moves each number about ten
//! times. Here each formula says what becomes of the numbers of one weight, as vectors, and one
//! loop walks over all of them.
//!
//! A formula computes what its definition does in the same order, so that the numbers are the
//! definition's to the bit. Only Adam's differ, by a rounding or two, as of its two divisions one
//! is made once and not for each weight:
//!
//! ```text
//! r m / (√v / R + eps)  =  (r R) m / (√v + R eps)         r = lr / (1 - β₁ᵗ), R = √(1 - β₂ᵗ)
//! ```
//!
//! A division takes ten cycles a vector, a root fifteen: as long as memory takes, and longer than
//! that for parameters that are in a cache.

#![expect(unsafe_code, reason = "several threads write parts of the same tensors")]

use crate::copy::dense;
use crate::elementwise::pieces;
use crate::level::level;
use crate::out::Out;
use crate::simd::{Simd, vectorized};
use std::any::Any;
use tinytorch_optimizers::{
    AdamOptions, AdamStep, AdamWStep, RmsPropOptions, RmsPropStep, SgdOptions, SgdStep,
    bias_correction,
};
use tinytorch_tensor::{Kernels, Tensor, Update};

/// The kernels of this file.
pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on_update::<AdamStep>("f32", adam);
    kernels.on_update::<AdamWStep>("f32", adamw);
    kernels.on_update::<SgdStep>("f32", sgd);
    kernels.on_update::<RmsPropStep>("f32", rmsprop);
}

/// The settings of the update that a kernel was called for.
fn settings<U: Update>(update: &dyn Update) -> &U {
    (update as &dyn Any).downcast_ref().expect("a kernel is called for what it is registered for")
}

/// What one step does to a weight and to what is remembered of it.
trait Formula: Sync {
    /// How many numbers there are to a weight, itself included.
    const STATES: usize;

    /// Rewrites the first `STATES` of `states`, the weight first, given the gradient.
    fn step<S: Simd>(&self, states: &mut [S::F; MOST], g: S::F);
}

/// The most numbers to a weight: itself, a mean square, a mean and a velocity.
const MOST: usize = 4;

/// Steps all numbers of the targets.
fn run<F: Formula>(formula: &F, targets: &mut [&mut Tensor], g: &Tensor) {
    assert!(targets.len() == F::STATES, "a step of {} tensors of {}", F::STATES, targets.len());
    let (level, g, mut count) = (level(), dense(g), g.numel());
    let mut states = [Out::over(&mut []); MOST];
    for (state, target) in states.iter_mut().zip(targets) {
        *state = Out::over(target.data_mut());
        count = count.min(state.len());
    }
    pieces(count, |range| {
        let mut parts: [&mut [f32]; MOST] = Default::default();
        for (part, state) in parts.iter_mut().zip(states.iter()).take(F::STATES) {
            // SAFETY: every state is a tensor of its own, and no two ranges overlap.
            *part = unsafe { state.part(range.clone()) };
        }
        pass(level, formula, &mut parts, &g[range]);
    });
}

/// So many numbers ahead memory is asked for them, 2 KiB. It would be by itself, but not across the
/// end of a page of 4 KiB, and there are several streams to end: a tenth of the time.
const AHEAD: usize = 512;

vectorized! {
    /// Steps the numbers of each state, as many as there are gradients.
    fn pass<S, F: Formula>(formula: &F, states: &mut [&mut [f32]; MOST], g: &[f32]) {
        assert!(states.iter().take(F::STATES).all(|state| state.len() == g.len()));
        let mut at = 0;
        while at < g.len() {
            let n = S::LANES.min(g.len() - at);
            let mut now = [S::splat(0.0); MOST];
            // Not behind the end: to look up a page that there is not takes longer than a step.
            if at + AHEAD < g.len() {
                S::prefetch(g[at + AHEAD..].as_ptr());
                for state in states.iter().take(F::STATES) {
                    S::prefetch(state[at + AHEAD..].as_ptr());
                }
            }
            for (now, state) in now.iter_mut().zip(states.iter()).take(F::STATES) {
                *now = S::read(&state[at..at + n]);
            }
            formula.step::<S>(&mut now, S::read(&g[at..at + n]));
            for (state, now) in states.iter_mut().zip(now).take(F::STATES) {
                S::write(&mut state[at..at + n], now);
            }
            at += n;
        }
    }
}

fn adam(update: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let AdamStep { options, step } = settings(update);
    let decay = Decay::Coupled(options.weight_decay);
    run(&Adam::new(options, *step, decay), targets, x[0]);
}

fn adamw(update: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let AdamWStep { options, step } = settings(update);
    let kept = 1.0 - f64::from(options.lr) * f64::from(options.weight_decay);
    let (lr, betas, eps) = (options.lr, options.betas, options.eps);
    let adam = AdamOptions { lr, betas, eps, weight_decay: 0.0 };
    run(&Adam::new(&adam, *step, Decay::Apart(kept as f32)), targets, x[0]);
}

/// How weights are pulled towards 0.
#[derive(Clone, Copy)]
enum Decay {
    /// By a gradient of this times the weight.
    Coupled(f32),
    /// By keeping this part of each.
    Apart(f32),
}

/// Adam and AdamW: a weight, its mean `m` and its mean square `v`.
struct Adam {
    decay: Decay,
    /// `1 - β₁`
    gained: f32,
    /// `β₂`
    square_kept: f32,
    /// `1 - β₂`
    square_gained: f32,
    /// `lr √(1 - β₂ᵗ) / (1 - β₁ᵗ)`
    rate: f32,
    /// `eps √(1 - β₂ᵗ)`
    eps: f32,
}

impl Adam {
    fn new(options: &AdamOptions, step: i32, decay: Decay) -> Self {
        let (first, second) = options.betas;
        let root = bias_correction(second, step).sqrt();
        Self {
            decay,
            gained: 1.0 - first,
            square_kept: second,
            square_gained: 1.0 - second,
            rate: (f64::from(options.lr) * root / bias_correction(first, step)) as f32,
            eps: (f64::from(options.eps) * root) as f32,
        }
    }
}

impl Formula for Adam {
    const STATES: usize = 3;

    #[inline(always)]
    fn step<S: Simd>(&self, [w, m, v, _]: &mut [S::F; MOST], mut g: S::F) {
        match self.decay {
            Decay::Coupled(decay) => g = decayed::<S>(g, *w, decay),
            Decay::Apart(kept) => *w = S::mul(*w, S::splat(kept)),
        }
        *m = lerp::<S>(*m, g, self.gained);
        *v = mean_square::<S>(*v, g, self.square_kept, self.square_gained);
        let away = S::add(S::sqrt(*v), S::splat(self.eps));
        *w = S::sub(*w, S::div(S::mul(S::splat(self.rate), *m), away));
    }
}

fn sgd(update: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let SgdStep { options, first } = settings(update);
    match targets.len() {
        1 => run(&Plain { options: *options }, targets, x[0]),
        _ => {
            let momentum = (options.momentum, 1.0 - options.dampening);
            let (kept, gained) = if *first { (0.0, 1.0) } else { momentum };
            run(&Momentum { options: *options, kept, gained }, targets, x[0]);
        }
    }
}

/// Gradient descent without memory.
struct Plain {
    options: SgdOptions,
}

impl Formula for Plain {
    const STATES: usize = 1;

    #[inline(always)]
    fn step<S: Simd>(&self, [w, ..]: &mut [S::F; MOST], g: S::F) {
        let g = decayed::<S>(g, *w, self.options.weight_decay);
        *w = S::sub(*w, S::mul(S::splat(self.options.lr), g));
    }
}

/// Gradient descent: a weight and its velocity.
struct Momentum {
    options: SgdOptions,
    /// The part of the velocity that is kept: none at the first step.
    kept: f32,
    /// The part of the gradient that comes in: all of it at the first step.
    gained: f32,
}

impl Formula for Momentum {
    const STATES: usize = 2;

    #[inline(always)]
    fn step<S: Simd>(&self, [w, v, ..]: &mut [S::F; MOST], g: S::F) {
        let g = decayed::<S>(g, *w, self.options.weight_decay);
        *v = S::add(S::mul(S::splat(self.kept), *v), S::mul(S::splat(self.gained), g));
        let to = match self.options.nesterov {
            true => S::add(g, S::mul(S::splat(self.options.momentum), *v)),
            false => *v,
        };
        *w = S::sub(*w, S::mul(S::splat(self.options.lr), to));
    }
}

fn rmsprop(update: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let options = settings::<RmsPropStep>(update).options;
    match (options.centered, options.momentum != 0.0) {
        (false, false) => run(&RmsProp::<false, false> { options }, targets, x[0]),
        (false, true) => run(&RmsProp::<false, true> { options }, targets, x[0]),
        (true, false) => run(&RmsProp::<true, false> { options }, targets, x[0]),
        (true, true) => run(&RmsProp::<true, true> { options }, targets, x[0]),
    }
}

/// RMSprop: a weight, its mean square, then its mean if it is centered, and its velocity if it
/// has momentum.
struct RmsProp<const CENTERED: bool, const MOMENTUM: bool> {
    options: RmsPropOptions,
}

impl<const CENTERED: bool, const MOMENTUM: bool> Formula for RmsProp<CENTERED, MOMENTUM> {
    const STATES: usize = 2 + CENTERED as usize + MOMENTUM as usize;

    #[inline(always)]
    fn step<S: Simd>(&self, [w, s, third, fourth]: &mut [S::F; MOST], g: S::F) {
        let RmsPropOptions { lr, alpha, eps, weight_decay, momentum, .. } = self.options;
        let (a, v) = if CENTERED { (third, fourth) } else { (fourth, third) };
        let g = decayed::<S>(g, *w, weight_decay);
        *s = mean_square::<S>(*s, g, alpha, 1.0 - alpha);
        let mut spread = *s;
        if CENTERED {
            *a = lerp::<S>(*a, g, 1.0 - alpha);
            spread = S::sub(*s, S::mul(*a, *a));
        }
        let mut to = S::div(g, S::add(S::sqrt(spread), S::splat(eps)));
        if MOMENTUM {
            *v = S::add(S::mul(S::splat(momentum), *v), to);
            to = *v;
        }
        *w = S::sub(*w, S::mul(S::splat(lr), to));
    }
}

/// `g`, and the pull of the decay if there is one; without, the weight is not looked at.
#[inline(always)]
fn decayed<S: Simd>(g: S::F, w: S::F, decay: f32) -> S::F {
    if decay == 0.0 { g } else { S::add(g, S::mul(S::splat(decay), w)) }
}

/// From `start` towards `end` by a part of the way, in the form that rounds less.
#[inline(always)]
fn lerp<S: Simd>(start: S::F, end: S::F, part: f32) -> S::F {
    let way = S::sub(end, start);
    match part < 0.5 {
        true => S::add(start, S::mul(S::splat(part), way)),
        false => S::sub(end, S::mul(way, S::splat(1.0 - part))),
    }
}

/// `kept s + gained g²`
#[inline(always)]
fn mean_square<S: Simd>(s: S::F, g: S::F, kept: f32, gained: f32) -> S::F {
    let square = S::mul(S::mul(S::splat(gained), g), g);
    S::add(S::mul(S::splat(kept), s), square)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Level, with_level};
    use crate::trial::{assert_close, layouts, on_threads};
    use tinytorch_optimizers::AdamWOptions;
    use tinytorch_tensor::{Rng, UpdateKernel};

    /// Three steps by definition and by kernel, from states and with gradients in every layout.
    #[track_caller]
    fn assert_steps_as_defined(
        of_step: impl Fn(i32) -> Box<dyn Update>,
        kernel: UpdateKernel,
        states: usize,
        tolerance: f32,
    ) {
        let rng = &mut Rng::new(6);
        for shape in [&[][..], &[1], &[3, 5], &[33], &[0, 2], &[260, 257]] {
            let start: Vec<Tensor> = (0..states)
                .map(|i| match i {
                    0 => Tensor::randn(shape, rng),
                    // A mean square is positive, and one beside a mean above the mean's square.
                    1 => Tensor::rand(shape, rng) + 0.2,
                    _ => Tensor::rand(shape, rng) * 0.1,
                })
                .collect();
            let few = if shape.len() == 2 && shape[0] > 99 { 2 } else { 5 };
            for g in layouts(shape, rng).into_iter().take(few) {
                let walk = |step: &dyn Fn(&dyn Update, &mut [&mut Tensor])| {
                    let mut all: Vec<Tensor> = start.iter().map(Tensor::detach).collect();
                    for i in 1..4 {
                        let mut targets: Vec<&mut Tensor> = all.iter_mut().collect();
                        step(&*of_step(i), &mut targets);
                    }
                    all
                };
                let expected = walk(&|update, targets| update.run(targets, &[&g]));
                for level in Level::supported() {
                    let by_kernel = |threads| {
                        let go = || {
                            with_level(level, || {
                                walk(&|update, targets| kernel(update, targets, &[&g]))
                            })
                        };
                        on_threads(threads, go)
                    };
                    let got = by_kernel(1);
                    let what = || format!("{} of {} at {level}", of_step(1).name(), g.shape());
                    for ((got, expected), again) in got.iter().zip(&expected).zip(by_kernel(2)) {
                        assert_close(got, expected, tolerance, &what);
                        assert_eq!(*got, again, "{}: two threads", what());
                    }
                }
            }
        }
    }

    #[test]
    fn adam_steps_as_defined() {
        let settings =
            [(0.0, (0.9, 0.999), 1e-8), (0.1, (0.4, 0.9), 1e-3), (0.0, (0.0, 0.0), 1e-8)];
        for (weight_decay, betas, eps) in settings {
            let options = AdamOptions { lr: 0.01, betas, eps, weight_decay };
            let step = |step| Box::new(AdamStep { options, step }) as Box<dyn Update>;
            assert_steps_as_defined(step, adam, 3, 1e-6);
            let options = AdamWOptions { lr: 0.01, betas, eps, weight_decay };
            let step = |step| Box::new(AdamWStep { options, step }) as Box<dyn Update>;
            assert_steps_as_defined(step, adamw, 3, 1e-6);
        }
    }

    #[test]
    fn descent_steps_as_defined_to_the_bit() {
        for (momentum, nesterov, weight_decay) in
            [(0.0, false, 0.0), (0.0, false, 0.1), (0.9, false, 0.1), (0.9, true, 0.0)]
        {
            let dampening = if nesterov { 0.0 } else { 0.3 };
            let options = SgdOptions { lr: 0.1, momentum, dampening, nesterov, weight_decay };
            let step = |step| Box::new(SgdStep { options, first: step == 1 }) as Box<dyn Update>;
            assert_steps_as_defined(step, sgd, 1 + usize::from(momentum != 0.0), 0.0);
        }
    }

    #[test]
    fn rmsprop_steps_as_defined_to_the_bit() {
        for (centered, momentum) in [(false, 0.0), (false, 0.9), (true, 0.0), (true, 0.9)] {
            for (alpha, weight_decay) in [(0.99, 0.0), (0.3, 0.1)] {
                let lr = 0.01;
                let options =
                    RmsPropOptions { lr, alpha, eps: 1e-8, weight_decay, momentum, centered };
                let step = |_| Box::new(RmsPropStep { options }) as Box<dyn Update>;
                let states = 2 + usize::from(centered) + usize::from(momentum != 0.0);
                assert_steps_as_defined(step, rmsprop, states, 0.0);
            }
        }
    }

    #[test]
    fn a_gradient_of_zero_moves_nothing_and_nan_moves_one_weight_only() {
        let options = AdamOptions { eps: 1e-8, ..Default::default() };
        let mut g = vec![0.0; 40];
        g[35] = f32::NAN;
        let (mut w, mut m, mut v) = (Tensor::ones([40]), Tensor::zeros([40]), Tensor::zeros([40]));
        let g = Tensor::from_vec(g, [40]);
        adam(&AdamStep { options, step: 1 }, &mut [&mut w, &mut m, &mut v], &[&g]);
        for (i, &w) in w.data().iter().enumerate() {
            assert!(if i == 35 { w.is_nan() } else { w == 1.0 }, "{i}: {w}");
        }
    }

    #[test]
    fn a_parameter_is_written_where_it_is() {
        let mut w = Tensor::ones([100]);
        let before = w.data().as_ptr();
        let step = SgdStep { options: SgdOptions::default(), first: true };
        sgd(&step, &mut [&mut w], &[&Tensor::ones([100])]);
        assert_eq!(w.data().as_ptr(), before);
        assert_eq!(w.at([99]), 0.999);
    }
}
