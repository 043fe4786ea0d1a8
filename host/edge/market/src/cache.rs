//! Datasets as Arrow IPC files: written once, mapped by everyone.
//!
//! A cached file is an ordinary Arrow file with one addition. Between its data and its footer, where Arrow readers do not
//! look because the footer names every block by its offset, stands a *seal*: the digest of all the other bytes. It is
//! checked before anything is decoded, so that the decoder sees no byte that this crate did not write, and a damaged or
//! foreign file is no more than a file to be written again.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampNanosecondType, UInt32Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType, FixedSizeListArray, PrimitiveArray, RecordBatch};
use arrow_buffer::{Buffer, ScalarBuffer};
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::writer::FileWriter;
use arrow_ipc::{Block, Footer, root_as_footer};
use arrow_schema::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stratbox_domain::{BarSource, Columns, Digest, Instrument, KeyBuilder};

use crate::Dataset;

/// Part of every file's name. To be raised with any change to what files are read as, or to how they are kept.
pub(crate) const FORMAT: u32 = 3;

/// The schema's metadata has one entry, a [`Label`] in JSON.
const LABEL: &str = "stratbox";

/// Arrow's footer ends with its length and a magic word.
const TRAILER_BYTES: usize = 10;
const SEAL_BYTES: usize = 32;

/// Why a file cannot be written, or is not the one looked for.
type Failure = Box<dyn Error + Send + Sync>;

/// What a file holds, apart from the bars.
#[derive(Serialize, Deserialize)]
struct Label {
    format: u32,
    /// What the dataset was made from, and the file's name.
    sources: Digest,
    /// [`BarSource::digest`].
    digest: Digest,
    rows: u64,
    instruments: Vec<Instrument>,
}

/// Maps the dataset that was made from `sources`.
pub(crate) fn load(path: &Path, sources: &Digest) -> Result<Dataset, Failure> {
    let file = map(&File::open(path)?)?;
    let (head, tail) = split(&file).ok_or("not an Arrow file")?;
    let (data, seal) = head.split_last_chunk::<SEAL_BYTES>().ok_or("too short")?;
    if Digest::from_bytes(*seal) != seal_of(data, tail) {
        return Err("damaged, or written by another program".into());
    }
    let footer = root_as_footer(&tail[..tail.len() - TRAILER_BYTES]).map_err(|error| error.to_string())?;
    let schema = try_fb_to_schema(footer.schema().ok_or("no schema")?)?;
    let label: Label = serde_json::from_str(schema.metadata().get(LABEL).ok_or("no label")?)?;
    if label.format != FORMAT || label.sources != *sources || schema.fields() != self::schema("").fields() {
        return Err("the file of another dataset".into());
    }
    let columns = decode(&file, &footer, Arc::new(schema))?;
    if columns.rows as u64 != label.rows {
        return Err("another number of rows than its label says".into());
    }
    Ok(Dataset::from_parts(label.instruments, columns, label.digest))
}

/// Writes a dataset that was made from `sources`. Readers see the whole file or none, and those that have mapped an
/// earlier file of this name keep it.
pub(crate) fn store(path: &Path, sources: &Digest, dataset: &Dataset) -> Result<(), Failure> {
    let bytes = encode(dataset, *sources)?;
    let (data, tail) = split(&bytes).ok_or("Arrow wrote no footer")?;
    let dir = path.parent().ok_or("no directory")?;
    fs::create_dir_all(dir)?;
    let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(dir)?;
    for part in [data, seal_of(data, tail).as_bytes(), tail] {
        file.write_all(part)?;
    }
    // Whoever maps it relies on nobody writing to it.
    let mut permissions = file.as_file().metadata()?.permissions();
    permissions.set_readonly(true);
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    File::open(dir)?.sync_all()?;
    Ok(())
}

/// The footer and its trailer, and what stands before them.
fn split(file: &[u8]) -> Option<(&[u8], &[u8])> {
    let (before, trailer) = file.split_last_chunk::<TRAILER_BYTES>()?;
    let footer_bytes = read_footer_length(*trailer).ok()?;
    Some(file.split_at(before.len().checked_sub(footer_bytes)?))
}

fn seal_of(data: &[u8], tail: &[u8]) -> Digest {
    KeyBuilder::new("stratbox market seal").field("data", data).field("tail", tail).finish()
}

/// Open, high, low, close and volume.
const PRICES: i32 = 5;

fn number() -> FieldRef {
    Arc::new(Field::new("item", DataType::Float64, false))
}

fn schema(label: &str) -> Schema {
    let time = DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into()));
    let fields = vec![
        Field::new("instrument", DataType::UInt32, false),
        Field::new("time", time, false),
        Field::new("ohlcv", DataType::FixedSizeList(number(), PRICES), false),
    ];
    Schema::new_with_metadata(fields, [(LABEL, label)])
}

