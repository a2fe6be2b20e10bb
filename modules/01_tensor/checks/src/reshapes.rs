//! 01.13 and 01.14: the same numbers under another shape.

use crate::numbers::{counted, indices, of, places, two_by_three};
use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "01.13.given",
        exercise: "01.13",
        fact: "1 2 3 / 4 5 6 as [3, 2] is 1 2 / 3 4 / 5 6: the numbers keep their order",
        run: given,
    },
    Check {
        id: "01.13.open",
        exercise: "01.13",
        fact: "12 numbers as [2, -1, 3] are [2, 2, 3]",
        run: open,
    },
    Check {
        id: "01.13.refused",
        exercise: "01.13",
        fact: "6 numbers fill neither [4, 2] nor [4, -1]",
        run: refused,
    },
    Check {
        id: "01.13.zero",
        exercise: "01.13",
        fact: "0 numbers as [-1, 4] are [0, 4], but for [0, -1] anything would do",
        run: zero,
    },
    Check {
        id: "01.13.axes",
        exercise: "01.13",
        fact: "flatten(1) of [2, 3, 4] is reshape([2, -1]); select, squeeze and stack reshape, too",
        run: axes,
    },
    Check {
        id: "01.14.cut",
        exercise: "01.14",
        fact: "every second row of [4, 6], as [2, 2, 3], is a view with strides [12, 3, 1]",
        run: cut,
    },
    Check {
        id: "01.14.merged",
        exercise: "01.14",
        fact: "axes that lie back to back merge: a part of [4, 2, 3] as [2, 6] is a view",
        run: merged,
    },
    Check {
        id: "01.14.copied",
        exercise: "01.14",
        fact: "a transposed 1 2 3 / 4 5 6, flattened, is 1 4 2 5 3 6, and must be copied",
        run: copied,
    },
    Check {
        id: "01.14.ones",
        exercise: "01.14",
        fact: "sizes of 1 come and go anywhere without a copy",
        run: ones,
    },
    Check {
        id: "01.14.heads",
        exercise: "01.14",
        fact: "[2, 3, 4] cut into 2 heads, turned to [2, 2, 3, 2] and back, is as it was",
        run: heads,
    },
    Check {
        id: "01.14.any_view",
        exercise: "01.14",
        fact: "300 views and shapes: the numbers are kept, in a view where strides can say it",
        run: any_view,
    },
];

fn given() -> Verdict {
    let y = two_by_three().reshape([3, 2]);
    wrong::unless_close(of(&y), [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], 0.0)?;
    wrong::unless_eq(two_by_three().reshape([6]).shape(), [6])?;
    let one: [isize; 0] = [];
    wrong::unless_eq(Tensor::from([5.0]).reshape(one).shape(), [])
        .note("no sizes at all: a single number")
}

fn open() -> Verdict {
    let shape = counted([12]).reshape([2, -1, 3]).shape();
    wrong::unless_eq(shape, [2, 2, 3]).because(
        shape.numel() != 12,
        "12 is to be divided by 2 * 3: all known sizes count, not one",
    )?;
    wrong::unless_eq(counted([2, 6]).reshape([-1]).shape(), [12])?;
    wrong::unless_eq(counted([2, 6]).reshape([4, -1]).shape(), [4, 3])?;
    wrong::unless_eq(counted([2, 6]).reshape([-1, 12]).shape(), [1, 12])
}

fn refused() -> Verdict {
    let x = two_by_three();
    wrong::unless_panics(|| x.reshape([4, 2]), "do not fill [4, 2]")
        .note("4 * 2 = 8 numbers, and there are 6")?;
    wrong::unless_panics(|| x.reshape([4, -1]), "do not fill [4, -1]")
        .note("6 / 4 leaves a remainder of 2")?;
    wrong::unless_panics(|| x.reshape([2]), "do not fill [2]")?;
    wrong::unless_panics(|| x.reshape([usize::MAX >> 1, 4]), "do not fill")
        .note("the product of these sizes does not fit a usize: multiply with `saturating_mul`")
}

