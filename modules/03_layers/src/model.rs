//! What can be asked of any model.

use crate::error::{LayersError, Mismatch};
use crate::path::Path;
use crate::state::{Slot, SlotMut, State};
use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasherDefault;
use tinytorch_tensor::{ByKey, Mixed, Tensor, TensorId};

/// The numbers of a model by their paths: parameters and buffers.
pub type StateDict = BTreeMap<String, Tensor>;

/// What can be asked of everything that has [`State`].
///
/// Tied parameters, clones with one id, count once, under the first of their paths.
pub trait Model: State {
    /// The tensors that require a gradient, in the order of the fields.
    fn parameters(&self) -> Vec<&Tensor> {
        let mut parameters = Vec::new();
        each_parameter(self, |_, parameter| parameters.push(parameter));
        parameters
    }

    /// The tensors that require a gradient, with their paths: `hidden.weight`.
    fn named_parameters(&self) -> Vec<(String, &Tensor)> {
        let mut parameters = Vec::new();
        each_parameter(self, |path, parameter| parameters.push((path.to_string(), parameter)));
        parameters
    }

    /// The other tensors, with their paths: what a layer keeps but does not learn, and frozen
    /// parameters.
    fn named_buffers(&self) -> Vec<(String, Tensor)> {
        let mut buffers = Vec::new();
        each_tensor(self, |path, tensor| {
            if !tensor.requires_grad() {
                buffers.push((path.to_string(), tensor));
            }
        });
        buffers
    }

    /// How many numbers the parameters are.
    fn parameter_count(&self) -> usize {
        let mut count = 0;
        each_parameter(self, |_, parameter| count += parameter.numel());
        count
    }

    /// All parameters and buffers as they are now; training on does not change what was taken.
    ///
    /// Tied parameters are under each of their paths, as in PyTorch. Modes and random streams
    /// are no tensors: a checkpoint saves them beside this.
    fn state_dict(&self) -> StateDict {
        let mut state = StateDict::new();
        each_tensor(self, |path, tensor| _ = state.insert(path.to_string(), tensor.detach()));
        state
    }

    /// Overwrites all parameters and buffers; they stay the tensors they are (their ids, and
    /// with these what an optimizer remembers of them). Of tied parameters the first is read.
    ///
    /// # Errors
    /// When names, shapes or kinds are not exactly the model's. Nothing is changed then.
    fn load_state_dict(&mut self, state: &StateDict) -> Result<(), LayersError> {
        check(self, state)?;
        let mut written: ByKey<TensorId, Tensor> = ByKey::default();
        self.visit_mut(&mut Path::new(), &mut |path, slot| match slot {
            SlotMut::Tensor(tensor) => match written.get(&tensor.id()) {
                Some(tied) => *tensor = tied.clone(),
                None => {
                    overwrite(tensor, &state[path.as_str()]);
                    if tensor.requires_grad() {
                        written.insert(tensor.id(), tensor.clone());
                    }
                }
            },
            SlotMut::Running(buffer) => {
                buffer.rewrite(|tensor| overwrite(tensor, &state[path.as_str()]));
            }
            SlotMut::Training(_) | SlotMut::Stream(_) => {}
        });
        Ok(())
    }

    /// Puts all layers into training mode.
    fn train(&mut self) {
        self.set_training(true);
    }

    /// Puts all layers into evaluation mode.
    fn eval(&mut self) {
        self.set_training(false);
    }

    /// Puts all layers into training mode or out of it.
    fn set_training(&mut self, on: bool) {
        self.visit_mut(&mut Path::new(), &mut |_, slot| {
            if let SlotMut::Training(training) = slot {
                training.0 = on;
            }
        });
    }

    /// Whether a layer is in training mode; never, when none makes a difference between the two.
    fn is_training(&self) -> bool {
        let mut any = false;
        self.visit(&mut Path::new(), &mut |_, slot| {
            if let Slot::Training(training) = slot {
                any |= training.is_on();
            }
        });
        any
    }
}

impl<S: State + ?Sized> Model for S {}

/// Shows `see` each parameter once.
fn each_parameter<'a, S: State + ?Sized>(model: &'a S, mut see: impl FnMut(&Path, &'a Tensor)) {
    let mut seen: HashSet<TensorId, BuildHasherDefault<Mixed>> = HashSet::default();
    model.visit(&mut Path::new(), &mut |path, slot| {
        if let Slot::Tensor(tensor) = slot
            && tensor.requires_grad()
            && seen.insert(tensor.id())
        {
            see(path, tensor);
        }
    });
}

