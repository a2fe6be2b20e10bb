//! What every layer of this module takes.

use tinytorch_tensor::Tensor;

/// The sizes of pictures `[n, c, h, w]` of floats.
///
/// # Panics
/// When `x` is not that; `op` says so.
#[track_caller]
pub(crate) fn pictures(op: &str, x: &Tensor) -> [usize; 4] {
    let shape = x.shape();
    assert!(
        shape.ndim() == 4,
        "{op}: x is pictures [n, c, h, w], not {shape}; {}",
        match shape.ndim() {
            3 =>
                "put the missing axis in with `unsqueeze(0)` for one picture, `unsqueeze(1)` for \
                  one channel",
            _ => "reshape it",
        }
    );
    assert!(x.kind() != "i32", "{op}: needs floats, got integers; use `to_f32()` first");
    shape.dims()
}

/// Makes sure that a window of `kernel` places fits into pictures of `size` at least once.
#[track_caller]
pub(crate) fn fits(op: &str, outputs: [usize; 2], kernel: [usize; 2], size: [usize; 2]) {
    assert!(
        !outputs.contains(&0),
        "{op}: a window of {kernel:?} does not fit into pictures of {size:?}; take a smaller \
         kernel, less dilation, more padding, or one layer less"
    );
}
