//! How numbers lie in files, and how each kind becomes one of our two: `f32` or `i32`.

use std::io::{self, Read, Write};

use tinytorch_tensor::{MAX_NDIM, Shape, Tensor};

use crate::TrainingError;

/// The type of a number in a file, by its safetensors name, in the order of growing alignment that
/// the format's reference writer sorts by.
///
/// | in the file | loaded as | how |
/// |---|---|---|
/// | `F32`, `I32` | the same | bit for bit |
/// | `F16`, `BF16` | `f32` | exactly |
/// | `F64` | `f32` | rounded to nearest, ties to even; an error beyond the largest `f32` |
/// | `BOOL`, `U8`, `I8`, `I16`, `U16` | `i32` | exactly |
/// | `U32`, `I64`, `U64` | `i32` | exactly, or an error that names the number |
/// | the rest | | an error that names the type |
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(non_camel_case_types, reason = "the names are the format's own")]
#[expect(missing_docs, reason = "the names say all there is: kind and bits")]
pub enum Dtype {
    BOOL,
    F4,
    F6_E2M3,
    F6_E3M2,
    U8,
    I8,
    F8_E5M2,
    F8_E4M3,
    F8_E8M0,
    F8_E4M3FNUZ,
    F8_E5M2FNUZ,
    I16,
    U16,
    F16,
    BF16,
    I32,
    U32,
    F32,
    C64,
    F64,
    I64,
    U64,
}

impl Dtype {
    /// Every type of the format, with its size in bits.
    const BITS: [(Dtype, u64); 22] = [
        (Dtype::BOOL, 8),
        (Dtype::F4, 4),
        (Dtype::F6_E2M3, 6),
        (Dtype::F6_E3M2, 6),
        (Dtype::U8, 8),
        (Dtype::I8, 8),
        (Dtype::F8_E5M2, 8),
        (Dtype::F8_E4M3, 8),
        (Dtype::F8_E8M0, 8),
        (Dtype::F8_E4M3FNUZ, 8),
        (Dtype::F8_E5M2FNUZ, 8),
        (Dtype::I16, 16),
        (Dtype::U16, 16),
        (Dtype::F16, 16),
        (Dtype::BF16, 16),
        (Dtype::I32, 32),
        (Dtype::U32, 32),
        (Dtype::F32, 32),
        (Dtype::C64, 64),
        (Dtype::F64, 64),
        (Dtype::I64, 64),
        (Dtype::U64, 64),
    ];

    /// The type of that name (`"F32"`), if the format has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::BITS.iter().map(|&(dtype, _)| dtype).find(|dtype| dtype.name() == name)
    }

    /// The name in the file: `"F32"`.
    pub fn name(self) -> String {
        format!("{self:?}")
    }

    /// The size of one number, in bits: 4, 6, 8, 16, 32 or 64.
    pub fn bits(self) -> u64 {
        Self::BITS[self as usize].1
    }

    /// How many bytes a tensor of this type and shape takes; `None` when that is no whole number
    /// of bytes, or when the product of the sizes does not fit 64 bits.
    ///
    /// A size of 0 does not hide an absurd one beside it (`[0, 2^62, 2^62]`): strides multiply the
    /// other sizes, and must not overflow either.
    pub fn byte_len(self, shape: &[usize]) -> Option<u64> {
        let product = |least: usize| {
            shape.iter().try_fold(1u64, |n, &size| n.checked_mul(size.max(least) as u64))
        };
        product(1).filter(|&n| n <= isize::MAX as u64)?;
        let bits = product(0)?.checked_mul(self.bits())?;
        (bits % 8 == 0).then_some(bits / 8)
    }
}

/// Numbers on their way from a file into a tensor.
pub(crate) enum Numbers {
    F32(Vec<f32>),
    I32(Vec<i32>),
}

impl Numbers {
    /// The tensor of these numbers, in row-major order.
    pub(crate) fn into_tensor(self, shape: Shape) -> Tensor {
        match self {
            Self::F32(values) => Tensor::from_vec(values, shape),
            Self::I32(values) => Tensor::from_vec(values, shape),
        }
    }
}

