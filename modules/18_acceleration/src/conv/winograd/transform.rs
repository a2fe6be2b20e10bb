//! The transforms of Winograd's method, for as many channels at once as a vector holds.
//!
//! Along one axis each is a small matrix that stands here as the few additions it comes to, `d`
//! and `m` as in [the overview](super). In two dimensions it goes over the columns and then over
//! the rows. The points are 0, `±P`, `±Q` and infinity; what belongs to `p` and `-p` differs only
//! in the sign of its odd terms, so these are computed once for both.

#![expect(unsafe_code, reason = "loads and stores through pointers that a plan has checked")]
#![expect(clippy::needless_range_loop, reason = "indices are constants: registers have no others")]

use super::tiles::Spread;
use crate::out::Out;
use crate::simd::{Simd, vectorized};

/// The points besides 0 and infinity, with either sign. Other points cost the same; for these the
/// rounding errors are smallest, and no constant is rounded but those for kernels.
const P: f32 = 0.625;
const Q: f32 = 1.5;
const PP: f32 = P * P;
const QQ: f32 = Q * Q;

/// By what the kernel's value at a point is divided: the product of its distances to the others.
const AT_ZERO: f32 = PP * QQ;
const AT_P: f32 = 2.0 * PP * (PP - QQ);
const AT_Q: f32 = 2.0 * QQ * (QQ - PP);

/// A transform of `N` numbers to `M`.
trait Transform<const N: usize, const M: usize> {
    /// Along one axis.
    fn line<S: Simd>(x: [S::F; N]) -> [S::F; M];

    /// Along both.
    #[inline(always)]
    fn square<S: Simd>(x: [[S::F; N]; N]) -> [[S::F; M]; M] {
        let mut half = [[S::splat(0.0); N]; M];
        for column in 0..N {
            let mut line = [S::splat(0.0); N];
            for row in 0..N {
                line[row] = x[row][column];
            }
            let line = Self::line::<S>(line);
            for row in 0..M {
                half[row][column] = line[row];
            }
        }
        let mut whole = [[S::splat(0.0); M]; M];
        for row in 0..M {
            whole[row] = Self::line::<S>(half[row]);
        }
        whole
    }
}

/// `e + p o` and `e - p o`: what belongs to a point and to the one with the other sign.
#[inline(always)]
fn both<S: Simd>(e: S::F, o: S::F, p: f32) -> [S::F; 2] {
    [S::fma(S::splat(p), o, e), S::fma(S::splat(-p), o, e)]
}

/// `x + c y`
#[inline(always)]
fn plus<S: Simd>(x: S::F, c: f32, y: S::F) -> S::F {
    S::fma(S::splat(c), y, x)
}

/// `c x + d y`
#[inline(always)]
fn weighted<S: Simd>(c: f32, x: S::F, d: f32, y: S::F) -> S::F {
    plus::<S>(S::mul(S::splat(c), x), d, y)
}

/// What 4 outputs see: `Bᵀ d`. Row `i` has the coefficients of the product of all `x - p` but that
/// of point `i`.
struct Seen;

impl Transform<6, 6> for Seen {
    #[inline(always)]
    fn line<S: Simd>(d: [S::F; 6]) -> [S::F; 6] {
        let [p, minus_p] = both::<S>(plus::<S>(d[4], -QQ, d[2]), plus::<S>(d[3], -QQ, d[1]), P);
        let [q, minus_q] = both::<S>(plus::<S>(d[4], -PP, d[2]), plus::<S>(d[3], -PP, d[1]), Q);
        [
            plus::<S>(plus::<S>(d[4], -(PP + QQ), d[2]), PP * QQ, d[0]),
            p,
            minus_p,
            q,
            minus_q,
            plus::<S>(plus::<S>(d[5], -(PP + QQ), d[3]), PP * QQ, d[1]),
        ]
    }
}

/// 4 outputs: `Aᵀ m`. Row `i` has the points to the power of `i`.
struct Outputs;

