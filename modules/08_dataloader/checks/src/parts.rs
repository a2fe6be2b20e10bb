//! 08.5: some samples of a whole.

use crate::numbers::{Numbered, counted, of};
use check::{Because, Check, Verdict, wrong};
use std::sync::{Arc, Mutex};
use tinytorch_dataloader::{Dataset, Subset, TensorDataset};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.5.default",
        exercise: "08.5",
        fact: "a data set that only has `get` makes batches: samples 4, 0 as [[4], [0]]",
        run: default,
    },
    Check {
        id: "08.5.streams",
        exercise: "08.5",
        fact: "in such a batch every sample gets its own stream",
        run: streams,
    },
    Check {
        id: "08.5.subset",
        exercise: "08.5",
        fact: "of the subset [5, 1, 7], samples 2 and 0 are 7 and 5 of the whole",
        run: subset,
    },
    Check {
        id: "08.5.at_once",
        exercise: "08.5",
        fact: "a subset asks the whole once for a batch, with the whole's numbers",
        run: at_once,
    },
    Check {
        id: "08.5.outside",
        exercise: "08.5",
        fact: "sample 3 of a subset of 3 panics, though the whole has it",
        run: outside,
    },
    Check {
        id: "08.5.transformed",
        exercise: "08.5",
        fact: "a transform changes the input, draws from the sample's stream, leaves the target",
        run: transformed,
    },
    Check {
        id: "08.5.twice",
        exercise: "08.5",
        fact: "of two transforms, the second goes on in the stream where the first stopped",
        run: twice,
    },
    Check {
        id: "08.5.stored",
        exercise: "08.5",
        fact: "what is stored stays as it is, however often it is transformed",
        run: stored,
    },
];

/// Only `get`: the input is `[index, first number of the stream]`.
struct Plain;

impl Dataset for Plain {
    fn len(&self) -> usize {
        10
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        (Tensor::from([index as f32, rng.uniform()]), Tensor::from(index as i32))
    }
}

fn rngs(n: usize) -> Vec<Rng> {
    (0..n).map(|i| Rng::at(3, i as u64)).collect()
}

fn default() -> Verdict {
    let (inputs, targets) = Plain.batch(&[4, 0], &mut rngs(2));
    wrong::unless_eq(inputs.shape().to_vec(), vec![2, 2])
        .because(inputs.shape().to_vec() == [4], "joined instead of stacked: a new first axis")?;
    wrong::unless_eq((inputs.at([0, 0]), inputs.at([1, 0])), (4.0, 0.0))?;
    wrong::unless_eq(targets.to_vec_i32(), vec![4, 0])
}

fn streams() -> Verdict {
    let (inputs, _) = Plain.batch(&[4, 0], &mut rngs(2));
    let want: Vec<f32> = rngs(2).iter_mut().map(Rng::uniform).collect();
    let got = vec![inputs.at([0, 1]), inputs.at([1, 1])];
    let one = got[0] == got[1];
    wrong::unless_eq(got, want)
        .because(one, "both samples drew from one stream, and got one number")
}

fn subset() -> Verdict {
    let subset = Subset::new(Numbered(10), vec![5, 1, 7]);
    let (input, target) = subset.get(2, &mut Rng::new(0));
    let got = (input.item(), target.item_i32());
    wrong::unless_eq(got, (7.0, 7)).because(
        got.1 == 2,
        "2 is the whole's sample 2: the subset's sample 2 is number 7 there",
    )?;
    let (inputs, targets) = subset.batch(&[2, 0], &mut rngs(2));
    wrong::unless_eq((inputs.to_vec(), targets.to_vec_i32()), (vec![7.0, 5.0], vec![7, 5]))
}

/// Notes what it is asked.
struct Asked(Mutex<Vec<Vec<usize>>>);

impl Dataset for Asked {
    fn len(&self) -> usize {
        10
    }

    fn get(&self, index: usize, rng: &mut Rng) -> (Tensor, Tensor) {
        self.0.lock().expect("no ask panics").push(vec![index]);
        Plain.get(index, rng)
    }

