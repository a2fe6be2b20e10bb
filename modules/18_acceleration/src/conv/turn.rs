//! From channels first to channels last, and back.
//!
//! A picture `[c, h, w]` has a channel's places side by side. Where vectors go over channels, a
//! handful of them is copied so that a place's channels are side by side, `[h w, c]`; what is
//! computed so goes back the same way. Either way squares are turned over in registers, as many
//! rows of as many numbers as a vector holds.

#![expect(unsafe_code, reason = "squares are turned over through pointers")]

use crate::out::Out;
use crate::simd::{Simd, vectorized};
use std::mem::MaybeUninit;

/// Neighboring places in some channels.
#[derive(Clone, Copy)]
pub(super) struct Channels<'a> {
    /// The first place in the first channel, and what lies behind it.
    pub from: &'a [f32],
    /// How many channels, and how far apart.
    pub count: usize,
    pub apart: usize,
    /// From one place to the next.
    pub step: usize,
}

/// The same places of some channels of a result.
#[derive(Clone, Copy)]
pub(super) struct Planes<'a> {
    /// The result.
    pub out: Out<'a>,
    /// The first place in the first channel.
    pub first: usize,
    /// How many channels, and how far apart.
    pub count: usize,
    pub apart: usize,
}

/// How many places ahead numbers are asked for.
const AHEAD: usize = 64;

/// How many places of a channel are written at a time: planes often lie a power of two apart, and
/// then the cache has few places for what is written side by side.
const RUN: usize = 64;

/// The most numbers that a square has.
const SQUARE: usize = 16 * 16;

vectorized! {
    /// The places with the channels last: `[places, width]`, zeros for those that are missing;
    /// `width` is so many whole vectors.
    pub(super) fn turn<S>(channels: Channels<'_>, to: &mut [f32], width: usize) {
        let Channels { from, count, apart, step } = channels;
        let places = to.len() / width;
        assert!(width.is_multiple_of(S::LANES));
        assert!(count * places == 0 || from.len() > (count - 1) * apart + (places - 1) * step);
        for first in (0..width).step_by(S::LANES) {
            let count = count.saturating_sub(first).min(S::LANES);
            for place in (0..places).step_by(S::LANES) {
                let to = &mut to[place * width + first..];
                let from = from.get(first * apart + place * step..).unwrap_or(&[]);
                let run = S::LANES.min(places - place);
                if step == 1 && count == S::LANES && run == S::LANES {
                    for channel in 0..S::LANES {
                        S::prefetch(from.as_ptr().wrapping_add(channel * apart + AHEAD));
                    }
                    assert!(to.len() >= (S::LANES - 1) * width + S::LANES);
                    // SAFETY: asserted above, and before all loops.
                    unsafe { S::transpose(from.as_ptr(), apart, to.as_mut_ptr(), width) };
                } else {
                    turn_part::<S>(Channels { from, count, apart, step }, run, to, width);
                }
            }
        }
    }

    /// Writes `places` places that have the channels last, `[places, LANES]`, channel by channel.
    /// `from` has whole squares of them; what is behind the last place means nothing.
    ///
    /// The caller promises that nobody else has these places of the result.
    pub(super) fn turn_back<S>(from: &[f32], places: usize, to: Planes<'_>) {
        let Planes { out, first, count, apart } = to;
        assert!(places == 0 || count == 0 || first + (count - 1) * apart + places <= out.len());
        assert!(count <= S::LANES && places.next_multiple_of(S::LANES) * S::LANES <= from.len());
        let mut room = MaybeUninit::<[f32; 16 * RUN]>::uninit();
        let rows = room.as_mut_ptr().cast::<f32>();
        for start in (0..places).step_by(RUN) {
            let run = RUN.min(places - start);
            for place in (0..run).step_by(S::LANES) {
                // SAFETY: asserted above.
                unsafe {
                    let from = from.as_ptr().add((start + place) * S::LANES);
                    S::transpose(from, S::LANES, rows.add(place), RUN);
                }
            }
            for channel in 0..count {
                let to = out.at(first + channel * apart + start);
                for place in (0..run).step_by(S::LANES) {
                    S::prefetch(to.wrapping_add(RUN + place));
                    // SAFETY: written above; the places of the result are the caller's.
                    unsafe {
                        let x = S::load(rows.add(channel * RUN + place));
                        match run - place >= S::LANES {
                            true => S::store(to.add(place), x),
                            false => S::store_first(to.add(place), run - place, x),
                        }
                    }
                }
            }
        }
    }
}

/// A square with fewer channels or places than a vector holds, or with gaps between them.
#[inline(always)]
fn turn_part<S: Simd>(channels: Channels, places: usize, to: &mut [f32], width: usize) {
    let Channels { from, count, apart, step } = channels;
    let (mut rows, mut turned) = ([0.0; SQUARE], [0.0; SQUARE]);
    for (channel, row) in rows.chunks_exact_mut(S::LANES).take(count).enumerate() {
        let from = &from[channel * apart..];
        match step {
            1 => S::write(row, S::read(&from[..places])),
            _ => (0..places).for_each(|i| row[i] = from[i * step]),
        }
    }
    // SAFETY: both have room for a square.
    unsafe { S::transpose(rows.as_ptr(), S::LANES, turned.as_mut_ptr(), S::LANES) };
    for (to, turned) in to.chunks_mut(width).zip(turned.chunks_exact(S::LANES)).take(places) {
        S::write(&mut to[..S::LANES], S::read(turned));
    }
}
