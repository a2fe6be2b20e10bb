//! How many bytes a tensor takes.

use crate::tensor::Tensor;
use std::fmt;

/// Where the bytes of a tensor are; displays as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryFootprint {
    /// Bytes of the numbers that the shape speaks of: what a copy would take.
    pub data: usize,
    /// Bytes of the storage behind it, which other views may share.
    pub storage: usize,
    /// Bytes of the tensor itself: shape, strides, place in the graph.
    pub overhead: usize,
}

impl Tensor {
    /// The bytes that its numbers take: 4 for each float or integer on the host.
    pub fn nbytes(&self) -> usize {
        self.memory_footprint().data
    }

    /// Where its bytes are.
    ///
    /// ```
    /// use tinytorch_tensor::Tensor;
    ///
    /// let weights = Tensor::zeros([256, 784]);
    /// assert_eq!(weights.nbytes(), 4 * 256 * 784);
    /// let row = weights.select(0, 3); // a view of 784 numbers that keeps all of them alive
    /// assert_eq!(row.memory_footprint().data, 4 * 784);
    /// assert_eq!(row.memory_footprint().storage, 4 * 256 * 784);
    /// ```
    pub fn memory_footprint(&self) -> MemoryFootprint {
        let storage = self.storage().nbytes();
        let data = match self.kind() {
            "f32" | "i32" => 4 * self.numel(),
            _ => storage,
        };
        MemoryFootprint { data, storage, overhead: size_of::<Tensor>() }
    }
}

impl fmt::Display for MemoryFootprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of numbers", Bytes(self.data))?;
        if self.storage > self.data {
            write!(f, " in {} of storage", Bytes(self.storage))?;
        }
        write!(f, ", {} of shape and strides", Bytes(self.overhead))
    }
}

struct Bytes(usize);

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
        let mut size = self.0 as f64;
        if size < 1024.0 {
            return write!(f, "{} B", self.0);
        }
        let mut unit = 0;
        size /= 1024.0;
        while size >= 1024.0 && unit + 1 < UNITS.len() {
            size /= 1024.0;
            unit += 1;
        }
        write!(f, "{size:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_footprint_reads_as_a_sentence() {
        let x = Tensor::zeros([512, 512]);
        let overhead = size_of::<Tensor>();
        let expected = format!("1.0 MiB of numbers, {overhead} B of shape and strides");
        assert_eq!(x.memory_footprint().to_string(), expected);
        let part = x.narrow(0, 0, 1).memory_footprint().to_string();
        assert!(part.starts_with("2.0 KiB of numbers in 1.0 MiB of storage"), "{part}");
        assert!(overhead <= 128, "{overhead}");
    }

    #[test]
    fn integers_take_four_bytes_too() {
        assert_eq!(Tensor::arange_i32(10).nbytes(), 40);
        assert_eq!(Tensor::zeros([0, 5]).nbytes(), 0);
    }
}
