//! Named tensors in a file that cannot run code: the safetensors format, read and written here.
//!
//! A file is a length, a table of contents in JSON, and the numbers, one tensor after the other:
//!
//! ```text
//! 8 bytes    n, the header's length, lowest byte first
//! n bytes    {"__metadata__":{"epoch":"3"},
//!             "bias":{"dtype":"F32","shape":[10],"data_offsets":[0,40]}, ...}   then spaces
//! the rest   the numbers: lowest byte first, in row-major order, no gap, no overlap, no remainder
//! ```
//!
//! Pickle files, which PyTorch saved models as, may run any code while they load
//! (CVE-2025-32434); here there is nothing to run. What is left to attack is the reader's
//! arithmetic and memory, so both are checked: every length against what the file really holds
//! before anything is allocated, every product for overflow. The writer keeps the same limits, lest
//! it write what no reader takes.
//!
//! Source: <https://github.com/huggingface/safetensors>, README and `src/tensor.rs` (0.8). Stricter
//! than the reference, as the specification asks: no key twice, the header begins with `{` and is
//! padded with spaces alone, nothing unknown beside `dtype`, `shape`, `data_offsets`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::ops::Range;
use std::path::Path;

use tinytorch_layers::StateDict;
use tinytorch_tensor::Tensor;

use crate::TrainingError;
use crate::durable::replace_file;
use crate::json::{Cursor, write_string};
use crate::number_format::{Dtype, Endian, ReadError, read_numbers, tensor_shape, write_each};

/// Free text that travels with the tensors: who made them, of which epoch they are.
pub type Metadata = BTreeMap<String, String>;

/// The longest header, in bytes, that the format allows.
pub const MAX_HEADER: u64 = 100_000_000;

/// The key of the free text in the header, which no tensor can have.
const METADATA_KEY: &str = "__metadata__";

/// A file's table of contents: what it holds, and where, before a single number is read.
#[derive(Clone, Debug, PartialEq)]
pub struct SafetensorsHeader {
    /// The free text.
    pub metadata: Metadata,
    /// The tensors by name.
    pub tensors: BTreeMap<String, TensorEntry>,
    /// The length of the numbers, in bytes.
    pub data_len: u64,
}

/// Where a tensor lies in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorEntry {
    /// The type of its numbers.
    pub dtype: Dtype,
    /// Its shape.
    pub shape: Vec<usize>,
    /// Its bytes, counted from the end of the header.
    pub bytes: Range<u64>,
}

/// Writes `tensors` and `metadata` to the file `path`.
///
/// The file appears whole or not at all: when anything fails, a file that was there before is
/// untouched. The same tensors and metadata always give the same bytes, and tensors that were
/// loaded from `path` can be saved to `path`.
///
/// # Errors
/// When the system refuses, when a tensor is neither `f32` nor `i32` or is named `__metadata__`, or
/// when the header would be longer than [`MAX_HEADER`].
///
/// # Example
/// ```
/// use tinytorch_layers::StateDict;
/// use tinytorch_tensor::Tensor;
/// use tinytorch_training::{Metadata, load_safetensors, save_safetensors};
///
/// let path = std::env::temp_dir().join(format!("doc-{}.safetensors", std::process::id()));
/// let tensors = StateDict::from([("bias".to_string(), Tensor::from([0.5, -0.5]))]);
/// let about = Metadata::from([("epoch".to_string(), "3".to_string())]);
/// save_safetensors(&path, &tensors, &about)?;
///
/// let (loaded, metadata) = load_safetensors(&path)?;
/// assert_eq!(loaded["bias"].to_vec(), [0.5, -0.5]);
/// assert_eq!(metadata, about);
/// # std::fs::remove_file(path).unwrap();
/// # Ok::<(), tinytorch_training::TrainingError>(())
/// ```
pub fn save_safetensors(
    path: impl AsRef<Path>,
    tensors: &StateDict,
    metadata: &Metadata,
) -> Result<(), TrainingError> {
    let path = path.as_ref();
    let plan = Plan::of(tensors, metadata).map_err(|error| error.in_file(path))?;
    replace_file(path, |out| plan.write(out))
}

/// The bytes that [`save_safetensors`] writes.
///
/// # Errors
/// When a tensor is neither `f32` nor `i32` or is named `__metadata__`, or when the header would be
/// longer than [`MAX_HEADER`].
pub fn serialize_safetensors(
    tensors: &StateDict,
    metadata: &Metadata,
) -> Result<Vec<u8>, TrainingError> {
    let mut out = Vec::new();
    Plan::of(tensors, metadata)?.write(&mut out).expect("a Vec takes all");
    Ok(out)
}

