//! What all optimizers share: which parameters, in which group, with which memory.

use crate::error::OptimizersError;
use crate::memory::{Entry, Found, Kept, Memory, Tied, parameter};
use crate::optimizer::{Formula, Now, Optimizer};
use tinytorch_autograd::Gradients;
use tinytorch_layers::{Path, Slot, SlotMut, State, StateDict};
use tinytorch_tensor::{ByKey, Tensor, TensorId};

/// An optimizer: a [`Formula`], perhaps others for groups of parameters, and what they remember.
///
/// Memory is filed under the parameter's path, and found by its id at every step but the first,
/// so that a step handles no text.
pub struct Descent<F> {
    /// The learning rate of parameters that are in no group.
    lr: f32,
    /// What becomes of those, then the groups.
    groups: Vec<Group<F>>,
    memory: Memory,
    /// Tensors that stand in several places of the model.
    tied: ByKey<TensorId, ()>,
    /// How often `step` has been called.
    calls: u64,
    /// Kept for its buffer.
    path: Path,
    /// Whether the model has been looked at since the last `group` or `load_state_dict`.
    looked: bool,
    /// Whether a state was loaded since.
    loaded: bool,
}

/// Parameters with settings of their own.
///
/// ```
/// use tinytorch_optimizers::{AdamW, AdamWOptions, ParamGroup};
///
/// let options = AdamWOptions { lr: 3e-4, weight_decay: 0.1, ..Default::default() };
/// let optimizer = AdamW::new(options).group(ParamGroup {
///     name: "no decay",
///     matches: |path| path.ends_with("bias"),
///     options: AdamWOptions { weight_decay: 0.0, ..options },
/// });
/// ```
pub struct ParamGroup<F, M: Fn(&str) -> bool> {
    /// What it is called in messages.
    pub name: &'static str,
    /// Whether the parameter with this path is in the group.
    pub matches: M,
    /// The settings of its parameters.
    pub options: F,
}

struct Group<F> {
    name: &'static str,
    matches: Box<dyn Fn(&str) -> bool + Send + Sync>,
    formula: F,
    /// Its learning rate, as a multiple of the optimizer's.
    scale: f64,
}

impl<F> Group<F> {
    /// The next step of a parameter of this group that has taken `steps`, which are counted, when
    /// the optimizer's learning rate is `lr`.
    fn now(&self, lr: f32, steps: &mut i32) -> Now {
        *steps = steps.saturating_add(1);
        Now { lr: (self.scale * f64::from(lr)) as f32, step: *steps }
    }
}

/// The learning rate `lr` of a group as a multiple of `all`, the optimizer's; 1 of 0.
fn scale(lr: f64, all: f64) -> f64 {
    if all > 0.0 { lr / all } else { 1.0 }
}

impl<F: Formula> Descent<F> {
    /// An optimizer with these settings for all parameters.
    ///
    /// # Panics
    /// When they make no sense.
    #[track_caller]
    pub fn new(options: F) -> Self {
        options.check();
        let (lr, all) = (options.lr(), Box::new(|_: &str| true));
        let all = Group { name: "all", matches: all, formula: options, scale: 1.0 };
        Self {
            lr,
            groups: vec![all],
            memory: Memory::default(),
            tied: ByKey::default(),
            calls: 0,
            path: Path::new(),
            looked: false,
            loaded: false,
        }
    }

    /// With settings of their own for some parameters. One that matches several groups is in the
    /// first.
    ///
    /// # Panics
    /// When the settings make no sense, a step has been taken or a state loaded, or the optimizer
    /// has a learning rate of 0, of which that of the group would have to be a multiple.
    #[track_caller]
    pub fn group<M>(mut self, group: ParamGroup<F, M>) -> Self
    where
        M: Fn(&str) -> bool + Send + Sync + 'static,
    {
        let ParamGroup { name, matches, options } = group;
        options.check();
        assert!(
            self.calls == 0 && !self.loaded,
            "{}: group `{name}` comes too late; make it before the first step and before a state \
             is loaded",
            self.name()
        );
        let (lr, all) = (f64::from(options.lr()), f64::from(self.lr));
        assert!(
            all > 0.0 || lr == 0.0,
            "{}: the learning rate {lr} of group `{name}` is no multiple of the optimizer's, \
             which is 0; give the optimizer one",
            self.name()
        );
        let (matches, scale) = (Box::new(matches), scale(lr, all));
        self.groups.push(Group { name, matches, formula: options, scale });
        self
    }