/// The shape of these sizes, or an error where making it would panic.
pub(crate) fn tensor_shape(tensor: &str, sizes: &[usize]) -> Result<Shape, TrainingError> {
    let short = sizes.len() <= MAX_NDIM && sizes.iter().all(|&size| u32::try_from(size).is_ok());
    let bytes = sizes.iter().try_fold(4usize, |n, &size| n.checked_mul(size.max(1)));
    if short && bytes.is_some() {
        return Ok(Shape::new(sizes));
    }
    Err(TrainingError::UnsupportedShape { tensor: tensor.to_string(), shape: sizes.to_vec() })
}

/// The order of the bytes of a number in a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Endian {
    Little,
    Big,
}

/// Reads `count` numbers of `dtype` from `source`.
///
/// The caller has checked that `count` numbers are really there (against the file's size), so that
/// what is allocated here is bounded by the file: at most 4 bytes for each byte of it.
///
/// # Errors
/// When the source ends early, or a number or its type has no place in `f32` or `i32`.
pub(crate) fn read_numbers(
    tensor: &str,
    dtype: Dtype,
    endian: Endian,
    count: usize,
    source: &mut dyn Read,
) -> Result<Numbers, ReadError> {
    let out_of_range = |value: String| {
        let tensor = tensor.to_string();
        ReadError::Content(TrainingError::OutOfRange { tensor, dtype: dtype.name(), value })
    };
    macro_rules! read {
        ($n:literal, $convert:expr) => {
            read_each::<$n, _>(endian, count, source, $convert)?
        };
    }
    macro_rules! checked_i32 {
        ($n:literal, $from:ty) => {
            read!($n, <$from>::from_le_bytes)
                .into_iter()
                .map(|wide| i32::try_from(wide).map_err(|_| out_of_range(wide.to_string())))
                .collect::<Result<Vec<i32>, ReadError>>()?
        };
    }
    Ok(match dtype {
        Dtype::F32 => Numbers::F32(read!(4, f32::from_le_bytes)),
        Dtype::F16 => Numbers::F32(read!(2, |b| f16_to_f32(u16::from_le_bytes(b)))),
        Dtype::BF16 => Numbers::F32(read!(2, |b| bf16_to_f32(u16::from_le_bytes(b)))),
        Dtype::F64 => {
            let wide = read!(8, f64::from_le_bytes);
            let narrow = |wide: f64| match wide as f32 {
                lost if lost.is_infinite() && wide.is_finite() => {
                    Err(out_of_range(format!("{wide:e}")))
                }
                rounded => Ok(rounded),
            };
            Numbers::F32(wide.into_iter().map(narrow).collect::<Result<_, _>>()?)
        }
        Dtype::I32 => Numbers::I32(read!(4, i32::from_le_bytes)),
        Dtype::U8 => Numbers::I32(read!(1, |[b]| i32::from(b))),
        Dtype::I8 => Numbers::I32(read!(1, |b| i32::from(i8::from_le_bytes(b)))),
        Dtype::U16 => Numbers::I32(read!(2, |b| i32::from(u16::from_le_bytes(b)))),
        Dtype::I16 => Numbers::I32(read!(2, |b| i32::from(i16::from_le_bytes(b)))),
        Dtype::U32 => Numbers::I32(checked_i32!(4, u32)),
        Dtype::I64 => Numbers::I32(checked_i32!(8, i64)),
        Dtype::U64 => Numbers::I32(checked_i32!(8, u64)),
        Dtype::BOOL => {
            let bytes = read!(1, |[b]| i32::from(b));
            match bytes.iter().find(|&&b| b > 1) {
                Some(b) => return Err(out_of_range(b.to_string())),
                None => Numbers::I32(bytes),
            }
        }
        _ => {
            let (tensor, dtype) = (tensor.to_string(), dtype.name());
            return Err(ReadError::Content(TrainingError::UnsupportedDtype { tensor, dtype }));
        }
    })
}

/// Why numbers could not be read: the source failed, or what it holds has no place here.
pub(crate) enum ReadError {
    Source(io::Error),
    Content(TrainingError),
}

impl From<io::Error> for ReadError {
    fn from(source: io::Error) -> Self {
        Self::Source(source)
    }
}

