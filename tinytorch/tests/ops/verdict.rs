//! Compares, and collects what is wrong, so that one run shows every fault.

use crate::array::Array;
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use tinytorch_tensor::Tensor;

/// How far off a number may be: `absolute + relative * |number|`.
#[derive(Clone, Copy)]
pub struct Tolerance {
    /// Of the number itself.
    pub relative: f64,
    /// Near zero: the error of a sum is that of what was added up, however little comes out.
    pub absolute: f64,
}

impl Tolerance {
    fn covers(self, got: f64, want: f64) -> bool {
        got == want || want.is_finite() && (got - want).abs() <= self.of(want)
    }

    fn of(self, number: f64) -> f64 {
        self.absolute + self.relative * number.abs()
    }
}

/// What was found wrong.
#[derive(Default)]
pub struct Verdict {
    faults: Vec<String>,
    looked: usize,
}

impl Verdict {
    /// Runs one case; its panic is a fault of the case and not the end of the test.
    pub fn case(&mut self, name: &impl Display, run: impl FnOnce() -> Result<(), String>) {
        self.looked += 1;
        let outcome = catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
            let said = panic.downcast_ref::<String>().cloned();
            let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| s.to_string()));
            Err(format!("panicked: {}", said.unwrap_or_default()))
        });
        if let Err(fault) = outcome {
            self.faults.push(format!("{name}: {fault}"));
        }
    }

    /// Fails when anything was wrong, or when there was not even `least` to look at.
    pub fn settle(self, least: usize) {
        let shown = self.faults.iter().take(10).cloned().collect::<Vec<_>>().join("\n");
        let (wrong, looked) = (self.faults.len(), self.looked);
        assert!(wrong == 0, "{wrong} of {looked} cases are wrong, such as\n{shown}");
        assert!(looked >= least, "only {looked} cases were looked at, not {least}");
    }
}

/// Whether a result has the shape, the kind and, within a tolerance, the numbers it should have.
pub fn close(what: &str, got: &Tensor, want: &Array, tolerance: Tolerance) -> Result<(), String> {
    same(what, got, want, |got, want| tolerance.covers(got, want))
}

/// As [`close`], where tiny and zero differ, and so do 0 and -0. Numbers below the smallest normal
/// f32 may be off by as much: processors and libraries differ in when they give up on them.
pub fn close_to_special(got: &Tensor, want: &Array, relative: f64) -> Result<(), String> {
    let tolerance = Tolerance { relative, absolute: f64::from(f32::MIN_POSITIVE) };
    same("output", got, want, |got, want| match want == 0.0 {
        true => got == 0.0 && got.is_sign_negative() == want.is_sign_negative(),
        false => tolerance.covers(got, want),
    })
}

fn same(
    what: &str,
    got: &Tensor,
    want: &Array,
    close: impl Fn(f64, f64) -> bool,
) -> Result<(), String> {
    let got = Array::of(got);
    if got.shape != want.shape {
        return Err(format!("{what}: shape {:?}, expected {:?}", got.shape, want.shape));
    }
    if got.whole != want.whole {
        return Err(format!("{what}: whole is {}, expected {}", got.whole, want.whole));
    }
    let far = |(&g, &w): (&f64, &f64)| !(g.is_nan() && w.is_nan() || close(g, w));
    match got.data.iter().zip(&want.data).position(far) {
        None => Ok(()),
        Some(at) => {
            Err(format!("{what}: number {at} is {:?}, expected {:?}", got.data[at], want.data[at]))
        }
    }
}
