//! Queue files: strategies to validate, and where each of them stands.
//!
//! A queue file is YAML that a person writes and stratbox keeps up to date. Under `strategies` it lists them, each with an
//! `id`; what else is written there, and beside it, is for others to read ([`Document::settings`], [`Document::entries`]).
//! Five keys of a strategy are stratbox's own ([`Managed`]). [`Queue::update`] changes them within the text, so that comments,
//! order and spacing stay as they are.
//!
//! What must not happen here: a file that is half written or half right (it is replaced as a whole, and only by a text that
//! was read again and means what was intended), an edit of its owner that is lost (a file that is not what was last read is
//! left alone), or a hostile file that takes more than its share of time or memory (anchors, aliases and tags are refused;
//! bytes, values, depth and strategies are counted). This crate is the only one that names a YAML library.

mod content;
mod disk;
mod edit;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod lock;
mod managed;
mod node;
mod queue;
mod read;
mod scalar;

pub use error::QueueError;
pub use managed::{MANAGED_KEYS, Managed};
pub use queue::{Document, Entry, Queue};
