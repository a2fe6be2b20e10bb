//! Worker threads that make things ahead of their consumer, in order and in bounded memory.
//!
//! ```text
//! consumer ......... takes 4
//!                        |
//!          taken  0 1 2 3 | 4 5 6 7 | 8 ..      window of 4: 8 must wait for 4 to be taken
//!                           |   | |
//!                       ready  made by workers, in any order
//! ```
//!
//! A worker claims the lowest number not yet claimed, makes the thing without holding the lock, and
//! puts it in its own slot. The consumer takes the slots in order. A channel per worker would do
//! too, but then one slow item holds up its worker's next ones, and the bound is per worker.

use std::collections::VecDeque;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, JoinHandle};

/// Items `range`, made by `workers` threads, at most `ahead` of them before they are taken.
pub struct Prefetch<T> {
    shared: Arc<Shared<T>>,
    workers: Vec<JoinHandle<()>>,
}

struct Shared<T> {
    state: Mutex<State<T>>,
    /// Signals the consumer: an item is ready.
    ready: Condvar,
    /// Signals the workers: an item may be claimed, or all is over.
    room: Condvar,
    ahead: usize,
    end: usize,
}

struct State<T> {
    /// The item the consumer takes next; `slots[0]` is its place.
    next_taken: usize,
    next_claimed: usize,
    /// One slot per claimed item that is not taken: empty until it is made.
    slots: VecDeque<Option<thread::Result<T>>>,
    stopped: bool,
}

impl<T: Send + 'static> Prefetch<T> {
    /// Starts the threads.
    ///
    /// # Panics
    /// When the system refuses to start a thread.
    #[track_caller]
    pub fn start(
        workers: usize,
        range: Range<usize>,
        ahead: usize,
        make: impl Fn(usize) -> T + Send + Sync + 'static,
    ) -> Self {
        let state = State {
            next_taken: range.start,
            next_claimed: range.start,
            slots: VecDeque::with_capacity(ahead.min(range.len())),
            stopped: false,
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            ready: Condvar::new(),
            room: Condvar::new(),
            ahead,
            end: range.end,
        });
        // Made before the threads: should one not start, dropping this stops those that did.
        let mut prefetch = Self { shared, workers: Vec::with_capacity(workers) };
        let make = Arc::new(make);
        for worker in 0..workers {
            let (shared, make) = (Arc::clone(&prefetch.shared), Arc::clone(&make));
            let thread = thread::Builder::new().name(format!("data-loader-{worker}"));
            match thread.spawn(move || shared.work(&*make)) {
                Ok(handle) => prefetch.workers.push(handle),
                Err(error) => panic!(
                    "data_loader: worker {worker} of {workers} does not start; \
                     use fewer workers: {error}"
                ),
            }
        }
        prefetch
    }

    /// The next item in order, as soon as it is ready; `None` after the last.
    ///
    /// # Panics
    /// With the panic of making the item, when that panicked. The items after it stay available.
    pub fn take(&mut self) -> Option<T> {
        let shared = &*self.shared;
        let mut state = shared.lock();
        if state.next_taken == shared.end {
            return None;
        }
        let outcome = loop {
            match state.slots.front_mut().and_then(Option::take) {
                Some(outcome) => break outcome,
                None => state = shared.ready.wait(state).expect(LOCK),
            }
        };
        state.slots.pop_front();
        state.next_taken += 1;
        drop(state);
        shared.room.notify_one();
        Some(outcome.unwrap_or_else(|panic| resume_unwind(panic)))
    }
}

impl<T> Shared<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect(LOCK)
    }

    /// What a worker does until there is nothing left to claim.
    fn work(&self, make: &dyn Fn(usize) -> T) {
        while let Some(item) = self.claim() {
            // Unwind safe: `make` is a pure function of the item, nothing it left half done is
            // looked at again.
            let outcome = catch_unwind(AssertUnwindSafe(|| make(item)));
            let mut state = self.lock();
            let slot = item - state.next_taken; // an item is taken only once it is made
            state.slots[slot] = Some(outcome);
            drop(state);
            if slot == 0 {
                self.ready.notify_one();
            }
        }
    }

    /// The next item to make, as soon as the window has room for it; `None` when all is over.
    fn claim(&self) -> Option<usize> {
        let mut state = self.lock();
        while !state.stopped && state.next_claimed < self.end {
            if state.slots.len() < self.ahead {
                state.slots.push_back(None);
                state.next_claimed += 1;
                return Some(state.next_claimed - 1);
            }
            state = self.room.wait(state).expect(LOCK);
        }
        // Who waits for room that is not needed any more must hear of it too.
        self.room.notify_one();
        None
    }
}

