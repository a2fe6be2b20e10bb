//! Bytes that are cut, changed, lying or random: an error each time, never a panic, and memory
//! bounded by the number of bytes, whatever they promise.

use peak_alloc::PeakAlloc;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tinytorch_dataloader::csv::{self, Column, CsvOptions};
use tinytorch_dataloader::{Dataset, idx, parse_cifar10};
use tinytorch_tensor::Rng;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Every test holds this: memory is counted for the whole process.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs a reader; the largest number of bytes allocated meanwhile must stay below `times` those of
/// the input. The rest is for messages and for threads of the test harness.
fn bounded<T>(bytes: &[u8], times: usize, read: impl FnOnce(&[u8]) -> T) -> T {
    let before = MEMORY.current_usage();
    MEMORY.reset_peak_usage();
    let result = read(bytes);
    let used = MEMORY.peak_usage().saturating_sub(before);
    assert!(used <= times * bytes.len() + (64 << 10), "{used} bytes for {}", bytes.len());
    result
}

/// Whether the bytes are an IDX file; reads it as floats and, of integers, as integers.
fn idx_accepts(bytes: &[u8]) -> bool {
    bounded(bytes, 8, |bytes| match idx::parse(bytes) {
        Ok(file) => {
            let floats = file.floats(); // 4 bytes per number, and 4 again for the integers
            file.ints().map_or(true, |ints| ints.shape() == floats.shape())
        }
        Err(_) => false,
    })
}

fn cifar10_accepts(bytes: &[u8]) -> bool {
    bounded(bytes, 4, |bytes| parse_cifar10(bytes).is_ok())
}

/// Rows read as a table without header; also tries the header, and both kinds of targets.
fn csv_rows(bytes: &[u8]) -> Option<usize> {
    // A header costs a string per name, so up to 24 bytes, and as its list grows thrice that, for
    // the two bytes of "a,". Numbers and lines cost 4 bytes each for the two bytes of "1\n".
    let header = CsvOptions { header: true, ..Default::default() };
    bounded(bytes, 48, |bytes| csv::parse(bytes, &header).is_ok());
    bounded(bytes, 16, |bytes| {
        let table = csv::parse(bytes, &CsvOptions::default()).ok()?;
        let data = table.regression(Column::Last).unwrap();
        assert_eq!(
            (data.len(), table.tensor().numel()),
            (table.rows(), table.rows() * table.columns())
        );
        let _ = table.classification(Column::Index(0));
        Some(table.rows())
    })
}

fn idx_file(code: u8, sizes: &[u32], payload: usize) -> Vec<u8> {
    let mut bytes = vec![0, 0, code, sizes.len() as u8];
    bytes.extend(sizes.iter().flat_map(|size| size.to_be_bytes()));
    bytes.extend((0..payload).map(|i| i as u8));
    bytes
}

fn cifar10_file(records: usize) -> Vec<u8> {
    (0..records * 3073).map(|i| (i % 3073 % 251 % 10) as u8).collect()
}

const TABLE: &str = "1,2\n3,\"4\"\n";

#[test]
fn a_truncated_file_is_an_error_not_a_panic() {
    let _alone = alone();
    for (code, size) in [(0x08, 1), (0x09, 1), (0x0B, 2), (0x0C, 4), (0x0D, 4), (0x0E, 8)] {
        let whole = idx_file(code, &[2, 3], 6 * size);
        assert!(idx_accepts(&whole));
        for length in 0..whole.len() {
            assert!(!idx_accepts(&whole[..length]), "{length} of {}", whole.len());
        }
    }
    let whole = cifar10_file(1);
    assert!(cifar10_accepts(&whole));
    assert!((0..whole.len()).all(|length| !cifar10_accepts(&whole[..length])));
}

/// A text says nowhere how long it is: cut after a whole field, it may be a smaller table.
#[test]
fn a_table_cut_inside_a_row_is_an_error_while_fields_are_missing() {
    let _alone = alone();
    let cuts = (0..=TABLE.len()).map(|length| csv_rows(&TABLE.as_bytes()[..length]));
    let one_row = [None, Some(1), None, Some(1), Some(1)]; // "", "1", "1,", "1,2", "1,2\n"
    let second_row = [None, None, None, None, Some(2), Some(2)]; // "3", "3,", .. "3,\"4\"\n"
    assert_eq!(cuts.collect::<Vec<_>>(), [&one_row[..], &second_row].concat());
}

#[test]
fn bytes_after_the_end_are_an_error() {
    let _alone = alone();
    for extra in [1, 2, 3, 1000] {
        assert!(!idx_accepts(&idx_file(0x0C, &[5], 20 + extra)), "{extra}");
        assert!(!cifar10_accepts(&[cifar10_file(1), vec![0; extra]].concat()), "{extra}");
    }
}

