//! Disks that are full, and disks that can't be written to. Only where a disk can be mounted, as
//! the administrator can.

#![cfg(target_os = "linux")]

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::learner::{Learner, files};

/// A disk of its own; unmounted when it is dropped.
struct Disk(TempDir);

impl Disk {
    /// None where it is not permitted, with a word.
    fn mounted(options: &str) -> Option<Disk> {
        let disk = Disk(tempfile::tempdir().unwrap());
        let mut command = Command::new("mount");
        command.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(disk.path());
        let mounted = command.output().is_ok_and(|output| output.status.success());
        if !mounted {
            println!("left out: no disk can be mounted here");
        }
        mounted.then_some(disk)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.path()).status();
        assert!(status.unwrap().success());
    }

    /// Fills it with a file, until so many bytes are free.
    fn fill(&self, free: u64) {
        let path = self.path().join("filler");
        let mut file = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            let zeros = vec![0; size];
            while file.write_all(&zeros).is_ok() {}
        }
        let size = file.metadata().unwrap().len();
        file.set_len(size.saturating_sub(free)).unwrap();
    }

    fn make_room(&self) {
        File::create(self.path().join("filler")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: a process of a test that failed may still be in it.
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}

const MINE: &str = "secret_product /* mine */";

/// Somebody on this disk, with 01 complete and 02 begun.
fn at_work(disk: &Disk) -> Learner {
    let learner = Learner::living_in(disk.path());
    learner.say(&["init", "my-tinytorch"]).ended(0);
    learner.say(&["module", "start", "01"]).ended(0);
    learner.type_in("01");
    learner.edit("01", "shape.rs", "    secret_product\n", &format!("    {MINE}\n"));
    learner.say(&["module", "complete", "01"]).ended(0);
    learner
}

fn has_mine(learner: &Learner) -> bool {
    let text = fs::read_to_string(learner.sources("01").join("shape.rs")).unwrap();
    text.contains(MINE)
}

#[test]
fn a_full_disk_is_named_and_nothing_is_lost_on_it() {
    let Some(disk) = Disk::mounted("size=96m") else { return };
    let learner = at_work(&disk);
    let newer = crate::elsewhere::newer_course();
    // From not a byte to enough for some of the files: it is full in the middle of a command.
    for free in [0, 1, 2, 3, 5, 8, 12, 20].map(|pages| pages * 4096) {
        disk.fill(free);
        for words in [
            &["module", "start", "02"][..],
            &["module", "reset", "01"],
            &["module", "hint", "01.1"],
            &["module", "adopt", "02"],
            &["update"],
            &["export", "progress", "p.json"],
            &["init", "../another"],
        ] {
            let mut command = learner.command(words);
            if words == ["update"] {
                command.env("TITO_COURSE", newer.path());
            }
            let said = crate::learner::Said::from(command.output().unwrap());
            assert!([0, 3].contains(&said.status), "{free}: {words:?} {said:?}");
            if said.status == 3 {
                let words = said.err.to_lowercase();
                assert!(words.contains("disk is full") || words.contains("no space"), "{said:?}");
            }
            // What a command that went well took away, it kept; what failed took nothing away.
            let kept = files(&learner.root);
            let mut texts = kept.values().map(|it| String::from_utf8_lossy(it));
            assert!(texts.any(|text| text.contains(MINE)), "{free}: {words:?}");
            learner.say(&[]).ended(0);
            disk.make_room();
            if !has_mine(&learner) {
                learner.type_in("01");
                learner.edit("01", "shape.rs", "    secret_product\n", &format!("    {MINE}\n"));
                learner.say(&["module", "complete", "01"]).ended(0);
            }
            assert_eq!(learner.standings()["01"], "complete", "{free}: {words:?}");
            for made in ["p.json", "../another"].map(|name| learner.root.join(name)) {
                let whole = !made.is_dir() || made.join("tito.toml").is_file();
                assert!(whole, "{free}: half of a workspace was left");
                let _ = fs::remove_file(&made).or_else(|_| fs::remove_dir_all(&made));
            }
            if learner.standings()["02"] != "ready" {
                learner.say(&["module", "list"]).ended(0);
            }
            disk.fill(free);
        }
    }
    disk.make_room();
    learner.say(&["module", "complete", "01"]).ended(0);
    learner.say(&["doctor"]).ended(0);
}

#[test]
fn a_build_on_a_full_disk_says_so_and_goes_on_when_there_is_room() {
    let Some(disk) = Disk::mounted("size=96m") else { return };
    let learner = at_work(&disk);
    learner.edit("01", "shape.rs", MINE, "secret_product + 0 /* mine */");
    disk.fill(0);
    learner.say(&["module", "test", "01"]).ended(3).with("full");
    learner.say(&["module", "complete", "01"]).ended(3).with("full");
    disk.make_room();
    learner.say(&["module", "complete", "01"]).ended(0);
}

#[test]
fn a_disk_that_cannot_be_written_to_is_named_and_can_be_looked_at() {
    let Some(disk) = Disk::mounted("size=96m") else { return };
    let learner = at_work(&disk);
    disk.remount("ro");
    let before = files(&learner.root);
    learner.say(&[]).ended(0);
    learner.say(&["module", "list"]).ended(0);
    learner.say(&["module", "status", "01"]).ended(0);
    for words in [
        &["module", "test", "01"][..],
        &["module", "complete", "01"],
        &["module", "reset", "01"],
        &["module", "start", "02"],
        &["module", "hint", "01.1"],
        &["init", "../another"],
    ] {
        let said = learner.say(words);
        assert!(said.status == 3 && said.err.to_lowercase().contains("read-only"), "{said:?}");
    }
    learner.say(&["doctor"]).ended(3).with("copy the workspace");
    assert_eq!(files(&learner.root), before);
    disk.remount("rw");
    learner.say(&["module", "test", "01"]).ended(0);
}
