//! The graph of an expression, as a picture.

use std::collections::HashSet;
use std::fmt::Write;
use tinytorch_tensor::{Tensor, TensorId};

/// The computation that led to `y`, in the DOT language of Graphviz: `dot -Tsvg graph.dot`.
///
/// Boxes are ops with the shapes of their results, ellipses are tensors that were not computed:
/// parameters, which require a gradient, are filled. Parts of the graph that a `backward` has
/// given back are not drawn, and said to be so.
///
/// ```
/// use tinytorch_autograd::to_dot;
/// use tinytorch_tensor::Tensor;
///
/// let w = Tensor::from([2.0]).with_grad();
/// assert!(to_dot(&(&w * 3.0)).contains("label=\"mul\\n[1]\""));
/// ```
pub fn to_dot(y: &Tensor) -> String {
    let mut out = String::from("digraph {\n    rankdir=LR\n    node [fontname=\"monospace\"]\n");
    let (mut seen, mut open) = (HashSet::<TensorId>::new(), vec![y.clone()]);
    while let Some(t) = open.pop() {
        if !seen.insert(t.id()) {
            continue;
        }
        node(&mut out, &t);
        let Some(history) = t.history() else { continue };
        history.look(|saved| match saved {
            None => {
                let _ = writeln!(out, "    gone{0:?} [label=\"given back\", shape=none]", key(&t));
                let _ = writeln!(out, "    gone{0:?} -> t{0:?}", key(&t));
            }
            Some(saved) => {
                for x in saved.inputs.iter() {
                    let _ = writeln!(out, "    t{:?} -> t{:?}", key(x), key(&t));
                    open.push(x.clone());
                }
            }
        });
    }
    out + "}\n"
}

/// The id as a number: what a node is called.
fn key(t: &Tensor) -> u64 {
    let digits: String = format!("{:?}", t.id()).chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("an id is a number")
}

fn node(out: &mut String, t: &Tensor) {
    let (key, shape) = (key(t), t.shape());
    let line = match t.history() {
        Some(history) => {
            format!("t{key} [shape=box, label=\"{}\\n{shape}\"]", history.op().name())
        }
        None if t.requires_grad() => {
            format!("t{key} [style=filled, label=\"parameter\\n{shape}\"]")
        }
        None => format!("t{key} [label=\"{}\\n{shape}\"]", t.kind().replace("released", "f32")),
    };
    let _ = writeln!(out, "    {line}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Backward;

    #[test]
    fn each_tensor_is_drawn_once_with_an_arrow_per_use() {
        let x = Tensor::from([1.0, 2.0]).with_grad();
        let y = (&x * &x).sum();
        let text = to_dot(&y);
        assert_eq!(text.matches("parameter").count(), 1);
        assert_eq!(text.matches(" -> ").count(), 3);
        assert!(text.starts_with("digraph {") && text.ends_with("}\n"));
        y.backward();
        assert!(to_dot(&y).contains("given back"));
    }
}
