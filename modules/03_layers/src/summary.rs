//! A table of a model's layers.

use crate::model::Model;
use crate::module::Module;
use crate::path::Path;
use crate::state::Slot;
use crate::training::evaluating;
use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use tinytorch_tensor::{ByKey, Interpreter, Op, Shape, Tensor, TensorId, pass_on, recording, with};

/// What a model consists of; displays as a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The layers, in the order in which they run.
    pub layers: Vec<LayerSummary>,
    /// How many numbers are trained.
    pub trainable: usize,
    /// How many numbers are kept and not trained: buffers and frozen parameters.
    pub frozen: usize,
    /// The bytes of both.
    pub bytes: usize,
}

/// One row of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// The path in the model; empty for the model itself.
    pub name: String,
    /// The kind of layer. In a model that is no [`Sequential`](crate::Sequential), the op that
    /// reads the layer's parameters.
    pub kind: &'static str,
    /// The shape of what the layer gave for the input, or `None` if it was not used.
    pub output: Option<Shape>,
    /// How many numbers it keeps, trained or not. Tied ones count where they come first.
    pub numbers: usize,
    /// The bytes of these numbers.
    pub bytes: usize,
}

/// What `model` consists of, and what its layers give for an input of `shape`: `[1, 784]`.
///
/// The shapes are not computed but seen: zeros run through the model in evaluation mode, with
/// nothing recorded. For an input of another kind than floats there is [`Summary::of`].
///
/// # Panics
/// When the model does for such an input.
///
/// ```
/// use tinytorch_layers::{Linear, ReLU, sequential, summary};
/// use tinytorch_tensor::Rng;
///
/// let mut rng = Rng::new(0);
/// let model = sequential![Linear::new(784, 128, &mut rng), ReLU, Linear::new(128, 10, &mut rng)];
/// let table = "\
/// layer  kind    output    parameters      bytes
/// 0      Linear  [1, 128]     100,480  392.5 KiB
/// 1      ReLU    [1, 128]           0        0 B
/// 2      Linear  [1, 10]        1,290    5.0 KiB
/// total                       101,770  397.5 KiB
/// 101,770 trainable, 0 frozen";
/// assert_eq!(summary(&model, [1, 784]).to_string(), table);
/// ```
#[track_caller]
pub fn summary(model: &dyn Module, shape: impl Into<Shape>) -> Summary {
    Summary::of(model, &Tensor::zeros(shape))
}

impl Summary {
    /// As [`summary`], for this input.
    ///
    /// # Panics
    /// When the model does for this input.
    #[track_caller]
    pub fn of(model: &dyn Module, input: &Tensor) -> Self {
        let mut walk = Walk { layers: Vec::new(), counted: HashSet::new() };
        recording(false, || evaluating(|| walk.follow(model, "", input)));
        let layers = walk.layers;
        let numbers: usize = layers.iter().map(|layer| layer.numbers).sum();
        let trainable = model.parameter_count();
        let bytes = layers.iter().map(|layer| layer.bytes).sum();
        Self { layers, trainable, frozen: numbers - trainable, bytes }
    }
}

/// The rows so far, and the parameters in them.
struct Walk {
    layers: Vec<LayerSummary>,
    counted: HashSet<TensorId>,
}

/// The tensors of a model that stand beside each other: those of one layer.
struct Group {
    name: String,
    tensors: Vec<Tensor>,
}

impl Walk {
    /// Adds the rows of `model`, and gives back its output.
    #[track_caller]
    fn follow(&mut self, model: &dyn Module, name: &str, x: &Tensor) -> Tensor {
        match model.children() {
            [] => self.run(model, name, x),
            children => children.iter().enumerate().fold(x.clone(), |x, (i, child)| {
                self.follow(&**child, &joined(name, &i.to_string()), &x)
            }),
        }
    }

    /// Adds the rows of a model whose `forward` is its own: one for all, or when several layers
    /// are inside, one for each.
    #[track_caller]
    fn run(&mut self, model: &dyn Module, name: &str, x: &Tensor) -> Tensor {
        let groups = groups(model);
        if let [] | [_] = groups[..] {
            let y = model.forward(x);
            let tensors = groups.iter().flat_map(|group| &group.tensors);
            self.add(name.to_string(), model.name(), Some(y.shape()), tensors);
            return y;
        }
        let watch = Rc::new(Watch::new(&groups));
        let y = with(watch.clone(), || model.forward(x));
        for (group, seen) in groups.iter().zip(watch.seen.take()) {
            let (kind, output) = seen.map_or(("not used", None), |(op, shape)| (op, Some(shape)));
            self.add(joined(name, &group.name), kind, output, &group.tensors);
        }
        y
    }

