//! The matrix products that every program is timed with.

/// Name and sizes, `[m, k, n]` of `[m, k] x [k, n]`: square ones, one as in a small network for
/// digits, and one row of a small language model.
pub const PRODUCTS: [(&str, [usize; 3]); 8] = [
    ("W1.mm_64", [64, 64, 64]),
    ("W1.mm_128", [128, 128, 128]),
    ("W1.mm_256", [256, 256, 256]),
    ("W1.mm_512", [512, 512, 512]),
    ("W1.mm_1024", [1024, 1024, 1024]),
    ("W1.mm_2048", [2048, 2048, 2048]),
    ("W1.mm_64x784x128", [64, 784, 128]),
    ("W1.mm_1x768x3072", [1, 768, 3072]),
];
