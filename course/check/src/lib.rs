//! What runs the checks of a module and says, fact by fact, what holds.
//!
//! A module's `checks/src/main.rs` is a list of tables; a check is a fact in words and a function
//! that tries it:
//!
//! ```
//! use check::{Because, Check, Numbers, Verdict, wrong};
//!
//! pub const CHECKS: &[Check] = &[
//!     Check { id: "01.1.counts", exercise: "01.1", fact: "[2, 3, 4] has 24 numbers", run: counts },
//!     Check { id: "01.2.doubles", exercise: "01.2", fact: "2 [1, 3] = [2, 6]", run: doubles },
//! ];
//!
//! fn counts() -> Verdict {
//!     let got = [2, 3, 4].iter().product::<i32>();
//!     wrong::unless_eq(got, 24).because(got == 9, "9 is 2 + 3 + 4: sizes multiply, not add")
//! }
//!
//! fn doubles() -> Verdict {
//!     let got = [1.0, 3.0_f32].map(|x| 2.0 * x);
//!     wrong::unless_close(got, [2.0, 6.0], 1e-6)
//! }
//!
//! fn main() -> std::process::ExitCode {
//!     check::main("01", &[CHECKS])
//! }
//! ```
//!
//! **Outcomes.** *passed*; *wrong*, with what was expected and got, or with a panic's message and
//! place; *not written yet*, when an `exercise!` was run; *too slow*, when there was no answer
//! within the limit of 5 seconds ([`limit_s`] asks for more). A check that came upon an
//! `exercise!` has not passed, whatever it returned and on whichever thread that happened.
//!
//! **Lines.** On a terminal, or with `--text`, the outcome is text for people. Elsewhere it is one
//! JSON object a line, in the order of the tables:
//!
//! ```text
//! {"check":"01.1.counts","status":"started"}
//! {"check":"01.1.counts","exercise":"01.1","fact":"…","status":"wrong","expected":"24","got":"9",
//!  "because":"9 is 2 + 3 + 4: …","note":null,"panic":null,"at":null}               (one line)
//! {"module":"01","passed":0,"total":1,"exercises":[{"exercise":"01.1","passed":0,"total":1}]}
//! ```
//!
//! The `started` line is there because a stack overflow, an exhausted memory and a call of
//! `std::process::exit` end the process and cannot be caught: the check that was started last and
//! has no outcome is the one that ended it, and without the last line no run was complete. The
//! code under test may print; a reader takes each line from `{"check":` or `{"module":` on, and
//! leaves out lines without either.
//!
//! **Options.** `--only PREFIX` (several times; `01.1` means exercise 01.1, and not 01.10),
//! `--list`, `--text`, `--json`, `--patience N` (all limits times `N`, for a busy machine). Exit
//! code 0: all passed; 1: not all; 2: no such option or check.
//!
//! **No tensor in here.** The harness depends on nothing but `std`, so that nothing a learner
//! writes can break its reporting, and it is compiled once. What [`wrong::unless_close`] compares
//! are [`Numbers`]: made from arrays, or from a tensor by a function of two lines in the checks.
//! Expected values are best given as arrays, which owe nothing to the code under test.

mod json;
mod numbers;
mod options;
mod report;
mod run;
pub mod wrong;

pub use numbers::Numbers;
pub use run::limit_s;
pub use wrong::{Because, Verdict, Wrong};

use std::io::IsTerminal;
use std::process::ExitCode;

/// One fact about a module, and how to try it.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// Stable for ever: the exercise's id and a word, `01.1.counts`.
    pub id: &'static str,
    /// The exercise that it belongs to: `01.1`.
    pub exercise: &'static str,
    /// What holds, in words, with this case's numbers.
    pub fact: &'static str,
    /// Tries it, on a thread of its own.
    pub run: fn() -> Verdict,
}

/// Runs the checks of a module, given as tables in the order in which they are reported.
///
/// What the command line may ask for, and what the lines and the exit code mean, is said at the
/// top of this crate.
pub fn main(module: &str, tables: &[&[Check]]) -> ExitCode {
    let out = std::io::stdout();
    let options = match options::read(std::env::args().skip(1), out.is_terminal()) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("error: {problem}");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<Check> =
        tables.concat().into_iter().filter(|check| options.includes(check)).collect();
    if chosen.is_empty() {
        eprintln!("error: no check of module {module} begins so; see them with --list");
        return ExitCode::from(2);
    }
    let mut report = report::Report::new(module, options.text, out);
    if options.list {
        chosen.iter().for_each(|check| report.listed(check));
        return ExitCode::SUCCESS;
    }
    match run::all(&chosen, options.patience, &mut report) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