    fn batch(&self, indices: &[usize], rngs: &mut [Rng]) -> (Tensor, Tensor) {
        self.0.lock().expect("no ask panics").push(indices.to_vec());
        let drawn: Vec<f32> = rngs.iter_mut().map(Rng::uniform).collect();
        let n = drawn.len();
        (Tensor::from_vec(drawn, [n]), Numbered(10).batch(indices, &mut []).1)
    }
}

fn at_once() -> Verdict {
    let asked = Arc::new(Asked(Mutex::default()));
    let subset = Subset::new(Arc::clone(&asked), vec![5, 1, 7]);
    let (inputs, _) = subset.batch(&[2, 0], &mut rngs(2));
    let calls = asked.0.lock().expect("no ask panics").clone();
    wrong::unless_eq(&calls, &[vec![7, 5]]).because(
        calls.len() == 2,
        "one call for each sample: pass the whole batch on, it may gather",
    )?;
    let want: Vec<f32> = rngs(2).iter_mut().map(Rng::uniform).collect();
    wrong::unless_eq(inputs.to_vec(), want).note("the streams are passed on in their order")
}

fn outside() -> Verdict {
    let subset = Subset::new(Numbered(10), vec![5, 1, 7]);
    let says = "no sample 3 among 3";
    wrong::unless_panics(|| subset.get(3, &mut Rng::new(0)), says)?;
    wrong::unless_panics(|| subset.batch(&[0, 3], &mut rngs(2)), says)
}

fn transformed() -> Verdict {
    let louder = |x: &Tensor, rng: &mut Rng| x * 10.0 + rng.uniform();
    let data = Numbered(10).map(louder);
    let (input, target) = data.get(4, &mut Rng::at(3, 0));
    let want = 40.0 + Rng::at(3, 0).uniform();
    let drawn = input.item() - 40.0;
    wrong::unless_close(of(&input), [want], 1e-6)
        .because(input.item() == 4.0, "the input came through unchanged: apply the transform")
        .because(
            (0.0..1.0).contains(&drawn),
            "another stream was drawn from: the transform gets the one that `get` was given",
        )?;
    wrong::unless_eq(target.item_i32(), 4).note("the target is not transformed")?;
    let (inputs, targets) = data.batch(&[4, 6], &mut rngs(2));
    let want: Vec<f32> =
        rngs(2).iter_mut().zip([40.0, 60.0]).map(|(rng, x)| x + rng.uniform()).collect();
    wrong::unless_close(inputs.to_vec(), want, 1e-6)
        .because(inputs.to_vec() == [4.0, 6.0], "a batch must be transformed sample by sample")?;
    wrong::unless_eq(targets.to_vec_i32(), vec![4, 6])
}

fn twice() -> Verdict {
    let drawn = |x: &Tensor, rng: &mut Rng| x * 10.0 + rng.uniform();
    let (input, _) = Numbered(10).map(drawn).map(drawn).get(4, &mut Rng::at(3, 0));
    let mut rng = Rng::at(3, 0);
    let (first, second) = (rng.uniform(), rng.uniform());
    let got = input.item();
    wrong::unless_close(got, (40.0 + first) * 10.0 + second, 1e-5)
        .because(
            (got - ((40.0 + first) * 10.0 + first)).abs() < 1e-3,
            "both drew the same number: pass the stream itself on, not a copy of it",
        )
        .because(
            (got - ((40.0 + second) * 10.0 + first)).abs() < 1e-3,
            "the outer one drew first: the sample is made before it is changed",
        )
}

fn stored() -> Verdict {
    let pictures = counted([3, 1, 2, 2]);
    let whole = Arc::new(TensorDataset::new(pictures.clone(), Tensor::arange_i32(3)));
    let data = Arc::clone(&whole).map(|x: &Tensor, _: &mut Rng| x * 2.0);
    for _ in 0..2 {
        let (input, _) = data.get(1, &mut Rng::new(0));
        wrong::unless_close(input.to_vec(), [10.0_f32, 12.0, 14.0, 16.0], 0.0)?;
    }
    wrong::unless_close(of(whole.inputs()), of(&pictures), 0.0)
        .because(true, "the stored picture was changed, and is changed more with every epoch")
}
