//! The walk through a model.

use crate::path::Path;
use crate::running::Running;
use crate::stream::Stream;
use crate::training::Training;
use tinytorch_tensor::Tensor;

/// What a model keeps from call to call, one thing at a time.
#[derive(Clone, Copy)]
pub enum Slot<'a> {
    /// A parameter if it requires a gradient, else a buffer (a frozen parameter is one, too).
    Tensor(&'a Tensor),
    /// A buffer that `forward` rewrites.
    Running(&'a Running),
    /// A switch between training and evaluation.
    Training(&'a Training),
    /// A source of random numbers.
    Stream(&'a Stream),
}

/// As [`Slot`], to be changed.
pub enum SlotMut<'a> {
    /// A parameter or a buffer.
    Tensor(&'a mut Tensor),
    /// A buffer that `forward` rewrites.
    Running(&'a mut Running),
    /// A switch between training and evaluation.
    Training(&'a mut Training),
    /// A source of random numbers.
    Stream(&'a mut Stream),
}

/// What can be walked through: every layer and model. [`state!`](crate::state) writes both walks.
///
/// A tensor that stands in two places (tied weights: clones, with one id) is seen in both. One
/// who changes parameters changes the first and puts a clone of it into the other.
pub trait State {
    /// Shows `see` everything kept, with the path to it, in the order of the fields.
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>));

    /// As [`visit`](Self::visit), to be changed.
    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>));
}

/// Implements [`State`] for a struct: names the fields that are kept from call to call.
///
/// Fields are tensors, layers, `Option`s, `Vec`s, arrays, tuples and boxes of them, and
/// [`Running`], [`Training`] and [`Stream`]. Fields that are settings are left out. A tensor
/// left out is not trained and not saved.
///
/// ```
/// use tinytorch_layers::{Linear, Module, state};
/// use tinytorch_tensor::Tensor;
///
/// struct Residual {
///     inner: Linear,
///     scale: f32, // a setting, fixed
/// }
/// state!(Residual { inner });
///
/// impl Module for Residual {
///     fn forward(&self, x: &Tensor) -> Tensor {
///         x + self.inner.forward(x) * self.scale
///     }
/// }
/// ```
#[macro_export]
macro_rules! state {
    ($type:ty { $($field:tt),* $(,)? }) => {
        impl $crate::State for $type {
            fn visit<'a>(
                &'a self,
                path: &mut $crate::Path,
                see: &mut dyn FnMut(&$crate::Path, $crate::Slot<'a>),
            ) {
                let _ = (&path, &see); // a layer that keeps nothing uses neither
                $(
                    let field = &self.$field;
                    path.field(stringify!($field), |path| $crate::State::visit(field, path, see));
                )*
            }

            fn visit_mut(
                &mut self,
                path: &mut $crate::Path,
                see: &mut dyn FnMut(&$crate::Path, $crate::SlotMut<'_>),
            ) {
                let _ = (&path, &see);
                $(
                    let field = &mut self.$field;
                    path.field(stringify!($field), |path| {
                        $crate::State::visit_mut(field, path, see)
                    });
                )*
            }
        }
    };
}

macro_rules! slots {
    ($($type:ident),*) => { $(
        impl State for $type {
            fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
                see(path, Slot::$type(self));
            }

            fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
                see(path, SlotMut::$type(self));
            }
        }
    )* };
}
slots!(Tensor, Running, Training, Stream);

impl<T: State + ?Sized> State for Box<T> {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        (**self).visit(path, see);
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        (**self).visit_mut(path, see);
    }
}

/// What is there, under the path of the option itself.
impl<T: State> State for Option<T> {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        self.iter().for_each(|item| item.visit(path, see));
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        self.iter_mut().for_each(|item| item.visit_mut(path, see));
    }
}

/// Items under their index: `blocks.0`, `blocks.1`.
impl<T: State> State for [T] {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        for (i, item) in self.iter().enumerate() {
            path.item(i, |path| item.visit(path, see));
        }
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        for (i, item) in self.iter_mut().enumerate() {
            path.item(i, |path| item.visit_mut(path, see));
        }
    }
}

impl<T: State> State for Vec<T> {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        self[..].visit(path, see);
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        self[..].visit_mut(path, see);
    }
}

impl<T: State, const N: usize> State for [T; N] {
    fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
        self[..].visit(path, see);
    }

    fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
        self[..].visit_mut(path, see);
    }
}

macro_rules! tuples {
    ($(($($type:ident $i:tt),*))*) => { $(
        impl<$($type: State),*> State for ($($type,)*) {
            fn visit<'a>(&'a self, path: &mut Path, see: &mut dyn FnMut(&Path, Slot<'a>)) {
                $( path.item($i, |path| self.$i.visit(path, see)); )*
            }

            fn visit_mut(&mut self, path: &mut Path, see: &mut dyn FnMut(&Path, SlotMut<'_>)) {
                $( path.item($i, |path| self.$i.visit_mut(path, see)); )*
            }
        }
    )* };
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) }

#[cfg(test)]
mod tests {
    use super::*;
    use tinytorch_tensor::Rng;

    struct Everything {
        list: Vec<Tensor>,
        pair: (Tensor, [Tensor; 1]),
        absent: Option<Tensor>,
        present: Option<Box<Tensor>>,
        mean: Running,
        training: Training,
        stream: Stream,
    }
    state!(Everything { list, pair, absent, present, mean, training, stream });

    struct Wrapped(Tensor, #[expect(dead_code, reason = "a setting")] f32);
    state!(Wrapped { 0 });

    fn everything() -> Everything {
        let t = || Tensor::from(1.0);
        Everything {
            list: vec![t(), t()],
            pair: (t(), [t()]),
            absent: None,
            present: Some(Box::new(t())),
            mean: Running::new(t()),
            training: Training::default(),
            stream: Stream::new(&mut Rng::new(0)),
        }
    }

    const PATHS: [&str; 8] =
        ["list.0", "list.1", "pair.0", "pair.1.0", "present", "mean", "training", "stream"];

    #[test]
    fn a_walk_sees_everything_in_the_order_of_the_fields() {
        let mut model = everything();
        let mut paths = Vec::new();
        model.visit(&mut Path::new(), &mut |path, _| paths.push(path.to_string()));
        assert_eq!(paths, PATHS);
        paths.clear();
        model.visit_mut(&mut Path::new(), &mut |path, _| paths.push(path.to_string()));
        assert_eq!(paths, PATHS);
    }

    #[test]
    fn what_is_seen_outlives_the_walk() {
        let model = everything();
        let mut tensors = Vec::new();
        model.visit(&mut Path::new(), &mut |_, slot| match slot {
            Slot::Tensor(t) => tensors.push(t),
            Slot::Running(_) | Slot::Training(_) | Slot::Stream(_) => {}
        });
        assert_eq!(tensors[2].id(), model.pair.0.id());
    }

    #[test]
    fn fields_without_names_go_by_their_number() {
        let mut paths = Vec::new();
        let model = Wrapped(Tensor::from(1.0), 2.0);
        model.visit(&mut Path::new(), &mut |path, _| paths.push(path.to_string()));
        assert_eq!(paths, ["0"]);
    }
}
