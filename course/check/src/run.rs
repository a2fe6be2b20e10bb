//! Runs checks, each on a thread of its own and within a limit.

use crate::Check;
use crate::report::{Outcome, Report};
use crate::wrong::Verdict;
use std::any::Any;
use std::cell::Cell;
use std::io::Write;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// How long a check may take unless it asks for more.
const LIMIT: Duration = Duration::from_secs(5);

thread_local! {
    /// Of a check's thread: its limit in seconds, seen by the one who waits for it.
    static OWN_LIMIT: Cell<Option<Arc<AtomicU64>>> = const { Cell::new(None) };
}

/// Lets the running check take up to `seconds`, counted from its start; the default is 5.
///
/// To be called first in the function of a check that needs it. Elsewhere it does nothing.
pub fn limit_s(seconds: u64) {
    let limit = OWN_LIMIT.take();
    if let Some(limit) = &limit {
        limit.store(seconds, Ordering::Relaxed);
    }
    OWN_LIMIT.set(limit);
}

/// A panic, as the hook saw it.
struct Seen {
    thread: thread::ThreadId,
    said: String,
    at: Option<String>,
}

/// The panics since the current check started.
static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// Remembers a panic instead of printing it.
fn remember(panic: &PanicHookInfo) {
    let at = panic.location().map(ToString::to_string);
    let said = message(panic.payload()).to_string();
    let seen = Seen { thread: thread::current().id(), said, at };
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
}

/// What a panic said.
pub(crate) fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message")
}

/// Whether these are the words of `exercise!`: `exercise NN.K is not written yet: …`.
pub(crate) fn names_unwritten(said: &str) -> bool {
    let id = said.strip_prefix("exercise ").and_then(|rest| rest.split_once(" is not written yet"));
    id.is_some_and(|(id, _)| id.chars().all(|c| c.is_ascii_digit() || c == '.'))
}

/// Runs `checks` in order, with all limits `patience` times as long. Whether all passed.
pub(crate) fn all<W: Write>(checks: &[Check], patience: u32, report: &mut Report<W>) -> bool {
    let before = take_hook();
    set_hook(Box::new(remember));
    for check in checks {
        report.started(check);
        let outcome = one(check, patience);
        report.finished(check, &outcome);
    }
    set_hook(before);
    report.done()
}

/// What a check's thread sends when it is done: its verdict, or what its panic said.
type Answer = Result<Verdict, String>;

/// Runs one check. A check that is stuck keeps its thread, which ends with the process.
fn one(check: &Check, patience: u32) -> Outcome {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let (send, answer) = channel();
    let limit = Arc::new(AtomicU64::new(LIMIT.as_secs()));
    let (own, run) = (limit.clone(), check.run);
    let body = move || {
        OWN_LIMIT.set(Some(own));
        let outcome = catch_unwind(AssertUnwindSafe(run));
        // Nobody listens any more after the limit.
        let _ = send.send(outcome.map_err(|payload| message(&*payload).to_string()));
    };
    let thread = thread::Builder::new().name(check.id.to_string()).spawn(body);
    let thread = thread.expect("the system has a thread to spare").thread().id();
    let answer = wait(&answer, &limit, patience);
    let seen = std::mem::take(&mut *SEEN.lock().unwrap_or_else(PoisonError::into_inner));
    if let Some(unwritten) = seen.iter().find(|seen| names_unwritten(&seen.said)) {
        return Outcome::NotWritten(unwritten.said.clone(), unwritten.at.clone());
    }
    match answer {
        None => Outcome::TooSlow(limit.load(Ordering::Relaxed) * u64::from(patience)),
        Some(Ok(Ok(()))) => Outcome::Passed,
        Some(Ok(Err(wrong))) => Outcome::Wrong(wrong),
        Some(Err(said)) => {
            // The last one on this thread: earlier ones were caught by the check itself.
            let own = seen.into_iter().rfind(|seen| seen.thread == thread);
            Outcome::Panicked(said, own.and_then(|seen| seen.at))
        }
    }
}

/// How often the limit is looked at again, as the check may change it.
const LOOK: Duration = Duration::from_millis(100);

/// The answer, or `None` when the limit is over.
fn wait(answer: &Receiver<Answer>, limit: &AtomicU64, patience: u32) -> Option<Answer> {
    let start = Instant::now();
    loop {
        let limit = Duration::from_secs(limit.load(Ordering::Relaxed)) * patience;
        let left = limit.checked_sub(start.elapsed())?;
        match answer.recv_timeout(left.min(LOOK)) {
            Ok(answer) => return Some(answer),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                return Some(Err("the thread of the check ended without an answer".to_string()));
            }
        }
    }
}
