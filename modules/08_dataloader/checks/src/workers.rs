//! 08.12: ahead of the consumer.

use crate::numbers::{Numbered, loader, targets};
use check::{Because, Check, Verdict, wrong};
use std::any::Any;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use tinytorch_dataloader::{DataLoaderOptions, Dataset, Epoch};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.12.in_order",
        exercise: "08.12",
        fact: "1, 2, 3 and 8 workers give the batches that none gives, in the same order",
        run: in_order,
    },
    Check {
        id: "08.12.slow_first",
        exercise: "08.12",
        fact: "batch 1 is ready before batch 0, and comes after it all the same",
        run: slow_first,
    },
    Check {
        id: "08.12.bounded",
        exercise: "08.12",
        fact: "with a window of 4 no more than 4 batches are made before one is taken",
        run: bounded,
    },
    Check {
        id: "08.12.panics",
        exercise: "08.12",
        fact: "a batch whose making panics is a panic of `next`, and the one after it still comes",
        run: panics,
    },
    Check {
        id: "08.12.dropped",
        exercise: "08.12",
        fact: "an epoch that is dropped after one batch ends its workers",
        run: dropped,
    },
];

fn options(workers: usize, prefetch: usize) -> DataLoaderOptions {
    DataLoaderOptions { workers, prefetch, batch_size: 1, ..Default::default() }
}

/// What `f` gives, on a thread of its own; `None` when that takes 3 seconds, or a worker panicked with
/// the lock in its hand. Any other panic is passed on.
fn in_time<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    let (tell, told) = mpsc::channel();
    let thread = std::thread::spawn(move || drop(tell.send(f())));
    match told.recv_timeout(Duration::from_secs(3)) {
        Ok(got) => Some(got),
        Err(RecvTimeoutError::Timeout) => None,
        Err(RecvTimeoutError::Disconnected) => match thread.join() {
            Err(panic) if !poisoned(&*panic) => resume_unwind(panic),
            _ => None,
        },
    }
}

fn poisoned(panic: &dyn Any) -> bool {
    panic.downcast_ref::<String>().is_some_and(|said| said.contains("PoisonError"))
}

/// The targets of each batch. An epoch that panics is not dropped: its drop would panic as well, and
/// end the process.
fn whole(epoch: Epoch) -> Vec<Vec<i32>> {
    let mut epoch = ManuallyDrop::new(epoch);
    let got = epoch.by_ref().map(|(_, targets)| targets.to_vec_i32()).collect();
    drop(ManuallyDrop::into_inner(epoch));
    got
}

fn in_order() -> Verdict {
    for workers in [1, 2, 3, 8] {
        let options =
            DataLoaderOptions { shuffle: true, seed: 3, batch_size: 4, ..options(workers, 4) };
        let alone = DataLoaderOptions { workers: 0, ..options.clone() };
        let want = targets(loader(Numbered(50), alone).epoch(1));
        let got = in_time(|| whole(loader(Numbered(50), options).epoch(1)));
        let count = got.as_ref().map(Vec::len);
        wrong::unless_eq(got, Some(want))
            .because(
                count.is_none(),
                "`next` waits for what nobody makes: is the number that `claim` gives that of its \
                 slot, and is a slot removed once it is taken?",
            )
            .because(count < Some(13), "batches are missing at the end")
            .note(format!("{workers} workers"))?;
    }
    Ok(())
}

/// What sample 0 waits at.
struct Gate {
    opened: Mutex<bool>,
    changed: Condvar,
}

/// Sample 0 waits until sample 1 has been made.
struct SlowFirst(Arc<Gate>);

impl Dataset for SlowFirst {
    fn len(&self) -> usize {
        4
    }

    fn get(&self, index: usize, _: &mut Rng) -> (Tensor, Tensor) {
        let mut opened = self.0.opened.lock().expect("no maker panics");
        if index == 0 {
            while !*opened {
                opened = self.0.changed.wait(opened).expect("no maker panics");
            }
        } else {
            *opened = true;
            self.0.changed.notify_all();
        }
        (Tensor::from([index as f32]), Tensor::from(index as i32))
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        let (input, target) = self.get(indices[0], &mut rngs[0]);
        (input, target.reshape([1]))
    }
}

