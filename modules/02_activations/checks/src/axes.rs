//! 02.10: rows that are not stored in one piece.

use crate::numbers::of;
use check::{Because, Check, Numbers, Verdict, wrong};
use tinytorch_activations::Activations;
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "02.10.columns",
        exercise: "02.10",
        fact: "along axis 0 of 1 2 3 / 1 2 4 each column of two is a softmax of its own",
        run: columns,
    },
    Check {
        id: "02.10.middle",
        exercise: "02.10",
        fact: "along axis 1 of [2, 3, 4] the sums over axis 1 are 1, and no others are",
        run: middle,
    },
    Check {
        id: "02.10.slices",
        exercise: "02.10",
        fact: "along any axis of [2, 3, 4, 5] each row has the softmax it has alone",
        run: slices,
    },
    Check {
        id: "02.10.layout",
        exercise: "02.10",
        fact: "a transposed input gives the same numbers, and the result is contiguous",
        run: layout,
    },
    Check {
        id: "02.10.empty",
        exercise: "02.10",
        fact: "tensors without numbers keep their shape, along any axis",
        run: empty,
    },
];

fn columns() -> Verdict {
    let x = Tensor::from([[1.0, 2.0, 3.0], [1.0, 2.0, 4.0]]);
    let y = x.softmax(0);
    let by_rows = (y.numel() == 6 && (y.to_vec()[0] - 0.090_030_57).abs() < 1e-6)
        || (y.to_vec().iter().sum::<f32>() - 2.0).abs() < 1e-3;
    let expected = [[0.5, 0.5, 0.268_941_43], [0.5, 0.5, 0.731_058_6]];
    wrong::unless_close(of(&y), expected, 1e-6)
        .because(y.shape() == [3, 2], "the rows are rewritten; now the axes must go back")
        .because(by_rows, "these are rows of three: along axis 0 the columns are the rows")
        .because(
            y.shape() == [2, 3],
            "the numbers were put back in the wrong places: exchange the same two axes again",
        )
}

fn middle() -> Verdict {
    let y = Tensor::randn([2, 3, 4], &mut Rng::new(1)).softmax(1);
    wrong::unless_eq(y.shape(), [2, 3, 4])
        .because(y.shape() == [2, 4, 3], "exchange the same two axes again")?;
    let sums = y.sum_over(1, false);
    wrong::unless_close(of(&sums), [[1.0; 4]; 2], 1e-6).note("the sums over axis 1")?;
    let others = y.sum_over(2, false).to_vec();
    wrong::unless(
        others.iter().all(|v| (v - 1.0).abs() > 1e-3),
        || "the sums over axis 2 are 1 as well",
    )
}

fn slices() -> Verdict {
    let x = Tensor::randn([2, 3, 4, 5], &mut Rng::new(2));
    for axis in 0..3_isize {
        let (p, log) = (x.softmax(axis), x.log_softmax(axis));
        wrong::unless_eq(p.shape(), [2, 3, 4, 5])?;
        // One row along `axis`, at index 1 of each other axis.
        let row =
            |t: &Tensor| (0..4).rev().filter(|&a| a != axis).fold(t.clone(), |t, a| t.select(a, 1));
        let note = format!("the row at index 1 of each axis but axis {axis}");
        wrong::unless_close(of(&row(&p)), of(&row(&x).softmax(0)), 1e-6).note(&*note)?;
        wrong::unless_close(of(&row(&log)), of(&row(&x).log_softmax(0)), 1e-6).note(note)?;
        wrong::unless_close(of(&x.softmax(axis - 4)), of(&p), 0.0)
            .note(format!("axis {} is axis {axis}", axis - 4))?;
    }
    Ok(())
}

fn layout() -> Verdict {
    let x = Tensor::randn([3, 4], &mut Rng::new(5));
    let (p, q) = (x.softmax(0), x.t().softmax(1).t());
    wrong::unless_close(of(&p), of(&q), 0.0)?;
    let copy = x.t().contiguous().t(); // the same numbers, stored column by column
    wrong::unless_close(of(&copy.softmax(0)), of(&p), 0.0)?;
    wrong::unless(p.is_contiguous(), || format!("the strides of [3, 4] are {:?}", p.strides()))
        .because(p.strides() == [1, 3], "it is a transposed view: make it contiguous")
}

fn empty() -> Verdict {
    for axis in [0, 1, 2] {
        let none = Tensor::zeros([2, 0, 3]).softmax(axis);
        wrong::unless_close(of(&none), Numbers::new(vec![2, 0, 3], vec![]), 0.0)?;
    }
    Ok(())
}
