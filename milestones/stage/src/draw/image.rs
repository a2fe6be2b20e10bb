//! Gray pictures, alone and in a grid with captions.

use super::Style;
use super::ink::{Ink, Row, drawing};
use super::text::{center, columns, fit};

/// A gray picture: rows from the top, `width` pixels each, from 0 (the ground, drawn black) to 1
/// (the ink, drawn white). Numbers outside are clamped, NaN is 0, missing pixels are 0.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    /// The pixels, row after row.
    pub pixels: &'a [f32],
    /// Pixels in a row.
    pub width: usize,
}

/// How a caption is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The prediction is right: green.
    Right,
    /// The prediction is wrong: red, and without color a cross before it.
    Wrong,
    /// Nobody judges.
    Open,
}

/// A picture with a line of text under it.
#[derive(Clone, Debug)]
pub struct Captioned<'a> {
    /// The picture.
    pub image: Image<'a>,
    /// The text: `7`, or `3 not 5`.
    pub caption: String,
    /// How the text is marked.
    pub verdict: Verdict,
}

impl<'a> Captioned<'a> {
    /// A picture with what a model takes it for: `7` when that is right, `3 not 5` when not.
    pub fn prediction(image: Image<'a>, predicted: &str, truth: &str) -> Self {
        if predicted == truth {
            return Captioned { image, caption: truth.to_owned(), verdict: Verdict::Right };
        }
        let caption = format!("{predicted} not {truth}");
        Captioned { image, caption, verdict: Verdict::Wrong }
    }
}

/// How large a pixel is drawn; either way it is about square.
#[derive(Clone, Copy, PartialEq)]
enum Size {
    /// One column, half a row.
    Small,
    /// Two columns, one row.
    Large,
}

/// A picture in half blocks and 24 grays; small pictures are drawn with larger pixels, and those
/// that are too wide are averaged down to fit. Without color in shades.
pub fn image(image: &Image<'_>, style: Style) -> String {
    let style = style.at_least_20();
    let size = if 2 * image.width <= style.width.min(40) { Size::Large } else { Size::Small };
    drawing(&Pixels::new(image, style.width).rows(size, style), style)
}

