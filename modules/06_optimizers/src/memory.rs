//! What an optimizer remembers of each parameter, and how that is saved.

use crate::error::{Mismatch, listed};
use std::collections::{BTreeMap, BTreeSet};
use tinytorch_layers::StateDict;
use tinytorch_tensor::{ByKey, Shape, Tensor, TensorId};

/// What is remembered of one parameter.
pub(crate) struct Entry {
    /// Its path in the model, as it was when first met.
    pub(crate) path: String,
    pub(crate) shape: Shape,
    /// Which group it is in.
    pub(crate) group: usize,
    /// How many steps it has taken.
    pub(crate) steps: i32,
    /// The call of `step` that last updated it.
    pub(crate) call: u64,
    /// The updated parameter, on its way to the other places where it stands.
    pub(crate) tied: Tied,
    /// One for each name in `kept`, each of the parameter's shape.
    pub(crate) tensors: Vec<Tensor>,
    pub(crate) kept: Kept,
}

/// Whether a parameter stands in several places of the model (tied weights).
#[derive(Default)]
pub(crate) enum Tied {
    #[default]
    No,
    /// With its numbers, from its first place to its last within one step.
    Yes(Option<Tensor>),
}

/// What a formula remembers.
#[derive(Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) names: &'static [&'static str],
    /// Whether the number of steps is remembered, as `step`.
    pub(crate) counts: bool,
}

impl Kept {
    /// What stands before the path in the names of entries.
    fn all(self) -> impl Iterator<Item = &'static str> {
        self.names.iter().copied().chain(self.counts.then_some("step"))
    }
}

/// All entries: by tensor once met in a model, which costs no text to look up; by path before.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) met: ByKey<TensorId, Entry>,
    pub(crate) waiting: BTreeMap<String, Entry>,
}

/// A tensor of a model, as it is found on looking through it.
pub(crate) struct Found {
    pub(crate) path: String,
    pub(crate) is_parameter: bool,
    pub(crate) id: TensorId,
}

impl Memory {
    /// The entry for a parameter met for the first time: what waits at its path, or a fresh one.
    ///
    /// # Errors
    /// When another tensor was met at this path, or what waits has another shape: in words.
    pub(crate) fn admit(
        &mut self,
        path: &str,
        w: &Tensor,
        group: usize,
        kept: Kept,
    ) -> Result<&mut Entry, String> {
        if self.met.values().any(|entry| entry.path == path) {
            return Err(format!(
                "{} {} is another tensor than at earlier steps; make a new optimizer for another \
                 model, or hand over the state with `load_state_dict`",
                parameter(path),
                w.shape()
            ));
        }
        let entry = self.waiting.remove(path).unwrap_or_else(|| Entry {
            path: path.to_owned(),
            shape: w.shape(),
            group,
            steps: 0,
            call: 0,
            tied: Tied::No,
            tensors: kept.names.iter().map(|_| Tensor::zeros(w.shape())).collect(),
            kept,
        });
        if entry.shape != w.shape() {
            let (parameter, got) = (parameter(&entry.path), entry.shape);
            return Err(format!(
                "{parameter} is {}, and its loaded state {got}; load the state into the model it \
                 was saved with",
                w.shape()
            ));
        }
        Ok(self.met.entry(w.id()).or_insert(entry))
    }

    pub(crate) fn state_dict(&self) -> StateDict {
        let mut state = StateDict::new();
        for entry in self.met.values().chain(self.waiting.values()) {
            for (name, tensor) in entry.kept.names.iter().zip(&entry.tensors) {
                state.insert(named(name, &entry.path), tensor.clone());
            }
            if entry.kept.counts {
                state.insert(named("step", &entry.path), Tensor::from(entry.steps));
            }
        }
        state
    }

