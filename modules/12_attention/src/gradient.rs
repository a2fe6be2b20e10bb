//! The way back through attention.

use crate::attention::ScaledDotProductAttention;
use crate::options::{sharing, weights_shape};
use crate::query::{Queries, add_scaled, dot, row_of};
use crate::weights::{for_query_heads, summed, weights};
use tinytorch_autograd::{Gradient, Joint, Node};
use tinytorch_tensor::{Brought, Op, Reads, Shape, Tensor, dispatch};

/// The gradients of queries, keys and values, and of a mask of floats if asked for, one behind the
/// other in one row: inputs `q`, `k`, `v`, the gradient `g` of the output, and the mask if any.
///
/// With weights `p` (a row of them at a time, computed again), of which dropout leaves `p m`:
///
/// ```text
/// dv = (p m)ᵀ g      dp = (g vᵀ) m      ds = p (dp - Σ p dp)      dq = ds k scale      dk = dsᵀ q scale
/// ```
///
/// One op for all, as they share the weights; one result, as an op has one.
#[derive(Clone, Copy, Debug)]
pub struct ScaledDotProductAttentionBackward {
    /// The attention whose gradients these are.
    pub attention: ScaledDotProductAttention,
    /// Whether the mask's is among them.
    pub of_mask: bool,
}

/// The rule of attention.
pub(crate) fn gradients(
    op: &ScaledDotProductAttention,
    n: &Node,
    g: &Tensor,
) -> Vec<Option<Tensor>> {
    let mask = (n.len() > 3).then(|| n.x(3));
    let of_mask = mask.is_some() && n.wants(3);
    let mut inputs = vec![n.x(0), n.x(1), n.x(2), g];
    inputs.extend(mask);
    let row = dispatch(ScaledDotProductAttentionBackward { attention: *op, of_mask }, &inputs);
    let shapes: Vec<Shape> = (0..n.len()).map(|i| n.shape(i)).collect();
    cut(&row, &shapes[..3 + usize::from(of_mask)])
}

/// Tensors that lie one behind the other in one row.
fn cut(row: &Tensor, shapes: &[Shape]) -> Vec<Option<Tensor>> {
    let mut start = 0;
    let pieces = shapes.iter().map(|shape| {
        start += shape.numel();
        Some(row.narrow(0, start - shape.numel(), shape.numel()).reshape(*shape))
    });
    pieces.collect()
}

impl Op for ScaledDotProductAttentionBackward {
    fn name(&self) -> &'static str {
        "scaled_dot_product_attention_backward"
    }

    fn forward(&self, x: &[&Tensor]) -> Tensor {
        let mask = x.get(4).copied();
        let queries = Queries::new(&self.attention, x[0], x[1], mask);
        let (values, g) = (x[2].data(), x[3].data());
        let (width, depth, scale) = (queries.width, x[2].size(-1), self.attention.scale);
        let of_mask = mask.filter(|_| self.of_mask).map_or(0, Tensor::numel);
        let [dq, dk, dv] = [x[0], x[1], x[2]].map(Tensor::numel);
        let mut out = vec![0.0; dq + dk + dv + of_mask];
        let (dq, rest) = out.split_at_mut(dq);
        let (dk, rest) = rest.split_at_mut(dk);
        let (dv, dmask) = rest.split_at_mut(dv);
        let mut row = Row::new(queries.keys);
        for head in 0..queries.heads {
            for i in 0..queries.len {
                let (at, g) = (queries.row(head, i), row_of(&g, queries.row(head, i), depth));
                let value = |j| row_of(&values, queries.key_row(head, j), depth);
                let seen = row.fill(&queries, head, i, |j| dot(g, value(j)));
                for j in 0..seen {
                    let (key, slope) = (queries.key_row(head, j), row.slopes[j]);
                    add_scaled(&mut dv[key * depth..][..depth], row.kept[j], g);
                    add_scaled(&mut dq[at * width..][..width], slope * scale, queries.key(head, j));
                    let query = queries.query(head, i);
                    add_scaled(&mut dk[key * width..][..width], slope * scale, query);
                }
                if self.of_mask {
                    let (start, step) = queries.place_in_mask(head, i);
                    (0..seen).for_each(|j| dmask[start + j * step] += row.slopes[j]);
                }
            }
        }
        let numbers = out.len();
        Tensor::from_vec(out, numbers)
    }

    fn reads(&self, _: usize) -> Reads {
        Reads::ALL
    }

    fn brings(&self) -> Brought {
        const { &[&Gradient(&Joint::<ScaledDotProductAttentionBackward>(second))] }
    }
}

/// What one query needs on the way back, for each key.
struct Row {
    weights: Vec<f32>,
    factors: Vec<f32>,
    /// The weights that dropout left.
    kept: Vec<f32>,
    /// How fast the loss grows with the score.
    slopes: Vec<f32>,
}

impl Row {
    fn new(keys: usize) -> Self {
        let zeros = || vec![0.0; keys];
        Self { weights: zeros(), factors: zeros(), kept: zeros(), slopes: zeros() }
    }