/// Reads the tensors and the metadata of the file `path`. See [`Dtype`] for what becomes of which
/// type of number.
///
/// Takes memory for the tensors alone, beside a small buffer: never more than 4 times the file.
///
/// # Errors
/// When the system refuses, when the file is damaged or of another format, or when it holds what
/// no tensor here can: see [`TrainingError`].
pub fn load_safetensors(path: impl AsRef<Path>) -> Result<(StateDict, Metadata), TrainingError> {
    let path = path.as_ref();
    let read_error = |source| TrainingError::io("read", path, source);
    let file = File::open(path).map_err(read_error)?;
    let len = file.metadata().map_err(read_error)?.len();
    read_all(&mut BufReader::new(file), len).map_err(|error| match error {
        ReadError::Source(source) => read_error(source),
        ReadError::Content(error) => error.in_file(path),
    })
}

/// Reads the tensors and the metadata of a file that is already in memory.
///
/// # Errors
/// As [`load_safetensors`].
pub fn parse_safetensors(file: &[u8]) -> Result<(StateDict, Metadata), TrainingError> {
    read_all(&mut &file[..], file.len() as u64).map_err(|error| match error {
        ReadError::Source(source) => malformed(source.to_string()),
        ReadError::Content(error) => error,
    })
}

impl SafetensorsHeader {
    /// Reads the header of a file that is in memory, and checks it against the file's length.
    ///
    /// # Errors
    /// [`TrainingError::Malformed`], with what is wrong.
    pub fn parse(file: &[u8]) -> Result<Self, TrainingError> {
        read_header(&mut &file[..], file.len() as u64).map_err(|error| match error {
            ReadError::Source(source) => malformed(source.to_string()),
            ReadError::Content(error) => error,
        })
    }

    /// The header from its JSON text, for a file with `data_len` bytes of numbers.
    fn from_json(json: &str, data_len: u64) -> Result<Self, String> {
        if !json.starts_with('{') {
            return Err("the header does not begin with `{`".to_string());
        }
        let (mut metadata, mut tensors) = (Metadata::new(), BTreeMap::new());
        let mut cursor = Cursor::new(json);
        cursor.object(|cursor, name| {
            if name == METADATA_KEY {
                return cursor.object(|cursor, key| {
                    metadata.insert(key, cursor.string()?);
                    Ok(())
                });
            }
            let entry = TensorEntry::read(cursor).map_err(|why| format!("`{name}`: {why}"))?;
            tensors.insert(name, entry);
            Ok(())
        })?;
        if !cursor.rest().bytes().all(|b| b == b' ') {
            return Err("something other than spaces follows the header's last `}`".to_string());
        }
        let header = Self { metadata, tensors, data_len };
        header.check_cover()?;
        Ok(header)
    }

    /// The tensors in the order of their bytes.
    fn in_file_order(&self) -> Vec<(&String, &TensorEntry)> {
        let mut entries = self.tensors.iter().collect::<Vec<_>>();
        entries.sort_by_key(|(_, entry)| (entry.bytes.start, entry.bytes.end));
        entries
    }

    /// Checks that the tensors cover the numbers from the first byte to the last, each byte once.
    fn check_cover(&self) -> Result<(), String> {
        let mut end = 0;
        for (name, entry) in self.in_file_order() {
            if entry.bytes.start != end {
                let what = if entry.bytes.start > end { "a gap" } else { "an overlap" };
                let start = entry.bytes.start;
                return Err(format!("{what} before `{name}`: begins at {start}, not at {end}"));
            }
            end = entry.bytes.end;
        }
        if end != self.data_len {
            let there = self.data_len;
            return Err(format!("the tensors take {end} bytes of numbers, the file has {there}"));
        }
        Ok(())
    }
}

impl TensorEntry {
    /// Reads `{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}`, its keys in any order.
    fn read(cursor: &mut Cursor<'_>) -> Result<Self, String> {
        let (mut dtype, mut shape, mut offsets) = (None, None, None);
        cursor.object(|cursor, key| {
            match key.as_str() {
                "dtype" => dtype = Some(cursor.string()?),
                "shape" => shape = Some(cursor.integers()?),
                "data_offsets" => offsets = Some(cursor.integers()?),
                _ => return Err(format!("an unknown key {key:?}")),
            }
            Ok(())
        })?;
        let name = dtype.ok_or("no `dtype`")?;
        let dtype = Dtype::from_name(&name).ok_or(format!("an unknown dtype {name:?}"))?;
        let to_usize = |size| usize::try_from(size).map_err(|_| format!("a size of {size}"));
        let shape = shape.ok_or("no `shape`")?.into_iter().map(to_usize);
        let shape = shape.collect::<Result<Vec<_>, _>>()?;
        let Some(&[start, end]) = offsets.as_deref() else {
            return Err("no `data_offsets` of a beginning and an end".to_string());
        };
        let len = dtype.byte_len(&shape).ok_or(format!("an impossible shape {shape:?}"))?;
        if start.checked_add(len) != Some(end) {
            return Err(format!(
                "{name} {shape:?} takes {len} bytes, its offsets are {start}..{end}"
            ));
        }
        Ok(Self { dtype, shape, bytes: start..end })
    }
}

