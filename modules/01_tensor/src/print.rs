//! Tensors as text, in PyTorch's format: aligned, four digits, large ones summarized.

use crate::tensor::Tensor;
use std::fmt;

/// Digits after the point.
const PRECISION: usize = 4;
/// From this many numbers on, only the edges are shown.
const THRESHOLD: usize = 1000;
/// How many at each edge.
const EDGE: usize = 3;
/// Characters in a line.
const LINE_WIDTH: usize = 80;

impl fmt::Display for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const OPEN: &str = "tensor(";
        let numbers = Numbers::of(self);
        let mut suffix = String::new();
        if self.numel() == 0 && self.ndim() != 1 {
            suffix += &format!(", size={}", self.shape());
        }
        if self.kind() != "f32" && (self.kind() != "i32" || self.numel() == 0) {
            suffix += &format!(", dtype={}", self.kind());
        }
        match self.history() {
            Some(history) => suffix += &format!(", grad_fn=<{}>", history.op().name()),
            None if self.requires_grad() => suffix += ", requires_grad=true",
            None => {}
        }
        let mut text = OPEN.to_string();
        if self.numel() == 0 {
            text += "[]";
        } else {
            numbers.write(&mut text, 0, 0, OPEN.len());
        }
        let last_line = text.rsplit('\n').next().map_or(0, |line| line.chars().count());
        if let Some(rest) =
            suffix.strip_prefix(", ").filter(|_| last_line + suffix.len() + 1 > LINE_WIDTH)
        {
            text += ",\n";
            text += &" ".repeat(OPEN.len());
            text += rest;
        } else {
            text += &suffix;
        }
        write!(f, "{text})")
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The numbers that are shown, already as text of one width.
struct Numbers {
    sizes: Vec<usize>,
    strides: Vec<usize>,
    text: Vec<String>,
    summarize: bool,
    width: usize,
}

impl Numbers {
    fn of(x: &Tensor) -> Self {
        let sizes = x.shape().to_vec();
        let mut strides = vec![1; sizes.len()];
        for i in (0..sizes.len().saturating_sub(1)).rev() {
            strides[i] = strides[i + 1] * sizes[i + 1];
        }
        let summarize = x.numel() > THRESHOLD;
        let mut numbers = Self { sizes, strides, text: Vec::new(), summarize, width: 0 };
        numbers.text = vec![String::new(); x.numel()];
        let mut shown = Vec::new();
        numbers.shown(0, 0, &mut shown);
        if x.kind() == "i32" {
            let values = x.ints();
            for &i in &shown {
                numbers.text[i] = values[i].to_string();
            }
        } else {
            let x = x.detach().to_f32();
            let values = x.data();
            let format = FloatFormat::of(shown.iter().map(|&i| values[i]));
            for &i in &shown {
                numbers.text[i] = format.text(values[i]);
            }
        }
        let widths = shown.iter().map(|&i| numbers.text[i].len());
        numbers.width = widths.max().unwrap_or(0);
        numbers
    }

    /// The places along an axis that are shown; `None` stands for the dots.
    fn places(&self, axis: usize) -> Vec<Option<usize>> {
        let n = self.sizes[axis];
        if self.summarize && n > 2 * EDGE {
            let edges = (0..EDGE).map(Some).chain([None]).chain((n - EDGE..n).map(Some));
            edges.collect()
        } else {
            (0..n).map(Some).collect()
        }
    }

    fn shown(&self, axis: usize, start: usize, out: &mut Vec<usize>) {
        if axis == self.sizes.len() {
            out.push(start);
            return;
        }
        for i in self.places(axis).into_iter().flatten() {
            self.shown(axis + 1, start + i * self.strides[axis], out);
        }
    }

    fn write(&self, out: &mut String, axis: usize, start: usize, indent: usize) {
        if self.sizes.is_empty() {
            out.push_str(&self.text[start]);
            return;
        }
        out.push('[');
        if axis + 1 == self.sizes.len() {
            self.write_row(out, start, indent);
        } else {
            let newlines = "\n".repeat(self.sizes.len() - axis - 1);
            for (i, place) in self.places(axis).into_iter().enumerate() {
                if i > 0 {
                    out.push(',');
                    out.push_str(&newlines);
                    out.push_str(&" ".repeat(indent + 1));
                }
                match place {
                    Some(i) => {
                        self.write(out, axis + 1, start + i * self.strides[axis], indent + 1)
                    }
                    None => out.push_str("..."),
                }
            }
        }
        out.push(']');
    }

