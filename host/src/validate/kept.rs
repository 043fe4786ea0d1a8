//! What came of validations, kept in the workspace: so that nothing that was validated is lost, whatever becomes of the queue,
//! and nothing is validated twice.

use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use stratbox_decide::{Gate, Tier, Verdict};
use stratbox_domain::{Digest, Params};
use stratbox_metrics::series::Moments;
use stratbox_metrics::{Figure, Missing};
use stratbox_store::DataRange;

use crate::failure::{Failure, shown};

/// Changes with the layout.
const VERSION: u32 = 2;
/// Of one file.
const MAX_BYTES: u64 = 16 << 20;
const FOLDER: &str = "validations";
/// Held by whoever writes into the folder.
const LOCK: &str = ".lock";
/// Files under way. Whoever holds the lock knows that those of others are left over.
const UNDER_WAY: &str = ".under-way-";

/// What came of validating one strategy at one tier. The same fingerprint, the same evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evaluation {
    pub(super) version: u32,
    pub(super) tier: Tier,
    pub(super) fingerprint: String,
    /// The bars, in words.
    pub(super) split: String,
    /// Runs that were made for it.
    pub(super) runs: u64,
    /// Variants of it.
    pub(super) variants: u64,
    pub(super) finding: Finding,
    /// Numbers, or why there is none.
    pub(super) figures: BTreeMap<String, Number>,
    /// The returns that they are of, where they are deflated by the trials that are known when somebody asks.
    pub(super) moments: Option<Moments>,
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
    /// Its figures, which gates are asked about.
    Measured,
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

impl Number {
    /// The figure; one whose reason is not known any more has none.
    fn figure(&self) -> Figure {
        match self {
            Self::Value(value) => Figure::of(*value),
            Self::Missing(why) => {
                let known = Missing::ALL.into_iter().find(|missing| missing.sentence() == why);
                known.unwrap_or(Missing::NotRecorded).into()
            }
        }
    }
}

/// What gates say of figures; a figure that is not there fails.
pub(super) fn judge(gates: &[Gate], figures: &BTreeMap<String, Number>) -> Verdict {
    Verdict::of(gates, |name| figures.get(name).map_or(Missing::NoData.into(), Number::figure))
}

impl Evaluation {
    pub(super) fn new(tier: Tier, fingerprint: &str, finding: Finding) -> Self {
        Self {
            version: VERSION,
            tier,
            fingerprint: fingerprint.to_owned(),
            split: String::new(),
            runs: 0,
            variants: 0,
            finding,
            figures: BTreeMap::new(),
            moments: None,
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

/// The right to write into the folder.
pub(super) struct Lock {
    _file: File,
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
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(failed(&"it is not a directory of its own")),
            Err(error) => return Err(failed(&error)),
        }
        let shelf = Self { dir };
        let lock = shelf.lock()?;
        shelf.clear().map_err(|error| Failure::write(&shelf.dir, &error))?;
        drop(lock);
        Ok(shelf)
    }

    /// Waits for the right to write into the folder. The system takes it back from a process that ends, however that happens.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        let path = self.dir.join(LOCK);
        let take = || {
            if std::fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()) {
                return Err(std::io::Error::other("it is not a regular file; remove it"));
            }
            let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
            file.lock()?;
            Ok(file)
        };
        let failed = |error| Failure::environment(format!("cannot lock `{}`: {error}", shown(&path)));
        take().map(|file| Lock { _file: file }).map_err(failed)
    }

    /// Removes what processes left behind that were killed.
    fn clear(&self) -> std::io::Result<()> {
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(UNDER_WAY) {
                std::fs::remove_file(entry.path())?;
            }
        }
        Ok(())
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

    /// Whether what came of a validation was kept.
    pub(super) fn has(&self, tier: Tier, fingerprint: &str) -> bool {
        matches!(self.evaluation(tier, fingerprint), Found::Whole(_))
    }

    /// Keeps it, under the folder's lock. It is on the disk, whole, when this returns.
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

    /// Puts a file into this folder, whole or not at all; to be done under its lock. Its first line is the digest of the rest.
    pub(super) fn write<T: Serialize>(&self, name: &str, content: &T) -> Result<(), Failure> {
        let path = self.dir.join(name);
        let write = || {
            let content = serde_json::to_string(content)?;
            let mut file = tempfile::Builder::new().prefix(UNDER_WAY).tempfile_in(&self.dir)?;
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
    use stratbox_decide::Bound;

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
    fn figures_are_asked_about_by_the_gates_of_now_and_a_missing_one_keeps_its_reason() {
        let missing = Number::from(Figure::from(Missing::NoClosedTrades));
        let figures = [("ic".to_owned(), Number::Value(0.3)), ("win_rate".to_owned(), missing)].into();
        let asks = |figure, above| judge(&[Gate::new(figure, Bound::Above(above))], &figures);
        assert!(asks("ic", 0.2).accepted && !asks("ic", 0.4).accepted);
        assert_eq!(asks("win_rate", 0.4).gates[0].value.missing(), Some(Missing::NoClosedTrades));
        assert!(!asks("dsr", 0.0).accepted, "nobody knows it");
    }

    #[test]
    fn what_was_left_under_way_is_removed_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        shelf.keep(&evaluation()).unwrap();
        let left = shelf.dir.join(".under-way-x");
        std::fs::write(&left, "half").unwrap();
        let shelf = Shelf::open(dir.path()).unwrap();
        assert!(!left.exists());
        assert!(matches!(shelf.evaluation(Tier::L0, "f00d"), Found::Whole(_)));
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
