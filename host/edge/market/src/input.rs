//! A file as it lies on disk: what its first bytes say it is, its digest, and its text unpacked within limits.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::MarketError;

/// The most text that a file may unpack to, bytes: more than a billion bars.
const MAX_TEXT: u64 = 64 << 30;
/// The most rows that a file may have: at 52 bytes each, what a disk has room for.
pub(crate) const MAX_ROWS: u64 = 500_000_000;
/// Read from the disk at once.
const BLOCK: usize = 256 << 10;

/// How a file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Text,
    Gzip,
    Zstd,
    Parquet,
}

impl Form {
    fn of(head: &[u8]) -> Result<Self, &'static str> {
        match head {
            [0x1f, 0x8b, ..] => Ok(Self::Gzip),
            // A frame, or one to be skipped before it.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Self::Zstd),
            [b'P', b'A', b'R', b'1', ..] => Ok(Self::Parquet),
            [b'P', b'K', 3 | 5, _, ..] => Err(
                "is a zip archive (as spreadsheets are, too): save its table as CSV, and pack that with gzip or zstd",
            ),
            [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Err("is an Arrow file: write it as Parquet or CSV"),
            [0xfd, b'7', b'z', b'X', b'Z', ..] | [b'B', b'Z', b'h', b'1'..=b'9', ..] => {
                Err("is packed with xz or bzip2: use gzip or zstd")
            }
            _ => Ok(Self::Text),
        }
    }

    /// What a person calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Text => "csv",
            Self::Gzip => "csv, gzip",
            Self::Zstd => "csv, zstd",
            Self::Parquet => "parquet",
        }
    }

    /// What a person calls the packing.
    pub(crate) fn packing(self) -> &'static str {
        if self == Self::Zstd { "zstd" } else { "gzip" }
    }
}

/// What tells whether somebody wrote to a file meanwhile.
#[derive(Debug, PartialEq, Eq)]
struct State {
    device: u64,
    inode: u64,
    size: u64,
    changed: (i64, i64),
}

/// An open file. It is opened once, so that what is digested is what is read.
#[derive(Debug)]
pub(crate) struct Input {
    pub(crate) path: PathBuf,
    file: Arc<File>,
    pub(crate) form: Form,
    pub(crate) size: u64,
    state: State,
    max_text: u64,
    pub(crate) max_rows: u64,
}

impl Input {
    pub(crate) fn open(path: &Path) -> Result<Self, MarketError> {
        let failed = |source| MarketError::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(failed)?;
        if !file.metadata().map_err(failed)?.is_file() {
            return Err(failed(io::Error::other("it is no regular file")));
        }
        let state = state(&file).map_err(failed)?;
        let file = Arc::new(file);
        let mut head = Vec::with_capacity(8);
        At::start(&file).take(8).read_to_end(&mut head).map_err(failed)?;
        let form = Form::of(&head)
            .map_err(|problem| MarketError::Format { path: path.to_owned(), problem: problem.to_owned() })?;
        let size = state.size;
        let path = path.to_owned();
        Ok(Self { path, file, form, size, state, max_text: MAX_TEXT, max_rows: MAX_ROWS })
    }

    /// The same with other limits.
    #[cfg(test)]
    pub(crate) fn limited(self, max_text: u64, max_rows: u64) -> Self {
        Self { max_text, max_rows, ..self }
    }

    /// Of all its bytes.
    pub(crate) fn digest(&self) -> Result<blake3::Hash, MarketError> {
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; BLOCK];
        let mut reader = At::start(&self.file);
        loop {
            match reader.read(&mut buffer).map_err(|error| self.failed(error))? {
                0 => return Ok(hasher.finalize()),
                count => {
                    hasher.update(&buffer[..count]);
                }
            }
        }
    }

    /// The text from its beginning, unpacked. Any number of readers can be at different places.
    pub(crate) fn text(&self) -> Result<Text, MarketError> {
        let file = BufReader::with_capacity(BLOCK, At::start(&self.file));
        let inner: Box<dyn Read> = match self.form {
            Form::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(file)),
            Form::Zstd => {
                let mut decoder =
                    zstd::stream::read::Decoder::with_buffer(file).map_err(|error| self.failed(error))?;
                // Windows of up to 128 MiB, which is what the tool itself takes by default.
                decoder.window_log_max(27).map_err(|error| self.failed(error))?;
                Box::new(decoder)
            }
            Form::Text | Form::Parquet => Box::new(file),
        };
        Ok(Text { inner, left: self.max_text, spent: false })
    }

    /// What to say of an error at a line of the text.
    pub(crate) fn unreadable(&self, error: io::Error, spent: bool, line: u64) -> MarketError {
        let path = self.path.clone();
        if spent {
            return MarketError::Bomb { path, limit: self.max_text };
        }
        match self.form {
            Form::Gzip | Form::Zstd => {
                MarketError::Packed { path, packing: self.form.packing(), line, source: error }
            }
            Form::Text | Form::Parquet => self.failed(error),
        }
    }

    /// The file itself.
    #[cfg(feature = "parquet")]
    pub(crate) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Refuses a file that somebody has written to since it was opened.
    pub(crate) fn unchanged(&self) -> Result<(), MarketError> {
        let now = state(&self.file).map_err(|error| self.failed(error))?;
        if now == self.state { Ok(()) } else { Err(MarketError::Changed { path: self.path.clone() }) }
    }

    fn failed(&self, source: io::Error) -> MarketError {
        MarketError::Read { path: self.path.clone(), source }
    }
}

fn state(file: &File) -> io::Result<State> {
    let it = file.metadata()?;
    Ok(State { device: it.dev(), inode: it.ino(), size: it.size(), changed: (it.mtime(), it.mtime_nsec()) })
}

/// A file from some place on, whatever others read of it meanwhile.
struct At {
    file: Arc<File>,
    position: u64,
}

impl At {
    fn start(file: &Arc<File>) -> Self {
        Self { file: Arc::clone(file), position: 0 }
    }
}

impl Read for At {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.position)?;
        self.position += count as u64;
        Ok(count)
    }
}

/// Unpacked text up to a limit.
pub(crate) struct Text {
    inner: Box<dyn Read>,
    left: u64,
    /// Whether the limit was reached.
    pub(crate) spent: bool,
}

impl Read for Text {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One byte more than the limit tells a file that ends there from one that does not.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.inner.read(&mut buffer[..most])?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => {
                self.spent = true;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        }
        Ok(count)
    }
}
