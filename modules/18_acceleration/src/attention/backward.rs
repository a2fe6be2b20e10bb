//! The way back: the weights once more, and five products.
//!
//! ```text
//! dv = (p m)ᵀ g      dp = (g vᵀ) m      ds = p (dp - Σ p dp)      dq = ds k scale      dk = dsᵀ q scale
//! ```
//!
//! The sum over a row of `p dp` is needed before any `ds` of it is known, so 32 queries have
//! their weights and slopes for all keys at hand, two strips of memory in proportion to `s`; with
//! blocks of keys as on the way there, both would have to be computed twice, and seven products
//! take longer than five and a strip in the second level of the cache.
//!
//! `dk` and `dv` are sums over all queries, so a head of keys is one piece of work, in the order
//! of the queries.

#![expect(unsafe_code, reason = "parts of the result are written by several threads")]

use super::forward::{QUERIES, TILE, for_tiles, scores_of_panels, spans};
use super::heads::{Heads, Matrices, MatrixPlace};
use super::mask::repeated;
use super::matrix::{Matrix, Room, Rows};
use super::panels::{Panels, rows};
use super::product::{Begin, Extent, Hiding, lanes, multiply};
use super::weights::{Change, Span, finish, slopes as slopes_of};
use crate::dropout::{Factors, multiply_in_place};
use crate::level::{Level, level};
use crate::out::{Out, filled};
use crate::threads::parallel_ranges;
use std::any::Any;
use std::ops::Range;
use tinytorch_attention::ScaledDotProductAttentionBackward;
use tinytorch_tensor::{Layout, Op, Tensor};

/// What a piece of work for a thread has at least, in multiplications of one of the five products:
/// fifteen microseconds.
const PIECE: usize = 1 << 18;

/// The gradients of queries, keys, values and perhaps the mask, one behind the other.
pub(super) fn backward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let settings = (op as &dyn Any).downcast_ref::<ScaledDotProductAttentionBackward>();
    let mask = x.get(4).copied();
    let heads = settings.and_then(|s| Heads::of(&s.attention, [x[0], x[1], x[2]], mask));
    let (Some(settings), Some(heads), Some(g)) = (settings, heads, Matrices::of(x[3])) else {
        return op.forward(x);
    };
    if x[3].shape().iter().product::<usize>() != heads.heads * heads.queries * heads.depth {
        return op.forward(x);
    }
    let of_mask = mask.filter(|_| settings.of_mask);
    let numels = [x[0], x[1], x[2]].map(Tensor::numel);
    let rest: usize = numels.iter().sum();
    let numbers = rest + of_mask.map_or(0, Tensor::numel);
    // SAFETY: the gradients of a head are written by the piece that it belongs to, the mask's
    // are 0 first.
    let row = unsafe {
        filled(numbers, |out| {
            out.part(rest..numbers).fill(0.0);
            let of_mask = of_mask
                .and_then(|mask| repeated(&Layout::contiguous(mask.shape()), x[0], heads.keys));
            let starts = [0, numels[0], numels[0] + numels[1], rest];
            let level = level();
            let lanes = lanes(level);
            Backward { heads: &heads, g, of_mask, out, starts, level, lanes }.run();
        })
    };
    Tensor::from_vec(row, numbers)
}

struct Backward<'a> {
    heads: &'a Heads<'a>,
    g: Matrices<'a>,
    /// Where in the mask's gradient that of a weight `[…, t, s]` is added, if it is wanted.
    of_mask: Option<Layout>,
    out: Out<'a>,
    /// Where in the result the four gradients begin.
    starts: [usize; 4],
    level: Level,
    lanes: usize,
}