/// Pictures side by side with their captions below, in as many rows as the width makes them.
pub fn image_grid(pictures: &[Captioned<'_>], style: Style) -> String {
    let style = style.at_least_20();
    let captions: Vec<String> = pictures.iter().map(|it| caption(it, style)).collect();
    // ASCII has no half blocks: a small picture would not be recognized.
    let small = |it: &Captioned<'_>| style.unicode || it.image.width > 16;
    let size = if pictures.iter().all(small) { Size::Small } else { Size::Large };
    let each = if size == Size::Large { 2 } else { 1 };
    let pixels = pictures.iter().map(|it| Pixels::new(&it.image, style.width / each));
    let drawn: Vec<Vec<Row>> = pixels.map(|pixels| pixels.rows(size, style)).collect();

    let width_of = |rows: &Vec<Row>| rows.iter().map(Row::columns).max().unwrap_or(0);
    let widest = drawn.iter().map(width_of).chain(captions.iter().map(|text| columns(text)));
    let cell = widest.max().unwrap_or(0).clamp(1, style.width);
    let in_a_row = ((style.width + GAP) / (cell + GAP)).max(1);

    let mut rows: Vec<Row> = Vec::new();
    for first in (0..pictures.len()).step_by(in_a_row) {
        let here = first..(first + in_a_row).min(pictures.len());
        if first > 0 {
            rows.push(Row::new());
        }
        let height = drawn[here.clone()].iter().map(Vec::len).max().unwrap_or(0);
        for y in 0..height {
            let mut row = Row::new();
            for (i, picture) in drawn[here.clone()].iter().enumerate() {
                row.fill(i * (cell + GAP) + (cell - width_of(picture)) / 2);
                row.append(picture.get(y).cloned().unwrap_or_default());
            }
            rows.push(row);
        }
        let mut row = Row::new();
        for (i, at) in here.enumerate() {
            row.fill(i * (cell + GAP));
            row.push(&center(&captions[at], cell), ink_of(pictures[at].verdict));
        }
        rows.push(row);
    }
    drawing(&rows, style)
}

/// Columns between two pictures of a grid.
const GAP: usize = 2;

fn ink_of(verdict: Verdict) -> Ink {
    match verdict {
        Verdict::Right => Ink::RIGHT,
        Verdict::Wrong => Ink::WRONG,
        Verdict::Open => Ink::PLAIN,
    }
}

fn caption(picture: &Captioned<'_>, style: Style) -> String {
    let mark = match picture.verdict {
        Verdict::Wrong if !style.color => ["x ", "✗ "][usize::from(style.unicode)],
        _ => "",
    };
    fit(&format!("{mark}{}", picture.caption), style.width, style)
}

/// A picture that fits the width.
struct Pixels {
    values: Vec<f32>,
    width: usize,
}

impl Pixels {
    /// The picture, averaged down by a whole factor where it is wider than `most`.
    fn new(image: &Image<'_>, most: usize) -> Self {
        if image.width == 0 {
            return Pixels { values: Vec::new(), width: 0 };
        }
        let height = image.pixels.len().div_ceil(image.width);
        let factor = image.width.div_ceil(most.max(1));
        let width = image.width.div_ceil(factor);
        let average = |x: usize, y: usize| {
            let xs = x * factor..((x + 1) * factor).min(image.width);
            let ys = y * factor..((y + 1) * factor).min(height);
            let all = ys.flat_map(|y| xs.clone().map(move |x| y * image.width + x));
            let (sum, count) = all.fold((0.0, 0), |(sum, count), at| {
                let value = image.pixels.get(at).copied().unwrap_or(0.0);
                (sum + if value.is_nan() { 0.0 } else { value.clamp(0.0, 1.0) }, count + 1)
            });
            sum / count as f32
        };
        let rows = 0..height.div_ceil(factor);
        let values = rows.flat_map(|y| (0..width).map(move |x| (x, y)));
        Pixels { values: values.map(|(x, y)| average(x, y)).collect(), width }
    }

    fn rows(&self, size: Size, style: Style) -> Vec<Row> {
        if self.width == 0 {
            return Vec::new();
        }
        let brightest = self.values.iter().copied().fold(0.0, f32::max);
        match size {
            Size::Large => {
                let cell = |row: &mut Row, value: &f32| large(row, *value, style);
                let row = |values: &[f32]| {
                    let mut row = Row::new();
                    values.iter().for_each(|value| cell(&mut row, value));
                    row
                };
                self.values.chunks(self.width).map(row).collect()
            }
            Size::Small => {
                let row = |pair: &[f32]| {
                    let mut row = Row::new();
                    for x in 0..self.width {
                        let (upper, lower) = (pair[x], pair.get(self.width + x).copied());
                        small(&mut row, upper, lower, brightest, style);
                    }
                    row
                };
                self.values.chunks(2 * self.width).map(row).collect()
            }
        }
    }
}

/// One pixel as two columns.
fn large(row: &mut Row, value: f32, style: Style) {
    if style.color {
        row.push("  ", Ink::PLAIN.on(Ink::gray(value)));
    } else {
        let shade = shade(value, style).to_string().repeat(2);
        row.push(&shade, Ink::PLAIN);
    }
}

/// Two pixels, one above the other, as one column; the last row may lack the lower one.
fn small(row: &mut Row, upper: f32, lower: Option<f32>, brightest: f32, style: Style) {
    let mean = (upper + lower.unwrap_or(upper)) / 2.0;
    match (style.color, style.unicode, lower) {
        (true, true, Some(lower)) => {
            row.push("▀", Ink::fore(Ink::gray(upper)).on(Ink::gray(lower)));
        }
        (true, true, None) => row.push("▀", Ink::fore(Ink::gray(upper))),
        (true, false, _) => row.push(" ", Ink::PLAIN.on(Ink::gray(mean))),
        (false, true, _) => {
            // A half block is there or not: what is brighter than half the brightest pixel is.
            let on = |value: f32| value > 0.0 && value >= 0.5 * brightest;
            let block = match (on(upper), lower.is_some_and(on)) {
                (true, true) => "█",
                (true, false) => "▀",
                (false, true) => "▄",
                (false, false) => " ",
            };
            row.push(block, Ink::PLAIN);
        }
        (false, false, _) => row.push(&shade(mean, style).to_string(), Ink::PLAIN),
    }
}

/// The character that covers about a share `value` of its cell.
pub(crate) fn shade(value: f32, style: Style) -> char {
    const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
    const ASCII: [char; 10] = [' ', '.', ':', '-', '=', '+', '*', '#', '%', '@'];
    let ramp: &[char] = if style.unicode { &SHADES } else { &ASCII };
    ramp[(value.clamp(0.0, 1.0) * (ramp.len() - 1) as f32).round() as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCKS: Style = Style { width: 80, color: false, unicode: true };
    const SEVEN: Image<'_> = Image {
        pixels: &[1.0, 1.0, 1.0, 0.7, 0.0, 0.0, 0.6, 0.9, 0.0, 0.3, 1.0, 0.2, 0.0, 1.0, 0.5, 0.0],
        width: 4,
    };

    #[test]
    fn in_color_right_is_green_and_wrong_is_red() {
        let show = |truth| Captioned::prediction(SEVEN, "7", truth);
        let style = Style { color: true, ..BLOCKS };
        let captions = image_grid(&["7", "1"].map(show), style);
        let captions = captions.lines().last().unwrap();
        assert!(captions.contains("\u{1b}[0;38;5;34m   7   "), "{captions:?}");
        assert!(captions.contains("\u{1b}[0;1;38;5;160m7 not 1"), "{captions:?}");
    }

    #[test]
    fn in_color_a_half_block_shows_two_pixels() {
        let two = Image { pixels: &[1.0, 0.0], width: 1 };
        let grid = [Captioned { image: two, caption: String::new(), verdict: Verdict::Open }];
        let drawing = image_grid(&grid, Style { color: true, ..BLOCKS });
        assert_eq!(drawing, "\u{1b}[0;38;5;255;48;5;232m▀\u{1b}[0m\n");
    }

    #[test]
    fn large_pixels_are_two_columns_of_shade() {
        let drawing = image(&SEVEN, BLOCKS);
        let expected = r"
██████▓▓
    ▒▒██
  ░░██░░
  ██▒▒
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn without_unicode_shades_are_punctuation() {
        let drawing = image(&SEVEN, Style::default());
        let expected = r"
@@@@@@**
    ++%%
  --@@::
  @@++
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }

    #[test]
    fn wrong_predictions_carry_a_cross() {
        let drawing = {
            let truths = ["7", "7", "1", "7"];
            let show = |truth| Captioned::prediction(SEVEN, "7", truth);
            image_grid(&truths.map(show), Style { width: 40, ..BLOCKS })
        };
        let expected = r"
  ▀▀██       ▀▀██       ▀▀██
   ▄█         ▄█         ▄█
    7          7      ✗ 7 not 1

  ▀▀██
   ▄█
    7
";
        assert_eq!(format!("\n{drawing}\n"), expected, "{drawing}");
    }
}