    /// Fills the row of query `i`, of whose weight for key `j` the loss has the slope `slope(j)`.
    /// Gives back how many keys it may see by its place.
    fn fill(
        &mut self,
        queries: &Queries,
        head: usize,
        i: usize,
        slope: impl Fn(usize) -> f32,
    ) -> usize {
        let seen = queries.weigh(head, i, &mut self.weights);
        queries.factors(head, i, &mut self.factors[..seen]);
        let mut average = 0.0;
        for j in 0..seen {
            let (weight, factor) = (self.weights[j], self.factors[j]);
            self.kept[j] = weight * factor;
            // A value that was not looked at has no say, even if it is NaN.
            self.slopes[j] = if self.kept[j] == 0.0 { 0.0 } else { slope(j) * factor };
            average += weight * self.slopes[j];
        }
        for (slope, weight) in self.slopes.iter_mut().zip(&self.weights).take(seen) {
            *slope = weight * (*slope - average);
        }
        seen
    }
}

/// Second derivatives: the gradients of `<dq, a> + <dk, b> + <dv, c> + <dmask, e>` for what comes
/// back to the four, `a`, `b`, `c` and `e`. All weights at once and with plain ops: nobody trains
/// with these by the thousand words.
fn second(op: &ScaledDotProductAttentionBackward, n: &Node, h: &Tensor) -> Vec<Option<Tensor>> {
    let (q, g, mask) = (n.x(0), n.x(3), (n.len() > 4).then(|| n.x(4)));
    let (scale, shared) = (op.attention.scale, sharing(n.shape(0), n.shape(1)));
    let (k, v) = (&for_query_heads(n.x(1), shared), &for_query_heads(n.x(2), shared));
    let mut shapes = vec![n.shape(0), n.shape(1), n.shape(2)];
    shapes.extend(op.of_mask.then(|| n.shape(4)));
    let pieces: Vec<Tensor> = cut(h, &shapes).into_iter().flatten().collect();
    let (a, b, c) =
        (&pieces[0], &for_query_heads(&pieces[1], shared), &for_query_heads(&pieces[2], shared));

    let product = |x: &Tensor, y: &Tensor| x.matmul(&y.transpose(-1, -2));
    let total = |x: Tensor| x.sum_over(-1, true);
    let p = &weights(q, k, scale, op.attention.causal, mask);
    let factors = factors(op, weights_shape(n.shape(0), n.shape(1)));
    let kept = |x: &Tensor| factors.as_ref().map_or_else(|| x.clone(), |m| x * m);

    // The gradient itself, then what comes back to its parts.
    let dp = &kept(&product(g, v));
    let above = &(dp - total(p * dp));
    let ds = &(p * above);
    let mut to_ds = (product(a, k) + product(q, b)) * scale;
    if let Some(to_mask) = pieces.get(3) {
        to_ds = to_ds + to_mask;
    }
    let average = &total(p * &to_ds);
    let to_dp = &kept(&(p * (&to_ds - average)));
    let to_p = &(kept(&product(g, c)) + to_ds * above - dp * average);
    let to_s = &(p * (to_p - total(p * to_p)));

    let dq = (to_s.matmul(k) + ds.matmul(b)) * scale;
    let dk = (to_s.transpose(-1, -2).matmul(q) + ds.transpose(-1, -2).matmul(a)) * scale;
    let dv = to_dp.transpose(-1, -2).matmul(g);
    let dg = to_dp.matmul(v) + kept(p).matmul(c);
    let mut shares = vec![Some(dq), Some(summed(&dk, shared)), Some(summed(&dv, shared)), Some(dg)];
    shares.extend(mask.map(|mask| (mask.kind() != "i32").then(|| to_s.sum_to(mask.shape()))));
    shares
}

