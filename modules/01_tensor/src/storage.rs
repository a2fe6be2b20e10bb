//! Where the numbers are.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

/// The numbers of a tensor, shared by all views of it.
#[derive(Clone)]
pub enum Storage {
    /// Floats on the host: data, weights, gradients.
    F32(Arc<Vec<f32>>),
    /// Integers on the host: token ids, class labels, and masks of 0 and 1.
    I32(Arc<Vec<i32>>),
    /// Anything a later module thinks of.
    Other(Arc<dyn Buffer>),
    /// None any more: the history kept only the shape, as no gradient rule reads the numbers.
    Released,
}

/// Numbers kept another way: int8 with a scale, half precision, memory of a GPU.
///
/// A buffer holds as many numbers as the tensors that are made of it, in row-major order; views
/// of them ([`Layout`](crate::Layout)) work on any kind.
pub trait Buffer: Any + Send + Sync {
    /// Names the kind ("i8", "cuda"); kernels are registered per kind.
    fn kind(&self) -> &'static str;
    /// All numbers as floats on the host.
    fn to_f32(&self) -> Vec<f32>;
    /// The size in bytes.
    fn nbytes(&self) -> usize;
}

impl Storage {
    /// The kind of numbers: "f32", "i32", or what the buffer says.
    #[inline]
    pub fn kind(&self) -> &'static str {
        match self {
            Storage::F32(_) => "f32",
            Storage::I32(_) => "i32",
            Storage::Other(buffer) => buffer.kind(),
            Storage::Released => "released",
        }
    }

    /// The size in bytes, of the whole storage.
    pub fn nbytes(&self) -> usize {
        match self {
            Storage::F32(values) => size_of_val(values.as_slice()),
            Storage::I32(values) => size_of_val(values.as_slice()),
            Storage::Other(buffer) => buffer.nbytes(),
            Storage::Released => 0,
        }
    }

    /// Where the storage begins: two tensors share it exactly when they agree in this.
    pub(crate) fn address(&self) -> usize {
        match self {
            Storage::F32(values) => Arc::as_ptr(values) as usize,
            Storage::I32(values) => Arc::as_ptr(values) as usize,
            Storage::Other(buffer) => Arc::as_ptr(buffer).cast::<()>() as usize,
            Storage::Released => 0,
        }
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Storage({}, {} bytes)", self.kind(), self.nbytes())
    }
}

/// A number a host tensor can hold: `f32` or `i32`.
pub trait Element: Copy + PartialOrd + fmt::Display + Send + Sync + 'static {
    /// Its kind of storage.
    const KIND: &'static str;
    /// Zero.
    const ZERO: Self;
    /// These numbers as storage.
    fn store(values: Vec<Self>) -> Storage;
    /// The numbers of a storage of this kind, else `None`.
    fn read(storage: &Storage) -> Option<&[Self]>;
    /// The numbers of a storage of this kind, if nothing else shares them.
    fn write(storage: &mut Storage) -> Option<&mut Vec<Self>>;
}

macro_rules! element {
    ($type:ty, $variant:ident, $kind:literal) => {
        impl Element for $type {
            const KIND: &'static str = $kind;
            const ZERO: Self = 0 as $type;

            #[inline]
            fn store(values: Vec<Self>) -> Storage {
                Storage::$variant(Arc::new(values))
            }

            #[inline]
            fn read(storage: &Storage) -> Option<&[Self]> {
                match storage {
                    Storage::$variant(values) => Some(values),
                    _ => None,
                }
            }

            #[inline]
            fn write(storage: &mut Storage) -> Option<&mut Vec<Self>> {
                match storage {
                    Storage::$variant(values) => Arc::get_mut(values),
                    _ => None,
                }
            }
        }
    };
}
element!(f32, F32, "f32");
element!(i32, I32, "i32");