fn zero() -> Verdict {
    let none = Tensor::zeros([0, 8]);
    wrong::unless_eq(none.reshape([-1, 4]).shape(), [0, 4])?;
    wrong::unless_eq(none.reshape([0, 3]).shape(), [0, 3])?;
    wrong::unless_panics(|| none.reshape([0, -1]), "do not fill [0, -1]")
        .note("0 times anything is 0: the open size is not known, and 0 / 0 is no answer")?;
    wrong::unless_panics(|| two_by_three().reshape([0, -1]), "do not fill [0, -1]")
}

fn axes() -> Verdict {
    let x = two_by_three();
    wrong::unless_eq(x.unsqueeze(1).shape(), [2, 1, 3])?;
    wrong::unless_eq(x.unsqueeze(-1).squeeze(-1).shape(), [2, 3])?;
    let cube = counted([2, 3, 4]);
    wrong::unless_eq(cube.reshape([2, -1]).shape(), cube.flatten(1).shape())?;
    wrong::unless_close(of(&x.select(0, 1)), [4.0, 5.0, 6.0], 0.0)?;
    let (a, b) = (Tensor::from([1.0, 2.0]), Tensor::from([3.0, 4.0]));
    wrong::unless_close(of(&Tensor::stack(&[&a, &b], 1)), [[1.0, 3.0], [2.0, 4.0]], 0.0)
}

fn cut() -> Verdict {
    let x = counted([4, 6]).slice_step(0, .., 2);
    let y = x.reshape([2, 2, 3]);
    wrong::unless(y.shares_storage(&x), || "it was copied")
        .note("each row of 6 is a run, and the run is cut into 2 times 3")?;
    let got = y.strides();
    wrong::unless_eq(&got, &[12, 3, 1]).because(
        got == [6, 3, 1],
        "between the rows a row of 6 is skipped: keep the old stride of 12",
    )?;
    wrong::unless_eq(places(y.layout()), places(x.layout()))?;
    let evens = counted([12]).slice_step(0, .., 2).reshape([2, 3]);
    wrong::unless_eq(evens.strides(), [6, 2])
        .note("a run of 6 numbers that are 2 apart: the step stays 2 within a row")
}

fn merged() -> Verdict {
    let x = counted([4, 2, 3]).slice_step(0, 1.., 2); // strides [12, 3, 1], offset 6
    let y = x.reshape([2, 6]);
    wrong::unless(y.shares_storage(&x), || "it was copied")
        .note("axes 1 and 2 lie back to back: 3 = 3 * 1")?;
    wrong::unless_eq(y.strides(), [12, 1])?;
    let got = y.layout().offset();
    wrong::unless_eq(got, 6).because(got == 0, "the offset was lost")?;
    let mixed = x.reshape([2, 3, 2]);
    wrong::unless(mixed.shares_storage(&x), || "[2, 2, 3] as [2, 3, 2] was copied")
        .note("a run of 2 * 3 numbers is cut anew into 3 * 2")?;
    wrong::unless_eq(places(mixed.layout()), places(x.layout()))
}

fn copied() -> Verdict {
    let t = two_by_three().t();
    let y = t.reshape([6]);
    wrong::unless(!y.shares_storage(&t), || "[3, 2] with strides [1, 3] became a view of [6]")
        .note("from 1 to 4 it is 3 places, from 4 to 2 it is -2, and no stride is both: copy")?;
    wrong::unless_close(of(&y), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0], 0.0)?;
    wrong::unless_close(of(&t.reshape([2, 3])), [[1.0, 4.0, 2.0], [5.0, 3.0, 6.0]], 0.0)
        .note("[3, 2] with strides [1, 3] as [2, 3]")?;
    let rows = counted([4, 6]).slice_step(0, .., 2);
    let expected = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0];
    wrong::unless_close(of(&rows.reshape([12])), expected, 0.0)
}

