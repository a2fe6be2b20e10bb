//! A talk with the trained model.

use std::ops::ControlFlow;

use stage::Stage;
use tinytorch::dataloader::tinytalks::Turn;
use tinytorch::prelude::*;
use tinytorch::tokenization::{BpeTokenizer, Tokenizer};
use tinytorch::transformers::{GenerateOptions, generate};

use crate::talks::{end, prompt};

/// Tokens of an answer at most.
const LONGEST: usize = 60;

/// Answers what the audience types, until it types nothing more. The model sees the turn before.
pub fn chat(model: &Gpt, tokenizer: &BpeTokenizer, stage: &mut dyn Stage) {
    stage.say(
        "Ask it something; an empty line ends the talk. It knows what 280 short talks taught it, \
         such as \"What is your name?\" or \"How many legs does a spider have?\", and will make up the rest.",
    );
    let mut earlier: Option<Turn> = None;
    while let Some(question) = stage.ask("you:") {
        let question = question.trim().to_owned();
        if question.is_empty() {
            break;
        }
        let answer = answer(model, tokenizer, &question, earlier.take());
        stage.say(&format!("tiny: {answer}"));
        earlier = Some(Turn { question, answer });
    }
}

/// What the model says to a question.
pub fn answer(
    model: &Gpt,
    tokenizer: &BpeTokenizer,
    question: &str,
    earlier: Option<Turn>,
) -> String {
    let options = GenerateOptions {
        max_new_tokens: LONGEST,
        temperature: 0.0,
        stop: vec![end(tokenizer)],
        ..Default::default()
    };
    let prompt = tokenizer.encode(&prompt(earlier, question));
    let written = generate(model, &prompt, &options, |_| ControlFlow::Continue(()));
    tokenizer.decode(&written.tokens).trim().to_owned()
}
