//! Datasets as Arrow IPC files: written once, mapped by everyone.
//!
//! A cached file is an ordinary Arrow file with one addition. Between its data and its footer, where Arrow readers do not
//! look because the footer names every block by its offset, stands a *seal*: the digest of all the other bytes. It is
//! checked before anything is decoded, so that the decoder sees no byte that this crate did not write, and a damaged or
//! foreign file is no more than a file to be written again.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampNanosecondType, UInt32Type};
use arrow_array::{ArrayRef, ArrowPrimitiveType};
use arrow_buffer::Buffer;
use arrow_ipc::convert::try_fb_to_schema;
use arrow_ipc::reader::{FileDecoder, read_footer_length};
use arrow_ipc::{Block, Footer, root_as_footer};
use arrow_schema::SchemaRef;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use stratbox_domain::{Columns, Digest, Instrument, KeyBuilder};
use tempfile::SpooledTempFile;

use crate::Dataset;
use crate::arrow_file::{self, BODY_ALIGNMENT};
use crate::chunk::Chunk;
use crate::dataset::{Contents, Origin, Summary};
use crate::spool::{WIDTHS, bytes_of};

/// Part of every file's name. To be raised with any change to what files are read as, or to how they are kept.
pub(crate) const FORMAT: u32 = 5;

/// The schema's metadata has one entry, a [`Label`] in JSON.
const LABEL: &str = "stratbox";

/// Arrow's footer ends with its length and a magic word.
const TRAILER_BYTES: usize = 10;
const SEAL_BYTES: usize = 32;

/// Why a file cannot be written, or is not the one looked for.
type Failure = Box<dyn Error + Send + Sync>;

/// Columns smaller than this wait in memory for the file to be written, bytes.
const IN_MEMORY: usize = 4 << 20;
/// Read from a file at once while its seal is checked.
const BLOCK: usize = 1 << 20;

/// What a file holds, apart from the bars.
#[derive(Serialize, Deserialize)]
struct Label {
    format: u32,
    /// What the dataset was made from, and the file's name.
    sources: Digest,
    rows: u64,
    summary: Summary,
    origin: Origin,
}

/// Maps the dataset that was made from `sources`.
///
/// The file is read once for its seal, and not through the map, so that what a process has in memory is what it uses.
pub(crate) fn load(path: &Path, sources: &Digest) -> Result<Dataset, Failure> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut trailer = [0; TRAILER_BYTES];
    let before = length.checked_sub(TRAILER_BYTES as u64).ok_or("not an Arrow file")?;
    file.read_exact_at(&mut trailer, before)?;
    let footer = read_footer_length(trailer).map_err(|_| "not an Arrow file")?;
    let head = before.checked_sub(footer as u64).ok_or("not an Arrow file")?;
    let data = head.checked_sub(SEAL_BYTES as u64).ok_or("too short")?;
    let mut seal = [0; SEAL_BYTES];
    file.read_exact_at(&mut seal, data)?;
    let mut tail = vec![0; usize::try_from(length - head)?];
    file.read_exact_at(&mut tail, head)?;
    if Digest::from_bytes(seal) != seal_of(&digest_of(&file, data)?, &tail) {
        return Err("damaged, or written by another program".into());
    }
    let footer = root_as_footer(&tail[..tail.len() - TRAILER_BYTES]).map_err(|error| error.to_string())?;
    let schema = try_fb_to_schema(footer.schema().ok_or("no schema")?)?;
    let label: Label = serde_json::from_str(schema.metadata().get(LABEL).ok_or("no label")?)?;
    let fields = arrow_file::schema(LABEL, "").fields().clone();
    if label.format != FORMAT || label.sources != *sources || *schema.fields() != fields {
        return Err("the file of another dataset".into());
    }
    let columns = decode(&map(&file)?, &footer, Arc::new(schema))?;
    if columns.rows as u64 != label.rows {
        return Err("another number of rows than its label says".into());
    }
    Ok(Dataset::from_parts(columns, label.summary, label.origin))
}

fn digest_of(file: &File, length: u64) -> io::Result<blake3::Hash> {
    let (mut hasher, mut buffer, mut at) = (blake3::Hasher::new(), vec![0; BLOCK], 0);
    while at < length {
        let count = (length - at).min(BLOCK as u64) as usize;
        file.read_exact_at(&mut buffer[..count], at)?;
        hasher.update(&buffer[..count]);
        at += count as u64;
    }
    Ok(hasher.finalize())
}

fn seal_of(data: &blake3::Hash, tail: &[u8]) -> Digest {
    KeyBuilder::new("stratbox market seal").field("data", data.as_bytes()).field("tail", tail).finish()
}

