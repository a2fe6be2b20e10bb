//! 07.3: the confusion matrix.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;
use tinytorch_training::ConfusionMatrix;

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.3.rows",
        exercise: "07.3",
        fact: "rows are true classes: two 1s taken for 0 stand in row 1, column 0",
        run: rows,
    },
    Check {
        id: "07.3.accuracy",
        exercise: "07.3",
        fact: "3 of the 6 samples are on the diagonal: 0.5",
        run: accuracy,
    },
    Check {
        id: "07.3.precision",
        exercise: "07.3",
        fact: "of three taken for 0, one is a 0: its precision is 1/3",
        run: precision,
    },
    Check {
        id: "07.3.recall",
        exercise: "07.3",
        fact: "of four 1s, one was found: the recall of 1 is 1/4",
        run: recall,
    },
    Check {
        id: "07.3.f1",
        exercise: "07.3",
        fact: "f1 is 2 hits / (met + predicted): 1/2, 2/5, 2/3 of the three classes",
        run: f1,
    },
    Check {
        id: "07.3.nothing",
        exercise: "07.3",
        fact: "of a class never met or never predicted there is nothing to say: None",
        run: nothing,
    },
    Check {
        id: "07.3.strays",
        exercise: "07.3",
        fact: "a class of -1 or 3 of 3, and shapes that differ, panic and are counted nowhere",
        run: strays,
    },
];

/// Rows `[1 0 0]`, `[2 1 1]`, `[0 0 1]`, counted in two batches of 5 and 1.
fn matrix() -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add_classes(&Tensor::from([0, 0, 1, 2, 2]), &Tensor::from([0, 1, 1, 1, 2]));
    matrix.add_classes(&Tensor::from([0]), &Tensor::from([1]));
    matrix
}

fn rows() -> Verdict {
    let matrix = matrix();
    let got: Vec<Vec<u64>> =
        (0..3).map(|actual| (0..3).map(|taken| matrix.count(actual, taken)).collect()).collect();
    let turned = matrix.count(1, 0) == 0 && matrix.count(0, 1) == 2;
    wrong::unless_eq(got, [[1, 0, 0], [2, 1, 1], [0, 0, 1]])
        .because(turned, "rows and columns are exchanged: the true class chooses the row")
        .because(matrix.samples() < 6, "samples are missing: each one adds 1 to what is there")
}

fn accuracy() -> Verdict {
    let got = matrix().accuracy();
    wrong::unless_eq(got, Some(0.5))
        .because(got == Some(1.0), "3 hits of how many samples? The whole is all entries")
}

fn precision() -> Verdict {
    let got = [0, 1, 2].map(|class| matrix().precision(class));
    wrong::unless_eq(got, [Some(1.0 / 3.0), Some(1.0), Some(0.5)])
        .because(
            got == [Some(1.0), Some(0.25), Some(1.0)],
            "this is the recall: precision looks down a column, at all that were taken for the class",
        )
        .note("the matrix is 1 0 0 / 2 1 1 / 0 0 1")
}

fn recall() -> Verdict {
    let got = [0, 1, 2].map(|class| matrix().recall(class));
    wrong::unless_eq(got, [Some(1.0), Some(0.25), Some(1.0)])
        .because(
            got == [Some(1.0 / 3.0), Some(1.0), Some(0.5)],
            "this is the precision: recall looks along a row, at all that are of the class",
        )
        .note("the matrix is 1 0 0 / 2 1 1 / 0 0 1")
}

fn f1() -> Verdict {
    let got = [0, 1, 2].map(|class| matrix().f1(class));
    let mean = got[0].is_some_and(|f1| (f1 - 2.0 / 3.0).abs() < 1e-6);
    let half = got[0] == Some(0.25);
    wrong::unless_eq(got, [Some(0.5), Some(0.4), Some(2.0 / 3.0)])
        .because(mean, "2/3 is the plain mean of 1/3 and 1: f1 is the harmonic one")
        .because(half, "twice the hits: each hit is in the row and in the column")
}

fn nothing() -> Verdict {
    let empty = ConfusionMatrix::new(3);
    wrong::unless_eq((empty.accuracy(), empty.f1(0)), (None, None))
        .note("an empty matrix; a whole of 0 has no parts")?;
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add_classes(&Tensor::from([0, 0]), &Tensor::from([0, 1]));
    let got = (matrix.precision(1), matrix.recall(1), matrix.f1(1));
    wrong::unless_eq(got, (None, Some(0.0), Some(0.0)))
        .note("class 1 was met once and never predicted")?;
    wrong::unless_eq((matrix.precision(2), matrix.recall(2), matrix.f1(2)), (None, None, None))
        .note("class 2 was neither met nor predicted")
}

fn strays() -> Verdict {
    let add = |predicted: &Tensor, labels: &Tensor| {
        let (predicted, labels) = (predicted.clone(), labels.clone());
        move || ConfusionMatrix::new(3).add_classes(&predicted, &labels)
    };
    let (one, stray, beyond) = (Tensor::from([1]), Tensor::from([-1]), Tensor::from([3]));
    for (predicted, labels, says) in [
        (&one, &stray, "a label is none of the 3 classes, which count from 0: -1"),
        (&one, &beyond, "which count from 0: 3"),
        (&beyond, &one, "which count from 0: 3"),
    ] {
        wrong::unless_panics(add(predicted, labels), says).because(
            true,
            "3 lies at the place of another row in the one Vec, and would be counted there: \
             `check_labels` looks at both",
        )?;
    }
    wrong::unless_panics(add(&Tensor::from([0, 1]), &one), "[2]")
        .note("two predictions for one label: a zip would drop one in silence")
}
