//! How many numbers, along which axes.

use std::fmt;

/// The most axes a tensor may have. Six is what an unfolded convolution needs:
/// `[n, c, kernel height, kernel width, out height, out width]`.
pub const MAX_NDIM: usize = 6;

/// The size of a tensor along each of its axes, such as `[2, 3]`.
///
/// Kept by value in 28 bytes, so that a tensor of one number needs no allocation for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    sizes: [u32; MAX_NDIM], // 1 beyond `ndim`, so that equal shapes are equal byte for byte
    ndim: u8,
}

impl Shape {
    /// The shape with these sizes.
    ///
    /// # Panics
    /// When there are more than [`MAX_NDIM`] sizes, one does not fit 32 bits, or their product
    /// does not fit a `usize`.
    #[track_caller]
    pub fn new(sizes: &[usize]) -> Self {
        assert!(
            sizes.len() <= MAX_NDIM,
            "shape: {sizes:?} has {} axes and at most {MAX_NDIM} are supported; merge some",
            sizes.len()
        );
        let fits = sizes.iter().all(|&n| u32::try_from(n).is_ok());
        let nonzero = sizes.iter().filter(|&&n| n > 0);
        let numel = nonzero.copied().try_fold(4_usize, usize::checked_mul); // 4 bytes each
        assert!(fits && numel.is_some(), "shape: {sizes:?} is larger than memory can be");
        let mut shape = Self { sizes: [1; MAX_NDIM], ndim: sizes.len() as u8 };
        for (to, &n) in shape.sizes.iter_mut().zip(sizes) {
            *to = n as u32;
        }
        shape
    }

    /// The number of axes; 0 for a single number.
    #[inline]
    pub fn ndim(&self) -> usize {
        self.ndim as usize
    }

    /// The size along axis `i`, counted from the front.
    ///
    /// # Panics
    /// When there is no axis `i`.
    #[inline]
    #[track_caller]
    pub fn size(&self, i: usize) -> usize {
        assert!(i < self.ndim(), "shape: {self:?} has no axis {i}");
        self.sizes[i] as usize
    }

    /// The number of numbers: the product of the sizes.
    #[inline]
    pub fn numel(&self) -> usize {
        self.sizes[..self.ndim()].iter().map(|&n| n as usize).product()
    }

    /// The sizes, one after the other.
    #[inline]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + ExactSizeIterator + '_ {
        self.sizes[..self.ndim()].iter().map(|&n| n as usize)
    }

    /// The sizes as a vector.
    pub fn to_vec(&self) -> Vec<usize> {
        self.iter().collect()
    }

    /// The sizes as an array, to be taken apart: `let [n, c, h, w] = x.shape().dims();`.
    ///
    /// # Panics
    /// When the number of axes is not `N`.
    #[track_caller]
    pub fn dims<const N: usize>(&self) -> [usize; N] {
        assert!(
            self.ndim() == N,
            "shape: expected {N} axes, got {self:?}; use `reshape` or `unsqueeze` first"
        );
        std::array::from_fn(|i| self.sizes[i] as usize)
    }

    /// The shape that `self` and `other` broadcast to, or `None`.
    ///
    /// Sizes are compared from the last axis backwards; two agree when they are equal, or when
    /// one is 1 or missing, which then counts as the other's.
    pub fn broadcast(&self, other: &Shape) -> Option<Shape> {
        if self == other {
            return Some(*self);
        }
        let (long, short) = if self.ndim >= other.ndim { (self, other) } else { (other, self) };
        let mut out = *long;
        let lead = long.ndim() - short.ndim();
        for i in 0..short.ndim() {
            match (long.sizes[lead + i], short.sizes[i]) {
                (a, b) if a == b => {}
                (1, b) => out.sizes[lead + i] = b,
                (_, 1) => {}
                _ => return None,
            }
        }
        Some(out)
    }

    /// The same shape with another size along axis `i`.
    pub(crate) fn with_size(mut self, i: usize, size: usize) -> Self {
        self.sizes[i] = u32::try_from(size).expect("a size fits 32 bits");
        self
    }

    /// The same shape with one more axis behind the last.
    #[track_caller]
    pub(crate) fn with_axis(mut self, size: usize) -> Self {
        assert!(self.ndim() < MAX_NDIM, "shape: {self} has no room for another axis; merge some");
        self.ndim += 1;
        self.with_size(self.ndim() - 1, size)
    }

    /// The first `ndim` axes.
    pub(crate) fn leading(mut self, ndim: usize) -> Self {
        self.sizes[ndim..].fill(1);
        self.ndim = ndim as u8;
        self
    }

    /// The same shape without the axes for which `gone` holds, or with size 1 there.
    pub(crate) fn reduced(&self, gone: AxisSet, keepdim: bool) -> Self {
        let kept = |(i, n): (usize, usize)| match gone.contains(i) {
            true => keepdim.then_some(1),
            false => Some(n),
        };
        let mut out = Self { sizes: [1; MAX_NDIM], ndim: 0 };
        for n in self.iter().enumerate().filter_map(kept) {
            out.sizes[out.ndim()] = n as u32;
            out.ndim += 1;
        }
        out
    }
}

