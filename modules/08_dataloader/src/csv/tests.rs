use super::*;

fn plain(text: &str) -> Result<Table, DataError> {
    parse(text.as_bytes(), &CsvOptions::default())
}

fn headed(text: &str) -> Result<Table, DataError> {
    parse(text.as_bytes(), &CsvOptions { header: true, ..Default::default() })
}

#[test]
fn numbers_are_read_however_the_file_is_written() {
    for text in [
        "1,-2.5\n3e2,4\n",
        "1,-2.5\n3e2,4",
        "1,-2.5\r\n3e2,4\r\n",
        "\u{feff}1,-2.5\n\n3e2,4\n\n\n",
        "\r\n 1 , -2.5\r\n\r\n300,+4\r\n",
        "\"1\",-2.5\n\"3e2\",\"4\"\n",
        "\"1\",\"-2.5\"\r\n300,\"4\"",
    ] {
        let table = plain(text).unwrap();
        assert_eq!(table.tensor().shape(), [2, 2], "{text:?}");
        assert_eq!(table.tensor().to_vec(), [1.0, -2.5, 300.0, 4.0], "{text:?}");
    }
}

#[test]
fn a_header_names_the_columns_and_may_hold_anything() {
    let table = headed("\"a, \"\"b\"\"\nc\",d\r\n1,2\r\n").unwrap();
    assert_eq!(table.names(), ["a, \"b\"\nc", "d"]);
    assert_eq!((table.rows(), table.columns()), (1, 2));
}

#[test]
fn the_delimiter_can_be_chosen() {
    for delimiter in *b";\t |" {
        let text = ["1", "2"].join(&char::from(delimiter).to_string());
        let table = parse(text.as_bytes(), &CsvOptions { delimiter, header: false }).unwrap();
        assert_eq!(table.tensor().to_vec(), [1.0, 2.0]);
    }
}

#[test]
fn any_column_can_be_the_target() {
    let table = headed("a,b,c\n1,2,3\n4,5,6\n").unwrap();
    for (column, inputs, targets) in [
        (Column::Index(0), [2.0, 3.0, 5.0, 6.0], [1, 4]),
        (Column::Name("b"), [1.0, 3.0, 4.0, 6.0], [2, 5]),
        (Column::Last, [1.0, 2.0, 4.0, 5.0], [3, 6]),
    ] {
        let data = table.classification(column).unwrap();
        assert_eq!(data.inputs().shape(), [2, 2]);
        assert_eq!(data.inputs().to_vec(), inputs);
        assert_eq!(data.targets().to_vec_i32(), targets);
        let data = table.regression(column).unwrap();
        assert_eq!(data.inputs().to_vec(), inputs);
        assert_eq!(data.targets().shape(), [2, 1]);
        assert_eq!(data.targets().to_vec(), targets.map(|t| t as f32));
    }
}

#[test]
fn refusals_say_the_line_and_the_column() {
    for (text, expected) in [
        ("1,2\n3,x\n", "line 2, column 2: not a finite number: \"x\""),
        ("1,2\n\n3,nan\n", "line 3, column 2: not a finite number: \"nan\""),
        ("1,2\n-inf,4\n", "line 2, column 1: not a finite number: \"-inf\""),
        ("1,2\n3,1e99\n", "line 2, column 2: not a finite number: \"1e99\""),
        ("1,2\n3,\n", "line 2, column 2: not a finite number: \"\""),
        ("1,2\n,\n", "line 2, column 1: not a finite number: \"\""),
        (
            "a,b\n1,2\n",
            "line 1, column 1: not a finite number: \"a\"; \
             if this line names the columns, set `header`",
        ),
        ("1,2\n3\n", "line 2, column 1: rows have 2 columns, this one ends here"),
        ("1,2\n3,4,5\n", "line 2, column 3: rows have 2 columns, this one has more"),
        ("1,2\n\"3,4\n", "line 2, column 1: a quote that does not end"),
        ("1,\"2\"x\n", "line 1, column 2: text after a closing quote"),
        (
            "1,2\"\n",
            "line 1, column 2: a quote inside a field; put the whole field in quotes and double it",
        ),
        (
            "1,2\r3,4",
            "line 1, column 2: not a finite number: \"2\\r3\"; \
             if this line names the columns, set `header`",
        ),
        ("\"\n\n1\",2\n3,x", "line 4, column 2: not a finite number: \"x\""),
        ("", "line 1, column 1: expected a row of numbers, got none"),
        ("\n\n", "line 3, column 1: expected a row of numbers, got none"),
    ] {
        assert_eq!(plain(text).unwrap_err().to_string(), format!("csv: {expected}"), "{text:?}");
    }
    let long = plain(&"z".repeat(1000)).unwrap_err().to_string();
    assert!(long.contains(&format!("\"{}\"", "z".repeat(20))), "{long}");
    let latin = parse(b"1,2\n3,\xE9\n", &CsvOptions::default()).unwrap_err().to_string();
    assert_eq!(latin, "csv: line 2, column 2: the text is not UTF-8");
    let only_header = headed("a,b\n").unwrap_err().to_string();
    assert_eq!(only_header, "csv: line 2, column 1: expected a row of numbers, got none");
}

#[test]
fn labels_must_be_whole_numbers_that_f32_can_tell_apart() {
    for (label, shown) in
        [("1.5", "1.5"), ("16777218", "16777218"), ("-1e20", "-100000000000000000000")]
    {
        let table = plain(&format!("1,0\n\n2,{label}\n")).unwrap();
        let message = table.classification(Column::Last).unwrap_err().to_string();
        let expected =
            format!("csv: line 3, column 2: a label is a small whole number, got {shown}");
        assert_eq!(message, expected);
    }
    let signs = plain("1,-1\n2,1\n").unwrap().classification(Column::Last).unwrap();
    assert_eq!(signs.targets().to_vec_i32(), [-1, 1]);
}

#[test]
fn a_column_that_is_not_there_is_named_with_those_that_are() {
    let message = |table: Table, column| table.regression(column).unwrap_err().to_string();
    assert_eq!(
        message(headed("a,b\n1,2\n").unwrap(), Column::Name("c")),
        "csv: no column \"c\"; the columns are a, b"
    );
    assert_eq!(
        message(plain("1,2\n").unwrap(), Column::Index(2)),
        "csv: no column 2; the file has 2 columns and no names"
    );
}

#[test]
#[should_panic = "csv: the delimiter is an ASCII character, not a quote or line end, got 0x22"]
fn a_quote_is_no_delimiter() {
    let _ = parse(b"1", &CsvOptions { delimiter: b'"', header: false });
}
