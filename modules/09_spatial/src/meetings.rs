//! Where a convolution brings its three tensors together.

use crate::conv2d::Conv2dOp;
use crate::window::Window;
use std::ops::Range;

/// The sizes of a convolution, and the loops over it.
///
/// A convolution is one long list of triples that meet: a number of the output `y`, one of the
/// weight, one of the input `x`. What is done at a meeting makes the operation:
///
/// ```text
/// forward                y  += weight * x
/// gradient of x          x' += weight * y'
/// gradient of weight     w' += x * y'
/// ```
///
/// The list is walked in rows: a weight meets a whole row of `x` and a whole row of `y`, whose
/// numbers lie side by side.
pub(crate) struct Meetings {
    n: usize,
    groups: usize,
    /// Channels of `x`, and of `y`, in one group.
    inputs: usize,
    outputs: usize,
    /// `[h, w]` of `x`, and of `y`.
    x: [usize; 2],
    y: [usize; 2],
    windows: [Window; 2],
    /// For each tap, the outputs that see the picture through it.
    inside: [Vec<Range<usize>>; 2],
}

/// A weight and the rows that it meets: `y[y + i]` and `x[x + i * stride]` for each `i < len`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Meeting {
    pub y: usize,
    pub weight: usize,
    pub x: usize,
    pub len: usize,
}

impl Meetings {
    /// Those of `x` `[n, c, h, w]` and a weight `[o, c / groups, kh, kw]`.
    pub fn new(conv: &Conv2dOp, x: [usize; 4], weight: [usize; 4]) -> Self {
        let windows = conv.windows([weight[2], weight[3]]);
        let (n, x) = (x[0], [x[2], x[3]]);
        let inside = |axis: usize| {
            let window = windows[axis];
            (0..window.kernel).map(|tap| window.inside(tap, x[axis])).collect()
        };
        Self {
            n,
            groups: conv.groups,
            inputs: weight[1],
            outputs: weight[0] / conv.groups,
            x,
            y: [0, 1].map(|axis: usize| windows[axis].outputs(x[axis])),
            windows,
            inside: [inside(0), inside(1)],
        }
    }

    /// The shape of `y`: `[n, o, h, w]`.
    pub fn output(&self) -> [usize; 4] {
        [self.n, self.groups * self.outputs, self.y[0], self.y[1]]
    }

    /// How far two neighbors in a row of `y` are apart in the row of `x`.
    pub fn stride(&self) -> usize {
        self.windows[1].stride
    }

    /// Calls `f` with every meeting: for each sample, each output channel, and each input channel
    /// of its group, those of their planes.
    pub fn for_each(&self, mut f: impl FnMut(Meeting)) {
        let (channels, outputs) = (self.groups * self.inputs, self.groups * self.outputs);
        for n in 0..self.n {
            for o in 0..outputs {
                for i in 0..self.inputs {
                    let c = o / self.outputs * self.inputs + i;
                    self.in_planes(n * outputs + o, o * self.inputs + i, n * channels + c, &mut f);
                }
            }
        }
    }

    /// The meetings of plane `y` of the output, plane `weight` of the kernels, and plane `x` of
    /// the input: through each tap, in each row of outputs that see the picture through it.
    fn in_planes(&self, y: usize, weight: usize, x: usize, f: &mut impl FnMut(Meeting)) {
        let [kernel_rows, kernel_cols] = self.windows.map(|window| window.kernel);
        for (i, rows) in self.inside[0].iter().enumerate() {
            for (j, cols) in self.inside[1].iter().enumerate() {
                let weight = (weight * kernel_rows + i) * kernel_cols + j;
                if cols.is_empty() {
                    continue;
                }
                let first = self.windows[1].place(cols.start, j);
                for row in rows.clone() {
                    let from = self.windows[0].place(row, i);
                    f(Meeting {
                        y: (y * self.y[0] + row) * self.y[1] + cols.start,
                        weight,
                        x: (x * self.x[0] + from) * self.x[1] + first,
                        len: cols.len(),
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_meeting_is_a_weight_and_two_rows() {
        let conv = Conv2dOp { padding: [1, 0], ..Conv2dOp::default() };
        let meetings = Meetings::new(&conv, [1, 1, 2, 3], [1, 1, 2, 2]);
        assert_eq!(meetings.output(), [1, 1, 3, 2]);
        let mut seen = Vec::new();
        meetings.for_each(|m| seen.push((m.weight, m.y, m.x, m.len)));
        // The upper taps see nothing in row 0, which lies above the picture; the lower in row 2.
        let upper = [(0, 2, 0, 2), (0, 4, 3, 2), (1, 2, 1, 2), (1, 4, 4, 2)];
        let lower = [(2, 0, 0, 2), (2, 2, 3, 2), (3, 0, 1, 2), (3, 2, 4, 2)];
        assert_eq!(seen, [upper, lower].concat());
    }

    #[test]
    fn groups_do_not_meet() {
        let conv = Conv2dOp { groups: 2, ..Conv2dOp::default() };
        let mut seen = Vec::new();
        Meetings::new(&conv, [1, 4, 1, 1], [2, 2, 1, 1]).for_each(|m| seen.push((m.y, m.x)));
        assert_eq!(seen, [(0, 0), (0, 1), (1, 2), (1, 3)]);
    }
}
