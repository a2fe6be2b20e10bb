//! 08.2: a batch of rows.

use crate::numbers::{counted, of};
use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::{Dataset, TensorDataset};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.2.sample",
        exercise: "08.2",
        fact: "sample 2 of XOR is the input [1, 0] with the target 1",
        run: sample,
    },
    Check {
        id: "08.2.batch",
        exercise: "08.2",
        fact: "samples 2 and 0 in a batch: inputs [[1, 0], [0, 0]], targets [1, 0]",
        run: batch,
    },
    Check {
        id: "08.2.pictures",
        exercise: "08.2",
        fact: "of pictures [5, 1, 2, 3], samples 4, 1, 4 make [3, 1, 2, 3]",
        run: pictures,
    },
    Check {
        id: "08.2.outside",
        exercise: "08.2",
        fact: "a sample 4 of 4 panics and says so, alone and in a batch",
        run: outside,
    },
    Check {
        id: "08.2.no_chance",
        exercise: "08.2",
        fact: "no random number is drawn",
        run: no_chance,
    },
];

fn xor() -> TensorDataset {
    let inputs = Tensor::from([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]);
    TensorDataset::new(inputs, Tensor::from([0, 1, 1, 0]))
}

fn rngs(n: usize) -> Vec<Rng> {
    (0..n).map(|i| Rng::at(9, i as u64)).collect()
}

fn sample() -> Verdict {
    let (input, target) = xor().get(2, &mut Rng::new(0));
    wrong::unless_close(of(&input), [1.0_f32, 0.0], 0.0)
        .because(input.ndim() == 2, "a sample has no axis of samples: [2], not [1, 2]")
        .because(input.to_vec() == [0.0, 1.0], "counted from 1: sample 2 is the third row")?;
    wrong::unless_eq((target.ndim(), target.to_vec_i32()), (0, vec![1]))
        .note("the target is a single number, without an axis")
}

fn batch() -> Verdict {
    let (inputs, targets) = xor().batch(&[2, 0], &mut rngs(2));
    wrong::unless_close(of(&inputs), [[1.0_f32, 0.0], [0.0, 0.0]], 0.0)
        .because(
            inputs.to_vec() == [0.0, 0.0, 1.0, 0.0],
            "the rows were sorted: keep the order asked for",
        )
        .because(
            inputs.to_vec() == [0.0, 0.0, 0.0, 1.0],
            "the first rows, whichever were asked for",
        )?;
    let got = targets.to_vec_i32();
    wrong::unless_eq(&got, &[1, 0])
        .because(got == [0, 1], "inputs and targets were taken by different rows")
}

fn pictures() -> Verdict {
    let data = TensorDataset::new(counted([5, 1, 2, 3]), Tensor::arange_i32(5));
    let (inputs, targets) = data.batch(&[4, 1, 4], &mut rngs(3));
    wrong::unless_eq(inputs.shape().to_vec(), vec![3, 1, 2, 3])?;
    let firsts: Vec<f32> = inputs.to_vec().chunks_exact(6).map(|picture| picture[0]).collect();
    wrong::unless_eq(firsts, vec![25.0, 7.0, 25.0]).note("the first pixel of each")?;
    wrong::unless_eq(targets.to_vec_i32(), vec![4, 1, 4])?;
    let (none, _) = data.batch(&[], &mut []);
    wrong::unless_eq(none.shape().to_vec(), vec![0, 1, 2, 3]).note("a batch of nothing")
}

fn outside() -> Verdict {
    wrong::unless_panics(|| xor().get(4, &mut Rng::new(0)), "no sample 4 among 4")
        .note("`assert_in_range` first")?;
    wrong::unless_panics(|| xor().batch(&[0, 4], &mut rngs(2)), "no sample 4 among 4")
        .note("`assert_in_range` for each index, so that the panic speaks of samples")
}

fn no_chance() -> Verdict {
    let mut streams = rngs(2);
    let before: Vec<_> = streams.iter().map(Rng::state).collect();
    xor().batch(&[1, 2], &mut streams);
    xor().get(1, &mut streams[0]);
    let after: Vec<_> = streams.iter().map(Rng::state).collect();
    wrong::unless(before == after, || "a stream was drawn from")
}
