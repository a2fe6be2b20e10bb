//! Ops that bring their own rules, so that the walk can be tried before the table has a row.

use std::cell::{Cell, RefCell};
use std::sync::Weak;
use tinytorch_autograd::{Broadcast, Each, Gradient};
use tinytorch_tensor::{Brought, Op, Reads, Storage, Tensor, dispatch};

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    static WATCHED: RefCell<Weak<Vec<f32>>> = const { RefCell::new(Weak::new()) };
    static SEEN_ALIVE: Cell<Option<bool>> = const { Cell::new(None) };
}

/// How many rules of this file have run on this thread, which is the check's own.
pub fn calls() -> usize {
    CALLS.get()
}

fn called() {
    CALLS.set(CALLS.get() + 1);
}

macro_rules! op {
    ($(#[$doc:meta])* $op:ident $method:ident ($($input:ident),+), $forward:expr, $rule:expr) => {
        $(#[$doc])*
        pub fn $method($($input: &Tensor),+) -> Tensor {
            dispatch($op, &[$($input),+])
        }

        struct $op;

        impl Op for $op {
            fn name(&self) -> &'static str {
                stringify!($method)
            }

            fn forward(&self, x: &[&Tensor]) -> Tensor {
                let forward: fn(&[&Tensor]) -> Tensor = $forward;
                forward(x)
            }

            fn brings(&self) -> Brought {
                const { &[&Gradient(&$rule)] }
            }
        }
    };
}

op! {
    /// `2 x`
    Twice twice(x), |x| x[0] + x[0], Each::<Twice>(&[|_, _, g| { called(); g * 2.0 }])
}
op! {
    /// `x + 1`
    Next next(x), |x| x[0] + 1.0, Each::<Next>(&[|_, _, g| { called(); g.clone() }])
}
op! {
    /// `x²`
    Square square(x), |x| x[0] * x[0], Each::<Square>(&[|_, n, g| { called(); g * n.x(0) * 2.0 }])
}
op! {
    /// `a + b` of one shape
    Plus plus(a, b), |x| x[0] + x[1],
    Each::<Plus>(&[|_, _, g| { called(); g.clone() }, |_, _, g| g.clone()])
}
op! {
    /// `a b` of one shape
    Times times(a, b), |x| x[0] * x[1], Each::<Times>(&[|_, n, g| g * n.x(1), |_, n, g| g * n.x(0)])
}
op! {
    /// `x²`, with a rule that forgets the 2
    Forgetful forgetful(x), |x| x[0] * x[0], Each::<Forgetful>(&[|_, n, g| g * n.x(0)])
}
op! {
    /// `a + b`, broadcast
    Lay lay(a, b), |x| x[0] + x[1], Broadcast::<Lay>(&[|_, _, g| g.clone(), |_, _, g| g.clone()])
}
op! {
    /// `a b`, broadcast
    Weigh weigh(a, b), |x| x[0] * x[1],
    Broadcast::<Weigh>(&[|_, n, g| g * n.x(1), |_, n, g| g * n.x(0)])
}
op! {
    /// `a + b`, broadcast, whose second input must not be asked
    Shy shy(a, b), |x| x[0] + x[1],
    Broadcast::<Shy>(&[|_, _, g| g.clone(), |_, _, _| panic!("nobody wants this gradient")])
}

/// An op without a rule.
pub struct Mystery;

impl Op for Mystery {
    fn name(&self) -> &'static str {
        "mystery"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0].abs()
    }
}

/// `f` of every number, with a rule that calls every slope 1.
pub struct Function(pub fn(f32) -> f32);

impl Op for Function {
    fn name(&self) -> &'static str {
        "function"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        Tensor::from_vec(x[0].data().iter().map(|&x| (self.0)(x)).collect(), x[0].shape())
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Each::<Function>(&[|_, _, g| g.clone()]))] }
    }
}

/// `2 x`, whose rule looks whether the numbers given to [`watch`] are still held.
pub struct Lookout;

impl Op for Lookout {
    fn name(&self) -> &'static str {
        "lookout"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        x[0] + x[0]
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::NOTHING
    }

    fn brings(&self) -> Brought {
        const {
            &[&Gradient(&Each::<Lookout>(&[|_, _, g| {
                let alive = WATCHED.with_borrow(|watched| watched.strong_count() > 0);
                SEEN_ALIVE.set(Some(alive));
                g * 2.0
            }]))]
        }
    }
}

/// From now on, [`Lookout`] watches the numbers of `t`.
pub fn watch(t: &Tensor) {
    if let Storage::F32(numbers) = t.storage() {
        WATCHED.set(std::sync::Arc::downgrade(numbers));
    }
}

/// Whether they were still held when the rule of [`Lookout`] ran; `None` if it did not.
pub fn seen_alive() -> Option<bool> {
    SEEN_ALIVE.get()
}
