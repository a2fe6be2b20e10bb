//! 10.2: bytes as characters that can be read.

use check::{Because, Check, Verdict, wrong};
use std::collections::BTreeSet;
use tinytorch_tokenization::{byte_to_char, char_to_byte};

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.2.themselves",
        exercise: "10.2",
        fact: "188 bytes stand for themselves: A is A, and 0xe9 is é",
        run: themselves,
    },
    Check {
        id: "10.2.others",
        exercise: "10.2",
        fact: "0 is Ā, a line break Ċ, a space Ġ, 0x7f ġ, 0xa0 ł, 0xad Ń",
        run: others,
    },
    Check {
        id: "10.2.all_different",
        exercise: "10.2",
        fact: "the 256 characters are different, visible, and none is a space",
        run: all_different,
    },
    Check {
        id: "10.2.back",
        exercise: "10.2",
        fact: "each character leads back to its byte, and the space to none",
        run: back,
    },
];

fn themselves() -> Verdict {
    for byte in [b'!', b'A', b'~', 0xa1, 0xac, 0xae, 0xe9, 0xff] {
        let got = byte_to_char(byte);
        wrong::unless_eq(got, byte as char)
            .because(got as u32 >= 0x100, "it is printable in Latin-1: it stands for itself")
            .note(format!("the byte {byte:#x}"))?;
    }
    let own = (0..=255_u8).filter(|&byte| byte_to_char(byte) == byte as char).count();
    wrong::unless_eq(own, 188)
        .because(own == 189, "is the soft hyphen 0xad among them? It cannot be seen")
        .because(own == 256, "no byte was given another character")
}

fn others() -> Verdict {
    for (byte, character) in
        [(0x00, 'Ā'), (0x0a, 'Ċ'), (0x20, 'Ġ'), (0x7f, 'ġ'), (0xa0, 'ł'), (0xad, 'Ń')]
    {
        let got = byte_to_char(byte);
        wrong::unless_eq(got, character)
            .because(
                got as u32 == 0x100 + u32::from(byte),
                "the characters from U+0100 on go to those that need one, with no gaps: count them",
            )
            .because(got as u32 == character as u32 + 1, "count the bytes *before* this one")
            .because(got == byte as char, "this byte cannot be seen: it needs another character")
            .note(format!("the byte {byte:#04x}"))?;
    }
    Ok(())
}

fn all_different() -> Verdict {
    let all: BTreeSet<char> = (0..=255).map(byte_to_char).collect();
    wrong::unless_eq(all.len(), 256).note("different characters")?;
    let hidden = all.iter().find(|c| c.is_whitespace() || c.is_control());
    wrong::unless(hidden.is_none(), || format!("{hidden:?} cannot be seen in a file"))
}

fn back() -> Verdict {
    for byte in 0..=255 {
        let character = byte_to_char(byte);
        let got = char_to_byte(character);
        wrong::unless_eq(got, Some(byte))
            .because(
                got == Some(character as u8),
                "beyond Latin-1 the number of the character is not its byte: search for it",
            )
            .note(format!("the character {character:?}"))?;
    }
    for character in [' ', '\n', '\u{ad}', '\u{144}', '中'] {
        wrong::unless_eq(char_to_byte(character), None)
            .because(
                char_to_byte(character) == Some(character as u8),
                "a character that stands for no byte is `None`, not its own number cut to 8 bits",
            )
            .note(format!("the character {character:?}"))?;
    }
    Ok(())
}
