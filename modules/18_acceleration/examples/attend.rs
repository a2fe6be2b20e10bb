//! Times attention, both ways, at sizes of small language models.
use std::time::Instant;
use tinytorch_acceleration::set_threads;
use tinytorch_attention::{ScaledDotProductAttention, ScaledDotProductAttentionBackward};
use tinytorch_tensor::{Rng, Tensor, dispatch};

fn time(runs: usize, mut f: impl FnMut()) -> (f64, f64) {
    f();
    let mut times: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            f();
            start.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

fn main() {
    let threads: usize = std::env::args().nth(1).map_or(1, |n| n.parse().unwrap());
    set_threads(threads);
    let mut rng = Rng::new(0);
    if std::env::args().nth(2).is_some() {
        let [q, k, v] = [0; 3].map(|_| Tensor::randn([4, 4, 64, 32], &mut rng));
        let op = ScaledDotProductAttention { scale: 0.2, causal: true, dropout: None };
        for _ in 0..20000 {
            dispatch(op, &[&q, &k, &v]);
        }
        return;
    }
    for (n, h, t, d) in [(4, 4, 64, 32), (1, 2, 256, 64), (1, 1, 1024, 64)] {
        let all = Tensor::randn([n, t, 3, h, d], &mut rng);
        let [q, k, v] = [0, 1, 2].map(|i| all.select(2, i).transpose(1, 2));
        let g = Tensor::randn([n, t, h, d], &mut rng).transpose(1, 2);
        for causal in [true, false] {
            let op =
                ScaledDotProductAttention { scale: 1.0 / (d as f32).sqrt(), causal, dropout: None };
            let back = ScaledDotProductAttentionBackward { attention: op, of_mask: false };
            let (a, _) = time(400, || drop(dispatch(op, &[&q, &k, &v])));
            let (c, _) = time(200, || drop(dispatch(back, &[&q, &k, &v, &g])));
            let product = 2.0 * (n * h * t * t * d) as f64 / if causal { 2.0 } else { 1.0 } / 1e6;
            println!(
                "[{n}, {h}, {t}, {d}] causal {causal}: forward {:.1} us, {:.0} GFLOP/s; backward {:.1} us, {:.0} GFLOP/s",
                a * 1e3,
                2.0 * product / a,
                c * 1e3,
                5.0 * product / c
            );
        }
    }
    for (h, s, d) in [(6, 256, 64), (12, 1024, 64)] {
        let q = Tensor::randn([1, h, 1, d], &mut rng);
        let [k, v] = [0; 2].map(|_| Tensor::randn([1, h, s, d], &mut rng));
        let op = ScaledDotProductAttention { scale: 0.1, causal: true, dropout: None };
        let (a, b) = time(200, || drop(dispatch(op, &[&q, &k, &v])));
        println!(
            "decode {h} heads, {s} keys: {:.2} / {:.2} us, {:.1} GB/s",
            a * 1e3,
            b * 1e3,
            (8 * h * s * d) as f64 / a / 1e6
        );
    }
}
