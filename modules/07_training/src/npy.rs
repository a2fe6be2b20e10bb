//! One array in a file that NumPy reads: the `.npy` format.
//!
//! ```text
//! 6 bytes    \x93NUMPY
//! 2 bytes    the version: 1.0, 2.0 or 3.0
//! 2 bytes    the header's length, lowest byte first (4 bytes from version 2.0 on)
//! n bytes    {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   then spaces, a newline
//! the rest   the numbers
//! ```
//!
//! The header is a Python dictionary, which NumPy evaluates; here it is read by its three keys and
//! nothing else. Arrays of objects (which are pickles, and may run code) are refused.
//!
//! Source: NumPy, `numpy/lib/_format_impl.py` and NEP 1. We write version 1.0, byte for byte as
//! `numpy.save` does.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use tinytorch_tensor::Tensor;

use crate::TrainingError;
use crate::durable::replace_file;
use crate::number_format::{Dtype, Endian, ReadError, read_numbers, tensor_shape, write_each};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// The longest header that is read, in bytes: NumPy's own limit for files that are not trusted.
const MAX_HEADER: u64 = 10_000;

/// Writes `tensor` to the file `path`, as `numpy.save(path, tensor)` would.
///
/// The file appears whole or not at all, as with [`save_safetensors`](crate::save_safetensors).
///
/// # Errors
/// When the system refuses, or when the tensor is neither `f32` nor `i32`.
///
/// # Example
/// ```
/// use tinytorch_tensor::Tensor;
/// use tinytorch_training::{load_npy, save_npy};
///
/// let path = std::env::temp_dir().join(format!("doc-{}.npy", std::process::id()));
/// save_npy(&path, &Tensor::from([[1.0, 2.0], [3.0, 4.0]]))?;
/// assert_eq!(load_npy(&path)?.to_vec(), [1.0, 2.0, 3.0, 4.0]);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), tinytorch_training::TrainingError>(())
/// ```
pub fn save_npy(path: impl AsRef<Path>, tensor: &Tensor) -> Result<(), TrainingError> {
    let path = path.as_ref();
    let header = header_of(tensor).map_err(|error| error.in_file(path))?;
    replace_file(path, |out| write_array(&header, tensor, out))
}

/// The bytes that [`save_npy`] writes.
///
/// # Errors
/// When the tensor is neither `f32` nor `i32`.
pub fn serialize_npy(tensor: &Tensor) -> Result<Vec<u8>, TrainingError> {
    let mut out = Vec::new();
    write_array(&header_of(tensor)?, tensor, &mut out).expect("a Vec takes all");
    Ok(out)
}

/// Reads the array in the file `path`.
///
/// Floats of 2, 4 and 8 bytes become `f32`, integers and booleans `i32`, in either byte order and
/// by the rules of [`Dtype`]. An array in Fortran order becomes a tensor of the same shape.
///
/// # Errors
/// When the system refuses, when the file is damaged, or when it holds what no tensor here can.
pub fn load_npy(path: impl AsRef<Path>) -> Result<Tensor, TrainingError> {
    let path = path.as_ref();
    let read_error = |source| TrainingError::io("read", path, source);
    let file = File::open(path).map_err(read_error)?;
    let len = file.metadata().map_err(read_error)?.len();
    read_array(&mut BufReader::new(file), len).map_err(|error| match error {
        ReadError::Source(source) => read_error(source),
        ReadError::Content(error) => error.in_file(path),
    })
}

/// Reads the array of a file that is already in memory.
///
/// # Errors
/// As [`load_npy`].
pub fn parse_npy(file: &[u8]) -> Result<Tensor, TrainingError> {
    read_array(&mut &file[..], file.len() as u64).map_err(|error| match error {
        ReadError::Source(source) => malformed(source.to_string()),
        ReadError::Content(error) => error,
    })
}

fn malformed(problem: impl Into<String>) -> TrainingError {
    TrainingError::Malformed { format: "npy", problem: problem.into() }
}

fn write_array(header: &[u8], tensor: &Tensor, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(header)?;
    match tensor.kind() {
        "i32" => write_each(&tensor.ints(), i32::to_le_bytes, out),
        _ => write_each(&tensor.data(), f32::to_le_bytes, out),
    }
}

