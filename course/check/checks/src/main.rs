//! Checks that end in every possible way, to try the harness on: `tests/run.rs` runs them.

use check::{Because, Check, Verdict, limit_s, wrong};
use exercise::exercise;
use std::hint::black_box;
use std::process::ExitCode;
use std::sync::mpsc::channel;
use std::thread;

const CALM: &[Check] = &[
    Check { id: "00.1.holds", exercise: "00.1", fact: "2 + 2 = 4", run: holds },
    Check { id: "00.1.differs", exercise: "00.1", fact: "sizes multiply", run: differs },
    Check { id: "00.2.indexes", exercise: "00.2", fact: "three numbers", run: indexes },
    Check { id: "00.3.unwritten", exercise: "00.3", fact: "a body", run: unwritten },
    Check { id: "00.3.elsewhere", exercise: "00.3", fact: "on a thread", run: elsewhere },
    Check { id: "00.3.swallowed", exercise: "00.3", fact: "caught", run: swallowed },
    Check { id: "00.3.refuses", exercise: "00.3", fact: "a refusal", run: refuses },
    Check { id: "00.10.waits", exercise: "00.10", fact: "an answer", run: waits },
    Check { id: "00.10.after", exercise: "00.10", fact: "goes on", run: holds },
];

const WILD: &[Check] = &[
    Check { id: "00.11.overflows", exercise: "00.11", fact: "an end", run: overflows },
    Check { id: "00.12.leaves", exercise: "00.12", fact: "no exit", run: leaves },
];

fn holds() -> Verdict {
    print!("what the code under test prints, without an end of line ");
    wrong::unless_eq(2 + 2, 4)
}

fn differs() -> Verdict {
    let got = 9;
    wrong::unless_eq(got, 24).because(got == 9, "9 is 2 + 3 + 4: sizes multiply, they do not add")
}

fn indexes() -> Verdict {
    let numbers: &[i32] = &[1, 2, 3];
    wrong::unless_eq(numbers[black_box(3)], 4)
}

#[track_caller]
fn body(x: f32) -> f32 {
    exercise!("00.3", "a body", x)
}

fn unwritten() -> Verdict {
    wrong::unless_close(body(1.0), 2.0, 1e-6)
}

fn elsewhere() -> Verdict {
    let there = thread::spawn(|| body(1.0)).join();
    wrong::unless(there.is_ok(), || "the thread died")
}

fn swallowed() -> Verdict {
    let _ = std::panic::catch_unwind(|| body(1.0));
    Ok(())
}

fn refuses() -> Verdict {
    wrong::unless_panics(|| body(f32::NAN), "not a number")
}

fn waits() -> Verdict {
    limit_s(0);
    let (_held, never) = channel::<()>();
    wrong::unless(never.recv().is_err(), || "nobody sends")
}

fn overflows() -> Verdict {
    fn deeper(n: u64) -> u64 {
        if black_box(n) == u64::MAX { 0 } else { black_box(deeper(n + 1)) + 1 }
    }
    wrong::unless_eq(deeper(0), 0)
}

fn leaves() -> Verdict {
    std::process::exit(0)
}

fn main() -> ExitCode {
    check::main("00", &[CALM, WILD])
}
