//! Text from ids that come one at a time.

use crate::Tokenizer;

/// Turns ids into text as they come, for showing a text while a model writes it.
///
/// A token may end in the middle of a character: the two bytes of `é` are two tokens until a merge
/// joins them. What is unfinished waits here for the rest. All that [`push`](Self::push) and
/// [`finish`](Self::finish) give back, put together, is [`Tokenizer::decode`] of all ids.
///
/// ```
/// use tinytorch_tokenization::{BpeTokenizer, DecodeStream, TrainOptions};
///
/// let tokenizer = BpeTokenizer::train("", &TrainOptions { vocab_size: 256, ..Default::default() });
/// let mut stream = DecodeStream::new(&tokenizer);
/// let ids = tokenizer.encode_bytes("né".as_bytes()); // three bytes, three tokens
/// assert_eq!(stream.push(ids[0]), "n");
/// assert_eq!(stream.push(ids[1]), "");
/// assert_eq!(stream.push(ids[2]), "é");
/// ```
pub struct DecodeStream<'a> {
    tokenizer: &'a dyn Tokenizer,
    /// The beginning of a character: at most three bytes.
    unfinished: Vec<u8>,
}

impl<'a> DecodeStream<'a> {
    /// A decoder at the beginning of a text.
    pub fn new(tokenizer: &'a dyn Tokenizer) -> Self {
        Self { tokenizer, unfinished: Vec::new() }
    }

    /// The text that has become certain with the token `id`, possibly none.
    ///
    /// # Panics
    /// If the vocabulary has no such id.
    #[track_caller]
    pub fn push(&mut self, id: i32) -> String {
        self.unfinished.extend(self.tokenizer.decode_bytes(&[id]));
        let mut text = String::new();
        loop {
            match std::str::from_utf8(&self.unfinished) {
                Ok(valid) => {
                    text.push_str(valid);
                    self.unfinished.clear();
                    return text;
                }
                Err(error) => {
                    let (valid, broken) = self.unfinished.split_at(error.valid_up_to());
                    text.push_str(&String::from_utf8_lossy(valid));
                    // Without a length the bytes are not wrong yet: more may complete them.
                    let Some(wrong) = error.error_len() else {
                        self.unfinished = broken.to_vec();
                        return text;
                    };
                    text.push(char::REPLACEMENT_CHARACTER);
                    self.unfinished = broken[wrong..].to_vec();
                }
            }
        }
    }

    /// The end of the text: what was waiting for its rest, as U+FFFD, or nothing.
    pub fn finish(self) -> String {
        String::from_utf8_lossy(&self.unfinished).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BpeTokenizer, TrainOptions};
    use tinytorch_tensor::Rng;

    #[test]
    fn pieces_put_together_are_the_whole_however_broken_the_bytes() {
        let options = TrainOptions { vocab_size: 256, ..Default::default() };
        let tokenizer = BpeTokenizer::train("", &options);
        let mut rng = Rng::new(0);
        // Bytes that begin, continue, break and cannot be part of characters.
        let bytes = [0x41, 0x80, 0xbf, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0xa6, 0x80, 0xff];
        for _ in 0..2000 {
            let length = rng.below(12) as usize;
            let text: Vec<u8> =
                (0..length).map(|_| bytes[rng.below(bytes.len() as u64) as usize]).collect();
            let ids = tokenizer.encode_bytes(&text);
            let mut stream = tokenizer.stream();
            let mut pieces: String = ids.iter().map(|&id| stream.push(id)).collect();
            pieces += &stream.finish();
            assert_eq!(pieces, tokenizer.decode(&ids), "{text:x?}");
            assert_eq!(pieces, String::from_utf8_lossy(&text), "{text:x?}");
        }
    }
}
