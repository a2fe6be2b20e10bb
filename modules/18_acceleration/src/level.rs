//! Which instructions the kernels use.
//!
//! A program is compiled for the oldest processor that it must run on, and asks the one that it
//! does run on what more it can do. PyTorch compiles its kernels several times and picks a set
//! when it starts (ATen's `DispatchStub`); here [`vectorized!`](crate::simd) does.

use std::cell::Cell;
use std::env::VarError;
use std::fmt;
use std::sync::OnceLock;

/// A set of instructions, from the fewest to the most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    /// What the compiler was told: any processor. Loops over eight numbers at a time, which it
    /// turns into whatever vectors there are (two of four on aarch64).
    Portable,
    /// x86-64 from 2013 on: vectors of 8 floats, and multiplication and addition in one.
    Avx2,
    /// x86-64 servers from 2017 on, and AMD's from Zen 4 (2022) on: vectors of 16 floats.
    Avx512,
}

/// The environment variable that chooses: `plain`, `portable`, `avx2` or `avx512`.
pub const VARIABLE: &str = "TINYTORCH_KERNELS";

impl Level {
    /// The levels that this processor has, the fewest instructions first.
    pub fn supported() -> Vec<Level> {
        let all = [Level::Portable, Level::Avx2, Level::Avx512];
        all.into_iter().filter(|level| level.is_supported()).collect()
    }

    /// Whether this processor has the instructions.
    pub fn is_supported(self) -> bool {
        match self {
            Level::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Level::Avx512 => {
                Level::Avx2.is_supported()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Level::Avx2 | Level::Avx512 => false,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Level::Portable => "portable",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        })
    }
}

/// What the process was asked for: a level, or none for the definitions alone.
fn chosen() -> &'static Result<Option<Level>, String> {
    static CHOSEN: OnceLock<Result<Option<Level>, String>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var(VARIABLE) {
        Ok(name) => choose(&name),
        Err(VarError::NotPresent) => Ok(Level::supported().last().copied()),
        Err(VarError::NotUnicode(name)) => choose(&name.to_string_lossy()),
    })
}

fn choose(name: &str) -> Result<Option<Level>, String> {
    let level = match name {
        "plain" => return Ok(None),
        "portable" => Level::Portable,
        "avx2" => Level::Avx2,
        "avx512" => Level::Avx512,
        _ => {
            return Err(format!(
                "{VARIABLE}: there are no kernels {name:?}; use plain, portable, avx2 or avx512"
            ));
        }
    };
    match level.is_supported() {
        true => Ok(Some(level)),
        false => Err(format!(
            "{VARIABLE}: this processor does not have {level}; it has {}",
            Level::supported().iter().map(Level::to_string).collect::<Vec<_>>().join(", ")
        )),
    }
}

/// Whether there are to be kernels at all. A wrong choice is told when the first one runs, as
/// this is asked before `main`.
pub(crate) fn wanted() -> bool {
    !matches!(chosen(), Ok(None))
}

thread_local!(static FORCED: Cell<Option<Level>> = const { Cell::new(None) });

/// The level of the kernels that this thread calls.
///
/// # Panics
/// When `TINYTORCH_KERNELS` names no level, or one that this processor does not have.
#[inline]
pub fn level() -> Level {
    match FORCED.get() {
        Some(level) => level,
        None => of_the_process(),
    }
}

fn of_the_process() -> Level {
    match chosen() {
        Ok(level) => level.unwrap_or(Level::Portable),
        Err(message) => panic!("{message}"),
    }
}

/// Runs `f` with the kernels of this thread at `level`.
///
/// # Panics
/// When this processor does not have it.
pub fn with_level<R>(level: Level, f: impl FnOnce() -> R) -> R {
    assert!(level.is_supported(), "with_level: this processor does not have {level}");
    struct Restore(Option<Level>);
    impl Drop for Restore {
        fn drop(&mut self) {
            FORCED.set(self.0);
        }
    }
    let _restore = Restore(FORCED.replace(Some(level)));
    f()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_level_or_an_error_that_lists_them() {
        assert_eq!(choose("plain"), Ok(None));
        assert_eq!(choose("portable"), Ok(Some(Level::Portable)));
        let error = choose("sse9").unwrap_err();
        assert_eq!(
            error,
            "TINYTORCH_KERNELS: there are no kernels \"sse9\"; use plain, portable, avx2 or avx512"
        );
        for level in [Level::Avx2, Level::Avx512] {
            assert_eq!(choose(&level.to_string()).is_ok(), level.is_supported());
        }
    }

    #[test]
    fn a_level_is_forced_for_one_thread_and_given_back() {
        let before = level();
        with_level(Level::Portable, || {
            assert_eq!(level(), Level::Portable);
            assert_eq!(std::thread::spawn(level).join().unwrap(), before);
        });
        assert_eq!(level(), before);
    }
}
