//! Comparisons, and the choice between two tensors by a mask.
//!
//! Plain loops: they read and write numbers of different kinds, and the compiler makes vectors of
//! them by itself, of those instructions that [`vectorized!`] lets it use.

#![expect(unsafe_code, reason = "fills memory that is not initialized yet")]

use super::{numbers, pieces};
use crate::copy::dense_tensor;
use crate::level::level;
use crate::loops::Loops;
use crate::out::tensor;
use crate::settings;
use crate::simd::vectorized;
use std::iter::repeat_n;
use tinytorch_tensor::{Compare, Comparison, Element, Kernels, Op, Tensor, Where};

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<Compare>("f32", compare::<f32>);
    kernels.on::<Compare>("i32", compare::<i32>);
    kernels.on::<Where>("f32", choose);
}

fn compare<T: Element>(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let &Compare(comparison) = settings(op);
    match comparison {
        Comparison::Eq => mask(x[0], x[1], |a: T, b: T| a == b),
        Comparison::Ne => mask(x[0], x[1], |a: T, b: T| a != b),
        Comparison::Lt => mask(x[0], x[1], |a: T, b: T| a < b),
        Comparison::Le => mask(x[0], x[1], |a: T, b: T| a <= b),
        Comparison::Gt => mask(x[0], x[1], |a: T, b: T| a > b),
        Comparison::Ge => mask(x[0], x[1], |a: T, b: T| a >= b),
    }
}

/// 1 where `holds`, else 0.
fn mask<T: Element>(a: &Tensor, b: &Tensor, holds: impl Fn(T, T) -> bool + Sync) -> Tensor {
    let shape = a.shape().broadcast(&b.shape()).expect("checked by the method");
    let loops = Loops::over(shape, [a.layout(), b.layout()]);
    let (level, x, y) = (level(), numbers(a), numbers(b));
    // SAFETY: the pieces cover all, and none twice.
    unsafe {
        tensor(shape, |out| {
            pieces(out.len(), |range| {
                let first = range.start;
                mask_rows(level, &holds, &loops, [x, y], first, out.part(range));
            });
        })
    }
}

/// A question about two numbers.
trait Holds<T>: Fn(T, T) -> bool {}
impl<T, F: Fn(T, T) -> bool> Holds<T> for F {}

vectorized! {
    /// The answers from `first` on, row by row.
    fn mask_rows<S, T: Element, F: Holds<T>>(
        holds: &F,
        loops: &Loops<2>,
        x: [&[T]; 2],
        first: usize,
        out: &mut [i32],
    ) {
        let [a, b] = x;
        let [a_step, b_step] = loops.steps(0);
        for (at, [i, j], n) in loops.rows(first..first + out.len()) {
            let out = &mut out[at - first..][..n];
            match (a_step, b_step) {
                (1, 1) => {
                    let pairs = a[i..i + n].iter().zip(&b[j..j + n]);
                    out.iter_mut().zip(pairs).for_each(|(o, (&a, &b))| *o = holds(a, b).into());
                }
                (1, 0) => {
                    let (a, b) = (&a[i..i + n], b[j]);
                    out.iter_mut().zip(a).for_each(|(o, &a)| *o = holds(a, b).into());
                }
                _ => {
                    for (k, o) in out.iter_mut().enumerate() {
                        *o = holds(a[i + k * a_step], b[j + k * b_step]).into();
                    }
                }
            }
        }
    }
}

fn choose(_: &dyn Op, x: &[&Tensor]) -> Tensor {
    let [mask, a, b] = [x[0], x[1], x[2]];
    let shape = a.shape().broadcast(&b.shape()).and_then(|s| s.broadcast(&mask.shape()));
    let shape = shape.expect("checked by the method");
    let loops = Loops::over(shape, [mask.layout(), a.layout(), b.layout()]);
    // A side with gaps is brought into order first.
    let [_, a_step, b_step] = loops.steps(0);
    if a_step > 1 {
        return choose(&Where, &[mask, &dense_tensor(a), b]);
    }
    if b_step > 1 {
        return choose(&Where, &[mask, a, &dense_tensor(b)]);
    }
    let (level, mask, x) = (level(), numbers(mask), [numbers(a), numbers(b)]);
    // SAFETY: the pieces cover all, and none twice.
    unsafe {
        tensor(shape, |out| {
            pieces(out.len(), |range| {
                let first = range.start;
                choose_rows(level, &loops, mask, x, first, out.part(range));
            });
        })
    }
}