/// What dropout multiplies all weights by.
fn factors(op: &ScaledDotProductAttentionBackward, shape: Shape) -> Option<Tensor> {
    let dropout = op.attention.dropout?;
    let (mut all, keys) = (vec![0.0; shape.numel()], shape.size(shape.ndim() - 1));
    all.chunks_exact_mut(keys.max(1)).enumerate().for_each(|(row, f)| dropout.factors(row, f));
    Some(Tensor::from_vec(all, shape))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AttentionOptions, attention_weights, scaled_dot_product_attention};
    use tinytorch_autograd::{Backward, BackwardOptions, Gradients, gradcheck};
    use tinytorch_layers::Dropout;
    use tinytorch_tensor::Rng;

    /// Two sequences, four heads of queries and two of keys: 3 queries, 4 keys, widths 2 and 3.
    fn inputs() -> Vec<Tensor> {
        let mut rng = Rng::new(1);
        let sizes = [[2, 4, 3, 2], [2, 2, 4, 2], [2, 2, 4, 3], [1, 4, 3, 4]];
        sizes.map(|shape| Tensor::randn(shape, &mut rng)).to_vec()
    }

    const SHARED: AttentionOptions = AttentionOptions {
        mask: None,
        causal: false,
        dropout: None,
        scale: None,
        enable_gqa: true,
    };

    fn options<'a>(x: &'a [Tensor], causal: bool) -> AttentionOptions<'a> {
        AttentionOptions { mask: x.get(3), causal, ..SHARED }
    }

    /// Attention in four lines, by ops that have rules of their own.
    fn textbook(x: &[Tensor], causal: bool) -> Tensor {
        attention_weights(&x[0], &x[1], &options(x, causal)).matmul(&for_query_heads(&x[2], 2))
    }

    fn attention(x: &[Tensor], causal: bool) -> Tensor {
        scaled_dot_product_attention(&x[0], &x[1], &x[2], &options(x, causal))
    }

    fn close(a: &Tensor, b: &Tensor) -> bool {
        (a - b).abs().max().item() < 1e-5
    }

    #[test]
    fn gradients_are_those_of_differences() {
        for causal in [false, true] {
            gradcheck(|x| attention(x, causal), &inputs()).expect("the right rule");
        }
    }

    /// First gradients of some function of the output, and the gradients of some function of these.
    fn twice(y: &Tensor, x: &[Tensor]) -> (Gradients, Gradients) {
        let options = BackwardOptions { create_graph: true, ..Default::default() };
        let first = (y * y).sum().backward_with(options);
        let shares = x.iter().map(|x| (first.of(x) * x).sum());
        let total = shares.reduce(|a, b| a + b).expect("an input");
        (first, total.backward())
    }

    #[test]
    fn first_and_second_derivatives_are_the_textbooks() {
        for (count, causal) in [(3, false), (3, true), (4, false), (4, true)] {
            let mut x: Vec<Tensor> = inputs().into_iter().take(count).collect();
            x.iter_mut().for_each(|x| x.set_requires_grad(true));
            let (first, second) = twice(&attention(&x, causal), &x);
            let (first_known, second_known) = twice(&textbook(&x, causal), &x);
            for (i, x) in x.iter().enumerate() {
                assert!(close(first.of(x), first_known.of(x)), "first, input {i} of {count}");
                assert!(close(second.of(x), second_known.of(x)), "second, input {i} of {count}");
            }
        }
    }

    #[test]
    fn the_way_back_drops_what_the_way_there_dropped() {
        // With the stream put back before each call, all calls drop the same.
        let layer = Dropout::new(0.5, &mut Rng::new(2));
        let start = layer.stream.state();
        let call = |x: &[Tensor]| {
            let mut layer = layer.clone();
            layer.stream.set_state(start);
            let options = AttentionOptions { dropout: Some(&layer), ..SHARED };
            scaled_dot_product_attention(&x[0], &x[1], &x[2], &options)
        };
        let inputs = &inputs()[..3];
        gradcheck(call, inputs).expect("the right rule");
        let mut x = inputs.to_vec();
        x.iter_mut().for_each(|x| x.set_requires_grad(true));
        let factors = {
            let seed = layer.clone().stream.draw().next_u64();
            let dropout = crate::WeightDropout { p: 0.5, seed };
            let mut all = vec![0.0; 2 * 4 * 3 * 4];
            all.chunks_exact_mut(4).enumerate().for_each(|(r, f)| dropout.factors(r, f));
            Tensor::from_vec(all, [2, 4, 3, 4])
        };
        let known =
            (attention_weights(&x[0], &x[1], &SHARED) * factors).matmul(&for_query_heads(&x[2], 2));
        let (first, second) = twice(&call(&x), &x);
        let (first_known, second_known) = twice(&known, &x);
        for x in &x {
            assert!(close(first.of(x), first_known.of(x)));
            assert!(close(second.of(x), second_known.of(x)));
        }
    }

    #[test]
    fn who_may_look_nowhere_passes_nothing_back() {
        let mut x = inputs();
        let mask = x.pop().expect("four");
        let hidden = Tensor::from([[0], [1], [0]]);
        let mask = mask.masked_fill(&hidden, f32::NEG_INFINITY);
        x.iter_mut().for_each(|x| x.set_requires_grad(true));
        let options = AttentionOptions { mask: Some(&mask), ..SHARED };
        let y = scaled_dot_product_attention(&x[0], &x[1], &x[2], &options);
        let grads = y.sum().backward();
        assert_eq!(grads.of(&x[0]).select(2, 1), Tensor::zeros([2, 4, 2]));
        assert!(x.iter().all(|x| grads.of(x).data().iter().all(|g| g.is_finite())));
    }

    #[test]
    fn later_words_pass_nothing_back_to_earlier_ones_even_if_they_are_not_numbers() {
        let [q, k, v] = [0, 1, 2].map(|seed| Tensor::randn([4, 2], &mut Rng::new(seed)));
        let spoiled =
            |x: &Tensor| Tensor::cat(&[&x.narrow(0, 0, 3), &Tensor::full([1, 2], f32::NAN)], 0);
        let causal = AttentionOptions { causal: true, ..Default::default() };
        let grad = |k: &Tensor, v: &Tensor| {
            let q = q.detach().with_grad();
            let y = scaled_dot_product_attention(&q, k, v, &causal).narrow(0, 0, 3);
            y.sum().backward().of(&q).narrow(0, 0, 3)
        };
        assert_eq!(grad(&spoiled(&k), &spoiled(&v)), grad(&k, &v));
    }
}
