//! Times.
#![allow(unsafe_code)]
fn now() -> f64 {
    #[repr(C)]
    struct T {
        s: i64,
        n: i64,
    }
    unsafe extern "C" {
        fn clock_gettime(id: i32, t: *mut T) -> i32;
    }
    let mut t = T { s: 0, n: 0 };
    let id = if std::env::var("WALL").is_ok() { 1 } else { 3 };
    unsafe { clock_gettime(id, &mut t) };
    t.s as f64 + t.n as f64 * 1e-9
}
use tinytorch_acceleration::*;
use tinytorch_layers::linear;
use tinytorch_tensor::{Rng, Tensor};
fn time(name: &str, gop: f64, mut f: impl FnMut()) {
    for _ in 0..3 {
        f()
    }
    let mut t: Vec<f64> = (0..40)
        .map(|_| {
            let t = now();
            f();
            (now() - t) * 1e3
        })
        .collect();
    t.sort_by(f64::total_cmp);
    println!("{name:30} min {:.4} med {:.4} ms  {:.0} G/s", t[0], t[20], gop / t[0] * 1e3);
}
fn main() {
    let only = std::env::args().nth(1).unwrap_or_default();
    let mut rng = Rng::new(1);
    for [m, k, n] in [
        [1024, 1024, 1024],
        [512, 512, 512],
        [512, 1024, 1024],
        [64, 1024, 1024],
        [1, 4096, 4096],
        [4, 4096, 4096],
        [8, 4096, 4096],
    ] {
        let x = Tensor::randn([m, k], &mut rng).to_bf16();
        let w = Tensor::randn([n, k], &mut rng).to_bf16();
        let wt = Tensor::randn([k, n], &mut rng).to_bf16();
        let gop = 2.0 * (m * k * n) as f64 / 1e9;
        if format!("bf16 linear {m}").contains(&only) {
            time(&format!("bf16 linear {m}x{k}x{n}"), gop, || drop(linear(&x, &w, None)));
            time(&format!("bf16 matmul {m}x{k}x{n}"), gop, || drop(x.matmul(&wt)));
        }
    }
    for [m, k, n] in [[512usize, 1024, 1024], [64, 1024, 1024], [1, 4096, 4096], [8, 4096, 4096]] {
        let x: Vec<f32> = (0..m * k).map(|_| rng.normal()).collect();
        let w: Vec<i8> = (0..n * k).map(|_| rng.next_u32() as i8).collect();
        let w = int8::Weights::new(&w, n, k);
        let scales = vec![0.1; n];
        let gop = 2.0 * (m * k * n) as f64 / 1e9;
        let q = int8::Rows::quantize(&x, k);
        if format!("int8 {m}").contains(&only) {
            time(&format!("int8 matmul {m}x{k}x{n}"), gop, || drop(int8::matmul(&q, &w)));
            time(&format!("int8 dynamic {m}x{k}x{n}"), gop, || {
                drop(int8::linear(&int8::Rows::quantize(&x, k), &w, &scales, None))
            });
        }
    }
}
