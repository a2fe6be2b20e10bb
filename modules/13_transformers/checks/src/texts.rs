//! 13.13: the loop that writes, on models whose next word is known, and then on a real one.

use crate::numbers::small;
use check::{Because, Check, Verdict, limit_s, wrong};
use std::cell::RefCell;
use std::ops::ControlFlow;
use tinytorch_autograd::Backward;
use tinytorch_optimizers::{AdamW, AdamWOptions, Optimizer};
use tinytorch_tensor::{Rng, Tensor};
use tinytorch_transformers::{
    Ended, GenerateOptions, Generated, Gpt, GptConfig, LanguageModel, generate, inputs_and_targets,
};

pub const CHECKS: &[Check] = &[
    Check {
        id: "13.13.greedy",
        exercise: "13.13",
        fact: "a model that counts writes 3 4 5 6 behind 1 2, and nothing when asked for nothing",
        run: greedy,
    },
    Check {
        id: "13.13.window",
        exercise: "13.13",
        fact: "with a context of 3 it is shown 1 2, then 1 2 3, then 2 3 4: one look per token",
        run: window,
    },
    Check {
        id: "13.13.stop",
        exercise: "13.13",
        fact: "the stop token 4 ends the text behind 3; it is neither shown nor kept",
        run: stop,
    },
    Check {
        id: "13.13.caller",
        exercise: "13.13",
        fact: "each token is shown as it comes, and who sees 3 may end the text with it",
        run: caller,
    },
    Check {
        id: "13.13.seed",
        exercise: "13.13",
        fact: "a seed writes one text, and not one token again and again",
        run: seed,
    },
    Check {
        id: "13.13.kept",
        exercise: "13.13",
        fact: "top-k, top-p and a low temperature limit what is drawn",
        run: kept,
    },
    Check {
        id: "13.13.penalty",
        exercise: "13.13",
        fact: "the penalty looks at the whole text, and holds for the greedy choice, too",
        run: penalty,
    },
    Check {
        id: "13.13.by_heart",
        exercise: "13.13",
        fact: "a small GPT learns 3 1 4 1 5 9 2 6 by heart and goes on from 3 1 4",
        run: by_heart,
    },
];

/// Likes the token after the last one best, and the next one a little less; there are ten. Notes
/// what it is shown.
#[derive(Default)]
struct Counting {
    shown: RefCell<Vec<Vec<i32>>>,
}

impl LanguageModel for Counting {
    fn context(&self) -> usize {
        3
    }

    fn next_logits(&self, ids: &[i32]) -> Vec<f32> {
        self.shown.borrow_mut().push(ids.to_vec());
        let next = (ids[ids.len() - 1] + 1) % 10;
        let score = |token| if token == next { 2.0 } else { f32::from(token == next + 1) };
        (0..10).map(score).collect()
    }
}

fn options() -> GenerateOptions {
    GenerateOptions { max_new_tokens: 4, temperature: 0.0, ..Default::default() }
}

fn write(prompt: &[i32], options: &GenerateOptions) -> Generated {
    generate(&Counting::default(), prompt, options, |_| ControlFlow::Continue(()))
}

fn greedy() -> Verdict {
    let got = write(&[1, 2], &options());
    wrong::unless_eq(&got.tokens[..], [3, 4, 5, 6])
        .because(got.tokens.starts_with(&[1, 2]), "the prompt is no part of what was written")
        .because(got.tokens == [3, 3, 3, 3], "each new token belongs behind the text")
        .because(got.tokens.len() == 3 || got.tokens.len() == 5, "four tokens were asked for")?;
    wrong::unless_eq(got.ended, Ended::Full)?;
    let got = write(&[1, 2], &GenerateOptions { max_new_tokens: 0, ..options() });
    wrong::unless_eq(got, Generated { tokens: vec![], ended: Ended::Full })
}

fn window() -> Verdict {
    let model = Counting::default();
    let text = generate(&model, &[1, 2], &options(), |_| ControlFlow::Continue(()));
    let shown = model.shown.take();
    wrong::unless_eq(shown.len(), 4).note("one look per token")?;
    wrong::unless_eq(&shown[..], [vec![1, 2], vec![1, 2, 3], vec![2, 3, 4], vec![3, 4, 5]])
        .because(
            shown.iter().any(|ids| ids.len() > 3),
            "more than the context: show the last three tokens of the text",
        )
        .because(
            shown[3].starts_with(&[1]),
            "that is the beginning of the text: the window slides to its end",
        )
        .because(shown[0].len() == 1, "the model sees the whole prompt if it fits")?;
    wrong::unless_eq(text.tokens.len(), 4)
}

fn stop() -> Verdict {
    let options = GenerateOptions { stop: vec![8, 4], ..options() };
    let mut shown = Vec::new();
    let got = generate(&Counting::default(), &[4, 1], &options, |token| {
        shown.push(token);
        ControlFlow::Continue(())
    });
    wrong::unless_eq(&got.tokens[..], [2, 3])
        .because(got.tokens.contains(&4), "the stop token is no part of the text")
        .because(got.tokens.is_empty(), "a stop token in the prompt stops nothing")?;
    wrong::unless_eq(got.ended, Ended::Stop(4))?;
    wrong::unless_eq(&shown[..], [2, 3]).note("shown were these tokens")
}