    fn write_row(&self, out: &mut String, start: usize, indent: usize) {
        let per_line = 1.max((LINE_WIDTH - indent) / (self.width + 2));
        let cells = self.places(self.sizes.len() - 1).into_iter().map(|place| match place {
            Some(i) => format!("{:>width$}", self.text[start + i], width = self.width),
            None => " ...".to_string(),
        });
        let cells: Vec<String> = cells.collect();
        let lines: Vec<String> = cells.chunks(per_line).map(|line| line.join(", ")).collect();
        out.push_str(&lines.join(&format!(",\n{}", " ".repeat(indent + 1))));
    }
}

/// How floats are written: whole ones as `1.`, others with four digits, wide ranges as `1e+03`.
struct FloatFormat {
    whole: bool,
    scientific: bool,
}

impl FloatFormat {
    fn of(shown: impl Iterator<Item = f32>) -> Self {
        let finite: Vec<f64> =
            shown.filter(|v| v.is_finite() && *v != 0.0).map(|v| f64::from(v).abs()).collect();
        let (mut least, mut most) = (f64::INFINITY, 0.0_f64);
        for &v in &finite {
            (least, most) = (least.min(v), most.max(v));
        }
        let whole = finite.iter().all(|v| v.fract() == 0.0);
        let wide = most / least > 1000.0 || most > 1e8;
        let scientific = !finite.is_empty() && (wide || (!whole && least < 1e-4));
        Self { whole, scientific }
    }

    fn text(&self, v: f32) -> String {
        match v {
            _ if v.is_nan() => "nan".to_string(),
            _ if v.is_infinite() => if v > 0.0 { "inf" } else { "-inf" }.to_string(),
            _ if self.scientific => scientific(v),
            _ if self.whole => format!("{v:.0}."),
            _ => format!("{v:.PRECISION$}"),
        }
    }
}

/// `1.2346e+03`: the exponent with a sign and at least two digits, as in C.
fn scientific(v: f32) -> String {
    let text = format!("{v:.PRECISION$e}");
    let (digits, exponent) = text.split_once('e').expect("Rust writes an exponent");
    let exponent: i32 = exponent.parse().expect("of digits");
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_aligned_and_rounded_to_four_digits() {
        let x = Tensor::from([[1.5, -0.25], [100.0, 0.33333334]]);
        let expected = "tensor([[  1.5000,  -0.2500],\n        [100.0000,   0.3333]])";
        assert_eq!(x.to_string(), expected);
    }

    #[test]
    fn whole_numbers_end_in_a_point_and_integers_do_not() {
        assert_eq!(Tensor::from([1.0, -2.0]).to_string(), "tensor([ 1., -2.])");
        assert_eq!(Tensor::from([1, 20]).to_string(), "tensor([ 1, 20])");
        assert_eq!(Tensor::from(3.5).to_string(), "tensor(3.5000)");
    }

    #[test]
    fn wide_ranges_are_written_with_exponents() {
        let x = Tensor::from([1e-5, 1.0]);
        assert_eq!(x.to_string(), "tensor([1.0000e-05, 1.0000e+00])");
    }

    #[test]
    fn large_tensors_show_their_edges() {
        let x = Tensor::arange(0.0, 2000.0, 1.0);
        assert_eq!(
            x.to_string(),
            "tensor([0.0000e+00, 1.0000e+00, 2.0000e+00,  ..., 1.9970e+03, 1.9980e+03,\n        \
             1.9990e+03])"
        );
    }

    #[test]
    fn a_parameter_says_so() {
        let p = Tensor::from([1.0]).with_grad();
        assert_eq!(p.to_string(), "tensor([1.], requires_grad=true)");
        assert_eq!((p * 2.0).to_string(), "tensor([2.], grad_fn=<mul>)");
        assert_eq!(Tensor::zeros([2, 0]).to_string(), "tensor([], size=[2, 0])");
    }
}
