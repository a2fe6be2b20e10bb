//! The same numbers laid out differently in memory. No op may care.

use crate::array::Array;
use tinytorch_tensor::Tensor;

/// How a tensor lies in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Placement {
    /// Row-major, without gaps.
    RowMajor,
    /// The axes are stored in the reverse order.
    Transposed,
    /// The axes are stored one further.
    Rotated,
    /// Every second number of a larger tensor, from the second on. What lies between is poison.
    Sliced,
    /// One slice, shown several times, along every axis on which the numbers do not change.
    Broadcast,
}

use Placement::*;

/// Every layout.
pub const PLACEMENTS: [Placement; 5] = [RowMajor, Transposed, Rotated, Sliced, Broadcast];

impl Placement {
    /// The numbers in this layout; numbers that it has no meaning for are contiguous.
    pub fn of(self, x: &Array) -> Tensor {
        let mut order: Vec<usize> = (0..x.ndim()).collect();
        match self {
            RowMajor => return x.tensor(),
            Transposed => order.reverse(),
            Rotated if x.ndim() > 0 => order.rotate_left(1),
            Rotated => {}
            Sliced => return sliced(x),
            Broadcast => return broadcast(x),
        }
        let shape: Vec<usize> = order.iter().map(|&axis| x.shape[axis]).collect();
        let stored = x.view(&shape, |index| {
            let mut own = vec![0; order.len()];
            order.iter().zip(index).for_each(|(&axis, &i)| own[axis] = i);
            own
        });
        let mut back = vec![0; order.len()];
        order.iter().enumerate().for_each(|(place, &axis)| back[axis] = place as isize);
        stored.tensor().permute(back.as_slice())
    }
}

/// Makes the numbers constant along an axis, so that [`Broadcast`] has a meaning for them.
pub fn constant_along(x: &Array, axis: usize) -> Array {
    x.view(&x.shape, |index| {
        let mut first = index.to_vec();
        first[axis] = 0;
        first
    })
}

/// Between numbers lies what nobody may read: NaN, or an integer that is no index.
fn sliced(x: &Array) -> Tensor {
    let poison = if x.whole { f64::from(i32::MIN) } else { f64::NAN };
    let sizes = if x.ndim() == 0 { vec![1] } else { x.shape.clone() };
    let large: Vec<usize> = sizes.iter().map(|s| 2 * s + 1).collect();
    let mut numbers = x.data.iter();
    let stored = Array::build(&large, |index| match index.iter().all(|i| i % 2 == 1) {
        true => *numbers.next().expect("as many odd places as numbers"),
        false => poison,
    });
    let mut t = Array { whole: x.whole, ..stored }.tensor();
    for (axis, &size) in large.iter().enumerate() {
        t = t.slice_step(axis as isize, 1..size, 2);
    }
    if x.ndim() == 0 { t.select(0, 0) } else { t }
}

fn broadcast(x: &Array) -> Tensor {
    let mut t = x.tensor();
    for axis in 0..x.ndim() {
        let bits = |x: &Array| x.data.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        if x.shape[axis] > 1 && bits(&constant_along(x, axis)) == bits(x) {
            t = t.narrow(axis as isize, 0, 1);
        }
    }
    t.expand(x.shape.as_slice())
}
