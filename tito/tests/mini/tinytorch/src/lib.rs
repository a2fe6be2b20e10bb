//! All modules.

pub use tinytorch_layers as layers;
pub use tinytorch_tensor as tensor;
pub use tinytorch_training as training;

/// What programs need.
pub mod prelude {
    // 01
    pub use tinytorch_tensor::{
        numel, transpose,
    };
    pub use tinytorch_layers::weighted;
    pub use tinytorch_training::total;
}