/// Shows `see` each parameter and buffer in each of its places.
fn each_tensor<S: State + ?Sized>(model: &S, mut see: impl FnMut(&Path, Tensor)) {
    model.visit(&mut Path::new(), &mut |path, slot| match slot {
        Slot::Tensor(tensor) => see(path, tensor.clone()),
        Slot::Running(buffer) => see(path, buffer.get()),
        Slot::Training(_) | Slot::Stream(_) => {}
    });
}

/// Compares names, shapes and kinds, all of them: one error says everything.
fn check<S: State + ?Sized>(model: &S, state: &StateDict) -> Result<(), LayersError> {
    let (mut missing, mut mismatched) = (Vec::new(), Vec::new());
    let mut unexpected: BTreeMap<&str, ()> = state.keys().map(|k| (k.as_str(), ())).collect();
    each_tensor(model, |path, tensor| match state.get(path.as_str()) {
        None => missing.push(path.to_string()),
        Some(saved) => {
            unexpected.remove(path.as_str());
            mismatched.extend(Mismatch::between(path.as_str(), &tensor, saved));
        }
    });
    let unexpected: Vec<String> = unexpected.into_keys().map(str::to_string).collect();
    if missing.is_empty() && unexpected.is_empty() && mismatched.is_empty() {
        Ok(())
    } else {
        Err(LayersError::StateDict { missing, unexpected, mismatched })
    }
}

