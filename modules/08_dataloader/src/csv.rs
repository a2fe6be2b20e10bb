//! Tables of numbers in text: comma-separated values.
//!
//! RFC 4180 with what is met in practice: any ASCII delimiter, LF or CRLF, a byte-order mark,
//! blank lines, spaces around numbers, quoted fields with doubled quotes. What is not a finite
//! number is an error with its line and column: a NaN that slips into a training set only shows
//! hours later, as a loss of NaN.

use crate::dataset::TensorDataset;
use crate::error::DataError;
use crate::files::parse_file;
use std::borrow::Cow;
use std::path::Path;
use tinytorch_tensor::Tensor;

/// How a CSV file is written. By default: commas, no header.
#[derive(Clone, Debug)]
pub struct CsvOptions {
    /// What stands between two fields: an ASCII character, not a quote or a line end.
    pub delimiter: u8,
    /// Whether the first line names the columns.
    pub header: bool,
}

impl Default for CsvOptions {
    fn default() -> Self {
        Self { delimiter: b',', header: false }
    }
}

/// Which column of a [`Table`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Column<'a> {
    /// By its place, from 0.
    Index(usize),
    /// By its name in the header.
    Name(&'a str),
    /// The last one.
    Last,
}

/// Rows of numbers, all of one length.
#[derive(Clone, PartialEq, Debug)]
pub struct Table {
    names: Vec<String>,
    columns: usize,
    values: Vec<f32>,
    /// The line each row begins on, for errors.
    lines: Vec<u32>,
}

/// Reads a table from the bytes of a CSV file.
///
/// ```
/// use tinytorch_dataloader::csv::{self, Column, CsvOptions};
///
/// let text = b"width,height,kind\n1.5,2,0\n3,0.5,1\n";
/// let table = csv::parse(text, &CsvOptions { header: true, ..Default::default() })?;
/// let data = table.classification(Column::Name("kind"))?;
/// assert_eq!(data.inputs().to_vec(), [1.5, 2.0, 3.0, 0.5]);
/// assert_eq!(data.targets().to_vec_i32(), [0, 1]);
/// # Ok::<(), tinytorch_dataloader::DataError>(())
/// ```
///
/// # Errors
/// A field that is not a finite number, a row longer or shorter than the first, a quote that does
/// not end, or no row at all.
///
/// # Panics
/// When the delimiter is not ASCII, a quote, or a line end.
#[track_caller]
pub fn parse(bytes: &[u8], options: &CsvOptions) -> Result<Table, DataError> {
    let delimiter = options.delimiter;
    assert!(
        delimiter.is_ascii() && !b"\"\r\n".contains(&delimiter),
        "csv: the delimiter is an ASCII character, not a quote or line end, got {delimiter:#04x}"
    );
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut fields = Fields { text, delimiter, at: 0, line: 1 };
    let mut names = Vec::new();
    if options.header {
        fields.row(|_, _, name| {
            names.push(name.into_owned());
            Ok(())
        })?;
    }
    let mut expected = options.header.then_some(names.len());
    let (mut values, mut lines) = (Vec::new(), Vec::new());
    loop {
        fields.skip_blank_lines();
        let first_line = fields.line;
        let columns = fields.row(|line, column, field| {
            if expected.is_some_and(|expected| column > expected) {
                return ragged(line, column, expected, "this one has more");
            }
            values.push(number(&field, line, column, options.header)?);
            Ok(())
        })?;
        if columns == 0 {
            break;
        }
        if columns < *expected.get_or_insert(columns) {
            return ragged(first_line, columns, expected, "this one ends here");
        }
        lines.push(u32::try_from(first_line).unwrap_or(u32::MAX));
    }
    if lines.is_empty() {
        return Err(field_error(fields.line, 1, "expected a row of numbers, got none".into()));
    }
    Ok(Table { names, columns: expected.unwrap_or_default(), values, lines })
}

