//! Numbers with a shape, compared one by one.

use crate::wrong::{Verdict, Wrong};
use std::fmt::Write;

/// Numbers with a shape, in row-major order: what a check compares.
///
/// Arrays, slices and single numbers become `Numbers` by themselves. For tensors, a checks crate
/// has a function of its own, as the harness knows no tensor:
///
/// ```ignore
/// /// A tensor, as the harness compares it.
/// pub fn of(t: &Tensor) -> check::Numbers {
///     check::Numbers::new(t.shape().to_vec(), t.to_vec())
/// }
/// wrong::unless_close(of(&x.relu()), [[0.0, 2.0], [3.0, 0.0]], 1e-6)
/// ```
#[derive(Clone, PartialEq, Debug)]
pub struct Numbers {
    shape: Vec<usize>,
    values: Vec<f64>,
}

/// How many numbers are few enough to be shown as a whole.
const FEW: usize = 16;

impl Numbers {
    /// `values` in row-major order under `shape`.
    ///
    /// That they fit together is for the comparison to say: the code under test may have made both.
    pub fn new(shape: Vec<usize>, values: Vec<f32>) -> Self {
        Self { shape, values: values.into_iter().map(f64::from).collect() }
    }

    /// The index of the number at `position`: `[1, 2]`.
    fn index(&self, mut position: usize) -> Vec<usize> {
        let mut index = vec![0; self.shape.len()];
        for (i, &size) in index.iter_mut().zip(&self.shape).rev() {
            *i = position % size.max(1);
            position /= size.max(1);
        }
        index
    }

    /// All numbers in brackets, an axis a bracket.
    fn whole(&self) -> String {
        let mut text = String::new();
        for (position, &value) in self.values.iter().enumerate() {
            // Brackets open before a number, and close after it, for each axis that begins or
            // ends there: those whose inner size divides its position.
            let mut run = 1;
            let begins = self.shape.iter().rev().take_while(|&&size| {
                run *= size;
                position.is_multiple_of(run)
            });
            if position > 0 {
                text.push_str(", ");
            }
            text.extend(begins.map(|_| '['));
            let _ = write!(text, "{}", short(value));
            let mut run = 1;
            let ends = self.shape.iter().rev().take_while(|&&size| {
                run *= size;
                (position + 1).is_multiple_of(run)
            });
            text.extend(ends.map(|_| ']'));
        }
        text
    }
}

/// As few digits as tell it from other floats of 32 bits.
fn short(value: f64) -> f32 {
    value as f32
}

fn is_close(got: f64, expected: f64, tolerance: f64) -> bool {
    let same = got == expected || (got.is_nan() && expected.is_nan());
    same || (got - expected).abs() <= tolerance * expected.abs().max(1.0) && expected.is_finite()
}

/// The verdict of [`unless_close`](crate::wrong::unless_close).
pub(crate) fn agree(got: &Numbers, expected: &Numbers, tolerance: f64) -> Verdict {
    if got.shape != expected.shape {
        return Err(Wrong {
            expected: format!("the shape {:?}", expected.shape),
            got: format!("the shape {:?}", got.shape),
            ..Wrong::default()
        });
    }
    let count = got.shape.iter().product::<usize>();
    if got.values.len() != count {
        return Err(Wrong {
            expected: format!("{count} numbers, as the shape {:?} says", got.shape),
            got: format!("{} numbers", got.values.len()),
            ..Wrong::default()
        });
    }
    let pairs = || got.values.iter().zip(&expected.values).enumerate();
    let far = || pairs().filter(|(_, (got, expected))| !is_close(**got, **expected, tolerance));
    let Some((position, (&g, &e))) = far().next() else {
        return Ok(());
    };
    let place = match got.shape.is_empty() {
        true => String::new(),
        false => format!(" at {:?}", got.index(position)),
    };
    let (g, e) = match short(g) == short(e) {
        true => (g.to_string(), e.to_string()), // they differ behind the digits of an f32
        false => (short(g).to_string(), short(e).to_string()),
    };
    let note = (2..=FEW).contains(&count).then(|| {
        let far = far().count();
        format!("{far} of {count} differ: {}\ninstead of {}", got.whole(), expected.whole())
    });
    Err(Wrong {
        expected: format!("{e}{place}"),
        got: format!("{g}{place}"),
        note: note.or((count > FEW).then(|| format!("{} of {count} differ", far().count()))),
        because: None,
    })
}

