//! What came of validations, kept in the workspace: so that nothing that was validated is lost, whatever becomes of the queue,
//! and nothing is validated twice.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stratbox_decide::{Tier, Verdict};
use stratbox_domain::{Digest, Params};
use stratbox_metrics::Figure;
use stratbox_store::DataRange;

use crate::failure::{Failure, shown};

/// Changes with the layout.
const VERSION: u32 = 1;
/// Of one file.
const MAX_BYTES: u64 = 16 << 20;
const FOLDER: &str = "validations";

/// What came of validating one strategy at one tier. The same fingerprint, the same evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation {
    pub(super) version: u32,
    pub(super) tier: Tier,
    pub(super) fingerprint: String,
    /// The bars, in words.
    pub(super) split: String,
    /// Every trial that was made on these bars until then, this one included.
    pub(super) trials: u64,
    /// Runs that were made for it and count as trials.
    pub(super) runs: u64,
    /// Variants of it.
    pub(super) variants: u64,
    pub(super) finding: Finding,
    /// Numbers, or why there is none.
    pub(super) figures: BTreeMap<String, Number>,
    /// The parameters that the figures are of, or that go on to the next tier.
    pub(super) params: Option<Params>,
    /// What else there is to say.
    pub(super) remarks: Vec<String>,
    /// How long it took, microseconds: for expectations, never for a result.
    pub(super) micros: u64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Finding {
    Judged(Verdict),
    /// It has a mistake of its own.
    Broken(String),
}

/// A number, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Number {
    Value(f64),
    Missing(String),
}

impl From<Figure> for Number {
    fn from(figure: Figure) -> Self {
        figure.get().map_or_else(|missing| Self::Missing(missing.to_string()), Self::Value)
    }
}

impl Evaluation {
    pub(super) fn new(tier: Tier, fingerprint: &str, finding: Finding) -> Self {
        Self {
            version: VERSION,
            tier,
            fingerprint: fingerprint.to_owned(),
            split: String::new(),
            trials: 0,
            runs: 0,
            variants: 0,
            finding,
            figures: BTreeMap::new(),
            params: None,
            remarks: Vec::new(),
            micros: 0,
        }
    }
}

/// Trials that are about to be counted, written down first: whoever is killed in between counts them later, once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Counting {
    pub(super) range: DataRange,
    pub(super) fingerprint: String,
    pub(super) tier: Tier,
    pub(super) runs: u64,
    /// What the ledger had before.
    pub(super) before: u64,
}

/// The folder of a workspace in which evaluations are kept. Only its owner may enter it.
pub(super) struct Shelf {
    dir: PathBuf,
}

/// What a file says, if it is as it was written.
pub(super) enum Found<T> {
    Nothing,
    Whole(T),
    /// Why it cannot be used.
    Damaged(String),
}

