use std::io::{Error as IoError, ErrorKind};
use std::path::PathBuf;

use stratbox_domain::Digest;

use crate::ExperimentId;

/// Why the store cannot do what was asked. The message says what happened; [`hint`](Self::hint) says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A directory or file of the workspace is out of reach.
    #[error("cannot use `{}`: {source}", path.display())]
    Unusable {
        /// The directory or file.
        path: PathBuf,
        /// The system's answer.
        source: IoError,
    },
    /// The directory holds something else.
    #[error("`{}` is not a workspace: {why}", path.display())]
    NotAWorkspace {
        /// The directory.
        path: PathBuf,
        /// How that can be told.
        why: &'static str,
    },
    /// What is in the place of a file or directory of the workspace is none of its own, and neither followed nor written.
    #[error("`{}` is not used: {why}", path.display())]
    Foreign {
        /// The file or directory.
        path: PathBuf,
        /// What it is instead.
        why: &'static str,
    },
    /// A later version of the program has written it.
    #[error("the store `{}` has format {found}, and this program knows formats up to {known}", path.display())]
    Newer {
        /// The store's file.
        path: PathBuf,
        /// Its format.
        found: i64,
        /// The latest that is known.
        known: i64,
    },
    /// Another process did not let go of the store for as long as we waited.
    #[error("the store `{}` is locked by another process", path.display())]
    Locked {
        /// The store's file.
        path: PathBuf,
    },
    /// The file's content makes no sense.
    #[error("the store `{}` is damaged: {problem}", path.display())]
    Corrupted {
        /// The store's file.
        path: PathBuf,
        /// What was found.
        problem: String,
    },
    /// There is no room left to write. Nothing of what was to be written is there.
    #[error("no room is left to write `{}`: {problem}", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// What the system says.
        problem: String,
    },
    /// Any other trouble that SQLite has.
    #[error("the store `{}` cannot be used: {problem}", path.display())]
    Sqlite {
        /// The store's file.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// There is no such experiment.
    #[error("there is no experiment `{id}` in `{}`", path.display())]
    Unknown {
        /// What was asked for.
        id: ExperimentId,
        /// The workspace.
        path: PathBuf,
        /// The last ones that there are, latest first.
        last: Vec<ExperimentId>,
    },
    /// Somebody runs the experiment at this moment.
    #[error("experiment `{id}` is running{}", process.map(|it| format!(" in process {it}")).unwrap_or_default())]
    Running {
        /// The experiment.
        id: ExperimentId,
        /// The process that runs it, if it said so.
        process: Option<u32>,
    },
    /// A component was not kept, or not as it was.
    #[error("component `{digest}` {problem}")]
    Component {
        /// Its digest.
        digest: Digest,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// A variant that has completed was settled again.
    #[error("variant {variant} of experiment `{id}` has completed before, and cannot be settled again")]
    Settled {
        /// The experiment.
        id: ExperimentId,
        /// The variant.
        variant: u64,
    },
    /// What was to be written down lacks something, or has something that it must not have.
    #[error("{0}")]
    Unfit(String),
    /// What was to be stored contradicts itself.
    #[error("{0}")]
    Invalid(String),
    /// The destination of an export does not take it.
    #[error("the results cannot be written: {0}")]
    Export(IoError),
}

impl StoreError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unusable { .. } => {
                "check that it may be read and written, or use another directory".to_owned()
            }
            Self::NotAWorkspace { .. } => {
                "name the directory of a workspace; a new experiment makes one in a directory that is empty or does not \
                 exist"
                    .to_owned()
            }
            Self::Foreign { .. } => "a workspace has files and directories of its owner only, and no links: move this one \
                                     away, and restore a copy of the workspace if something is missing then"
                .to_owned(),
            Self::Newer { .. } => "use a program as new as the one that wrote it, or another workspace".to_owned(),
            Self::Locked { .. } => "a sweep, a deletion, a backup or an SQLite tool may hold it: wait until that has \
                                    ended, or end it, and try again"
                .to_owned(),
            Self::Corrupted { path, .. } => format!(
                "restore a copy of the workspace; or move `{}` and the files whose names begin with it away, and run \
                 the experiments again",
                path.display()
            ),
            Self::Full { .. } => {
                "make room on that disk, then resume: what was written before is safe, the rest is run again".to_owned()
            }
            Self::Sqlite { .. } => "try again; if it stays, restore a copy of the workspace".to_owned(),
            Self::Unknown { last, .. } if last.is_empty() => "no experiment was run in this workspace".to_owned(),
            Self::Unknown { last, .. } => {
                let last: Vec<String> = last.iter().map(|id| format!("`{id}`")).collect();
                format!("the last ones are {}", last.join(", "))
            }
            Self::Running { .. } => "wait until it ends, or stop it first".to_owned(),
            Self::Component { .. } => "build the strategy again and start a new experiment".to_owned(),
            Self::Unfit(_) => "nothing was written: correct it, and try again".to_owned(),
            Self::Settled { .. } | Self::Invalid(_) => {
                "this is a fault of the program: nothing was written".to_owned()
            }
            Self::Export(_) => "check that the destination can be written and has room".to_owned(),
        }
    }

    /// What a file answered, where a full disk is told from other trouble.
    pub(crate) fn file(path: impl Into<PathBuf>, source: IoError) -> Self {
        let path = path.into();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                Self::Full { path, problem: source.to_string() }
            }
            _ => Self::Unusable { path, source },
        }
    }
}
