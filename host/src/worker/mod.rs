//! What this binary is when it is started as a worker: a confined process that does one kind of work for its parent.
//!
//! `protocol` is what they say to each other (runs in a `batch`), `assembler` compiles components, `runner` runs them. The parent's side of
//! both is in `workshop` and `runs`.

mod assembler;
pub(crate) mod batch;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
pub(crate) mod protocol;
pub(crate) mod runner;

use std::process::ExitCode;

use stratbox_intake::component::Profile;

use protocol::Threads;

/// The argument that makes this binary a worker. No command has such a name.
pub const ARGUMENT: &str = "--stratbox-worker";

/// Serves until the parent is gone. The parent says over standard input what is to be done.
#[must_use]
pub fn serve() -> ExitCode {
    stratbox_jail::child(|role| {
        [Profile::Strict, Profile::Wasi].into_iter().find_map(|profile| match role {
            role if role == protocol::assembler(profile, Threads::All) => assembler::prepare(profile, true),
            role if role == protocol::assembler(profile, Threads::One) => assembler::prepare(profile, false),
            role if role == protocol::runner(profile) => runner::prepare(profile),
            _ => None,
        })
    })
}