/// Reads a table from a CSV file.
///
/// # Errors
/// The file cannot be read, or as [`parse`].
///
/// # Panics
/// As [`parse`].
#[track_caller]
pub fn load(path: impl AsRef<Path>, options: &CsvOptions) -> Result<Table, DataError> {
    parse_file(path.as_ref(), |bytes| parse(bytes, options))
}

impl Table {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.lines.len()
    }

    /// The number of columns.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The names of the columns; none without a header.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// All numbers, `[rows, columns]`.
    pub fn tensor(&self) -> Tensor {
        Tensor::from_vec(self.values.clone(), [self.rows(), self.columns])
    }

    /// Samples with a class each: inputs `[rows, columns - 1]`, labels `[rows]` of i32 from column
    /// `label`.
    ///
    /// # Errors
    /// There is no such column, or it holds something else than whole numbers.
    pub fn classification(&self, label: Column) -> Result<TensorDataset, DataError> {
        let (inputs, place) = self.without(label)?;
        let labels = self.column(place).zip(&self.lines).map(|(value, &line)| {
            // f32 holds every whole number up to 2^24, and not every one beyond.
            if value.fract() == 0.0 && value.abs() <= 16_777_216.0 {
                Ok(value as i32)
            } else {
                let problem = format!("a label is a small whole number, got {value}");
                Err(field_error(line as usize, place + 1, problem))
            }
        });
        let labels = labels.collect::<Result<Vec<i32>, _>>()?;
        Ok(TensorDataset::new(inputs, Tensor::from_vec(labels, [self.rows()])))
    }

    /// Samples with a number each: inputs `[rows, columns - 1]`, targets `[rows, 1]` of f32 from
    /// column `target`.
    ///
    /// # Errors
    /// There is no such column.
    pub fn regression(&self, target: Column) -> Result<TensorDataset, DataError> {
        let (inputs, place) = self.without(target)?;
        let targets: Vec<f32> = self.column(place).collect();
        Ok(TensorDataset::new(inputs, Tensor::from_vec(targets, [self.rows(), 1])))
    }

    fn column(&self, place: usize) -> impl Iterator<Item = f32> {
        self.values.iter().copied().skip(place).step_by(self.columns)
    }

    /// All columns but one, `[rows, columns - 1]`, and the place of that one.
    fn without(&self, column: Column) -> Result<(Tensor, usize), DataError> {
        let place = match column {
            Column::Index(place) => Some(place).filter(|&place| place < self.columns),
            Column::Name(name) => self.names.iter().position(|known| known == name),
            Column::Last => Some(self.columns - 1),
        };
        let Some(place) = place else {
            let known = match self.names.as_slice() {
                [] => format!("the file has {} columns and no names", self.columns),
                names => format!("the columns are {}", names.join(", ")),
            };
            let wanted = match column {
                Column::Name(name) => format!("{name:?}"),
                Column::Index(place) => place.to_string(),
                Column::Last => "at the end".into(),
            };
            let problem = format!("csv: no column {wanted}; {known}");
            return Err(DataError::Mismatch { problem });
        };
        let rows = self.values.chunks_exact(self.columns);
        let others = rows.flat_map(|row| row[..place].iter().chain(&row[place + 1..])).copied();
        let inputs = others.collect::<Vec<f32>>();
        Ok((Tensor::from_vec(inputs, [self.rows(), self.columns - 1]), place))
    }
}

fn field_error(line: usize, column: usize, problem: String) -> DataError {
    DataError::Field { line, column, problem }
}

fn ragged<T>(
    line: usize,
    column: usize,
    expected: Option<usize>,
    here: &str,
) -> Result<T, DataError> {
    let problem = format!("rows have {} columns, {here}", expected.unwrap_or_default());
    Err(field_error(line, column, problem))
}

