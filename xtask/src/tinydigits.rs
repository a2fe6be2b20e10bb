//! Cuts TinyDigits out of scikit-learn's digits: 100 train and 20 test pictures of each digit.
//!
//! The rule needs no random numbers, so anybody can repeat it in any language. Of the rows of one
//! class, in file order, `m` in all, take those at `i * m / 120` for `i` in `0..120`; every sixth
//! of these (`i % 6 == 5`) is a test picture. Neighbors in the source tend to be by one writer, so
//! even spacing gives both parts pictures of every hand. The files hold the classes in turn
//! (0, 1, .. 9, 0, 1, ..): a reader who takes the first hundred pictures gets ten of each.

use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::{fmt::Write, fs};

const CLASSES: usize = 10;
const CHOSEN_PER_CLASS: usize = 120;
const PIXELS: usize = 64;
const BRIGHTEST: u8 = 16;
/// The source is 265 kB unpacked; a packed file that grows beyond this is not it.
const SOURCE_LIMIT: u64 = 4 << 20;

/// One handwritten digit: 8 rows of 8 pixels, `0..=16`, and which digit it is, `0..=9`.
#[derive(Clone, Debug, PartialEq)]
struct Digit {
    pixels: [u8; PIXELS],
    label: u8,
}

/// The two parts of the data set, classes in turn.
#[derive(Default)]
struct Split {
    train: Vec<Digit>,
    test: Vec<Digit>,
}

/// Where the repository keeps the data set.
pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/tinydigits")
}

/// Writes the four IDX files and `SHA256SUMS` into `folder`.
///
/// # Errors
/// The source cannot be read, is not scikit-learn's digits, or the folder cannot be written.
pub fn make(csv: &Path, folder: &Path) -> Result<(), String> {
    let in_source = |problem: String| format!("{}: {problem}", csv.display());
    let digits = parse(&read(csv).map_err(in_source)?).map_err(in_source)?;
    let split = choose(&digits).map_err(in_source)?;
    let mut sums = String::new();
    for (name, bytes) in files(&split) {
        let path = folder.join(name);
        fs::write(&path, &bytes).map_err(|e| format!("{}: {e}", path.display()))?;
        writeln!(sums, "{}  {name}", sha256(&bytes)).expect("a string takes everything");
        println!("{:>6} bytes  {}", bytes.len(), path.display());
    }
    let path = folder.join("SHA256SUMS");
    fs::write(&path, sums).map_err(|e| format!("{}: {e}", path.display()))
}

/// The text of the source, unpacked when it starts like a gzip file.
fn read(csv: &Path) -> Result<String, String> {
    let bytes = fs::read(csv).map_err(|e| e.to_string())?;
    let mut text = String::new();
    let unpacked: Box<dyn Read> = match bytes.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::GzDecoder::new(bytes.as_slice())),
        plain => Box::new(plain),
    };
    unpacked.take(SOURCE_LIMIT).read_to_string(&mut text).map_err(|e| e.to_string())?;
    Ok(text)
}

/// One digit per line; refuses a picture that comes twice, for it could land in both parts.
fn parse(text: &str) -> Result<Vec<Digit>, String> {
    let mut first_seen = HashMap::new();
    let mut digits = Vec::new();
    for (line, row) in (1..).zip(text.lines()) {
        let digit = parse_row(row).map_err(|problem| format!("line {line}: {problem}"))?;
        if let Some(earlier) = first_seen.insert(digit.pixels, line) {
            return Err(format!("line {line}: the picture of line {earlier} again"));
        }
        digits.push(digit);
    }
    Ok(digits)
}

fn parse_row(row: &str) -> Result<Digit, String> {
    let values: Vec<u8> = row
        .split(',')
        .map(|field| field.parse().map_err(|_| format!("not a small whole number: {field:?}")))
        .collect::<Result<_, _>>()?;
    let (&label, pixels) = values.split_last().ok_or("an empty row")?;
    let pixels: [u8; PIXELS] =
        pixels.try_into().map_err(|_| format!("expected 65 values, got {}", values.len()))?;
    if usize::from(label) >= CLASSES {
        return Err(format!("expected a label 0..=9, got {label}"));
    }
    match pixels.iter().find(|&&p| p > BRIGHTEST) {
        Some(p) => Err(format!("expected pixels 0..=16, got {p}")),
        None => Ok(Digit { pixels, label }),
    }
}

/// The rule at the head of this file.
fn choose(digits: &[Digit]) -> Result<Split, String> {
    let mut classes = vec![Vec::new(); CLASSES];
    for digit in digits {
        classes[usize::from(digit.label)].push(digit);
    }
    if let Some(label) = classes.iter().position(|rows| rows.len() < CHOSEN_PER_CLASS) {
        return Err(format!("120 pictures of each digit are needed; of {label} there are fewer"));
    }
    let mut split = Split::default();
    for i in 0..CHOSEN_PER_CLASS {
        let part = if i % 6 == 5 { &mut split.test } else { &mut split.train };
        part.extend(classes.iter().map(|rows| rows[i * rows.len() / CHOSEN_PER_CLASS].clone()));
    }
    Ok(split)
}