#[test]
fn a_header_that_promises_the_moon_allocates_nothing() {
    let _alone = alone();
    const MAX: u32 = u32::MAX;
    for code in [0x08, 0x0B, 0x0E] {
        for sizes in [
            &[MAX][..],
            &[MAX, MAX],
            &[MAX; 6],
            &[0, MAX, MAX, MAX],
            &[1 << 31, 1 << 31, 4], // 2^64 numbers: 0 when multiplied carelessly
            &[1 << 16, 1 << 16, 1 << 29], // 2^61 numbers: 0 bytes of f64, multiplied carelessly
            &[7, 1 << 30],
        ] {
            assert!(!idx_accepts(&idx_file(code, sizes, 0)), "{code:02x} {sizes:?}");
            assert!(!idx_accepts(&idx_file(code, sizes, 64)), "{code:02x} {sizes:?}");
        }
    }
    assert!(!idx_accepts(&[0, 0, 8, 255, 0, 0, 0, 1]));
}

#[test]
fn every_changed_byte_of_a_header_is_noticed() {
    let _alone = alone();
    let whole = idx_file(0x08, &[2, 3], 6);
    for place in 0..whole.len() {
        for value in (0..=255).filter(|&value| value != whole[place]) {
            let mut changed = whole.clone();
            changed[place] = value;
            // Signed bytes are as long as unsigned ones; a pixel may be anything.
            let plausible = place >= 12 || (place, value) == (2, 0x09);
            assert_eq!(idx_accepts(&changed), plausible, "byte {place} = {value:02x}");
        }
    }
    let whole = cifar10_file(2);
    for place in [0, 1, 3072, 3073, 3074] {
        for value in 0..=255 {
            let mut changed = whole.clone();
            changed[place] = value;
            assert_eq!(cifar10_accepts(&changed), place % 3073 != 0 || value < 10);
        }
    }
    for place in 0..TABLE.len() {
        for value in 0..=255 {
            let mut changed = TABLE.as_bytes().to_vec();
            changed[place] = value;
            let rows = csv_rows(&changed);
            // No number holds a letter, but for the exponent in 2e3.
            let letter = value.is_ascii_alphabetic() && !b"eE".contains(&value);
            assert!(!(letter && rows.is_some()), "{changed:?}");
        }
    }
}

#[test]
fn random_bytes_are_errors() {
    let _alone = alone();
    let mut rng = Rng::new(8);
    for round in 0..20_000 {
        let mut bytes: Vec<u8> = (0..rng.below(200)).map(|_| rng.next_u32() as u8).collect();
        assert!(!idx_accepts(&bytes) && !cifar10_accepts(&bytes), "round {round}: {bytes:?}");
        csv_rows(&bytes);
        // Once more with a beginning that gets past the first checks.
        if let Some(start) = bytes.first_chunk_mut::<4>() {
            *start = [0, 0, 0x08 + rng.below(7) as u8, rng.below(7) as u8];
            let sizes = 4 * usize::from(start[3]);
            for size in bytes.iter_mut().skip(4).take(sizes) {
                *size = if rng.below(8) == 0 { *size } else { 0 };
            }
            idx_accepts(&bytes);
        }
    }
}

#[test]
fn random_text_of_the_characters_that_matter_never_panics() {
    let _alone = alone();
    let mut rng = Rng::new(9);
    let characters = b"0123456789.,-e\"\r\n \xEF\xBB\xBF";
    let (mut tables, mut refusals) = (0, 0);
    for _ in 0..50_000 {
        let pick = |_| characters[rng.below(characters.len() as u64) as usize];
        let text: Vec<u8> = (0..12).map(pick).collect();
        let outcome = if csv_rows(&text).is_some() { &mut tables } else { &mut refusals };
        *outcome += 1;
    }
    assert!(tables > 100 && refusals > 10_000, "{tables} tables, {refusals} refusals");
}

#[test]
fn memory_is_bounded_by_the_size_of_a_large_file() {
    let _alone = alone();
    let million = 1 << 20;
    assert!(idx_accepts(&idx_file(0x08, &[1 << 20], million)));
    assert!(cifar10_accepts(&cifar10_file(300)));
    assert_eq!(csv_rows("1\n".repeat(million).as_bytes()), Some(million));
    assert_eq!(csv_rows("1,2\n".repeat(million / 2).as_bytes()), Some(million / 2));
    assert_eq!(csv_rows("a,".repeat(million).as_bytes()), None);
    assert_eq!(csv_rows(format!("\"{}", "\"\"".repeat(million)).as_bytes()), None);
    assert_eq!(csv_rows(&vec![b'\n'; million]), None);
    assert_eq!(csv_rows(&vec![b'7'; million]), None);
}
