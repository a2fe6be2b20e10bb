//! Where a window looks, along one axis.

use std::ops::Range;

/// A window that slides along an axis: `kernel` taps, `dilation` apart, moved on by `stride`, over
/// `padding` made-up places on each side.
///
/// Output `o` sees through tap `t` the place `o * stride + t * dilation - padding`. That may lie in
/// the padding; everything here asks which outputs, or which places, remain inside.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Window {
    /// How many places the window sees at once.
    pub kernel: usize,
    /// How far it moves from one output to the next.
    pub stride: usize,
    /// How many places are added on each side.
    pub padding: usize,
    /// The distance between neighboring taps.
    pub dilation: usize,
}

impl Window {
    /// How many places lie between the first tap and the last, both included.
    pub fn extent(&self) -> usize {
        self.dilation * (self.kernel - 1) + 1
    }

    /// How many outputs an axis of `size` places gives: `⌊(size + 2p - extent) / stride⌋ + 1`,
    /// or 0 when the window does not fit.
    pub fn outputs(&self, size: usize) -> usize {
        let room = size + 2 * self.padding;
        if room < self.extent() { 0 } else { (room - self.extent()) / self.stride + 1 }
    }

    /// The place that output `output` sees through tap `tap`; it must be one that is
    /// [`inside`](Self::inside).
    pub fn place(&self, output: usize, tap: usize) -> usize {
        output * self.stride + tap * self.dilation - self.padding
    }

    /// The outputs that see a real place through tap `tap`, on an axis of `size` places. They lie
    /// side by side, so that a loop over them needs no question inside.
    pub fn inside(&self, tap: usize, size: usize) -> Range<usize> {
        let tap = tap * self.dilation;
        let start = self.padding.saturating_sub(tap).div_ceil(self.stride);
        let end = (size + self.padding).saturating_sub(tap).div_ceil(self.stride);
        let end = end.min(self.outputs(size));
        start.min(end)..end
    }

    /// The real places that output `output` sees, for a window without gaps (dilation 1).
    pub fn seen(&self, output: usize, size: usize) -> Range<usize> {
        let start = output * self.stride;
        let end = (start + self.kernel).saturating_sub(self.padding).min(size);
        start.saturating_sub(self.padding).min(end)..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(kernel: usize, stride: usize, padding: usize, dilation: usize) -> Window {
        Window { kernel, stride, padding, dilation }
    }

    /// Every small window, with the sizes of axes it may meet.
    fn all(check: impl Fn(Window, usize)) {
        for kernel in 1..5 {
            for stride in 1..4 {
                for padding in 0..4 {
                    for dilation in 1..4 {
                        (0..9).for_each(|size| {
                            check(window(kernel, stride, padding, dilation), size)
                        });
                    }
                }
            }
        }
    }

    #[test]
    fn the_usual_windows_have_the_usual_sizes() {
        assert_eq!(window(3, 1, 1, 1).outputs(32), 32); // "same"
        assert_eq!(window(5, 1, 0, 1).outputs(28), 24); // "valid"
        assert_eq!(window(2, 2, 0, 1).outputs(7), 3); // a pool drops what is left over
        assert_eq!(window(7, 2, 3, 1).outputs(224), 112); // the first layer of a ResNet
        assert_eq!(window(3, 1, 2, 2).outputs(9), 9);
        assert_eq!(window(5, 1, 0, 1).outputs(4), 0);
    }

    #[test]
    fn an_output_counts_when_its_last_tap_is_still_in_the_padded_axis() {
        all(|w, size| {
            let fits = |o: usize| o * w.stride + w.extent() <= size + 2 * w.padding;
            assert_eq!(w.outputs(size), (0..100).filter(|&o| fits(o)).count(), "{w:?} on {size}");
        });
    }

    #[test]
    fn inside_are_the_outputs_whose_place_is_real() {
        all(|w, size| {
            for tap in 0..w.kernel {
                let place = |o: usize| o * w.stride + tap * w.dilation;
                let real = |&o: &usize| (w.padding..w.padding + size).contains(&place(o));
                let expected: Vec<usize> = (0..w.outputs(size)).filter(real).collect();
                let got = w.inside(tap, size);
                assert_eq!(got.clone().collect::<Vec<_>>(), expected, "{w:?} on {size}, tap {tap}");
                got.for_each(|o| assert_eq!(w.place(o, tap), place(o) - w.padding));
            }
        });
    }

    #[test]
    fn seen_are_the_real_places_of_a_window() {
        all(|w, size| {
            let w = Window { dilation: 1, ..w };
            for output in 0..w.outputs(size) {
                let places = (0..w.kernel).map(|t| output * w.stride + t);
                let real = places.filter(|p| (w.padding..w.padding + size).contains(p));
                let expected: Vec<usize> = real.map(|p| p - w.padding).collect();
                assert_eq!(w.seen(output, size).collect::<Vec<_>>(), expected, "{w:?} on {size}");
            }
        });
    }
}
