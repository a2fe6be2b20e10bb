//! Whether a model is being trained.

use std::cell::Cell;

/// A layer's switch between training and evaluation. New layers are in training, as in PyTorch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Training(pub bool);

impl Training {
    /// Whether to behave as in training: the switch, unless [`evaluating`] overrules it.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.0 && !EVALUATING.get()
    }
}

impl Default for Training {
    fn default() -> Self {
        Self(true)
    }
}

thread_local!(static EVALUATING: Cell<bool> = const { Cell::new(false) });

/// Runs `f` with all layers in evaluation mode on this thread, without touching a switch: for
/// looking at a model that one may not change, or shares with others.
pub fn evaluating<R>(f: impl FnOnce() -> R) -> R {
    let _restore = Restore(EVALUATING.replace(true));
    f()
}

/// Puts the previous value back when dropped, also when unwinding.
struct Restore(bool);

impl Drop for Restore {
    fn drop(&mut self) {
        EVALUATING.set(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::catch_unwind;

    #[test]
    fn evaluating_overrules_the_switch_until_it_ends_even_in_a_panic() {
        let training = Training::default();
        evaluating(|| {
            assert!(!training.is_on());
            evaluating(|| assert!(!training.is_on()));
            assert!(!training.is_on());
        });
        assert!(training.is_on());
        assert!(catch_unwind(|| evaluating(|| panic!("on purpose"))).is_err());
        assert!(training.is_on());
        assert!(!Training(false).is_on());
    }
}
