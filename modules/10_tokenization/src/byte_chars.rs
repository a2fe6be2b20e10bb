//! GPT-2's way to write bytes as characters, so that tokens of bytes can stand in text files.
//!
//! A token may be half a character, a space, or a line break: nothing that a line of `merges.txt`
//! could hold. So each of the 256 bytes has a visible character of its own. 188 of them stand for
//! themselves, as they are printable in Latin-1; the other 68 take the characters from U+0100 on,
//! in order:
//!
//! ```text
//! byte  0x21 !   0x41 A   0xe9 é      0x00 NUL   0x0a LF   0x20 space
//! char       !        A        é           Ā          Ċ          Ġ
//! ```
//!
//! It is a spelling and no more: the tokens themselves are bytes.
//!
//! Source: `bytes_to_unicode` in `encoder.py` of OpenAI's GPT-2 (2019).

/// The character that stands for `byte`.
pub fn byte_to_char(byte: u8) -> char {
    if stands_for_itself(byte) {
        return byte as char;
    }
    let before = (0..byte).filter(|&b| !stands_for_itself(b)).count();
    char::from_u32(0x100 + before as u32).expect("68 characters from U+0100 on are letters")
}

/// The byte that `character` stands for, or `None` if it is none of the 256.
pub fn char_to_byte(character: char) -> Option<u8> {
    (0..=255).find(|&byte| byte_to_char(byte) == character)
}

/// Printable in Latin-1, and neither a space nor the soft hyphen.
fn stands_for_itself(byte: u8) -> bool {
    matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff)
}

/// Both directions as tables, for spelling many tokens.
pub(crate) struct ByteChars {
    chars: [char; 256],
}

impl ByteChars {
    pub(crate) fn new() -> Self {
        Self { chars: std::array::from_fn(|byte| byte_to_char(byte as u8)) }
    }

    /// `bytes`, a character for each.
    pub(crate) fn spell(&self, bytes: &[u8]) -> String {
        bytes.iter().map(|&byte| self.chars[usize::from(byte)]).collect()
    }

    /// The bytes that `spelling` stands for, or `None` if one of its characters is none of the 256.
    pub(crate) fn read(&self, spelling: &str) -> Option<Vec<u8>> {
        let byte = |c: char| match c {
            '!'..='~' => Some(c as u8),
            _ => self.chars.iter().position(|&known| known == c).map(|byte| byte as u8),
        };
        spelling.chars().map(byte).collect()
    }

    /// The 256 bytes in the order of their characters, which is that of their ids in GPT-2: first
    /// those that stand for themselves, then the others.
    pub(crate) fn bytes_in_order(&self) -> [u8; 256] {
        let mut bytes: [u8; 256] = std::array::from_fn(|byte| byte as u8);
        bytes.sort_by_key(|&byte| self.chars[usize::from(byte)]);
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_a_visible_character_of_its_own() {
        for byte in 0..=255 {
            let character = byte_to_char(byte);
            assert_eq!(char_to_byte(character), Some(byte));
            assert!(!character.is_whitespace() && !character.is_control(), "{byte:#x}");
        }
        assert_eq!(char_to_byte(' '), None);
        assert_eq!(char_to_byte('\u{144}'), None);
    }

    #[test]
    fn they_are_gpt_2s() {
        for (byte, character) in [
            (0x00, 'Ā'),
            (0x0a, 'Ċ'),
            (0x20, 'Ġ'),
            (0x21, '!'),
            (0x7e, '~'),
            (0x7f, 'ġ'),
            (0xa0, 'ł'),
            (0xa1, '¡'),
            (0xad, 'Ń'),
            (0xae, '®'),
            (0xff, 'ÿ'),
        ] {
            assert_eq!(byte_to_char(byte), character);
        }
        let order = ByteChars::new().bytes_in_order();
        assert_eq!((order[0], order[187], order[188], order[255]), (b'!', 0xff, 0x00, 0xad));
    }

    #[test]
    fn the_tables_say_the_same() {
        let tables = ByteChars::new();
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(tables.spell(b"a b\n"), "aĠbĊ");
        assert_eq!(tables.read(&tables.spell(&all)), Some(all));
        assert_eq!(tables.read("a b"), None);
    }
}
