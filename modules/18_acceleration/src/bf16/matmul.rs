//! `MatMul` and `LinearOp` where an operand is bf16.

#![expect(unsafe_code, reason = "results are written once, each part by one thread")]

use super::product::{Instructions, Side, multiply};
use super::storage::{Bf16Buffer, KIND};
use crate::out::{self, Out};
use crate::threads::parallel_ranges;
use crate::words::pack::Lines;
use tinytorch_layers::LinearOp;
use tinytorch_tensor::{Kernels, MatMul, Op, Shape, Storage, Tensor};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<MatMul>(KIND, matmul);
    kernels.on::<LinearOp>(KIND, linear);
}

/// Matrices in a tensor: how its last two axes lie, and where each matrix of a batch starts.
struct Matrices<'a> {
    tensor: &'a Tensor,
    /// Size and stride of the rows, and of the columns.
    axes: [(usize, usize); 2],
}

impl<'a> Matrices<'a> {
    /// Of an operand of `MatMul`: a vector is a row on the left, a column on the right.
    fn of(tensor: &'a Tensor, vector_is_row: bool) -> Self {
        let (layout, n) = (tensor.layout(), tensor.ndim());
        let axis = |i: usize| (tensor.shape().size(i), layout.stride(i));
        let axes = match (n, vector_is_row) {
            (1, true) => [(1, 0), axis(0)],
            (1, false) => [axis(0), (1, 0)],
            _ => [axis(n - 2), axis(n - 1)],
        };
        Self { tensor, axes }
    }

    /// The sizes before the last two.
    fn batch(&self) -> Vec<usize> {
        let outer = self.tensor.ndim().saturating_sub(2);
        self.tensor.shape().iter().take(outer).collect()
    }

    /// Where the matrix for each element of a larger batch starts.
    fn starts(&self, batch: &[usize]) -> Vec<usize> {
        let (layout, own) = (self.tensor.layout(), self.batch());
        let mut starts = vec![layout.offset()];
        for (axis, &size) in batch.iter().enumerate() {
            let own = (axis + own.len()).checked_sub(batch.len());
            let stride = match own {
                Some(own) if self.tensor.shape().size(own) > 1 => layout.stride(own),
                _ => 0,
            };
            let steps = |start: usize| (0..size).map(move |i| start + i * stride);
            starts = starts.into_iter().flat_map(steps).collect();
        }
        starts
    }

    /// The rows of the matrix that starts there.
    fn rows(&self, start: usize) -> Side<'a> {
        side(self.tensor, start, self.axes[0], self.axes[1])
    }

    /// Its columns.
    fn columns(&self, start: usize) -> Side<'a> {
        side(self.tensor, start, self.axes[1], self.axes[0])
    }
}

/// Lines along one axis, numbers along the other.
fn side(x: &Tensor, start: usize, lines: (usize, usize), along: (usize, usize)) -> Side<'_> {
    match x.storage() {
        Storage::F32(numbers) => Side::Floats(cut(numbers, start, lines, along)),
        _ => {
            let buffer = x.buffer::<Bf16Buffer>();
            let numbers = buffer.expect("operands are floats or bf16").numbers();
            Side::Bf16(cut(numbers, start, lines, along))
        }
    }
}

fn cut<T>(
    numbers: &[T],
    start: usize,
    (count, line): (usize, usize),
    (depth, step): (usize, usize),
) -> Lines<'_, T> {
    let numbers = if count * depth > 0 { &numbers[start..] } else { &[] };
    Lines { numbers, line, step, count, depth }
}

/// Floats and bf16 as they are, other kinds as floats.
fn operand(x: &Tensor) -> Tensor {
    if matches!(x.kind(), "f32" | KIND) { x.clone() } else { x.to_f32() }
}

/// As [`MatMul`] defines it, of operands rounded to bf16.
fn matmul(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (a, b) = (operand(x[0]), operand(x[1]));
    let (left, right) = (Matrices::of(&a, true), Matrices::of(&b, false));
    let (of_a, of_b) = (Shape::from(left.batch()), Shape::from(right.batch()));
    let batch = of_a.broadcast(&of_b).expect("checked by the method").to_vec();
    let [(m, _), (n, _)] = [left.axes[0], right.axes[1]];
    let mut sizes = batch.clone();
    sizes.extend((a.ndim() > 1).then_some(m));
    sizes.extend((b.ndim() > 1).then_some(n));
    let by = Instructions::of_this_thread();
    // SAFETY: every product writes all of its part.
    unsafe {
        out::tensor(sizes, |out| match all_rows(&a) {
            // One right matrix for all left ones, whose rows are those of one.
            Some(rows) if b.ndim() <= 2 && a.ndim() > 1 => {
                multiply(by, rows, right.columns(b.layout().offset()), None, out);
            }
            _ => batched(by, &left, &right, &batch, out),
        })
    }
}