fn encode(dataset: &Dataset, sources: Digest) -> Result<Vec<u8>, Failure> {
    let label = Label {
        format: FORMAT,
        sources,
        digest: dataset.digest(),
        rows: dataset.rows(),
        instruments: dataset.instruments().to_vec(),
    };
    let schema = Arc::new(schema(&serde_json::to_string(&label)?));
    let columns = dataset.all();
    let prices = Arc::new(array::<Float64Type>(&columns.ohlcv, columns.rows * PRICES as usize));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(array::<UInt32Type>(&columns.instrument, columns.rows)),
        Arc::new(array::<TimestampNanosecondType>(&columns.time, columns.rows).with_timezone("UTC")),
        Arc::new(FixedSizeListArray::try_new(number(), PRICES, prices, None)?),
    ];
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    let mut writer = FileWriter::try_new(Vec::new(), &schema)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}

/// Columns are made from vectors of `T` or decoded as such, and so are aligned.
fn array<T: ArrowPrimitiveType>(bytes: &Bytes, rows: usize) -> PrimitiveArray<T> {
    PrimitiveArray::new(ScalarBuffer::new(Buffer::from(bytes.clone()), 0, rows), None)
}

/// The file's only batch: columns that share its memory.
fn decode(file: &Bytes, footer: &Footer<'_>, schema: SchemaRef) -> Result<Columns, Failure> {
    let blocks = footer.recordBatches().filter(|blocks| blocks.len() == 1).ok_or("not one batch")?;
    let block: &Block = blocks.get(0);
    let start = usize::try_from(block.offset())?;
    let length = usize::try_from(block.metaDataLength())? + usize::try_from(block.bodyLength())?;
    let bytes = Buffer::from(file.clone()).slice_with_length(start, length);
    let decoder = FileDecoder::new(schema, footer.version()).with_require_alignment(true);
    let batch = decoder.read_record_batch(block, &bytes)?.ok_or("an empty block")?;
    Ok(Columns {
        rows: batch.num_rows(),
        instrument: column::<UInt32Type>(batch.column(0)),
        time: column::<TimestampNanosecondType>(batch.column(1)),
        ohlcv: column::<Float64Type>(batch.column(2).as_fixed_size_list().values()),
    })
}

fn column<T: ArrowPrimitiveType>(array: &ArrayRef) -> Bytes {
    Bytes::from_owner(array.as_primitive::<T>().values().inner().clone())
}

#[expect(unsafe_code, reason = "a memory map is what lets all workers share one copy")]
fn map(file: &File) -> io::Result<Bytes> {
    // SAFETY: a mapping is sound as long as nobody changes or truncates the file under it. Files in the cache are made
    // by `store` alone: written under a temporary name, made read-only, and renamed into place when complete. A file of
    // a final name is never opened for writing; to replace it, another file is renamed over it, and the one mapped
    // lives on without a name for as long as it is mapped. The directory is private to this installation, and what is
    // read from the map is used only after its seal was verified.
    let map = unsafe { memmap2::Mmap::map(file)? };
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use stratbox_domain::Bar;

    use super::*;

    /// A small dataset's file.
    fn file() -> (tempfile::TempDir, Digest, Vec<u8>) {
        let instruments = vec![Instrument { symbol: "X".to_owned() }];
        let bar = |time| Bar { instrument: 0, time, open: 2.0, high: 3.0, low: 1.0, close: 2.5, volume: 0.0 };
        let dataset = Dataset::from_bars(instruments, vec![bar(1), bar(2)]).unwrap();
        let (dir, key) = (tempfile::tempdir().unwrap(), Digest::of(b"sources"));
        let path = dir.path().join("a.arrow");
        store(&path, &key, &dataset).unwrap();
        assert_eq!(load(&path, &key).unwrap().digest(), dataset.digest());
        let bytes = fs::read(path).unwrap();
        (dir, key, bytes)
    }

    #[test]
    fn a_change_to_any_byte_of_a_file_is_noticed() {
        let (dir, key, mut bytes) = file();
        let path = dir.path().join("b.arrow");
        for position in 0..bytes.len() {
            bytes[position] ^= 0x10;
            fs::write(&path, &bytes).unwrap();
            assert!(load(&path, &key).is_err(), "byte {position}");
            bytes[position] ^= 0x10;
        }
    }

    #[test]
    fn a_file_cut_anywhere_is_noticed() {
        let (dir, key, bytes) = file();
        let path = dir.path().join("b.arrow");
        for length in 0..bytes.len() {
            fs::write(&path, &bytes[..length]).unwrap();
            assert!(load(&path, &key).is_err(), "cut to {length} bytes");
        }
    }

    #[test]
    fn an_arrow_file_without_a_seal_is_foreign() {
        let (dir, key, bytes) = file();
        let path = dir.path().join("b.arrow");
        let (head, tail) = split(&bytes).unwrap();
        let (data, _) = head.split_last_chunk::<SEAL_BYTES>().unwrap();
        fs::write(&path, [data, tail].concat()).unwrap();
        assert!(arrow_ipc::reader::FileReader::try_new(File::open(&path).unwrap(), None).is_ok());
        assert_eq!(load(&path, &key).unwrap_err().to_string(), "damaged, or written by another program");
    }

    #[test]
    fn a_file_made_from_other_sources_is_foreign() {
        let (dir, key, _) = file();
        let path = dir.path().join("a.arrow");
        assert!(load(&path, &key).is_ok());
        let failure = load(&path, &Digest::of(b"other sources")).unwrap_err();
        assert_eq!(failure.to_string(), "the file of another dataset");
    }
}
