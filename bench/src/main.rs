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
//! With `--peers none` it is a quick measurement of our own side, for who writes a kernel. What
//! the framework costs on its own, in time and bytes, is another program: `--bin costs`.

mod entrant;
mod json;
mod ours;
mod probe;
mod process;
mod race;
mod results;
mod table;
mod workload;

use clap::{Args, Parser, Subcommand};
use entrant::Places;
use meter::Meter;
use probe::Probe;
use race::Rules;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};
use table::Judged;
use workload::{Ours, Precision, Workload, is_asked_for};

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
    /// Writes the results into this file
    #[arg(long)]
    json: Option<PathBuf>,
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

    /// A line each, as a number without a place means nothing.
    fn print(&self) {
        println!("{}, {} cores", self.name, self.cores);
        for (threads, probe) in &self.probes {
            let giga = |precision| probe.products(precision) / 1e9;
            println!(
                "{threads} threads: f32 {:.0} GFLOP/s, bf16 {:.0}, int8 {:.0} GOP/s, reading {:.0} \
                 GB/s",
                giga(Precision::F32),
                giga(Precision::Bf16),
                giga(Precision::Int8),
                probe.reading(f64::INFINITY) / 1e9
            );
        }
        println!();
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let workloads = ours::workloads();
    match cli.command {
        Some(Command::Measure { only, seconds }) => measure(&workloads, &only, seconds),
        None if cli.race.list => list(&workloads),
        None => return run(&workloads, &cli.race),
    }
    ExitCode::SUCCESS
}

fn measure(workloads: &[Workload], only: &str, seconds: f64) {
    let threads = std::env::var("BENCH_THREADS").ok().and_then(|n| n.parse().ok()).unwrap_or(1);
    let only: Vec<&str> = only.split(',').collect();
    let meter = Meter::new(entrant::OURS, threads, &only, seconds);
    for workload in workloads.iter().filter(|workload| meter.wants(&workload.name)) {
        if let Ours::Built(run) = &workload.ours {
            run(&meter);
        }
    }
}

fn list(workloads: &[Workload]) {
    for Workload { name, ours, .. } in workloads {
        match ours {
            Ours::NotBuilt(missing) => println!("{name} (not built yet: {missing})"),
            Ours::Built(_) | Ours::WithAnother => println!("{name}"),
        }
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
    machine.print();
    let &Race { rounds, seconds, patience, least, together, .. } = race;
    let rules = Rules { rounds, seconds, patience, least, together };
    let raced = race::race(&asked, &race.threads, &entrants, &places, &rules);
    let judged: Vec<Judged> =
        raced.iter().map(|row| Judged::new(row, machine.probe(row.threads))).collect();
    let shown: Vec<&str> = entrant::peers()
        .into_iter()
        .filter(|peer| entrants.iter().any(|entrant| entrant.peer == *peer))
        .collect();
    println!("{}\n{}", table::table(&judged, &shown), table::summary(&judged));
    let written = match &race.json {
        Some(file) => {
            std::fs::write(file, format!("{:#}\n", json::document(&machine, &rules, &judged)))
        }
        None => Ok(()),
    };
    if let Err(error) = &written {
        eprintln!("the results could not be written: {error}");
    }
    let failed = raced.iter().any(|row| row.cell.failure.is_some());
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
