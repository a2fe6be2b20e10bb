//! What the kernels compute, in loops: their oracle.

/// `Σ (x[i, k] - zeros[i]) w[j, k]`: `x` `[m, k]`, a zero per row, `weights` `[n, k]` `-> [m, n]`.
///
/// # Panics
/// When there are fewer numbers than the sizes say.
pub fn matmul(x: &[u8], zeros: &[u8], weights: &[i8], [m, k, n]: [usize; 3]) -> Vec<i32> {
    let mut sums = Vec::with_capacity(m * n);
    for i in 0..m {
        for j in 0..n {
            let (x, weights) = (&x[i * k..(i + 1) * k], &weights[j * k..(j + 1) * k]);
            let numbers = x.iter().map(|&x| i32::from(x) - i32::from(zeros[i]));
            sums.push(numbers.zip(weights).map(|(x, &w)| x * i32::from(w)).sum());
        }
    }
    sums
}

/// `scales_x[i] scales_w[j] sums[i, j] + bias[j]`: sums `[m, n]`, a scale per row and per column.
///
/// # Panics
/// When the numbers are not as many as the sizes say.
pub fn dequantize(
    sums: &[i32],
    scales_x: &[f32],
    scales_w: &[f32],
    bias: Option<&[f32]>,
) -> Vec<f32> {
    let n = scales_w.len();
    assert!(sums.len() == scales_x.len() * n);
    let at = |(place, &sum): (usize, &i32)| {
        let (i, j) = (place / n, place % n);
        scales_x[i] * scales_w[j] * sum as f32 + bias.map_or(0.0, |bias| bias[j])
    };
    sums.iter().enumerate().map(at).collect()
}

/// A row of floats as `scale (q - zero)`: the scale, the zero, and `q` of 0 to 255.
///
/// The range from the smallest to the largest number, with 0 in it, becomes 255 steps, of which
/// one is 0 exactly, so that what is padded or cut off by a ReLU has no error. A row with a number
/// that is not finite has NaN for a scale, and so has what is computed from it.
pub fn quantize(x: &[f32]) -> (f32, u8, Vec<u8>) {
    if x.iter().any(|x| !x.is_finite()) {
        return (f32::NAN, 0, vec![0; x.len()]);
    }
    let low = x.iter().fold(0.0_f32, |low, &x| low.min(x));
    let high = x.iter().fold(0.0_f32, |high, &x| high.max(x));
    let (scale, zero) = steps(low, high);
    let inverse = 1.0 / scale;
    let q = |x: &f32| ((x * inverse).round_ties_even() + f32::from(zero)).clamp(0.0, 255.0) as u8;
    (scale, zero, x.iter().map(q).collect())
}

/// How large a step is, and which is 0, when 255 of them reach from `low <= 0` to `high >= 0`.
///
/// Where there is nothing to tell apart (all 0, or below 1e-36) a step is 1.
pub(super) fn steps(low: f32, high: f32) -> (f32, u8) {
    let scale = high / 255.0 - low / 255.0; // each for itself, as the difference may be too large
    let scale = if scale >= f32::MIN_POSITIVE { scale } else { 1.0 };
    (scale, (-low * (1.0 / scale)).round_ties_even() as u8)
}
