//! 07.13: the old file or the new one.

use check::{Because, Check, Verdict, wrong};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use tinytorch_layers::StateDict;
use tinytorch_tensor::Tensor;
use tinytorch_training::{Metadata, TrainingError, load_safetensors, save_safetensors};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.13.written",
        exercise: "07.13",
        fact: "what was saved is read again, all 100,000 numbers, and no other file is there",
        run: written,
    },
    Check {
        id: "07.13.replaced",
        exercise: "07.13",
        fact: "a new file takes the old one's name: whoever has the old one open still reads it",
        run: replaced,
    },
    Check {
        id: "07.13.refused",
        exercise: "07.13",
        fact: "a name that cannot be taken is an error, and leaves nothing behind",
        run: refused,
    },
    Check {
        id: "07.13.swept",
        exercise: "07.13",
        fact: "what a killed process left behind is swept away by the next save",
        run: swept,
    },
    Check {
        id: "07.13.rights",
        exercise: "07.13",
        fact: "a file that only its owner may read stays so (Unix)",
        run: rights,
    },
    Check {
        id: "07.13.link",
        exercise: "07.13",
        fact: "a link stays a link, and the file that it leads to is replaced (Unix)",
        run: link,
    },
];

/// A folder of this check's own, removed with all that is in it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("tinytorch-check-07-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).expect("a new folder among temporary files");
        Self(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).expect("the folder is there");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            entry.expect("an entry").file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn save(path: &Path, value: f32) -> Result<(), TrainingError> {
    let tensors = StateDict::from([("a".to_string(), Tensor::full([100_000], value))]);
    save_safetensors(path, &tensors, &Metadata::new())
}

/// Wrong unless `path` holds 100,000 times `value`.
fn unless_holds(path: &Path, value: f32) -> Verdict {
    match load_safetensors(path) {
        Ok((tensors, _)) => {
            let all = tensors["a"].to_vec().iter().all(|&number| number == value);
            wrong::unless(all, || format!("not 100,000 times {value}"))
        }
        Err(error) => {
            let cut = error.to_string().contains("the file has");
            wrong::unless(false, || format!("cannot be read again: {error}"))
                .because(cut, "the end is missing: what is still in the buffer wants `flush`")
                .because(true, "the bytes are not all in the file when it takes its name")
        }
    }
}

fn written() -> Verdict {
    let folder = Folder::new();
    let path = folder.file("model");
    let saved = save(&path, 1.5);
    wrong::unless(saved.is_ok(), || format!("saving: {saved:?}"))?;
    let names = folder.names();
    wrong::unless_eq(&names, &["model"])
        .because(names.is_empty(), "no file is there: did the new one take the name?")
        .because(names.len() > 1, "an unfinished file was left beside it")?;
    unless_holds(&path, 1.5)?;
    let saved = save(&path, 2.5);
    wrong::unless(saved.is_ok(), || format!("saving again: {saved:?}"))?;
    unless_holds(&path, 2.5)
}

fn replaced() -> Verdict {
    let folder = Folder::new();
    let (path, other) = (folder.file("model"), folder.file("second name"));
    wrong::unless(save(&path, 1.0).is_ok(), || "saving failed")?;
    // A second name for the same file on the disk shows what becomes of that file.
    if fs::hard_link(&path, &other).is_err() {
        return Ok(()); // this file system has no second names
    }
    wrong::unless(save(&path, 2.0).is_ok(), || "saving again failed")?;
    unless_holds(&path, 2.0)?;
    unless_holds(&other, 1.0).because(
        true,
        "the old file was written over in place: a crash halfway would have left neither",
    )
}

fn refused() -> Verdict {
    let folder = Folder::new();
    fs::create_dir(folder.file("model")).expect("a folder where the file should go");
    let got = save(&folder.file("model"), 1.0);
    wrong::unless(got.is_err(), || "a folder was replaced by a file")?;
    wrong::unless_eq(folder.names(), vec!["model"])
        .note("a name that is a folder's: the unfinished file must be removed again")?;
    let got = save(&folder.file("none/model"), 1.0);
    let named = got.as_ref().is_err_and(|error| error.to_string().contains("model"));
    wrong::unless(named, || format!("into a folder that is not there: {got:?}"))
        .note("the error names the file")?;
    let got = save(Path::new("/"), 1.0);
    let create = matches!(got, Err(TrainingError::Io { action: "create", .. }));
    wrong::unless(create, || format!("to `/`: {got:?}"))
        .note("a path without a file name: `create`, before anything is swept or made")
}

fn swept() -> Verdict {
    let folder = Folder::new();
    let left = folder.file(".model.1-0.unfinished");
    fs::write(&left, "half").expect("what a killed process left");
    wrong::unless(save(&folder.file("model"), 1.0).is_ok(), || "saving failed")?;
    let names = folder.names();
    wrong::unless_eq(&names, &["model"])
        .because(names.len() == 2, "the dead process's file is still there: `sweep(target)`")
}

#[cfg(unix)]
fn rights() -> Verdict {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let path = folder.file("model");
    wrong::unless(save(&path, 1.0).is_ok(), || "saving failed")?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("own file");
    wrong::unless(save(&path, 2.0).is_ok(), || "saving again failed")?;
    let mode = fs::metadata(&path).expect("the file is there").permissions().mode() & 0o777;
    wrong::unless(mode == 0o600, || format!("mode 0{mode:o} after the second save, not 0600"))
        .because(mode & 0o077 != 0, "saving again made the file readable for others")
}

#[cfg(unix)]
fn link() -> Verdict {
    let folder = Folder::new();
    let (real, link) = (folder.file("epoch 3"), folder.file("latest"));
    wrong::unless(save(&real, 1.0).is_ok(), || "saving failed")?;
    std::os::unix::fs::symlink(&real, &link).expect("own folder");
    wrong::unless(save(&link, 2.0).is_ok(), || "saving through the link failed")?;
    let still = fs::symlink_metadata(&link).expect("it is there").is_symlink();
    wrong::unless(still, || "the link became a file of its own")
        .because(true, "the target is where the path leads to: fs::canonicalize")?;
    unless_holds(&real, 2.0)
}

#[cfg(not(unix))]
fn rights() -> Verdict {
    Ok(())
}

#[cfg(not(unix))]
fn link() -> Verdict {
    Ok(())
}