/// Waits for the threads, so that none outlives the data set's owner: at most one item each.
impl<T> Drop for Prefetch<T> {
    fn drop(&mut self) {
        self.shared.lock().stopped = true;
        self.shared.room.notify_all();
        for worker in self.workers.drain(..) {
            let _ = worker.join(); // always fine: a worker catches the panics of its work
        }
    }
}

const LOCK: &str = "no code that can panic runs under this lock";

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    use std::sync::mpsc;

    /// `Prefetch::start` over a function that counts its calls.
    fn counted(workers: usize, end: usize, ahead: usize) -> (Prefetch<usize>, Arc<AtomicUsize>) {
        let made = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&made);
        let make = move |item| {
            count.fetch_add(1, SeqCst);
            item
        };
        (Prefetch::start(workers, 0..end, ahead, make), made)
    }

    #[test]
    fn items_come_in_order_whatever_the_number_of_workers() {
        for (workers, ahead) in [(1, 1), (1, 5), (4, 1), (4, 4), (7, 3), (3, 1000)] {
            let (mut items, made) = counted(workers, 200, ahead);
            let taken: Vec<_> = std::iter::from_fn(|| items.take()).collect();
            assert_eq!(taken, (0..200).collect::<Vec<_>>(), "{workers} workers, {ahead} ahead");
            assert_eq!(made.load(SeqCst), 200);
            assert_eq!(items.take(), None);
        }
    }

    #[test]
    fn an_item_that_is_made_later_is_still_delivered_first() {
        let (finished, wait) = mpsc::channel();
        let wait = Mutex::new(wait);
        let make = move |item| {
            match item {
                0 => wait.lock().unwrap().recv().unwrap(),
                2 => finished.send(()).unwrap(), // the other worker has put 1 in its place

                _ => {}
            }
            item
        };
        let mut items = Prefetch::start(2, 0..4, 3, make);
        let taken: Vec<_> = std::iter::from_fn(|| items.take()).collect();
        assert_eq!(taken, [0, 1, 2, 3]);
    }

    #[test]
    fn items_are_made_before_they_are_asked_for() {
        let (made, wait) = mpsc::channel();
        let items = Prefetch::start(1, 10..20, 3, move |item| made.send(item).unwrap());
        // Blocks for ever, and fails by it, when nothing is made ahead.
        assert_eq!([wait.recv(), wait.recv(), wait.recv()], [Ok(10), Ok(11), Ok(12)]);
        drop(items);
        assert!(wait.recv().is_err(), "three ahead were allowed, a fourth was made");
    }

    #[test]
    fn workers_stop_at_the_window_and_at_the_drop() {
        let (mut items, made) = counted(3, 1_000_000, 5);
        for taken in 1..=20 {
            items.take();
            assert!(made.load(SeqCst) <= taken + 5, "{} made, {taken} taken", made.load(SeqCst));
        }
        let threads_hold = Arc::downgrade(&items.shared);
        drop(items);
        assert!(made.load(SeqCst) <= 25);
        assert_eq!(threads_hold.strong_count(), 0, "a thread is still running");
    }

    #[test]
    fn a_panic_comes_out_in_its_place_with_its_message() {
        let make = |item: usize| {
            assert!(item != 2, "item {item} is spoiled");
            item
        };
        let mut items = Prefetch::start(3, 0..5, 3, make);
        assert_eq!([items.take(), items.take()], [Some(0), Some(1)]);
        let panic = catch_unwind(AssertUnwindSafe(|| items.take())).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "item 2 is spoiled");
        assert_eq!([items.take(), items.take(), items.take()], [Some(3), Some(4), None]);
    }
}
