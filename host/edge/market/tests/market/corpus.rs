//! Files that nobody should write: each gets an answer, with its place, and nothing panics.

use proptest::prelude::*;
use stratbox_market::{MarketError, check_file};

use crate::{Folder, table};

const HEADER: &str = "timestamp,open,high,low,close,volume\n";

#[test]
fn the_first_bad_row_is_named_and_the_others_are_counted() {
    let folder = Folder::new();
    let text = format!(
        "{HEADER}2020-01-01,10,12,9,11,100\n2020-01-02,10,8,9,11,100\n2020-01-03,10,12,9,11\n2020-01-04,x,12,9,11,1\n\
         2020-01-05,10,12,9,11,100\n"
    );
    let error = check_file(&folder.write("x.csv", &text)).unwrap_err();
    let MarketError::Invalid { more, .. } = &error else { panic!("{error}") };
    assert_eq!(*more, 2);
    assert!(
        error.to_string().ends_with(
            "line 3, column `high`: high `8` is below low `9`: correct the row, or remove it (2 more rows of the file break a \
             rule)"
        ),
        "{error}"
    );
    let two = text.replace("2020-01-04,x", "2020-01-04,10");
    let error = check_file(&folder.write("x.csv", two)).unwrap_err().to_string();
    assert!(error.ends_with("(1 more row of the file breaks a rule)"), "{error}");
}

#[test]
fn hostile_files_are_refused_with_a_place() {
    let folder = Folder::new();
    let row = |cells: &str| format!("{HEADER}{cells}\n").into_bytes();
    let corpus: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "line 1, column `timestamp`: the file is empty"),
        (HEADER.into(), "line 2, column `timestamp`: no rows follow the header"),
        (vec![0; 3], "line 1, column `\\0\\0\\0`: unknown header"),
        (row("2020-01-01,\0,1,1,1,1"), "line 2, column `open`: `\\0` is not a number"),
        (row("2020-01-01,1,1,1,1,1e400"), "line 2, column `volume`: `inf` is not finite"),
        (row("2020-01-01,1e-400,1,1,1,1"), "line 2, column `open`: price `0` is not greater than zero"),
        (row("2020-01-01,1,1,1,1,-0.1"), "line 2, column `volume`: volume `-0.1` is negative"),
        (
            row("9999999999999999999,1,1,1,1,1"),
            "line 2, column `timestamp`: `9999999999999999999` is not a date",
        ),
        (row("99999999999,1,1,1,1,1"), "line 2, column `timestamp`: `99999999999` is too far away"),
        (row("2020-01-01,1,1,1,1,1,,,"), "line 2, column `7`: the row has 9 cells where the header has 6"),
        (row("0x10,1,1,1,1,1"), "line 2, column `timestamp`: `0x10` is not a date"),
        (row("2020-01-01,1_000,1,1,1,1"), "line 2, column `open`: `1_000` is not a number"),
        (row("2020-01-01,\u{ff11},1,1,1,1"), "line 2, column `open`: `\u{ff11}` is not a number"),
        (
            [HEADER.as_bytes(), b"2020-01-01,1,1,1,1,1\xc3\n"].concat(),
            "line 2, column `volume`: not UTF-8 text",
        ),
        (b"{\"timestamp\": 1}".to_vec(), "line 1, column `{\"timestamp\": 1}`: unknown header"),
    ];
    for (content, words) in corpus {
        let error = check_file(&folder.write("x.csv", &content)).unwrap_err().to_string();
        assert!(error.contains(&format!("x.csv` {words}")), "{error}");
    }
    assert_eq!(check_file(&folder.write("x.csv", row("2020-01-01,1,1,1,1,1"))).unwrap(), 1);
}

#[test]
fn columns_that_were_mixed_up_break_the_rules_of_bars() {
    let folder = Folder::new();
    let text = "timestamp,open,low,high,close,volume\n2020-01-01,10,12,9,11,100\n";
    let error = check_file(&folder.write("x.csv", text)).unwrap_err().to_string();
    assert!(error.contains("line 2, column `high`: high `9` is below low `12`"), "{error}");
}

#[test]
fn a_directory_is_no_file() {
    let folder = Folder::new();
    let error = check_file(&stratbox_market::Source::new(folder.path())).unwrap_err().to_string();
    assert!(error.starts_with("cannot read `"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let folder = Folder::new();
        let _ = check_file(&folder.write("x.csv", &bytes));
        for head in [&[0x1f, 0x8b][..], &[0x28, 0xb5, 0x2f, 0xfd], b"PAR1"] {
            check_file(&folder.write("x.csv", [head, &bytes].concat())).unwrap_err();
        }
    }

    #[test]
    fn a_file_with_changed_bytes_is_read_or_refused_with_its_place(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let folder = Folder::new();
        let mut bytes = table(&["2020-01-01", "2020-01-02 09:30", "2020-01-03T00:00:00Z", "2020-01-04"]).into_bytes();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Err(error) = check_file(&folder.write("x.csv", &bytes)) {
            let shown = error.to_string();
            prop_assert!(!shown.replace(&folder.path().display().to_string(), "").chars().any(char::is_control), "{shown}");
        }
    }
}
