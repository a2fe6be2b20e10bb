//! Module 09 · Spatial: networks that see. Convolution, pooling, batch normalization.
//!
//! A fully connected layer knows nothing of pictures: it would learn the same edge anew at every
//! place. A [`Conv2d`] is one small kernel per output channel that slides over the whole picture:
//!
//! ```
//! use tinytorch_layers::{Flatten, Linear, Model, Module, ReLU, sequential};
//! use tinytorch_spatial::{Conv2d, Conv2dOptions, MaxPool2d};
//! use tinytorch_tensor::{Rng, Tensor};
//!
//! let mut rng = Rng::new(1);
//! let same = Conv2dOptions { padding: [1, 1], ..Default::default() };
//! let model = sequential![
//!     Conv2d::new(1, 8, [3, 3], same, &mut rng),
//!     ReLU,
//!     MaxPool2d::new([2, 2]),
//!     Flatten,
//!     Linear::new(8 * 4 * 4, 10, &mut rng),
//! ];
//! assert_eq!(model.forward(&Tensor::zeros([32, 1, 8, 8])).shape(), [32, 10]);
//! assert_eq!(model.parameter_count(), 8 * 9 + 8 + 128 * 10 + 10);
//! ```
//!
//! Pictures are `[n, c, h, w]`: samples, channels, rows, columns. All windows, of convolutions and
//! of pools, are a [`Window`] per axis, and a convolution with its two gradients is one list of
//! meetings of an output, a weight and an input. Each computation is an op of its own at the
//! door, the gradients too, so that module 18 can replace every one of them by a faster kernel.
//!
//! Cost: a convolution takes `2 n o h w c kh kw` floating-point operations, and each of its two
//! gradients as much again. From 64 to 64 channels of 32 by 32 pixels, 3 by 3: 75 million per
//! picture, for 36,864 weights. A weight is used a thousand times, where a linear layer uses it
//! once.
//!
//! PyTorch's layers have these names, settings and starting weights; below them cuDNN and oneDNN
//! choose among a dozen ways to compute a convolution, of which [`conv2d_by_matmul`] is the oldest.

mod window;
mod picture;
mod meetings;
mod conv2d;
mod unfold;
mod conv2d_layer;
mod max_pool2d;
mod avg_pool2d;
mod batch_norm;
mod batch_norm2d;
mod dropout2d;
mod lenet5;
mod conv_block;
mod small_vgg;
mod resnet9;

pub use avg_pool2d::{
    AdaptiveAvgPool2d, AvgPool2d, AvgPool2dBackward, AvgPool2dOp, adaptive_avg_pool2d, avg_pool2d,
};
pub use batch_norm::{BatchNormBackward, BatchNormOp, BatchNormStats, BatchNormSums};
pub use batch_norm2d::{BatchNorm2d, BatchNorm2dOptions};
pub use conv_block::ConvBlock;
pub use conv2d::{Conv2dInputGrad, Conv2dOp, Conv2dWeightGrad, conv2d};
pub use conv2d_layer::{Conv2d, Conv2dOptions};
pub use dropout2d::Dropout2d;
pub use lenet5::LeNet5;
pub use max_pool2d::{MaxPool2d, MaxPool2dBackward, MaxPool2dOp, max_pool2d};
pub use resnet9::{ResNet9, Residual};
pub use small_vgg::SmallVgg;
pub use unfold::{Fold, Unfold, conv2d_by_matmul, fold, unfold};
pub use window::Window;
