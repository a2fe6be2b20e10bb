//! 08.9: a window in a padded picture.

use crate::numbers::{counted, of};
use check::{Because, Check, Verdict, wrong};
use std::collections::BTreeSet;
use tinytorch_dataloader::{RandomCrop, Transform};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.9.whole",
        exercise: "08.9",
        fact: "a window as large as the picture, without padding, is the picture",
        run: whole,
    },
    Check {
        id: "08.9.padded",
        exercise: "08.9",
        fact: "a window of 4 x 4 on 1 2 / 3 4 with 1 zero around shows all of it in the middle",
        run: padded,
    },
    Check {
        id: "08.9.places",
        exercise: "08.9",
        fact: "a window of 2 in 4 x 4, padded by 1, has 25 places, and all of them come",
        run: places,
    },
    Check {
        id: "08.9.drawn",
        exercise: "08.9",
        fact: "the first number of the stream places the top, the second the left",
        run: drawn,
    },
    Check {
        id: "08.9.even",
        exercise: "08.9",
        fact: "the first and the last place come as often as those between",
        run: even,
    },
    Check {
        id: "08.9.channels",
        exercise: "08.9",
        fact: "all channels are cut at one place",
        run: channels,
    },
    Check {
        id: "08.9.oblong",
        exercise: "08.9",
        fact: "pictures need not be square: windows of 2 in 2 x 4, and of 3 in 5 x 3",
        run: oblong,
    },
    Check {
        id: "08.9.mistakes",
        exercise: "08.9",
        fact: "a window of 5 in 2 x 2 padded by 1 does not fit and panics",
        run: mistakes,
    },
];

fn crop(size: usize, padding: usize, picture: &Tensor, seed: u64) -> Tensor {
    RandomCrop { size, padding }.apply(picture, &mut Rng::new(seed))
}

fn whole() -> Verdict {
    let picture = counted([2, 3, 3]);
    wrong::unless_close(of(&crop(3, 0, &picture, 1)), of(&picture), 0.0)
}

fn padded() -> Verdict {
    let got = crop(4, 1, &counted([1, 2, 2]), 1);
    let want = [[
        [0.0_f32, 0.0, 0.0, 0.0],
        [0.0, 1.0, 2.0, 0.0],
        [0.0, 3.0, 4.0, 0.0],
        [0.0, 0.0, 0.0, 0.0],
    ]];
    let numbers = got.to_vec();
    wrong::unless_close(of(&got), want, 0.0).because(
        numbers.first() == Some(&1.0),
        "the zeros are on the right and below only: padding is on each side",
    )
}

/// Where the window lies in the padded picture, top and left, each from 0: for pictures of 4 x 4
/// whose pixels are 1 to 16, padded by 1, windows of 2. `None` when it lies nowhere.
fn place_of(window: &[f32]) -> Option<(usize, usize)> {
    let pixel = |row: usize, column: usize| match (1..5).contains(&row) && (1..5).contains(&column)
    {
        true => ((row - 1) * 4 + column) as f32,
        false => 0.0,
    };
    let shows = |&(top, left): &(usize, usize)| {
        (0..4).all(|i| window[i] == pixel(top + i / 2, left + i % 2))
    };
    (0..25).map(|i| (i / 5, i % 5)).find(shows)
}

fn windows(count: u64) -> Result<Vec<(usize, usize)>, check::Wrong> {
    let picture = counted([1, 4, 4]);
    let mut places = Vec::new();
    for seed in 0..count {
        let window = crop(2, 1, &picture, seed);
        wrong::unless_eq(window.shape().to_vec(), vec![1, 2, 2])?;
        let place = place_of(&window.to_vec());
        let said = || format!("{:?}, with pixels 1 to 16 in rows of 4", window.to_vec());
        wrong::unless(place.is_some(), said)
            .because(true, "this window is nowhere in the padded picture")?;
        places.extend(place);
    }
    Ok(places)
}

fn places() -> Verdict {
    let seen: BTreeSet<(usize, usize)> = windows(1000)?.into_iter().collect();
    let (last, first) = (seen.iter().any(|p| p.0 == 4), seen.iter().any(|p| p.0 == 0));
    wrong::unless_eq(seen.len(), 25)
        .because(!last, "the last place never comes: of 4 + 2 rows, 2 fit at 5 places, 0 to 4")
        .because(!first, "the first place never comes")
        .because(seen.len() == 5, "top and left are always equal: each is drawn for itself")
        .because(seen.len() == 1, "the window is always at one place")
}

fn drawn() -> Verdict {
    for (seed, got) in (0..20).zip(windows(20)?) {
        let mut rng = Rng::new(seed);
        let want = (rng.below(5) as usize, rng.below(5) as usize);
        wrong::unless_eq(got, want)
            .because(got == (want.1, want.0), "the left was drawn first: top first, then left")
            .note("top and left, each `rng.below(5)` for the 5 places")?;
    }
    Ok(())
}

fn even() -> Verdict {
    let all = windows(5000)?;
    for place in 0..5 {
        let counts = [
            all.iter().filter(|p| p.0 == place).count(),
            all.iter().filter(|p| p.1 == place).count(),
        ];
        // 1,000 each are expected, give or take 28.
        wrong::unless(counts.iter().all(|count| (860..=1140).contains(count)), || {
            format!("place {place} comes {counts:?} times in 5,000 as top and left")
        })?;
    }
    Ok(())
}

fn channels() -> Verdict {
    let plane = counted([1, 4, 4]);
    let picture = Tensor::cat(&[&plane, &(&plane * 100.0)], 0);
    for seed in 0..20 {
        let got = crop(2, 1, &picture, seed).to_vec();
        let same = (0..4).all(|i| got[i] * 100.0 == got[4 + i]);
        wrong::unless(same, || format!("{:?} and {:?}", &got[..4], &got[4..])).because(
            true,
            "the channels were cut at different places: draw once for the picture",
        )?;
    }
    Ok(())
}

fn oblong() -> Verdict {
    let mut lefts = BTreeSet::new();
    for seed in 0..100 {
        let got = crop(2, 0, &counted([1, 2, 4]), seed).to_vec();
        let left = got[0];
        wrong::unless_eq(&got, &[left, left + 1.0, left + 4.0, left + 5.0])
            .note("1 2 3 4 / 5 6 7 8: a window has two neighbors, and the two below them")?;
        lefts.insert(left as usize);
    }
    wrong::unless_eq(lefts.into_iter().collect::<Vec<_>>(), vec![1, 2, 3])
        .note("where windows of 2 begin in rows of 4")?;
    let tops: BTreeSet<usize> =
        (0..100).map(|seed| crop(3, 0, &counted([1, 5, 3]), seed).to_vec()[0] as usize).collect();
    wrong::unless_eq(tops.into_iter().collect::<Vec<_>>(), vec![1, 4, 7])
        .note("the first pixel of windows of 3 in 5 rows of 3")
}

fn mistakes() -> Verdict {
    wrong::unless_panics(|| crop(5, 1, &counted([1, 2, 2]), 0), "does not fit")?;
    wrong::unless_panics(|| crop(3, 0, &counted([1, 4, 2]), 0), "does not fit")
        .note("4 rows are enough, 2 columns are not")
}