    /// Lets all entries be those of `state`, waiting to be met; or says what does not fit.
    ///
    /// `group_of` gives the group that a path is in and what its formula remembers.
    pub(crate) fn load(
        &mut self,
        state: &StateDict,
        group_of: impl Fn(&str) -> (usize, Kept),
    ) -> Result<(), Vec<Mismatch>> {
        let known = self.known_shapes();
        let paths_of_state = state.keys().map(|name| path_of(name));
        let paths: BTreeSet<&str> =
            known.keys().map(String::as_str).chain(paths_of_state).collect();
        let (mut entries, mut expected, mut wrong) = (BTreeMap::new(), BTreeSet::new(), Vec::new());
        for path in paths {
            let shape = known.get(path).copied();
            if !known.is_empty() && shape.is_none() {
                continue; // what stands there is unexpected
            }
            let (group, kept) = group_of(path);
            expected.extend(kept.all().map(|name| named(name, path)));
            if let Some(entry) = entry(state, path, shape, group, kept, &mut wrong) {
                entries.insert(path.to_owned(), entry);
            }
        }
        let unexpected = state.keys().filter(|name| !expected.contains(*name));
        wrong.extend(unexpected.map(|name| Mismatch::Unexpected { name: name.clone() }));
        if !wrong.is_empty() {
            return Err(wrong);
        }
        *self = Self { met: ByKey::default(), waiting: entries };
        Ok(())
    }

    /// The parameters of the model, as far as it has been met.
    fn known_shapes(&self) -> BTreeMap<String, Shape> {
        if self.met.is_empty() {
            return BTreeMap::new(); // not at all: any set of paths may be right
        }
        let entries = self.met.values().chain(self.waiting.values());
        entries.map(|entry| (entry.path.clone(), entry.shape)).collect()
    }

    /// Compares what waits with a model.
    ///
    /// # Errors
    /// Everything that one has and the other has not, in words.
    pub(crate) fn compare(
        &self,
        model: &[Found],
        kept_at: impl Fn(&str) -> Kept,
    ) -> Result<(), String> {
        let first = |kept: Kept, path: &str| kept.all().next().map(|name| named(name, path));
        let paths: BTreeSet<&str> = model.iter().map(|found| found.path.as_str()).collect();
        let mut seen = ByKey::<TensorId, ()>::default();
        let once = model.iter().filter(|found| seen.insert(found.id, ()).is_none());
        let lacking = once.filter(|f| f.is_parameter && !self.waiting.contains_key(&f.path));
        let lacking = lacking.filter_map(|f| first(kept_at(&f.path), &f.path));
        let gone = self.waiting.values().filter(|entry| !paths.contains(entry.path.as_str()));
        let gone = gone.filter_map(|entry| first(entry.kept, &entry.path));
        let lacking = lacking.map(|name| Mismatch::Missing { name });
        let gone = gone.map(|name| Mismatch::Unexpected { name });
        let mismatches: Vec<Mismatch> = lacking.chain(gone).collect();
        match mismatches.is_empty() {
            true => Ok(()),
            false => Err(format!(
                "the loaded state is not that of this model; load the one that was saved with it: \
                 {}",
                listed(&mismatches)
            )),
        }
    }
}

/// The entry at `path`, if all of it is there; what is not goes into `wrong`.
fn entry(
    state: &StateDict,
    path: &str,
    shape: Option<Shape>,
    group: usize,
    kept: Kept,
    wrong: &mut Vec<Mismatch>,
) -> Option<Entry> {
    let before = wrong.len();
    let mut shape = shape;
    let mut tensors = Vec::with_capacity(kept.names.len());
    for name in kept.names {
        let found = take(state, named(name, path), "f32", shape, wrong);
        shape = shape.or(found.map(Tensor::shape));
        tensors.extend(found.map(Tensor::detach));
    }
    // Something was remembered, so a first step was taken.
    let steps = if kept.counts { count(state, named("step", path), wrong) } else { 1 };
    if wrong.len() > before {
        return None;
    }
    let (path, shape, tied) = (path.to_owned(), shape?, Tied::No);
    Some(Entry { path, shape, group, steps, call: 0, tied, tensors, kept })
}

/// A tensor of the state, if it is of this kind of number and, where that is known, of this shape.
fn take<'a>(
    state: &'a StateDict,
    name: String,
    kind: &'static str,
    shape: Option<Shape>,
    wrong: &mut Vec<Mismatch>,
) -> Option<&'a Tensor> {
    let Some(tensor) = state.get(&name) else {
        wrong.push(Mismatch::Missing { name });
        return None;
    };
    let (expected, got) = (shape.unwrap_or(tensor.shape()), tensor.shape());
    if tensor.kind() != kind {
        wrong.push(Mismatch::Kind { name, expected: kind, got: tensor.kind() });
        return None;
    }
    if got != expected {
        wrong.push(Mismatch::Shape { name, expected, got });
        return None;
    }
    Some(tensor)
}

