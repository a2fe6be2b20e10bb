//! Randomness inside a model.

use std::sync::atomic::{AtomicU64, Ordering};
use tinytorch_tensor::{Rng, RngState};

/// A source of random numbers that a layer keeps, and a checkpoint can save.
///
/// Drawing takes `&self`, as `forward` does. Draw `i` is a pure function of the seed and of `i`;
/// only when several threads run one model at once does it depend on them which gets which.
#[derive(Debug)]
pub struct Stream {
    seed: u64,
    draws: AtomicU64,
}

impl Stream {
    /// A stream of its own, whose seed is taken from `rng`.
    pub fn new(rng: &mut Rng) -> Self {
        Self { seed: rng.next_u64(), draws: AtomicU64::new(0) }
    }

    /// Fresh random numbers, as many as wanted.
    pub fn draw(&self) -> Rng {
        Rng::at(self.seed, self.draws.fetch_add(1, Ordering::Relaxed))
    }

    /// Where the stream is: the next draw is `Rng::from_state` of it.
    pub fn state(&self) -> RngState {
        let stream = self.draws.load(Ordering::Relaxed);
        RngState { seed: self.seed, stream, counter: 0 }
    }

    /// Goes on from `state`.
    pub fn set_state(&mut self, state: RngState) {
        *self = Self { seed: state.seed, draws: AtomicU64::new(state.stream) };
    }
}

/// The copy goes on to draw what the original will.
impl Clone for Stream {
    fn clone(&self) -> Self {
        Self { seed: self.seed, draws: AtomicU64::new(self.state().stream) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_differ_and_a_restored_stream_repeats_them() {
        let mut stream = Stream::new(&mut Rng::new(1));
        let first = stream.draw().next_u64();
        let state = stream.state();
        let (second, third) = (stream.draw().next_u64(), stream.draw().next_u64());
        assert!(first != second && second != third);
        assert_eq!(Rng::from_state(state).next_u64(), second);
        stream.set_state(state);
        assert_eq!(stream.clone().draw().next_u64(), second);
        assert_eq!((stream.draw().next_u64(), stream.draw().next_u64()), (second, third));
    }
}
