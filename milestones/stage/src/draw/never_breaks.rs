//! Whatever the data and the width: no drawing panics, none is too wide, and without Unicode or
//! color none has any.

use super::text::columns;
use super::*;

/// Numbers that look random, the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // Knuth's MMIX generator; its high bits are the good ones.
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }

    fn number(&mut self) -> f32 {
        let plain = self.roll(2001) as f32 / 1000.0 - 1.0;
        match self.roll(12) {
            0 => f32::NAN,
            1 => f32::INFINITY,
            2 => f32::NEG_INFINITY,
            3 => f32::MAX,
            4 => -f32::MIN_POSITIVE / 8.0,
            5 => plain * 1e30,
            6 => plain * 1e-30,
            7 => 0.0,
            8 => 1.0e6 + plain,
            _ => plain,
        }
    }

    /// All of one kind, as data usually is, or a mixture of anything.
    fn numbers(&mut self, most: usize) -> Vec<f32> {
        let count = self.roll(most + 1);
        let (kind, first) = (self.roll(4), self.number());
        let number = |dice: &mut Dice| match kind {
            0 => first,
            1 => dice.roll(1000) as f32 / 1000.0,
            2 => first + dice.roll(1000) as f32 / 1e5,
            _ => dice.number(),
        };
        (0..count).map(|_| number(self)).collect()
    }

    fn text(&mut self) -> &'static str {
        const TEXTS: [&str; 10] = [
            "",
            "7",
            "loss",
            "a rather long name of something",
            "数字数字数字",
            "e\u{301}é",
            "\n\t\u{1b}[31m",
            "\u{202e}",
            "🦀🦀",
            "⣿",
        ];
        TEXTS[self.roll(TEXTS.len())]
    }

    fn texts(&mut self, most: usize) -> Vec<&'static str> {
        (0..self.roll(most + 1)).map(|_| self.text()).collect()
    }
}

/// Draws many times with random data in all styles and looks at each line.
fn holds(draw: impl Fn(&mut Dice, Style) -> String) {
    let mut dice = Dice(1);
    for round in 0..600 {
        let width = if round % 2 == 0 { 20 + dice.roll(20) } else { 20 + dice.roll(150) };
        let style = Style { width, color: dice.roll(2) == 0, unicode: dice.roll(2) == 0 };
        let drawing = draw(&mut dice, style);
        for line in drawing.split('\n') {
            assert!(columns(line) <= width, "{} of {width} columns:\n{drawing}", columns(line));
            assert!(style.color || !line.contains('\u{1b}'), "an escape sequence in {line:?}");
            assert!(style.unicode || line.is_ascii(), "beyond ASCII: {line:?}");
            let last_switch = line.rfind('\u{1b}').map_or("\u{1b}[0m", |at| &line[at..]);
            assert!(last_switch.starts_with("\u{1b}[0m"), "colors go on after {line:?}");
            let controls = line.chars().filter(|c| c.is_control() && *c != '\u{1b}').count();
            assert_eq!(controls, 0, "a control character in {line:?}");
        }
    }
}

#[test]
fn curves_hold() {
    holds(|dice, style| {
        let values: Vec<_> = (0..dice.roll(5)).map(|_| (dice.text(), dice.numbers(60))).collect();
        let lines: Vec<_> = values.iter().map(|(name, values)| Line { name, values }).collect();
        let axes = Axes {
            x_label: dice.text(),
            x: (dice.roll(2) == 0).then(|| (dice.number(), dice.number())),
            shared: dice.roll(2) == 0,
            log: dice.roll(2) == 0,
            rows: dice.roll(80),
        };
        curve(&lines, &axes, style)
    });
}

#[test]
fn pictures_hold() {
    holds(|dice, style| {
        let pixels = dice.numbers(2000);
        image(&Image { pixels: &pixels, width: dice.roll(300) }, style)
    });
}

#[test]
fn grids_hold() {
    holds(|dice, style| {
        let pixels: Vec<_> = (0..dice.roll(12)).map(|_| dice.numbers(300)).collect();
        let width = dice.roll(40);
        let captioned = |pixels| {
            let width = if dice.roll(4) == 0 { dice.roll(200) } else { width };
            Captioned::prediction(Image { pixels, width }, dice.text(), dice.text())
        };
        let pictures: Vec<_> = pixels.iter().map(|pixels| &pixels[..]).map(captioned).collect();
        image_grid(&pictures, style)
    });
}

#[test]
fn planes_hold() {
    holds(|dice, style| {
        let values = dice.numbers(100);
        let place = |dice: &mut Dice| Point {
            x: dice.number(),
            y: dice.number(),
            class: dice.roll(2) == 0,
        };
        let points: Vec<_> = (0..dice.roll(30)).map(|_| place(dice)).collect();
        let view = Plane {
            x: (dice.number(), dice.number()),
            y: (dice.number(), dice.number()),
            x_label: dice.text(),
            y_label: dice.text(),
            classes: [dice.text(), dice.text()],
            rows: dice.roll(30),
        };
        let mut asked = values.iter().cycle();
        plane(|_, _| *asked.next().unwrap_or(&0.5), &points, &view, style)
    });
}

#[test]
fn tables_hold() {
    holds(|dice, style| {
        let heading = dice.texts(9);
        let row = |dice: &mut Dice| dice.texts(9).iter().map(|text| text.to_string()).collect();
        let rows: Vec<Vec<String>> = (0..dice.roll(6)).map(|_| row(dice)).collect();
        table(&heading, &rows, style)
    });
}

#[test]
fn bars_hold() {
    holds(|dice, style| {
        let amount = |dice: &mut Dice| Amount {
            label: dice.text(),
            value: dice.number(),
            text: dice.text().to_owned(),
        };
        let amounts: Vec<_> = (0..dice.roll(8)).map(|_| amount(dice)).collect();
        let full = (dice.roll(2) == 0).then(|| dice.number());
        bars(&amounts, full, style)
    });
}

#[test]
fn confusion_matrices_hold() {
    holds(|dice, style| {
        let labels = dice.texts(20);
        let most = [10, 1_000_000_000][dice.roll(2)];
        let counts: Vec<_> = (0..dice.roll(450)).map(|_| dice.roll(most)).collect();
        confusion(&counts, &labels, style)
    });
}

#[test]
fn heat_maps_hold() {
    holds(|dice, style| {
        let (rows, columns) = (dice.texts(20), dice.texts(120));
        heatmap(&dice.numbers(2400), &rows, &columns, style)
    });
}

#[test]
fn drawings_beside_each_other_hold() {
    holds(|dice, style| {
        let drawing = |dice: &mut Dice| {
            let rows = [dice.texts(4), dice.texts(4)];
            let rows = rows.map(|row| row.iter().map(|text| text.to_string()).collect());
            (dice.text(), table(&dice.texts(4), &rows, style))
        };
        let drawings: Vec<_> = (0..dice.roll(6)).map(|_| drawing(dice)).collect();
        let pictures: Vec<(&str, &str)> =
            drawings.iter().map(|(title, drawing)| (*title, drawing.as_str())).collect();
        beside(&pictures, style)
    });
}
