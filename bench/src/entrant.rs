//! Who races, in which modes, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What is started.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Program {
    /// This program once more.
    Ours,
    /// Built by cargo.
    Rust(&'static str),
    /// A script, and the package without which it can't run.
    Python(&'static str, &'static str),
}

/// A framework in one mode.
#[derive(Clone, Copy, Debug)]
pub struct Entrant {
    /// The framework: a column of the table.
    pub peer: &'static str,
    /// What is started.
    pub program: Program,
    /// The mode, for the program.
    pub mode: &'static str,
    /// Whether the C library keeps memory that the program gives back. Otherwise large buffers go
    /// to the system each time and come back with page faults, up to five times the time of an op.
    pub keeps: bool,
}

/// The name of our own column.
pub const OURS: &str = "tinytorch";

/// All, by framework; ours first.
pub const ALL: [Entrant; 13] = [
    Entrant { peer: OURS, program: Program::Ours, mode: "", keeps: false },
    eager(false),
    eager(true),
    Entrant { mode: "compile", ..eager(true) }, // minutes of compiling: once, as it is best
    Entrant {
        peer: "jax",
        program: Program::Python("jax_bench.py", "jax"),
        mode: "",
        keeps: false,
    },
    Entrant { peer: "jax", program: Program::Python("jax_bench.py", "jax"), mode: "", keeps: true },
    rust("candle", "candle-bench", "", false),
    rust("candle", "candle-bench", "", true),
    rust("burn", "burn-bench", "", false),
    rust("burn", "burn-bench", "", true),
    rust("gemm", "products-bench", "gemm", false),
    rust("faer", "products-bench", "faer", false),
    rust("matrixmultiply", "products-bench", "matrixmultiply", false),
];

const fn eager(keeps: bool) -> Entrant {
    let program = Program::Python("torch_bench.py", "torch");
    Entrant { peer: "torch", program, mode: "eager", keeps }
}

const fn rust(
    peer: &'static str,
    binary: &'static str,
    mode: &'static str,
    keeps: bool,
) -> Entrant {
    Entrant { peer, program: Program::Rust(binary), mode, keeps }
}

/// Where peers are installed, and where their programs are.
pub struct Places {
    /// `venv/` and `target/release/`.
    pub installed: PathBuf,
    /// The Python programs.
    pub scripts: PathBuf,
}

impl Places {
    /// In the folder that `BENCH_PEERS` names, or in `target/peers`.
    pub fn find() -> Self {
        let named = std::env::var_os("BENCH_PEERS").map(PathBuf::from);
        Self {
            installed: named.unwrap_or_else(|| crate::target().join("peers")),
            scripts: Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/py"),
        }
    }

    fn python(&self) -> PathBuf {
        self.installed.join("venv/bin/python")
    }

    fn binary(&self, name: &str) -> PathBuf {
        self.installed.join("target/release").join(name)
    }
}

impl Entrant {
    /// What a line of this entrant is filed under: the mode that the program tells, and whether
    /// memory was kept.
    pub fn name(&self, told: &str) -> String {
        if self.keeps { format!("{told}+keep") } else { told.to_string() }
    }

    /// Whether it can run here.
    pub fn is_installed(&self, places: &Places) -> bool {
        match self.program {
            Program::Ours => true,
            Program::Rust(binary) => places.binary(binary).exists(),
            Program::Python(_, package) => {
                let find = format!(
                    "import importlib.util, sys; sys.exit(not importlib.util.find_spec('{package}'))"
                );
                let found = Command::new(places.python()).args(["-c", &find]).status();
                found.is_ok_and(|status| status.success())
            }
        }
    }

    /// A process that measures `workload` on `threads` threads.
    pub fn command(
        &self,
        places: &Places,
        workload: &str,
        threads: usize,
        seconds: f64,
    ) -> Command {
        let mut command = self.program(places, threads);
        command.args(["--only", workload, "--seconds", &seconds.to_string()]);
        for variable in THREADS {
            command.env(variable, threads.to_string());
        }
        command.env("BENCH_MODE", self.mode).env("PYTHONWARNINGS", "ignore");
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.env("TORCHINDUCTOR_CACHE_DIR", places.installed.join("inductor"));
        if self.keeps {
            command.envs(KEEP);
        }
        command
    }