/// A product for each element of the batch.
fn batched(
    by: Instructions,
    left: &Matrices<'_>,
    right: &Matrices<'_>,
    batch: &[usize],
    out: Out<'_, f32>,
) {
    let (lefts, rights) = (left.starts(batch), right.starts(batch));
    let [(m, _), (k, _)] = left.axes;
    let size = m * right.axes[1].0;
    let one = |i: usize| {
        // SAFETY: a part for each.
        let part = unsafe { out.part(i * size..(i + 1) * size) };
        multiply(by, left.rows(lefts[i]), right.columns(rights[i]), None, Out::over(part));
    };
    // Many small products are shared among threads; of a few large ones, each is.
    match lefts.len() > 2 && lefts.len() * size * k > WORTH_THREADS {
        true => {
            let some = (SOME / (size * k).max(1)).max(1);
            parallel_ranges(lefts.len(), some, |range| range.for_each(one));
        }
        false => (0..lefts.len()).for_each(one),
    }
}

/// How many multiplications are worth a thread's waking, and its taking a piece.
const WORTH_THREADS: usize = 1 << 21;
const SOME: usize = 1 << 18;

/// All axes but the last as rows of one matrix, if the layout allows it.
fn all_rows(x: &Tensor) -> Option<Side<'_>> {
    let (layout, last) = (x.layout(), x.ndim() - 1);
    let along = (x.shape().size(last), layout.stride(last));
    let count = x.shape().iter().take(last).product();
    match x.ndim() {
        1 => Some(side(x, layout.offset(), (1, 0), along)),
        2 => Some(side(x, layout.offset(), (count, layout.stride(0)), along)),
        _ if x.is_contiguous() => Some(side(x, layout.offset(), (count, along.0), (along.0, 1))),
        _ => None,
    }
}

