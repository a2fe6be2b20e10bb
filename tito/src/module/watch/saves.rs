//! Which changes in a folder are saves.

use std::path::Path;
use std::time::Duration;

use notify_debouncer_full::notify::event::{AccessKind, AccessMode, EventKind};
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{
    DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
};

use crate::durable::is_leftover;
use crate::failure::Failure;

/// Long enough for an editor's dance of temporary files and renames, short enough not to be felt.
const CALM: Duration = Duration::from_millis(60);

/// Watches until it is dropped.
pub type Watcher = Debouncer<RecommendedWatcher, RecommendedCache>;

/// Calls `saved` once for all that changes in a folder within a moment, whichever way an editor
/// saves: in place, by renaming over the file, or through temporary files.
///
/// # Errors
/// The system can't watch.
pub fn watch(folder: &Path, saved: impl Fn() + Send + 'static) -> Result<Watcher, Failure> {
    let heard = move |result: DebounceEventResult| match result {
        Ok(events) if !events.iter().any(is_save) => {}
        // Events that got lost may have been saves.
        _ => saved(),
    };
    let refused = |error: notify_debouncer_full::notify::Error| {
        Failure::environment(format!("{} can't be watched: {error}", folder.display()))
            .cure("judge by hand after a save: tito module test")
    };
    let mut watcher = new_debouncer(CALM, None, heard).map_err(refused)?;
    watcher.watch(folder, RecursiveMode::Recursive).map_err(refused)?;
    Ok(watcher)
}

/// Whether an event may have changed a source file.
fn is_save(event: &DebouncedEvent) -> bool {
    let changes = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false, // reading, as cargo and editors do all the time
        _ => true,
    };
    changes && (event.need_rescan() || event.paths.iter().any(|path| is_source(path)))
}

fn is_source(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.ends_with(".rs") && !is_leftover(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::sync::mpsc::{Receiver, channel};

    /// A folder with a source file, watched.
    struct Watched {
        folder: tempfile::TempDir,
        saves: Receiver<()>,
        _watcher: Watcher,
    }

    impl Watched {
        fn new() -> Watched {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("lib.rs"), "one").unwrap();
            let (tell, saves) = channel();
            let watcher = watch(folder.path(), move || tell.send(()).unwrap()).unwrap();
            Watched { folder, saves, _watcher: watcher }
        }

        /// Waits for a save to be noticed. The limit is only reached when the test fails.
        fn is_noticed(&self) -> bool {
            self.saves.recv_timeout(Duration::from_secs(30)).is_ok()
        }
    }

    #[test]
    fn a_file_written_in_place_is_a_save() {
        let watched = Watched::new();
        fs::write(watched.folder.path().join("lib.rs"), "two").unwrap();
        assert!(watched.is_noticed());
    }

    #[test]
    fn a_file_renamed_over_the_old_one_is_a_save() {
        let watched = Watched::new();
        let (old, new) = (watched.folder.path().join("lib.rs"), watched.folder.path().join("new~"));
        fs::write(&new, "two").unwrap();
        fs::rename(&new, &old).unwrap();
        assert!(watched.is_noticed());
    }

    #[test]
    fn a_file_moved_away_and_written_anew_is_a_save() {
        // As vim does with `backupcopy=no`: 4913, lib.rs~, lib.rs.
        let watched = Watched::new();
        let path = |name: &str| watched.folder.path().join(name);
        fs::write(path("4913"), "").unwrap();
        fs::remove_file(path("4913")).unwrap();
        fs::rename(path("lib.rs"), path("lib.rs~")).unwrap();
        fs::write(path("lib.rs"), "two").unwrap();
        fs::remove_file(path("lib.rs~")).unwrap();
        assert!(watched.is_noticed());
    }

    #[test]
    fn reading_and_what_editors_leave_is_no_save() {
        let watched = Watched::new();
        let path = |name: &str| watched.folder.path().join(name);
        fs::read(path("lib.rs")).unwrap();
        fs::write(path(".lib.rs.swp"), "x").unwrap();
        fs::write(path("lib.rs~"), "x").unwrap();
        fs::create_dir(path("deep")).unwrap();
        assert!(watched.saves.try_recv().is_err());
        // A save after all that is still noticed, and it is the first thing that is.
        fs::write(path("lib.rs"), "two").unwrap();
        assert!(watched.is_noticed());
    }
}