    fn program(&self, places: &Places, threads: usize) -> Command {
        let path = match self.program {
            Program::Ours => std::env::current_exe().unwrap_or_else(|_| "bench".into()),
            Program::Rust(binary) => places.binary(binary),
            Program::Python(..) => places.python(),
        };
        let mut command = match self.cores(threads) {
            Some(cores) => {
                let mut pinned = Command::new("taskset");
                pinned.args(["--cpu-list", &cores]).arg(path);
                pinned
            }
            None => Command::new(path),
        };
        match self.program {
            Program::Ours => _ = command.arg("measure"),
            Program::Python(script, _) => _ = command.arg(places.scripts.join(script)),
            Program::Rust(_) => {}
        }
        command
    }

    /// The cores it is held to. JAX takes as many threads as it has cores, and knows no other way
    /// to be told; the others may move between two, as a system's own work may sit on either.
    fn cores(&self, threads: usize) -> Option<String> {
        let cores = if self.peer == "jax" { threads } else { threads.max(2) };
        let there = std::thread::available_parallelism().map_or(1, usize::from);
        let pins = cfg!(target_os = "linux") && cores <= there;
        pins.then(|| format!("{}-{}", there - cores, there - 1))
    }
}

/// By which libraries are told how many threads to use.
const THREADS: [&str; 6] = [
    "BENCH_THREADS",
    "TINYTORCH_THREADS",
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "MATMUL_NUM_THREADS",
];

/// Settings of glibc: no block is mapped on its own, and none is given back at the end of the heap.
const KEEP: [(&str, &str); 3] = [
    ("MALLOC_MMAP_THRESHOLD_", "8589934592"),
    ("MALLOC_TRIM_THRESHOLD_", "17179869184"),
    ("MALLOC_TOP_PAD_", "268435456"),
];

/// The names that `--peers` may list, in the order of the columns.
pub fn peers() -> Vec<&'static str> {
    let mut peers: Vec<&str> = ALL.iter().map(|entrant| entrant.peer).collect();
    peers.dedup();
    peers.retain(|&peer| peer != OURS);
    peers
}

/// Ours, and those of `asked` that are installed; and of those that are not, their names.
pub fn present(asked: &[String], places: &Places) -> (Vec<Entrant>, Vec<&'static str>) {
    let asked = |peer: &str| peer == OURS || asked.iter().any(|asked| asked == peer);
    let wanted = ALL.into_iter().filter(|entrant| asked(entrant.peer));
    let (here, missing): (Vec<_>, Vec<_>) = wanted.partition(|e| e.is_installed(places));
    let mut missing: Vec<&str> = missing.into_iter().map(|entrant| entrant.peer).collect();
    missing.dedup();
    (here, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nowhere() -> Places {
        Places { installed: "/no/such/folder".into(), scripts: "/scripts".into() }
    }

    fn arguments(command: &Command) -> Vec<String> {
        command.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect()
    }

    #[test]
    fn who_is_not_installed_is_named_and_left_out() {
        let asked = ["candle", "torch"].map(str::to_string);
        let (here, missing) = present(&asked, &nowhere());
        assert_eq!(here.iter().map(|e| e.peer).collect::<Vec<_>>(), [OURS]);
        assert_eq!(missing, ["torch", "candle"]);
        assert_eq!(present(&[], &nowhere()).1.len(), 0);
    }

    #[test]
    fn a_script_is_run_by_the_python_of_the_peers() {
        let torch = ALL.into_iter().find(|e| e.peer == "torch" && e.keeps).expect("there is one");
        let command = torch.command(&nowhere(), "W2.train_b64", 1, 0.25);
        let arguments = arguments(&command);
        let tail = ["/scripts/torch_bench.py", "--only", "W2.train_b64", "--seconds", "0.25"];
        assert!(arguments.ends_with(&tail.map(str::to_string)), "{arguments:?}");
        let set = |name: &str| command.get_envs().any(|(k, v)| k == name && v.is_some());
        assert!(set("OMP_NUM_THREADS") && set("MALLOC_TOP_PAD_"));
        assert_eq!(torch.name("torch-eager-fused"), "torch-eager-fused+keep");
    }

    #[test]
    fn we_are_measured_in_a_process_of_our_own() {
        let command = ALL[0].command(&nowhere(), "W1.mm_64", 2, 0.1);
        assert!(arguments(&command).contains(&"measure".to_string()));
        let threads = command.get_envs().find(|(name, _)| *name == "TINYTORCH_THREADS");
        assert_eq!(threads.and_then(|(_, n)| n), Some("2".as_ref()));
        assert_eq!(ALL[0].name("tinytorch"), "tinytorch");
    }

    #[test]
    fn every_framework_is_a_peer_once() {
        let expected = ["torch", "jax", "candle", "burn", "gemm", "faer", "matrixmultiply"];
        assert_eq!(peers(), expected);
    }
}
