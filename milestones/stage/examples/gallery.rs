//! Every drawing once, with made-up data: `cargo run -p stage --example gallery`.
//!
//! `NO_COLOR=1` turns colors off, `ASCII=1` everything beyond ASCII; `COLUMNS` is the width.

use stage::Style;
use stage::draw::{
    Amount, Axes, Captioned, Image, Line, Plane, Point, bars, beside, confusion, curve, heatmap,
    image, image_grid, plane, table,
};

fn main() {
    let set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let width = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok()).unwrap_or(80);
    let style = Style { width, color: !set("NO_COLOR"), unicode: !set("ASCII") };
    let only: Vec<String> = std::env::args().skip(1).collect();
    type Show = fn(Style) -> String;
    let shows: [(&str, Show); 11] = [
        ("curve", two_axes),
        ("log", logarithmic),
        ("image", one_digit),
        ("grid", digits),
        ("plane", boundary),
        ("clusters", clusters),
        ("table", layers),
        ("bars", classes),
        ("confusion", confused),
        ("heatmap", attention),
        ("beside", before_and_after),
    ];
    for (name, show) in shows {
        if only.is_empty() || only.iter().any(|it| it == name) {
            println!("{name}\n\n{}\n", show(style));
        }
    }
}

/// Numbers in 0..1 that look random.
fn noise(i: usize) -> f32 {
    (((i as f32 + 1.0) * 12.9898).sin() * 43_758.547).fract().abs()
}

fn two_axes(style: Style) -> String {
    let loss: Vec<f32> =
        (0..400).map(|i| 2.3 * (-(i as f32) / 70.0).exp() + 0.15 * noise(i) + 0.03).collect();
    let accuracy: Vec<f32> =
        (0..21).map(|i| 0.97 - 0.86 * (-(i as f32) / 3.0).exp() - 0.02 * noise(i)).collect();
    let axes = Axes { x: Some((0.0, 20.0)), ..Axes::default() };
    let lines = [
        Line { name: "training loss", values: &loss },
        Line { name: "validation accuracy", values: &accuracy },
    ];
    curve(&lines, &axes, style)
}

fn logarithmic(style: Style) -> String {
    let training: Vec<f32> =
        (0..50).map(|i| 2.0 * (-(i as f32) / 7.0).exp() * (1.0 + 0.4 * noise(i))).collect();
    let validation: Vec<f32> = training.iter().map(|loss| loss.max(0.02) * 1.2).collect();
    let lines = [
        Line { name: "training", values: &training },
        Line { name: "validation", values: &validation },
    ];
    curve(&lines, &Axes { shared: true, log: true, ..Axes::default() }, style)
}

/// A three and a five of scikit-learn's digits, 0 to 16.
const DIGITS: [[u8; 64]; 3] = [
    [
        0, 0, 7, 15, 13, 1, 0, 0, 0, 8, 13, 6, 15, 4, 0, 0, 0, 2, 1, 13, 13, 0, 0, 0, 0, 0, 2, 15,
        11, 1, 0, 0, 0, 0, 0, 1, 12, 12, 1, 0, 0, 0, 0, 0, 1, 10, 8, 0, 0, 0, 8, 4, 5, 14, 9, 0, 0,
        0, 7, 13, 13, 9, 0, 0,
    ],
    [
        0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0, 0, 3, 15, 2, 0, 11, 8, 0, 0, 4, 12, 0,
        0, 8, 8, 0, 0, 5, 8, 0, 0, 9, 8, 0, 0, 4, 11, 0, 1, 12, 7, 0, 0, 2, 14, 5, 10, 12, 0, 0, 0,
        0, 6, 13, 10, 0, 0, 0,
    ],
    [
        0, 0, 0, 12, 13, 5, 0, 0, 0, 0, 0, 11, 16, 9, 0, 0, 0, 0, 3, 15, 16, 6, 0, 0, 0, 7, 15, 16,
        16, 2, 0, 0, 0, 0, 1, 16, 16, 3, 0, 0, 0, 0, 1, 16, 16, 6, 0, 0, 0, 0, 1, 16, 16, 6, 0, 0,
        0, 0, 0, 11, 16, 10, 0, 0,
    ],
];

