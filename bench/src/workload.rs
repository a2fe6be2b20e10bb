//! What is raced over: names, how much work each is, and what its losses must be.

use meter::Meter;

/// A number format, which decides how fast a processor can multiply.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    /// 32-bit floats.
    F32,
    /// 16-bit floats with the range of 32-bit ones, summed in 32 bits.
    Bf16,
    /// 8-bit integers, summed in 32 bits.
    Int8,
}

/// The least that a workload takes: its products and sums, and what it must read.
///
/// Elementwise passes between matrix products are left out, and attention is counted in full
/// rather than half of it for a causal mask: an honest program can go below the limit a little.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Work {
    /// Floating-point operations, or those on integers.
    pub flops: f64,
    /// In which format.
    pub precision: Precision,
    /// Bytes read and written.
    pub bytes: f64,
    /// Bytes that are gone through before the first of them come again: they decide which cache
    /// they come from.
    pub resident: f64,
}

impl Work {
    /// So little that only overhead counts.
    pub const NONE: Self =
        Self { flops: 0.0, precision: Precision::F32, bytes: 0.0, resident: 0.0 };

    /// Multiplications and additions in 32-bit floats.
    pub fn flops(flops: f64) -> Self {
        Self { flops, ..Self::NONE }
    }

    /// A product of `[m, k]` and `[k, n]`.
    pub fn matmul([m, k, n]: [usize; 3]) -> Self {
        Self::flops(2.0 * (m * k * n) as f64)
    }

    /// The same operations in another format.
    pub fn in_format(self, precision: Precision) -> Self {
        Self { precision, ..self }
    }

    /// Going once through `bytes`.
    pub fn bytes(bytes: f64) -> Self {
        Self { bytes, resident: bytes, ..Self::NONE }
    }

    /// And besides going through `resident` bytes, `bytes` in all.
    pub fn and_bytes(self, bytes: f64, resident: f64) -> Self {
        Self { bytes, resident, ..self }
    }
}

/// Losses by the step, from 1 on, before whose update they are.
pub type Losses = &'static [(usize, f64)];

/// What is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Metric {
    /// The median time of a call, in milliseconds.
    Time,
    /// The time from the start of the process to its end, in milliseconds.
    Process,
    /// The most memory the process ever held, in MiB, when asked for this workload.
    Memory(&'static str),
}

/// Measures us, and prints what came out.
type Run = Box<dyn Fn(&Meter)>;

/// A row of the table.
pub struct Workload {
    /// `W2.train_b64`: family, what, size, and `@bf16` where the precision is not in the name.
    pub name: String,
    /// The least it takes.
    pub work: Work,
    /// What is compared.
    pub metric: Metric,
    /// Losses that every entrant must have: those of PyTorch.
    pub losses: Losses,
    /// How we run it; none if that is done with another workload.
    pub run: Option<Run>,
}

impl Workload {
    /// Timed, by `run`.
    pub fn new(name: impl Into<String>, work: Work, run: impl Fn(&Meter) + 'static) -> Self {
        let (name, run): (_, Run) = (name.into(), Box::new(run));
        Self { name, work, metric: Metric::Time, losses: &[], run: Some(run) }
    }

    /// A training step, which `task` sets up: it gives a function that takes a step and returns the
    /// loss before it. The losses are checked before anything is timed.
    pub fn training<S: FnMut() -> f32>(
        name: impl Into<String>,
        work: Work,
        losses: Losses,
        task: impl Fn() -> S + 'static,
    ) -> Self {
        let name = name.into();
        let of = name.clone();
        let run = move |meter: &Meter| {
            let mut step = task();
            let steps = losses.iter().map(|&(step, _)| step).max().unwrap_or(0);
            let seen = meter.losses(&of, steps, &mut step);
            for &(at, expected) in losses {
                let loss = f64::from(seen[at - 1]);
                let equal = same_loss(work.precision, loss, expected);
                assert!(equal, "loss {at} is {loss}, and PyTorch's is {expected}");
            }
            meter.time(&of, step);
            meter.memory(&of);
        };
        Self { losses, ..Self::new(name, work, run) }
    }

    /// What is asked of a process that measures it.
    pub fn asked(&self) -> &str {
        match self.metric {
            Metric::Memory(of) => of,
            Metric::Time | Metric::Process => &self.name,
        }
    }

    /// What the numbers are.
    pub fn unit(&self) -> &'static str {
        match self.metric {
            Metric::Memory(_) => "MiB",
            Metric::Time | Metric::Process => "ms",
        }
    }
}

/// Whether a loss is the expected one. In 32 bits, frameworks differ by the order of their sums,
/// 8e-6 of the tenth loss; in 16 bits, already by 2e-5 of the first.
pub fn same_loss(precision: Precision, loss: f64, expected: f64) -> bool {
    let tolerance = if precision == Precision::F32 { 1e-5 } else { 1e-4 };
    (loss / expected - 1.0).abs() <= tolerance
}

/// Whether someone who asked for `asked` wants this workload: `W5.gpt_tiny` wants
/// `W5.gpt_tiny_train` and its `@bf16`.
pub fn is_asked_for(name: &str, asked: &[String]) -> bool {
    asked.is_empty() || asked.iter().any(|asked| name.starts_with(asked.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_asks_for_all_that_begin_so() {
        let asked = |asked: &str| is_asked_for("W5.gpt_tiny_train@bf16", &[asked.to_string()]);
        assert!(asked("W5") && asked("W5.gpt_tiny") && asked("W5.gpt_tiny_train@bf16"));
        assert!(!asked("W5.gpt_small") && is_asked_for("W1.mm_64", &[]));
    }

    #[test]
    fn losses_are_equal_up_to_the_order_of_sums() {
        assert!(same_loss(Precision::F32, 1.197653, 1.197644));
        assert!(!same_loss(Precision::F32, 1.197644 * (1.0 + 2e-5), 1.197644));
        assert!(same_loss(Precision::Bf16, 4.203561, 4.203544));
        assert!(!same_loss(Precision::F32, f64::NAN, 1.0));
    }

    /// What it comes to that the loss is this one and should be 2.
    fn trained(work: Work, loss: f32) -> std::thread::Result<()> {
        let workload = Workload::training("W0.x", work, &[(1, 2.0)], move || move || loss);
        let run = workload.run.expect("training is run");
        let meter = Meter::new("ours", 1, &[], 0.0);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&meter)))
    }

    #[test]
    fn a_wrong_loss_is_not_timed() {
        let panic = trained(Work::NONE, 2.1).expect_err("a wrong loss");
        let message = panic.downcast_ref::<String>().expect("a message");
        assert!(message.contains("and PyTorch's is 2"), "{message}");
    }

    #[test]
    fn a_loss_in_16_bits_may_be_off_a_little_more() {
        let small = Work::NONE.in_format(Precision::Bf16);
        assert!(trained(Work::NONE, 2.0001).is_err() && trained(small, 2.0001).is_ok());
        assert!(trained(small, 2.001).is_err());
    }
}
