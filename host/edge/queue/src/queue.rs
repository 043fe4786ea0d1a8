use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::QueueError;
use crate::content::{Content, KEPT_KEYS, STRATEGIES, pairs};
use crate::disk;
use crate::edit::{check, edit};
use crate::error::Problem;
use crate::lock::QueueLock;
use crate::managed::Managed;
use crate::node::Node;
use crate::read::Reader;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A queue file as it was last read or written.
#[derive(Debug)]
pub struct Document {
    /// As it was named.
    path: PathBuf,
    has_mark: bool,
    pub(crate) content: Content,
}

/// A strategy of a queue.
#[derive(Debug, Clone)]
pub struct Entry<T> {
    /// Its name: ASCII letters, digits, `.`, `_` and `-`, at most 64, and no other strategy's.
    pub id: String,
    /// The line in which it begins, from 1.
    pub line: usize,
    /// What stratbox itself has written of it.
    pub managed: Managed,
    /// All other keys.
    pub rest: T,
    lines: BTreeMap<String, usize>,
}

impl<T> Entry<T> {
    /// The line, from 1, of one of its keys; its own where there is no such key.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.lines.get(key).copied().unwrap_or(self.line)
    }
}

impl Document {
    pub(crate) fn new(path: &Path, bytes: &[u8]) -> Result<Self, QueueError> {
        let (has_mark, text) = match bytes.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (true, rest),
            None => (false, bytes),
        };
        let parsed = match std::str::from_utf8(text) {
            Ok(text) => Content::parse(text.to_owned()),
            Err(error) => {
                let line = 1 + text[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count();
                Err(Problem::new(line, "this is not UTF-8: save the file as UTF-8"))
            }
        };
        let checked = parsed.and_then(|content| check(&content).map(|()| content));
        let content = checked.map_err(|problem| problem.within(path))?;
        Ok(Self { path: path.to_owned(), has_mark, content })
    }

    /// The file, as it was named.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Everything but the strategies. Types that refuse unknown fields make unknown keys errors; a
    /// `serde_spanned::Spanned` (which `toml::Spanned` is) gets the bytes in which something stands.
    ///
    /// # Errors
    /// What is written is not what `T` asks for; the message names the line.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, QueueError> {
        let root = &self.content.root;
        let read = T::deserialize(Reader::without(root, &[STRATEGIES]));
        read.map_err(|refusal| refusal.problem(root.line).within(&self.path))
    }

    /// The strategies in the order of the file.
    ///
    /// # Errors
    /// What is written of one is not what `T` asks for; the message names the line and the strategy.
    pub fn entries<T: DeserializeOwned>(&self) -> Result<Vec<Entry<T>>, QueueError> {
        let strategies = self.content.items().zip(&self.content.strategies);
        let entries = strategies.map(|(item, strategy)| {
            let read = T::deserialize(Reader::without(item, &KEPT_KEYS)).map_err(|refusal| {
                let mut problem = refusal.problem(strategy.line);
                problem.message = format!("strategy `{}`: {}", strategy.id, problem.message);
                problem.within(&self.path)
            });
            Ok(Entry {
                id: strategy.id.clone(),
                line: strategy.line,
                managed: strategy.managed.clone(),
                rest: read?,
                lines: lines(item),
            })
        });
        entries.collect()
    }

    /// How many strategies there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.content.strategies.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.content.strategies.is_empty()
    }

    /// What is written of a strategy.
    #[must_use]
    pub fn managed(&self, id: &str) -> Option<&Managed> {
        self.content.position(id).map(|position| &self.content.strategies[position].managed)
    }

    /// The line, from 1, in which a byte of the file stands, as a `Spanned` counts them.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> usize {
        self.content.line_at(offset)
    }

    /// An error about what is written in a line, such as a file that is missing.
    #[must_use]
    pub fn problem(&self, line: usize, problem: impl std::fmt::Display) -> QueueError {
        Problem::new(line, problem).within(&self.path)
    }

    fn bytes(&self) -> Vec<u8> {
        let mark = if self.has_mark { BYTE_ORDER_MARK } else { &[] };
        [mark, self.content.text.as_bytes()].concat()
    }
}

fn lines(item: &Node) -> BTreeMap<String, usize> {
    pairs(item).iter().filter_map(|(key, _)| Some((key.text()?.to_owned(), key.line))).collect()
}

/// A queue file that nobody else validates.
#[derive(Debug)]
pub struct Queue {
    document: Document,
    target: PathBuf,
    // The last, for it is let go of when everything else is done.
    _lock: QueueLock,
}

impl Queue {
    /// Reads a queue file and keeps other processes from validating it as long as this lives. What a process left behind
    /// that was killed is removed.
    ///
    /// # Errors
    /// The file is validated by another process, cannot be read or written, or is no queue.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        let target = disk::target(path)?;
        let lock = QueueLock::take(&target)?;
        disk::remove_leftovers(&target);
        let document = Document::new(path, &disk::read_writable(&target)?)?;
        Ok(Self { document, target, _lock: lock })
    }

    /// Reads a queue file, whoever has it. Nothing is written.
    ///
    /// # Errors
    /// The file cannot be read, or is no queue.
    pub fn read(path: &Path) -> Result<Document, QueueError> {
        Document::new(path, &disk::read(&disk::target(path)?)?)
    }

    /// The file as it was last read or written.
    #[must_use]
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// Writes what is managed of some strategies; of a strategy that is named more than once, the last. Every other byte of
    /// the file stays, and nothing is written when nothing is new. Texts are cut as [`Managed::bounded`] says.
    ///
    /// # Errors
    /// The file was changed by somebody else, there is no such strategy, or the file cannot be written. It is then as it
    /// was, except when the directory could not be made durable: then all was written.
    pub fn update(&mut self, changes: &[(String, Managed)]) -> Result<(), QueueError> {
        let path = &self.document.path;
        let content = &self.document.content;
        let mut positions = Vec::with_capacity(changes.len());
        for (id, managed) in changes {
            let unknown = || QueueError::Unknown { path: path.clone(), id: id.clone() };
            positions.push((content.position(id).ok_or_else(unknown)?, managed.bounded()));
        }
        let last: BTreeMap<usize, Managed> = positions.into_iter().collect();
        let new =
            last.into_iter().filter(|(position, managed)| content.strategies[*position].managed != *managed);
        let new: Vec<_> = new.collect();
        if new.is_empty() {
            return Ok(());
        }
        let edited = edit(content, &new).map_err(|problem| problem.within(path))?;
        if disk::target(path)? != self.target {
            return Err(QueueError::Edited { path: path.clone() });
        }
        let written = Document { path: path.clone(), has_mark: self.document.has_mark, content: edited };
        disk::replace(&self.target, &self.document.bytes(), &written.bytes())?;
        self.document = written;
        disk::sync_folder(&self.target)
    }
}
