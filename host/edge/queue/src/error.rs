use std::io::Error as IoError;
use std::path::{Path, PathBuf};

use stratbox_domain::escaped;

/// Of a message about what is written in a file, in characters.
const MAX_MESSAGE: usize = 2_000;

/// Why a queue file cannot be read or written. The message is one line and safe to show.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// A file or directory is out of reach. The queue file is as it was.
    #[error("cannot {task} `{}`: {source}", shown(path))]
    File {
        /// What was tried: `read`, `lock`, `write`.
        task: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: IoError,
    },
    /// What is there is not what it should be. The queue file is as it was.
    #[error("cannot {task} `{}`: {problem}", shown(path))]
    Refused {
        /// What was tried: `read`, `lock`, `write`.
        task: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// Something in the file is wrong.
    #[error("{}:{line}: {problem}", shown(path))]
    Content {
        /// The queue file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// Another process has it.
    #[error(
        "`{}` is being validated by another process{}: wait until it ends",
        shown(path),
        process.map(|it| format!(" (process {it})")).unwrap_or_default()
    )]
    Locked {
        /// The queue file.
        path: PathBuf,
        /// That process, if it said so.
        process: Option<u32>,
    },
    /// The file is no longer what was last read or written. It is left as it is.
    #[error(
        "`{}` was changed by somebody else in the meantime: it is left as it is, without what was to be written",
        shown(path)
    )]
    Edited {
        /// The queue file.
        path: PathBuf,
    },
    /// There is no such strategy in it.
    #[error("there is no strategy `{}` in `{}`", escaped(id, false), shown(path))]
    Unknown {
        /// The queue file.
        path: PathBuf,
        /// What was asked for.
        id: String,
    },
}

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) message: String,
}

impl Problem {
    pub(crate) fn new(line: usize, message: impl std::fmt::Display) -> Self {
        Self { line, message: message.to_string() }
    }

    pub(crate) fn within(self, path: &Path) -> QueueError {
        let mut problem = escaped(&self.message, false);
        if let Some((end, _)) = problem.char_indices().nth(MAX_MESSAGE) {
            problem.truncate(end);
            problem.push('…');
        }
        QueueError::Content { path: path.to_owned(), line: self.line, problem }
    }
}

/// A word of the file in a message: not more of it than anyone reads.
pub(crate) fn quoted(word: &str) -> String {
    let mut shown: String = word.chars().take(64).collect();
    if shown.len() < word.len() {
        shown.push('…');
    }
    format!("`{shown}`")
}

fn shown(path: &Path) -> String {
    escaped(&path.to_string_lossy(), false)
}