/// Bytes read at a time: beside the numbers themselves, all the memory that reading takes.
const CHUNK: usize = 64 * 1024;

/// Reads `count` numbers of `N` bytes each and converts them on the way.
fn read_each<const N: usize, T>(
    endian: Endian,
    count: usize,
    source: &mut dyn Read,
    convert: impl Fn([u8; N]) -> T,
) -> io::Result<Vec<T>> {
    let mut out = Vec::with_capacity(count);
    let mut buffer = [0; CHUNK];
    while out.len() < count {
        let bytes = &mut buffer[..CHUNK.min((count - out.len()) * N)];
        source.read_exact(bytes)?;
        let (numbers, _) = bytes.as_chunks_mut::<N>();
        if endian == Endian::Big {
            numbers.iter_mut().for_each(|number| number.reverse());
        }
        out.extend(numbers.iter().map(|&number| convert(number)));
    }
    Ok(out)
}

/// Writes numbers of 4 bytes, the lowest byte first.
pub(crate) fn write_each<T: Copy>(
    numbers: &[T],
    to_bytes: impl Fn(T) -> [u8; 4],
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(CHUNK);
    for part in numbers.chunks(CHUNK / 4) {
        buffer.clear();
        buffer.extend(part.iter().flat_map(|&number| to_bytes(number)));
        out.write_all(&buffer)?;
    }
    Ok(())
}

/// Half precision (IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits) as `f32`, exactly.
fn f16_to_f32(bits: u16) -> f32 {
    let sign = u32::from(bits & 0x8000) << 16;
    let exponent = u32::from(bits >> 10) & 0x1f;
    let fraction = u32::from(bits & 0x3ff);
    match exponent {
        // Zero and subnormals: fraction x 2^-24, which every f32 near it represents.
        0 => f32::from_bits(sign | (fraction as f32 * 2f32.powi(-24)).to_bits()),
        0x1f => f32::from_bits(sign | 0x7f80_0000 | fraction << 13),
        // The exponents' biases are 15 and 127.
        _ => f32::from_bits(sign | (exponent + 112) << 23 | fraction << 13),
    }
}

/// Brain float (the upper half of an `f32`) as `f32`, exactly.
fn bf16_to_f32(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_half_is_what_its_fields_say() {
        for bits in 0..=u16::MAX {
            let (exponent, fraction) = ((bits >> 10) & 0x1f, f64::from(bits & 0x3ff));
            let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
            let got = f64::from(f16_to_f32(bits));
            match exponent {
                0x1f if fraction > 0.0 => assert!(got.is_nan(), "{bits:#06x}"),
                0x1f => assert_eq!(got, sign * f64::INFINITY, "{bits:#06x}"),
                0 => assert_eq!(got, sign * fraction / 16_777_216.0, "{bits:#06x}"),
                e => {
                    let want = sign * (1.0 + fraction / 1024.0) * 2f64.powi(i32::from(e) - 15);
                    assert_eq!(got, want, "{bits:#06x}");
                }
            }
            assert_eq!(got.is_sign_negative(), bits >> 15 == 1, "{bits:#06x}");
        }
    }

    #[test]
    fn names_lead_to_their_types_and_back() {
        for (index, &(dtype, _)) in Dtype::BITS.iter().enumerate() {
            assert_eq!(dtype as usize, index, "the table is out of order at {dtype:?}");
            assert_eq!(Dtype::from_name(&dtype.name()), Some(dtype));
        }
        assert_eq!(Dtype::from_name("f32"), None);
    }

    #[test]
    fn a_byte_length_is_exact_or_none() {
        assert_eq!(Dtype::F32.byte_len(&[2, 3]), Some(24));
        assert_eq!(Dtype::F64.byte_len(&[]), Some(8));
        assert_eq!(Dtype::F4.byte_len(&[4]), Some(2));
        assert_eq!(Dtype::F4.byte_len(&[3]), None);
        assert_eq!(Dtype::F32.byte_len(&[1 << 40, 1 << 40]), None);
        assert_eq!(Dtype::U8.byte_len(&[0, 5]), Some(0));
        assert_eq!(Dtype::U8.byte_len(&[0, 1 << 40, 1 << 40]), None);
    }
}
