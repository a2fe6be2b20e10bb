//! 11.3 and 11.4: where the gradient lands, and where it does not.

use crate::numbers::{drawn, of, table};
use check::{Because, Check, Verdict, wrong};
use tinytorch_autograd::{Backward, BackwardOptions};
use tinytorch_embeddings::{Embedding, EmbeddingBackward, embedding};
use tinytorch_layers::{Init, Module};
use tinytorch_tensor::{Rng, Tensor, dispatch};

pub const CHECKS: &[Check] = &[
    Check {
        id: "11.3.shape",
        exercise: "11.3",
        fact: "the gradient has the shape of the table, whatever that of the ids",
        run: shape,
    },
    Check {
        id: "11.3.sum",
        exercise: "11.3",
        fact: "the ids 3 1 3 with gradients 1 2 / 4 8 / 16 32 give row 3 the sum 17 34",
        run: sum,
    },
    Check {
        id: "11.3.through",
        exercise: "11.3",
        fact: "backward through a lookup gives each row as many ones as it has places",
        run: through,
    },
    Check {
        id: "11.3.padding",
        exercise: "11.3",
        fact: "the padding id gets 0, the others what they would get without it",
        run: padding,
    },
    Check {
        id: "11.3.product",
        exercise: "11.3",
        fact: "the gradient is that of one_hot(ids) times the table",
        run: product,
    },
    Check {
        id: "11.4.row",
        exercise: "11.4",
        fact: "the padding row is 0, all others are as they were",
        run: row,
    },
    Check {
        id: "11.4.stays",
        exercise: "11.4",
        fact: "no gradient reaches the padding row, and it is still one table that is trained",
        run: stays,
    },
    Check {
        id: "11.4.outside",
        exercise: "11.4",
        fact: "an id that is not in the vocabulary is refused",
        run: outside,
    },
];

fn landed(g: &Tensor, ids: &Tensor, rows: usize, padding_idx: Option<usize>) -> Tensor {
    dispatch(EmbeddingBackward { rows, padding_idx }, &[g, ids])
}

fn shape() -> Verdict {
    let shape = |sizes: &[usize], d: usize| {
        let g = Tensor::zeros([sizes, &[d]].concat());
        landed(&g, &Tensor::zeros(sizes).to_i32(), 7, None).shape().to_vec()
    };
    wrong::unless_eq(shape(&[2, 3], 4), vec![7, 4])?;
    wrong::unless_eq(shape(&[], 4), vec![7, 4])?;
    wrong::unless_eq(shape(&[0], 4), vec![7, 4])?;
    wrong::unless_eq(shape(&[3], 0), vec![7, 0])
        .note("rows of no numbers: `chunks_exact(0)` panics")
}

fn sum() -> Verdict {
    let g = Tensor::from([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]]);
    let got = landed(&g, &Tensor::from([3, 1, 3]), 4, None);
    let (three, overwritten) =
        (got.at([3, 0]), "the second place of word 3 replaced the first: add");
    wrong::unless_close(of(&got), [[0.0, 0.0], [4.0, 8.0], [0.0, 0.0], [17.0, 34.0]], 0.0)
        .because(three == 16.0, overwritten)
        .because(three == 1.0, "the second place of word 3 is lost: its gradient is added, too")
        .because(three == 8.5, "word 3 got the average of its places: it is responsible for each")
}

fn through() -> Verdict {
    let table = table();
    let grads = table.forward(&Tensor::from([[1, 1, 0], [3, 1, 3]])).sum().backward();
    let expected = [[1.0, 1.0], [3.0, 3.0], [0.0, 0.0], [2.0, 2.0]];
    wrong::unless_close(of(grads.of(&table.weight)), expected, 0.0)
}

fn padding() -> Verdict {
    let g = Tensor::from([[1.0, 2.0], [4.0, 8.0], [16.0, 32.0]]);
    let ids = Tensor::from([2, 0, 2]);
    let got = landed(&g, &ids, 3, Some(0));
    wrong::unless_close(of(&got), [[0.0, 0.0], [0.0, 0.0], [17.0, 34.0]], 0.0).because(
        got.at([0, 0]) == 4.0,
        "the padding row got a gradient: it would start to mean something",
    )?;
    wrong::unless_close(
        of(&landed(&g, &ids, 3, Some(2))),
        [[4.0, 8.0], [0.0, 0.0], [0.0, 0.0]],
        0.0,
    )
}

fn product() -> Verdict {
    let (weight, ids) = (drawn([6, 5], 1), Tensor::randint([4, 7], 0, 6, &mut Rng::new(2)));
    let g = drawn([4, 7, 5], 3);
    let gradient = |f: &dyn Fn(&Tensor) -> Tensor| {
        let w = weight.detach().with_grad();
        let options = BackwardOptions { gradient: Some(g.clone()), ..Default::default() };
        f(&w).backward_with(options).of(&w).clone()
    };
    let expected = gradient(&|w| ids.one_hot(6).to_f32().matmul(w));
    // Sums of some five numbers about 1, in another order.
    wrong::unless_close(of(&gradient(&|w| embedding(w, &ids, None))), of(&expected), 1e-5)
}

fn row() -> Verdict {
    let plain = Embedding::with_init(4, 2, Init::Ones, &mut Rng::new(0));
    let got = plain.with_padding_idx(2);
    let all = got.weight.sum().item();
    wrong::unless_close(of(&got.weight), [[1.0, 1.0], [1.0, 1.0], [0.0, 0.0], [1.0, 1.0]], 0.0)
        .because(all == 8.0, "the padding row is not 0 yet: nobody will ever change it")
        .because(all == 0.0, "all rows were set to 0: only the slice of row `id` is meant")?;
    wrong::unless_eq(got.padding_idx, Some(2))
}

fn stays() -> Verdict {
    let table = Embedding::with_init(4, 2, Init::Ones, &mut Rng::new(0)).with_padding_idx(2);
    wrong::unless(table.weight.requires_grad(), || "the table is no parameter any more")?;
    let grads = table.forward(&Tensor::from([2, 1, 2, 2])).sum().backward();
    let expected = [[0.0, 0.0], [1.0, 1.0], [0.0, 0.0], [0.0, 0.0]];
    wrong::unless_close(of(grads.of(&table.weight)), expected, 0.0)
}

fn outside() -> Verdict {
    let table = || Embedding::with_init(4, 2, Init::Ones, &mut Rng::new(0));
    wrong::unless_panics(|| table().with_padding_idx(4), "padding id 4 is not in the vocabulary")
}
