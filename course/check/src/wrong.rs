//! What a check says when a fact does not hold.
//!
//! Every function here returns `Ok(())` when all is well, so that `?` strings facts together:
//!
//! ```
//! use check::{Because, Verdict, wrong};
//!
//! fn halves() -> Verdict {
//!     let got = 7 / 2;
//!     wrong::unless_eq(got, 3).because(got == 4, "4 is 3.5 rounded: whole numbers are cut")?;
//!     wrong::unless_panics(|| std::hint::black_box(7) / std::hint::black_box(0), "divide by zero")
//! }
//! assert!(halves().is_ok());
//! ```

use crate::numbers::{Numbers, agree};
use crate::run;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// The outcome of a check.
pub type Verdict = Result<(), Wrong>;

/// A fact that does not hold: what should have come, and what came.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wrong {
    /// What should have come; empty where `got` says all.
    pub expected: String,
    /// What came.
    pub got: String,
    /// The mistake that leads to exactly this.
    pub because: Option<String>,
    /// What else helps.
    pub note: Option<String>,
}

/// Wrong, with a message, unless `holds`.
pub fn unless<M: Into<String>>(holds: bool, message: impl FnOnce() -> M) -> Verdict {
    match holds {
        true => Ok(()),
        false => Err(Wrong { got: message().into(), ..Wrong::default() }),
    }
}

/// Wrong unless `got == expected`.
///
/// Takes both by value; give references to what is needed afterwards.
pub fn unless_eq<G: PartialEq<E> + Debug, E: Debug>(got: G, expected: E) -> Verdict {
    match got == expected {
        true => Ok(()),
        false => Err(Wrong {
            expected: format!("{expected:?}"),
            got: format!("{got:?}"),
            ..Wrong::default()
        }),
    }
}

/// Wrong unless shapes are equal and each number is within `tolerance * max(1, |expected|)`.
///
/// A NaN is close to a NaN, an infinity to the same infinity. Names the first number that is not
/// close, by its index.
pub fn unless_close(
    got: impl Into<Numbers>,
    expected: impl Into<Numbers>,
    tolerance: f64,
) -> Verdict {
    agree(&got.into(), &expected.into(), tolerance)
}

/// Wrong unless `f` panics with a message that contains `says`.
pub fn unless_panics<R>(f: impl FnOnce() -> R, says: &str) -> Verdict {
    let Err(payload) = catch_unwind(AssertUnwindSafe(f)) else {
        return Err(Wrong {
            expected: format!("a panic that says `{says}`"),
            got: "no panic".to_string(),
            ..Wrong::default()
        });
    };
    let said = run::message(&*payload).to_string();
    if run::names_unwritten(&said) {
        resume_unwind(payload); // a body that is missing is not the panic that was asked for
    }
    match said.contains(says) {
        true => Ok(()),
        false => Err(Wrong {
            expected: format!("a panic that says `{says}`"),
            got: format!("a panic that says `{said}`"),
            ..Wrong::default()
        }),
    }
}

/// More to say about a verdict, if it is a bad one.
pub trait Because {
    /// Names the mistake where `condition` shows it: the value is the one that this mistake gives.
    /// Of several that apply, the first stands.
    fn because(self, condition: bool, mistake: impl Into<String>) -> Self;

    /// Adds a line that helps in any case.
    fn note(self, text: impl Into<String>) -> Self;
}

impl Because for Verdict {
    fn because(self, condition: bool, mistake: impl Into<String>) -> Self {
        self.map_err(|wrong| match condition && wrong.because.is_none() {
            true => Wrong { because: Some(mistake.into()), ..wrong },
            false => wrong,
        })
    }

    fn note(self, text: impl Into<String>) -> Self {
        self.map_err(|wrong| {
            let text = text.into();
            let note = wrong.note.map_or(text.clone(), |before| format!("{before}\n{text}"));
            Wrong { note: Some(note), ..wrong }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_mistake_that_applies_is_named() {
        let got = 9;
        let wrong = unless_eq(got, 24)
            .because(got == 12, "the last size was left out")
            .because(got == 9, "sizes multiply, they do not add")
            .because(got < 24, "too few")
            .note("a shape is a box of numbers")
            .note("[2, 3, 4] is two blocks of three rows of four")
            .unwrap_err();
        assert_eq!((&*wrong.expected, &*wrong.got), ("24", "9"));
        assert_eq!(wrong.because.as_deref(), Some("sizes multiply, they do not add"));
        assert_eq!(wrong.note.map_or(0, |note| note.lines().count()), 2);
    }

    #[test]
    fn what_holds_stays_right_whatever_is_said_about_it() {
        assert_eq!(unless_eq("a", "a").because(true, "no").note("no"), Ok(()));
        assert_eq!(unless(true, || "no"), Ok(()));
        assert_eq!(unless(false, || "empty").unwrap_err().got, "empty");
    }

    #[test]
    fn a_panic_is_asked_for_by_what_it_says() {
        assert_eq!(unless_panics(|| panic!("axis 3 of 2"), "axis 3"), Ok(()));
        let other = unless_panics(|| panic!("axis 3 of 2"), "size").unwrap_err();
        assert_eq!(other.got, "a panic that says `axis 3 of 2`");
        assert_eq!(unless_panics(|| 1, "size").unwrap_err().got, "no panic");
    }

    #[test]
    #[should_panic(expected = "exercise 01.3 is not written yet: strides")]
    fn a_missing_body_is_not_the_panic_that_was_asked_for() {
        let _ = unless_panics(|| panic!("exercise 01.3 is not written yet: strides"), "strides");
    }
}
