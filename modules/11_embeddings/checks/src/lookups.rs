//! 11.1 and 11.2: rows by id, and where they start.

use crate::numbers::{drawn, of, table};
use check::{Because, Check, Verdict, wrong};
use tinytorch_embeddings::{Embedding, embedding};
use tinytorch_layers::{Init, Model, Module};
use tinytorch_tensor::{Rng, Tensor};

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.1.shape",
        exercise: "11.1",
        fact: "ids of [2, 3] in a table of [4, 2] give [2, 3, 2]",
        run: shape,
    },
    Check {
        id: "11.1.rows",
        exercise: "11.1",
        fact: "the ids 3 0 3 give row 3, row 0, row 3",
        run: rows,
    },
    Check {
        id: "11.1.edges",
        exercise: "11.1",
        fact: "a single id gives one row, no ids give none, rows may be of width 1",
        run: edges,
    },
    Check {
        id: "11.1.layouts",
        exercise: "11.1",
        fact: "a transposed table and transposed ids are read as they are shown",
        run: layouts,
    },
    Check {
        id: "11.1.product",
        exercise: "11.1",
        fact: "a lookup is one_hot(ids) times the table",
        run: product,
    },
    Check {
        id: "11.2.start",
        exercise: "11.2",
        fact: "a new table is [v, d], normal with deviation 1, and trained",
        run: start,
    },
    Check {
        id: "11.2.init",
        exercise: "11.2",
        fact: "with_init starts as it is told, with no id for padding",
        run: init,
    },
    Check {
        id: "11.2.seed",
        exercise: "11.2",
        fact: "a seed gives one table, another seed another",
        run: seed,
    },
];

fn shape() -> Verdict {
    let got = table().forward(&Tensor::from([[3, 0, 3], [1, 1, 2]])).shape();
    wrong::unless_eq(got.to_vec(), vec![2, 3, 2])
        .because(got == [6, 2], "the rows are there, but the result keeps the axes of the ids")
        .because(got == [2, 3], "each id becomes a row of d numbers: one axis more than the ids")
        .because(got == [2, 2, 3], "the numbers of a row come last: the ids' axes first, then d")
}

fn rows() -> Verdict {
    let got = table().forward(&Tensor::from([3, 0, 3]));
    let columns =
        "these are numbers of columns: an id is the number of a row, which starts at id * d";
    wrong::unless_close(of(&got), [[30.0, 31.0], [0.0, 1.0], [30.0, 31.0]], 0.0)
        .because(got.at([0, 0]) != 30.0, columns)
        .because(got.at([0, 1]) != 31.0, "row 3 is 30 31: the slice from 3 d to 3 d + d")
}

fn edges() -> Verdict {
    let table = table();
    wrong::unless_close(of(&table.forward(&Tensor::from(2))), [20.0, 21.0], 0.0)?;
    wrong::unless_eq(table.forward(&Tensor::arange_i32(0)).shape().to_vec(), vec![0, 2])?;
    let thin = embedding(&Tensor::from([[5.0], [7.0]]), &Tensor::from([1, 1, 0]), None);
    wrong::unless_close(of(&thin), [[7.0], [7.0], [5.0]], 0.0)
}

fn layouts() -> Verdict {
    let columns = Tensor::from([[0.0, 10.0, 20.0, 30.0], [1.0, 11.0, 21.0, 31.0]]);
    let ids = Tensor::from([[3, 1], [0, 1], [3, 2]]).t();
    let expected = table().forward(&Tensor::from([[3, 0, 3], [1, 1, 2]]));
    wrong::unless_close(of(&embedding(&columns.t(), &ids, None)), of(&expected), 0.0)
        .note("`data()` and `ints()` give the numbers in the order they are shown in")
}

fn product() -> Verdict {
    let (weight, ids) = (drawn([6, 5], 1), Tensor::randint([3, 4], 0, 6, &mut Rng::new(2)));
    let expected = ids.one_hot(6).to_f32().matmul(&weight);
    wrong::unless_close(of(&embedding(&weight, &ids, None)), of(&expected), 0.0)
}

fn start() -> Verdict {
    let table = Embedding::new(200, 50, &mut Rng::new(3));
    wrong::unless_eq(table.weight.shape().to_vec(), vec![200, 50])
        .because(table.weight.shape() == [50, 200], "a row per id: [vocabulary, dim]")?;
    wrong::unless(
        table.weight.requires_grad(),
        || "the weight requires no gradient: it would never be trained",
    )?;
    let (mean, std) = (table.weight.mean().item(), table.weight.std().item());
    wrong::unless_close(mean, 0.0, 0.04).note("the mean of 10,000 numbers")?;
    wrong::unless_close(std, 1.0, 0.03)
        .because(std < 0.03, "that is a start for a layer of GPT-2's; `new` has a deviation of 1")
        .note("their standard deviation")?;
    let far = table.weight.abs().max().item();
    wrong::unless(far > 3.0, || format!("the largest of 10,000 numbers is {far}, not normal"))
}

fn init() -> Verdict {
    let table = Embedding::with_init(3, 2, Init::Ones, &mut Rng::new(0));
    wrong::unless_close(of(&table.weight), [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]], 0.0)?;
    wrong::unless_eq(table.padding_idx, None)?;
    let names: Vec<String> = table.named_parameters().into_iter().map(|p| p.0).collect();
    wrong::unless_eq(names, vec!["weight".to_string()])
}

fn seed() -> Verdict {
    let weight = |seed| Embedding::new(20, 5, &mut Rng::new(seed)).weight;
    wrong::unless_close(of(&weight(1)), of(&weight(1)), 0.0)?;
    wrong::unless(weight(1) != weight(2), || "two seeds gave the same table")
}
