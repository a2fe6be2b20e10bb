//! Threads that wait for work.
//!
//! Starting a thread costs tens of microseconds, waking one that sleeps about five; a layer of a
//! small network takes less. So the threads are started once, and after a piece of work look for
//! the next one for a while before they sleep. The caller never waits for one to wake up: it
//! begins by itself, whoever comes in time takes pieces too, and who comes late finds the door
//! closed. Two threads are therefore hardly ever slower than one.
//!
//! Work is cut into pieces that do not depend on the number of threads, so neither do results.
//! Who takes which does: each thread has a stretch of the pieces that it begins with, the same
//! one each time, and only then helps with the others'. What it wrote for one operation, its
//! cache still has when the next one reads it.

#![expect(unsafe_code, reason = "lends the caller's closure to threads that outlive it")]

use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// The environment variable that sets the number of threads.
pub const VARIABLE: &str = "TINYTORCH_THREADS";

/// How long a thread looks for more work before it sleeps.
const PATIENCE: Duration = Duration::from_micros(60);

/// How many threads compute at most; 0 until it is asked or set.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// How many threads compute: as many as set, else as `TINYTORCH_THREADS` says, else as many as
/// the process may use.
///
/// # Panics
/// When `TINYTORCH_THREADS` is not a number of 1 or more.
pub fn threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let n = match std::env::var(VARIABLE) {
                Ok(text) => match text.parse() {
                    Ok(n) if n > 0 => n,
                    _ => panic!("{VARIABLE}: {text:?} is not a number of threads; use 1 or more"),
                },
                Err(_) => thread::available_parallelism().map_or(1, usize::from),
            };
            THREADS.store(n, Ordering::Relaxed);
            n
        }
        n => n,
    }
}

/// From now on `n` threads compute, the caller's included.
///
/// # Panics
/// When `n` is 0.
pub fn set_threads(n: usize) {
    assert!(n > 0, "set_threads: nothing computes with 0 threads; use 1 or more");
    THREADS.store(n, Ordering::Relaxed);
}

/// Calls `work` with every number below `pieces`, once each, on several threads; in order on one
/// when there is one, or the others work for somebody else. Returns when all is done.
///
/// # Panics
/// As `work` does; other pieces may be done or not.
pub(crate) fn parallel(pieces: usize, work: impl Fn(usize) + Sync) {
    let helpers = threads().min(pieces).saturating_sub(1);
    if helpers == 0 || AT_WORK.get() || !pool().run(helpers, pieces, &work) {
        (0..pieces).for_each(work);
    }
}

/// `0..n` in parts of `size`, the last one shorter: `work` is called with each.
pub(crate) fn parallel_ranges(n: usize, size: usize, work: impl Fn(Range<usize>) + Sync) {
    parallel(n.div_ceil(size), |i| work(i * size..((i + 1) * size).min(n)));
}

thread_local! {
    /// Whether this thread is inside of a piece: what it calls is computed by it alone.
    static AT_WORK: Cell<bool> = const { Cell::new(false) };
}

/// What is being worked on.
#[derive(Clone, Copy)]
struct Job {
    work: *const (dyn Fn(usize) + Sync),
    pieces: usize,
    /// Into how many stretches the pieces are cut: one per thread.
    shares: usize,
}

impl Job {
    /// The pieces that thread `i` begins with.
    fn share(&self, i: usize) -> Range<usize> {
        i * self.pieces / self.shares..(i + 1) * self.pieces / self.shares
    }
}

/// How many shares there are at most; of more threads, some begin with the same.
const MOST: usize = 64;

/// How many pieces of a thread's share are taken. Each has lines of the cache of its own, so that
/// counting here does not disturb those who count there.
#[repr(align(128))]
struct Share(AtomicUsize);

/// The door to a job: how many jobs there were, whether it is open, and how many are inside.
struct Door(AtomicU64);

const OPEN: u64 = 1 << 31;
const NEXT: u64 = 1 << 32;
const INSIDE: u64 = OPEN - 1;

