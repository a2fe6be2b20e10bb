//! Pictures with their padding, as the kernels read them.
//!
//! A picture is copied once, into memory where every tap of every output finds a number: zeros
//! around it, and with a stride `s` above 1 the rows and columns sorted by their remainder, so
//! that what neighboring outputs see through one tap lies side by side again. The copy costs one
//! pass over the input, next to a pass per output channel and tap.

use super::sight::{Sight, Tap};
use std::ops::Range;
use tinytorch_tensor::{Storage, Tensor};

/// Pictures `[n, c, h, w]` in any layout.
#[derive(Clone, Copy)]
pub(super) struct Pictures<'a> {
    numbers: &'a [f32],
    offset: usize,
    strides: [usize; 4],
    /// `[n, c, h, w]`
    pub shape: [usize; 4],
}

impl<'a> Pictures<'a> {
    /// The numbers of a tensor.
    ///
    /// # Panics
    /// When they are not floats.
    pub fn of(x: &'a Tensor) -> Self {
        let Storage::F32(numbers) = x.storage() else {
            panic!("convolution: needs floats, got {}", x.kind())
        };
        let layout = x.layout();
        let strides = [0, 1, 2, 3].map(|axis| layout.stride(axis));
        Self { numbers, offset: layout.offset(), strides, shape: x.shape().dims() }
    }

    /// The numbers from the first of a row on, and how far apart they are.
    #[inline]
    pub fn row(&self, picture: usize, channel: usize, row: usize) -> (&'a [f32], usize) {
        let [n, c, h, w] = self.strides;
        (&self.numbers[self.offset + picture * n + channel * c + row * h..], w)
    }

    /// How far the channels are apart.
    pub fn apart(&self) -> usize {
        self.strides[1]
    }

    /// How many places follow each other evenly in `rows` rows of `cols`: all, or those of a row.
    pub fn run(&self, cols: usize, rows: usize) -> usize {
        if self.strides[2] == cols * self.strides[3] { rows * cols } else { cols }
    }
}

/// How one axis lies in the copy.
#[derive(Clone, Debug)]
struct Laid {
    /// Places of the picture along it.
    size: usize,
    /// The first place that is seen; negative in the padding.
    start: isize,
    /// The lowest tap's place for output 0 of the picture.
    lowest: isize,
    step: usize,
    /// The remainders that are looked at, those of `place - start`.
    remainders: Vec<usize>,
    /// How many places each remainder has.
    len: usize,
}

impl Laid {
    /// For the outputs `places` of a sight.
    fn new(sight: &Sight, size: usize, places: Range<usize>) -> Self {
        let step = sight.step;
        let lowest = sight.taps.iter().map(|tap| tap.at).min().unwrap_or(0);
        let highest = sight.taps.iter().map(|tap| tap.at).max().unwrap_or(0);
        let mut remainders: Vec<usize> =
            sight.taps.iter().map(|tap| (tap.at - lowest) as usize % step).collect();
        remainders.sort_unstable();
        remainders.dedup();
        let start = lowest + (places.start * step) as isize;
        let len = places.len() + (highest - lowest) as usize / step;
        Self { size, start, lowest, step, remainders, len }
    }

    /// Which remainder a tap looks at, and from where on.
    fn find(&self, tap: &Tap) -> (usize, usize) {
        let distance = (tap.at - self.lowest) as usize;
        let remainder = self.remainders.iter().position(|&r| r == distance % self.step);
        (remainder.expect("every tap's remainder is laid out"), distance / self.step)
    }

    /// Which places of the copy are real, and the place of the picture that the first one is.
    fn real(&self, remainder: usize) -> (Range<usize>, usize) {
        let first = self.start + remainder as isize;
        let skipped = usize::try_from(-first).unwrap_or(0).div_ceil(self.step);
        let from = usize::try_from(first + (skipped * self.step) as isize).unwrap_or(0);
        let real = self.size.saturating_sub(from).div_ceil(self.step);
        let skipped = skipped.min(self.len);
        (skipped..(skipped + real).min(self.len), from)
    }
}

/// How the part of a picture that some rows of outputs see lies in the copy: channel after
/// channel; in each, a plane per pair of remainders; in each, row after row.
#[derive(Clone, Debug)]
pub(super) struct Padded {
    rows: Laid,
    cols: Laid,
    /// From one row to the next. Zeros at the end of a row serve as those before the next one.
    pub pitch: usize,
    /// From one channel to the next.
    pub channel: usize,
}

impl Padded {
    /// For the outputs in `band` of the rows and all columns; `size` is the pictures'.
    pub fn new(rows: &Sight, cols: &Sight, size: [usize; 2], band: Range<usize>) -> Self {
        let rows = Laid::new(rows, size[0], band);
        let cols = Laid::new(cols, size[1], 0..cols.places);
        let (real, _) = cols.real(0);
        let shared = match cols.step {
            1 if !real.is_empty() => real.start.min(cols.len - real.end),
            _ => 0,
        };
        let pitch = cols.len - shared;
        let planes = rows.remainders.len() * cols.remainders.len();
        let channel = planes * rows.len * pitch;
        Self { rows, cols, pitch, channel }
    }

    /// How many numbers `channels` take, with what a vector may read behind the last one.
    pub fn len(&self, channels: usize) -> usize {
        channels * self.channel + self.cols.len + 16
    }

    /// Where output 0 looks through a tap, from the first number of a channel on.
    pub fn offset(&self, row: &Tap, col: &Tap) -> usize {
        let ((row_plane, row), (col_plane, col)) = (self.rows.find(row), self.cols.find(col));
        let plane = row_plane * self.cols.remainders.len() + col_plane;
        (plane * self.rows.len + row) * self.pitch + col
    }

    /// Copies these channels of a picture.
    pub fn fill(&self, x: &Pictures, picture: usize, channels: Range<usize>, to: &mut [f32]) {
        let (copies, behind) = to.split_at_mut(channels.len() * self.channel);
        behind.fill(0.0);
        if self.channel == 0 {
            return;
        }
        let cols: Vec<_> = self.cols.remainders.iter().map(|&r| self.cols.real(r)).collect();
        for (channel, copy) in channels.zip(copies.chunks_exact_mut(self.channel)) {
            let mut planes = copy.chunks_exact_mut((self.rows.len * self.pitch).max(1));
            for &remainder in &self.rows.remainders {
                let (real, from) = self.rows.real(remainder);
                for cols in &cols {
                    let plane = planes.next().expect("one per pair of remainders");
                    plane[..real.start * self.pitch].fill(0.0);
                    plane[real.end * self.pitch..].fill(0.0);
                    for (i, row) in real.clone().enumerate() {
                        let source = x.row(picture, channel, from + i * self.rows.step);
                        let row = &mut plane[row * self.pitch..(row + 1) * self.pitch];
                        copy_row(row, cols, source, self.cols.step);
                    }
                }
            }
        }
    }
}

/// Zeros but for `real`, where every `step`th number goes, from number `from` of the source on.
#[inline]
fn copy_row(
    row: &mut [f32],
    (real, from): &(Range<usize>, usize),
    (source, stride): (&[f32], usize),
    step: usize,
) {
    row[..real.start].fill(0.0);
    row[real.end..].fill(0.0);
    let row = &mut row[real.clone()];
    if row.is_empty() {
        return;
    }
    let source = &source[from * stride..];
    match stride * step {
        1 => row.copy_from_slice(&source[..row.len()]),
        0 => row.fill(source[0]),
        apart => row.iter_mut().zip(source.iter().step_by(apart)).for_each(|(to, &x)| *to = x),
    }
}
