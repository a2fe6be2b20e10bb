//! 01.7: reading the numbers of a view.

use crate::numbers::{counted, of, places, two_by_three};
use check::{Because, Check, Verdict, wrong};
use std::borrow::Cow;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.7.fresh",
        exercise: "01.7",
        fact: "a fresh [2, 3] is contiguous, and its numbers are lent without a copy",
        run: fresh,
    },
    Check {
        id: "01.7.transposed",
        exercise: "01.7",
        fact: "1 2 3 / 4 5 6, transposed, reads 1 4 / 2 5 / 3 6",
        run: transposed,
    },
    Check {
        id: "01.7.gaps",
        exercise: "01.7",
        fact: "rows 1 and 2 of [4, 3] are contiguous; columns 1 and 2 are not",
        run: gaps,
    },
    Check {
        id: "01.7.ones",
        exercise: "01.7",
        fact: "[1, 3] with strides [12, 1] is contiguous: nobody steps along size 1",
        run: ones,
    },
    Check {
        id: "01.7.empty",
        exercise: "01.7",
        fact: "a tensor without numbers is contiguous and reads as nothing",
        run: empty,
    },
    Check {
        id: "01.7.any_view",
        exercise: "01.7",
        fact: "any view reads what `position` finds, index by index",
        run: any_view,
    },
    Check {
        id: "01.7.integers",
        exercise: "01.7",
        fact: "integers are read like floats, and views can be compared and made contiguous",
        run: integers,
    },
];

fn fresh() -> Verdict {
    let x = two_by_three();
    wrong::unless(x.is_contiguous(), || "is_contiguous() is false for a fresh [2, 3]")?;
    wrong::unless_close(of(&x), [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], 0.0)?;
    wrong::unless(Tensor::from(7.0).is_contiguous(), || "a single number is contiguous")?;
    let row = x.slice(0, 1..);
    let lent = matches!(row.data(), Cow::Borrowed(_));
    wrong::unless(lent, || "row 1 was copied, 12 bytes, instead of lent")
        .note("the offset does not matter to is_contiguous")
}

fn transposed() -> Verdict {
    let t = two_by_three().t();
    let says = t.is_contiguous();
    wrong::unless(!says, || "is_contiguous() is true for strides [1, 3]")
        .note("a fresh [3, 2] has strides [2, 1]: compare axis by axis, from the last")?;
    let got = t.to_vec();
    wrong::unless_close(of(&t), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]], 0.0)
        .because(
            got == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
            "these are the numbers as stored: follow the strides",
        )
        .because(
            got == [1.0, 2.0, 2.0, 3.0, 3.0, 4.0],
            "along a row, step by the rows' stride, not by 1",
        )
}

fn gaps() -> Verdict {
    let x = counted([4, 3]);
    wrong::unless(x.slice(0, 1..3).is_contiguous(), || "rows 1 and 2 lie one after the other")?;
    let columns = x.slice(1, 1..);
    wrong::unless(!columns.is_contiguous(), || "between the rows of columns 1 and 2 is a gap")
        .note("[4, 2] with strides [3, 1]: fresh, it would have [2, 1]")?;
    wrong::unless_close(of(&columns), [[1.0, 2.0], [4.0, 5.0], [7.0, 8.0], [10.0, 11.0]], 0.0)?;
    let evens = counted([6]).slice_step(0, .., 2);
    wrong::unless(!evens.is_contiguous(), || "every second number: the stride is 2, not 1")?;
    wrong::unless_close(of(&evens), [0.0, 2.0, 4.0], 0.0)
}

fn ones() -> Verdict {
    let row = counted([4, 3]).slice_step(0, 1.., 4); // [1, 3], strides [12, 1], offset 3
    wrong::unless(
        row.is_contiguous(),
        || "is_contiguous() is false for [1, 3] with strides [12, 1]",
    )
    .note("the stride of an axis of size 1 does not matter")?;
    wrong::unless_close(of(&row), [[3.0, 4.0, 5.0]], 0.0)?;
    let column = counted([3, 1]).t();
    wrong::unless(column.is_contiguous(), || "a transposed [3, 1] is a row, as it lies")
}

fn empty() -> Verdict {
    let none = Tensor::zeros([2, 0, 3]).permute([2, 0, 1]);
    wrong::unless(none.is_contiguous(), || "is_contiguous() is false for [3, 2, 0]")?;
    wrong::unless_close(of(&none), check::Numbers::new(vec![3, 2, 0], vec![]), 0.0)?;
    let none = counted([4, 3]).slice(1, 2..2);
    wrong::unless_close(of(&none), check::Numbers::new(vec![4, 0], vec![]), 0.0)
}

fn any_view() -> Verdict {
    let x = counted([3, 4, 5]);
    let views = [
        x.permute([1, 2, 0]),
        x.permute([2, 1, 0]).slice(1, 1..3),
        x.slice_step(2, 1.., 3).transpose(0, 1),
        x.slice(0, 2..).slice(2, ..4),
        x.slice_step(1, 1.., 2).slice_step(0, .., 2).permute([2, 0, 1]),
    ];
    for view in views {
        // The numbers of `x` count up from 0, so that each is its own place in storage.
        let expected: Vec<f32> = places(view.layout()).iter().map(|&place| place as f32).collect();
        let shape = view.shape().to_vec();
        wrong::unless_close(of(&view), check::Numbers::new(shape, expected), 0.0).note(format!(
            "a view of [3, 4, 5] with shape {}, strides {:?} and offset {}",
            view.shape(),
            view.strides(),
            view.layout().offset()
        ))?;
    }
    Ok(())
}

fn integers() -> Verdict {
    let x = Tensor::from([[1, 2], [3, 4]]);
    wrong::unless_eq(x.t().to_vec_i32(), [1, 3, 2, 4])?;
    wrong::unless_eq(x.t().t() == x, true).note("equality reads both tensors")?;
    wrong::unless_eq(x.t() == x, false)?;
    let copy = x.t().contiguous();
    wrong::unless_eq(copy.strides(), [2, 1])?;
    wrong::unless_eq(copy.to_vec_i32(), [1, 3, 2, 4])
}
