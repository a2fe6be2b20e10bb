//! Weights of one layer, packed once.

use crate::level::level;
use crate::words::PANEL;
use crate::words::pack::{Lines, Packing, pack};

/// Weights `[outputs, inputs]` of -128 to 127 in panels, with the sum of each output's.
///
/// A panel holds 32 outputs, four inputs of each side by side: what one instruction reads.
/// `outputs` rounded up to 32 times `inputs` rounded up to 4 bytes.
pub struct Weights {
    pub(super) panels: Vec<u32>,
    pub(super) sums: Vec<i32>,
    pub(super) inputs: usize,
}

/// A word is four numbers.
#[derive(Clone, Copy)]
pub(super) struct Signed;

impl Packing for Signed {
    type Number = i8;
    const DEPTH: usize = 4;
    const ZERO: i8 = 0;

    #[inline(always)]
    fn word(number: impl Fn(usize) -> i8) -> u32 {
        let byte = |d| u32::from(number(d) as u8) << (8 * d);
        byte(0) | byte(1) | byte(2) | byte(3)
    }
}

impl Weights {
    /// The most inputs: 65,793. With more, products of 255 and -128 would leave 32 bits.
    pub const MOST_INPUTS: usize = i32::MAX as usize / (255 * 128);

    /// Packs weights that lie row by row, `inputs` for each output.
    ///
    /// # Panics
    /// When the rows are not whole, or longer than [`MOST_INPUTS`](Self::MOST_INPUTS).
    pub fn new(values: &[i8], outputs: usize, inputs: usize) -> Self {
        let numbers = values.len();
        assert!(
            numbers == outputs * inputs,
            "int8: {numbers} weights are not {outputs} rows of {inputs}; give as many as there are"
        );
        assert!(
            inputs <= Self::MOST_INPUTS,
            "int8: sums over {inputs} inputs do not fit into 32 bits; split them into parts of \
             {} at most",
            Self::MOST_INPUTS
        );
        let lines = Lines { numbers: values, line: inputs, step: 1, count: outputs, depth: inputs };
        let words = inputs.div_ceil(Signed::DEPTH);
        let mut panels = vec![0; outputs.div_ceil(PANEL) * PANEL * words];
        for (i, panel) in panels.chunks_exact_mut((PANEL * words).max(1)).enumerate() {
            pack::<Signed>(level(), &lines, i * PANEL, PANEL, 0..words, panel);
        }
        let row = |i: usize| &values[i * inputs..(i + 1) * inputs];
        let sum = |i| row(i).iter().map(|&w| i32::from(w)).sum();
        Self { panels, sums: (0..outputs).map(sum).collect(), inputs }
    }

    /// How many columns a product has.
    pub fn outputs(&self) -> usize {
        self.sums.len()
    }

    /// How many numbers a row of the left side has.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The size in bytes.
    pub fn nbytes(&self) -> usize {
        size_of_val(self.panels.as_slice()) + size_of_val(self.sums.as_slice())
    }

    /// The weights, row by row.
    pub fn to_vec(&self) -> Vec<i8> {
        let (words, inputs) = (self.inputs.div_ceil(Signed::DEPTH), self.inputs);
        let at = |i: usize, k: usize| {
            let panel = i / PANEL * PANEL * words;
            let word = self.panels[panel + k / Signed::DEPTH * PANEL + i % PANEL];
            word.to_le_bytes()[k % Signed::DEPTH] as i8
        };
        (0..self.outputs() * inputs).map(|place| at(place / inputs, place % inputs)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_comes_back() {
        for (outputs, inputs) in [(1, 1), (33, 7), (32, 64), (70, 33), (0, 3), (3, 0)] {
            let values: Vec<i8> =
                (0..outputs * inputs).map(|i| (i * 37 % 256) as u8 as i8).collect();
            let weights = Weights::new(&values, outputs, inputs);
            assert_eq!((weights.outputs(), weights.inputs()), (outputs, inputs));
            assert_eq!(weights.to_vec(), values);
        }
    }

    #[test]
    #[should_panic(expected = "int8: 5 weights are not 2 rows of 3; give as many as there are")]
    fn rows_are_whole() {
        Weights::new(&[1; 5], 2, 3);
    }

    #[test]
    #[should_panic(expected = "int8: sums over 65794 inputs do not fit into 32 bits; split them")]
    fn sums_fit() {
        Weights::new(&vec![1; 65_794], 1, 65_794);
    }
}
