//! The race: this framework and others, side by side in one run on the same cores.
//!
//! ```text
//! cargo run --release -p bench -- --peers torch,candle --only W2,W5.gpt_tiny --threads 1,2
//! ```
//!
//! Every workload has one definition, one stream of weights and one loss in all frameworks. In a
//! round everyone runs in turn, each in a fresh process and in every mode that may be its best;
//! the table shows medians over the rounds, how we stand to the best of the others, and which part
//! of the machine's peak, measured in the same run, we reach. `peers/README.md` installs the
//! others; who is not installed is left out.
//!
//! What has been measured is in a file at once, by default in `target/bench`: a race that is
//! interrupted loses nothing, and `--table FILE` prints what it gave.
//!
//! With `--peers none` it is a quick measurement of our own side, for who writes a kernel. What
//! the framework costs on its own, in time and bytes, is another program: `--bin costs`.

mod date;
mod entrant;
mod ours;
mod probe;
mod process;
mod race;
mod record;
mod results;
mod table;
mod workload;

use clap::{Args, Parser, Subcommand};
use entrant::Places;
use meter::Meter;
use probe::Probe;
use race::Rules;
use record::{Record, Row};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use tinytorch::acceleration::AlignedMemory;
use workload::{Workload, is_asked_for};

/// As README tells who uses the crate.
#[global_allocator]
static MEMORY: AlignedMemory = AlignedMemory;

/// Races TinyTorch against other frameworks on this machine.
#[derive(Parser)]
#[command(name = "bench", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    race: Race,
}

#[derive(Args)]
struct Race {
    /// Against whom: torch, jax, candle, burn, gemm, faer, matrixmultiply; or none
    #[arg(long, value_delimiter = ',', default_values_t = default_peers())]
    peers: Vec<String>,
    /// Workloads by the beginnings of their names: W2,W5.gpt_tiny [default: all]
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// On how many threads, one after another
    #[arg(long, value_delimiter = ',', default_values_t = [1, 2])]
    threads: Vec<usize>,
    /// How often everyone runs
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each workload is timed in a round, in seconds
    #[arg(long = "min-s", default_value_t = 0.25)]
    seconds: f64,
    /// After how many seconds a process is given up
    #[arg(long, default_value_t = 240)]
    patience: u64,
    /// Compares the least disturbed calls, not medians: for a machine that does other things, too
    #[arg(long)]
    least: bool,
    /// Runs all workloads of a family in one process: quicker, but what ran before leaves its traces
    #[arg(long)]
    together: bool,
    /// Writes the results into this file, after each round of each workload
    /// [default: target/bench/DATE.json]
    #[arg(long)]
    json: Option<PathBuf>,
    /// Prints the table of such a file instead
    #[arg(long, value_name = "FILE", exclusive = true)]
    table: Option<PathBuf>,
    /// Lists the workloads instead
    #[arg(long)]
    list: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Our side of one workload: lines of JSON. What the race starts in a process of its own.
    #[command(hide = true)]
    Measure {
        #[arg(long)]
        only: String,
        #[arg(long)]
        seconds: f64,
    },
}

fn default_peers() -> Vec<String> {
    ["torch", "jax", "candle", "burn", "gemm", "faer"].map(str::to_string).to_vec()
}

/// Where it is raced, and when.
pub struct Machine {
    /// The processor.
    pub name: String,
    /// How many cores it has.
    pub cores: usize,
    /// Since 1970.
    pub seconds: u64,
    /// What it can do with each number of threads.
    pub probes: Vec<(usize, Probe)>,
}

impl Machine {
    fn look(threads: &[usize]) -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Self {
            name: meter::processor(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            seconds,
            probes: threads.iter().map(|&threads| (threads, Probe::new(threads))).collect(),
        }
    }

