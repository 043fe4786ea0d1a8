use super::*;

fn read_text(text: &str, choose: impl FnOnce(&Header) -> Result<Wanted, Failure>) -> Result<Table, Failure> {
    Reader::new(Path::new("a.csv"), text.as_bytes(), false).read(choose)
}

/// All columns, the one that is named as a time apart.
fn all(header: &Header) -> Result<Wanted, Failure> {
    let time = header.time();
    let values = (0..header.names.len()).filter(|place| Some(*place) != time).collect();
    Ok(Wanted { time, values, ..Wanted::default() })
}

fn refused(text: &str) -> String {
    read_text(text, all).unwrap_err().message
}

#[test]
fn columns_are_read_in_the_order_in_which_they_are_wanted() {
    let table = read_text("date,a,b\n2020-01-01,1,2\n2020-01-02,3,4\n", |header| {
        let values = vec![header.find("b")?, header.find("2")?];
        Ok(Wanted { values, time: header.time(), ..Wanted::default() })
    })
    .unwrap();
    assert_eq!(table.names, ["b", "a"]);
    assert_eq!(table.columns, [[2.0, 4.0], [1.0, 3.0]]);
    assert_eq!(table.times.unwrap()[1] - 1_577_836_800_000_000_000, 86_400_000_000_000);
}

#[test]
fn damage_is_named_by_line_and_column() {
    for (text, expected) in [
        ("a,b\n1,2\n3,x\n", "`a.csv` line 3, column `b`: `x` is not a number"),
        ("a,b\n\n1,2\n\n\n3,x\n", "`a.csv` line 6, column `b`: `x` is not a number"),
        ("a,b\r\n1,2\r\n3,x\r\n", "`a.csv` line 3, column `b`: `x` is not a number"),
        ("a,b\n1,2\n3,inf\n", "`a.csv` line 3, column `b`: `inf` is not a finite number"),
        ("a,b\n1,2\n3\n", "`a.csv` line 3, column `b`: the row has 1 cells where the first has 2"),
        ("a,b\n1,2\n3,4,5\n", "`a.csv` line 3, column `b`: the row has 3 cells where the first has 2"),
        (
            "a\n1\n\"\"\n2\n",
            "`a.csv` line 3, column `a`: the value is missing, and only rows at the start may be without",
        ),
        (
            "date,a\n2020-01-02,1\n2020-01-01,1\n",
            "`a.csv` line 3, column `date`: `2020-01-01` is not after the row before",
        ),
        ("date,a\nsoon,1\n", "`a.csv` line 2, column `date`: `soon` is not a date"),
        ("", "`a.csv` is empty"),
        ("a,b\n", "`a.csv` has no rows"),
        ("0.1\n0.2\n", "`a.csv` line 1: the first row has numbers where names are expected"),
        ("a;b\n1;2\n", "`a.csv` line 1: the header is one cell, `a;b`"),
    ] {
        assert!(refused(text).starts_with(expected), "{text:?}: {}", refused(text));
    }
    assert!(read_text("a,b\n1,2\n3,4\n", all).is_ok());
}

#[test]
fn quotes_a_byte_order_mark_and_a_missing_last_line_end_are_understood() {
    let table = read_text("\u{feff}\"a, b\",c\r\n\"1\",2\n\n3,\"4\"", all).unwrap();
    assert_eq!((table.names, table.lines), (vec!["a, b".to_owned(), "c".to_owned()], vec![2, 4]));
    assert_eq!(table.columns, [[1.0, 3.0], [2.0, 4.0]]);
    assert!(refused("a,b\n\"1,2\n").starts_with("`a.csv` line 2, column `b`: the row has 1 cells"));
}

#[test]
fn bytes_that_are_no_text_are_named_too() {
    let bytes: &[u8] = b"a\n1\n\xff\n";
    let failure = Reader::new(Path::new("a.csv"), bytes, false).read(all).unwrap_err();
    assert_eq!(failure.message, "`a.csv` line 3, column `a`: the cell is not UTF-8 text");
}

#[test]
fn gaps_at_the_start_are_left_out_and_counted() {
    let table = read_text("a,b\n,1\nNaN,2\n3,4\n5,6\n", all).unwrap();
    assert_eq!((table.left_out, table.lines), (2, vec![4, 5]));
    assert_eq!(table.columns, [[3.0, 5.0], [4.0, 6.0]]);
}

#[test]
fn gaps_may_be_anywhere_where_that_was_said() {
    let anywhere = |header: &Header| Ok(Wanted { gaps: Gaps::Anywhere, ..all(header)? });
    let table = read_text("a,b\n1,1\nNaN,2\n3,4\n", anywhere).unwrap();
    assert_eq!((table.left_out, table.columns), (1, vec![vec![1.0, 3.0], vec![1.0, 4.0]]));
}

#[test]
fn whole_numbers_in_order_are_names() {
    for header in ["0,1,2", "1,2,3"] {
        assert_eq!(read_text(&format!("{header}\n7,8,9\n"), all).unwrap().names.join(","), header);
    }
    let mut reader = Reader::new(Path::new("a.csv"), "7,8\n9,10\n".as_bytes(), true);
    reader.no_header = true;
    let table = reader.read(all).unwrap();
    assert_eq!((table.names.join(","), table.columns[0].clone()), ("1,2".to_owned(), vec![7.0, 9.0]));
}

#[test]
fn a_column_that_is_not_there_is_answered_with_those_that_are() {
    let failure = read_text("a,b\n1,2\n", |header| header.find("c").map(|_| Wanted::default())).unwrap_err();
    assert_eq!(failure.message, "`a.csv` has no column `c`");
    assert_eq!(failure.hint.as_deref(), Some("its columns are `a`, `b`"));
    let twice = read_text("a,a\n1,2\n", |header| header.find("a").map(|_| Wanted::default())).unwrap_err();
    assert_eq!(twice.message, "`a.csv` has more than one column `a`");
}

#[test]
fn a_line_that_does_not_end_is_found_out_before_it_is_in_memory() {
    struct Endless;
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            buffer.fill(b'1');
            Ok(buffer.len())
        }
    }
    let failure = Reader::new(Path::new("-"), Endless, false).read(all).unwrap_err();
    assert!(
        failure.message.contains("line 1: the line is longer than 16777216 bytes"),
        "{}",
        failure.message
    );
}

#[test]
fn groups_are_numbered_as_they_first_appear() {
    let table = read_text("d,a\nx,1\nx,2\ny,3\nx,4\n", |_| {
        Ok(Wanted { values: vec![1], group: Some(0), ..Wanted::default() })
    });
    assert_eq!(table.unwrap().groups, [0, 0, 1, 0]);
}