impl Door {
    /// Goes inside, if it is open for job number `job` or a later one.
    fn enter(&self) -> bool {
        let inside = |state: u64| (state & OPEN != 0).then_some(state + 1);
        self.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, inside).is_ok()
    }

    fn leave(&self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }

    fn open(&self) {
        self.0.fetch_add(NEXT | OPEN, Ordering::SeqCst);
    }

    /// Closes the door and waits until nobody is inside.
    fn close(&self) {
        self.0.fetch_and(!OPEN, Ordering::AcqRel);
        let mut turns = 0u32;
        while self.0.load(Ordering::Acquire) & INSIDE != 0 {
            wait(&mut turns);
        }
    }
}

/// A moment; a longer one after many, so that whoever is waited for gets the core.
fn wait(turns: &mut u32) {
    *turns += 1;
    match *turns % 2048 {
        0 => thread::yield_now(),
        _ => std::hint::spin_loop(),
    }
}

struct Pool {
    /// Held while a job is worked on.
    busy: Mutex<()>,
    job: UnsafeCell<Option<Job>>,
    door: Door,
    /// Who takes which pieces.
    shares: [Share; MOST],
    /// What a piece panicked with.
    panic: Mutex<Option<Box<dyn Any + Send>>>,
    helpers: Mutex<Vec<&'static Helper>>,
}

/// A thread of the pool.
struct Helper {
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

// SAFETY: `job` is written by the holder of `busy` while nobody is inside of the door, and read
// inside of it; the door's counter orders the two.
unsafe impl Sync for Pool {}
// SAFETY: the closure that a job points at is `Sync`.
unsafe impl Send for Pool {}

fn pool() -> &'static Pool {
    static POOL: Pool = Pool {
        busy: Mutex::new(()),
        job: UnsafeCell::new(None),
        door: Door(AtomicU64::new(0)),
        shares: [const { Share(AtomicUsize::new(0)) }; MOST],
        panic: Mutex::new(None),
        helpers: Mutex::new(Vec::new()),
    };
    &POOL
}

impl Pool {
    /// Whether the job was done; if not, the pool is working for another thread.
    fn run(&'static self, helpers: usize, pieces: usize, work: &(dyn Fn(usize) + Sync)) -> bool {
        let Ok(_busy) = self.busy.try_lock() else { return false };
        // SAFETY: only the lifetime changes; the door is closed, and everybody out, before this
        // function returns, and a job is looked at inside of the door only.
        let work = unsafe {
            std::mem::transmute::<&(dyn Fn(usize) + Sync), &'static (dyn Fn(usize) + Sync)>(work)
        };
        let shares = (helpers + 1).min(MOST);
        for share in &self.shares[..shares] {
            share.0.store(0, Ordering::Relaxed);
        }
        // SAFETY: nobody is inside of the door.
        unsafe { *self.job.get() = Some(Job { work, pieces, shares }) };
        self.door.open();
        self.wake(helpers);
        self.take_part();
        self.door.close();
        let panic = self.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(_busy);
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        true
    }