fn slow_first() -> Verdict {
    let gate = Arc::new(Gate { opened: Mutex::new(false), changed: Condvar::new() });
    let got = targets(loader(SlowFirst(gate), options(2, 4)).epoch(0)).concat();
    wrong::unless_eq(&got, &[0, 1, 2, 3])
        .because(got.first() == Some(&1), "whatever was ready came first: take the slots in order")
}

/// Counts what was made.
struct Made(Arc<AtomicUsize>);

impl Dataset for Made {
    fn len(&self) -> usize {
        100
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        self.0.fetch_add(1, Ordering::SeqCst);
        Numbered(100).get(index, rng)
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        self.0.fetch_add(indices.len(), Ordering::SeqCst);
        Numbered(100).batch(indices, rngs)
    }
}

/// Waits until `made` says `want` and no more comes for a while.
fn settled(made: &AtomicUsize, want: usize) -> usize {
    for _ in 0..200 {
        if made.load(Ordering::SeqCst) >= want {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(30)); // time in which too much could be made
    made.load(Ordering::SeqCst)
}

fn bounded() -> Verdict {
    let made = Arc::new(AtomicUsize::new(0));
    let mut epoch = loader(Made(Arc::clone(&made)), options(3, 4)).epoch(0);
    for taken in 0..5 {
        let got = settled(&made, taken + 4);
        wrong::unless_eq(got, taken + 4)
            .because(
                got > taken + 4,
                "more than the window was made: wait while `ahead` slots are in use",
            )
            .because(
                got < taken + 4,
                "the workers wait though there is room: wake one after each taking",
            )
            .note(format!("batches made after {taken} were taken, with a window of 4"))?;
        epoch.next();
    }
    Ok(())
}

/// Sample 2 cannot be read.
struct Broken;

impl Dataset for Broken {
    fn len(&self) -> usize {
        5
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        assert!(index != 2, "sample 2 is damaged");
        Numbered(5).get(index, rng)
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        assert!(!indices.contains(&2), "sample 2 is damaged");
        Numbered(5).batch(indices, rngs)
    }
}

/// What five calls of `next` give, or as many as give something in time.
fn nexts() -> Vec<Result<Option<i32>, String>> {
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        let mut epoch = loader(Broken, options(2, 4)).epoch(0);
        for _ in 0..5 {
            let next = || epoch.next().map(|(_, y)| y.to_vec_i32()[0]);
            let got = catch_unwind(AssertUnwindSafe(next)).map_err(|panic| {
                match panic.downcast::<&str>() {
                    Ok(said) => said.to_string(),
                    Err(panic) => panic.downcast::<String>().map_or("?".to_string(), |said| *said),
                }
            });
            tell.send(got).expect("the check listens");
        }
    });
    let next = || told.recv_timeout(Duration::from_secs(3)).ok();
    std::iter::from_fn(next).take(5).collect()
}

fn panics() -> Verdict {
    let got = nexts();
    let damaged = Err("sample 2 is damaged".to_string());
    let want = [Ok(Some(0)), Ok(Some(1)), damaged, Ok(Some(3)), Ok(Some(4))];
    let third = got.get(2);
    wrong::unless_eq(got.as_slice(), want.as_slice())
        .because(
            got.len() == 3 && third == Some(&want[2]),
            "after the damaged batch `next` waits for ever: move on before the panic is handed on",
        )
        .because(
            got.get(3).is_some_and(Result::is_err),
            "the same batch again: move on before the panic is handed on",
        )
        .because(
            third == Some(&Ok(None)),
            "the epoch ends in silence at the damaged batch: resume_unwind",
        )
        .because(third == Some(&Ok(Some(3))), "the damaged batch was left out in silence")
        .note("what five calls of `next` gave")
}

fn dropped() -> Verdict {
    let made = Arc::new(AtomicUsize::new(0));
    let mut epoch = loader(Made(Arc::clone(&made)), options(3, 4)).epoch(0);
    epoch.next();
    wrong::unless(in_time(|| drop(epoch)).is_some(), || "a worker never ends")
        .because(true, "the epoch was stopped, and a worker waits for room: look at `stopped`")?;
    let after = made.load(Ordering::SeqCst);
    wrong::unless(after <= 8, || format!("{after} batches were made after one was taken"))?;
    // Every worker is gone: nobody else holds the data set's count.
    wrong::unless_eq(Arc::strong_count(&made), 1).because(true, "a worker still lives")
}
