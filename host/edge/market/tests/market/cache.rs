//! What is kept, when it is used, and what happens when it is not what it was.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::thread;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampNanosecondType, UInt32Type};
use arrow_schema::{DataType, Field, TimeUnit};
use stratbox_domain::BarSource;
use stratbox_market::{Dataset, Source};

use crate::{Folder, bars, shipped, symbols};

/// A folder whose cache holds one dataset, and that dataset's source.
fn warm() -> (Folder, Source) {
    let folder = Folder::new();
    let source = shipped("sp500-daily.csv");
    folder.open(std::slice::from_ref(&source)).unwrap();
    (folder, source)
}

fn inode(path: &Path) -> u64 {
    fs::metadata(path).unwrap().ino()
}

/// Puts other bytes where the cache has its file.
fn replace(path: &Path, contents: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, contents).unwrap();
}

#[test]
fn a_second_opening_uses_the_file_of_the_first() {
    let (folder, source) = warm();
    let [file] = folder.cached().try_into().unwrap();
    let before = inode(&file);
    let dataset = folder.open(&[source]).unwrap();
    assert_eq!(dataset.rows(), 5_031);
    assert_eq!((folder.cached(), inode(&file)), (vec![file], before));
}

#[test]
fn another_symbol_or_another_byte_is_another_dataset() {
    let (folder, source) = warm();
    let first = folder.open(std::slice::from_ref(&source)).unwrap();
    let renamed = folder.open(&[Source { symbol: Some("X".to_owned()), ..source.clone() }]).unwrap();
    let text = fs::read_to_string(&source.path).unwrap();
    let edited = folder.write("sp500-daily.csv", text.replacen("877000000", "877000001", 1));
    let edited = folder.open(&[edited]).unwrap();
    assert_eq!(symbols(&renamed), ["X"]);
    assert_eq!(edited.bar(0).volume, 877_000_001.0);
    assert_eq!(folder.cached().len(), 3);
    assert!(first.digest() != renamed.digest() && first.digest() != edited.digest());
}

#[test]
fn a_digest_is_of_the_bars_and_not_of_the_file() {
    let (folder, source) = warm();
    let text = fs::read_to_string(&source.path).unwrap();
    let unix = folder.write("sp500.csv", text.replace("\r\n", "\n"));
    let first = folder.open(&[source]).unwrap();
    assert_eq!(folder.open(&[unix]).unwrap().digest(), first.digest());
    let memory = Dataset::from_bars(first.instruments().to_vec(), bars(&first)).unwrap();
    assert_eq!(memory.digest(), first.digest());
}

#[test]
fn a_flipped_byte_anywhere_makes_the_file_be_written_again() {
    let (folder, source) = warm();
    let [file] = folder.cached().try_into().unwrap();
    let good = fs::read(&file).unwrap();
    let expected = bars(&folder.open(std::slice::from_ref(&source)).unwrap());
    for position in [0, 100, good.len() / 2, good.len() - 300, good.len() - 8, good.len() - 1] {
        let mut bad = good.clone();
        bad[position] ^= 1;
        replace(&file, &bad);
        assert_eq!(bars(&folder.open(std::slice::from_ref(&source)).unwrap()), expected);
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}

#[test]
fn a_truncated_file_is_written_again() {
    let (folder, source) = warm();
    let [file] = folder.cached().try_into().unwrap();
    let good = fs::read(&file).unwrap();
    for length in [0, 5, 64, good.len() / 2, good.len() - 1] {
        replace(&file, &good[..length]);
        assert_eq!(folder.open(std::slice::from_ref(&source)).unwrap().rows(), 5_031);
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}

#[test]
fn another_dataset_s_file_under_this_name_is_written_again() {
    let (folder, source) = warm();
    let [file] = folder.cached().try_into().unwrap();
    let elsewhere = Folder::new();
    elsewhere.open(&[shipped("nasdaq-daily.csv")]).unwrap();
    replace(&file, &fs::read(&elsewhere.cached()[0]).unwrap());
    assert_eq!(symbols(&folder.open(&[source]).unwrap()), ["SP500"]);
}

#[test]
fn a_dataset_outlives_its_file() {
    let (folder, source) = warm();
    let [file] = folder.cached().try_into().unwrap();
    let dataset = folder.open(&[source]).unwrap();
    let expected = bars(&dataset);
    replace(&file, b"something else");
    assert_eq!(bars(&dataset), expected);
}

#[test]
fn many_writers_at_once_leave_one_sound_file() {
    let folder = Folder::new();
    let sources = [shipped("sp500-daily.csv"), shipped("nasdaq-daily.csv")];
    let digests: Vec<_> = thread::scope(|scope| {
        let open = || folder.open(&sources).unwrap().digest();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(digests.iter().all(|digest| *digest == digests[0]));
    assert_eq!(folder.cached().len(), 1);
}

#[test]
fn columns_lie_in_the_mapped_file() {
    let (folder, source) = warm();
    let dataset = folder.open(&[source]).unwrap();
    let [file] = folder.cached().try_into().unwrap();
    let columns = dataset.columns(0, u32::MAX);
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let line = maps.lines().find(|line| line.ends_with(file.to_str().unwrap())).unwrap();
    let (start, end) = line.split_once(' ').unwrap().0.split_once('-').unwrap();
    let mapped = usize::from_str_radix(start, 16).unwrap()..usize::from_str_radix(end, 16).unwrap();
    for column in [columns.instrument, columns.time, columns.ohlcv] {
        assert!(mapped.contains(&(column.as_ptr() as usize)));
    }
}

#[test]
fn the_file_is_plain_arrow_for_other_tools() {
    let (folder, source) = warm();
    let dataset = folder.open(&[source]).unwrap();
    let file = File::open(&folder.cached()[0]).unwrap();
    let mut batches = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
    let batch = batches.next().unwrap().unwrap();
    assert!(batches.next().is_none());
    let schema = batch.schema();
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    assert_eq!(schema.field_with_name("time").unwrap(), &Field::new("time", time, false));
    assert_eq!(schema.fields().len(), 3);
    assert!(schema.metadata()["stratbox"].contains(&dataset.digest().to_string()));
    for (row, bar) in bars(&dataset).into_iter().enumerate() {
        assert_eq!(batch["instrument"].as_primitive::<UInt32Type>().value(row), bar.instrument);
        assert_eq!(batch["time"].as_primitive::<TimestampNanosecondType>().value(row), bar.time);
        let prices = batch["ohlcv"].as_fixed_size_list().value(row);
        let expected = [bar.open, bar.high, bar.low, bar.close, bar.volume];
        assert_eq!(prices.as_primitive::<Float64Type>().values().as_ref(), expected);
    }
}

#[test]
fn a_cache_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    fs::write(folder.cache(), "a file where the directory should be").unwrap();
    let error = folder.open(&[shipped("sp500-daily.csv")]).unwrap_err();
    let words = error.to_string();
    assert!(words.starts_with(&format!("cannot keep bars in `{}/", folder.cache().display())), "{words}");
    assert!(
        words.ends_with(".arrow`: check that the directory may be written and has room, or name another")
    );
    assert!(std::error::Error::source(&error).is_some());
}
