//! 08.10: a hole.

use crate::numbers::counted;
use check::{Because, Check, Verdict, wrong};
use std::collections::BTreeMap;
use tinytorch_dataloader::{Cutout, Transform};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.10.single",
        exercise: "08.10",
        fact: "a hole of 1 x 1 hides one pixel of 3 x 3, and each comes in its turn",
        run: single,
    },
    Check {
        id: "08.10.drawn",
        exercise: "08.10",
        fact: "the first number of the stream is the center's row, the second its column",
        run: drawn,
    },
    Check {
        id: "08.10.cut_off",
        exercise: "08.10",
        fact: "a hole of 2 x 2 in 4 x 4 hides 4 pixels, or 2 at an edge, or 1 at the corner",
        run: cut_off,
    },
    Check {
        id: "08.10.centered",
        exercise: "08.10",
        fact: "a hole of 3 x 3 reaches 1 pixel from its center to every side",
        run: centered,
    },
    Check {
        id: "08.10.channels",
        exercise: "08.10",
        fact: "the hole is at one place in all channels",
        run: channels,
    },
    Check {
        id: "08.10.stored",
        exercise: "08.10",
        fact: "the stored picture is not changed; size 0 hides nothing, a huge one everything",
        run: stored,
    },
    Check {
        id: "08.10.empty",
        exercise: "08.10",
        fact: "a picture without pixels comes back, and nothing is drawn",
        run: empty,
    },
];

/// The rows and the columns that are hidden.
type Hole = (Vec<usize>, Vec<usize>);

/// The holes in 400 pictures of ones `[1, rows, columns]`, and how often each comes. Fails
/// when what is hidden is no rectangle.
fn holes(size: usize, [rows, columns]: [usize; 2]) -> Result<BTreeMap<Hole, usize>, check::Wrong> {
    let mut holes = BTreeMap::new();
    for seed in 0..400 {
        let got = Cutout { size }.apply(&Tensor::ones([1, rows, columns]), &mut Rng::new(seed));
        wrong::unless_eq(got.shape().to_vec(), vec![1, rows, columns])?;
        let hidden = |row: usize, column: usize| got.at([0, row, column]) == 0.0;
        let in_rows: Vec<usize> =
            (0..rows).filter(|&row| (0..columns).any(|column| hidden(row, column))).collect();
        let in_columns: Vec<usize> =
            (0..columns).filter(|&column| (0..rows).any(|row| hidden(row, column))).collect();
        let count = got.to_vec().iter().filter(|&&x| x == 0.0).count();
        wrong::unless_eq(count, in_rows.len() * in_columns.len())
            .note("hidden pixels are a rectangle of whole rows and columns")?;
        *holes.entry((in_rows, in_columns)).or_default() += 1;
    }
    Ok(holes)
}

fn single() -> Verdict {
    let got = holes(1, [3, 3])?;
    let one = got.keys().all(|(rows, columns)| rows.len() == 1 && columns.len() == 1);
    wrong::unless(one, || format!("{:?}", got.keys().collect::<Vec<_>>())).because(
        got.keys().any(|hole| hole.0.is_empty()),
        "some holes are empty: size - size / 2 is 1",
    )?;
    wrong::unless_eq(got.len(), 9)
        .because(got.len() == 3, "row and column are always equal: each is drawn for itself")
        .because(got.len() == 4, "the last row and column never come: below(length)")
}

fn drawn() -> Verdict {
    for seed in 0..20 {
        let got = Cutout { size: 1 }.apply(&Tensor::ones([1, 3, 3]), &mut Rng::new(seed)).to_vec();
        let mut rng = Rng::new(seed);
        let want = (rng.below(3) as usize, rng.below(3) as usize);
        let hidden = got.iter().position(|&x| x == 0.0).map(|place| (place / 3, place % 3));
        wrong::unless_eq(hidden, Some(want))
            .because(
                hidden == Some((want.1, want.0)),
                "the column was drawn first: row first, then column",
            )
            .note("row and column of the center, each `rng.below(3)`")?;
    }
    Ok(())
}

fn cut_off() -> Verdict {
    let got = holes(2, [4, 4])?;
    let rows: std::collections::BTreeSet<&Vec<usize>> = got.keys().map(|(rows, _)| rows).collect();
    let want = [vec![0], vec![0, 1], vec![1, 2], vec![2, 3]];
    let whole = rows.iter().all(|rows| rows.len() == 2);
    let late = rows.contains(&vec![3]);
    wrong::unless_eq(rows.into_iter().collect::<Vec<_>>(), want.iter().collect::<Vec<_>>())
        .because(
            whole,
            "no hole is cut off: the center is anywhere in the picture, not only inside",
        )
        .because(late, "the hole begins at its center: it begins size / 2 before it")
}

fn centered() -> Verdict {
    let got = holes(3, [5, 5])?;
    let want = [vec![0, 1], vec![0, 1, 2], vec![1, 2, 3], vec![2, 3, 4], vec![3, 4]];
    let columns: std::collections::BTreeSet<&Vec<usize>> =
        got.keys().map(|(_, columns)| columns).collect();
    let short = columns.iter().all(|columns| columns.len() < 3);
    let shifted = columns.contains(&vec![0, 1, 2]) && !columns.contains(&vec![0, 1]);
    wrong::unless_eq(columns.into_iter().collect::<Vec<_>>(), want.iter().collect::<Vec<_>>())
        .because(short, "3 / 2 is 1, twice that is 2: the end is center + (size - size / 2)")
        .because(
            shifted,
            "at the border the hole was moved inside: count its end from the uncut beginning",
        )
}

fn channels() -> Verdict {
    for seed in 0..20 {
        let got = Cutout { size: 2 }.apply(&Tensor::ones([2, 4, 4]), &mut Rng::new(seed)).to_vec();
        wrong::unless_eq(&got[..16], &got[16..])
            .because(got[16..].iter().all(|&x| x == 1.0), "only the first channel has a hole")
            .because(true, "the channels have their holes at different places")?;
    }
    Ok(())
}

fn stored() -> Verdict {
    let picture = counted([1, 4, 4]);
    let before = picture.to_vec();
    Cutout { size: 2 }.apply(&picture, &mut Rng::new(0));
    wrong::unless_eq(picture.to_vec(), before.clone())
        .because(true, "the stored picture has a hole now, and gets another one each epoch")?;
    let none = Cutout { size: 0 }.apply(&picture, &mut Rng::new(0));
    wrong::unless_eq(none.to_vec(), before)
        .because(true, "a hole of size 0 hides nothing: are these holes of an earlier call?")?;
    let all = Cutout { size: 100 }.apply(&picture, &mut Rng::new(0));
    wrong::unless_eq(all.to_vec(), vec![0.0; 16])
}

fn empty() -> Verdict {
    let mut rng = Rng::new(0);
    let before = rng.state();
    let got = Cutout { size: 2 }.apply(&Tensor::zeros([1, 0, 4]), &mut rng);
    wrong::unless_eq(got.shape().to_vec(), vec![1, 0, 4])?;
    wrong::unless(rng.state() == before, || "a number was drawn for nothing")
}
