//! Attacks on the files in which this installation keeps machine code, in a vault of their own.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use stratbox_compiler::Source;
use stratbox_vault::{Reason, Shelf, Vault};

use super::harness::Harness;
use super::verdict::{Class, Verdict};
use crate::failure::Failure;
use crate::wiring::{ARTIFACTS_FORMAT, Code};

/// One thing that is done to a file.
pub(super) struct Case {
    /// Stable, unique, `snake_case`.
    pub(super) name: &'static str,
    attack: Attack,
}

#[derive(Clone, Copy)]
enum Attack {
    /// One bit of it is another.
    Flip,
    /// Its last byte is gone.
    Truncate,
    /// Another file of this installation has its name.
    Swap,
    /// Another installation made it.
    Foreign,
    /// A link to it is in its place.
    Link,
    /// It is handed in as a component.
    HandIn,
}

/// All of them.
pub(super) const CASES: [Case; 6] = [
    Case { name: "artifact_with_a_flipped_bit", attack: Attack::Flip },
    Case { name: "artifact_cut_short", attack: Attack::Truncate },
    Case { name: "artifact_swapped_for_another", attack: Attack::Swap },
    Case { name: "artifact_of_another_installation", attack: Attack::Foreign },
    Case { name: "artifact_behind_a_link", attack: Attack::Link },
    Case { name: "artifact_handed_in_as_a_component", attack: Attack::HandIn },
];

impl Case {
    /// What must come of it.
    pub(super) fn expected(&self) -> String {
        match self.attack.reason() {
            Some(reason) => quarantined(reason),
            None => "reject-component (precompiled)".to_owned(),
        }
    }
}

impl Attack {
    /// Why the vault refuses the file.
    fn reason(self) -> Option<Reason> {
        match self {
            Self::Flip | Self::Foreign => Some(Reason::Altered),
            Self::Truncate => Some(Reason::Truncated),
            Self::Swap => Some(Reason::Swapped),
            Self::Link => Some(Reason::NotRegular),
            Self::HandIn => None,
        }
    }
}

fn quarantined(reason: Reason) -> String {
    let reason = match reason {
        Reason::Truncated => "truncated",
        Reason::Old => "old",
        Reason::Swapped => "swapped",
        Reason::Altered => "altered",
        Reason::NotRegular => "not a regular file",
        Reason::TooLarge => "too large",
    };
    format!("quarantined ({reason})")
}

/// Tries one of them.
pub(super) fn try_case(case: &Case, harness: &Harness) -> Verdict {
    let untried = Verdict::untried(case.name.to_owned(), Class::Artifact, case.expected());
    let started = Instant::now();
    let tried = match case.attack {
        Attack::HandIn => hand_in(harness),
        attack => Files::new(harness).and_then(|files| files.try_attack(attack)),
    };
    let (came_of_it, evidence, problems) = match tried {
        Ok((came_of_it, evidence)) if came_of_it == untried.expected => (came_of_it, evidence, Vec::new()),
        Ok((came_of_it, evidence)) => {
            let problem =
                format!("it must come to {}, and came to {came_of_it}: {evidence}", untried.expected);
            (came_of_it, evidence, vec![problem])
        }
        Err(problem) => ("an error of ours".to_owned(), String::new(), vec![problem]),
    };
    untried.judged(came_of_it, evidence, &problems, started.elapsed())
}

/// Machine code that is handed in as if it were a component.
fn hand_in(harness: &Harness) -> Result<(String, String), String> {
    let engine = harness.engine();
    let code = engine.link(&component(harness, "honest")?).map_err(said)?;
    match engine.link(code.bytes()) {
        Ok(_) => Ok(("loaded".to_owned(), "machine code was taken for a component".to_owned())),
        Err(failure) => {
            let rule = failure.rule.as_deref().unwrap_or("no rule");
            Ok((format!("reject-component ({rule})"), failure.message))
        }
    }
}

fn component(harness: &Harness, name: &str) -> Result<Vec<u8>, String> {
    let source = Source::new("honest.rs", crate::scaffold::strategy(name));
    harness.engine().compile(&source).map(|compiled| compiled.component).map_err(said)
}

fn said(failure: Failure) -> String {
    failure.message
}

/// The machine code of an honest strategy in a vault of its own.
struct Files<'a> {
    harness: &'a Harness,
    dir: tempfile::TempDir,
    shelf: Shelf,
    component: Vec<u8>,
    /// The file, and what it must hold.
    file: PathBuf,
    genuine: Vec<u8>,
}

