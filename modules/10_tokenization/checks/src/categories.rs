//! 10.3: letters, numbers, spaces.

use check::{Because, Check, Verdict, wrong};
use tinytorch_tokenization::Category;

pub const CHECKS: &[Check] = &[
    Check {
        id: "10.3.ascii",
        exercise: "10.3",
        fact: "52 letters, 10 digits and 6 spaces of ASCII; the other 60 are other",
        run: ascii,
    },
    Check {
        id: "10.3.borders",
        exercise: "10.3",
        fact: "A, Z, a, z are letters; the characters right before and behind them are not",
        run: borders,
    },
    Check {
        id: "10.3.scripts",
        exercise: "10.3",
        fact: "ß, Ж, ש, क, 中, 한 and ª are letters; ٣, Ⅷ, ½ and ① are numbers",
        run: scripts,
    },
    Check {
        id: "10.3.marks",
        exercise: "10.3",
        fact: "marks are no letters, whatever `is_alphabetic` says; emoji are other",
        run: marks,
    },
    Check {
        id: "10.3.sizes",
        exercise: "10.3",
        fact: "Unicode 16.0 has 141,028 letters, 1,911 numbers and 25 spaces",
        run: sizes,
    },
];

fn unless_of(category: Category, characters: &[char]) -> Verdict {
    for &c in characters {
        let got = Category::of(c);
        wrong::unless_eq(got, category)
            .because(
                got == Category::Letter && c.is_alphabetic(),
                "this is what `is_alphabetic` says; \\p{L} is another set, the table LETTERS",
            )
            .because(
                got == Category::Other && category == Category::Number && !c.is_ascii(),
                "the numbers of other scripts are in the table NUMBERS",
            )
            .because(
                got == Category::Other && category == Category::Letter && !c.is_ascii(),
                "the letters of other scripts are in the table LETTERS",
            )
            .note(format!("{c:?}, U+{:04X}", c as u32))?;
    }
    Ok(())
}

fn ascii() -> Verdict {
    let count = |category| (0..0x80_u8).filter(|&b| Category::of(b as char) == category).count();
    let got = [Category::Letter, Category::Number, Category::Space, Category::Other].map(count);
    wrong::unless_eq(got, [52, 10, 6, 60])
        .because(got[0] == 10 && got[1] == 52, "letters and numbers are exchanged")
        .because(
            got[0] > 52,
            "more than the letters are letters: inside is where the number of borders is odd",
        )
        .note("letters, numbers, spaces, other")
}

fn borders() -> Verdict {
    unless_of(Category::Letter, &['A', 'Z', 'a', 'z', 'M'])
        .because(true, "a set begins *at* its border: the border itself has been passed")?;
    for c in ['@', '[', '`', '{'] {
        let got = Category::of(c);
        wrong::unless_eq(got, Category::Other)
            .because(
                got == Category::Letter,
                "at the second border the set has ended: that character is outside",
            )
            .note(format!("{c:?}"))?;
    }
    Ok(())
}

fn scripts() -> Verdict {
    unless_of(Category::Letter, &['ß', 'Ж', 'ש', 'क', '中', '한', 'ª', 'ʰ', '\u{20000}'])?;
    unless_of(Category::Number, &['٣', 'Ⅷ', '½', '①', '²', '〇'])?;
    unless_of(Category::Space, &['\u{a0}', '\u{2003}', '\u{3000}', '\u{85}', '\u{2028}'])
}

fn marks() -> Verdict {
    unless_of(Category::Other, &['\u{301}', '\u{903}', '\u{24b6}', '\u{200d}', '\u{200b}', '😀'])
}

fn sizes() -> Verdict {
    let mut got = [0_usize; 3];
    for c in (0..=0x10_ffff).filter_map(char::from_u32) {
        match Category::of(c) {
            Category::Letter => got[0] += 1,
            Category::Number => got[1] += 1,
            Category::Space => got[2] += 1,
            Category::Other => {}
        }
    }
    wrong::unless_eq(got, [141_028, 1_911, 25]).note("letters, numbers, spaces")
}