    fn add<'a>(
        &mut self,
        name: String,
        kind: &'static str,
        output: Option<Shape>,
        tensors: impl IntoIterator<Item = &'a Tensor>,
    ) {
        let mut fresh = |t: &&Tensor| !t.requires_grad() || self.counted.insert(t.id());
        let (mut numbers, mut bytes) = (0, 0);
        for tensor in tensors.into_iter().filter(&mut fresh) {
            numbers += tensor.numel();
            bytes += tensor.nbytes();
        }
        self.layers.push(LayerSummary { name, kind, output, numbers, bytes });
    }
}

fn joined(name: &str, field: &str) -> String {
    match (name, field) {
        ("", _) => field.to_string(),
        (_, "") => name.to_string(),
        _ => format!("{name}.{field}"),
    }
}

/// The tensors of `model` by the path to the layer they are in.
fn groups(model: &dyn Module) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    model.visit(&mut Path::new(), &mut |path, slot| {
        let tensor = match slot {
            Slot::Tensor(tensor) => tensor.clone(),
            Slot::Running(buffer) => buffer.get(),
            Slot::Training(_) | Slot::Stream(_) => return,
        };
        let layer = path.as_str().rsplit_once('.').map_or("", |(layer, _)| layer);
        match groups.iter_mut().find(|group| group.name == layer) {
            Some(group) => group.tensors.push(tensor),
            None => groups.push(Group { name: layer.to_string(), tensors: vec![tensor] }),
        }
    });
    groups
}