    /// The group of a path, and what is remembered there.
    fn group_of(groups: &[Group<F>], path: &str) -> (usize, Kept) {
        let named = groups.iter().skip(1).position(|group| (group.matches)(path));
        let index = named.map_or(0, |i| i + 1);
        let formula = &groups[index].formula;
        (index, Kept { names: formula.memory(), counts: formula.counts() })
    }

    /// Before the first step, and the first after a state was loaded: looks the model through.
    ///
    /// # Errors
    /// When a group or a loaded state does not fit it, in words.
    fn look(&mut self, model: &dyn State) -> Result<(), String> {
        let mut tensors = Vec::new();
        model.visit(&mut Path::new(), &mut |path, slot| {
            if let Slot::Tensor(t) = slot {
                let (path, is_parameter) = (path.to_string(), t.requires_grad());
                tensors.push(Found { path, is_parameter, id: t.id() });
            }
        });
        for group in self.groups.iter().skip(1) {
            if !tensors.iter().any(|found| (group.matches)(&found.path)) {
                let paths: Vec<_> = tensors.iter().map(|f| format!("`{}`", f.path)).collect();
                return Err(format!(
                    "group `{}` matches no parameter; correct `matches` for the paths in this model: {}",
                    group.name,
                    paths.join(", ")
                ));
            }
        }
        if self.loaded {
            self.memory.compare(&tensors, |path| Self::group_of(&self.groups, path).1)?;
        }
        let mut seen = ByKey::<TensorId, ()>::default();
        let again = tensors.iter().filter(|found| seen.insert(found.id, ()).is_some());
        self.tied = again.map(|found| (found.id, ())).collect();
        Ok(())
    }

    /// One step of one parameter.
    ///
    /// # Errors
    /// What is wrong, in words: the panic is that of `step`, so that it has the caller's line.
    fn step_one(&mut self, path: &Path, w: &mut Tensor, grads: &Gradients) -> Result<(), String> {
        let Some(g) = grads.get(w) else {
            return Err(format!(
                "the loss does not depend on {} {}; is it used in `forward`? freeze it with \
                 `set_requires_grad(false)` if that is meant",
                parameter(path.as_str()),
                w.shape()
            ));
        };
        let entry = match self.memory.met.get_mut(&w.id()) {
            Some(entry) => entry,
            None => {
                let (group, kept) = Self::group_of(&self.groups, path.as_str());
                let entry = self.memory.admit(path.as_str(), w, group, kept)?;
                if self.tied.contains_key(&w.id()) {
                    entry.tied = Tied::Yes(None);
                }
                entry
            }
        };
        if entry.call == self.calls {
            return again(entry, path, w);
        }
        entry.call = self.calls;
        let group = &self.groups[entry.group];
        let now = group.now(self.lr, &mut entry.steps);
        group.formula.step(now, w, &mut entry.tensors, g);
        if let Tied::Yes(updated) = &mut entry.tied {
            *updated = Some(w.clone());
        }
        Ok(())
    }
}

/// A parameter met a second time in one step: tied weights, updated already.
fn again(entry: &Entry, path: &Path, w: &mut Tensor) -> Result<(), String> {
    match &entry.tied {
        Tied::Yes(Some(updated)) => {
            *w = updated.clone();
            Ok(())
        }
        _ => Err(format!(
            "{} and {} have become one tensor since the first step; tie them before it",
            parameter(&entry.path),
            parameter(path.as_str())
        )),
    }
}