/// As [`LinearOp`] defines it, of an input and a weight rounded to bf16; the bias is not.
fn linear(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let (input, weight) = (operand(x[0]), operand(x[1]));
    let bias = x.get(2).map(|bias| bias.to_f32());
    let bias = bias.as_ref().map(|bias| bias.data());
    let mut sizes = input.shape().to_vec();
    *sizes.last_mut().expect("checked by the function") = weight.shape().size(0);
    let gathered = all_rows(&input).is_none().then(|| input.contiguous());
    let rows = all_rows(gathered.as_ref().unwrap_or(&input)).expect("contiguous by now");
    // The columns of the right side are the rows of the weight.
    let columns = all_rows(&weight).expect("a matrix");
    let by = Instructions::of_this_thread();
    // SAFETY: the product writes all of it.
    unsafe { out::tensor(sizes, |out| multiply(by, rows, columns, bias.as_deref(), out)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LowPrecision;
    use crate::level::{Level, with_level};
    use crate::trial::{assert_close, layouts, layouts_of, on_threads};
    use tinytorch_tensor::{Kernel, Rng};

    /// Asserts that the kernel gives what the definition does of the rounded operands, at every
    /// level, and on one thread what on two.
    #[track_caller]
    fn assert_agrees(op: &dyn Op, kernel: Kernel, x: &[&Tensor]) {
        let mut rounded: Vec<Tensor> = x.iter().map(|x| x.to_bf16().to_f32()).collect();
        rounded.truncate(2);
        rounded.extend(x.get(2).map(|&bias| bias.clone()));
        let expected = op.forward(&rounded.iter().collect::<Vec<_>>());
        let what = |level| {
            let one = |x: &&Tensor| format!("{}{:?} {}", x.shape(), x.strides(), x.kind());
            let all = x.iter().map(one).collect::<Vec<_>>();
            format!("{} at {level} of {}", op.name(), all.join(", "))
        };
        for level in Level::supported() {
            let run = |n| on_threads(n, || with_level(level, || kernel(op, x)));
            let got = run(1);
            // Sums of a few hundred products at most, in another order.
            assert_close(&got, &expected, 3e-6, &|| what(level));
            assert_eq!(got.to_vec(), run(2).to_vec(), "{}: two threads", what(level));
        }
    }

    /// Every layout of floats, and of bf16.
    fn both_kinds(shape: &[usize], rng: &mut Rng) -> [Vec<Tensor>; 2] {
        let small = layouts_of(shape, |sizes| Tensor::randn(sizes, rng).to_bf16());
        [layouts(shape, rng), small]
    }

    /// All pairs of these of which one is bf16.
    fn pairs<'a>(a: &'a [Vec<Tensor>; 2], b: &'a [Vec<Tensor>; 2]) -> Vec<[&'a Tensor; 2]> {
        let mut pairs = Vec::new();
        for (i, j) in [(0, 1), (1, 0), (1, 1)] {
            pairs.extend(a[i].iter().flat_map(|a| b[j].iter().map(move |b| [a, b])));
        }
        pairs
    }

    #[test]
    fn products_are_those_of_rounded_matrices_in_every_layout() {
        let rng = &mut Rng::new(1);
        for [m, k, n] in [[1, 37, 41], [3, 70, 9], [5, 33, 35], [29, 19, 1], [16, 64, 32]] {
            let (a, b) = (both_kinds(&[m, k], rng), both_kinds(&[k, n], rng));
            for [a, b] in pairs(&a, &b) {
                assert_agrees(&MatMul, matmul, &[a, b]);
            }
        }
    }

    #[test]
    fn sizes_around_those_of_tiles_panels_and_blocks() {
        let rng = &mut Rng::new(2);
        let mut some = |sizes: &[usize]| sizes[rng.below(sizes.len() as u64) as usize];
        let mut shapes: Vec<[usize; 3]> = vec![[0, 3, 4], [3, 0, 4], [3, 4, 0], [30, 600, 70]];
        for _ in 0..120 {
            let (m, n) =
                (some(&[1, 2, 4, 5, 13, 14, 15, 28, 43]), some(&[1, 3, 15, 31, 32, 33, 65]));
            shapes.push([m, some(&[1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257]), n]);
        }
        for [m, k, n] in shapes {
            let a = Tensor::randn([m, k], rng).to_bf16();
            assert_agrees(&MatMul, matmul, &[&a, &Tensor::randn([k, n], rng).to_bf16()]);
            let weight = Tensor::randn([n, k], rng).to_bf16();
            let bias = Tensor::randn([n], rng);
            assert_agrees(&LinearOp, linear, &[&a, &weight, &bias]);
        }
    }

    #[test]
    fn batches_broadcast_and_vectors_give_their_axis_up() {
        let rng = &mut Rng::new(3);
        let cases: [[&[usize]; 2]; 7] = [
            [&[2, 1, 3, 4], &[5, 4, 2]],
            [&[7, 3, 4], &[4, 6]],
            [&[3, 4], &[7, 4, 6]],
            [&[6], &[6]],
            [&[6], &[2, 6, 3]],
            [&[2, 5, 6], &[6]],
            [&[0, 2, 3], &[3, 5]],
        ];
        for [a, b] in cases {
            let (a, b) = (both_kinds(a, rng), both_kinds(b, rng));
            for [a, b] in pairs(&a, &b) {
                assert_agrees(&MatMul, matmul, &[a, b]);
            }
        }
    }

    #[test]
    fn linear_takes_rows_in_any_layout() {
        let rng = &mut Rng::new(4);
        let (inputs, weights) = (both_kinds(&[2, 3, 20], rng), both_kinds(&[9, 20], rng));
        for [x, weight] in pairs(&inputs, &weights) {
            assert_agrees(&LinearOp, linear, &[x, weight]);
        }
        let row = Tensor::randn([20], rng).to_bf16();
        assert_agrees(&LinearOp, linear, &[&row, &weights[0][0], &Tensor::randn([9], rng)]);
    }

    #[test]
    fn many_rows_and_columns_are_cut_into_blocks() {
        let rng = &mut Rng::new(5);
        for [m, k, n] in [[1400, 3, 40], [6, 10, 2100], [40, 10, 2100], [150, 530, 300]] {
            let a = Tensor::randn([m, k], rng).to_bf16();
            assert_agrees(&MatMul, matmul, &[&a, &Tensor::randn([k, n], rng)]);
        }
    }

    #[test]
    fn what_is_no_number_stays_none_and_touches_nothing_else() {
        for m in [2, 20] {
            let mut x = vec![1.0; m * 40];
            x[40 + 7] = f32::NAN;
            let x = Tensor::from_vec(x, [m, 40]).to_bf16();
            let y = matmul(&MatMul, &[&x, &Tensor::ones([40, 33])]);
            let expected = |row| if row == 1 { f32::NAN } else { 40.0 };
            for row in 0..m {
                assert_eq!(y.at([row, 32]).to_bits(), f32::to_bits(expected(row)), "{m}");
            }
        }
    }

    /// On processors that have it, whether or not it is what they are fastest with.
    #[test]
    fn the_instruction_for_pairs_agrees() {
        let rng = &mut Rng::new(6);
        for [m, k, n] in [[14, 32, 32], [20, 33, 35], [5, 1, 3], [61, 700, 90], [33, 515, 64]] {
            let a = layouts_of(&[m, k], |sizes| Tensor::randn(sizes, rng).to_bf16());
            let b = layouts(&[k, n], rng);
            for (a, b) in a.iter().zip(&b).filter(|_| Instructions::has_pairs()) {
                let run = |by| {
                    let rows = Matrices::of(a, true).rows(a.layout().offset());
                    let columns = Matrices::of(b, false).columns(b.layout().offset());
                    let mut out = vec![0.0; m * n];
                    multiply(by, rows, columns, None, Out::over(&mut out));
                    Tensor::from_vec(out, [m, n])
                };
                let expected = run(Instructions::Widened(Level::Portable));
                assert_close(&run(Instructions::Pairs), &expected, 3e-6, &|| {
                    format!("{m} {k} {n}")
                });
            }
        }
    }
}