impl<const N: usize> From<[usize; N]> for Shape {
    #[track_caller]
    fn from(sizes: [usize; N]) -> Self {
        Shape::new(&sizes)
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    fn from(sizes: &[usize]) -> Self {
        Shape::new(sizes)
    }
}

impl From<Vec<usize>> for Shape {
    #[track_caller]
    fn from(sizes: Vec<usize>) -> Self {
        Shape::new(&sizes)
    }
}

impl From<usize> for Shape {
    #[track_caller]
    fn from(size: usize) -> Self {
        Shape::new(&[size])
    }
}

impl<const N: usize> PartialEq<[usize; N]> for Shape {
    fn eq(&self, sizes: &[usize; N]) -> bool {
        self.iter().eq(sizes.iter().copied())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (i, n) in self.iter().enumerate() {
            write!(f, "{}{n}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str("]")
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// The axis that `axis` means: itself, or counted from the end when negative.
///
/// # Panics
/// When a tensor of `ndim` axes has no such axis; `op` names who asked.
#[inline]
#[track_caller]
pub fn resolve_axis(op: &str, axis: isize, ndim: usize) -> usize {
    match from_either_end(axis, ndim) {
        Some(resolved) => resolved,
        None if ndim == 0 => panic!("{op}: axis {axis} of a single number, which has none"),
        None => {
            panic!("{op}: axis {axis} does not exist in {ndim} axes; use -{ndim} to {}", ndim - 1)
        }
    }
}

/// The axis that `axis` means among `ndim`: itself, or counted from the end when negative.
/// `None`: there is no such axis.
#[inline]
fn from_either_end(axis: isize, ndim: usize) -> Option<usize> {
    let resolved = if axis < 0 { axis + ndim as isize } else { axis };
    usize::try_from(resolved).ok().filter(|&i| i < ndim)
}

/// Some of a tensor's axes, one bit each.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct AxisSet(u8);

impl AxisSet {
    /// All axes of a tensor with `ndim` of them.
    pub fn all(ndim: usize) -> Self {
        Self((1u16 << ndim).wrapping_sub(1) as u8)
    }

    #[inline]
    pub fn contains(self, axis: usize) -> bool {
        self.0 >> axis & 1 == 1
    }
}

/// One or a few integers of any type: axes (`1`, `[0, -1]`) or sizes (`[2, -1]`).
pub trait Integers {
    /// Calls `each` for every one, in order.
    fn each(&self, each: &mut dyn FnMut(isize));
}

macro_rules! integers {
    ($($int:ty),*) => { $(
        impl Integers for $int {
            fn each(&self, each: &mut dyn FnMut(isize)) {
                each(*self as isize);
            }
        }
        impl<const N: usize> Integers for [$int; N] {
            fn each(&self, each: &mut dyn FnMut(isize)) {
                self.iter().for_each(|&i| each(i as isize));
            }
        }
        impl Integers for &[$int] {
            fn each(&self, each: &mut dyn FnMut(isize)) {
                self.iter().for_each(|&i| each(i as isize));
            }
        }
    )* };
}
integers!(i32, isize, usize);

impl Integers for Shape {
    fn each(&self, each: &mut dyn FnMut(isize)) {
        self.iter().for_each(|n| each(n as isize));
    }
}

/// # Panics
/// When an axis does not exist or is named twice.
#[track_caller]
pub(crate) fn resolve_axes(op: &str, axes: impl Integers, ndim: usize) -> AxisSet {
    let mut named = Named { axes: [0; MAX_NDIM], count: 0 };
    axes.each(&mut |axis| named.push(axis));
    let mut set = AxisSet(0);
    assert!(named.count <= MAX_NDIM, "{op}: more axes than a tensor can have");
    for &axis in &named.axes[..named.count] {
        let i = resolve_axis(op, axis, ndim);
        assert!(!set.contains(i), "{op}: axis {axis} is named twice; name each axis once");
        set.0 |= 1 << i;
    }
    set
}

struct Named {
    axes: [isize; MAX_NDIM],
    count: usize,
}

impl Named {
    fn push(&mut self, axis: isize) {
        if let Some(slot) = self.axes.get_mut(self.count) {
            *slot = axis;
        }
        self.count += 1;
    }
}

/// The shape that `wish` means for `numel` numbers.
///
/// # Panics
/// When the sizes do not multiply to `numel`, or more than one is -1.
#[track_caller]
pub(crate) fn resolve_extents(from: Shape, wish: impl Integers) -> Shape {
    let mut sizes = Vec::with_capacity(MAX_NDIM);
    wish.each(&mut |n| sizes.push(n));
    let numel = from.numel();
    let free = sizes.iter().filter(|&&n| n == -1).count();
    assert!(free <= 1, "reshape: {sizes:?} leaves {free} sizes open; at most one may be -1");
    assert!(
        sizes.iter().all(|&n| n >= -1),
        "reshape: {sizes:?} has a negative size; only -1 (whatever is left) may be"
    );
    match filled(&sizes, numel) {
        Some(sizes) => Shape::new(&sizes),
        None => panic!(
            "reshape: {from} has {numel} numbers, which do not fill {sizes:?}; \
             the sizes must multiply to {numel}"
        ),
    }
}

/// `sizes` with the -1, if there is one, replaced by what is left of `numel` numbers for it.
/// `None`: they do not multiply to `numel`, or anything would do for the -1, as next to a 0.
fn filled(sizes: &[isize], numel: usize) -> Option<Vec<usize>> {
    let known = sizes.iter().filter(|&&n| n != -1).map(|&n| n as usize);
    let known = known.fold(1_usize, |product, n| product.saturating_mul(n));
    let fits = match sizes.contains(&-1) {
        false => known == numel,
        true => known > 0 && numel.is_multiple_of(known),
    };
    let open = |&n: &isize| if n == -1 { numel / known } else { n as usize };
    fits.then(|| sizes.iter().map(open).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broadcasting_aligns_from_the_right() {
        type Sizes = &'static [usize];
        let cases: [(Sizes, Sizes, Option<Sizes>); 8] = [
            (&[2, 3], &[3], Some(&[2, 3])),
            (&[3], &[2, 3], Some(&[2, 3])),
            (&[2, 1], &[1, 3], Some(&[2, 3])),
            (&[], &[4], Some(&[4])),
            (&[5, 1, 4], &[3, 1], Some(&[5, 3, 4])),
            (&[2, 3], &[2], None),
            (&[0, 3], &[1, 3], Some(&[0, 3])),
            (&[0], &[2], None),
        ];
        for (a, b, expected) in cases {
            let got = Shape::new(a).broadcast(&Shape::new(b));
            assert_eq!(got, expected.map(Shape::new), "{a:?} and {b:?}");
        }
    }

    #[test]
    fn a_shape_is_taken_apart_into_an_array() {
        let [n, c] = Shape::from([2, 3]).dims();
        assert_eq!((n, c), (2, 3));
    }

    #[test]
    #[should_panic(expected = "expected 3 axes, got [2, 3]")]
    fn taking_a_shape_apart_names_the_number_of_axes() {
        let _: [usize; 3] = Shape::from([2, 3]).dims();
    }

    #[test]
    #[should_panic(expected = "larger than memory can be")]
    fn a_shape_whose_size_overflows_is_refused() {
        let _ = Shape::from([u32::MAX as usize, u32::MAX as usize, u32::MAX as usize]);
    }

    #[test]
    fn the_open_size_of_a_reshape_is_what_is_left_of_all_known_ones() {
        let from = Shape::from([2, 6]);
        assert_eq!(resolve_extents(from, [2, -1, 3]), [2, 2, 3]);
        assert_eq!(resolve_extents(Shape::from([0, 4]), [-1, 4]), [0, 4]);
    }

    #[test]
    fn axes_count_from_both_ends() {
        let set = resolve_axes("sum", [0, -1], 3);
        assert!(set.contains(0) && !set.contains(1) && set.contains(2));
        assert_eq!(AxisSet::all(0), AxisSet(0));
        assert_eq!(AxisSet::all(6), AxisSet(0b11_1111));
    }
}
