//! Files that are packed, whatever they are called.

use std::io::Write;

use stratbox_domain::BarSource;
use stratbox_market::check_file;

use crate::{Folder, YEAR_2020, bar, bars, symbols, table};

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text).unwrap();
    packer.finish().unwrap()
}

fn long_table() -> String {
    let times: Vec<String> = (0..5_000).map(|minute| (1_577_836_800 + minute * 60).to_string()).collect();
    table(&times.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn gzip_and_zstd_are_known_by_content_and_not_by_name() {
    let text = table(&["2020-01-01", "2020-01-02"]);
    let folder = Folder::new();
    let plain = folder.open(&[folder.write("x.csv", &text)]).unwrap();
    for packed in [gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 3).unwrap()] {
        for name in ["x.csv", "x.csv.gz", "x.csv.zst"] {
            let dataset = folder.open(&[folder.write(name, &packed)]).unwrap();
            assert_eq!((symbols(&dataset), dataset.digest()), (vec!["X"], plain.digest()));
        }
    }
}

#[test]
fn several_members_are_one_text() {
    let text = table(&["2020-01-01", "2020-01-02"]);
    let (head, tail) = text.as_bytes().split_at(60);
    let frame = |part| zstd::encode_all(part, 3).unwrap();
    let folder = Folder::new();
    for packed in [[gzip(head), gzip(tail)].concat(), [frame(head), frame(tail)].concat()] {
        let dataset = folder.open(&[folder.write("x.csv.gz", packed)]).unwrap();
        assert_eq!((dataset.rows(), bars(&dataset)[0]), (2, bar(0, YEAR_2020, 10.0)));
    }
}

#[test]
fn data_that_are_cut_off_or_damaged_are_told_with_the_line() {
    let text = long_table();
    let folder = Folder::new();
    for (packed, packing) in
        [(gzip(text.as_bytes()), "gzip"), (zstd::encode_all(text.as_bytes(), 3).unwrap(), "zstd")]
    {
        assert_eq!(check_file(&folder.write("x.csv", &packed)).unwrap(), 5_000);
        for length in [packed.len() / 2, packed.len() - 1] {
            let error = check_file(&folder.write("x.csv", &packed[..length])).unwrap_err().to_string();
            assert!(error.contains("x.csv` line "), "{error}");
            assert!(error.contains(&format!(": the {packing} data are cut off or damaged here")), "{error}");
        }
        let mut flipped = packed.clone();
        let middle = flipped.len() / 2;
        flipped[middle] ^= 0x55;
        check_file(&folder.write("x.csv", &flipped)).unwrap_err();
        check_file(&folder.write("x.csv", [&packed[..], b"trailing"].concat())).unwrap_err();
    }
}

#[test]
fn what_is_inside_is_refused_as_it_would_be_outside() {
    let folder = Folder::new();
    let bad = table(&["2020-01-01", "2020-01-01"]);
    let error = check_file(&folder.write("x.csv.gz", gzip(bad.as_bytes()))).unwrap_err().to_string();
    assert!(
        error.contains("x.csv.gz` line 3, column `timestamp`: `2020-01-01T00:00:00Z` is the time of"),
        "{error}"
    );
}

#[test]
fn other_archives_are_named_and_not_read_as_text() {
    let folder = Folder::new();
    for (content, words) in [
        (&b"PK\x03\x04abc"[..], "is a zip archive"),
        (b"\xfd7zXZ\0", "is packed with xz or bzip2"),
        (b"ARROW1\0\0", "is an Arrow file"),
    ] {
        let error = check_file(&folder.write("x.csv", content)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
