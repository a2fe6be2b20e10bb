//! 07.2: accuracy, and the best k.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tensor::Tensor;
use tinytorch_training::{accuracy, top_k_accuracy};

pub const CHECKS: &[Check] = &[
    Check {
        id: "07.2.by_hand",
        exercise: "07.2",
        fact: "three of four rows have their largest score at their label: 0.75",
        run: by_hand,
    },
    Check {
        id: "07.2.along_classes",
        exercise: "07.2",
        fact: "the largest is looked for in a row, [0.2, 0.9, 0.1] says 1",
        run: along_classes,
    },
    Check {
        id: "07.2.best_k",
        exercise: "07.2",
        fact: "label 1 of [0.1, 0.2, 0.3, 0.4] is third: a hit for k = 3, not for 2",
        run: best_k,
    },
    Check {
        id: "07.2.ties",
        exercise: "07.2",
        fact: "of equal scores the first is the largest: four equal ones hit 1 label of 4",
        run: ties,
    },
    Check {
        id: "07.2.nan",
        exercise: "07.2",
        fact: "a score of NaN is never a hit: a model that has diverged scores 0",
        run: nan,
    },
    Check {
        id: "07.2.layouts",
        exercise: "07.2",
        fact: "transposed scores and scores [batch, time, classes] are read as they stand",
        run: layouts,
    },
    Check {
        id: "07.2.mistakes",
        exercise: "07.2",
        fact: "k = 0, labels of another shape and labels that are no class panic, and say so",
        run: mistakes,
    },
];

fn by_hand() -> Verdict {
    let scores = Tensor::from([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7], [0.6, 0.4]]);
    let got = accuracy(&scores, &Tensor::from([1, 0, 0, 0]));
    wrong::unless_eq(got, 0.75)
        .because(got == 3.0, "3 is the number of hits: divide it by the number of samples")
        .because(got == 0.25, "0.25 is the part that is wrong")
        .because(got == 0.375, "3 hits of 8 scores: divide by the samples, not by the scores")
        .because(got == 1.0, "every label was a hit: rank 0 alone is the best")
}

fn along_classes() -> Verdict {
    let scores = Tensor::from([[0.2, 0.9, 0.1], [0.3, 0.8, 0.4]]);
    let got = accuracy(&scores, &Tensor::from([1, 1]));
    wrong::unless_eq(got, 1.0).because(
        got < 1.0,
        "the argmax runs along the classes of one sample, not along the batch: along the batch \
         the largest are in rows 1, 0 and 1",
    )
}

fn best_k() -> Verdict {
    let scores = Tensor::from([[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1]]);
    let labels = Tensor::from([1, 1]);
    let got = [1, 2, 3, 4, 9].map(|k| top_k_accuracy(&scores, &labels, k));
    wrong::unless_eq(got, [0.0, 0.5, 1.0, 1.0, 1.0])
        .because(got == [0.5, 1.0, 1.0, 1.0, 1.0], "one too many: rank 0 is the best, so rank < k")
        .because(got[0] == got[2], "k makes no difference: a label among the best k is a hit")
        .note("label 1 is third in the first row and second in the second; k is 1, 2, 3, 4 and 9")
}

fn ties() -> Verdict {
    let flat = Tensor::zeros([4, 4]);
    let labels = Tensor::from([0, 1, 2, 3]);
    let got = [1, 2].map(|k| top_k_accuracy(&flat, &labels, k));
    wrong::unless_eq(got, [0.25, 0.5])
        .because(
            got == [1.0, 1.0],
            "a model without an opinion got full marks: a class with an equal score, that comes \
             before the label's, is before it",
        )
        .because(got == [0.0, 0.0], "the label was counted as being before itself")
        .because(got[0] == 0.25 && got[1] == 0.25, "of equal scores the first classes come first")
}

fn nan() -> Verdict {
    let all = Tensor::full([3, 2], f32::NAN);
    let got = accuracy(&all, &Tensor::from([0, 1, 0]));
    wrong::unless_eq(got, 0.0).because(
        got > 0.0,
        "every comparison with NaN is false: count what is not clearly behind",
    )?;
    let mixed = Tensor::from([[f32::NAN, 1.0], [1.0, f32::NAN]]);
    for labels in [[0, 1], [1, 0]] {
        let got = accuracy(&mixed, &Tensor::from(labels));
        wrong::unless_eq(got, 0.0)
            .because(got > 0.0, "a NaN was counted as behind: nothing is behind or before a NaN")
            .note(format!("rows [NaN, 1] and [1, NaN], labels {labels:?}"))?;
    }
    Ok(())
}

fn layouts() -> Verdict {
    let turned = Tensor::from([[0.2, 0.3], [0.9, 0.8], [0.1, 0.4]]).transpose(0, 1);
    let got = accuracy(&turned, &Tensor::from([1, 1]));
    wrong::unless_eq(got, 1.0).because(
        got < 1.0,
        "the storage was read instead of the tensor: `data()` is in its order",
    )?;
    let deep = Tensor::from([[[0.2, 0.8], [0.7, 0.3]], [[0.1, 0.9], [0.5, 0.4]]]);
    wrong::unless_eq(accuracy(&deep, &Tensor::from([[1, 0], [1, 1]])), 0.75)
}

fn mistakes() -> Verdict {
    let (scores, fitting) = (Tensor::zeros([2, 3]), Tensor::from([0, 1]));
    wrong::unless_panics(|| top_k_accuracy(&scores, &fitting, 0), "k is 0")?;
    wrong::unless_panics(|| accuracy(&scores, &Tensor::from([0, 1, 2])), "one label per row")
        .note("`check_scores` looks at the shapes, and says this")?;
    wrong::unless_panics(|| accuracy(&scores, &Tensor::from([0, -1])), "which count from 0: -1")
        .note("`check_scores` looks at the labels, and says this")
}