impl Backward<'_> {
    fn run(&self) {
        let heads = self.heads;
        let groups = heads.heads / heads.shared;
        if self.of_mask.is_some() {
            return (0..groups).for_each(|group| self.group(group)); // all add to the same numbers
        }
        let together = (PIECE / (heads.work() * heads.shared).max(1)).clamp(1, groups.max(1));
        parallel_ranges(groups, together, |part| part.for_each(|group| self.group(group)));
    }

    /// All gradients that a head of keys has a part in.
    fn group(&self, group: usize) {
        let Heads { width, depth, keys, queries, .. } = *self.heads;
        let (lanes, strip) = (self.lanes, QUERIES * strip(keys));
        let [wide, deep] = [width, depth].map(|n| n.next_multiple_of(lanes));
        let mut room = Room::of(&[
            Panels::room(keys, width, lanes),
            Panels::room(keys, depth, lanes),
            keys * wide,
            4 * strip,
            QUERIES * wide,
            keys * wide,
            keys * deep,
            queries * wide,
            queries * deep,
        ]);
        let (k, v) = (self.heads.k.at(group), self.heads.v.at(group));
        let mut take_strip = || Rows { start: room.take(strip), row: strip / QUERIES };
        let strips = [take_strip(), take_strip(), take_strip(), take_strip()];
        let of = Group {
            of: self,
            group,
            keys: Panels::of(self.level, k, keys, width, &mut room),
            values: Panels::of(self.level, v, keys, depth, &mut room),
            key_rows: rows(k, keys, width, Rows { start: room.take(keys * wide), row: wide }),
            strips,
            dq: Rows { start: room.take(QUERIES * wide), row: wide },
            dk: Rows { start: room.take(keys * wide), row: wide },
            dv: Rows { start: room.take(keys * deep), row: deep },
            q: Rows { start: room.take(queries * wide), row: wide },
            g: Rows { start: room.take(queries * deep), row: deep },
        };
        if !of.run(Hiding::No) {
            of.run(Hiding::Yes);
        }
    }
}

/// How long a row of a strip is: whole panels, and a line more, so that rows do not lie a power of
/// two apart, where they would fight for the same places in the cache.
fn strip(keys: usize) -> usize {
    keys.next_multiple_of(32) + 16
}

/// A head of keys and the queries that share it.
struct Group<'a> {
    of: &'a Backward<'a>,
    group: usize,
    keys: Panels,
    values: Panels,
    key_rows: Rows,
    /// Weights, slopes, bias and factors of a block of queries.
    strips: [Rows; 4],
    dq: Rows,
    dk: Rows,
    dv: Rows,
    /// Room for queries and gradients that do not lie as vectors want them.
    q: Rows,
    g: Rows,
}

