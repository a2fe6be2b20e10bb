//! Random numbers that are a pure function of a seed, a stream and a count.
//!
//! The generator is Philox4x32-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy
//! as 1, 2, 3", SC 2011), which also drives PyTorch on GPUs: ten rounds of
//! multiplication scramble the counter, so number `n` of a stream needs none before it. Nothing
//! here depends on the platform: the same seed gives the same numbers for ever.

/// A stream of random numbers.
///
/// ```
/// use tinytorch_tensor::Rng;
///
/// let mut a = Rng::new(42);
/// let mut b = Rng::new(42);
/// assert_eq!(a.uniform(), b.uniform());
/// let mut other = a.split(); // independent of what `a` gives from now on
/// assert_ne!(a.next_u64(), other.next_u64());
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    state: RngState,
    block: [u32; 4],
}

/// Where a stream is: all there is to save and restore.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RngState {
    /// Chosen by the user.
    pub seed: u64,
    /// Which of the seed's 2^64 streams.
    pub stream: u64,
    /// How many 32-bit numbers were drawn.
    pub counter: u64,
}

impl Rng {
    /// The first stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self::at(seed, 0)
    }

    /// Stream `stream` of `seed`: for randomness that belongs to a place, such as sample 7 of
    /// epoch 3, whoever asks for it and in whatever order.
    pub fn at(seed: u64, stream: u64) -> Self {
        Self::from_state(RngState { seed, stream, counter: 0 })
    }

    /// The stream that goes on from `state`.
    pub fn from_state(state: RngState) -> Self {
        let block = block(state);
        Self { state, block }
    }

    /// Where the stream is.
    pub fn state(&self) -> RngState {
        self.state
    }

    /// A stream of its own, which depends on the numbers drawn so far and on none drawn later.
    pub fn split(&mut self) -> Rng {
        let (seed, stream) = (self.next_u64(), self.next_u64());
        Rng::at(seed, stream)
    }

    /// 32 random bits.
    pub fn next_u32(&mut self) -> u32 {
        let lane = (self.state.counter % 4) as usize;
        if lane == 0 {
            self.block = block(self.state);
        }
        self.state.counter += 1;
        self.block[lane]
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())
    }

    /// A float in `[0, 1)`: one of 2^24 equally likely multiples of 2^-24.
    pub fn uniform(&mut self) -> f32 {
        (self.next_u32() >> 8) as f32 / (1 << 24) as f32
    }

    /// A float from the normal distribution of mean 0 and variance 1.
    pub fn normal(&mut self) -> f32 {
        // The midpoint of one of 2^32 equal cells of (0, 1): never 0 or 1.
        let p = (f64::from(self.next_u32()) + 0.5) / 4_294_967_296.0; // 2^32
        normal_quantile(p) as f32
    }

    /// An integer in `0..n`, each equally likely.
    ///
    /// # Panics
    /// When `n` is 0.
    #[track_caller]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "below: there is no integer in 0..0");
        // The last, incomplete run of n among the 2^64 numbers would favor small results.
        let whole = u64::MAX - (u64::MAX % n + 1) % n;
        loop {
            let x = self.next_u64();
            if x <= whole {
                return x % n;
            }
        }
    }

    /// Puts `items` into an order in which each permutation is equally likely (Fisher-Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// The four numbers that position `state.counter` of the stream belongs to.
fn block(state: RngState) -> [u32; 4] {
    let (index, stream) = (state.counter / 4, state.stream);
    let counter = [index as u32, (index >> 32) as u32, stream as u32, (stream >> 32) as u32];
    philox(counter, [state.seed as u32, (state.seed >> 32) as u32])
}

