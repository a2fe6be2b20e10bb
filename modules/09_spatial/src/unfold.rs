//! Patches as columns: how a convolution becomes a matrix product.

use crate::conv2d::{Conv2dOp, check};
use crate::picture::{fits, pictures};
use crate::window::Window;
use tinytorch_autograd::{Each, Gradient};
use tinytorch_tensor::{Brought, Op, Reads, Tensor, dispatch};

/// Copies every patch that a kernel sees into a column of its own:
/// `[n, c, h, w] -> [n, c kh kw, h' w']`. Places in the padding are 0.
///
/// Known as im2col (K. Chellapilla et al., "High performance convolutional neural networks for
/// document processing", 2006). A number is copied once for every window that sees it: for a
/// kernel of 3 by 3, nine times the memory of the picture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unfold {
    /// The windows down and to the right.
    pub windows: [Window; 2],
}

impl Unfold {
    /// How many places `[h', w']` the windows have in pictures of `size`.
    pub fn output_size(&self, size: [usize; 2]) -> [usize; 2] {
        [0, 1].map(|axis: usize| self.windows[axis].outputs(size[axis]))
    }

    /// Calls `f` with the first number of a row of columns, the first number of the row of the
    /// picture that is copied there, and their number. The picture's are a stride apart.
    fn for_each_row(&self, [n, c, h, w]: [usize; 4], mut f: impl FnMut(usize, usize, usize)) {
        let ([rows, cols], [oh, ow]) = (self.windows, self.output_size([h, w]));
        for plane in 0..n * c {
            for i in 0..rows.kernel {
                for j in 0..cols.kernel {
                    let column = (plane * rows.kernel + i) * cols.kernel + j;
                    let inside = cols.inside(j, w);
                    for row in rows.inside(i, h).filter(|_| !inside.is_empty()) {
                        let to = (column * oh + row) * ow + inside.start;
                        let from = (plane * h + rows.place(row, i)) * w;
                        f(to, from + cols.place(inside.start, j), inside.len());
                    }
                }
            }
        }
    }
}

impl Op for Unfold {
    fn name(&self) -> &'static str {
        "unfold"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([n, c, h, w], pixels) = (x[0].shape().dims(), x[0].data());
        let ([rows, cols], [oh, ow]) = (self.windows, self.output_size([h, w]));
        let shape = [n, c * rows.kernel * cols.kernel, oh * ow];
        let mut columns = vec![0.0; shape.iter().product()];
        self.for_each_row([n, c, h, w], |to, from, len| {
            let pixels = pixels[from..].iter().step_by(cols.stride);
            columns[to..to + len].iter_mut().zip(pixels).for_each(|(to, from)| *to = *from);
        });
        Tensor::from_vec(columns, shape)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<Unfold>(&[|op, n, g| {
                let [_, _, h, w] = n.shape(0).dims();
                dispatch(Fold { unfold: *op, size: [h, w] }, &[g])
            }]))]
        }
    }
}

/// Adds every column to the patch it came from: `[n, c kh kw, h' w'] -> [n, c, h, w]`. Where
/// patches overlap, their numbers are added: the gradient of [`Unfold`], not its inverse.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fold {
    /// What cut the patches out.
    pub unfold: Unfold,
    /// `[h, w]` of the pictures.
    pub size: [usize; 2],
}

impl Op for Fold {
    fn name(&self) -> &'static str {
        "fold"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let ([rows, cols], [h, w]) = (self.unfold.windows, self.size);
        let shape = [x[0].size(0), x[0].size(1) / (rows.kernel * cols.kernel), h, w];
        let columns = x[0].data();
        let mut pixels = vec![0.0; shape.iter().product()];
        self.unfold.for_each_row(shape, |from, to, len| {
            let pixels = pixels[to..].iter_mut().step_by(cols.stride);
            pixels.zip(&columns[from..from + len]).for_each(|(to, from)| *to += *from);
        });
        Tensor::from_vec(pixels, shape)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Fold>(&[|op, _, h| dispatch(op.unfold, &[h])]))] }
    }
}

/// The patches of `x` `[n, c, h, w]` as columns: see [`Unfold`].
///
/// # Panics
/// When `x` is not that, or a window does not fit.
#[track_caller]
pub fn unfold(x: &Tensor, windows: [Window; 2]) -> Tensor {
    let ([_, _, h, w], unfold) = (pictures("unfold", x), Unfold { windows });
    fits("unfold", unfold.output_size([h, w]), windows.map(|window| window.kernel), [h, w]);
    dispatch(unfold, &[x])
}