impl Transform<6, 4> for Outputs {
    #[inline(always)]
    fn line<S: Simd>(m: [S::F; 6]) -> [S::F; 4] {
        let (even_p, odd_p) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
        let (even_q, odd_q) = (S::add(m[3], m[4]), S::sub(m[3], m[4]));
        [
            S::add(m[0], S::add(even_p, even_q)),
            weighted::<S>(P, odd_p, Q, odd_q),
            weighted::<S>(PP, even_p, QQ, even_q),
            plus::<S>(plus::<S>(m[5], P * PP, odd_p), Q * QQ, odd_q),
        ]
    }
}

/// The gradient of what [`Outputs`] gives with respect to what it takes: `A g`.
struct Gradient;

impl Transform<4, 6> for Gradient {
    #[inline(always)]
    fn line<S: Simd>(g: [S::F; 4]) -> [S::F; 6] {
        let [p, minus_p] = both::<S>(plus::<S>(g[0], PP, g[2]), plus::<S>(g[1], PP, g[3]), P);
        let [q, minus_q] = both::<S>(plus::<S>(g[0], QQ, g[2]), plus::<S>(g[1], QQ, g[3]), Q);
        [g[0], p, minus_p, q, minus_q, g[3]]
    }
}

/// The kernel's values at the points, divided: `G w`.
struct Kernel;

impl Transform<3, 6> for Kernel {
    #[inline(always)]
    fn line<S: Simd>(w: [S::F; 3]) -> [S::F; 6] {
        let [p, minus_p] =
            both::<S>(weighted::<S>(1.0 / AT_P, w[0], PP / AT_P, w[2]), w[1], P / AT_P);
        let [q, minus_q] =
            both::<S>(weighted::<S>(1.0 / AT_Q, w[0], QQ / AT_Q, w[2]), w[1], Q / AT_Q);
        [S::mul(S::splat(1.0 / AT_ZERO), w[0]), p, minus_p, q, minus_q, w[2]]
    }
}

/// The gradient of what [`Kernel`] takes: `Gᵀ u`.
struct KernelGradient;

impl Transform<6, 3> for KernelGradient {
    #[inline(always)]
    fn line<S: Simd>(u: [S::F; 6]) -> [S::F; 3] {
        let (even_p, odd_p) = (S::add(u[1], u[2]), S::sub(u[1], u[2]));
        let (even_q, odd_q) = (S::add(u[3], u[4]), S::sub(u[3], u[4]));
        let zero = weighted::<S>(1.0 / AT_P, even_p, 1.0 / AT_Q, even_q);
        [
            plus::<S>(zero, 1.0 / AT_ZERO, u[0]),
            weighted::<S>(P / AT_P, odd_p, Q / AT_Q, odd_q),
            S::add(weighted::<S>(PP / AT_P, even_p, QQ / AT_Q, even_q), u[5]),
        ]
    }
}

/// Stores the 36 of a tile.
///
/// # Safety
/// From `to` on there is a vector's room at every 36 times `apart` numbers.
#[inline(always)]
unsafe fn store<S: Simd>(whole: [[S::F; 6]; 6], to: *mut f32, apart: usize) {
    for row in 0..6 {
        for column in 0..6 {
            // SAFETY: the caller's promise.
            unsafe { S::store(to.wrapping_add((row * 6 + column) * apart), whole[row][column]) };
        }
    }
}

/// Loads the 36 of a tile.
///
/// # Safety
/// From `from` on there is a vector at every 36 times `apart` numbers.
#[inline(always)]
unsafe fn load<S: Simd>(from: *const f32, apart: usize) -> [[S::F; 6]; 6] {
    let mut x = [[S::splat(0.0); 6]; 6];
    for row in 0..6 {
        for column in 0..6 {
            // SAFETY: the caller's promise.
            x[row][column] = unsafe { S::load(from.wrapping_add((row * 6 + column) * apart)) };
        }
    }
    x
}

