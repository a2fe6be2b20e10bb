//! The way there: block after block of keys.

#![expect(unsafe_code, reason = "rows of the result are written by several threads")]

use super::few::scores_of_few;
use super::heads::Heads;
use super::matrix::{Matrix, Room, Rows};
use super::panels::{PANEL, Panels, rows};
use super::product::{Begin, Extent, Hiding, lanes, multiply};
use super::weights::{Change, Running, Span, finish, shrink, weigh};
use crate::dropout::{Factors, multiply_in_place};
use crate::level::{Level, level};
use crate::out::{Out, filled};
use crate::threads::parallel;
use std::any::Any;
use std::ops::Range;
use tinytorch_attention::ScaledDotProductAttention;
use tinytorch_tensor::{Op, Shape, Tensor};

/// How many queries go through the keys together.
pub(super) const QUERIES: usize = 32;

/// How many keys they meet at a time: a multiple of every panel.
const KEYS: usize = 128;

/// Rows that are computed together; keys that none of them sees are left out.
pub(super) const TILE: usize = 8;

/// Fewer queries than this do not repay turning the keys around.
const FEW: usize = 4;

/// What a piece of work for a thread has at least, in multiplications: ten microseconds.
const PIECE: usize = 1 << 19;

/// Attention. The result lies in memory as `[…, t, h, e]`, as whoever joins the heads again wants
/// it.
pub(super) fn forward(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let settings = (op as &dyn Any).downcast_ref::<ScaledDotProductAttention>();
    let heads = settings.and_then(|s| Heads::of(s, [x[0], x[1], x[2]], x.get(3).copied()));
    let Some(heads) = heads else { return op.forward(x) };
    let per_sequence = if x[0].ndim() > 2 { x[0].size(-3) } else { 1 };
    let numbers = heads.heads * heads.queries * heads.depth;
    // SAFETY: each query of each head is written once, by the piece that it belongs to.
    let numbers = unsafe { filled(numbers, |out| Forward::new(&heads, per_sequence, out).run()) };
    let mut sizes = x[0].shape().to_vec();
    let last = sizes.len() - 1;
    sizes[last] = heads.depth;
    if last == 1 {
        return Tensor::from_vec(numbers, Shape::from(sizes));
    }
    sizes.swap(last - 1, last - 2);
    Tensor::from_vec(numbers, Shape::from(sizes)).transpose(-2, -3)
}

struct Forward<'a> {
    heads: &'a Heads<'a>,
    /// How many heads a sequence has.
    per_sequence: usize,
    out: Out<'a>,
    level: Level,
    lanes: usize,
}

impl<'a> Forward<'a> {
    fn new(heads: &'a Heads<'a>, per_sequence: usize, out: Out<'a>) -> Self {
        let level = level();
        Self { heads, per_sequence, out, level, lanes: lanes(level) }
    }

    /// Pieces are heads of keys with the queries that share them, several if they are small, parts
    /// of the queries if there is much to do.
    fn run(&self) {
        let heads = self.heads;
        let (groups, work) = (heads.heads / heads.shared, heads.work() * heads.shared);
        let blocks = heads.queries.div_ceil(QUERIES);
        let parts = (work / (8 * PIECE)).clamp(1, blocks.max(1));
        let rows = blocks.div_ceil(parts) * QUERIES;
        let together = (PIECE / work.max(1)).clamp(1, groups.max(1));
        parallel(groups.div_ceil(together) * parts, |piece| {
            let (first, part) = (piece / parts * together, piece % parts);
            let queries = (part * rows).min(heads.queries)..((part + 1) * rows).min(heads.queries);
            for group in first..(first + together).min(groups) {
                self.group(group, queries.clone());
            }
        });
    }

    /// These queries of all heads that share head `group` of the keys.
    fn group(&self, group: usize, queries: Range<usize>) {
        if queries.is_empty() || self.heads.depth == 0 {
            return;
        }
        let Heads { width, depth, shared, .. } = *self.heads;
        let (k, v) = (self.heads.k.at(group), self.heads.v.at(group));
        let keys = self.heads.seen(queries.end - 1);
        let few = self.heads.queries * shared < FEW && k.step == 1;
        let (wide, deep) = (width.next_multiple_of(self.lanes), depth.next_multiple_of(self.lanes));
        let mut room = Room::of(&[
            if few { wide } else { Panels::room(keys, width, self.lanes) },
            keys * deep,
            QUERIES * KEYS,
            QUERIES * KEYS,
            QUERIES * deep,
        ]);
        let v = rows(v, keys, depth, Rows { start: room.take(keys * deep), row: deep });
        let keys = match few {
            true => Keys::Few(k, room.take(wide)),
            false => Keys::Panels(Panels::of(self.level, k, keys, width, &mut room)),
        };
        let block = Block {
            of: self,
            keys,
            v,
            scores: Rows { start: room.take(QUERIES * KEYS), row: KEYS },
            bias: Rows { start: room.take(QUERIES * KEYS), row: KEYS },
            sums: Rows { start: room.take(QUERIES * deep), row: deep },
        };
        for head in group * shared..(group + 1) * shared {
            for first in queries.clone().step_by(QUERIES) {
                let queries = first..(first + QUERIES).min(queries.end);
                if !block.run(head, queries.clone(), Hiding::No) {
                    block.run(head, queries, Hiding::Yes);
                }
            }
        }
    }
}

/// The keys as few or many queries want them.
enum Keys {
    /// Where they are, and room for a query.
    Few(Matrix, *mut f32),
    Panels(Panels),
}

struct Block<'a> {
    of: &'a Forward<'a>,
    keys: Keys,
    v: Rows,
    scores: Rows,
    bias: Rows,
    sums: Rows,
}