/// All that comes before the numbers.
fn header_of(tensor: &Tensor) -> Result<Vec<u8>, TrainingError> {
    let descr = match tensor.kind() {
        "f32" => "<f4",
        "i32" => "<i4",
        kind => {
            let problem = format!("the tensor is {kind}; save `to_f32()` of it");
            return Err(TrainingError::Unwritable { format: "npy", problem });
        }
    };
    let sizes = tensor.shape().iter().map(|size| size.to_string()).collect::<Vec<_>>();
    // A tuple of one is written `(3,)`.
    let comma = if sizes.len() == 1 { "," } else { "" };
    let shape = format!("({}{comma})", sizes.join(", "));
    let mut dict = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
    // NumPy leaves room for the first size to grow to 21 digits, then fills up to 64 bytes.
    if let Some(first) = sizes.first() {
        dict.extend(std::iter::repeat_n(' ', 21 - first.len()));
    }
    let before = MAGIC.len() + 4;
    let length = (before + dict.len() + 1).next_multiple_of(64) - before;
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((length as u16).to_le_bytes());
    header.extend(dict.bytes());
    header.resize(before + length - 1, b' ');
    header.push(b'\n');
    Ok(header)
}

/// Reads an array from a file of `len` bytes.
fn read_array(file: &mut dyn Read, len: u64) -> Result<Tensor, ReadError> {
    let content = |problem: String| ReadError::Content(malformed(problem));
    let (header, data_len) = read_header(file, len)?;
    let (name, shape) = (&header.descr, header.shape);
    // Before anything is allocated: the numbers must be there, all of them and no more.
    match header.dtype.byte_len(&shape) {
        Some(needed) if needed == data_len => {}
        Some(needed) => {
            return Err(content(format!(
                "{name} {shape:?} takes {needed} bytes, {data_len} follow the header"
            )));
        }
        None => return Err(content(format!("an impossible shape {shape:?}"))),
    }
    // Column-major numbers of [a, b, c] are row-major numbers of [c, b, a].
    let mut sizes = shape;
    if header.fortran_order {
        sizes.reverse();
    }
    let shape = tensor_shape("the array", &sizes).map_err(ReadError::Content)?;
    let numbers = read_numbers("the array", header.dtype, header.endian, shape.numel(), file)?;
    let tensor = numbers.into_tensor(shape);
    if !header.fortran_order {
        return Ok(tensor);
    }
    let axes = (0..shape.ndim() as isize).rev().collect::<Vec<_>>();
    Ok(tensor.permute(&axes[..]).contiguous())
}

/// Reads what comes before the numbers of a file of `len` bytes, and how many bytes follow.
fn read_header(file: &mut dyn Read, len: u64) -> Result<(Header, u64), ReadError> {
    let content = |problem: String| ReadError::Content(malformed(problem));
    let short = || content(format!("cut short: {len} bytes"));
    let mut start = [0; 8];
    let after_start = len.checked_sub(8).ok_or_else(short)?;
    file.read_exact(&mut start)?;
    let (magic, version) = start.split_at(MAGIC.len());
    if magic != MAGIC {
        return Err(content("it does not begin with `\\x93NUMPY`".to_string()));
    }
    let length_width = match version {
        [1, 0] => 2,
        [2 | 3, 0] => 4,
        _ => {
            return Err(content(format!("version {}.{} is unknown", version[0], version[1])));
        }
    };
    let mut length = [0; 4];
    let after_length = after_start.checked_sub(length_width as u64).ok_or_else(short)?;
    file.read_exact(&mut length[..length_width])?;
    let length = u64::from(u32::from_le_bytes(length));
    if length > MAX_HEADER {
        return Err(content(format!("a header of {length} bytes, at most {MAX_HEADER} are read")));
    }
    let data_len = after_length.checked_sub(length).ok_or_else(short)?;
    let mut text = vec![0; length as usize];
    file.read_exact(&mut text)?;
    let text = str::from_utf8(&text).map_err(|error| content(format!("the header: {error}")))?;
    Ok((Header::read(text).map_err(content)?, data_len))
}

/// What the header says.
struct Header {
    descr: String,
    dtype: Dtype,
    endian: Endian,
    fortran_order: bool,
    shape: Vec<usize>,
}

