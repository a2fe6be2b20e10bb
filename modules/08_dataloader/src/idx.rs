//! IDX, the format of MNIST: a short header, then numbers.
//!
//! ```text
//! byte 0   0
//! byte 1   0
//! byte 2   element type: 08 u8, 09 i8, 0B i16, 0C i32, 0D f32, 0E f64
//! byte 3   number of dimensions d
//! 4 ..     d sizes, u32 each
//! 4 + 4d   the elements, row-major
//! ```
//!
//! All numbers are big-endian. A header may lie: sizes of four bytes each can promise more elements
//! than there are atoms. So their product is compared with the bytes that are really there before
//! anything is allocated, and parsing itself only borrows.
//!
//! Source: LeCun, Cortes, Burges, "The MNIST database of handwritten digits", last section.

use crate::error::DataError;
use crate::files::parse_file;
use std::path::Path;
use tinytorch_tensor::{MAX_NDIM, Tensor};

/// What the numbers of an IDX file are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    /// Type byte 08.
    U8,
    /// Type byte 09.
    I8,
    /// Type byte 0B.
    I16,
    /// Type byte 0C.
    I32,
    /// Type byte 0D.
    F32,
    /// Type byte 0E.
    F64,
}

impl Element {
    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0x08 => Self::U8,
            0x09 => Self::I8,
            0x0B => Self::I16,
            0x0C => Self::I32,
            0x0D => Self::F32,
            0x0E => Self::F64,
            _ => return None,
        })
    }

    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::I16 => 2,
            Self::I32 | Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

/// An IDX file whose header is true: the payload holds exactly the numbers of the shape.
#[derive(Clone, PartialEq, Debug)]
pub struct Idx<'a> {
    element: Element,
    shape: Vec<usize>,
    payload: &'a [u8],
}

/// Reads the header of an IDX file held in `bytes` and checks it against their number.
///
/// ```
/// use tinytorch_dataloader::idx;
///
/// let file = [0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 10, 20, 30]; // u8, [1, 3]
/// let table = idx::parse(&file)?;
/// assert_eq!(table.shape(), [1, 3]);
/// assert_eq!(table.floats().to_vec(), [10.0, 20.0, 30.0]);
/// # Ok::<(), tinytorch_dataloader::DataError>(())
/// ```
///
/// # Errors
/// A wrong magic number, an unknown element type, more than 6 dimensions, or more or fewer bytes
/// than the header promises.
pub fn parse(bytes: &[u8]) -> Result<Idx<'_>, DataError> {
    let malformed = |offset, problem| Err(DataError::Malformed { format: "idx", offset, problem });
    let &[zero, zero_too, code, dimensions, ..] = bytes else {
        return malformed(bytes.len(), "the file ends inside its header".into());
    };
    if (zero, zero_too) != (0, 0) {
        let packed = (zero, zero_too) == (0x1f, 0x8b);
        let cure = if packed { "this is a gzip file, unpack it first" } else { "is it IDX?" };
        let problem = format!("expected two zeros, got {zero:02x} {zero_too:02x}; {cure}");
        return malformed(0, problem);
    }
    let Some(element) = Element::from_code(code) else {
        return malformed(2, format!("no element type has this code: {code:02x}"));
    };
    let dimensions = usize::from(dimensions);
    if dimensions > MAX_NDIM {
        return malformed(3, format!("at most {MAX_NDIM} dimensions, got {dimensions}"));
    }
    let start = 4 + 4 * dimensions;
    let Some((header, payload)) = bytes.split_at_checked(start) else {
        return malformed(bytes.len(), "the file ends inside its header".into());
    };
    let sizes = header[4..].chunks_exact(4);
    let shape: Vec<usize> =
        sizes.map(|s| u32::from_be_bytes([s[0], s[1], s[2], s[3]]) as usize).collect();
    let promised = count(&shape).and_then(|numbers| numbers.checked_mul(element.size()));
    match promised {
        None => malformed(4, format!("no memory holds so many numbers: {shape:?}")),
        Some(promised) if promised != payload.len() => {
            let problem = format!(
                "the header {shape:?} promises {promised} bytes of {element:?}, there are {}",
                payload.len()
            );
            malformed(start, problem)
        }
        Some(_) => Ok(Idx { element, shape, payload }),
    }
}

/// The number of elements; `None` when it, or a stride of the shape, does not fit.
fn count(shape: &[usize]) -> Option<usize> {
    // A zero makes the product small, but the strides beside it may still overflow.
    let bound = shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size.max(1)))?;
    (bound <= isize::MAX as usize / 8).then(|| shape.iter().product())
}

/// The numbers of an IDX file as f32.
///
/// # Errors
/// The file cannot be read, or is not an IDX file.
pub fn load_floats(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    parse_file(path.as_ref(), |bytes| Ok(parse(bytes)?.floats()))
}

/// The numbers of an IDX file of integers as i32.
///
/// # Errors
/// The file cannot be read, is not an IDX file, or holds floats.
pub fn load_ints(path: impl AsRef<Path>) -> Result<Tensor, DataError> {
    parse_file(path.as_ref(), |bytes| parse(bytes)?.ints())
}

impl<'a> Idx<'a> {
    /// What the numbers are.
    pub fn element(&self) -> Element {
        self.element
    }

