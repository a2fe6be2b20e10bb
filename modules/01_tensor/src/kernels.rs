//! Which implementation computes what.

use crate::door::{Op, Update};
use crate::storage::Storage;
use crate::tensor::Tensor;
use std::any::TypeId;
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

/// One implementation of one op for one kind of storage.
pub type Kernel = fn(&dyn Op, &[&Tensor]) -> Tensor;

/// One implementation of one update for one kind of storage.
pub type UpdateKernel = fn(&dyn Update, &mut [&mut Tensor], &[&Tensor]);

/// The kernels of the process, by op and kind of storage.
#[derive(Default, Clone)]
pub struct Kernels {
    ops: ByKey<TypeId, Vec<(&'static str, Kernel)>>,
    updates: ByKey<TypeId, Vec<(&'static str, UpdateKernel)>>,
}

impl Kernels {
    /// From now on `O` on storage of this kind is computed by `kernel`.
    pub fn on<O: Op>(&mut self, kind: &'static str, kernel: Kernel) {
        replace(self.ops.entry(TypeId::of::<O>()).or_default(), kind, kernel);
    }

    /// From now on `U` of targets of this kind is computed by `kernel`.
    pub fn on_update<U: Update>(&mut self, kind: &'static str, kernel: UpdateKernel) {
        replace(self.updates.entry(TypeId::of::<U>()).or_default(), kind, kernel);
    }
}

fn replace<K>(kernels: &mut Vec<(&'static str, K)>, kind: &'static str, kernel: K) {
    kernels.retain(|k| k.0 != kind);
    kernels.push((kind, kernel));
}

#[inline]
fn find<K: Copy>(
    kernels: &ByKey<TypeId, Vec<(&'static str, K)>>,
    key: TypeId,
    kind: &str,
) -> Option<K> {
    kernels.get(&key)?.iter().find(|k| k.0 == kind).map(|k| k.1)
}

/// The table as it is now, and how often it has changed. A changed table is a new, leaked one
/// (a handful per process), so that a thread reads its own without a lock or a count.
static LATEST: Mutex<Option<&'static Kernels>> = Mutex::new(None);
static CHANGES: AtomicUsize = AtomicUsize::new(0);
thread_local!(static MINE: Cell<(usize, Option<&'static Kernels>)> = const { Cell::new((0, None)) });

/// Adds a module's kernels, at any time and from any thread; later ones win.
pub fn register(module: impl FnOnce(&mut Kernels)) {
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    let mut table = latest.cloned().unwrap_or_default();
    module(&mut table);
    *latest = Some(Box::leak(Box::new(table)));
    CHANGES.fetch_add(1, Ordering::Release);
}

/// Whether `O` on this kind of storage has a kernel of its own.
pub fn has_kernel<O: Op>(kind: &str) -> bool {
    table().is_some_and(|t| find(&t.ops, TypeId::of::<O>(), kind).is_some())
}

#[inline]
fn table() -> Option<&'static Kernels> {
    let (seen, table) = MINE.get();
    let now = CHANGES.load(Ordering::Acquire);
    if seen == now { table } else { refresh(now) }
}

#[cold]
fn refresh(now: usize) -> Option<&'static Kernels> {
    let table = *LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    MINE.set((now, table));
    table
}

/// Below the last interpreter: the kernel for this kind of storage, else the definition.
#[inline]
#[track_caller]
pub(crate) fn compute(op: &dyn Op, x: &[&Tensor]) -> Tensor {
    let kind = kind_of(x);
    match table().and_then(|t| find(&t.ops, op.type_id(), kind)) {
        Some(kernel) => kernel(op, x),
        None if is_host(kind) || op.any_kind() => op.forward(x),
        None => panic!(
            "{}: no kernel for storage of kind {kind}; register one, or use `to_f32()`",
            op.name()
        ),
    }
}

#[inline]
pub(crate) fn compute_update(op: &dyn Update, targets: &mut [&mut Tensor], x: &[&Tensor]) {
    let kind = targets.first().map_or("f32", |t| t.kind());
    match table().and_then(|t| find(&t.updates, op.type_id(), kind)) {
        Some(kernel) => kernel(op, targets, x),
        None => op.run(targets, x),
    }
}

/// The kind that decides: the first that is not on the host; then floats, then integers.
#[inline]
fn kind_of(x: &[&Tensor]) -> &'static str {
    let mut kind = "i32";
    for t in x {
        match t.storage() {
            Storage::F32(_) => kind = "f32",
            Storage::I32(_) => {}
            Storage::Other(_) | Storage::Released => return t.kind(),
        }
    }
    kind
}

fn is_host(kind: &str) -> bool {
    matches!(kind, "f32" | "i32")
}

/// A map whose keys are already well mixed: tensor ids and type ids.
pub type ByKey<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// One multiplication: enough for ids that count up and for type ids that are hashes.
#[derive(Default)]
pub struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |h, &b| (h << 8) ^ u64::from(b));
    }

    fn write_u64(&mut self, x: u64) {
        self.0 = x;
    }
}