fn number(field: &str, line: usize, column: usize, header: bool) -> Result<f32, DataError> {
    match field.trim().parse::<f32>() {
        Ok(value) if value.is_finite() => Ok(value),
        _ => {
            let start: String = field.chars().take(20).collect();
            let cure = match line {
                1 if !header => "; if this line names the columns, set `header`",
                _ => "",
            };
            Err(field_error(line, column, format!("not a finite number: {start:?}{cure}")))
        }
    }
}

/// The fields of a text, from `at` on.
struct Fields<'a> {
    text: &'a [u8],
    delimiter: u8,
    at: usize,
    line: usize,
}

impl<'a> Fields<'a> {
    fn skip_blank_lines(&mut self) {
        while let Some(end) = self.line_end() {
            self.at += end;
            self.line += 1;
        }
    }

    /// The length of the line end that stands here.
    fn line_end(&self) -> Option<usize> {
        match &self.text[self.at..] {
            [b'\n', ..] => Some(1),
            [b'\r', b'\n', ..] => Some(2),
            _ => None,
        }
    }

    /// Gives the fields of one row to `see`, with line and column from 1; how many there were: 0 at
    /// the end of the text.
    fn row(
        &mut self,
        mut see: impl FnMut(usize, usize, Cow<'a, str>) -> Result<(), DataError>,
    ) -> Result<usize, DataError> {
        if self.at == self.text.len() {
            return Ok(0);
        }
        for column in 1.. {
            let line = self.line;
            let field = match self.text.get(self.at) {
                Some(b'"') => self.quoted(column)?,
                _ => Cow::Borrowed(self.plain(column)?),
            };
            see(line, column, field)?;
            if self.text.get(self.at) == Some(&self.delimiter) {
                self.at += 1;
                continue;
            }
            self.at += self.line_end().unwrap_or(0);
            self.line += 1;
            return Ok(column);
        }
        unreachable!("a text has fewer fields than numbers to count them")
    }

    /// The field up to the next delimiter or line end.
    fn plain(&mut self, column: usize) -> Result<&'a str, DataError> {
        let rest = &self.text[self.at..];
        let ends = |&b: &u8| b == self.delimiter || b == b'\n';
        let mut length = rest.iter().position(ends).unwrap_or(rest.len());
        if rest.get(length) == Some(&b'\n') && rest[..length].ends_with(b"\r") {
            length -= 1;
        }
        if rest[..length].contains(&b'"') {
            let problem = "a quote inside a field; put the whole field in quotes and double it";
            return Err(field_error(self.line, column, problem.into()));
        }
        self.at += length;
        self.utf8(&rest[..length], column)
    }

    /// The field in quotes; delimiters and line ends in it mean nothing, two quotes mean one.
    fn quoted(&mut self, column: usize) -> Result<Cow<'a, str>, DataError> {
        let begin = self.line;
        let rest = &self.text[self.at + 1..];
        let (mut end, mut doubled) = (0, false);
        loop {
            match &rest[end..] {
                [] => {
                    return Err(field_error(begin, column, "a quote that does not end".into()));
                }
                [b'"', b'"', ..] => {
                    doubled = true;
                    end += 2;
                }
                [b'"', ..] => break,
                [other, ..] => {
                    self.line += usize::from(*other == b'\n');
                    end += 1;
                }
            }
        }
        let text = self.utf8(&rest[..end], column)?;
        self.at += end + 2;
        let closed = self.at == self.text.len()
            || self.text[self.at] == self.delimiter
            || self.line_end().is_some();
        match (closed, doubled) {
            (false, _) => Err(field_error(self.line, column, "text after a closing quote".into())),
            (true, true) => Ok(Cow::Owned(text.replace("\"\"", "\""))),
            (true, false) => Ok(Cow::Borrowed(text)),
        }
    }

    fn utf8(&self, bytes: &'a [u8], column: usize) -> Result<&'a str, DataError> {
        let not_utf8 = |_| field_error(self.line, column, "the text is not UTF-8".into());
        std::str::from_utf8(bytes).map_err(not_utf8)
    }
}

#[cfg(test)]
mod tests;
