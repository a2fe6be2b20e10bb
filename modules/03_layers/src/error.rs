//! What can go wrong with models from outside.

use std::fmt;
use tinytorch_tensor::{Shape, Tensor};

/// What can go wrong with models from outside.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LayersError {
    /// A state dict is not that of the model. Nothing was loaded.
    StateDict {
        /// Names of the model that the state dict lacks.
        missing: Vec<String>,
        /// Names of the state dict that the model lacks.
        unexpected: Vec<String>,
        /// Names that both have, for tensors of different shape or kind.
        mismatched: Vec<Mismatch>,
    },
}

/// A name under which a model and a state dict keep different things.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The path in the model.
    pub name: String,
    /// Kind and shape in the model.
    pub model: (&'static str, Shape),
    /// Kind and shape in the state dict.
    pub state_dict: (&'static str, Shape),
}

impl Mismatch {
    /// The mismatch of two tensors, if there is one.
    pub(crate) fn between(name: &str, model: &Tensor, state_dict: &Tensor) -> Option<Self> {
        let look = |t: &Tensor| (t.kind(), t.shape());
        let (model, state_dict) = (look(model), look(state_dict));
        (model != state_dict).then(|| Self { name: name.to_string(), model, state_dict })
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((kind, shape), (other_kind, other_shape)) = (self.model, self.state_dict);
        write!(f, "`{}` is {kind} {shape} in the model", self.name)?;
        write!(f, " and {other_kind} {other_shape} in the state dict")
    }
}

impl fmt::Display for LayersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::StateDict { missing, unexpected, mismatched } = self;
        let quoted = |names: &[String]| {
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        };
        let mut parts = Vec::new();
        if !missing.is_empty() {
            parts.push(format!("it lacks {}", quoted(missing)));
        }
        if !unexpected.is_empty() {
            parts.push(format!("the model has no {}", quoted(unexpected)));
        }
        parts.extend(mismatched.iter().map(Mismatch::to_string));
        write!(f, "the state dict does not fit the model: {}; ", parts.join("; "))?;
        write!(f, "build the model as it was when saved, or rename the entries")
    }
}

impl std::error::Error for LayersError {}
