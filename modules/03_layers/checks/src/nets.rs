//! The models that the checks look at. No number in them is drawn.

use tinytorch_layers::{Dropout, Linear, Path, Running, Slot, SlotMut, State, state};
use tinytorch_tensor::{Rng, Tensor};

/// A layer from `inputs` to `outputs` whose weights are all `start`.
pub fn layer(inputs: usize, outputs: usize, start: f32) -> Linear {
    Linear {
        weight: Tensor::full([outputs, inputs], start).with_grad(),
        bias: Some(Tensor::full([outputs], start).with_grad()),
    }
}

/// Something of everything that a model may keep.
pub struct Net {
    pub hidden: Linear,
    pub table: Tensor,
    pub mean: Running,
    pub drop: Dropout,
}
state!(Net { hidden, table, mean, drop });

/// Two parameters (8 numbers), two buffers (6), a switch and a stream.
pub fn net(start: f32) -> Net {
    Net {
        hidden: layer(3, 2, start),
        table: Tensor::full([4], start as i32),
        mean: Running::new(Tensor::full([2], start)),
        drop: Dropout::new(0.5, &mut Rng::new(0)),
    }
}

/// Three layers on top of each other: the lesson's network for digits.
pub struct Digits {
    pub first: Linear,
    pub second: Linear,
    pub last: Linear,
}
state!(Digits { first, second, last });

/// 784-128-64-10.
pub fn digits() -> Digits {
    Digits { first: layer(784, 128, 0.1), second: layer(128, 64, 0.1), last: layer(64, 10, 0.1) }
}

/// A tensor in two places.
pub struct Tied {
    pub embedding: Tensor,
    pub scale: Tensor,
    pub head: Tensor,
}
state!(Tied { embedding, scale, head });

/// Embedding and head are one parameter of 2 numbers; scale has 1.
pub fn tied() -> Tied {
    let embedding = Tensor::from([1.0, 2.0]).with_grad();
    let head = embedding.clone();
    Tied { embedding, scale: Tensor::from([3.0]).with_grad(), head }
}

/// The paths of a walk that may change the model.
pub fn paths_mut(model: &mut dyn State) -> Vec<String> {
    let mut paths = Vec::new();
    model.visit_mut(&mut Path::new(), &mut |path, _| paths.push(path.to_string()));
    paths
}

/// The paths of a walk.
pub fn paths(model: &dyn State) -> Vec<String> {
    let mut paths = Vec::new();
    model.visit(&mut Path::new(), &mut |path, _| paths.push(path.to_string()));
    paths
}

/// The switches of a model, in the order of the walk.
pub fn switches(model: &dyn State) -> Vec<bool> {
    let mut switches = Vec::new();
    model.visit(&mut Path::new(), &mut |_, slot| {
        if let Slot::Training(training) = slot {
            switches.push(training.0);
        }
    });
    switches
}

/// Writes `value` into every parameter, as an optimizer would.
pub fn overwrite_all(model: &mut dyn State, value: f32) {
    model.visit_mut(&mut Path::new(), &mut |_, slot| {
        if let SlotMut::Tensor(tensor) = slot
            && tensor.requires_grad()
        {
            tensor.data_mut().fill(value);
        }
    });
}
