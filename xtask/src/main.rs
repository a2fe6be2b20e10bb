//! What maintainers run: `cargo xtask <command>`.

mod tinydigits;

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

/// What maintainers run.
#[derive(Parser)]
#[command(name = "cargo xtask")]
enum Xtask {
    /// Make datasets/tinydigits from scikit-learn's digits.csv or digits.csv.gz
    Tinydigits {
        /// 64 pixel values 0..=16 and a label per line, as in scikit-learn's `digits.csv.gz`
        csv: PathBuf,
    },
}

fn main() -> ExitCode {
    let outcome = match Xtask::parse() {
        Xtask::Tinydigits { csv } => tinydigits::make(&csv, &tinydigits::shipped()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("error: {problem}");
            ExitCode::FAILURE
        }
    }
}