impl From<f32> for Numbers {
    fn from(value: f32) -> Self {
        Self { shape: vec![], values: vec![value.into()] }
    }
}

impl From<f64> for Numbers {
    fn from(value: f64) -> Self {
        Self { shape: vec![], values: vec![value] }
    }
}

impl From<&Numbers> for Numbers {
    fn from(numbers: &Numbers) -> Self {
        numbers.clone()
    }
}

impl<T: Copy + Into<Numbers>> From<&[T]> for Numbers {
    fn from(rows: &[T]) -> Self {
        let parts: Vec<Numbers> = rows.iter().map(|&row| row.into()).collect();
        let inner = parts.first().map_or(vec![], |part| part.shape.clone());
        let shape = std::iter::once(rows.len()).chain(inner).collect();
        Self { shape, values: parts.into_iter().flat_map(|part| part.values).collect() }
    }
}

impl<T: Copy + Into<Numbers>, const N: usize> From<[T; N]> for Numbers {
    fn from(rows: [T; N]) -> Self {
        rows.as_slice().into()
    }
}

impl<T: Copy + Into<Numbers>, const N: usize> From<&[T; N]> for Numbers {
    fn from(rows: &[T; N]) -> Self {
        rows.as_slice().into()
    }
}

impl<T: Copy + Into<Numbers>> From<Vec<T>> for Numbers {
    fn from(rows: Vec<T>) -> Self {
        rows.as_slice().into()
    }
}

impl<T: Copy + Into<Numbers>> From<&Vec<T>> for Numbers {
    fn from(rows: &Vec<T>) -> Self {
        rows.as_slice().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wrong::unless_close;

    #[test]
    fn another_shape_is_said_before_any_number() {
        let wrong = unless_close([[1.0, 2.0], [3.0, 4.0]], [1.0, 2.0], 1.0).unwrap_err();
        assert_eq!(wrong.expected, "the shape [2]");
        assert_eq!(wrong.got, "the shape [2, 2]");
    }

    #[test]
    fn the_first_number_that_differs_is_named_by_its_index() {
        let got = [[1.0_f32, 2.5, 3.0], [4.0, 0.1, 6.0]];
        let expected = [[1.0_f32, 2.5, 3.0], [4.0, 0.2, 6.0]];
        let wrong = unless_close(got, expected, 1e-6).unwrap_err();
        assert_eq!((&*wrong.expected, &*wrong.got), ("0.2 at [1, 1]", "0.1 at [1, 1]"));
        let note = wrong.note.expect("few numbers are shown whole");
        assert_eq!(
            note,
            "1 of 6 differ: [[1, 2.5, 3], [4, 0.1, 6]]\ninstead of [[1, 2.5, 3], [4, 0.2, 6]]"
        );
    }

    #[test]
    fn a_single_number_has_no_index() {
        let wrong = unless_close(1.5_f32, 1.25_f32, 1e-6).unwrap_err();
        assert_eq!((&*wrong.expected, &*wrong.got, wrong.note), ("1.25", "1.5", None));
    }

    #[test]
    fn the_tolerance_is_absolute_below_one_and_relative_above() {
        assert!(unless_close(0.0, 1e-7, 1e-6).is_ok());
        assert!(unless_close(1_000_001.0, 1e6, 1e-5).is_ok());
        assert!(unless_close(1.1, 1.0, 1e-2).is_err());
    }

    #[test]
    fn numbers_that_are_not_finite_agree_only_with_their_like() {
        let [nan, inf] = [f32::NAN, f32::INFINITY];
        assert!(unless_close([nan, inf, -inf], [nan, inf, -inf], 1e-6).is_ok());
        for (got, expected) in [(nan, 1.0), (1.0, nan), (inf, -inf), (1.0, inf), (inf, 1.0)] {
            assert!(unless_close(got, expected, 1e-6).is_err(), "{got} and {expected}");
        }
    }

    #[test]
    fn a_shape_that_the_numbers_do_not_fill_is_wrong() {
        let got = Numbers::new(vec![2, 2], vec![1.0]);
        let wrong = unless_close(got, [[1.0, 1.0], [1.0, 1.0]], 1e-6).unwrap_err();
        assert_eq!(wrong.got, "1 numbers");
    }

    #[test]
    fn numbers_that_an_f32_cannot_tell_apart_are_shown_in_full() {
        let wrong = unless_close(1.0 + 1e-12, 1.0, 1e-15).unwrap_err();
        assert_ne!(wrong.got, wrong.expected);
    }
}