/// A number of steps.
fn count(state: &StateDict, name: String, wrong: &mut Vec<Mismatch>) -> i32 {
    let found = take(state, name.clone(), "i32", Some(Shape::from([])), wrong);
    let got = found.map_or(0, Tensor::item_i32);
    if got < 0 {
        wrong.push(Mismatch::Count { name, got });
    }
    got
}

/// `momentum` of `fc1.weight`.
fn named(name: &str, path: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{name}.{path}") }
}

/// The path in the name of an entry.
fn path_of(name: &str) -> &str {
    name.split_once('.').map_or("", |(_, path)| path)
}

/// A parameter by its path, for messages; a model that is a single tensor has none.
pub(crate) fn parameter(path: &str) -> String {
    if path.is_empty() { "the parameter".to_owned() } else { format!("`{path}`") }
}

#[cfg(test)]
mod tests {
    use crate::trial::step;
    use crate::{
        Adam, AdamOptions, Mismatch, Optimizer, OptimizersError, RmsProp, RmsPropOptions, Sgd,
        SgdOptions,
    };
    use tinytorch_layers::{Linear, StateDict};
    use tinytorch_tensor::{Shape, Tensor};

    /// `weight` of `[2, 3]` and `bias` of `[2]`.
    fn layer() -> Linear {
        let weight = Tensor::arange(0.0, 6.0, 1.0).reshape([2, 3]).with_grad();
        Linear { weight, bias: Some(Tensor::ones([2]).with_grad()) }
    }

    fn all() -> [Box<dyn Optimizer>; 4] {
        let options = RmsPropOptions { momentum: 0.9, centered: true, ..Default::default() };
        [
            Box::new(Sgd::new(SgdOptions::default())),
            Box::new(Sgd::new(SgdOptions { momentum: 0.9, dampening: 0.1, ..Default::default() })),
            Box::new(RmsProp::new(options)),
            Box::new(Adam::new(AdamOptions::default())),
        ]
    }

    fn adam() -> Adam {
        Adam::new(AdamOptions::default())
    }

    /// The state of Adam after a step of `layer()`.
    fn saved() -> StateDict {
        let mut optimizer = adam();
        step(&mut optimizer, &mut layer(), &Tensor::from(0.5));
        optimizer.state_dict()
    }

    fn mismatches(optimizer: &mut dyn Optimizer, state: &StateDict) -> Vec<Mismatch> {
        match optimizer.load_state_dict(state) {
            Ok(()) => vec![],
            Err(OptimizersError::StateDict { mismatches, .. }) => mismatches,
        }
    }

    #[test]
    fn names_are_what_is_remembered_and_the_path() {
        let state = saved();
        let names: Vec<&str> = state.keys().map(String::as_str).collect();
        let expected = [
            "exp_avg.bias",
            "exp_avg.weight",
            "exp_avg_sq.bias",
            "exp_avg_sq.weight",
            "step.bias",
            "step.weight",
        ];
        assert_eq!(names, expected);
        assert_eq!(state["exp_avg.weight"].shape(), [2, 3]);
        assert_eq!(state["step.bias"], Tensor::from(1));
        let mut optimizer = adam();
        step(&mut optimizer, &mut Tensor::from(1.0).with_grad(), &Tensor::from(0.5));
        let names: Vec<String> = optimizer.state_dict().into_keys().collect();
        assert_eq!(names, ["exp_avg", "exp_avg_sq", "step"], "a tensor alone has no path");
    }

    #[test]
    fn a_resumed_run_goes_on_to_the_bit() {
        let g = |i: usize| Tensor::from((i as f32 * 0.7).sin());
        for (mut first, mut second) in all().into_iter().zip(all()) {
            let mut model = layer();
            (0..3).for_each(|i| step(&mut *first, &mut model, &g(i)));
            let (state, at_three) = (first.state_dict(), model.weight.clone());
            let bias_at_three = model.bias.clone().expect("a bias");
            (3..6).for_each(|i| step(&mut *first, &mut model, &g(i)));

            let bias = Some(bias_at_three.with_grad());
            let mut resumed = Linear { weight: at_three.with_grad(), bias };
            second.load_state_dict(&state).expect("its own state");
            assert_eq!(second.state_dict(), state, "before the first step, too");
            (3..6).for_each(|i| step(&mut *second, &mut resumed, &g(i)));
            assert_eq!(resumed.weight, model.weight, "{}", first.name());
            assert_eq!(second.state_dict(), first.state_dict(), "{}", first.name());
        }
    }