    fn probe(&self, threads: usize) -> &Probe {
        let found = self.probes.iter().find(|(of, _)| *of == threads);
        &found.expect("a probe was made for each number of threads").1
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workloads = ours::workloads();
    match cli.command {
        Some(Command::Measure { only, seconds }) => measure(&workloads, &only, seconds),
        None if cli.race.list => list(&workloads),
        None => {
            return match &cli.race.table {
                Some(file) => print(file),
                None => run(&workloads, &cli.race),
            };
        }
    }
    ExitCode::SUCCESS
}

/// What an earlier race, or one that still runs, has given.
fn print(file: &Path) -> ExitCode {
    match Record::read(file) {
        Ok(record) => {
            println!("{}\n{}", table::place(&record), table::results(&record));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{} has no results: {error}", file.display());
            ExitCode::from(2)
        }
    }
}

fn measure(workloads: &[Workload], only: &str, seconds: f64) {
    let threads = std::env::var("BENCH_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let only: Vec<&str> = only.split(',').collect();
    let meter = Meter::new(entrant::OURS, threads, &only, seconds);
    for workload in workloads.iter().filter(|workload| meter.wants(&workload.name)) {
        if let Some(run) = &workload.run {
            run(&meter);
        }
    }
}

fn list(workloads: &[Workload]) {
    for workload in workloads {
        println!("{}", workload.name);
    }
}

fn run(workloads: &[Workload], race: &Race) -> ExitCode {
    let asked: Vec<&Workload> =
        workloads.iter().filter(|workload| is_asked_for(&workload.name, &race.only)).collect();
    if let Some(mistake) = mistake(&asked, race) {
        eprintln!("{mistake}");
        return ExitCode::from(2);
    }
    let places = Places::find();
    let (entrants, missing) = entrant::present(&race.peers, &places);
    for peer in missing {
        let place = places.installed.display();
        println!("{peer} is not installed in {place}; bench/peers/README.md says how");
    }
    let machine = Machine::look(&race.threads);
    let &Race { rounds, seconds, patience, least, together, .. } = race;
    let rules = Rules { rounds, seconds, patience, least, together };
    let columns = entrant::peers().into_iter();
    let columns: Vec<&str> =
        columns.filter(|peer| entrants.iter().any(|entrant| entrant.peer == *peer)).collect();
    let mut record = Record::new(&machine, &rules, &columns);
    println!("{}", table::place(&record));
    let file = race.json.clone().unwrap_or_else(|| default_file(&record));
    let mut written = record.write(&file); // before it takes hours for nothing
    if let Err(error) = &written {
        eprintln!("{} can't be written: {error}", file.display());
        return ExitCode::from(2);
    }
    race::race(&asked, &race.threads, &entrants, &places, &rules, |rows| {
        let row = |raced: &&race::Raced| Row::new(raced, machine.probe(raced.threads));
        record.rows = rows.iter().map(row).collect();
        written = record.write(&file);
    });
    println!("{}", table::results(&record));
    finish(&record, &file, written)
}

/// Beside what was built, with the time in its name.
fn default_file(record: &Record) -> PathBuf {
    let name = date::time(record.unix_seconds).replace([' ', ':'], "-");
    target().join("bench").join(name).with_extension("json")
}

/// Where this repository keeps what it makes.
fn target() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("target")
}

fn finish(record: &Record, file: &Path, written: io::Result<()>) -> ExitCode {
    match &written {
        Ok(()) => println!("written to {}", file.display()),
        Err(error) => eprintln!("{} can't be written: {error}", file.display()),
    }
    let failed = record.rows.iter().any(|row| row.failure.is_some());
    if failed || written.is_err() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// What was asked for and does not exist.
fn mistake(asked: &[&Workload], race: &Race) -> Option<String> {
    let known = entrant::peers();
    let strange = |peer: &&String| *peer != "none" && !known.contains(&peer.as_str());
    if let Some(peer) = race.peers.iter().find(strange) {
        return Some(format!("there is no peer {peer}; there are {}, and none", known.join(", ")));
    }
    if asked.is_empty() {
        return Some(format!("no workload begins with {}; see --list", race.only.join(" or ")));
    }
    let none = race.threads.contains(&0) || race.threads.is_empty() || race.rounds == 0;
    none.then(|| "there is at least one thread and one round".to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(arguments: &[&str]) -> Race {
        let arguments = ["bench"].iter().chain(arguments);
        Cli::try_parse_from(arguments).expect("they are good").race
    }

    #[test]
    fn arguments_are_lists_with_defaults() {
        Cli::command().debug_assert();
        let race =
            parse(&["--peers", "torch,candle", "--only", "W2,W5.gpt_tiny", "--threads", "1"]);
        assert_eq!((race.peers.len(), race.only.len(), race.threads), (2, 2, vec![1]));
        let race = parse(&[]);
        assert_eq!((race.peers, race.threads, race.rounds), (default_peers(), vec![1, 2], 3));
        assert_eq!(parse(&["--table", "x.json"]).table, Some("x.json".into()));
    }

    #[test]
    fn a_file_has_the_time_in_its_name() {
        let machine = Machine { name: String::new(), cores: 1, seconds: 0, probes: Vec::new() };
        let rules = Rules { rounds: 1, seconds: 0.0, patience: 1, least: false, together: false };
        let file = default_file(&Record::new(&machine, &rules, &[]));
        assert!(file.ends_with("target/bench/1970-01-01-00-00-00.json"), "{}", file.display());
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let workloads = ours::workloads();
        let asked: Vec<&Workload> = workloads.iter().collect();
        let refusal = |arguments: &[&str]| mistake(&asked, &parse(arguments)).expect("a refusal");
        assert!(refusal(&["--peers", "keras"]).starts_with("there is no peer keras; there are"));
        assert!(refusal(&["--rounds", "0"]).contains("one round"));
        assert_eq!(mistake(&asked, &parse(&["--peers", "none"])), None);
        let nothing = mistake(&[], &parse(&["--only", "W99"])).expect("a refusal");
        assert_eq!(nothing, "no workload begins with W99; see --list");
    }
}