fn caller() -> Verdict {
    let mut shown = Vec::new();
    let got = generate(&Counting::default(), &[1], &options(), |token| {
        shown.push(token);
        if token == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    wrong::unless_eq(&shown[..], [2, 3])
        .because(shown.len() > 2, "after `Break` the model goes on writing")
        .because(shown.is_empty(), "nobody was shown a token: call `on_token`")?;
    wrong::unless_eq(&got.tokens[..], [2, 3])
        .because(got.tokens == [2], "the token was shown, so it is part of the text")?;
    wrong::unless_eq(got.ended, Ended::Caller)
}

/// Likes all tokens alike.
struct Dice;

impl LanguageModel for Dice {
    fn context(&self) -> usize {
        1
    }

    fn next_logits(&self, _: &[i32]) -> Vec<f32> {
        vec![0.0; 6]
    }
}

fn seed() -> Verdict {
    let throw = |seed| {
        let options = GenerateOptions { max_new_tokens: 60, seed, ..Default::default() };
        generate(&Dice, &[0], &options, |_| ControlFlow::Continue(())).tokens
    };
    let first = throw(1);
    wrong::unless_eq(&first[..], &throw(1)[..]).note("the same seed, twice")?;
    wrong::unless((0..6).all(|side| first.contains(&side)), || format!("60 throws: {first:?}"))
        .because(
            first.iter().all(|&side| side == first[0]),
            "one generator serves the whole text: made anew, it begins anew",
        )?;
    wrong::unless(throw(2) != first, || "seeds 1 and 2 write the same".to_string())
        .because(true, "the generator is that of `options.seed`")
}

/// How far each token is from the one before.
fn steps(options: GenerateOptions) -> Vec<i32> {
    let options = GenerateOptions { max_new_tokens: 200, temperature: 1.0, ..options };
    let text = write(&[0], &options).tokens;
    let before = std::iter::once(&0).chain(&text);
    before.zip(&text).map(|(a, b)| (b - a).rem_euclid(10)).collect()
}

fn kept() -> Verdict {
    let all_one = |steps: Vec<i32>| steps.iter().all(|&step| step == 1);
    let free = steps(options());
    wrong::unless(free.iter().any(|&step| step > 2), || {
        "200 draws at temperature 1, and all are the likeliest two".to_string()
    })
    .because(true, "above temperature 0 a token is drawn")?;
    wrong::unless(all_one(steps(GenerateOptions { top_k: Some(1), ..options() })), || {
        "with a top-k of 1 others than the likeliest were drawn".to_string()
    })?;
    wrong::unless(all_one(steps(GenerateOptions { top_p: Some(0.3), ..options() })), || {
        "with a top-p of 0.3 others than the likeliest were drawn".to_string()
    })?;
    let cold = GenerateOptions { max_new_tokens: 200, temperature: 0.01, ..options() };
    let text = write(&[0], &cold).tokens;
    let counts = text.iter().zip(1..).all(|(&token, i)| token == i % 10);
    wrong::unless(counts, || "at temperature 0.01 others than the likeliest were drawn".to_string())
}

fn penalty() -> Verdict {
    let options = GenerateOptions { repetition_penalty: 4.0, max_new_tokens: 1, ..options() };
    let got = write(&[0, 1, 5, 2], &options).tokens;
    wrong::unless_eq(&got[..], [3]).note("3 was not said before")?;
    // 3 was said, out of the window: 2 / 4 is less than the 1 of token 4.
    let got = write(&[3, 0, 1, 5, 2], &options).tokens;
    wrong::unless_eq(&got[..], [4])
        .note("3 was said before: its 2 becomes 0.5, and 4 has 1")
        .because(
            got == [3] && write(&[3, 2], &options).tokens == [4],
            "3 has left the window, but not the text: the penalty looks at all of it",
        )
        .because(got == [3], "the penalty comes before the greedy choice")
}

fn by_heart() -> Verdict {
    limit_s(60);
    let text = Tensor::from([[3, 1, 4, 1, 5, 9, 2, 6]]);
    let (inputs, targets) = inputs_and_targets(&text);
    let mut gpt = Gpt::new(GptConfig { layers: 1, ..small() }, &mut Rng::new(0));
    let mut optimizer = AdamW::new(AdamWOptions { lr: 0.02, ..Default::default() });
    for _ in 0..60 {
        let grads = gpt.loss(&inputs, &targets).backward();
        optimizer.step(&mut gpt, &grads);
    }
    let loss = gpt.loss(&inputs, &targets).item();
    wrong::unless(loss < 0.2, || format!("after 60 steps the loss is still {loss}"))?;
    let options = GenerateOptions { max_new_tokens: 5, ..options() };
    let got = generate(&gpt, &[3, 1, 4], &options, |_| ControlFlow::Continue(())).tokens;
    wrong::unless_eq(&got[..], [1, 5, 9, 2, 6])
}