    #[test]
    fn a_state_can_be_taken_back_in_the_middle_of_a_run() {
        let (mut model, mut optimizer) = (layer(), adam());
        step(&mut optimizer, &mut model, &Tensor::from(0.5));
        let state = optimizer.state_dict();
        step(&mut optimizer, &mut model, &Tensor::from(-9.0));
        optimizer.load_state_dict(&state).expect("its own state");
        assert_eq!(optimizer.state_dict(), state);
        step(&mut optimizer, &mut model, &Tensor::from(0.5));
        assert_eq!(optimizer.state_dict()["step.bias"], Tensor::from(2));
    }

    #[test]
    fn everything_that_does_not_fit_is_named_and_nothing_is_changed() {
        let mut state = saved();
        state.remove("exp_avg.bias");
        state.insert("exp_avg.weight".into(), Tensor::zeros([3]));
        state.insert("step.weight".into(), Tensor::from(-1));
        state.insert("momentum.weight".into(), Tensor::zeros([2, 3]));
        state.insert("exp_avg_sq.bias".into(), Tensor::from([1, 2]));
        let mut optimizer = adam();
        let mut model = layer();
        step(&mut optimizer, &mut model, &Tensor::from(0.5));
        let before = optimizer.state_dict();
        let name = |name: &str| name.to_owned();
        let expected = vec![
            Mismatch::Missing { name: name("exp_avg.bias") },
            Mismatch::Kind { name: name("exp_avg_sq.bias"), expected: "f32", got: "i32" },
            Mismatch::Shape {
                name: name("exp_avg.weight"),
                expected: Shape::from([2, 3]),
                got: Shape::from([3]),
            },
            Mismatch::Count { name: name("step.weight"), got: -1 },
            Mismatch::Unexpected { name: name("momentum.weight") },
        ];
        assert_eq!(mismatches(&mut optimizer, &state), expected);
        assert_eq!(optimizer.state_dict(), before);
        let error = optimizer.load_state_dict(&state).expect_err("as above").to_string();
        assert_eq!(
            error,
            "the state does not fit this adam; make the optimizer with the settings and for the \
             model it was saved with: missing `exp_avg.bias`, `exp_avg_sq.bias` is of i32, not \
             f32, `exp_avg.weight` is [3], not [2, 3], `step.weight` is -1, which is no count of \
             steps, unexpected `momentum.weight`"
        );
    }

    #[test]
    fn a_fresh_optimizer_knows_what_its_formula_needs() {
        let mut state = saved();
        state.remove("step.bias");
        let missing = [Mismatch::Missing { name: "step.bias".to_owned() }];
        assert_eq!(mismatches(&mut adam(), &state), missing);
        let mut plain = Sgd::new(SgdOptions::default());
        assert_eq!(mismatches(&mut plain, &saved()).len(), 6);
        assert_eq!(mismatches(&mut plain, &StateDict::new()), []);
    }

    #[test]
    fn a_count_is_one_integer() {
        for count in [Tensor::from([1, 2]), Tensor::from(1.0), Tensor::zeros([0])] {
            let mut state = saved();
            state.insert("step.bias".into(), count);
            assert_eq!(mismatches(&mut adam(), &state).len(), 1);
        }
    }

    #[test]
    #[should_panic(
        expected = "optimizer: the loaded state is not that of this model; load the one \
                               that was saved with it: missing `exp_avg.0`, unexpected \
                               `exp_avg.bias`, unexpected `exp_avg.weight`"
    )]
    fn the_first_step_finds_the_state_of_another_model() {
        let mut optimizer = adam();
        optimizer.load_state_dict(&saved()).expect("complete, for some model");
        step(&mut optimizer, &mut vec![Tensor::from(1.0).with_grad()], &Tensor::from(0.5));
    }

    #[test]
    #[should_panic(expected = "optimizer: `weight` is [2, 1], and its loaded state [2, 3]")]
    fn the_first_step_finds_the_state_of_another_shape() {
        let mut optimizer = adam();
        optimizer.load_state_dict(&saved()).expect("complete, for some model");
        let bias = Some(Tensor::ones([2]).with_grad());
        let mut other = Linear { weight: Tensor::ones([2, 1]).with_grad(), bias };
        step(&mut optimizer, &mut other, &Tensor::from(0.5));
    }
}
