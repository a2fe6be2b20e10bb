//! The ways back through the losses of module 04.

use crate::rule::{Each, Gradient, Node};
use crate::softmax::SoftmaxBackward;
use tinytorch_activations::Activations;
use tinytorch_losses::{CrossEntropyOp, NllLossOp, Reduction};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// What the logits get: inputs logits, labels, `g`, and the class weights if there are any.
pub(crate) fn cross_entropy(op: &CrossEntropyOp, n: &Node, g: &Tensor) -> Tensor {
    let backward = CrossEntropyBackward {
        label_smoothing: op.label_smoothing,
        ignore_index: op.ignore_index,
        reduction: op.reduction,
    };
    let mut inputs = vec![n.x(0), n.x(1), g];
    inputs.extend((n.len() > 2).then(|| n.x(2)));
    dispatch(backward, &inputs)
}

/// `(softmax(z) Σ q - q) g` per row, where `q` says how much the loss asks of each class.
///
/// For a plain label `q` is 1 at its class: the gradient is the probabilities minus the truth.
pub struct CrossEntropyBackward {
    /// That of the loss, as the other settings are.
    pub label_smoothing: f32,
    /// Rows with this label count for nothing.
    pub ignore_index: Option<i32>,
    /// What became of the losses.
    pub reduction: Reduction,
}

impl CrossEntropyBackward {
    fn asked(&self, x: &[Tensor]) -> Tensor {
        let weight = x.get(3);
        asked(&x[1], x[0].size(-1), self.label_smoothing, self.ignore_index, weight, self.reduction)
    }

    /// `softmax(z) Σ q - q`, `[n, c]`: how fast the loss grows with each logit.
    fn slope(&self, x: &[Tensor]) -> Tensor {
        let q = self.asked(x);
        x[0].softmax(-1) * q.sum_over(-1, true) - q
    }
}

impl Op for CrossEntropyBackward {
    fn name(&self) -> &'static str {
        "cross_entropy_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let x: Vec<Tensor> = x.iter().map(|&t| t.clone()).collect();
        self.slope(&x) * column(&x[2])
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::ALL
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<CrossEntropyBackward>(&[
                |op, n, h| {
                    let q = op.asked(n.inputs).sum_over(-1, true);
                    let h = h * q * column(n.x(2));
                    dispatch(SoftmaxBackward { axis: 1 }, &[&n.x(0).softmax(-1), &h])
                },
                |_, _, _| unreachable!("labels have no gradient"),
                |op, n, h| (h * op.slope(n.inputs)).sum_over(-1, false).sum_to(n.shape(2)),
            ]))]
        }
    }
}

/// `-q g` per row: the loss is linear in the log-probabilities.
pub(crate) fn nll_loss(op: &NllLossOp, n: &Node, g: &Tensor) -> Tensor {
    let (classes, weight) = (n.shape(0).size(1), (n.len() > 2).then(|| n.x(2)));
    -(asked(n.x(1), classes, 0.0, op.ignore_index, weight, op.reduction) * column(g))
}

/// `[n]` as a column `[n, 1]`; a single number stays one.
fn column(g: &Tensor) -> Tensor {
    if g.ndim() == 0 { g.clone() } else { g.unsqueeze(-1) }
}

/// How much the loss asks of each class, `[n, c]`: `loss = -Σ q log p`.
///
/// `1 - smoothing` at the label and `smoothing / c` everywhere, times the weight of the class;
/// nothing in rows that are ignored. For the mean, divided by the weights of the labels.
fn asked(
    labels: &Tensor,
    classes: usize,
    smoothing: f32,
    ignore_index: Option<i32>,
    weight: Option<&Tensor>,
    reduction: Reduction,
) -> Tensor {
    let labels = labels.ints();
    let weight = weight.map_or(vec![1.0; classes], Tensor::to_vec);
    let mut q = vec![0.0; labels.len() * classes];
    let mut total = 0.0;
    for (row, &label) in q.chunks_exact_mut(classes.max(1)).zip(labels.iter()) {
        if Some(label) == ignore_index {
            continue;
        }
        let even = weight.iter().map(|w| w * smoothing / classes as f32);
        row.iter_mut().zip(even).for_each(|(q, w)| *q = w);
        row[label as usize] += (1.0 - smoothing) * weight[label as usize];
        total += f64::from(weight[label as usize]);
    }
    if reduction == Reduction::Mean {
        q.iter_mut().for_each(|q| *q = (f64::from(*q) / total) as f32);
    }
    Tensor::from_vec(q, [labels.len(), classes])
}

/// The slope of `-(y ln p + (1 - y) ln(1 - p))` with respect to `p`. As in PyTorch, the
/// denominator is at least 1e-12.
pub(crate) fn bce_slope(n: &Node) -> Tensor {
    let (p, y) = (n.x(0), n.x(1));
    (p - y) / (p * (1.0 - p)).maximum(1e-12)
}

/// The slope of the same with respect to `y`. As in PyTorch, a logarithm is at least -100.
pub(crate) fn bce_target_slope(n: &Node) -> Tensor {
    let p = n.x(0);
    (1.0 - p).ln().maximum(-100.0) - p.ln().maximum(-100.0)
}
