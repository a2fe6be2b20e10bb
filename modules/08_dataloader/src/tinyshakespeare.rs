//! Tiny Shakespeare: 1.1 million characters of plays, the text on which small language models are
//! compared. (A. Karpathy, "The unreasonable effectiveness of recurrent neural networks", 2015.)

use crate::error::DataError;
use crate::files::{in_file, read_member};
use std::path::Path;

const FILE: &str = "tinyshakespeare.txt";

/// Tiny Shakespeare from `tinyshakespeare.txt` in `folder`: `(train, validation)`.
///
/// The first nine tenths of the characters, rounded down, are to learn from (1,003,854), the rest
/// (111,540) to measure by. This is nanoGPT's split, so losses in nats per character can be
/// compared with those published for it.
///
/// # Errors
/// The file is missing (the message says what brings it), or is not text in UTF-8.
pub fn tinyshakespeare(folder: impl AsRef<Path>) -> Result<(String, String), DataError> {
    let bytes = read_member(folder.as_ref(), FILE, "tinyshakespeare")?;
    in_file(&folder.as_ref().join(FILE), split(&bytes))
}

fn split(bytes: &[u8]) -> Result<(String, String), DataError> {
    let text = str::from_utf8(bytes).map_err(|error| DataError::Malformed {
        format: "text",
        offset: error.valid_up_to(),
        problem: "expected UTF-8".into(),
    })?;
    let characters = text.chars().count() * 9 / 10;
    let cut = text.char_indices().nth(characters).map_or(text.len(), |(offset, _)| offset);
    let (train, validation) = text.split_at(cut);
    Ok((train.into(), validation.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_tenths_of_the_characters_come_first() {
        for (text, train, validation) in [
            ("0123456789", "012345678", "9"),
            ("0123456789abcdefgh", "0123456789abcdef", "gh"), // 16.2
            (
                "\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{e8}\u{ea}\u{e7}\u{f1}\u{f8}",
                "\u{e4}\u{f6}\u{fc}\u{df}\u{e9}\u{e8}\u{ea}\u{e7}\u{f1}",
                "\u{f8}",
            ),
            ("a", "", "a"),
            ("", "", ""),
        ] {
            assert_eq!(split(text.as_bytes()).unwrap(), (train.into(), validation.into()));
        }
        let (train, validation) = split(&vec![b'a'; 1_115_394]).unwrap();
        assert_eq!((train.len(), validation.len()), (1_003_854, 111_540));
    }

    #[test]
    fn a_missing_file_says_what_brings_it() {
        let error = tinyshakespeare("no/such/folder").unwrap_err().to_string();
        assert!(error.ends_with("`tito dataset download tinyshakespeare` brings it"), "{error}");
    }

    #[test]
    fn bytes_that_are_no_text_are_an_error_with_their_place() {
        let error = split(b"To be \xff or").unwrap_err().to_string();
        assert_eq!(error, "text: at byte 6: expected UTF-8");
    }
}