    /// The size of each dimension.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The numbers as they stand in the file: big-endian, row-major.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The numbers as f32; i32 and f64 are rounded to the nearest.
    pub fn floats(&self) -> Tensor {
        let numbers: Vec<f32> = match self.element {
            Element::U8 => self.payload.iter().map(|&b| f32::from(b)).collect(),
            Element::I8 => self.payload.iter().map(|&b| f32::from(b.cast_signed())).collect(),
            Element::I16 => self.each(|b| f32::from(i16::from_be_bytes(b))),
            Element::I32 => self.each(|b| i32::from_be_bytes(b) as f32),
            Element::F32 => self.each(f32::from_be_bytes),
            Element::F64 => self.each(|b| f64::from_be_bytes(b) as f32),
        };
        Tensor::from_vec(numbers, self.shape.as_slice())
    }

    /// The numbers as i32.
    ///
    /// # Errors
    /// The file holds floats.
    pub fn ints(&self) -> Result<Tensor, DataError> {
        let numbers: Vec<i32> = match self.element {
            Element::U8 => self.payload.iter().map(|&b| i32::from(b)).collect(),
            Element::I8 => self.payload.iter().map(|&b| i32::from(b.cast_signed())).collect(),
            Element::I16 => self.each(|b| i32::from(i16::from_be_bytes(b))),
            Element::I32 => self.each(i32::from_be_bytes),
            Element::F32 | Element::F64 => {
                let problem = format!("idx: expected integers, got {:?}", self.element);
                return Err(DataError::Mismatch { problem });
            }
        };
        Ok(Tensor::from_vec(numbers, self.shape.as_slice()))
    }

    /// `decode` of every `N` bytes.
    fn each<const N: usize, T>(&self, decode: impl Fn([u8; N]) -> T) -> Vec<T> {
        let (numbers, _) = self.payload.as_chunks::<N>();
        numbers.iter().map(|&bytes| decode(bytes)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(code: u8, sizes: &[u32], payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 0, code, sizes.len() as u8];
        bytes.extend(sizes.iter().flat_map(|s| s.to_be_bytes()));
        bytes.extend(payload);
        bytes
    }

    fn refusal(bytes: &[u8]) -> String {
        parse(bytes).unwrap_err().to_string()
    }

    #[test]
    fn every_element_type_is_read_big_endian() {
        let i16s = [300i16, -2].map(i16::to_be_bytes).concat();
        let i32s = [70_000i32, -3].map(i32::to_be_bytes).concat();
        let f32s = [0.5f32, -1e30].map(f32::to_be_bytes).concat();
        let f64s = [0.25f64, 1e-3].map(f64::to_be_bytes).concat();
        type Case<'a> = (u8, Element, &'a [u8], [f32; 2], Option<[i32; 2]>);
        let cases: [Case; 6] = [
            (0x08, Element::U8, &[7, 255], [7.0, 255.0], Some([7, 255])),
            (0x09, Element::I8, &[7, 255], [7.0, -1.0], Some([7, -1])),
            (0x0B, Element::I16, &i16s, [300.0, -2.0], Some([300, -2])),
            (0x0C, Element::I32, &i32s, [70_000.0, -3.0], Some([70_000, -3])),
            (0x0D, Element::F32, &f32s, [0.5, -1e30], None),
            (0x0E, Element::F64, &f64s, [0.25, 1e-3], None),
        ];
        for (code, element, payload, floats, ints) in cases {
            let bytes = file(code, &[2, 1], payload);
            let idx = parse(&bytes).unwrap();
            assert_eq!((idx.element(), idx.shape()), (element, &[2, 1][..]));
            assert_eq!(idx.floats().shape(), [2, 1]);
            assert_eq!(idx.floats().to_vec(), floats);
            match ints {
                Some(ints) => assert_eq!(idx.ints().unwrap().to_vec_i32(), ints),
                None => assert_eq!(
                    idx.ints().unwrap_err().to_string(),
                    format!("idx: expected integers, got {element:?}")
                ),
            }
        }
    }

    #[test]
    fn a_single_number_and_no_number_are_fine() {
        assert_eq!(parse(&file(8, &[], &[9])).unwrap().floats().to_vec(), [9.0]);
        assert_eq!(parse(&file(8, &[0, 28, 28], &[])).unwrap().floats().shape(), [0, 28, 28]);
    }

    #[test]
    fn refusals_say_where_and_what() {
        let gzip = [0x1f, 0x8b, 8, 0, 0];
        for (bytes, expected) in [
            (vec![], "idx: at byte 0: the file ends inside its header"),
            (
                gzip.to_vec(),
                "idx: at byte 0: expected two zeros, got 1f 8b; \
                 this is a gzip file, unpack it first",
            ),
            (vec![b'h', b'i', 8, 1], "idx: at byte 0: expected two zeros, got 68 69; is it IDX?"),
            (file(0x0A, &[1], &[1]), "idx: at byte 2: no element type has this code: 0a"),
            (file(8, &[1; 7], &[1]), "idx: at byte 3: at most 6 dimensions, got 7"),
            (vec![0, 0, 8, 3, 0, 0], "idx: at byte 6: the file ends inside its header"),
            (
                file(8, &[2, 2], &[1, 2, 3]),
                "idx: at byte 12: the header [2, 2] promises 4 bytes of U8, there are 3",
            ),
            (
                file(0x0C, &[1], &[0; 5]),
                "idx: at byte 8: the header [1] promises 4 bytes of I32, there are 5",
            ),
            (
                file(8, &[u32::MAX; 3], &[]),
                "idx: at byte 4: no memory holds so many numbers: \
                 [4294967295, 4294967295, 4294967295]",
            ),
            (
                file(0x0E, &[0, u32::MAX, u32::MAX], &[]),
                "idx: at byte 4: no memory holds so many numbers: [0, 4294967295, 4294967295]",
            ),
        ] {
            assert_eq!(refusal(&bytes), expected);
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let missing = load_floats("no/such/file").unwrap_err().to_string();
        assert_eq!(missing, "no/such/file: no such file; is the path right?");
    }
}
