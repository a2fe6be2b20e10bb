//! Attention in blocks, without the weights ever being there as a whole.
//!
//! `softmax(q kᵀ · scale + mask) v` has `t s` weights, and the definition takes them a row at a
//! time: each number of a key is read from memory for one multiplication. T. Dao et al.,
//! "FlashAttention" (2022), brought two ideas together, and a second version (Dao, 2023) the order
//! of loops that is used here: 32 queries meet 128 keys at a time, so that all that a block needs
//! is in the fastest memory and every number read serves many times; and the softmax is corrected
//! as larger scores come up ([`weights`]), so that no block waits for the others. The way back
//! computes the weights again.
//!
//! What remains are small matrix products ([`product`]). A causal mask leaves out, eight queries
//! at a time, the vectors of keys that none of them sees: nearly half of all work.
//!
//! Cost: `4 t s d` floating-point operations there and `10 t s d` back, over 2 with the causal
//! mask, and an exponential per weight each way, about a tenth of the time at `d = 64` and a fifth
//! at 32. Memory: a few tens of kilobytes per thread there; back, a strip of 32 rows of weights.
//!
//! For one query, as when a text is written, every key is used once, and memory sets the pace
//! ([`few`]).

mod matrix;
mod mask;
mod heads;
mod product;
mod panels;
mod weights;
mod few;
mod forward;
mod backward;

use tinytorch_attention::{ScaledDotProductAttention, ScaledDotProductAttentionBackward};
use tinytorch_tensor::Kernels;

