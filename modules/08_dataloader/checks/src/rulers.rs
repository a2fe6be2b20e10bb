//! 08.7: one ruler for all.

use crate::numbers::of;
use check::{Because, Check, Verdict, wrong};
use tinytorch_dataloader::Normalize;
use tinytorch_tensor::Tensor;

pub const CHECKS: &[Check] = &[
    Check {
        id: "08.7.one_channel",
        exercise: "08.7",
        fact: "1, 2, 3 and 6 have a mean of 3 and a standard deviation of the root of 3.5",
        run: one_channel,
    },
    Check {
        id: "08.7.channels",
        exercise: "08.7",
        fact: "channels of 1, 3 | 5, 7 and of 10, 10 | 30, 30 have means of 4 and 20",
        run: channels,
    },
    Check {
        id: "08.7.flat",
        exercise: "08.7",
        fact: "a channel of equal numbers gets a standard deviation of 1, and becomes 0",
        run: flat,
    },
    Check {
        id: "08.7.applied",
        exercise: "08.7",
        fact: "(x - mean) / std by channel, of one picture and of many",
        run: applied,
    },
    Check {
        id: "08.7.one_ruler",
        exercise: "08.7",
        fact: "a picture looks the same alone and beside a bright one",
        run: one_ruler,
    },
    Check {
        id: "08.7.ink",
        exercise: "08.7",
        fact: "as much ink as in TinyDigits, a mean of 0.305, has afterwards 0 and a deviation of 1",
        run: ink,
    },
    Check {
        id: "08.7.mistakes",
        exercise: "08.7",
        fact: "a single picture to fit to, and other channels than fitted to, panic",
        run: mistakes,
    },
];

fn one_channel() -> Verdict {
    let pictures = Tensor::from_vec(vec![1.0, 2.0, 3.0, 6.0], [2, 1, 1, 2]);
    let ruler = Normalize::fit(&pictures);
    wrong::unless_close(ruler.mean(), [3.0_f32], 1e-6)?;
    let std = ruler.std()[0];
    wrong::unless_close(std, 1.870_828_7_f32, 1e-5)
        .because((std - 2.160_247).abs() < 1e-4, "2.16 divides by n - 1: here it is n")
        .because((std - 3.5).abs() < 1e-4, "3.5 is the variance: the deviation is its root")
        .because(
            (std - 3.535_534).abs() < 1e-4,
            "these are squares of the numbers, not of their distance from the mean",
        )
}

/// `[2, 2, 1, 2]`: channel 0 has 1 3 and 5 7, channel 1 has 10 10 and 30 30.
fn colored() -> Tensor {
    Tensor::from_vec(vec![1.0, 3.0, 10.0, 10.0, 5.0, 7.0, 30.0, 30.0], [2, 2, 1, 2])
}

fn channels() -> Verdict {
    let ruler = Normalize::fit(&colored());
    let mean = ruler.mean().to_vec();
    wrong::unless_close(&mean, [4.0_f32, 20.0], 1e-6)
        .because(mean == [6.0, 18.0], "these are the means of the samples: channels come second")
        .because(mean == [12.0, 12.0], "this is the mean of all: each channel has its own")
        .because(mean == [2.0, 10.0], "these are of the first sample: all samples count")?;
    wrong::unless_close(ruler.std(), [5.0_f32.sqrt(), 10.0], 1e-5)
}

fn flat() -> Verdict {
    let pictures = Tensor::full([3, 1, 2, 2], 7.0);
    let ruler = Normalize::fit(&pictures);
    wrong::unless_eq(ruler.std(), [1.0].as_slice())?;
    let got = ruler.of(&pictures).to_vec();
    wrong::unless(got.iter().all(|&x| x == 0.0), || format!("{got:?}"))
        .because(got.iter().any(|x| x.is_nan()), "0 / 0: a deviation of 0 must not divide")
}

fn applied() -> Verdict {
    let ruler = Normalize::new([1.0, 10.0], [2.0, 5.0]);
    let one = Tensor::from_vec(vec![1.0, 3.0, 10.0, 20.0], [2, 1, 2]);
    let got = ruler.of(&one);
    wrong::unless_close(of(&got), [[[0.0_f32, 1.0]], [[0.0, 2.0]]], 1e-6)
        .because(got.to_vec() == [-0.5, 0.5, -8.0, -6.0], "divided before the mean was subtracted")
        .because(
            got.to_vec() == [0.0, 1.0, 4.5, 9.5],
            "both channels were measured with the first one's ruler",
        )?;
    let many = Tensor::stack(&[&one, &one], 0);
    let got = ruler.of(&many).to_vec();
    wrong::unless_close(&got, [0.0_f32, 1.0, 0.0, 2.0, 0.0, 1.0, 0.0, 2.0], 1e-6)
        .because(
            got[2..4] == [4.5, 9.5] && got[4..6] == [-1.8, -1.4],
            "a ruler for each picture: planes alternate, plane i belongs to channel i % 2",
        )
        .note("two pictures [2, 2, 1, 2]: plane i belongs to channel i % 2")?;
    let turned = one.transpose(0, 2).contiguous().transpose(0, 2);
    wrong::unless_close(ruler.of(&turned).to_vec(), [0.0_f32, 1.0, 0.0, 2.0], 1e-6)
        .note("the same picture in another layout")?;
    let none = ruler.of(&Tensor::zeros([2, 0, 4]));
    wrong::unless_eq(none.shape().to_vec(), vec![2, 0, 4]).note("a picture without rows")
}

fn one_ruler() -> Verdict {
    let ruler = Normalize::new([0.5], [0.25]);
    let dark = Tensor::from_vec(vec![0.25, 0.5], [1, 1, 2]);
    let alone = ruler.of(&dark).to_vec();
    wrong::unless_close(&alone, [-1.0_f32, 0.0], 1e-6)
        .because(alone[0] + alone[1] == 0.0, "the picture was measured with itself")?;
    let bright = Tensor::full([1, 1, 2], 9.0);
    let together = ruler.of(&Tensor::stack(&[&dark, &bright], 0)).to_vec();
    wrong::unless_close(&together[..2], alone.as_slice(), 1e-6)
        .because(true, "statistics of the batch: a picture now depends on its neighbors")
}

fn ink() -> Verdict {
    // 305 of 1,000 pixels are ink; in any order, since a mean sees none.
    let pixels = (0..1000).map(|pixel| if pixel % 200 < 61 { 1.0 } else { 0.0 });
    let pictures = Tensor::from_vec(pixels.collect::<Vec<f32>>(), [10, 1, 10, 10]);
    let ruler = Normalize::fit(&pictures);
    wrong::unless_close(ruler.mean(), [0.305_f32], 1e-6)?;
    let normal = ruler.of(&pictures);
    let (mean, mean_square) = (normal.mean().item(), (&normal * &normal).mean().item());
    wrong::unless_close([mean, mean_square], [0.0_f32, 1.0], 1e-4)
}

fn mistakes() -> Verdict {
    let says = "expected pictures [samples, channels, rows, columns]";
    wrong::unless_panics(|| Normalize::fit(&Tensor::zeros([1, 8, 8])), says)?;
    wrong::unless_panics(|| Normalize::fit(&Tensor::zeros([0, 1, 8, 8])), says)?;
    let ruler = Normalize::new([0.0], [1.0]);
    wrong::unless_panics(
        || ruler.of(&Tensor::zeros([3, 8, 8])),
        "statistics of 1 channels do not fit",
    )
}
