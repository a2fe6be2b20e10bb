//! One process at a time works on a data set.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::Trouble;

/// Holds the lock until it is dropped, or until the process ends, however it ends.
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock, after a call of `waiting` if somebody else holds it.
///
/// File systems without locks (some network shares) are used without: every file still appears
/// by one rename after its check, so the worst that two processes can do there is double work.
pub(super) fn hold(path: &Path, waiting: impl FnOnce()) -> Result<Lock, Trouble> {
    let file = File::options().create(true).write(true).truncate(false).open(path);
    let file = file.map_err(|error| Trouble::disk("create", path, error))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        waiting();
        file.lock().map_err(|error| Trouble::disk("lock", path, error))?;
    }
    Ok(Lock { _file: file })
}
