//! The same numbers everywhere: weights and data of every workload, bit for bit.

/// `n` numbers, uniform between `±scale`: the splitmix64 hash of `seed` and the place.
///
/// S. Vigna's finalizer of splitmix64 (after Stafford's Mix13): a pure function of the place, so
/// that NumPy makes the same numbers from a range without a loop.
pub fn det(n: usize, seed: u64, scale: f32) -> Vec<f32> {
    (0..n as u64).map(|i| (unit(i.wrapping_add(seed << 32)) * 2.0 - 1.0) * scale).collect()
}

/// `n` whole numbers from 0 to `m - 1`.
pub fn det_int(n: usize, seed: u64, m: u32) -> Vec<u32> {
    let below = |v: f32| (((v + 1.0) * 0.5 * m as f32) as u32).min(m - 1);
    det(n, seed, 1.0).into_iter().map(below).collect()
}

/// `n` weights of outputs that see `inputs` numbers each: uniform between `±1 / √inputs`.
pub fn weights(n: usize, seed: u64, inputs: usize) -> Vec<f32> {
    det(n, seed, 1.0 / (inputs as f32).sqrt())
}

/// From 0 to 1, without 1: the upper 24 bits of the hash, which are all that an f32 holds.
fn unit(place: u64) -> f32 {
    let mut z = place.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f32 / (1 << 24) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Printed by `common.py`: `det(...).view(np.uint32)` and `det_int(...)`.
    #[test]
    fn numbers_are_those_of_the_python_programs_bit_for_bit() {
        let bits = |v: Vec<f32>| v.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(det(4, 102, 1.0)), DET_102);
        assert_eq!(bits(weights(3, 10, 784)), WEIGHTS_10);
        assert_eq!(det_int(8, 101, 10), INTS_101);
    }

    #[test]
    fn they_stay_in_their_range_and_differ_by_seed() {
        let a = det(10_000, 5, 3.0);
        assert!(a.iter().all(|v| (-3.0..3.0).contains(v)));
        assert!(a.iter().sum::<f32>().abs() / 10_000.0 < 0.05);
        assert_ne!(a, det(10_000, 6, 3.0));
        assert!(det_int(1_000, 120, 65).iter().all(|&v| v < 65));
    }

    const DET_102: [u32; 4] = [0x3E29_AE10, 0xBF6C_999A, 0x3F71_C456, 0xBEF2_295C];
    const WEIGHTS_10: [u32; 3] = [0xBC3E_63A1, 0xBCD2_AADC, 0xBCF1_2FC3];
    const INTS_101: [u32; 8] = [2, 6, 8, 4, 3, 8, 7, 0];
}
