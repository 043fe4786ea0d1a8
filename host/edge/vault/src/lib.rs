//! A private directory of files that only this installation can have written.
//!
//! What is kept here is loaded as native code, so a file is believed only when its MAC, made with a key that never leaves
//! the directory, says that this installation wrote just that under just that name. Everything else is a miss, and is
//! moved out of the way.
//!
//! ```text
//! <dir>/key                    32 random bytes, readable by their owner only
//! <dir>/<shelf>/<key in hex>   header (magic, format, shelf, key, length, MAC), then the content
//! <dir>/quarantine/            the last files that were refused
//! ```
//!
//! The directory, its folders and the key must belong to the user and must not be writable by anyone else; otherwise the
//! vault does not open. Everything below the directory is reached through a handle of it, so that no name or symbolic
//! link leads out.
//!
//! What must not happen here: a byte returned that was not verified in the memory it is returned in, a file that is seen
//! half written, or an allocation that a file merely asks for.

#[cfg(not(unix))]
compile_error!("a vault is as private as its owner and mode make it: it needs a Unix file system");

mod envelope;
mod error;
mod private;
mod quarantine;
mod secret;
mod shelf;
mod temporary;
mod vault;

pub use error::VaultError;
pub use quarantine::{Quarantined, Reason};
pub use shelf::Shelf;
pub use vault::{DEFAULT_MAX_CONTENT, Vault};