/// Tiles of `N` by `N` of a copy's vectors, transformed.
#[inline(always)]
fn transform<S: Simd, T: Transform<N, 6>, const N: usize, const PLACES: usize>(
    copy: &[f32],
    tiles: &[[u32; PLACES]],
    to: &mut [f32],
    spread: Spread,
) {
    assert!(to.len() >= spread.through(tiles.len(), S::LANES));
    for (i, places) in tiles.iter().enumerate() {
        let mut x = [[S::splat(0.0); N]; N];
        for row in 0..N {
            for column in 0..N {
                let place = places[row * N + column] as usize;
                debug_assert!(place + S::LANES <= copy.len());
                // SAFETY: the caller's promise.
                x[row][column] = unsafe { S::load(copy.as_ptr().add(place)) };
            }
        }
        let to = to.as_mut_ptr().wrapping_add(i * spread.step);
        // SAFETY: asserted above.
        unsafe { store::<S>(T::square::<S>(x), to, spread.apart) };
    }
}

vectorized! {
    /// What the tiles see, transformed: of a copy `[places, LANES]`, from a tile of `to` on.
    ///
    /// The caller promises that the tiles lie inside of the copy.
    pub(super) fn seen<S>(copy: &[f32], tiles: &[[u32; 36]], to: &mut [f32], spread: Spread) {
        transform::<S, Seen, 6, 36>(copy, tiles, to, spread);
    }

    /// As [`seen`], of the gradients of the tiles' outputs.
    pub(super) fn gradients<S>(copy: &[f32], tiles: &[[u32; 16]], to: &mut [f32], spread: Spread) {
        transform::<S, Gradient, 4, 16>(copy, tiles, to, spread);
    }

    /// The outputs of the tiles, to a copy `[places, LANES]`.
    ///
    /// The caller promises that the tiles lie inside of the copy.
    pub(super) fn outputs<S>(
        from: &[f32],
        spread: Spread,
        bias: &[f32],
        tiles: &[[u32; 16]],
        copy: &mut [f32],
    ) {
        assert!(from.len() >= spread.through(tiles.len(), S::LANES));
        let bias = S::read(bias);
        for (i, places) in tiles.iter().enumerate() {
            let from = from.as_ptr().wrapping_add(i * spread.step);
            // SAFETY: asserted above.
            let y = Outputs::square::<S>(unsafe { load::<S>(from, spread.apart) });
            for row in 0..4 {
                for column in 0..4 {
                    let place = places[row * 4 + column] as usize;
                    debug_assert!(place + S::LANES <= copy.len());
                    // SAFETY: the caller's promise.
                    unsafe {
                        let to = copy.as_mut_ptr().add(place);
                        S::store(to, S::add(y[row][column], bias));
                    }
                }
            }
        }
    }

    /// Kernels transformed: of `[9, LANES]`, whose taps come in this order, from number `first`
    /// of the room on.
    ///
    /// The caller promises that nobody else has this part of the room.
    pub(super) fn kernel<S>(
        kernel: &[f32],
        order: &[usize; 9],
        room: Out<'_>,
        first: usize,
        spread: Spread,
    ) {
        assert!(kernel.len() >= 9 * S::LANES);
        assert!(first + spread.through(1, S::LANES) <= room.len());
        let mut w = [[S::splat(0.0); 3]; 3];
        for row in 0..3 {
            for column in 0..3 {
                w[row][column] = S::read(&kernel[order[row * 3 + column] * S::LANES..][..S::LANES]);
            }
        }
        // SAFETY: asserted above.
        unsafe { store::<S>(Kernel::square::<S>(w), room.at(first), spread.apart) };
    }

    /// The gradient of kernels, `[9, LANES]`, from that of what they were transformed to.
    pub(super) fn kernel_gradient<S>(from: &[f32], spread: Spread, to: &mut [f32]) {
        assert!(from.len() >= spread.through(1, S::LANES));
        // SAFETY: asserted above.
        let u = unsafe { load::<S>(from.as_ptr(), spread.apart) };
        let w = KernelGradient::square::<S>(u);
        for row in 0..3 {
            for column in 0..3 {
                S::write(&mut to[(row * 3 + column) * S::LANES..][..S::LANES], w[row][column]);
            }
        }
    }
}
