//! Bars to files that this crate, and others, read.

use std::io::{self, Write};
use std::path::Path;

use stratbox_domain::{Bar, BarSource};

use crate::DatasetView;
use crate::date::show;
use crate::error::clip;

/// The form of a file to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Comma-separated text.
    Csv(Packing),
    /// Parquet, snappy-compressed.
    #[cfg(feature = "parquet")]
    Parquet,
}

/// How text is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Not at all.
    None,
    /// As gzip.
    Gzip,
    /// As zstd.
    Zstd,
}

impl Output {
    /// What a file's name asks for.
    ///
    /// # Errors
    /// A name that asks for nothing that can be written.
    pub fn of_name(path: &Path) -> Result<Self, String> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let known: [(&[&str], Packing); 3] = [
            (&[".csv"], Packing::None),
            (&[".csv.gz"], Packing::Gzip),
            (&[".csv.zst", ".csv.zstd"], Packing::Zstd),
        ];
        let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
        if let Some((_, packing)) = known.iter().find(|(endings, _)| ends(endings)) {
            return Ok(Self::Csv(*packing));
        }
        if ends(&[".parquet", ".pq"]) {
            #[cfg(feature = "parquet")]
            return Ok(Self::Parquet);
            #[cfg(not(feature = "parquet"))]
            return Err(
                "Parquet files are not among what this program was built for: build it with the feature \
                        `parquet`, or use `.csv`"
                    .to_owned(),
            );
        }
        Err(format!(
            "the name `{}` does not say what to write: use `.csv`, `.csv.gz`, `.csv.zst` or `.parquet`",
            clip(&name)
        ))
    }
}

impl DatasetView {
    /// Writes the rows of the instruments that can be traded, in their order; how many. Times are UTC. There is a symbol
    /// column if there are several instruments.
    ///
    /// # Errors
    /// What `out` answers.
    pub fn write(&self, output: Output, out: &mut (dyn Write + Send)) -> io::Result<u64> {
        match output {
            Output::Csv(Packing::None) => self.write_csv(out),
            Output::Csv(Packing::Gzip) => {
                let mut packer = flate2::write::GzEncoder::new(out, flate2::Compression::default());
                let rows = self.write_csv(&mut packer)?;
                packer.finish()?;
                Ok(rows)
            }
            Output::Csv(Packing::Zstd) => {
                let mut packer = zstd::stream::write::Encoder::new(out, 3)?;
                packer.include_checksum(true)?;
                let rows = self.write_csv(&mut packer)?;
                packer.finish()?;
                Ok(rows)
            }
            #[cfg(feature = "parquet")]
            Output::Parquet => crate::parquet_write::write(self, out).map_err(io::Error::other),
        }
    }

    /// The rows that are no view's.
    pub(crate) fn tradable_bars(&self) -> impl Iterator<Item = Bar> {
        let tradable = self.tradable();
        (0..self.rows()).map(|row| self.bar(row)).filter(move |bar| bar.instrument < tradable)
    }

    fn write_csv(&self, out: &mut dyn Write) -> io::Result<u64> {
        let symbols = self.tradable() > 1;
        let quoted: Vec<String> = self.instruments().iter().map(|it| quoted(&it.symbol)).collect();
        let mut out = io::BufWriter::with_capacity(1 << 16, out);
        writeln!(out, "timestamp,open,high,low,close,volume{}", if symbols { ",symbol" } else { "" })?;
        let mut rows = 0;
        for Bar { instrument, time, open, high, low, close, volume } in self.tradable_bars() {
            write!(out, "{},{open},{high},{low},{close},{volume}", show(time))?;
            if symbols {
                write!(out, ",{}", quoted[instrument as usize])?;
            }
            out.write_all(b"\n")?;
            rows += 1;
        }
        out.flush()?;
        Ok(rows)
    }
}

fn quoted(text: &str) -> String {
    // A blank at an end would be trimmed, and is refused in no symbol.
    let plain = !text.contains([',', '"', ';', '\t', '|']);
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
