//! 08.8: the mirror.

use crate::numbers::{counted, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::{RandomHorizontalFlip, Transform};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.8.rows",
        exercise: "08.8",
        fact: "1 2 3 / 4 5 6 becomes 3 2 1 / 6 5 4",
        run: rows,
    },
    Check {
        id: "08.8.channels",
        exercise: "08.8",
        fact: "channels stay where they are: 1 2 | 3 4 becomes 2 1 | 4 3",
        run: channels,
    },
    Check {
        id: "08.8.never",
        exercise: "08.8",
        fact: "p = 0 never mirrors, p = 1 always does",
        run: never,
    },
    Check {
        id: "08.8.half",
        exercise: "08.8",
        fact: "p = 0.25 mirrors about 250 of 1,000, and an equal stream does the same again",
        run: quarter,
    },
    Check {
        id: "08.8.one_draw",
        exercise: "08.8",
        fact: "one number is drawn for the whole picture: all of its rows are mirrored, or none",
        run: one_draw,
    },
    Check {
        id: "08.8.stored",
        exercise: "08.8",
        fact: "the stored picture is not changed",
        run: stored,
    },
    Check {
        id: "08.8.mistakes",
        exercise: "08.8",
        fact: "p of 1.5, of NaN, and a batch instead of a picture panic",
        run: mistakes,
    },
];

fn mirrored(picture: &Tensor) -> Tensor {
    RandomHorizontalFlip { p: 1.0 }.apply(picture, &mut Rng::new(0))
}

fn rows() -> Verdict {
    let got = mirrored(&counted([1, 2, 3]));
    let numbers = got.to_vec();
    wrong::unless_close(of(&got), [[[3.0_f32, 2.0, 1.0], [6.0, 5.0, 4.0]]], 0.0)
        .because(
            numbers == [4.0, 5.0, 6.0, 1.0, 2.0, 3.0],
            "the rows were exchanged: that is upside down",
        )
        .because(
            numbers == [6.0, 5.0, 4.0, 3.0, 2.0, 1.0],
            "all was turned around: the rows stay in place",
        )
        .because(numbers == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "nothing was mirrored")
}

fn channels() -> Verdict {
    let got = mirrored(&counted([2, 1, 2]));
    wrong::unless_close(of(&got), [[[2.0_f32, 1.0]], [[4.0, 3.0]]], 0.0).because(
        got.to_vec() == [3.0, 4.0, 1.0, 2.0],
        "the channels were exchanged: red is blue now",
    )
}

fn never() -> Verdict {
    let picture = counted([1, 1, 2]);
    for (p, want) in [(0.0, 0), (1.0, 100)] {
        let flip = RandomHorizontalFlip { p };
        let turned = |seed| flip.apply(&picture, &mut Rng::new(seed)).to_vec() == [2.0, 1.0];
        let got = (0..100).filter(|&seed| turned(seed)).count();
        wrong::unless_eq(got, want)
            .because(got == 100 - want, "the other way around: mirrored when the draw is *below* p")
            .note(format!("of 100 with p = {p}"))?;
    }
    Ok(())
}

fn quarter() -> Verdict {
    let (picture, flip) = (counted([1, 1, 2]), RandomHorizontalFlip { p: 0.25 });
    let turned = |seed| flip.apply(&picture, &mut Rng::new(seed)).to_vec() == [2.0, 1.0];
    let first: Vec<bool> = (0..1000).map(turned).collect();
    let count = first.iter().filter(|&&turned| turned).count();
    wrong::unless((200..=300).contains(&count), || format!("{count} of 1,000"))
        .because(
            (700..=800).contains(&count),
            "three quarters: mirrored when the draw is *below* p",
        )
        .because((450..=550).contains(&count), "a half, whatever p is")?;
    let again: Vec<bool> = (0..1000).map(turned).collect();
    wrong::unless(first == again, || "equal streams gave unequal pictures")
        .because(true, "all chance comes from the stream that is passed in")
}

fn one_draw() -> Verdict {
    let (picture, flip) = (counted([1, 4, 2]), RandomHorizontalFlip { p: 0.5 });
    for seed in 0..20 {
        let mut rng = Rng::new(seed);
        let got = flip.apply(&picture, &mut rng).to_vec();
        let turned = got.chunks_exact(2).filter(|row| row[0] > row[1]).count();
        wrong::unless(turned == 0 || turned == 4, || format!("{turned} of 4 rows were mirrored"))
            .because(true, "each row was mirrored by its own chance: draw once for the picture")?;
        let mut once = Rng::new(seed);
        once.uniform();
        wrong::unless_eq(rng.state().counter, once.state().counter)
            .because(
                rng.state().counter == 0,
                "nothing was drawn from the stream that is passed in",
            )
            .note(
                "numbers drawn; what follows in the same stream depends on how many there were",
            )?;
    }
    Ok(())
}

fn stored() -> Verdict {
    let picture = counted([1, 2, 3]);
    mirrored(&picture);
    wrong::unless_eq(picture.to_vec(), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
        .because(true, "the stored picture was mirrored, and will be mirrored back next time")
}

fn mistakes() -> Verdict {
    for p in [1.5, -0.5, f32::NAN] {
        let flip = RandomHorizontalFlip { p };
        let apply = || flip.apply(&counted([1, 1, 2]), &mut Rng::new(0));
        wrong::unless_panics(apply, "p goes from 0 to 1").note(format!("p = {p}"))?;
    }
    wrong::unless_panics(|| mirrored(&counted([2, 1, 2, 2])), "expected a picture")
        .note("a batch of pictures: `picture_dims` looks at the shape")
}
