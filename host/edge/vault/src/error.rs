use std::io::{Error, ErrorKind};
use std::path::PathBuf;

/// Why the vault cannot be opened, or a file not be stored. A file that cannot be loaded is no error, but a miss.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The directory, or something in it that the vault cannot do without, is out of reach.
    #[error("cannot use `{}`: {source}: check that it may be read and written, or use another directory", path.display())]
    Open {
        /// The directory or file.
        path: PathBuf,
        /// The system's answer.
        source: Error,
    },
    /// A symbolic link, or another kind of thing, where a directory or a file must be.
    #[error(
        "`{}` must be {expected}, not a symbolic link or anything else: remove it, or use another directory",
        path.display()
    )]
    WrongKind {
        /// What is in the way.
        path: PathBuf,
        /// What must be there, with its article.
        expected: &'static str,
    },
    /// A directory or file of another user.
    #[error("`{}` belongs to another user (number {owner}): use a directory of your own", path.display())]
    Foreign {
        /// The directory or file.
        path: PathBuf,
        /// The number of the user whose it is.
        owner: u32,
    },
    /// Others can write to a directory, or can read or write the key.
    #[error(
        "`{}` is open to others (mode {mode:04o}): delete it, and it is made anew, or use a directory of your own",
        path.display()
    )]
    Exposed {
        /// The directory or file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The key is not 32 bytes long.
    #[error(
        "the key `{}` is not 32 bytes long: delete it, and what it vouched for is made anew",
        path.display()
    )]
    Key {
        /// The key's file.
        path: PathBuf,
    },
    /// A shelf's name is not made of lowercase letters, digits and hyphens, or is one that the vault itself uses.
    #[error(
        "`{0}` cannot be the name of a shelf: use lowercase letters, digits and hyphens, and neither `key` nor `quarantine`"
    )]
    Name(&'static str),
    /// The content is larger than what would be loaded again.
    #[error("cannot store `{}`: it has {size} bytes, and at most {limit} are kept", path.display())]
    TooLarge {
        /// Where it would have been.
        path: PathBuf,
        /// Size of the content, bytes.
        size: u64,
        /// The most that is kept, bytes.
        limit: u64,
    },
    /// The shelf's folder is gone.
    #[error("cannot store `{}`: its directory was deleted while it was in use: start again, and it is made anew", path.display())]
    Deleted {
        /// Where it would have been.
        path: PathBuf,
    },
    /// A file could not be written. See [`Shelf::store`](crate::Shelf::store) for what is there then.
    #[error("cannot store `{}`: {source}: {}", path.display(), remedy(source))]
    Store {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        source: Error,
    },
}

fn remedy(source: &Error) -> &'static str {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            "make room, or use a directory with more of it"
        }
        ErrorKind::IsADirectory => "remove the directory of that name",
        _ => "check that its directory may be written, or use another",
    }
}