impl<F: Formula> Optimizer for Descent<F> {
    fn name(&self) -> &'static str {
        self.groups[0].formula.name()
    }

    fn step(&mut self, model: &mut dyn State, grads: &Gradients) {
        let mut outcome = if self.looked { Ok(()) } else { self.look(model) };
        self.calls += 1;
        let mut path = std::mem::take(&mut self.path);
        model.visit_mut(&mut path, &mut |path, slot| {
            if let SlotMut::Tensor(w) = slot
                && w.requires_grad()
                && outcome.is_ok()
            {
                outcome = self.step_one(path, w, grads);
            }
        });
        self.path = path;
        if let Err(problem) = outcome {
            panic!("optimizer: {problem}")
        }
        (self.looked, self.loaded) = (true, false);
    }

    fn learning_rate(&self) -> f32 {
        self.lr
    }

    fn set_learning_rate(&mut self, lr: f32) {
        assert!(
            lr >= 0.0 && lr.is_finite(),
            "{}: a learning rate is 0 or above, and finite, not {lr}; check the schedule",
            self.name()
        );
        self.lr = lr;
    }

    fn state_dict(&self) -> StateDict {
        self.memory.state_dict()
    }

    fn load_state_dict(&mut self, state: &StateDict) -> Result<(), OptimizersError> {
        let optimizer = self.name();
        let loaded = self.memory.load(state, |path| Self::group_of(&self.groups, path));
        loaded.map_err(|mismatches| OptimizersError::StateDict { optimizer, mismatches })?;
        // An empty state is that of an optimizer before its first step, and fits any model.
        (self.looked, self.loaded) = (false, !state.is_empty());
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{gradients, step};
    use crate::{Adam, AdamOptions, AdamW, AdamWOptions, RmsProp, RmsPropOptions, Sgd, SgdOptions};
    use tinytorch_layers::Linear;

    const OPTIONS: SgdOptions =
        SgdOptions { lr: 0.1, momentum: 0.9, dampening: 0.0, nesterov: false, weight_decay: 0.0 };

    fn weights(numbers: &[f32]) -> Vec<Tensor> {
        numbers.iter().map(|&w| Tensor::from([w]).with_grad()).collect()
    }

    /// `weight` of `[2, 1]` and `bias` of `[2]`, all 1.
    fn layer() -> Linear {
        let bias = Some(Tensor::ones([2]).with_grad());
        Linear { weight: Tensor::ones([2, 1]).with_grad(), bias }
    }

    fn one() -> Tensor {
        Tensor::from([1.0])
    }

    #[test]
    fn every_parameter_has_a_velocity_of_its_own() {
        let (mut model, mut optimizer) = (weights(&[0.0, 0.0]), Sgd::new(OPTIONS));
        for _ in 0..2 {
            let loss = (&model[0] - &model[1] * 2.0).sum();
            let grads = tinytorch_autograd::Backward::backward(&loss);
            optimizer.step(&mut model, &grads);
        }
        let state = optimizer.state_dict();
        assert_eq!(state["momentum.0"].to_vec(), [1.9]);
        assert_eq!(state["momentum.1"].to_vec(), [-3.8]);
    }

    #[test]
    fn weights_and_memory_stay_where_they_are() {
        let optimizers: [Box<dyn Optimizer>; 5] = [
            Box::new(Sgd::new(SgdOptions { momentum: 0.0, ..OPTIONS })),
            Box::new(Sgd::new(OPTIONS)),
            Box::new(RmsProp::new(RmsPropOptions {
                momentum: 0.9,
                centered: true,
                ..Default::default()
            })),
            Box::new(Adam::new(AdamOptions::default())),
            Box::new(AdamW::new(AdamWOptions::default())),
        ];
        for mut optimizer in optimizers {
            let mut model = layer();
            step(&mut *optimizer, &mut model, &one());
            let places = |model: &Linear, optimizer: &dyn Optimizer| {
                let state = optimizer.state_dict();
                let of_state = state.values().filter(|t| t.kind() == "f32");
                let all = of_state.map(|t| t.data().as_ptr()).collect::<Vec<_>>();
                (all, model.weight.data().as_ptr())
            };
            let before = places(&model, &*optimizer);
            let start = model.weight.to_vec();
            (0..5).for_each(|_| step(&mut *optimizer, &mut model, &one()));
            assert_eq!(places(&model, &*optimizer), before, "{}", optimizer.name());
            assert_ne!(model.weight.to_vec(), start);
        }
    }

    #[test]
    fn a_state_that_was_looked_at_does_not_change_later() {
        let (mut model, mut optimizer) = (weights(&[0.0]), Sgd::new(OPTIONS));
        step(&mut optimizer, &mut model, &one());
        let state = optimizer.state_dict();
        step(&mut optimizer, &mut model, &one());
        assert_eq!(state["momentum.0"].to_vec(), [1.0]);
    }

    #[test]
    fn a_gradient_in_any_layout_will_do() {
        let mut model = Tensor::zeros([2, 3]).with_grad();
        let g = Tensor::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]).t();
        step(&mut Sgd::new(OPTIONS), &mut model, &g);
        assert_eq!(model.to_vec(), [-0.1, -0.3, -0.5, -0.2, -0.4, -0.6]);
    }

    #[test]
    fn the_first_group_that_matches_has_its_own_settings() {
        let still = SgdOptions { lr: 0.0, ..OPTIONS };
        let fast = SgdOptions { lr: 1.0, momentum: 0.0, ..OPTIONS };
        let mut optimizer = Sgd::new(OPTIONS)
            .group(ParamGroup { name: "fast", matches: |path| path == "bias", options: fast })
            .group(ParamGroup { name: "all", matches: |path| !path.is_empty(), options: still });
        let mut model = layer();
        (0..2).for_each(|_| step(&mut optimizer, &mut model, &one()));
        assert_eq!(model.weight.to_vec(), [1.0, 1.0]);
        assert_eq!(model.bias.as_ref().expect("a bias").to_vec(), [-1.0, -1.0]);
        let names: Vec<String> = optimizer.state_dict().into_keys().collect();
        assert_eq!(names, ["momentum.weight"], "the fast group has no momentum");
    }

    #[test]
    fn groups_follow_the_learning_rate_in_proportion() {
        let slow = SgdOptions { lr: 0.05, ..OPTIONS };
        let group = ParamGroup { name: "slow", matches: |path| path == "1", options: slow };
        let mut optimizer = Sgd::new(OPTIONS).group(group);
        let mut model = weights(&[0.0, 0.0]);
        optimizer.set_learning_rate(0.0); // as at the start of a warm-up
        step(&mut optimizer, &mut model, &one());
        assert_eq!(model[1].item(), 0.0);
        optimizer.set_learning_rate(1.0);
        assert_eq!(optimizer.learning_rate(), 1.0);
        step(&mut optimizer, &mut model, &one());
        assert_eq!((model[0].item(), model[1].item()), (-1.9, -0.95));
    }

    #[test]
    fn a_frozen_tensor_is_left_alone_and_keeps_its_memory() {
        let (mut model, mut optimizer) = (weights(&[0.0, 0.0]), Sgd::new(OPTIONS));
        step(&mut optimizer, &mut model, &one());
        model[0].set_requires_grad(false);
        step(&mut optimizer, &mut model, &one());
        assert_eq!(model[0].item(), -0.1);
        model[0].set_requires_grad(true);
        step(&mut optimizer, &mut model, &one());
        assert_eq!(model[0].item(), -0.29, "the velocity is as it was");
    }

    #[test]
    #[should_panic(expected = "optimizer: the loss does not depend on `bias` [2]; is it used in \
                               `forward`? freeze it with `set_requires_grad(false)` if that is")]
    fn a_parameter_that_the_loss_does_not_reach_is_named() {
        let mut model = layer();
        let grads = gradients(&model.weight, &one());
        Sgd::new(OPTIONS).step(&mut model, &grads);
    }

    #[test]
    fn tied_weights_are_one_parameter_with_one_step() {
        let w = Tensor::from([0.0]).with_grad();
        let (mut model, mut optimizer) = (vec![w.clone(), w], Sgd::new(OPTIONS));
        for expected in [-0.2, -0.58] {
            step(&mut optimizer, &mut model, &one()); // 1 from each place: 2 in all
            assert_eq!((model[0].item(), model[1].item()), (expected, expected));
            assert!(model[0].shares_storage(&model[1]));
        }
        let names: Vec<String> = optimizer.state_dict().into_keys().collect();
        assert_eq!(names, ["momentum.0"], "under the first path");
        let mut resumed = Sgd::new(OPTIONS);
        resumed.load_state_dict(&optimizer.state_dict()).expect("its own state");
        step(&mut resumed, &mut model, &one());
        assert_eq!(model[1].item(), -0.58 - 0.1 * 5.42);
    }

    #[test]
    #[should_panic(expected = "optimizer: `0` and `1` have become one tensor since the first step")]
    fn weights_are_not_tied_in_the_middle_of_a_run() {
        let (mut model, mut optimizer) = (weights(&[0.0, 0.0]), Sgd::new(OPTIONS));
        step(&mut optimizer, &mut model, &one());
        model[1] = model[0].clone();
        step(&mut optimizer, &mut model, &one());
    }

    #[test]
    #[should_panic(expected = "optimizer: `0` [1] is another tensor than at earlier steps")]
    fn an_optimizer_serves_one_model() {
        let mut optimizer = Sgd::new(OPTIONS);
        step(&mut optimizer, &mut weights(&[1.0]), &one());
        step(&mut optimizer, &mut weights(&[1.0]), &one());
    }

    #[test]
    #[should_panic(
        expected = "optimizer: group `typo` matches no parameter; correct `matches` for \
                               the paths in this model: `weight`, `bias`"
    )]
    fn a_group_that_matches_nothing_is_refused() {
        let group = ParamGroup { name: "typo", matches: |path| path == "wieght", options: OPTIONS };
        step(&mut Sgd::new(OPTIONS).group(group), &mut layer(), &one());
    }

    #[test]
    #[should_panic(expected = "sgd: a learning rate is 0 or above, and finite, not NaN")]
    fn a_learning_rate_that_is_no_number_is_refused() {
        Sgd::new(OPTIONS).set_learning_rate(f32::NAN);
    }

    #[test]
    fn optimizers_go_to_other_threads() {
        fn send_sync<T: Send + Sync>(_: &T) {}
        send_sync(&Adam::new(AdamOptions::default()));
    }
}
