//! 02.11: what is kept for a slope.

use check::{Because, Check, Verdict, wrong};
use tinytorch_activations::{
    Activations, Approximate, Gelu, LeakyRelu, LogSoftmax, Relu, Sigmoid, Silu, Softmax, Tanh,
};
use tinytorch_tensor::{Op, Reads, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.11.output",
        exercise: "02.11",
        fact: "relu, sigmoid, tanh, softmax and log_softmax need their output only",
        run: output,
    },
    Check {
        id: "02.11.input",
        exercise: "02.11",
        fact: "leaky_relu, gelu and silu need their input: two x share one y",
        run: input,
    },
    Check {
        id: "02.11.kept",
        exercise: "02.11",
        fact: "a recorded sigmoid of 1,000 numbers lets go of its input and makes no copy",
        run: kept,
    },
];

/// Wrong unless the op reads just `expected`.
fn reads(op: &dyn Op, expected: Reads, why: &str) -> Verdict {
    let got = op.reads(0);
    let both = got == Reads::ALL || got == Reads::OUTPUT | Reads::input(0);
    wrong::unless_eq(name(got), name(expected))
        .because(both, "both would be kept, and one of them is enough")
        .because(got == Reads::NOTHING, "no slope is the same everywhere: it needs one of the two")
        .because(true, why)
        .note(format!("the slope of {}", op.name()))
}

fn name(reads: Reads) -> &'static str {
    match reads {
        Reads::OUTPUT => "the output",
        Reads::NOTHING => "nothing",
        Reads::ALL => "everything",
        _ if reads == Reads::input(0) => "the input",
        _ if reads == Reads::OUTPUT | Reads::input(0) => "input and output",
        _ => "an input that it does not have",
    }
}

fn output() -> Verdict {
    reads(&Relu, Reads::OUTPUT, "y > 0 exactly where x > 0")?;
    reads(&Sigmoid, Reads::OUTPUT, "its slope is y (1 - y)")?;
    reads(&Tanh, Reads::OUTPUT, "its slope is 1 - y²")?;
    reads(&Softmax { axis: 0 }, Reads::OUTPUT, "its slopes are products of its probabilities")?;
    reads(&LogSoftmax { axis: 0 }, Reads::OUTPUT, "e^y are the probabilities")
}

fn input() -> Verdict {
    let dips = "it dips below 0 and comes back, so that one y has two x, with two slopes";
    reads(
        &LeakyRelu { slope: -1.0 },
        Reads::input(0),
        "with a slope of -1 it is |x|: y = 3 is x = 3 or x = -3",
    )?;
    for approximate in [Approximate::None, Approximate::Tanh] {
        reads(&Gelu { approximate }, Reads::input(0), dips)?;
    }
    reads(&Silu, Reads::input(0), dips)
}

fn kept() -> Verdict {
    let x = Tensor::zeros([1000]).with_grad();
    let y = x.sigmoid();
    let Some(history) = y.history() else {
        return wrong::unless(false, || "the result of a parameter remembers nothing");
    };
    let (input, output) = history.look(|saved| {
        let saved = saved.expect("nobody has taken it");
        let shared = saved.output.as_ref().map(|kept| kept.shares_storage(&y));
        (saved.inputs[0].kind(), shared)
    });
    wrong::unless_eq(input, "released")
        .because(input == "f32", "4,000 bytes of input are kept alive that nobody will read")?;
    wrong::unless_eq(output, Some(true)).note("what is kept is the storage of y itself")
}