impl Header {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }`, its keys in any order.
    fn read(text: &str) -> Result<Self, String> {
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        let body = text.trim_end_matches(['\n', ' ']);
        let inner = body.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let mut rest = inner.ok_or("the header is not a dictionary")?.trim_matches(' ');
        while !rest.is_empty() {
            let (key, after) = quoted(rest)?;
            let after = after.trim_start_matches(' ').strip_prefix(':').ok_or("no `:`")?;
            let value = after.trim_start_matches(' ');
            rest = match key {
                "descr" if descr.is_none() => {
                    let (name, after) = quoted(value)?;
                    descr = Some(name);
                    after
                }
                "fortran_order" if fortran_order.is_none() => {
                    let (is_true, after) = match value.strip_prefix("True") {
                        Some(after) => (true, after),
                        None => {
                            (false, value.strip_prefix("False").ok_or("neither True nor False")?)
                        }
                    };
                    fortran_order = Some(is_true);
                    after
                }
                "shape" if shape.is_none() => {
                    let (sizes, after) = tuple(value)?;
                    shape = Some(sizes);
                    after
                }
                _ => return Err(format!("the key {key:?} is unknown or comes twice")),
            };
            rest = rest.trim_start_matches(' ');
            if !rest.is_empty() {
                rest = rest.strip_prefix(',').ok_or("no `,` between two keys")?;
                rest = rest.trim_start_matches(' ');
            }
        }
        let descr = descr.ok_or("no `descr`")?.to_string();
        let (dtype, endian) = dtype_of(&descr)?;
        let fortran_order = fortran_order.ok_or("no `fortran_order`")?;
        let shape = shape.ok_or("no `shape`")?;
        Ok(Self { descr, dtype, endian, fortran_order, shape })
    }
}

/// A type of number from NumPy's name for it: byte order, kind, bytes.
fn dtype_of(descr: &str) -> Result<(Dtype, Endian), String> {
    let mut chars = descr.chars();
    let order = chars.next();
    let dtype = match chars.as_str() {
        "f2" => Dtype::F16,
        "f4" => Dtype::F32,
        "f8" => Dtype::F64,
        "b1" => Dtype::BOOL,
        "i1" => Dtype::I8,
        "i2" => Dtype::I16,
        "i4" => Dtype::I32,
        "i8" => Dtype::I64,
        "u1" => Dtype::U8,
        "u2" => Dtype::U16,
        "u4" => Dtype::U32,
        "u8" => Dtype::U64,
        _ => {
            return Err(format!("an unsupported dtype {descr:?}; save `array.astype('<f4')`"));
        }
    };
    match order {
        Some('<') => Ok((dtype, Endian::Little)),
        Some('>') => Ok((dtype, Endian::Big)),
        Some('|') if dtype.bits() == 8 => Ok((dtype, Endian::Little)),
        _ => Err(format!("an unknown byte order in {descr:?}")),
    }
}

/// A Python string without escapes, in either kind of quotes, and what follows it.
fn quoted(text: &str) -> Result<(&str, &str), String> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let quote = quote.ok_or_else(|| format!("expected a string: {:?}", start_of(text)))?;
    let (inner, after) = text[1..].split_once(quote).ok_or("a string does not end")?;
    if inner.contains('\\') { Err("an escape in a string".to_string()) } else { Ok((inner, after)) }
}

/// A Python tuple of whole numbers, and what follows it: `()`, `(3,)`, `(2, 3)`, `(2, 3,)`.
fn tuple(text: &str) -> Result<(Vec<usize>, &str), String> {
    let wrong = || format!("expected a tuple of sizes: {:?}", start_of(text));
    let inner = text.strip_prefix('(').ok_or_else(wrong)?;
    let (inner, after) = inner.split_once(')').ok_or_else(wrong)?;
    let inner = inner.trim_matches(' ');
    if inner.is_empty() {
        return Ok((Vec::new(), after));
    }
    let sizes = match inner.strip_suffix(',') {
        Some(sizes) => sizes,
        None if inner.contains(',') => inner,
        None => return Err(wrong()), // `(3)` is no tuple in Python
    };
    let size = |digits: &str| match digits.trim_matches(' ') {
        digits if digits.bytes().all(|b| b.is_ascii_digit()) => digits.parse().ok(),
        _ => None,
    };
    let sizes = sizes.split(',').map(size).collect::<Option<Vec<usize>>>();
    Ok((sizes.ok_or_else(wrong)?, after))
}

/// As much of a text as a message should quote.
fn start_of(text: &str) -> String {
    text.chars().take(24).collect()
}