/// Names and contents of the files, named as MNIST names its own.
fn files(split: &Split) -> [(&'static str, Vec<u8>); 4] {
    [
        ("train-images-idx3-ubyte", images(&split.train)),
        ("train-labels-idx1-ubyte", labels(&split.train)),
        ("test-images-idx3-ubyte", images(&split.test)),
        ("test-labels-idx1-ubyte", labels(&split.test)),
    ]
}

/// IDX header: two zeros, 8 for unsigned bytes, the number of dimensions, each as big-endian u32.
fn header(dims: &[usize]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|&d| (d as u32).to_be_bytes()));
    bytes
}

fn images(digits: &[Digit]) -> Vec<u8> {
    let mut bytes = header(&[digits.len(), 8, 8]);
    bytes.extend(digits.iter().flat_map(|d| d.pixels));
    bytes
}

fn labels(digits: &[Digit]) -> Vec<u8> {
    let mut bytes = header(&[digits.len()]);
    bytes.extend(digits.iter().map(|d| d.label));
    bytes
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `per_class` rows of each digit, all pictures different: pixels spell out the row's number.
    fn source(per_class: usize) -> Vec<Digit> {
        (0..per_class * CLASSES)
            .map(|row| {
                let mut pixels = [0; PIXELS];
                for (place, pixel) in pixels.iter_mut().enumerate().take(4) {
                    *pixel = (row / 17usize.pow(place as u32) % 17) as u8;
                }
                Digit { pixels, label: (row % CLASSES) as u8 }
            })
            .collect()
    }

    fn as_csv(digits: &[Digit]) -> String {
        let row = |d: &Digit| {
            let pixels: String = d.pixels.iter().map(|p| format!("{p},")).collect();
            format!("{pixels}{}\n", d.label)
        };
        digits.iter().map(row).collect()
    }

    #[test]
    fn the_shipped_files_match_their_checksums() {
        let sums = fs::read_to_string(shipped().join("SHA256SUMS")).unwrap();
        let listed: Vec<_> = sums.lines().map(|line| line.split_once("  ").unwrap()).collect();
        let names: Vec<_> = listed.iter().map(|(_, name)| *name).collect();
        assert_eq!(names, files(&Split::default()).map(|(name, _)| name));
        for (sum, name) in listed {
            assert_eq!(sha256(&fs::read(shipped().join(name)).unwrap()), sum, "{name}");
        }
    }

    #[test]
    fn the_shipped_folder_stays_under_its_310_kilobytes() {
        let entries = fs::read_dir(shipped()).unwrap();
        let bytes: u64 = entries.map(|e| e.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes < 310_000, "{bytes}");
    }

    #[test]
    fn a_hundred_and_twenty_of_each_class_are_chosen_with_even_spacing() {
        let digits = source(240);
        let split = choose(&digits).unwrap();
        assert_eq!((split.train.len(), split.test.len()), (1000, 200));
        for label in 0..10usize {
            // 240 rows of a class, 120 wanted: every second one, and of these every sixth to test
            let test: Vec<_> = split.test.iter().skip(label).step_by(10).cloned().collect();
            let expected: Vec<_> =
                (0..20).map(|i| digits[(12 * i + 10) * 10 + label].clone()).collect();
            assert_eq!(test, expected);
            assert_eq!(split.train[label], digits[label]);
        }
    }

    #[test]
    fn no_picture_is_in_both_parts() {
        let split = choose(&source(179)).unwrap();
        assert!(split.test.iter().all(|digit| !split.train.contains(digit)));
    }

    #[test]
    fn too_few_pictures_of_a_class_are_refused() {
        let problem = choose(&source(119)).err().unwrap();
        assert_eq!(problem, "120 pictures of each digit are needed; of 0 there are fewer");
    }

    #[test]
    fn the_text_of_a_source_is_read_back() {
        let digits = source(3);
        assert_eq!(parse(&as_csv(&digits)).unwrap(), digits);
    }

    #[test]
    fn bad_rows_are_refused_with_their_line() {
        let good = as_csv(&source(1));
        let first = good.lines().next().unwrap();
        for (row, problem) in [
            ("1,2,3", "expected 65 values, got 3"),
            ("1,x", "not a small whole number: \"x\""),
            ("", "not a small whole number: \"\""),
            (first, "the picture of line 1 again"),
            (&first.replacen('0', "17", 1), "expected pixels 0..=16, got 17"),
            (&format!("{}11", &first[..first.len() - 1]), "expected a label 0..=9, got 11"),
        ] {
            let refusal = parse(&format!("{good}{row}\n")).unwrap_err();
            assert_eq!(refusal, format!("line 11: {problem}"));
        }
    }

    #[test]
    fn the_files_are_idx_files() {
        let digit = Digit { pixels: [7; PIXELS], label: 3 };
        let split = Split { train: vec![digit.clone(), digit], test: Vec::new() };
        let [(_, images), (_, labels), (_, none), _] = files(&split);
        assert_eq!(images[..16], [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0, 8]);
        assert_eq!(images[16..], [7; 128]);
        assert_eq!(labels, [0, 0, 8, 1, 0, 0, 0, 2, 3, 3]);
        assert_eq!(none.len(), 16);
    }
}