/// The columns `[n, c kh kw, h' w']` added up to pictures of `size`: see [`Fold`].
///
/// # Panics
/// When the columns are not as many as such pictures have patches.
#[track_caller]
pub fn fold(columns: &Tensor, windows: [Window; 2], size: [usize; 2]) -> Tensor {
    let (shape, unfold) = (columns.shape(), Unfold { windows });
    let taps = windows[0].kernel * windows[1].kernel;
    let places: usize = unfold.output_size(size).iter().product();
    assert!(
        shape.ndim() == 3 && shape.size(1).is_multiple_of(taps) && shape.size(2) == places,
        "fold: columns {shape} of {taps} taps do not fill pictures of {size:?}, which take \
         [n, c * {taps}, {places}]; give the windows and the size that they were unfolded with"
    );
    dispatch(Fold { unfold, size }, &[columns])
}

/// The same as [`conv2d`](crate::conv2d()), as one matrix product per sample and group: the
/// kernels, one per row, times the patches, one per column.
///
/// It moves the work to where processors, and whoever tunes matrix products, are best, and pays
/// for it with memory. Its gradients come by themselves, from the ops it is made of.
///
/// # Panics
/// As [`conv2d`](crate::conv2d()).
#[track_caller]
pub fn conv2d_by_matmul(
    x: &Tensor,
    weight: &Tensor,
    bias: Option<&Tensor>,
    conv: Conv2dOp,
) -> Tensor {
    check("conv2d_by_matmul", x, weight, bias, &conv);
    let ([n, _, h, w], [o, inputs, kh, kw]) = (x.shape().dims(), weight.shape().dims());
    let (groups, taps) = (conv.groups, inputs * kh * kw);
    let [oh, ow] = conv.output_size([kh, kw], [h, w]);
    let patches = unfold(x, conv.windows([kh, kw])).reshape([n, groups, taps, oh * ow]);
    let kernels = weight.reshape([groups, o / groups, taps]);
    let y = kernels.matmul(&patches).reshape([n, o, oh, ow]);
    match bias {
        Some(bias) => y + bias.reshape([-1, 1, 1]),
        None => y,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conv2d;
    use tinytorch_autograd::Backward;
    use tinytorch_tensor::Rng;

    #[test]
    fn a_column_is_a_patch() {
        let x = Tensor::arange(1.0, 10.0, 1.0).reshape([1, 1, 3, 3]);
        let columns = unfold(&x, Conv2dOp::default().windows([2, 2])).select(0, 0);
        let patch = |place| columns.select(1, place).to_vec();
        assert_eq!(columns.shape(), [4, 4]);
        assert_eq!(patch(0), [1.0, 2.0, 4.0, 5.0]);
        assert_eq!(patch(3), [5.0, 6.0, 8.0, 9.0]);
    }

    #[test]
    fn folding_adds_up_as_often_as_a_pixel_was_seen() {
        let windows = Conv2dOp::default().windows([2, 2]);
        let seen = fold(&unfold(&Tensor::ones([1, 1, 3, 3]), windows), windows, [3, 3]);
        let expected = Tensor::from([[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]);
        assert_eq!(seen.reshape([3, 3]), expected);
    }

    #[test]
    fn the_matrix_product_is_the_convolution_and_so_are_its_gradients() {
        let rng = &mut Rng::new(3);
        for (stride, padding, dilation, groups) in
            [(1, 0, 1, 1), (1, 1, 1, 2), (2, 1, 1, 4), (2, 2, 2, 1), (3, 0, 2, 2)]
        {
            let [stride, padding, dilation] = [[stride; 2], [padding; 2], [dilation; 2]];
            let conv = Conv2dOp { stride, padding, dilation, groups };
            let x = Tensor::randn([2, 4, 9, 7], rng).with_grad();
            let weight = Tensor::randn([8, 4 / groups, 3, 2], rng).with_grad();
            let bias = Tensor::randn([8], rng).with_grad();
            let forms = [conv2d, conv2d_by_matmul].map(|form| {
                let y = form(&x, &weight, Some(&bias), conv);
                let grads = (&y * &y).sum().backward();
                [
                    y.detach(),
                    grads.of(&x).clone(),
                    grads.of(&weight).clone(),
                    grads.of(&bias).clone(),
                ]
            });
            for (plain, unfolded) in forms[0].iter().zip(&forms[1]) {
                let (gap, size) = ((plain - unfolded).abs().max(), plain.abs().max());
                // Sums of some hundred numbers, in another order.
                assert!(gap.item() < 1e-5 * size.item(), "{conv:?}: {gap} of {size}");
            }
        }
    }
}
