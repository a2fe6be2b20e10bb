//! The activations of module 02 as layers, for [`Sequential`](crate::Sequential).

use crate::module::Module;
use crate::state;
use tinytorch_activations::Activations;
use tinytorch_tensor::Tensor;

/// Defines a layer: its name, its settings, and the method it calls.
macro_rules! activation {
    ($(#[$doc:meta])* $layer:ident, $method:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $layer;
        state!($layer {});

        impl Module for $layer {
            fn forward(&self, x: &Tensor) -> Tensor {
                x.$method()
            }
        }
    };
    (
        $(#[$doc:meta])*
        $layer:ident { $(#[$about:meta])* $setting:ident: $type:ty }, $method:ident
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $layer {
            $(#[$about])*
            pub $setting: $type,
        }
        state!($layer {});

        impl Module for $layer {
            fn forward(&self, x: &Tensor) -> Tensor {
                x.$method(self.$setting)
            }
        }
    };
}

activation! {
    /// `max(0, x)`.
    ReLU, relu
}
activation! {
    /// `x` where it is positive, `slope * x` elsewhere; by default the slope is 0.01.
    LeakyReLU {
        /// The slope left of 0.
        slope: f32
    }, leaky_relu
}
activation! {
    /// `1 / (1 + e^-x)`.
    Sigmoid, sigmoid
}
activation! {
    /// The hyperbolic tangent.
    Tanh, tanh
}
activation! {
    /// `x Φ(x)`, exactly.
    GELU, gelu
}
activation! {
    /// `x Φ(x)`, by the `tanh` formula of GPT-2.
    GELUTanh, gelu_tanh
}
activation! {
    /// `x sigmoid(x)`.
    SiLU, silu
}
activation! {
    /// Probabilities along an axis.
    Softmax {
        /// The axis; negative ones count from the end.
        axis: isize
    }, softmax
}
activation! {
    /// Logarithms of probabilities along an axis.
    LogSoftmax {
        /// The axis; negative ones count from the end.
        axis: isize
    }, log_softmax
}

impl Default for LeakyReLU {
    fn default() -> Self {
        Self { slope: 0.01 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layer_is_its_method() {
        let x = Tensor::from([[-2.0, 0.5], [1.0, 3.0]]);
        let cases: [(&dyn Module, &str, Tensor); 9] = [
            (&ReLU, "ReLU", x.relu()),
            (&LeakyReLU::default(), "LeakyReLU", x.leaky_relu(0.01)),
            (&Sigmoid, "Sigmoid", x.sigmoid()),
            (&Tanh, "Tanh", x.tanh()),
            (&GELU, "GELU", x.gelu()),
            (&GELUTanh, "GELUTanh", x.gelu_tanh()),
            (&SiLU, "SiLU", x.silu()),
            (&Softmax { axis: 0 }, "Softmax", x.softmax(0)),
            (&LogSoftmax { axis: -1 }, "LogSoftmax", x.log_softmax(1)),
        ];
        for (layer, name, expected) in cases {
            assert_eq!(layer.name(), name);
            assert_eq!(layer.forward(&x), expected, "{name}");
        }
    }
}