fn philox(mut c: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    let multiply = |a: u32, b: u32| {
        let product = u64::from(a) * u64::from(b);
        ((product >> 32) as u32, product as u32)
    };
    for _ in 0..10 {
        let (high0, low0) = multiply(0xD251_1F53, c[0]);
        let (high1, low1) = multiply(0xCD9E_8D57, c[2]);
        c = [high1 ^ c[1] ^ key[0], low1, high0 ^ c[3] ^ key[1], low0];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    c
}

/// The number below which a normal variable falls with probability `p`, to about 1e-9.
///
/// Rational approximations of P. J. Acklam (2003) in the middle and in the tails. Only
/// `+ - * /` and `sqrt` are used, which every machine rounds alike.
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969683028665376e+01,
        2.209460984245205e+02,
        -2.759285104469687e+02,
        1.38357751867269e+02,
        -3.066479806614716e+01,
        2.506628277459239e+00,
    ];
    const B: [f64; 6] = [
        -5.447609879822406e+01,
        1.615858368580409e+02,
        -1.556989798598866e+02,
        6.680131188771972e+01,
        -1.328068155288572e+01,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784894002430293e-03,
        -3.223964580411365e-01,
        -2.400758277161838e+00,
        -2.549732539343734e+00,
        4.374664141464968e+00,
        2.938163982698783e+00,
    ];
    const D: [f64; 5] = [
        7.784695709041462e-03,
        3.224671290700398e-01,
        2.445134137142996e+00,
        3.754408661907416e+00,
        1.0,
    ];
    let polynomial = |c: &[f64], x: f64| c.iter().fold(0.0, |sum, &c| sum * x + c);
    let tail = |p: f64| {
        let q = (-2.0 * ln(p)).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    };
    match p {
        _ if p < 0.02425 => tail(p),
        _ if p > 1.0 - 0.02425 => -tail(1.0 - p),
        _ => {
            let q = p - 0.5;
            q * polynomial(&A, q * q) / polynomial(&B, q * q)
        }
    }
}

/// The natural logarithm of a positive normal number, by `2 artanh((m - 1) / (m + 1)) + e ln 2`.
///
/// Written out because the platform's `ln` may differ in the last bit from the next one's.
fn ln(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = (bits >> 52) as i64 - 1023;
    let mut mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52); // in [1, 2)
    if mantissa > std::f64::consts::SQRT_2 {
        mantissa /= 2.0;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0); // |s| < 0.172, so s^23 / 23 < 1e-18
    let series = (0..11).rev().fold(0.0, |sum, i| sum * s * s + 1.0 / f64::from(2 * i + 1));
    2.0 * s * series + exponent as f64 * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers of the reference implementation (Random123, `kat_vectors`).
    #[test]
    fn philox_gives_the_published_numbers() {
        let zeros = philox([0; 4], [0; 2]);
        assert_eq!(zeros, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = philox([u32::MAX; 4], [u32::MAX; 2]);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn a_saved_state_goes_on_where_it_was() {
        let mut rng = Rng::at(7, 3);
        for _ in 0..5 {
            rng.next_u32();
        }
        let mut resumed = Rng::from_state(rng.state());
        assert_eq!(rng.next_u64(), resumed.next_u64());
    }

    /// These numbers must never change: saved runs depend on them.
    #[test]
    fn the_numbers_of_a_seed_are_the_same_for_ever() {
        let mut rng = Rng::new(2026);
        let bits: Vec<u32> = (0..3).map(|_| rng.normal().to_bits()).collect();
        assert_eq!(bits, SEED_2026_NORMALS);
        assert_eq!(rng.below(1000), SEED_2026_BELOW);
    }
    const SEED_2026_NORMALS: [u32; 3] = [3_190_934_483, 1_030_057_902, 1_057_488_689];
    const SEED_2026_BELOW: u64 = 134;

    #[test]
    fn normal_numbers_have_the_moments_of_the_normal_distribution() {
        let mut rng = Rng::new(1);
        let n = 100_000;
        let x: Vec<f64> = (0..n).map(|_| f64::from(rng.normal())).collect();
        let moment = |k: i32| x.iter().map(|x| x.powi(k)).sum::<f64>() / f64::from(n);
        assert!(moment(1).abs() < 0.01, "mean {}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "variance {}", moment(2));
        assert!(moment(3).abs() < 0.05, "skew {}", moment(3));
        assert!((moment(4) - 3.0).abs() < 0.1, "fourth moment {}", moment(4));
    }

    #[test]
    fn the_quantile_is_that_of_the_tables() {
        for (p, z) in [(0.5, 0.0), (0.975, 1.959963985), (0.001, -3.090232306)] {
            assert!((normal_quantile(p) - z).abs() < 1e-8, "{p}");
        }
        for x in [1e-9, 0.02, 0.5, 1.0, 1.5, 7.0] {
            assert!((ln(x) - f64::ln(x)).abs() < 1e-14 * (1.0 + f64::ln(x).abs()), "{x}");
        }
    }

    #[test]
    fn below_reaches_every_number_about_equally_often() {
        let (mut rng, mut counts) = (Rng::new(5), [0; 7]);
        for _ in 0..70_000 {
            counts[rng.below(7) as usize] += 1;
        }
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)), "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        Rng::new(3).shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