impl Block<'_> {
    /// What these queries of a head find, written to the result. Gives back whether it is finite.
    fn run(&self, head: usize, queries: Range<usize>, hiding: Hiding) -> bool {
        let (heads, n) = (self.of.heads, queries.len());
        let (level, vectors) = (self.of.level, self.sums.row / self.of.lanes);
        let mut running = [Running::START; QUERIES];
        let seen = heads.seen(queries.end - 1);
        let mut begin = Begin::AtZero;
        for first in (0..seen.max(1)).step_by(KEYS) {
            let keys = first..(first + KEYS).min(seen);
            let spans = spans(heads, &queries, &keys);
            let spans = &spans[..n];
            self.scores(head, &queries, &keys, spans);
            let how = Change { scale: heads.op.scale, bias: self.bias(head, &queries, &keys) };
            weigh(level, self.scores, spans, how, &mut running[..n]);
            self.drop(head, &queries, first, spans);
            if begin == Begin::AtSum {
                shrink(level, self.sums, vectors, &running[..n]);
            }
            let v = self.v.after(first, 0);
            for_tiles(spans, |rows, steps| {
                let weights = self.scores.after(rows.start, 0).matrix();
                let extent = Extent { rows: rows.len(), vectors, steps };
                multiply(level, weights, v, self.sums.after(rows.start, 0), extent, begin, hiding);
            });
            begin = Begin::AtSum;
        }
        // The average of nothing is nothing.
        let share = |r: usize| match running[r].sum {
            0.0 => 0.0,
            sum => 1.0 / sum,
        };
        finish(level, self.sums, n, heads.depth, share, self.result(head, queries.start))
    }

    /// Products of queries and keys, as far as they are asked for.
    fn scores(&self, head: usize, queries: &Range<usize>, keys: &Range<usize>, spans: &[Span]) {
        let (heads, level) = (self.of.heads, self.of.level);
        let q = heads.q.at(head).rows_from(queries.start);
        match &self.keys {
            Keys::Few(k, query) => {
                let k = k.rows_from(keys.start);
                scores_of_few(level, q, k, heads.width, *query, self.scores, spans);
            }
            Keys::Panels(panels) => {
                scores_of_panels(self.of.level, q, *panels, keys, heads.width, self.scores, spans);
            }
        }
    }

    /// What the mask adds, if there is one.
    fn bias(&self, head: usize, queries: &Range<usize>, keys: &Range<usize>) -> Option<Rows> {
        self.of.heads.mask.as_ref().map(|mask| mask.rows(head, queries, keys, self.bias))
    }

    /// Drops weights, if any are to be dropped.
    fn drop(&self, head: usize, queries: &Range<usize>, first: usize, spans: &[Span]) {
        let Some(dropout) = self.of.heads.op.dropout else { return };
        for (i, span) in spans.iter().enumerate() {
            let row = head * self.of.heads.queries + queries.start + i;
            // SAFETY: weights that were computed.
            let weights = unsafe { std::slice::from_raw_parts_mut(self.scores.at(i), span.seen) };
            multiply_in_place(self.of.level, Factors::of_weights(dropout, row, first), weights);
        }
    }

    /// Where the result of query `i` is, and of those after it.
    fn result(&self, head: usize, i: usize) -> Rows {
        let (heads, per_sequence) = (self.of.heads, self.of.per_sequence);
        let (sequence, head) = (head / per_sequence, head % per_sequence);
        let at = (sequence * heads.queries + i) * per_sequence + head;
        Rows { start: self.of.out.at(at * heads.depth), row: per_sequence * heads.depth }
    }
}

/// What of these keys each query sees; a tile's rows go as far as its last.
pub(super) fn spans(heads: &Heads, queries: &Range<usize>, keys: &Range<usize>) -> [Span; QUERIES] {
    let mut spans = [Span::default(); QUERIES];
    let seen = |i| heads.seen(i).clamp(keys.start, keys.end) - keys.start;
    for (r, span) in spans.iter_mut().take(queries.len()).enumerate() {
        let last = (r / TILE * TILE + TILE).min(queries.len()) - 1;
        *span = Span { seen: seen(queries.start + r), end: seen(queries.start + last) };
    }
    spans
}

/// Calls `f` with rows and how far these go: tile by tile, or all at once if all go as far.
pub(super) fn for_tiles(spans: &[Span], mut f: impl FnMut(Range<usize>, usize)) {
    if spans[0].end == spans[spans.len() - 1].end {
        return f(0..spans.len(), spans[0].end);
    }
    for first in (0..spans.len()).step_by(TILE) {
        f(first..(first + TILE).min(spans.len()), spans[first].end);
    }
}

/// Products of queries, or of what comes back for them, with keys, or values, from `keys.start`
/// on: row by row, as far as their spans go.
pub(super) fn scores_of_panels(
    level: Level,
    q: Matrix,
    panels: Panels,
    keys: &Range<usize>,
    features: usize,
    scores: Rows,
    spans: &[Span],
) {
    let lanes = panels.size / PANEL;
    let from = |column| {
        let tile = spans.iter().position(|span| span.end > column).unwrap_or(spans.len());
        tile / TILE * TILE
    };
    let mut column = 0;
    while column < spans[spans.len() - 1].end {
        let b = panels.at(keys.start + column);
        let (one, two) = (from(column), from(column + lanes));
        for (rows, vectors) in [(one..two, 1), (two..spans.len(), 2)] {
            if !rows.is_empty() {
                let (a, c) = (q.rows_from(rows.start), scores.after(rows.start, column));
                let extent = Extent { rows: rows.len(), vectors, steps: features };
                multiply(level, a, b, c, extent, Begin::AtZero, Hiding::No);
            }
        }
        column += panels.size;
    }
}