fn malformed(problem: impl Into<String>) -> TrainingError {
    TrainingError::Malformed { format: "safetensors", problem: problem.into() }
}

/// Reads the header of a file of `len` bytes.
fn read_header(file: &mut dyn Read, len: u64) -> Result<SafetensorsHeader, ReadError> {
    let content = |problem: String| ReadError::Content(malformed(problem));
    let Some(after_length) = len.checked_sub(8) else {
        return Err(content(format!("cut short: {len} bytes, the header's length alone takes 8")));
    };
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER {
        return Err(content(format!(
            "a header of {length} bytes, at most {MAX_HEADER} are allowed"
        )));
    }
    // Before the header is allocated: it must be in the file.
    let Some(data_len) = after_length.checked_sub(length) else {
        return Err(content(format!(
            "cut short: a header of {length} bytes, {after_length} are in the file"
        )));
    };
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header)?;
    let json = str::from_utf8(&header).map_err(|error| content(format!("the header: {error}")))?;
    SafetensorsHeader::from_json(json, data_len).map_err(content)
}

/// Reads a whole file of `len` bytes.
fn read_all(file: &mut dyn Read, len: u64) -> Result<(StateDict, Metadata), ReadError> {
    let header = read_header(file, len)?;
    let mut tensors = StateDict::new();
    for (name, entry) in header.in_file_order() {
        let TensorEntry { dtype, ref shape, .. } = *entry;
        let shape = tensor_shape(name, shape).map_err(ReadError::Content)?;
        let numbers = read_numbers(name, dtype, Endian::Little, shape.numel(), file)?;
        tensors.insert(name.clone(), numbers.into_tensor(shape));
    }
    Ok((tensors, header.metadata))
}

/// A file about to be written: its header, and its tensors in their order.
struct Plan<'a> {
    header: String,
    tensors: Vec<&'a Tensor>,
}

impl<'a> Plan<'a> {
    /// Orders the tensors as the reference does: by falling alignment, then by name.
    fn of(tensors: &'a StateDict, metadata: &Metadata) -> Result<Self, TrainingError> {
        let unwritable =
            |problem| Err(TrainingError::Unwritable { format: "safetensors", problem });
        let mut ordered = Vec::with_capacity(tensors.len());
        for (name, tensor) in tensors {
            let dtype = match tensor.kind() {
                "f32" => Dtype::F32,
                "i32" => Dtype::I32,
                kind => return unwritable(format!("`{name}` is {kind}; save `to_f32()` of it")),
            };
            if name == METADATA_KEY {
                return unwritable(format!("a tensor cannot be named `{name}`; rename it"));
            }
            ordered.push((dtype, name, tensor));
        }
        ordered.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        let header = header_json(&ordered, metadata);
        if header.len() as u64 > MAX_HEADER {
            return unwritable(format!(
                "a header of {} bytes, at most {MAX_HEADER} are allowed; shorten names or metadata",
                header.len()
            ));
        }
        Ok(Self { header, tensors: ordered.into_iter().map(|(_, _, tensor)| tensor).collect() })
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        out.write_all(&(self.header.len() as u64).to_le_bytes())?;
        out.write_all(self.header.as_bytes())?;
        for tensor in &self.tensors {
            match tensor.kind() {
                "i32" => write_each(&tensor.ints(), i32::to_le_bytes, out)?,
                _ => write_each(&tensor.data(), f32::to_le_bytes, out)?,
            }
        }
        Ok(())
    }
}

/// The header, padded with spaces so that the numbers begin at a multiple of 8 bytes.
fn header_json(ordered: &[(Dtype, &String, &Tensor)], metadata: &Metadata) -> String {
    let mut json = String::from("{");
    if !metadata.is_empty() {
        write_metadata(metadata, &mut json);
    }
    let mut start = 0;
    for (dtype, name, tensor) in ordered {
        let shape = tensor.shape().iter().map(|size| size.to_string()).collect::<Vec<_>>();
        let end = start + 4 * tensor.numel();
        if json.len() > 1 {
            json.push(',');
        }
        write_string(name, &mut json);
        json.push_str(&format!(
            r#":{{"dtype":"{}","shape":[{}],"data_offsets":[{start},{end}]}}"#,
            dtype.name(),
            shape.join(","),
        ));
        start = end;
    }
    json.push('}');
    let padding = json.len().next_multiple_of(8) - json.len();
    json.extend(std::iter::repeat_n(' ', padding));
    json
}

/// `"__metadata__":{"epoch":"3"}`
fn write_metadata(metadata: &Metadata, json: &mut String) {
    write_string(METADATA_KEY, json);
    let mut separator = ":{";
    for (key, value) in metadata {
        json.push_str(separator);
        write_string(key, json);
        json.push(':');
        write_string(value, json);
        separator = ",";
    }
    json.push('}');
}