fn ones() -> Verdict {
    let t = two_by_three().t();
    for sizes in [&[1, 3, 2][..], &[3, 1, 2], &[3, 2, 1], &[1, 3, 1, 1, 2, 1]] {
        let y = t.reshape(sizes);
        wrong::unless(y.shares_storage(&t), || format!("[3, 2] as {sizes:?} was copied"))?;
        wrong::unless_eq(places(y.layout()), places(t.layout()))?;
        let back = y.reshape([3, 2]);
        wrong::unless(back.shares_storage(&t), || format!("{sizes:?} as [3, 2] was copied"))
            .note("an axis of size 1 belongs to any run, whatever its stride")?;
        wrong::unless_eq(places(back.layout()), places(t.layout()))?;
    }
    // [5, 1, 3] with strides [6, 120, 2]: fifteen numbers, each 2 from the next.
    let evens = counted([4, 5, 6]).slice_step(0, .., 4).transpose(0, 1).slice_step(2, .., 2);
    let flat = evens.reshape([15]);
    wrong::unless(flat.shares_storage(&evens), || "[5, 1, 3] with strides [6, 120, 2] was copied")
        .note("an axis of size 1 belongs to any run, whatever its stride")?;
    wrong::unless_eq(flat.strides(), [2])
}

fn heads() -> Verdict {
    let x = counted([2, 3, 4]);
    let heads = x.reshape([2, 3, 2, 2]).transpose(1, 2);
    wrong::unless_eq((heads.at([0, 1, 0, 0]), heads.at([1, 0, 2, 1])), (2.0, 21.0))?;
    let back = heads.transpose(1, 2).reshape([2, 3, 4]);
    wrong::unless(back.shares_storage(&x), || "turned back, it lies as before; yet it was copied")?;
    wrong::unless_close(of(&back), of(&x), 0.0)?;
    let joined = heads.reshape([2, 2, 6]); // the axes before are merged by a copy
    wrong::unless_eq((joined.at([0, 0, 2]), joined.at([0, 1, 0])), (4.0, 2.0))
}

/// Strides that show numbers at `places` as `sizes`, found by trying, or that there are none.
fn strides_exist(places: &[usize], sizes: &[usize]) -> bool {
    let behind = |axis: usize| sizes[axis + 1..].iter().product::<usize>();
    let steps: Vec<Option<usize>> = (0..sizes.len())
        .map(|axis| match sizes[axis] {
            1 => Some(0),
            _ => places[behind(axis)].checked_sub(places[0]),
        })
        .collect();
    let Some(steps) = steps.into_iter().collect::<Option<Vec<usize>>>() else { return false };
    indices(sizes).iter().zip(places).all(|(index, &place)| {
        places[0] + index.iter().zip(&steps).map(|(i, step)| i * step).sum::<usize>() == place
    })
}

fn any_view() -> Verdict {
    let mut rng = Rng::new(7);
    let mut below = |n: usize| rng.below(n as u64) as usize;
    let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
    for _ in 0..300 {
        let x = counted([4, 6, 4]);
        let (axis, step) = (below(3) as isize, 1 + below(2));
        let view = x.slice_step(axis, .., step).permute(orders[below(6)]);
        let view = view.slice_step(below(3) as isize, .., 1 + below(2));
        let mut sizes: Vec<usize> = vec![view.numel()];
        for _ in 0..below(4) {
            let i = below(sizes.len());
            let factors: Vec<usize> =
                (1..=sizes[i]).filter(|f| sizes[i].is_multiple_of(*f)).collect();
            let factor = factors[below(factors.len())];
            sizes[i] /= factor;
            sizes.insert(i, factor);
        }
        let told = format!("{} with strides {:?} as {sizes:?}", view.shape(), view.strides());
        let (y, before) = (view.reshape(sizes.as_slice()), places(view.layout()));
        let numbers: Vec<f32> = before.iter().map(|&place| place as f32).collect();
        wrong::unless_close(of(&y), check::Numbers::new(sizes.clone(), numbers), 0.0)
            .note(told.clone())?;
        let (expected, got) = (strides_exist(&before, &sizes), y.shares_storage(&x));
        wrong::unless(got == expected, || match expected {
            true => format!("{told} was copied, although strides can say it"),
            false => format!("{told} is a view, although no strides can say it"),
        })?;
    }
    Ok(())
}