    /// Wakes those of the first `n` helpers that sleep; starts those that there are not yet.
    fn wake(&'static self, n: usize) {
        let mut helpers = self.helpers.lock().unwrap_or_else(PoisonError::into_inner);
        while helpers.len() < n {
            let helper: &'static Helper = Box::leak(Box::new(Helper {
                asleep: AtomicBool::new(false),
                thread: OnceLock::new(),
            }));
            let number = helpers.len() + 1; // the caller is number 0
            let name = format!("tinytorch {number}");
            let life = move || self.serve(helper, number);
            let started = thread::Builder::new().name(name).spawn(life);
            let Ok(handle) = started else { return }; // fewer threads do the same work
            let _ = helper.thread.set(handle.thread().clone());
            helpers.push(helper);
        }
        for helper in helpers.iter().take(n) {
            if helper.asleep.swap(false, Ordering::SeqCst)
                && let Some(thread) = helper.thread.get()
            {
                thread.unpark();
            }
        }
    }

    /// The life of a helper.
    fn serve(&self, me: &Helper, number: usize) {
        AT_WORK.set(true);
        loop {
            let seen = self.door.0.load(Ordering::Acquire) / NEXT;
            if self.door.enter() {
                self.take_part_inside(number);
                self.door.leave();
            }
            self.look_for_work(me, seen);
        }
    }

    /// Returns when there have been more jobs than `seen`.
    fn look_for_work(&self, me: &Helper, seen: u64) {
        let (since, mut turns) = (Instant::now(), 0u32);
        loop {
            for _ in 0..64 {
                if self.door.0.load(Ordering::Acquire) / NEXT != seen {
                    return;
                }
                std::hint::spin_loop();
            }
            turns += 1;
            if turns % 4 == 0 && since.elapsed() > PATIENCE {
                break;
            }
        }
        me.asleep.store(true, Ordering::SeqCst);
        while me.asleep.load(Ordering::SeqCst) && self.door.0.load(Ordering::SeqCst) / NEXT == seen
        {
            thread::park();
        }
        me.asleep.store(false, Ordering::SeqCst);
    }

    /// The caller's part: it is as good as inside.
    fn take_part(&self) {
        AT_WORK.set(true);
        self.take_part_inside(0);
        AT_WORK.set(false);
    }

    /// Works on pieces until there is none left, first on those of thread `number`.
    fn take_part_inside(&self, number: usize) {
        // SAFETY: whoever calls is inside of the door, or opened it.
        let Some(job) = (unsafe { *self.job.get() }) else { return };
        for i in (number..number + job.shares).map(|i| i % job.shares) {
            let share = job.share(i);
            loop {
                let piece = share.start + self.shares[i].0.fetch_add(1, Ordering::Relaxed);
                if piece >= share.end {
                    break;
                }
                self.do_piece(&job, piece);
            }
        }
    }

    fn do_piece(&self, job: &Job, piece: usize) {
        // SAFETY: the closure lives until the door is closed and everybody is out.
        let work = unsafe { &*job.work };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(piece))) {
            let mut first = self.panic.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert(panic);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trial::on_threads;

    fn counts(pieces: usize) -> Vec<usize> {
        let counts: Vec<_> = (0..pieces).map(|_| AtomicUsize::new(0)).collect();
        parallel(pieces, |i| {
            counts[i].fetch_add(1, Ordering::Relaxed);
        });
        counts.into_iter().map(AtomicUsize::into_inner).collect()
    }

    #[test]
    fn every_piece_is_done_once() {
        for n in [1, 2, 3, 7] {
            on_threads(n, || {
                for pieces in [0, 1, 2, 3, 10, 1000] {
                    assert_eq!(counts(pieces), vec![1; pieces], "{n} threads");
                }
            });
        }
    }

    #[test]
    fn many_jobs_in_a_row_lose_nothing() {
        on_threads(3, || {
            let sum = AtomicUsize::new(0);
            for job in 0..20_000 {
                parallel(4, |i| {
                    sum.fetch_add(i + 1, Ordering::Relaxed);
                });
                assert_eq!(sum.load(Ordering::Relaxed), 10 * (job + 1));
            }
        });
    }

    #[test]
    fn work_inside_of_work_and_beside_it_is_done_too() {
        on_threads(2, || {
            let sum = AtomicUsize::new(0);
            thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        parallel(8, |_| {
                            parallel(8, |_| {
                                sum.fetch_add(1, Ordering::Relaxed);
                            })
                        })
                    });
                }
            });
            assert_eq!(sum.into_inner(), 4 * 64);
        });
    }

    #[test]
    fn a_panic_comes_out_and_the_pool_goes_on() {
        on_threads(2, || {
            let outcome = catch_unwind(|| parallel(10, |i| assert!(i != 3, "piece three")));
            let payload = outcome.unwrap_err();
            assert_eq!(payload.downcast_ref::<&str>(), Some(&"piece three"));
            assert_eq!(counts(5), [1; 5]);
        });
    }

    #[test]
    #[should_panic(expected = "set_threads: nothing computes with 0 threads")]
    fn there_is_at_least_one_thread() {
        set_threads(0);
    }
}