fn pixels(digit: &[u8; 64]) -> Vec<f32> {
    digit.iter().map(|gray| f32::from(*gray) / 16.0).collect()
}

fn one_digit(style: Style) -> String {
    image(&Image { pixels: &pixels(&DIGITS[0]), width: 8 }, style)
}

fn digits(style: Style) -> String {
    let pixels = DIGITS.map(|digit| pixels(&digit));
    let show = |i: usize| {
        let image = Image { pixels: &pixels[i % 3], width: 8 };
        let truth = ["3", "0", "1"][i % 3];
        Captioned::prediction(image, if i == 4 { "6" } else { truth }, truth)
    };
    image_grid(&(0..12).map(show).collect::<Vec<_>>(), style)
}

fn boundary(style: Style) -> String {
    let sigmoid = |z: f32| 1.0 / (1.0 + (-z).exp());
    let xor = |x: f32, y: f32| {
        let or = sigmoid(8.0 * (x + y - 0.5));
        let and = sigmoid(8.0 * (x + y - 1.5));
        sigmoid(9.0 * (or - and) - 4.5)
    };
    let corners = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)];
    let points = corners.map(|(x, y)| Point { x, y, class: x != y });
    plane(xor, &points, &Plane { x_label: "x1", y_label: "x2", ..Plane::default() }, style)
}

fn clusters(style: Style) -> String {
    let bell = |i: usize| (0..6).map(|k| noise(7 * i + k)).sum::<f32>() - 3.0;
    let point = |i: usize| {
        let class = i % 2 == 1;
        let shift = if class { 0.9 } else { -0.9 };
        Point { x: bell(2 * i) + shift, y: bell(2 * i + 1) + shift, class }
    };
    let points: Vec<Point> = (0..80).map(point).collect();
    let view = Plane {
        x: (-3.0, 3.0),
        y: (-2.0, 2.0),
        classes: ["healthy", "ill"],
        x_label: "temperature",
        y_label: "pulse",
        rows: 14,
    };
    plane(|x, y| 1.0 / (1.0 + (-2.5 * (x + y)).exp()), &points, &view, style)
}

fn layers(style: Style) -> String {
    let row = |cells: [&str; 4]| cells.map(str::to_owned).to_vec();
    let rows = [
        row(["fc1", "[32, 64]", "2,080", "8.1 KiB"]),
        row(["relu", "", "0", "0 B"]),
        row(["fc2", "[10, 32]", "330", "1.3 KiB"]),
    ];
    table(&["layer", "weight", "parameters", "memory"], &rows, style)
}

fn classes(style: Style) -> String {
    let amount = |(i, label): (usize, &'static str)| {
        let value = 1.0 - 0.16 * noise(i);
        Amount { label, value, text: format!("{:.1} %", 100.0 * value) }
    };
    let labels = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    bars(&labels.into_iter().enumerate().map(amount).collect::<Vec<_>>(), Some(1.0), style)
}

fn confused(style: Style) -> String {
    let mut counts: Vec<usize> = vec![0; 100];
    for truth in 0..10 {
        counts[truth * 10 + truth] = 20;
        let lost = (noise(truth) * 4.0) as usize;
        let other = (noise(truth + 50) * 10.0) as usize;
        counts[truth * 10 + truth] -= lost;
        counts[truth * 10 + other] += lost;
    }
    confusion(&counts, &["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"], style)
}

fn attention(style: Style) -> String {
    let tokens = ["the", "cat", "sat", "on", "the", "mat", "."];
    let mut weights = Vec::new();
    for t in 0..tokens.len() {
        let score = |s: usize| {
            if s <= t { (3.0 * noise(t * 9 + s)).exp() } else { 0.0 }
        };
        let sum: f32 = (0..tokens.len()).map(score).sum();
        weights.extend((0..tokens.len()).map(|s| score(s) / sum));
    }
    heatmap(&weights, &tokens, &tokens, style)
}

fn before_and_after(style: Style) -> String {
    let points = [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)];
    let points = points.map(|(x, y)| Point { x, y, class: x != y });
    let view = Plane { rows: 10, ..Plane::default() };
    let before = plane(|x, _| x, &points, &view, style);
    let after = plane(|x, y| (x - y).abs(), &points, &view, style);
    beside(&[("before", &before), ("after", &after)], style)
}
