//! Batch normalization as a layer.

use crate::batch_norm::{BatchNormOp, BatchNormStats};
use crate::picture::pictures;
use tinytorch_layers::{Module, Running, Training, state};
use tinytorch_tensor::{Tensor, Update, dispatch, recording, update};

/// Brings each channel of `[n, c, h, w]` to mean 0 and variance 1, then to a mean and a spread
/// that are learned.
///
/// In training the mean and variance are the batch's, and running averages of them are kept; in
/// evaluation they are the running ones, so that a picture's result does not depend on which
/// others it comes with.
#[derive(Clone, Debug)]
pub struct BatchNorm2d {
    /// `[c]`, from 1 on; `None` when not learned.
    pub weight: Option<Tensor>,
    /// `[c]`, from 0 on.
    pub bias: Option<Tensor>,
    /// `[c]`, from 0 on.
    pub running_mean: Running,
    /// `[c]`, from 1 on; divided by one less than the count.
    pub running_var: Running,
    /// Whether the batch or the running averages count.
    pub training: Training,
    /// What is added to the variance.
    pub eps: f32,
    /// The part of a new batch in the running averages, from 0 to 1.
    pub momentum: f32,
}
state!(BatchNorm2d { weight, bias, running_mean, running_var, training });

/// Settings of a [`BatchNorm2d`], with PyTorch's defaults.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct BatchNorm2dOptions {
    /// What is added to the variance: 1e-5.
    pub eps: f32,
    /// The part of a new batch in the running averages: 0.1.
    pub momentum: f32,
    /// Whether a weight and a bias are learned.
    pub affine: bool,
}

impl Default for BatchNorm2dOptions {
    fn default() -> Self {
        Self { eps: 1e-5, momentum: 0.1, affine: true }
    }
}

impl BatchNorm2d {
    /// A layer for this many channels, with PyTorch's settings.
    #[track_caller]
    pub fn new(channels: usize) -> Self {
        Self::with_options(channels, BatchNorm2dOptions::default())
    }

    /// A layer for this many channels.
    ///
    /// # Panics
    /// When `eps` is negative, or `momentum` not from 0 to 1.
    #[track_caller]
    pub fn with_options(channels: usize, options: BatchNorm2dOptions) -> Self {
        let BatchNorm2dOptions { eps, momentum, affine } = options;
        assert!(eps >= 0.0, "batch_norm: eps is not negative, and {eps} is");
        assert!(
            (0.0..=1.0).contains(&momentum),
            "batch_norm: momentum is the part of a new batch, from 0 to 1, not {momentum}"
        );
        Self {
            weight: affine.then(|| Tensor::ones([channels]).with_grad()),
            bias: affine.then(|| Tensor::zeros([channels]).with_grad()),
            running_mean: Running::new(Tensor::zeros([channels])),
            running_var: Running::new(Tensor::ones([channels])),
            training: Training::default(),
            eps,
            momentum,
        }
    }

    /// The statistics to normalize with, `[2, c]`; in training, the running ones learn of them.
    fn statistics(&self, x: &Tensor) -> Tensor {
        if !self.training.is_on() {
            return Tensor::stack(&[&self.running_mean.get(), &self.running_var.get()], 0);
        }
        let stats = recording(false, || dispatch(BatchNormStats, &[x]));
        let [n, _, h, w] = x.shape().dims();
        let step = RunningStep { momentum: self.momentum, count: n * h * w };
        self.running_mean.rewrite(|mean| {
            self.running_var.rewrite(|var| update(&step, &mut [mean, var], &[&stats]));
        });
        stats
    }

    #[track_caller]
    fn check(&self, x: &Tensor) {
        let ([n, c, h, w], shape) = (pictures("batch_norm", x), x.shape());
        let channels = self.running_mean.get().numel();
        assert!(
            c == channels,
            "batch_norm: x {shape} has {c} channels, and the layer is for {channels}; build it \
             for these channels, or check the order of the axes"
        );
        assert!(
            !self.training.is_on() || n * h * w != 1,
            "batch_norm: one number per channel, as in {shape}, has no variance to learn from; \
             train on larger batches, or call `eval()`"
        );
    }
}

impl Module for BatchNorm2d {
    /// `[n, c, h, w] -> [n, c, h, w]`
    fn forward(&self, x: &Tensor) -> Tensor {
        self.check(x);
        if x.numel() == 0 {
            return x.clone(); // nothing to normalize, and nothing to learn
        }
        let stats = self.statistics(x);
        let constant = |value| Tensor::full([x.size(1)], value);
        let weight = self.weight.clone().unwrap_or_else(|| constant(1.0));
        let bias = self.bias.clone().unwrap_or_else(|| constant(0.0));
        let op = BatchNormOp { eps: self.eps, own: self.training.is_on() };
        dispatch(op, &[x, &stats, &weight, &bias])
    }
}

