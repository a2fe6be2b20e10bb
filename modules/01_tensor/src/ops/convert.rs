//! The same numbers as another kind, or in another place.

use super::{by_kind, map};
use crate::door::{Op, Reads, dispatch};
use crate::storage::Storage;
use crate::tensor::Tensor;

/// As floats on the host, from any kind of storage.
pub struct ToF32;

impl Op for ToF32 {
    fn name(&self) -> &'static str {
        "to_f32"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match x[0].storage() {
            Storage::F32(_) => x[0].detach(),
            Storage::I32(_) => map(x[0], |v: i32| v as f32),
            Storage::Other(buffer) => {
                Tensor::from_vec(x[0].layout().gather(&buffer.to_f32()), x[0].shape())
            }
            Storage::Released => unreachable!("a released tensor never leaves the history"),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn any_kind(&self) -> bool {
        true
    }
}

/// As integers, rounded towards 0; out of range becomes the nearest integer, NaN 0.
pub struct ToI32;

impl Op for ToI32 {
    fn name(&self) -> &'static str {
        "to_i32"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        match x[0].kind() {
            "i32" => x[0].detach(),
            _ => map(x[0], |v: f32| v as i32),
        }
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

/// The same numbers, stored in row-major order.
pub struct Contiguous;

impl Op for Contiguous {
    fn name(&self) -> &'static str {
        "contiguous"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        by_kind!(x[0], T => Tensor::from_vec(x[0].elements::<T>().into_owned(), x[0].shape()))
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }
}

impl Tensor {
    /// As floats on the host: integers converted, other kinds read out. Floats stay as they are.
    pub fn to_f32(&self) -> Tensor {
        if self.kind() == "f32" { self.clone() } else { dispatch(ToF32, &[self]) }
    }

    /// As integers, rounded towards 0; out of range becomes the nearest integer, NaN 0.
    /// Nothing flows back through integers.
    pub fn to_i32(&self) -> Tensor {
        if self.kind() == "i32" { self.clone() } else { dispatch(ToI32, &[self]) }
    }

    /// The same numbers in row-major order: itself if they are, else a copy.
    pub fn contiguous(&self) -> Tensor {
        if self.is_contiguous() { self.clone() } else { dispatch(Contiguous, &[self]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions_round_towards_zero_and_saturate() {
        let x = Tensor::from([1.9, -1.9, 3e10, f32::NAN]).to_i32();
        assert_eq!(x, Tensor::from([1, -1, i32::MAX, 0]));
        assert_eq!(x.to_f32().at([1]), -1.0);
    }

    #[test]
    fn contiguous_copies_only_what_is_not() {
        let x = Tensor::from([[1.0, 2.0], [3.0, 4.0]]);
        assert!(x.contiguous().shares_storage(&x));
        let t = x.t().contiguous();
        assert!(!t.shares_storage(&x) && t.is_contiguous());
        assert_eq!(t, x.t());
    }
}
