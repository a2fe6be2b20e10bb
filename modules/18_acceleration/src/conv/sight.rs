//! What each output of a convolution sees.
//!
//! The convolution and the gradient of its input are the same kind of sum: every output number
//! collects, through each tap of a kernel, a number of the input at a fixed distance. Only the
//! distances differ:
//!
//! ```text
//! forward             output i sees, through tap a, input i s + a d - p
//! gradient of input   output i sees, through tap a, input (i + p - a d) / s, if that is whole
//! ```
//!
//! With a stride `s` above 1 the second line asks a question; but of the outputs `r, r + s, ..`
//! all have the same answer. So there are `s` sights along an axis, each with the taps whose
//! answer is yes, and none asks anything.

use tinytorch_spatial::Window;

/// A tap of the kernel and where output 0 looks through it; negative in the padding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Tap {
    /// Which of the kernel, along this axis.
    pub index: usize,
    /// The place in the input that output 0 sees through it.
    pub at: isize,
}

/// What the outputs see along one axis.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Sight {
    /// How many outputs there are.
    pub places: usize,
    /// How much further in the input the next output looks.
    pub step: usize,
    /// What they look through.
    pub taps: Vec<Tap>,
    /// Where output 0 is written along the axis of the result.
    pub first: usize,
    /// How much further the next one is.
    pub apart: usize,
}

impl Sight {
    /// Of the outputs of a convolution on an axis of `size` places.
    pub fn forward(window: Window, size: usize) -> Self {
        let at = |tap: usize| (tap * window.dilation) as isize - window.padding as isize;
        let taps = (0..window.kernel).map(|index| Tap { index, at: at(index) }).collect();
        Self { places: window.outputs(size), step: window.stride, taps, first: 0, apart: 1 }
    }

    /// Of the gradient of its input, `size` places, on an axis of the gradient of its output: one
    /// for each remainder that a place leaves when divided by the stride.
    pub fn backward(window: Window, size: usize) -> Vec<Self> {
        let stride = window.stride as isize;
        let of_remainder = |first: usize| {
            let from =
                |tap: usize| (first + window.padding) as isize - (tap * window.dilation) as isize;
            let taps = (0..window.kernel).filter(|&tap| from(tap) % stride == 0);
            let taps = taps.map(|index| Tap { index, at: from(index) / stride }).collect();
            let places = (size - first).div_ceil(window.stride);
            Self { places, step: 1, taps, first, apart: window.stride }
        };
        (0..window.stride.min(size)).map(of_remainder).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn windows(check: impl Fn(Window, usize)) {
        for kernel in 1..4 {
            for stride in 1..4 {
                for padding in 0..3 {
                    for dilation in 1..3 {
                        let window = Window { kernel, stride, padding, dilation };
                        (0..8).for_each(|size| check(window, size));
                    }
                }
            }
        }
    }

    /// All triples of an output, a tap and a real input that meet.
    fn meetings(sights: &[Sight], inputs: usize) -> Vec<(usize, usize, usize)> {
        let mut all = Vec::new();
        for sight in sights {
            for place in 0..sight.places {
                for tap in &sight.taps {
                    let at = tap.at + (place * sight.step) as isize;
                    if (0..inputs as isize).contains(&at) {
                        all.push((sight.first + place * sight.apart, tap.index, at as usize));
                    }
                }
            }
        }
        all.sort_unstable();
        all
    }

    #[test]
    fn forward_sees_what_the_window_says_and_backward_the_same_from_the_other_side() {
        windows(|window, size| {
            let outputs = window.outputs(size);
            let mut expected = Vec::new();
            for tap in 0..window.kernel {
                let places = window.inside(tap, size).map(|o| (o, tap, window.place(o, tap)));
                expected.extend(places);
            }
            expected.sort_unstable();
            assert_eq!(meetings(&[Sight::forward(window, size)], size), expected, "{window:?}");
            let back = meetings(&Sight::backward(window, size), outputs);
            let mut turned: Vec<_> = back.into_iter().map(|(i, tap, o)| (o, tap, i)).collect();
            turned.sort_unstable();
            assert_eq!(turned, expected, "{window:?} on {size}");
        });
    }
}
