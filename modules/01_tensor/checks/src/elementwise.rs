//! 01.9: two tensors, number by number.

use crate::numbers::{counted, indices, of, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.9.row",
        exercise: "01.9",
        fact: "1 2 3 / 4 5 6 plus the row 10 20 30 is 11 22 33 / 14 25 36",
        run: row,
    },
    Check {
        id: "01.9.column",
        exercise: "01.9",
        fact: "1 2 3 / 4 5 6 minus the column 1 / 4 is 0 1 2 / 0 1 2",
        run: column,
    },
    Check {
        id: "01.9.scalar",
        exercise: "01.9",
        fact: "12 divided by 1 2 3 / 4 5 6 is 12 6 4 / 3 2.4 2",
        run: scalar,
    },
    Check {
        id: "01.9.outer",
        exercise: "01.9",
        fact: "the column 1 / 2 times the row 10 20 30 is 10 20 30 / 20 40 60",
        run: outer,
    },
    Check {
        id: "01.9.views",
        exercise: "01.9",
        fact: "each side follows its own strides: a matrix plus a transposed one",
        run: views,
    },
    Check {
        id: "01.9.any_layouts",
        exercise: "01.9",
        fact: "whatever the layouts, the number at each index is f of the two numbers there",
        run: any_layouts,
    },
    Check {
        id: "01.9.kinds",
        exercise: "01.9",
        fact: "integers, comparisons and empty tensors go the same way",
        run: kinds,
    },
];

fn row() -> Verdict {
    let y = two_by_three() + Tensor::from([10.0, 20.0, 30.0]);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[11.0, 22.0, 33.0], [14.0, 25.0, 36.0]], 0.0)
        .because(
            got[..3] == got[3..],
            "both rows of the left side start at its offset: use its own starts",
        )
        .because(got[..3] == [11.0, 12.0, 13.0], "the right side does not step along its row")
}

fn column() -> Verdict {
    let y = two_by_three() - Tensor::from([[1.0], [4.0]]);
    let got = y.to_vec();
    wrong::unless_close(of(&y), [[0.0, 1.0, 2.0], [0.0, 1.0, 2.0]], 0.0)
        .because(
            got == [0.0, -1.0, -2.0, 0.0, -1.0, -2.0],
            "the two sides are exchanged: f(x, y), not f(y, x)",
        )
        .because(got[1] == -2.0, "the right side's stride is 0 here, not that of the left side")
}

fn scalar() -> Verdict {
    let y = 12.0 / two_by_three();
    let expected = [[12.0, 6.0, 4.0], [3.0, 2.4, 2.0]];
    wrong::unless_close(of(&y), expected, 1e-6)
        .because(y.at([0, 1]) == 2.0 / 12.0, "the two sides are exchanged: f(x, y), not f(y, x)")?;
    wrong::unless_close(of(&(two_by_three() * 2.0)), [[2.0, 4.0, 6.0], [8.0, 10.0, 12.0]], 0.0)
}

fn outer() -> Verdict {
    let (column, row) = (Tensor::from([[1.0], [2.0]]), Tensor::from([10.0, 20.0, 30.0]));
    let expected = [[10.0, 20.0, 30.0], [20.0, 40.0, 60.0]];
    wrong::unless_close(of(&(&column * &row)), expected, 0.0)?;
    wrong::unless_close(of(&(&row * &column)), expected, 0.0).note("with the sides exchanged")
}

fn views() -> Verdict {
    let (x, y) = (two_by_three(), Tensor::from([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]));
    let sum = &x + y.t();
    wrong::unless_close(of(&sum), [[11.0, 32.0, 53.0], [24.0, 45.0, 66.0]], 0.0).because(
        sum.at([0, 1]) == 22.0,
        "along a row, the transposed side steps by its own stride, here 2, not by 1",
    )?;
    wrong::unless_close(of(&(y.t() + &x)), [[11.0, 32.0, 53.0], [24.0, 45.0, 66.0]], 0.0)?;
    let last = &x.slice(1, 1..) - &x.slice(1, ..2);
    wrong::unless_close(of(&last), [[1.0, 1.0], [1.0, 1.0]], 0.0)
        .note("columns 1 and 2 minus columns 0 and 1: both sides have gaps between their rows")
}

fn any_layouts() -> Verdict {
    let x = counted([2, 3, 4]);
    let others = [
        counted([4]),
        counted([3, 1]),
        counted([4, 3]).t(),
        counted([4, 3, 2]).permute([2, 1, 0]),
        counted([2, 6, 4]).slice_step(1, 1.., 2),
        counted([2, 1, 1]),
    ];
    for other in others {
        let wide = other.expand([2, 3, 4]);
        let at = |t: &Tensor, i: &[usize]| t.at([i[0], i[1], i[2]]);
        let expected = indices(&[2, 3, 4]).iter().map(|i| at(&x, i) - at(&wide, i)).collect();
        wrong::unless_close(of(&(&x - &other)), check::Numbers::new(vec![2, 3, 4], expected), 0.0)
            .note(format!(
                "[2, 3, 4] minus {} with strides {:?}",
                other.shape(),
                other.strides()
            ))?;
    }
    Ok(())
}

fn kinds() -> Verdict {
    let x = Tensor::from([[1, 2], [3, 4]]);
    wrong::unless_eq((&x * Tensor::from([10, 100])).to_vec_i32(), [10, 200, 30, 400])?;
    wrong::unless_eq(x.gt(x.t()).to_vec_i32(), [0, 0, 1, 0])?;
    let none = Tensor::zeros([0, 3]) + Tensor::from([1.0, 2.0, 3.0]);
    wrong::unless_close(of(&none), check::Numbers::new(vec![0, 3], vec![]), 0.0)
}