impl<'a> Files<'a> {
    /// Makes the file, and sees it loaded when nobody has touched it: the control.
    fn new(harness: &'a Harness) -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| format!("cannot make a directory: {error}"))?;
        let shelf = open(&dir.path().join("vault"))?;
        let component = component(harness, "honest")?;
        harness.engine().link_on(&component, &shelf).map_err(said)?;
        let file = only_file(&dir.path().join("vault/artifacts"), None)?;
        let genuine = read(&file)?;
        let files = Self { harness, dir, shelf, component, file, genuine };
        let before = files.inode()?;
        files.link()?;
        if files.inode()? != before || !files.shelf.quarantined().is_empty() {
            return Err("the control: an untouched file was not loaded, but made anew".to_owned());
        }
        Ok(files)
    }

    fn try_attack(&self, attack: Attack) -> Result<(String, String), String> {
        self.put_in_place(attack)?;
        let code = self.link()?;
        let refused = self.shelf.quarantined();
        let [refused] = refused.as_slice() else {
            return Ok(("loaded".to_owned(), format!("{} files were quarantined", refused.len())));
        };
        let is_regular = self.file.symlink_metadata().is_ok_and(|metadata| metadata.is_file());
        if !is_regular || read(&self.file)? != self.genuine {
            return Err("the file was not made anew as it was".to_owned());
        }
        if !self.harness.is_honest(&code).map_err(said)? {
            return Err("the code that was made anew does not do what it did".to_owned());
        }
        let kept = std::fs::read_dir(self.dir.path().join("vault/quarantine")).map_or(0, Iterator::count);
        let evidence =
            format!("set aside and counted ({kept} kept), made anew with the same bytes, same run");
        Ok((quarantined(refused.reason), evidence))
    }

    /// Puts the attacker's file where the genuine one was.
    fn put_in_place(&self, attack: Attack) -> Result<(), String> {
        let write = |bytes: &[u8]| std::fs::write(&self.file, bytes);
        let done = match attack {
            Attack::Flip => {
                let mut bytes = self.genuine.clone();
                bytes.last_mut().into_iter().for_each(|byte| *byte ^= 1);
                write(&bytes)
            }
            Attack::Truncate => write(&self.genuine[..self.genuine.len().saturating_sub(1)]),
            Attack::Swap => {
                let other = component(self.harness, "other")?;
                self.harness.engine().link_on(&other, &self.shelf).map_err(said)?;
                let other = only_file(&self.dir.path().join("vault/artifacts"), Some(&self.file))?;
                std::fs::rename(other, &self.file)
            }
            Attack::Foreign => {
                let elsewhere = self.dir.path().join("elsewhere");
                let shelf = open(&elsewhere)?;
                self.harness.engine().link_on(&self.component, &shelf).map_err(said)?;
                write(&read(&only_file(&elsewhere.join("artifacts"), None)?)?)
            }
            Attack::Link => {
                let moved = self.dir.path().join("moved");
                let linked = std::fs::rename(&self.file, &moved);
                linked.and_then(|()| std::os::unix::fs::symlink(&moved, &self.file))
            }
            Attack::HandIn => Ok(()),
        };
        done.map_err(|error| format!("the attack could not be prepared: {error}"))
    }

    fn link(&self) -> Result<Code, String> {
        self.harness.engine().link_on(&self.component, &self.shelf).map_err(said)
    }

    /// Which file it is: one that was written anew is another.
    fn inode(&self) -> Result<u64, String> {
        std::fs::metadata(&self.file)
            .map(|metadata| metadata.ino())
            .map_err(|error| format!("no file: {error}"))
    }
}

fn open(dir: &Path) -> Result<Shelf, String> {
    let vault = Vault::open(dir).map_err(|error| error.to_string())?;
    vault.shelf("artifacts", ARTIFACTS_FORMAT).map_err(|error| error.to_string())
}

/// The one file in a directory, besides another.
fn only_file(dir: &Path, besides: Option<&Path>) -> Result<PathBuf, String> {
    let entries = std::fs::read_dir(dir).map_err(|error| format!("no vault: {error}"))?;
    let paths = entries.flatten().map(|entry| entry.path());
    let mut files = paths.filter(|path| Some(path.as_path()) != besides);
    match (files.next(), files.next()) {
        (Some(file), None) => Ok(file),
        _ => Err("the vault does not hold just the files that were put there".to_owned()),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("the file cannot be read: {error}"))
}
