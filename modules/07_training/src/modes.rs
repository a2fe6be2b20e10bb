//! The switches inside a model: training or evaluation, and where its random streams are.

use std::collections::BTreeMap;

use tinytorch_layers::{Model, Module, Path, Slot, SlotMut};
use tinytorch_tensor::RngState;

/// All switches of a model, by their paths in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Switches {
    /// Whether in training mode.
    pub(crate) modes: BTreeMap<String, bool>,
    /// Where the random streams (of dropout) are.
    pub(crate) streams: BTreeMap<String, RngState>,
}

impl Switches {
    pub(crate) fn of(model: &dyn Module) -> Self {
        let mut switches = Self::default();
        model.visit(&mut Path::new(), &mut |path, slot| match slot {
            Slot::Training(mode) => _ = switches.modes.insert(path.to_string(), mode.0),
            Slot::Stream(stream) => {
                _ = switches.streams.insert(path.to_string(), stream.state());
            }
            Slot::Tensor(_) | Slot::Running(_) => {}
        });
        switches
    }

    /// Sets the switches of `model` that these name.
    pub(crate) fn set(&self, model: &mut dyn Module) {
        model.visit_mut(&mut Path::new(), &mut |path, slot| match slot {
            SlotMut::Training(mode) => {
                mode.0 = *self.modes.get(path.as_str()).unwrap_or(&mode.0);
            }
            SlotMut::Stream(stream) => {
                if let Some(&state) = self.streams.get(path.as_str()) {
                    stream.set_state(state);
                }
            }
            SlotMut::Tensor(_) | SlotMut::Running(_) => {}
        });
    }
}

/// Runs `body` with all of `model` in training mode, and brings back the modes it was in: each
/// part's own, since some may have been frozen on purpose.
pub(crate) fn in_training<R>(model: &mut dyn Module, body: impl FnOnce(&mut dyn Module) -> R) -> R {
    let before = Switches { modes: Switches::of(model).modes, ..Default::default() };
    model.train();
    let result = body(model);
    before.set(model);
    result
}
