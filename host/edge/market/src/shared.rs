//! Bars for other processes: one copy in memory that nobody can change any more.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use bytes::Bytes;
use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, memfd_create};
use serde::{Deserialize, Serialize};
use stratbox_domain::{BarSource, Columns, Digest, Instrument};

use crate::DatasetView;
use crate::dataset::chunk;

/// Seals without which memory that somebody else made must not be mapped: it neither shrinks nor changes.
const SEALS: SealFlags =
    SealFlags::SHRINK.union(SealFlags::GROW).union(SealFlags::WRITE).union(SealFlags::SEAL);
/// Bytes of a row in each of the three columns.
const WIDTHS: [usize; 3] = [4, 8, 40];

/// What the shared memory holds: the columns one after another, times first, then prices, then instruments, so that each
/// is aligned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharedHeader {
    instruments: Vec<Instrument>,
    rows: u64,
    steps: u64,
    span: Option<(i64, i64)>,
    digest: Digest,
    tradable: u32,
}

impl SharedHeader {
    /// How many of the instruments, from the first on, can be traded. The others are slower bars of these.
    #[must_use]
    pub fn tradable(&self) -> u32 {
        self.tradable
    }
}

impl DatasetView {
    /// Copies the rows into memory that can be handed to other processes, sealed: whoever has the descriptor can read it
    /// and do nothing else.
    ///
    /// # Errors
    /// There is not enough memory.
    pub fn share(&self) -> io::Result<(SharedHeader, OwnedFd)> {
        let file = memfd_create("stratbox-bars", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let columns = self.columns(0, u32::MAX);
        let mut writer = std::fs::File::from(file);
        for column in [&columns.time, &columns.ohlcv, &columns.instrument] {
            io::Write::write_all(&mut writer, column)?;
        }
        let file = OwnedFd::from(writer);
        fcntl_add_seals(&file, SEALS)?;
        let header = SharedHeader {
            instruments: self.instruments().to_vec(),
            rows: self.rows(),
            steps: self.steps(),
            span: self.span(),
            digest: self.digest(),
            tradable: self.tradable(),
        };
        Ok((header, file))
    }
}

/// Bars that another process shares with this one.
pub struct SharedBars {
    header: SharedHeader,
    columns: Columns,
}

impl SharedBars {
    /// Maps what [`DatasetView::share`] gave.
    ///
    /// # Errors
    /// The memory is not sealed, not as long as the header says, or cannot be mapped.
    pub fn map(header: SharedHeader, file: &OwnedFd) -> io::Result<Self> {
        let rows = usize::try_from(header.rows).map_err(io::Error::other)?;
        let bytes = WIDTHS.iter().sum::<usize>().checked_mul(rows);
        let sealed = fcntl_get_seals(file)?.contains(SEALS);
        let fits = bytes
            .is_some_and(|bytes| u64::try_from(fstat(file).map_or(0, |it| it.st_size)) == Ok(bytes as u64));
        if !sealed || !fits || rows == 0 {
            return Err(io::Error::other("the shared memory is not what its header says"));
        }
        let all = map_sealed(file)?;
        let [_, time, price] = WIDTHS.map(|width| width * rows);
        let columns = Columns {
            rows,
            time: all.slice(..time),
            ohlcv: all.slice(time..time + price),
            instrument: all.slice(time + price..),
        };
        Ok(Self { header, columns })
    }
}

impl BarSource for SharedBars {
    fn instruments(&self) -> &[Instrument] {
        &self.header.instruments
    }

    fn tradable(&self) -> u32 {
        self.header.tradable
    }

    fn rows(&self) -> u64 {
        self.header.rows
    }

    fn steps(&self) -> u64 {
        self.header.steps
    }

    fn span(&self) -> Option<(i64, i64)> {
        self.header.span
    }

    fn digest(&self) -> Digest {
        self.header.digest
    }

    fn columns(&self, start: u64, count: u32) -> Columns {
        chunk(&self.columns, start, count)
    }
}

#[expect(unsafe_code, reason = "shared memory is what lets all workers use one copy")]
fn map_sealed(file: &impl AsFd) -> io::Result<Bytes> {
    let file = file.as_fd();
    // SAFETY: a mapping is sound as long as nobody changes or truncates what is mapped. `SharedBars::map` has just seen the
    // seals that forbid both to everyone, for ever, and the seal that forbids to take them off.
    let map = unsafe { memmap2::Mmap::map(&file)? };
    Ok(Bytes::from_owner(map))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use stratbox_domain::Bar;

    use super::*;
    use crate::Dataset;

    fn view() -> DatasetView {
        let bar = |time| Bar { instrument: 0, time, open: 2.0, high: 3.0, low: 1.0, close: 2.5, volume: 7.0 };
        let instruments = vec![Instrument { symbol: "X".to_owned() }];
        let dataset = Dataset::from_bars(instruments, (1..=5).map(bar).collect()).unwrap();
        Arc::new(dataset).view(Some(2), Some(5))
    }

    #[test]
    fn shared_bars_are_the_bars_that_were_shared() {
        let view = view();
        let (header, file) = view.share().unwrap();
        let shared = SharedBars::map(header, &file).unwrap();
        assert_eq!((shared.rows(), shared.steps(), shared.span()), (3, 3, Some((2, 4))));
        assert_eq!((shared.digest(), shared.instruments()), (view.digest(), view.instruments()));
        for (start, count) in [(0, 512), (1, 1), (2, 9), (3, 1)] {
            let (ours, theirs) = (shared.columns(start, count), view.columns(start, count));
            assert_eq!(
                (ours.rows, ours.time, ours.ohlcv, ours.instrument),
                (theirs.rows, theirs.time, theirs.ohlcv, theirs.instrument)
            );
        }
    }

    #[test]
    fn nobody_can_change_what_is_shared() {
        let (_, file) = view().share().unwrap();
        assert!(rustix::io::pwrite(&file, &[1], 0).is_err());
        assert!(rustix::fs::ftruncate(&file, 0).is_err());
        assert!(fcntl_add_seals(&file, SealFlags::empty()).is_err());
    }

    #[test]
    fn memory_that_is_not_sealed_or_of_another_size_is_not_mapped() {
        let (header, file) = view().share().unwrap();
        let longer = SharedHeader { rows: header.rows + 1, ..header.clone() };
        assert!(SharedBars::map(longer, &file).is_err());
        let open = memfd_create("open", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING).unwrap();
        rustix::fs::ftruncate(&open, 3 * 52).unwrap();
        assert!(SharedBars::map(header.clone(), &open).is_err());
        assert!(SharedBars::map(header, &file).is_ok());
    }
}