vectorized! {
    /// The choices from `first` on, row by row.
    fn choose_rows<S>(
        loops: &Loops<3>,
        mask: &[i32],
        x: [&[f32]; 2],
        first: usize,
        out: &mut [f32],
    ) {
        let [a, b] = x;
        let [step, a_step, b_step] = loops.steps(0);
        for (at, [m, i, j], n) in loops.rows(first..first + out.len()) {
            let out = &mut out[at - first..][..n];
            if step != 1 {
                for (k, o) in out.iter_mut().enumerate() {
                    let yes = mask[m + k * step] != 0;
                    *o = if yes { a[i + k * a_step] } else { b[j + k * b_step] };
                }
                continue;
            }
            let mask = &mask[m..m + n];
            match (a_step, b_step) {
                (1, 1) => pick(out, mask, a[i..i + n].iter().copied(), b[j..j + n].iter().copied()),
                (1, _) => pick(out, mask, a[i..i + n].iter().copied(), repeat_n(b[j], n)),
                (_, 1) => pick(out, mask, repeat_n(a[i], n), b[j..j + n].iter().copied()),
                _ => pick(out, mask, repeat_n(a[i], n), repeat_n(b[j], n)),
            }
        }
    }
}

#[inline(always)]
fn pick(out: &mut [f32], mask: &[i32], a: impl Iterator<Item = f32>, b: impl Iterator<Item = f32>) {
    for ((out, &m), (a, b)) in out.iter_mut().zip(mask).zip(a.zip(b)) {
        *out = if m != 0 { a } else { b };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::{assert_agrees, layouts};
    use tinytorch_tensor::Rng;

    const COMPARISONS: [Comparison; 6] = [
        Comparison::Eq,
        Comparison::Ne,
        Comparison::Lt,
        Comparison::Le,
        Comparison::Gt,
        Comparison::Ge,
    ];

    const PAIRS: [[&[usize]; 2]; 9] = [
        [&[], &[]],
        [&[0, 3], &[3]],
        [&[5, 9], &[5, 9]],
        [&[5, 19], &[19]],
        [&[5, 9], &[5, 1]],
        [&[3, 1, 17], &[4, 1]],
        [&[2, 3, 4, 5], &[]],
        [&[150, 500], &[150, 1]],
        [&[150, 500], &[150, 500]],
    ];

    #[test]
    fn comparisons_are_those_of_the_definition() {
        let mut rng = Rng::new(9);
        for [a, b] in PAIRS {
            // Whole numbers, so that some are equal.
            let side = |shape, rng: &mut Rng| layouts(shape, rng);
            for (a, b) in side(a, &mut rng).iter().zip(side(b, &mut rng).iter().cycle()) {
                let whole = [a.to_i32(), b.to_i32()];
                let floats = whole.each_ref().map(Tensor::to_f32);
                for comparison in COMPARISONS {
                    let op = Compare(comparison);
                    assert_agrees(&op, compare::<f32>, &[a, b], 0.0);
                    assert_agrees(&op, compare::<f32>, &[&floats[1], &floats[0]], 0.0);
                    assert_agrees(&op, compare::<i32>, &[&whole[0], &whole[1]], 0.0);
                }
            }
        }
        let special = Tensor::from([f32::NAN, f32::INFINITY, 0.0, -0.0, 1.0]);
        for comparison in COMPARISONS {
            let column = special.unsqueeze(1);
            assert_agrees(&Compare(comparison), compare::<f32>, &[&column, &special], 0.0);
        }
    }

    #[test]
    fn a_mask_chooses_as_the_definition_does() {
        let mut rng = Rng::new(10);
        let triples: [[&[usize]; 3]; 9] = [
            [&[], &[], &[]],
            [&[7], &[7], &[]],
            [&[5, 9], &[], &[5, 9]],
            [&[5, 9], &[9], &[5, 1]],
            [&[9], &[5, 9], &[]],
            [&[5, 1], &[5, 9], &[9]],
            [&[], &[3, 40], &[40]],
            [&[0, 4], &[4], &[]],
            [&[300, 300], &[], &[2, 300, 300]],
        ];
        for [mask, a, b] in triples {
            let (a, b) = (layouts(a, &mut rng), layouts(b, &mut rng));
            for (i, mask) in layouts(mask, &mut rng).iter().enumerate() {
                let mask = mask.gt(0.0) * Tensor::from(i32::MIN);
                let (a, b) = (&a[i % a.len()], &b[(i + 1) % b.len()]);
                assert_agrees(&Where, choose, &[&mask, a, b], 0.0);
                if mask.ndim() > 0 {
                    let t = mask.transpose(0, -1).contiguous().transpose(0, -1);
                    assert_agrees(&Where, choose, &[&t, a, b], 0.0);
                }
            }
        }
    }
}