/// A dataset on its way to a file, row by row.
pub(crate) struct Writer {
    /// Instruments, times and prices.
    columns: [SpooledTempFile; 3],
    contents: Contents,
}

impl Writer {
    /// `dir` is for what does not fit into memory; it must be there as soon as that is so.
    pub(crate) fn new(dir: &Path, tradable: u32) -> Self {
        let column = || tempfile::spooled_tempfile_in(IN_MEMORY, dir);
        Self { columns: [column(), column(), column()], contents: Contents::new(tradable) }
    }

    /// Adds rows after those that are there.
    pub(crate) fn append(&mut self, chunk: &Chunk) -> io::Result<()> {
        let bytes = [
            bytes_of(&chunk.instrument, u32::to_le_bytes),
            bytes_of(&chunk.time, i64::to_le_bytes),
            bytes_of(chunk.ohlcv.as_flattened(), f64::to_le_bytes),
        ];
        self.contents.add([&bytes[0], &bytes[1], &bytes[2]]);
        self.columns.iter_mut().zip(&bytes).try_for_each(|(column, bytes)| column.write_all(bytes))
    }

    pub(crate) fn rows(&self) -> u64 {
        self.contents.rows()
    }

    /// Writes the file. Readers see the whole file or none, and those that have mapped an earlier file of this name keep
    /// it.
    pub(crate) fn store(
        self,
        path: &Path,
        sources: &Digest,
        instruments: Vec<Instrument>,
        origin: Origin,
    ) -> Result<(), Failure> {
        let rows = self.contents.rows();
        let summary = self.contents.finish(instruments);
        let label = Label { format: FORMAT, sources: *sources, rows, summary, origin };
        let label = serde_json::to_string(&label)?;
        let frame = arrow_file::Frame::new(LABEL, &label, rows, WIDTHS.map(|width| width as u64 * rows))?;
        let dir = path.parent().ok_or("no directory")?;
        fs::create_dir_all(dir)?;
        let mut file = tempfile::Builder::new().prefix(".writing-").tempfile_in(dir)?;
        let mut sealed = Sealed { file: file.as_file_mut(), hasher: blake3::Hasher::new() };
        sealed.write_all(&frame.head)?;
        for (mut column, width) in self.columns.into_iter().zip(WIDTHS) {
            column.rewind()?;
            let copied = io::copy(&mut io::BufReader::with_capacity(BLOCK, column), &mut sealed)?;
            if copied != rows * width as u64 {
                return Err("a column was cut off".into());
            }
            sealed.write_all(&vec![0; copied.next_multiple_of(BODY_ALIGNMENT) as usize - copied as usize])?;
        }
        sealed.write_all(&frame.end)?;
        let seal = seal_of(&sealed.hasher.finalize(), &frame.tail);
        file.write_all(seal.as_bytes())?;
        file.write_all(&frame.tail)?;
        // Whoever maps it relies on nobody writing to it.
        let mut permissions = file.as_file().metadata()?.permissions();
        permissions.set_readonly(true);
        file.as_file().set_permissions(permissions)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(dir)?.sync_all()?;
        Ok(())
    }
}

/// Digests what it writes.
struct Sealed<'f> {
    file: &'f mut File,
    hasher: blake3::Hasher,
}

impl Write for Sealed<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
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
    use stratbox_domain::{Bar, BarSource};

    use super::*;

    /// A small dataset's file.
    fn file() -> (tempfile::TempDir, Digest, Vec<u8>) {
        let mut chunk = Chunk::default();
        for time in 1..=3 {
            chunk.push(&Bar { instrument: 0, time, open: 2.0, high: 3.0, low: 1.0, close: 2.5, volume: 7.0 });
        }
        let (dir, key) = (tempfile::tempdir().unwrap(), Digest::of(b"sources"));
        let path = dir.path().join("a.arrow");
        let mut writer = Writer::new(dir.path(), 1);
        writer.append(&chunk).unwrap();
        let instruments = vec![Instrument { symbol: "X".to_owned() }];
        writer.store(&path, &key, instruments.clone(), Origin::default()).unwrap();
        let memory = Dataset::from_bars(instruments, chunk.bars().collect()).unwrap();
        assert_eq!(load(&path, &key).unwrap().digest(), memory.digest());
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
        let (before, trailer) = bytes.split_last_chunk::<TRAILER_BYTES>().unwrap();
        let (head, footer) = before.split_at(before.len() - read_footer_length(*trailer).unwrap());
        let (data, _) = head.split_last_chunk::<SEAL_BYTES>().unwrap();
        fs::write(&path, [data, footer, &trailer[..]].concat()).unwrap();
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
