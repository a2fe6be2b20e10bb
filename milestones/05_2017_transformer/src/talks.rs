//! TinyTalks as rows of tokens.

use tinytorch::dataloader::tinytalks::{Level, Part, Talk, TinyTalks, Turn};
use tinytorch::prelude::*;
use tinytorch::tokenization::{BpeTokenizer, Tokenizer, TrainOptions};

use crate::learn::IGNORED;

/// Tokens, in all. Common words of the talks are one token each.
const VOCABULARY: usize = 1024;

/// A tokenizer learned from the talks that a model learns from.
pub fn tokenizer() -> BpeTokenizer {
    let text: String = TinyTalks::train().iter().map(Talk::text).collect();
    BpeTokenizer::train(&text, &TrainOptions { vocab_size: VOCABULARY, ..Default::default() })
}

/// The token that ends an answer: a line's end.
pub fn end(tokenizer: &BpeTokenizer) -> i32 {
    tokenizer.encode("\n")[0]
}

/// Which tokens of a talk have to be guessed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// All: what people say is learned too, so that a new question is not all new.
    All,
    /// Those of the last answer, by which a model is judged.
    Answer,
}

/// Talks as a batch: the tokens of each but for the last, `[n, t]`, and the token after each,
/// where it is asked for. Shorter talks are filled up with the end of a line, which changes
/// nothing: no token looks at those behind it, and nobody asks what comes after them.
pub fn rows<'a>(
    talks: impl Iterator<Item = &'a Talk>,
    asked: Asked,
    tokenizer: &BpeTokenizer,
) -> (Tensor, Tensor) {
    let encoded: Vec<(Vec<i32>, usize)> = talks
        .map(|talk| {
            let prompt = tokenizer.encode(&talk.prompt()).len();
            (tokenizer.encode(&talk.text()), prompt)
        })
        .collect();
    let n = encoded.len();
    let t = encoded.iter().map(|(ids, _)| ids.len() - 1).max().unwrap_or(0);
    let (mut all, mut next) = (vec![end(tokenizer); n * t], vec![IGNORED; n * t]);
    for (row, (ids, prompt)) in encoded.iter().enumerate() {
        let (at, last) = (row * t, ids.len() - 1);
        all[at..at + last].copy_from_slice(&ids[..last]);
        let from = if asked == Asked::All { 1 } else { *prompt };
        next[at + from - 1..at + last].copy_from_slice(&ids[from..]);
    }
    (Tensor::from_vec(all, [n, t]), Tensor::from_vec(next, [n, t]))
}

/// What a model reads before it answers a question, and the turn before, if there was one.
pub fn prompt(earlier: Option<Turn>, question: &str) -> String {
    let (level, part) = (Level::Context, Part::Test);
    let (question, answer) = (question.to_owned(), String::new());
    Talk { number: 0, level, part, earlier, question, answer, check: None }.prompt()
}

/// Batches that are drawn together.
const TOGETHER: usize = 4;

/// The `n` talks that are learned from in step `step`. Every third that stands alone gets another
/// one before it, so that a model learns to answer the last question and not the first; every
/// fourth is asked without capitals and without its mark, as people type.
///
/// A batch is as long as its longest talk, and what is filled up costs as much as what is read. So
/// four batches are drawn together and handed out by length.
pub fn drawn(talks: &[Talk], n: usize, seed: u64, step: usize) -> Vec<Talk> {
    let mut rng = Rng::at(seed, (step / TOGETHER) as u64);
    let mut any = || talks[rng.below(talks.len() as u64) as usize].clone();
    let mut drawn: Vec<Talk> = (0..TOGETHER * n).map(|_| any()).collect();
    for talk in drawn.iter_mut().step_by(3).filter(|talk| talk.earlier.is_none()) {
        let Talk { question, answer, .. } = any();
        talk.earlier = Some(Turn { question, answer });
    }
    for talk in drawn.iter_mut().step_by(4) {
        let typed = talk.question.trim_end_matches(['.', '?', '!']).to_lowercase();
        talk.question = typed;
    }
    drawn.sort_by_key(|talk| talk.text().len());
    drawn.drain(step % TOGETHER * n..).take(n).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_the_answer_and_nothing_else() {
        let (tokenizer, talks) = (tokenizer(), TinyTalks::train());
        let (ids, next) = rows(talks.iter(), Asked::Answer, &tokenizer);
        let t = ids.size(1);
        let (ids, next) = (ids.to_vec_i32(), next.to_vec_i32());
        for (talk, (ids, next)) in talks.iter().zip(ids.chunks_exact(t).zip(next.chunks_exact(t))) {
            let wanted: Vec<i32> = next.iter().copied().filter(|id| *id != IGNORED).collect();
            assert_eq!(tokenizer.decode(&wanted), format!(" {}\n", talk.answer));
            let prompt = next.iter().position(|id| *id != IGNORED).unwrap() + 1;
            assert_eq!(tokenizer.decode(&ids[..prompt]), talk.prompt());
        }
    }

    #[test]
    fn drawn_talks_are_those_of_the_training_part_some_after_another() {
        let talks = TinyTalks::train();
        let drawn: Vec<Talk> = (0..4).flat_map(|step| drawn(&talks, 50, 0, step)).collect();
        let known = |answer: &str| talks.iter().any(|it| it.answer == answer);
        assert!(drawn.iter().all(|talk| known(&talk.answer)));
        let typed = drawn.iter().filter(|talk| talk.question == talk.question.to_lowercase());
        assert!((30..80).contains(&typed.count()));
        let after = drawn.iter().filter(|talk| talk.earlier.is_some()).count();
        assert!((40..120).contains(&after), "{after} of 200");
        assert!(drawn.is_sorted_by_key(|talk| talk.text().len()));
    }
}
