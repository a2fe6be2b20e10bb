//! The ways back through softmax and its logarithm.

use crate::rule::{Each, Gradient};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// `y (g - Σ y g)` along an axis, from the output `y` of softmax: inputs `y`, `g`.
///
/// Raising one logit raises its own probability and lowers the others', so of `g` only what is
/// above its own average counts.
pub struct SoftmaxBackward {
    /// The axis along which the probabilities add up to 1.
    pub axis: usize,
}

impl Op for SoftmaxBackward {
    fn name(&self) -> &'static str {
        "softmax_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (y, g) = (x[0], x[1]);
        y * (g - (y * g).sum_over(self.axis, true))
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::ALL } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<SoftmaxBackward>(&[
                |op, n, h| {
                    let (y, g) = (n.x(0), n.x(1));
                    let average = (y * g).sum_over(op.axis, true);
                    h * (g - average) - g * (h * y).sum_over(op.axis, true)
                },
                |op, n, h| dispatch(SoftmaxBackward { axis: op.axis }, &[n.x(0), h]),
            ]))]
        }
    }
}

/// `g - exp(y) Σ g` along an axis, from the output `y` of log-softmax: inputs `y`, `g`.
pub struct LogSoftmaxBackward {
    /// The axis along which the probabilities add up to 1.
    pub axis: usize,
}

impl Op for LogSoftmaxBackward {
    fn name(&self) -> &'static str {
        "log_softmax_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let (y, g) = (x[0], x[1]);
        g - y.exp() * g.sum_over(self.axis, true)
    }

    fn reads(&self, input: usize) -> Reads {
        if input == 0 { Reads::ALL } else { Reads::input(0) }
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<LogSoftmaxBackward>(&[
                |op, n, h| -(h * n.x(0).exp()) * n.x(1).sum_over(op.axis, true),
                |op, n, h| h - (h * n.x(0).exp()).sum_over(op.axis, true),
            ]))]
        }
    }
}