/// Sees every op, and notes the last one that reads a tensor of each group.
struct Watch {
    groups: RefCell<ByKey<TensorId, usize>>,
    seen: RefCell<Vec<Option<(&'static str, Shape)>>>,
}

impl Watch {
    fn new(groups: &[Group]) -> Self {
        let of = |(i, group): (usize, &Group)| {
            group.tensors.iter().map(move |t| (t.id(), i)).collect::<Vec<_>>()
        };
        Self {
            groups: RefCell::new(groups.iter().enumerate().flat_map(of).collect()),
            seen: RefCell::new(vec![None; groups.len()]),
        }
    }
}

impl Interpreter for Watch {
    fn apply(&self, op: &Arc<dyn Op>, x: &[&Tensor]) -> Tensor {
        let y = pass_on(op, x);
        let mut groups = self.groups.borrow_mut();
        for t in x {
            match groups.get(&t.id()).copied() {
                // A view of a parameter is the parameter still: a transposed weight.
                Some(group) if y.shares_storage(t) => _ = groups.insert(y.id(), group),
                Some(group) => self.seen.borrow_mut()[group] = Some((op.name(), y.shape())),
                None => {}
            }
        }
        drop(groups);
        y
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = |layer: &LayerSummary| {
            let output = layer.output.map_or("-".to_string(), |shape| shape.to_string());
            let name = if layer.name.is_empty() { "model" } else { &layer.name };
            [
                name.to_string(),
                layer.kind.to_string(),
                output,
                grouped(layer.numbers),
                in_bytes(layer.bytes),
            ]
        };
        let mut rows = vec![["layer", "kind", "output", "parameters", "bytes"].map(String::from)];
        rows.extend(self.layers.iter().map(row));
        let (none, numbers) = (String::new, grouped(self.trainable + self.frozen));
        rows.push(["total".to_string(), none(), none(), numbers, in_bytes(self.bytes)]);
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max();
        let [a, b, c, d, e] = std::array::from_fn(|column| width(column).unwrap_or(0));
        for [name, kind, output, numbers, bytes] in &rows {
            writeln!(f, "{name:a$}  {kind:b$}  {output:c$}  {numbers:>d$}  {bytes:>e$}")?;
        }
        write!(f, "{} trainable, {} frozen", grouped(self.trainable), grouped(self.frozen))
    }
}

/// `1234567` as `1,234,567`.
fn grouped(n: usize) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn in_bytes(n: usize) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if n < 1024 {
        return format!("{n} B");
    }
    let (mut size, mut unit) = (n as f64 / 1024.0, 0);
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        (size, unit) = (size / 1024.0, unit + 1);
    }
    format!("{size:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Dropout, Flatten, Linear, ReLU, Running, Softmax, sequential, state};
    use tinytorch_activations::Activations;
    use tinytorch_tensor::Rng;

    struct Net {
        features: Box<dyn Module>,
        scale: Tensor,
        head: Linear,
        spare: Linear,
    }
    state!(Net { features, scale, head, spare });

    impl Module for Net {
        fn forward(&self, x: &Tensor) -> Tensor {
            let h = self.features.forward(x).relu();
            self.head.forward(&h) * self.scale.t()
        }
    }

    #[test]
    fn a_model_with_a_forward_of_its_own_shows_the_layers_it_used() {
        let mut rng = Rng::new(0);
        let net = Net {
            features: Box::new(sequential![Linear::new(4, 8, &mut rng), ReLU]),
            scale: Tensor::ones([3, 1]),
            head: Linear::without_bias(8, 3, &mut rng),
            spare: Linear::new(2, 2, &mut rng),
        };
        let table = "\
layer       kind      output  parameters  bytes
features.0  linear    [5, 8]          40  160 B
model       mul       [5, 3]           3   12 B
head        linear    [5, 3]          24   96 B
spare       not used  -                6   24 B
total                                 73  292 B
70 trainable, 3 frozen";
        assert_eq!(summary(&net, [5, 4]).to_string(), table);
    }

    #[test]
    fn nested_sequences_are_followed() {
        let mut rng = Rng::new(0);
        let block = sequential![Linear::new(6, 2, &mut rng), Softmax { axis: 1 }];
        let model = sequential![Flatten, block];
        let rows = summary(&model, [7, 2, 3]).layers;
        let row = |i: usize| (rows[i].name.as_str(), rows[i].kind, rows[i].output);
        assert_eq!(row(0), ("0", "Flatten", Some(Shape::from([7, 6]))));
        assert_eq!(row(1), ("1.0", "Linear", Some(Shape::from([7, 2]))));
        assert_eq!(row(2), ("1.1", "Softmax", Some(Shape::from([7, 2]))));
        assert_eq!((rows.len(), rows[1].numbers, rows[1].bytes), (3, 14, 56));
    }

    #[test]
    fn a_summary_leaves_the_model_as_it_was() {
        let mut rng = Rng::new(0);
        let model = sequential![Linear::new(2, 2, &mut rng), Dropout::new(0.5, &mut rng)];
        let mut streams = Vec::new();
        let mut states = |model: &dyn Module| {
            model.visit(&mut Path::new(), &mut |_, slot| {
                if let Slot::Stream(stream) = slot {
                    streams.push(stream.state());
                }
            });
        };
        states(&model);
        summary(&model, [1, 2]);
        states(&model);
        assert_eq!(streams[0], streams[1]);
        assert!(model.is_training());
    }

    struct Tied {
        down: Tensor,
        up: Tensor,
        mean: Running,
    }
    state!(Tied { down, up, mean });

    impl Module for Tied {
        fn forward(&self, x: &Tensor) -> Tensor {
            x.matmul(&self.down).matmul(&self.up.t()) - self.mean.get()
        }
    }

    #[test]
    fn tied_parameters_count_once_and_running_buffers_are_frozen() {
        let down = Tensor::ones([4, 2]).with_grad();
        let mean = Running::new(Tensor::zeros([4]));
        let summary = summary(&Tied { up: down.clone(), down, mean }, [1, 4]);
        assert_eq!((summary.trainable, summary.frozen, summary.bytes), (8, 4, 48));
        assert_eq!(summary.layers[0].kind, "Tied");
    }

    #[test]
    fn an_input_may_be_of_integers() {
        struct Table(Tensor);
        state!(Table { 0 });
        impl Module for Table {
            fn forward(&self, x: &Tensor) -> Tensor {
                self.0.index_select(0, x)
            }
        }
        let rows = Summary::of(&Table(Tensor::zeros([9, 3])), &Tensor::from([1, 2])).layers;
        assert_eq!(rows[0].output, Some(Shape::from([2, 3])));
    }

    #[test]
    fn numbers_are_written_to_be_read() {
        let cases = [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")];
        for (n, text) in cases {
            assert_eq!(grouped(n), text);
        }
        assert_eq!((in_bytes(1023), in_bytes(3 << 30)), ("1023 B".into(), "3.0 GiB".into()));
    }
}
