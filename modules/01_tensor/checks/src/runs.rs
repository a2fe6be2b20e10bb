//! 01.11: whole runs of numbers, joined and picked.

use crate::numbers::{counted, of, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.11.rows",
        exercise: "01.11",
        fact: "along axis 0, 1 2 / 3 4 and 5 6 are 1 2 / 3 4 / 5 6",
        run: rows,
    },
    Check {
        id: "01.11.columns",
        exercise: "01.11",
        fact: "along axis 1, 1 2 / 3 4 and the column 9 / 8 are 1 2 9 / 3 4 8",
        run: columns,
    },
    Check {
        id: "01.11.any_axis",
        exercise: "01.11",
        fact: "cut anywhere along any axis of [2, 3, 4] and joined again, it is as it was",
        run: any_axis,
    },
    Check {
        id: "01.11.join_edges",
        exercise: "01.11",
        fact: "views, integers and empty tensors are joined, too",
        run: join_edges,
    },
    Check {
        id: "01.11.table",
        exercise: "01.11",
        fact: "rows 3 0 3 of a table of 4 rows are [3, 2], and row 3 comes twice",
        run: table,
    },
    Check {
        id: "01.11.picked_columns",
        exercise: "01.11",
        fact: "columns 2 and 0 of 1 2 3 / 4 5 6 are 3 1 / 6 4",
        run: picked_columns,
    },
    Check {
        id: "01.11.pick_edges",
        exercise: "01.11",
        fact: "no index picks nothing, and a view is picked from as it reads",
        run: pick_edges,
    },
];

fn rows() -> Verdict {
    let (a, b) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[5.0, 6.0]]));
    let y = Tensor::cat(&[&a, &b], 0);
    wrong::unless_close(of(&y), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 0.0)?;
    let y = Tensor::cat(&[&b, &a, &b], 0);
    wrong::unless_close(of(&y), [[5.0, 6.0], [1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 0.0)
}

fn columns() -> Verdict {
    let (a, b) = (Tensor::from([[1.0, 2.0], [3.0, 4.0]]), Tensor::from([[9.0], [8.0]]));
    let y = Tensor::cat(&[&a, &b], 1);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[1.0, 2.0, 9.0], [3.0, 4.0, 8.0]], 0.0).because(
        got == [1.0, 2.0, 3.0, 4.0, 9.0, 8.0],
        "one input was copied as a whole before the other: for each row they take turns",
    )?;
    let y = Tensor::cat(&[&b, &a], -1);
    wrong::unless_close(of(&y), [[9.0, 1.0, 2.0], [8.0, 3.0, 4.0]], 0.0)
}

fn any_axis() -> Verdict {
    let x = counted([2, 3, 4]);
    for (axis, size) in [(0, 2), (1, 3), (2, 4)] {
        for cut in 0..=size {
            let (before, after) = (x.slice(axis, ..cut), x.slice(axis, cut..));
            wrong::unless_close(of(&Tensor::cat(&[&before, &after], axis)), of(&x), 0.0)
                .note(format!("cut at {cut} along axis {axis}"))?;
        }
    }
    Ok(())
}

fn join_edges() -> Verdict {
    let x = Tensor::from([[1, 2], [3, 4]]);
    let y = Tensor::cat(&[&x, &x.t()], 1);
    wrong::unless_eq(y.to_vec_i32(), [1, 2, 1, 3, 3, 4, 2, 4])
        .note("the second one is a transposed view: read it by `elements`")?;
    let none = Tensor::zeros([0, 2]);
    wrong::unless_eq(Tensor::cat(&[&none, &none], 1).shape(), [0, 4])
        .note("no indices before the axis: nothing to copy, and nothing to divide by")?;
    wrong::unless_eq(Tensor::cat(&[&none, &none], 0).shape(), [0, 2])
}

fn table() -> Verdict {
    let table = Tensor::from([[0.0, 1.0], [10.0, 11.0], [20.0, 21.0], [30.0, 31.0]]);
    let y = table.index_select(0, &Tensor::from([3, 0, 3]));
    wrong::unless_close(of(&y), [[30.0, 31.0], [0.0, 1.0], [30.0, 31.0]], 0.0).because(
        y.numel() == 6 && y.at([0, 0]) == 11.0,
        "row 3 starts at 3 times the length of a row, not at number 3",
    )
}

fn picked_columns() -> Verdict {
    let y = two_by_three().index_select(1, &Tensor::from([2, 0]));
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[3.0, 1.0], [6.0, 4.0]], 0.0)
        .because(
            got == [3.0, 1.0, 3.0, 1.0],
            "every block begins anew: `block * size` slices further",
        )
        .because(
            got == [3.0, 6.0, 1.0, 4.0],
            "the blocks before the axis come first, then the indices",
        )?;
    let x = counted([2, 3, 4]);
    let y = x.index_select(1, &Tensor::from([2, 2, 0, 1]));
    wrong::unless_eq(y.shape(), [2, 4, 4])?;
    let parts = [x.slice(1, 2..), x.slice(1, 2..), x.slice(1, ..1), x.slice(1, 1..2)];
    let expected = Tensor::cat(&[&parts[0], &parts[1], &parts[2], &parts[3]], 1);
    wrong::unless_close(of(&y), of(&expected), 0.0)
}

fn pick_edges() -> Verdict {
    let x = two_by_three();
    let none = x.index_select(0, &Tensor::arange_i32(0));
    wrong::unless_eq(none.shape(), [0, 3])?;
    let y = x.t().index_select(0, &Tensor::from([2, 0]));
    wrong::unless_close(of(&y), [[3.0, 6.0], [1.0, 4.0]], 0.0)?;
    let y = Tensor::from([7, 8, 9]).index_select(0, &Tensor::from([1, 1]));
    wrong::unless_eq(y.to_vec_i32(), [8, 8])
}