/// Moves running mean and variance a part of the way to the statistics `[2, c]` of a batch of
/// `count` numbers per channel: `running += momentum * (new - running)`.
///
/// A batch's variance is smaller than that of what it is drawn from, as its mean fits it best:
/// `count / (count - 1)` makes up for that.
struct RunningStep {
    momentum: f32,
    count: usize,
}

impl Update for RunningStep {
    fn name(&self) -> &'static str {
        "batch_norm_update"
    }

    fn run(&self, targets: &mut [&mut Tensor], x: &[&Tensor]) {
        let stats = x[0].data();
        let (means, variances) = stats.split_at(stats.len() / 2);
        let unbiased = self.count as f32 / (self.count - 1) as f32;
        let moved = |running: f32, new: f32| running + self.momentum * (new - running);
        let mean = targets[0].data_mut().iter_mut();
        mean.zip(means).for_each(|(running, &new)| *running = moved(*running, new));
        let var = targets[1].data_mut().iter_mut();
        var.zip(variances).for_each(|(running, &new)| *running = moved(*running, new * unbiased));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_autograd::Backward;
    use tinytorch_layers::{Model, evaluating};
    use tinytorch_tensor::Rng;

    #[test]
    fn each_channel_comes_out_with_mean_0_and_variance_1() {
        let x = Tensor::randn([8, 3, 4, 4], &mut Rng::new(1)) * 5.0 + 7.0;
        let y = BatchNorm2d::new(3).forward(&x);
        assert!(y.mean_over([0, 2, 3], false).abs().max().item() < 1e-6);
        assert!((y.var_over([0, 2, 3], 0, false) - 1.0).abs().max().item() < 1e-5);
    }

    #[test]
    fn running_averages_take_a_tenth_of_each_batch_with_the_unbiased_variance() {
        let mut layer = BatchNorm2d::new(1);
        layer.forward(&Tensor::from([2.0, 4.0]).reshape([2, 1, 1, 1]));
        // Mean 3; variance 1 of these numbers, 2 of what they are drawn from.
        assert_eq!(layer.running_mean.get().item(), 0.3);
        assert!((layer.running_var.get().item() - (0.9 + 0.2)).abs() < 1e-6);
        layer.eval();
        let before = layer.state_dict();
        let y = layer.forward(&Tensor::full([1, 1, 1, 1], 0.3));
        assert_eq!((y.item(), layer.state_dict()), (0.0, before));
    }

    #[test]
    fn evaluating_uses_the_running_averages_without_touching_a_switch() {
        let (layer, x) = (BatchNorm2d::new(2), Tensor::full([1, 2, 1, 2], 3.0));
        let y = evaluating(|| layer.forward(&x));
        assert!((y - 3.0).abs().max().item() < 1e-4); // mean 0, variance 1 and eps
        assert_eq!(layer.running_mean.get(), Tensor::zeros([2]));
        assert_eq!(layer.forward(&x), Tensor::zeros([1, 2, 1, 2]));
    }

    #[test]
    fn a_batch_of_nothing_teaches_nothing() {
        let layer = BatchNorm2d::new(2);
        assert_eq!(layer.forward(&Tensor::zeros([0, 2, 3, 3])).shape(), [0, 2, 3, 3]);
        assert_eq!(layer.running_var.get(), Tensor::ones([2]));
    }

    #[test]
    fn weight_and_bias_are_parameters_and_running_averages_are_not() {
        let layer = BatchNorm2d::new(4);
        let names: Vec<String> = layer.named_parameters().into_iter().map(|p| p.0).collect();
        assert_eq!(names, ["weight", "bias"]);
        assert_eq!(layer.state_dict().len(), 4);
        let plain = BatchNorm2dOptions { affine: false, ..BatchNorm2dOptions::default() };
        let plain = BatchNorm2d::with_options(4, plain);
        let x = Tensor::randn([2, 4, 3, 3], &mut Rng::new(0));
        assert_eq!(plain.forward(&x), layer.forward(&x));
        assert_eq!(plain.parameter_count(), 0);
    }

    /// The bias moves all numbers of a channel alike, which the next batch norm takes away.
    #[test]
    fn what_moves_a_whole_channel_gets_no_gradient() {
        let x = Tensor::randn([2, 2, 2, 2], &mut Rng::new(0));
        let shift = Tensor::zeros([2, 1, 1]).with_grad();
        let y = BatchNorm2d::new(2).forward(&(x + &shift));
        let grads = (&y * &y * &y).sum().backward();
        assert!(grads.of(&shift).abs().max().item() < 1e-5);
    }
}