pub(crate) fn register(kernels: &mut Kernels) {
    kernels.on::<ScaledDotProductAttention>("f32", forward::forward);
    kernels.on::<ScaledDotProductAttentionBackward>("f32", backward::backward);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::level::{Level, with_level};
    use crate::trial::{assert_agrees, assert_close, layouts, on_threads};
    use tinytorch_attention::WeightDropout;
    use tinytorch_tensor::{Op, Rng, Tensor};

    /// Sums of a few hundred products in another order, and weights within some roundings.
    const CLOSE: f32 = 1e-5;

    type Sizes = (usize, usize, usize, usize);

    /// Queries, keys, width and depth: around lanes of 8 and 16, tiles of 8, blocks of 32 queries
    /// and 128 keys, and without any.
    const SIZES: [Sizes; 16] = [
        (1, 1, 1, 1),
        (2, 3, 4, 5),
        (3, 5, 8, 6),
        (7, 9, 16, 16),
        (8, 8, 15, 17),
        (9, 16, 32, 8),
        (33, 31, 32, 33),
        (40, 40, 64, 64),
        (65, 65, 5, 32),
        (31, 129, 16, 24),
        (70, 140, 7, 3),
        (1, 300, 64, 64),
        (3, 130, 33, 9),
        (5, 2, 16, 16),
        (0, 3, 4, 4),
        (4, 0, 4, 4),
    ];

    fn attention(causal: bool) -> ScaledDotProductAttention {
        ScaledDotProductAttention { scale: 0.3, causal, dropout: None }
    }

    /// Both ways, against the definitions.
    #[track_caller]
    fn agrees(op: ScaledDotProductAttention, x: [&Tensor; 4], mask: Option<&Tensor>) {
        let [q, k, v, g] = x;
        let mut inputs = vec![q, k, v];
        inputs.extend(mask);
        assert_agrees(&op, forward::forward, &inputs, CLOSE);
        inputs.insert(3, g);
        for of_mask in [false, true] {
            let of_mask = of_mask && mask.is_some_and(|mask| mask.kind() == "f32");
            let back = ScaledDotProductAttentionBackward { attention: op, of_mask };
            assert_agrees(&back, backward::backward, &inputs, CLOSE);
        }
    }

    /// Two sequences of four heads of queries, two of keys.
    fn tensors((t, s, d, e): Sizes, rng: &mut Rng) -> [Tensor; 4] {
        [[2, 4, t, d], [2, 2, s, d], [2, 2, s, e], [2, 4, t, e]]
            .map(|sizes| Tensor::randn(sizes, rng))
    }

    fn refs(x: &[Tensor; 4]) -> [&Tensor; 4] {
        x.each_ref()
    }

    #[test]
    fn all_sizes() {
        let mut rng = Rng::new(1);
        for sizes in SIZES {
            let x = tensors(sizes, &mut rng);
            for causal in [false, true] {
                agrees(attention(causal), refs(&x), None);
            }
        }
    }

    #[test]
    fn all_layouts() {
        let mut rng = Rng::new(2);
        for (t, s, d, e) in [(9, 5, 3, 4), (35, 17, 16, 16), (1, 20, 16, 16)] {
            let [q, k, v, g] = [[2, 2, t, d], [2, 2, s, d], [2, 2, s, e], [2, 2, t, e]]
                .map(|sizes| layouts(&sizes, &mut rng));
            for i in 0..q.len() {
                let turned = |x: &[Tensor], by: usize| x[(i + by) % x.len()].clone();
                let x = [turned(&q, 0), turned(&k, 1), turned(&v, 3), turned(&g, 2)];
                agrees(attention(i % 2 == 1), refs(&x), None);
            }
        }
    }

    #[test]
    fn views_of_one_projection() {
        let mut rng = Rng::new(3);
        for (n, t, h, d) in [(2, 20, 3, 16), (1, 33, 2, 8)] {
            let all = Tensor::randn([n, t, 3, h, d], &mut rng);
            let [q, k, v] = [0, 1, 2].map(|i| all.select(2, i).transpose(1, 2));
            let g = Tensor::randn([n, t, h, d], &mut rng).transpose(1, 2);
            agrees(attention(true), [&q, &k, &v, &g], None);
        }
    }

    #[test]
    fn fewer_and_more_axes() {
        let mut rng = Rng::new(4);
        for lead in [vec![], vec![3], vec![2, 1, 2, 2]] {
            let mut draw = |t, d| {
                let sizes = [lead.as_slice(), &[t, d]].concat();
                Tensor::randn(sizes.as_slice(), &mut rng)
            };
            let x = [draw(10, 8), draw(12, 8), draw(12, 5), draw(10, 5)];
            agrees(attention(true), refs(&x), None);
        }
    }

    #[test]
    fn all_masks() {
        let mut rng = Rng::new(5);
        for (t, s) in [(3, 5), (40, 37), (9, 150), (1, 140)] {
            let x = tensors((t, s, 16, 16), &mut rng);
            let hidden = Tensor::randint([t, s], 0, 2, &mut rng);
            let masks = [
                Tensor::randint([t, s], 0, 2, &mut rng),
                Tensor::randint([2, 1, 1, s], 0, 2, &mut rng),
                Tensor::randint([4, t, 1], 0, 2, &mut rng),
                Tensor::randn([2, 4, t, s], &mut rng),
                Tensor::randn([t, s], &mut rng).masked_fill(&hidden, f32::NEG_INFINITY),
                Tensor::randn([s, t], &mut rng).transpose(0, 1),
                Tensor::randn([s], &mut rng),
                Tensor::randn([2, 1, t, 1], &mut rng),
                Tensor::full([s], f32::MIN),
                Tensor::full([t, s], f32::NEG_INFINITY),
            ];
            for (i, mask) in masks.iter().enumerate() {
                agrees(attention(i % 2 == 0), refs(&x), Some(mask));
            }
        }
    }

    #[test]
    fn dropout_drops_what_the_definition_drops() {
        let mut rng = Rng::new(6);
        for sizes in [(3, 5, 4, 4), (40, 150, 16, 16), (1, 200, 16, 16)] {
            let x = tensors(sizes, &mut rng);
            for causal in [false, true] {
                let dropout = Some(WeightDropout { p: 0.4, seed: 7 });
                agrees(ScaledDotProductAttention { dropout, ..attention(causal) }, refs(&x), None);
            }
        }
    }

    #[test]
    fn large_scores_do_not_overflow() {
        let mut rng = Rng::new(7);
        let x = tensors((20, 260, 8, 8), &mut rng);
        let op = ScaledDotProductAttention { scale: 100.0, ..attention(false) };
        // Scores of a thousand are rounded in the fourth decimal place, and weights with them.
        let expected = op.forward(&[&x[0], &x[1], &x[2]]);
        for level in Level::supported() {
            let got = with_level(level, || forward::forward(&op, &[&x[0], &x[1], &x[2]]));
            assert_close(&got, &expected, 1e-3, &|| format!("scores of a thousand at {level}"));
        }
    }

    #[test]
    fn what_is_not_a_number_is_felt_where_it_is_seen() {
        let mut rng = Rng::new(8);
        let spoil = |x: &Tensor, row: usize, with: f32| {
            let rows = Tensor::arange_i32(x.size(-2)).eq(row as i32).unsqueeze(-1);
            x.masked_fill(&rows, with)
        };
        for (t, s) in [(5, 9), (37, 37), (1, 9), (40, 140)] {
            let x = tensors((t, s, 16, 16), &mut rng);
            let [q, k, v, g] = refs(&x);
            let dropout = Some(WeightDropout { p: 0.3, seed: 1 });
            for op in [
                attention(false),
                attention(true),
                ScaledDotProductAttention { dropout, ..attention(true) },
            ] {
                for with in [f32::NAN, f32::INFINITY] {
                    agrees(op, [q, &spoil(k, s - 1, with), v, g], None);
                    agrees(op, [q, k, &spoil(v, s / 2, with), g], None);
                    agrees(op, [&spoil(q, t / 2, with), k, v, g], None);
                    agrees(op, [q, k, v, &spoil(g, t - 1, with)], None);
                }
            }
            let mask = Tensor::randint([t, s], 0, 2, &mut rng);
            agrees(
                attention(false),
                [q, &spoil(k, 1, f32::NAN), &spoil(v, 2, f32::NAN), g],
                Some(&mask),
            );
        }
    }

    /// As the definition has it: outputs and gradients up to a place are the same to the bit,
    /// whatever comes after it.
    #[test]
    fn what_comes_later_changes_no_bit() {
        let mut rng = Rng::new(9);
        let t = 70;
        let x: [Tensor; 4] = [0; 4].map(|_| Tensor::randn([2, t, 16], &mut rng));
        let op = attention(true);
        for level in Level::supported() {
            let run =
                |x: &[Tensor]| with_level(level, || forward::forward(&op, &[&x[0], &x[1], &x[2]]));
            let before = run(&x);
            for place in [1, 7, 8, 31, 32, 50, 69] {
                for with in [
                    Tensor::randn([2, t - place, 16], &mut rng),
                    Tensor::full([2, t - place, 16], f32::NAN),
                ] {
                    let later =
                        x.each_ref().map(|x| Tensor::cat(&[&x.narrow(1, 0, place), &with], 1));
                    let after = run(&later);
                    assert_eq!(
                        after.narrow(1, 0, place),
                        before.narrow(1, 0, place),
                        "{level}, {place}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_mask_says_the_same_as_the_flag_to_the_bit() {
        let mut rng = Rng::new(10);
        let x = tensors((150, 150, 16, 16), &mut rng);
        let mask = tinytorch_attention::causal_mask(150, 150);
        for level in Level::supported() {
            let run = |causal, x: &[&Tensor]| {
                with_level(level, || on_threads(2, || forward::forward(&attention(causal), x)))
            };
            let flag = run(true, &[&x[0], &x[1], &x[2]]);
            assert_eq!(run(false, &[&x[0], &x[1], &x[2], &mask]), flag, "{level}");
        }
    }
}
