//! What a mask adds to the scores.

#![expect(unsafe_code, reason = "rows are written to room that is not cleared")]

use super::heads::MatrixPlace;
use super::matrix::{LINE, Rows};
use std::ops::Range;
use tinytorch_tensor::{Layout, Shape, Storage, Tensor};

/// Who may look where, as the definition has it: integers hide where they are 0, floats are added.
pub(super) struct Mask<'a> {
    numbers: Numbers<'a>,
    /// That of the weights `[…, t, s]`, to which the mask is expanded: its copies are not made.
    layout: Layout,
}

enum Numbers<'a> {
    Allowed(&'a [i32]),
    Added(&'a [f32]),
}

impl<'a> Mask<'a> {
    /// None, if it is kept in another way than as numbers on the host, or does not fit the weights.
    pub(super) fn of(x: &'a Tensor, q: &Tensor, keys: usize) -> Option<Self> {
        let layout = repeated(x.layout(), q, keys)?;
        let numbers = match x.storage() {
            Storage::F32(numbers) => Numbers::Added(numbers),
            Storage::I32(numbers) => Numbers::Allowed(numbers),
            _ => return None,
        };
        Some(Self { numbers, layout })
    }

    /// What is added to the scores of these queries for these keys, written to `room`: a row per
    /// query, or one for all.
    pub(super) fn rows(
        &self,
        head: usize,
        queries: &Range<usize>,
        keys: &Range<usize>,
        room: Rows,
    ) -> Rows {
        let place = MatrixPlace::of(&self.layout, head);
        let (count, row) = if place.row == 0 { (1, 0) } else { (queries.len(), room.row) };
        for i in 0..count {
            // SAFETY: the caller's room, to the end of the line in which the keys end.
            let row = unsafe {
                std::slice::from_raw_parts_mut(room.at(i), keys.len().next_multiple_of(LINE))
            };
            let (row, rest) = row.split_at_mut(keys.len());
            let places = keys.clone().map(|j| place.at(queries.start + i, j));
            self.fill(places, row);
            rest.fill(0.0);
        }
        Rows { row, ..room }
    }

    fn fill(&self, places: impl Iterator<Item = usize>, row: &mut [f32]) {
        let pairs = row.iter_mut().zip(places);
        match self.numbers {
            Numbers::Added(numbers) => pairs.for_each(|(x, i)| *x = numbers[i]),
            Numbers::Allowed(allowed) => {
                let add = |allowed| if allowed == 0 { f32::NEG_INFINITY } else { 0.0 };
                pairs.for_each(|(x, i)| *x = add(allowed[i]));
            }
        }
    }
}

/// The layout of a mask, repeated to the weights `[…, t, keys]` of queries `q`; none, if that
/// cannot be.
pub(super) fn repeated(mask: &Layout, q: &Tensor, keys: usize) -> Option<Layout> {
    let mut weights = q.shape().to_vec();
    *weights.last_mut()? = keys;
    let weights = Shape::from(weights);
    (mask.shape().broadcast(&weights) == Some(weights)).then(|| mask.expanded(weights))
}