/// Writes the numbers of `from` into `tensor`, of the same shape and kind. A kind that is not
/// the host's cannot be written to from here and is replaced.
fn overwrite(tensor: &mut Tensor, from: &Tensor) {
    match tensor.kind() {
        "f32" => tensor.data_mut().copy_from_slice(&from.data()),
        "i32" => tensor.ints_mut().copy_from_slice(&from.ints()),
        _ => *tensor = from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dropout, Linear, Module, Running, Sequential, sequential, state};
    use tinytorch_tensor::{Rng, Shape};

    struct Net {
        hidden: Linear,
        table: Tensor,
        mean: Running,
        drop: Dropout,
    }
    state!(Net { hidden, table, mean, drop });

    fn net(seed: u64) -> Net {
        let mut rng = Rng::new(seed);
        Net {
            hidden: Linear::new(3, 2, &mut rng),
            table: Tensor::randint([4], 0, 100, &mut rng),
            mean: Running::new(Tensor::rand([2], &mut rng)),
            drop: Dropout::new(0.5, &mut rng),
        }
    }

    fn names<T>(named: Vec<(String, T)>) -> Vec<String> {
        named.into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn parameters_require_a_gradient_and_buffers_do_not() {
        let mut net = net(0);
        assert_eq!(names(net.named_parameters()), ["hidden.weight", "hidden.bias"]);
        assert_eq!(names(net.named_buffers()), ["table", "mean"]);
        assert_eq!((net.parameter_count(), net.parameters().len()), (8, 2));
        net.hidden.bias.as_mut().expect("it has one").set_requires_grad(false);
        assert_eq!(names(net.named_parameters()), ["hidden.weight"]);
        assert_eq!(names(net.named_buffers()), ["hidden.bias", "table", "mean"]);
    }

    #[test]
    fn what_is_visited_is_the_model_and_no_copy_of_it() {
        let mut net = net(0);
        let ids: Vec<TensorId> = net.parameters().iter().map(|p| p.id()).collect();
        net.visit_mut(&mut Path::new(), &mut |_, slot| {
            if let SlotMut::Tensor(t) = slot
                && t.requires_grad()
            {
                t.data_mut().fill(1.0);
            }
        });
        let y = net.hidden.forward(&Tensor::ones([1, 3]));
        assert_eq!(y, Tensor::full([1, 2], 4.0));
        assert_eq!(net.parameters().iter().map(|p| p.id()).collect::<Vec<_>>(), ids);
    }

    #[test]
    fn a_loaded_state_dict_gives_back_all_numbers_and_keeps_all_ids() {
        let (saved, mut other) = (net(1), net(2));
        let ids: Vec<TensorId> = other.parameters().iter().map(|p| p.id()).collect();
        let state = saved.state_dict();
        let keys: Vec<&String> = state.keys().collect();
        assert_eq!(keys, ["hidden.bias", "hidden.weight", "mean", "table"]);
        assert_ne!(other.state_dict(), state);
        other.load_state_dict(&state).expect("the same model");
        assert_eq!(other.state_dict(), state);
        assert_eq!(other.parameters().iter().map(|p| p.id()).collect::<Vec<_>>(), ids);
        assert!(other.parameters().iter().all(|p| p.requires_grad()));
    }

    #[test]
    fn a_state_dict_stays_as_it_was_when_taken() {
        let mut net = net(0);
        let state = net.state_dict();
        let weight = state["hidden.weight"].to_vec();
        net.hidden.weight.data_mut().fill(0.0);
        assert_eq!(state["hidden.weight"].to_vec(), weight);
        assert!(!state["hidden.weight"].requires_grad());
    }

    #[test]
    fn a_state_dict_that_does_not_fit_is_refused_whole_with_every_reason() {
        let mut net = net(0);
        let before = net.state_dict();
        let mut state = net.state_dict();
        state.remove("table");
        state.remove("mean");
        state.insert("hidden.beta".to_string(), Tensor::zeros([1]));
        state.insert("hidden.weight".to_string(), Tensor::zeros([3, 2]));
        state.insert("hidden.bias".to_string(), Tensor::from([1, 2]));
        let error = net.load_state_dict(&state).expect_err("it does not fit");
        let LayersError::StateDict { missing, unexpected, mismatched } = &error;
        assert_eq!(missing, &["table", "mean"]);
        assert_eq!(unexpected, &["hidden.beta"]);
        assert_eq!(mismatched[0].state_dict, ("f32", Shape::from([3, 2])));
        assert_eq!(
            error.to_string(),
            "the state dict does not fit the model: it lacks `table`, `mean`; the model has no \
             `hidden.beta`; `hidden.weight` is f32 [2, 3] in the model and f32 [3, 2] in the \
             state dict; `hidden.bias` is f32 [2] in the model and i32 [2] in the state dict; \
             build the model as it was when saved, or rename the entries"
        );
        assert_eq!(net.state_dict(), before);
    }

    struct Tied {
        embedding: Tensor,
        head: Tensor,
    }
    state!(Tied { embedding, head });

    #[test]
    fn tied_parameters_are_one_parameter_and_stay_tied() {
        let embedding = Tensor::from([1.0, 2.0]).with_grad();
        let mut model = Tied { head: embedding.clone(), embedding };
        assert_eq!(names(model.named_parameters()), ["embedding"]);
        assert_eq!((model.parameter_count(), model.parameters().len()), (2, 1));
        let mut state = model.state_dict();
        assert_eq!(state.len(), 2);
        state.insert("embedding".to_string(), Tensor::from([5.0, 6.0]));
        model.load_state_dict(&state).expect("the same model");
        assert_eq!(model.head, Tensor::from([5.0, 6.0]));
        assert_eq!(model.head.id(), model.embedding.id());
        assert!(model.head.shares_storage(&model.embedding));
    }

    #[test]
    fn buffers_that_began_as_one_tensor_are_loaded_each_for_itself() {
        let zeros = Tensor::zeros([1]);
        let mut model = (zeros.clone(), zeros);
        let state = (Tensor::from([1.0]), Tensor::from([2.0])).state_dict();
        model.load_state_dict(&state).expect("the same names");
        assert_eq!((model.0.item(), model.1.item()), (1.0, 2.0));
    }

    #[test]
    fn the_mode_reaches_every_layer() {
        let mut rng = Rng::new(0);
        let mut model =
            sequential![Linear::new(2, 2, &mut rng), sequential![Dropout::new(0.5, &mut rng)],];
        assert!(model.is_training());
        model.eval();
        assert!(!model.is_training());
        let x = Tensor::ones([4, 2]);
        assert_eq!(model.forward(&x), model.forward(&x));
        model.train();
        assert!(model.is_training());
    }

    #[test]
    fn models_can_be_shared_between_threads() {
        fn shared<T: Send + Sync>() {}
        shared::<Net>();
        shared::<Sequential>();
        shared::<Box<dyn Module>>();
    }

    #[test]
    fn a_model_behind_a_trait_object_is_a_model() {
        let mut net = net(0);
        let model: &mut dyn State = &mut net;
        assert_eq!(model.parameter_count(), 8);
        model.eval();
        assert!(!model.is_training());
    }
}