impl Shelf {
    /// Makes the folder if there is none.
    pub(super) fn open(workspace: &Path) -> Result<Self, Failure> {
        let dir = workspace.join(FOLDER);
        let failed = |error: &dyn std::fmt::Display| {
            Failure::environment(format!("cannot use the directory `{}`: {error}", shown(&dir)))
        };
        match DirBuilder::new().mode(0o700).create(&dir) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(&error)),
            _ => {}
        }
        // Neither is a link followed.
        match std::fs::symlink_metadata(&dir) {
            Ok(found) if found.is_dir() => Ok(Self { dir }),
            Ok(_) => Err(failed(&"it is not a directory of its own")),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The folder, if there is one already: for whoever only looks.
    pub(super) fn existing(workspace: &Path) -> Option<Self> {
        let dir = workspace.join(FOLDER);
        std::fs::symlink_metadata(&dir).is_ok_and(|found| found.is_dir()).then_some(Self { dir })
    }

    /// What came of a validation, if it was kept.
    pub(super) fn evaluation(&self, tier: Tier, fingerprint: &str) -> Found<Evaluation> {
        match self.read::<Evaluation>(&evaluation_name(tier, fingerprint)) {
            Found::Whole(it) if it.version != VERSION || it.tier != tier || it.fingerprint != fingerprint => {
                Found::Damaged("it is of another validation".to_owned())
            }
            found => found,
        }
    }

    /// Keeps it. It is on the disk, whole, when this returns.
    pub(super) fn keep(&self, evaluation: &Evaluation) -> Result<(), Failure> {
        self.write(&evaluation_name(evaluation.tier, &evaluation.fingerprint), evaluation)
    }

    /// What is in a file of this folder.
    pub(super) fn read<T: DeserializeOwned>(&self, name: &str) -> Found<T> {
        let path = self.dir.join(name);
        let read = || {
            if !std::fs::symlink_metadata(&path)?.is_file() {
                return Err(std::io::Error::other("it is not a regular file"));
            }
            let mut text = String::new();
            File::open(&path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
            Ok(text)
        };
        let text = match read() {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Found::Nothing,
            Err(error) => return Found::Damaged(format!("`{}`: {error}", shown(&path))),
        };
        let damaged = |problem: &str| Found::Damaged(format!("`{}`: {problem}", shown(&path)));
        let Some((digest, content)) = text.split_once('\n') else { return damaged("it is cut off") };
        if digest != Digest::of(content.as_bytes()).to_string() {
            return damaged("it was changed since it was written");
        }
        serde_json::from_str(content).map_or_else(|_| damaged("it is of another version"), Found::Whole)
    }

    /// Puts a file into this folder, whole or not at all. Its first line is the digest of the rest.
    pub(super) fn write<T: Serialize>(&self, name: &str, content: &T) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let write = || {
            let content = serde_json::to_string(content)?;
            let mut file = tempfile::NamedTempFile::new_in(&self.dir)?;
            write!(file, "{}\n{content}", Digest::of(content.as_bytes()))?;
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)?;
            File::open(&self.dir)?.sync_all()
        };
        write().map_err(|error: std::io::Error| Failure::write(&path, &error))
    }

    /// Removes a file of this folder, if it is there.
    pub(super) fn remove(&self, name: &str) -> Result<(), Failure> {
        let path = self.dir.join(name);
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Failure::write(&path, &error)),
            _ => Ok(()),
        }
    }
}

fn evaluation_name(tier: Tier, fingerprint: &str) -> String {
    format!("{fingerprint}-{tier}.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluation() -> Evaluation {
        let figures = [("ic".to_owned(), Number::Value(0.1 + 0.2))].into();
        Evaluation { figures, ..Evaluation::new(Tier::L0, "f00d", Finding::Broken("no".to_owned())) }
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        assert!(matches!(shelf.evaluation(Tier::L0, "f00d"), Found::Nothing));
        shelf.keep(&evaluation()).unwrap();
        let Found::Whole(found) = shelf.evaluation(Tier::L0, "f00d") else { panic!("it is there") };
        assert_eq!(found, evaluation());
        assert!(matches!(shelf.evaluation(Tier::L1, "f00d"), Found::Nothing));
    }

    #[test]
    fn a_file_that_was_changed_or_cut_off_or_is_a_link_is_not_believed() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        shelf.keep(&evaluation()).unwrap();
        let path = dir.path().join("validations/f00d-L0.json");
        let text = std::fs::read_to_string(&path).unwrap();
        for damaged in [text.replace("no", "yes"), text[..text.len() / 2].to_owned(), String::new()] {
            std::fs::write(&path, damaged).unwrap();
            assert!(matches!(shelf.evaluation(Tier::L0, "f00d"), Found::Damaged(_)));
        }
        let other = dir.path().join("other");
        std::fs::write(&other, text).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(matches!(shelf.evaluation(Tier::L0, "f00d"), Found::Damaged(_)));
    }

    #[test]
    fn a_folder_that_is_a_link_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("validations")).unwrap();
        assert!(Shelf::open(dir.path()).is_err());
        assert!(Shelf::existing(dir.path()).is_none());
    }
}
