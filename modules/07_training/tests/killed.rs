//! A process that is killed while it saves, again and again: what is on disk is always whole, and
//! never older than what had been saved when it died.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use tinytorch_layers::StateDict;
use tinytorch_tensor::Tensor;
use tinytorch_training::{Metadata, load_safetensors, save_safetensors};

/// Names the file to the process that is to be killed.
const FILE: &str = "TINYTORCH_TEST_SAVES_TO";

/// Saves for ever when it is run as the process to be killed; passes when run as a test.
#[test]
fn the_process_that_is_killed() {
    let Ok(path) = std::env::var(FILE) else { return };
    for turn in 0.. {
        let tensors = [("a", [100_000]), ("b", [100_001])]
            .map(|(name, shape)| (name.to_string(), Tensor::full(shape, turn as f32)));
        let about = Metadata::from([("turn".to_string(), turn.to_string())]);
        save_safetensors(&path, &StateDict::from(tensors), &about).unwrap();
        println!("saved {turn}");
    }
}

/// The turn that the file is of, having checked that all of it is.
fn turn_of(path: &Path) -> u32 {
    let (tensors, metadata) = load_safetensors(path).unwrap();
    let turn = metadata["turn"].parse::<u32>().unwrap();
    assert_eq!((tensors["a"].numel(), tensors["b"].numel()), (100_000, 100_001));
    for tensor in tensors.values() {
        assert!(tensor.data().iter().all(|&value| value == turn as f32));
    }
    turn
}

#[test]
fn a_killed_process_leaves_a_whole_file_of_its_last_save_or_a_later_one() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for round in 0..20u64 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "the_process_that_is_killed", "--nocapture"])
            .env(FILE, &path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut saves = lines.filter_map(|line| {
            let line = line.unwrap();
            // The first line comes after the test's name, which the harness prints.
            line.split("saved ").nth(1).map(|turn| turn.parse::<u32>().unwrap())
        });
        let seen = saves.nth(1 + round as usize % 3).unwrap();
        // A different moment of the save in each round.
        for n in 0..round * 20_000 {
            std::hint::black_box(n);
        }
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(turn_of(&path) >= seen, "turn {seen} was saved, and lost");
    }
    // What the dead left behind goes with the next save.
    save_safetensors(&path, &StateDict::new(), &Metadata::new()).unwrap();
    assert_eq!(folder.path().read_dir().unwrap().count(), 1);
}