impl Group<'_> {
    /// Gives back whether all gradients are finite.
    fn run(&self, hiding: Hiding) -> bool {
        let Heads { shared, keys, queries, width, depth, op, .. } = *self.of.heads;
        for sums in [self.dk, self.dv] {
            // SAFETY: room for a row per key.
            unsafe { sums.start.write_bytes(0, keys * sums.row) };
        }
        let mut finite = true;
        for head in self.group * shared..(self.group + 1) * shared {
            let head = self.head(head);
            for first in (0..queries).step_by(QUERIES) {
                finite &= self.block(&head, first..(first + QUERIES).min(queries), hiding);
            }
        }
        let (level, at) = (self.of.level, |i: usize, len| Rows {
            start: self.of.out.at(self.of.starts[i] + self.group * keys * len),
            row: len,
        });
        finite &= finish(level, self.dk, keys, width, |_| op.scale, at(1, width));
        finite & finish(level, self.dv, keys, depth, |_| 1.0, at(2, depth))
    }

    fn head(&self, head: usize) -> Head {
        let Heads { queries, width, depth, .. } = *self.of.heads;
        let (q, g) = (self.of.heads.q.at(head), self.of.g.at(head));
        let [q_rows, g_rows] = [(q, width, self.q), (g, depth, self.g)]
            .map(|(x, len, room)| rows(x, queries, len, room));
        Head { head, q, g, q_rows, g_rows }
    }

    /// Adds what these queries of a head have a part in.
    fn block(&self, head: &Head, queries: Range<usize>, hiding: Hiding) -> bool {
        let (heads, level, n) = (self.of.heads, self.of.level, queries.len());
        let [weights, slopes, ..] = self.strips;
        let keys = 0..heads.seen(queries.end - 1);
        let spans = &spans(heads, &queries, &keys)[..n];
        let (q, g) = (head.q.rows_from(queries.start), head.g.rows_from(queries.start));
        scores_of_panels(level, q, self.keys, &keys, heads.width, weights, spans);
        scores_of_panels(level, g, self.values, &keys, heads.depth, slopes, spans);
        let how = Change { scale: heads.op.scale, bias: self.bias(head.head, &queries, &keys) };
        let factors = self.factors(head.head, &queries, spans);
        slopes_of(level, weights, slopes, spans, how, factors);
        if hiding == Hiding::No {
            self.add_to_mask(head.head, &queries, spans);
        }
        let per_row = |row: usize| row / self.of.lanes;
        for_tiles(spans, |rows, steps| {
            let (a, c) = (slopes.after(rows.start, 0).matrix(), self.dq.after(rows.start, 0));
            let extent = Extent { rows: rows.len(), vectors: per_row(self.dq.row), steps };
            multiply(level, a, self.key_rows, c, extent, Begin::AtZero, hiding);
        });
        let add = |strip: Rows, b: Rows, sums: Rows, keys: Range<usize>| {
            let first = heads.first_to_see(keys.start).saturating_sub(queries.start);
            let a = strip.after(first, keys.start).matrix().transposed();
            let b = b.after(queries.start + first, 0);
            let vectors = per_row(sums.row);
            let extent = Extent { rows: keys.len(), vectors, steps: n - first };
            multiply(level, a, b, sums.after(keys.start, 0), extent, Begin::AtSum, hiding);
        };
        for_keys(heads.seen(queries.start), keys.end, |keys| {
            add(weights, head.g_rows, self.dv, keys.clone());
            add(slopes, head.q_rows, self.dk, keys);
        });
        let row = head.head * heads.queries + queries.start;
        let start = self.of.out.at(self.of.starts[0] + row * heads.width);
        let out = Rows { start, row: heads.width };
        finish(level, self.dq, n, heads.width, |_| heads.op.scale, out)
    }

    /// What the mask adds, if there is one.
    fn bias(&self, head: usize, queries: &Range<usize>, keys: &Range<usize>) -> Option<Rows> {
        let [.., bias, _] = self.strips;
        self.of.heads.mask.as_ref().map(|mask| mask.rows(head, queries, keys, bias))
    }

    /// What dropout multiplies weights by, if there is one.
    fn factors(&self, head: usize, queries: &Range<usize>, spans: &[Span]) -> Option<Rows> {
        let dropout = self.of.heads.op.dropout?;
        let [.., factors] = self.strips;
        for (i, span) in spans.iter().enumerate() {
            // SAFETY: a row of the strip, which is longer than all keys by a vector.
            let row = unsafe {
                std::slice::from_raw_parts_mut(factors.at(i), span.end.next_multiple_of(16))
            };
            let (row, rest) = row.split_at_mut(span.seen);
            let number = head * self.of.heads.queries + queries.start + i;
            row.fill(1.0);
            multiply_in_place(self.of.level, Factors::of_weights(dropout, number, 0), row);
            rest.fill(0.0);
        }
        Some(factors)
    }

    /// Adds the slopes of the scores to the gradient of the mask.
    fn add_to_mask(&self, head: usize, queries: &Range<usize>, spans: &[Span]) {
        let Some(layout) = &self.of.of_mask else { return };
        let [_, slopes, ..] = self.strips;
        let place = MatrixPlace::of(layout, head);
        for (r, span) in spans.iter().enumerate() {
            for j in 0..span.seen {
                let i = self.of.starts[3] + place.at(queries.start + r, j);
                // SAFETY: a number of the mask's gradient, which one thread alone adds to.
                unsafe { *self.of.out.at(i) += *slopes.at(r).add(j) };
            }
        }
    }
}

/// A head of queries, and what comes back for them.
struct Head {
    head: usize,
    q: Matrix,
    g: Matrix,
    q_rows: Rows,
    g_rows: Rows,
}

/// Calls `f` with parts of the keys up to `end`: those that all queries see at once, the others
/// tile by tile.
fn for_keys(all_see: usize, end: usize, mut f: impl FnMut(Range<usize>)) {
    let whole = if all_see >= end { end } else { all_see / TILE * TILE };
    if whole > 0 {
        f(0..whole);
    }
    for first in (whole..end).step_by(TILE) {
        f(first..(first + TILE).min(end));
    }
}
