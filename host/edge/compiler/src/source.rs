use std::io::Read;
use std::path::{Path, PathBuf};

/// More source than a person or a model writes into one file.
const MAX_BYTES: u64 = 1 << 20;

/// A strategy's source: one file of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    name: String,
    text: String,
}

/// A file that cannot be a strategy's source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It cannot be read.
    #[error("cannot read `{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is not text, or too much of it.
    #[error("`{}` is not a strategy's source: {problem}", path.display())]
    NotASource {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Source {
    /// A source that was not read from a file. `name` is used in messages only; what is not a plain file name becomes one.
    #[must_use]
    pub fn new(name: &str, text: impl Into<String>) -> Self {
        let plain: String = name
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'))
            .take(100)
            .collect();
        let stem = plain.trim_start_matches(['.', '-']).trim_end_matches(".rs");
        let stem = if stem.is_empty() { "strategy" } else { stem };
        Self { name: format!("{stem}.rs"), text: text.into() }
    }

    /// Reads a source file.
    ///
    /// # Errors
    /// The file cannot be read, is not UTF-8, or is larger than a mebibyte.
    pub fn read(path: &Path) -> Result<Self, SourceError> {
        let io = |source| SourceError::Io { path: path.to_owned(), source };
        let problem = |problem: String| SourceError::NotASource { path: path.to_owned(), problem };
        let file = std::fs::File::open(path).map_err(io)?;
        if !file.metadata().map_err(io)?.is_file() {
            return Err(problem("it is not a regular file".to_owned()));
        }
        let mut bytes = Vec::new();
        file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err(problem(format!("it is larger than {MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| problem(format!("byte {} is not UTF-8", error.utf8_error().valid_up_to())))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok(Self::new(&name, text))
    }

    /// Plain file name, ending in `.rs`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The source text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_never_leads_out_of_its_folder() {
        for (given, plain) in [
            ("../../etc/x.rs", "etcx.rs"),
            ("", "strategy.rs"),
            ("-o.rs", "o.rs"),
            ("sma_cross.rs", "sma_cross.rs"),
        ] {
            assert_eq!(Source::new(given, "").name(), plain);
        }
    }

    #[test]
    fn what_is_not_text_is_refused_with_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bad.rs");
        std::fs::write(&path, b"fn\xff").unwrap();
        assert!(Source::read(&path).unwrap_err().to_string().ends_with("byte 2 is not UTF-8"));
        std::fs::write(&path, b"fn").unwrap();
        assert_eq!(Source::read(&path).unwrap().text(), "fn");
        assert!(Source::read(dir.path()).is_err());
    }
}
