//! What the walls of this machine answer when somebody tries them.

use std::ffi::OsString;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use stratbox_jail::{Failure, Jailer, Policy, Program, Proof, Survey, Tool, Wall, system_libraries};

/// For a process that does nothing but try its walls.
const WALL: Duration = Duration::from_secs(10);
/// More than this program needs to say its version.
const MEMORY_BYTES: u64 = 1 << 30;

/// What the two kinds of jails answer.
pub(crate) struct Tried {
    /// The kernel, and the jail of a worker: no files at all.
    pub(crate) survey: Survey,
    /// The jail of a tool: some files, and one directory of its own.
    pub(crate) tool: Result<Proof, Failure>,
}

/// Has two throw-away processes try their walls.
pub(crate) fn try_walls(jailer: &Jailer, program: &Program) -> Tried {
    Tried { survey: stratbox_jail::survey(jailer), tool: try_tool(jailer, program) }
}

/// This program itself, as a tool: there is no other of which it is known that it is there.
fn try_tool(jailer: &Jailer, program: &Program) -> Result<Proof, Failure> {
    let start = |source| Failure::Start { source };
    let program = std::fs::canonicalize(&program.path).map_err(start)?;
    let own = tempfile::tempdir().map_err(start)?;
    let mut read = system_libraries();
    read.push(program.clone());
    let policy = Policy {
        read,
        write: Some(own.path().to_owned()),
        memory_bytes: MEMORY_BYTES,
        data_bytes: None,
        cpu_seconds: WALL.as_secs(),
        file_bytes: 1 << 16,
        descriptors: 64,
        processes: 4,
    };
    let names = [(own.path().to_owned(), "its own directory"), (program.clone(), "its own program")];
    let arguments = vec![OsString::from("--version")];
    let tool = Tool { program, arguments, directory: own.path().to_owned(), words_kept: 0 };
    let mut proof = jailer.run(&tool, &policy, WALL, &AtomicBool::new(false))?.proof;
    // Where they are is no matter, and not the same twice.
    for (path, name) in names {
        let path = format!("`{}`", path.display());
        proof.walls.iter_mut().for_each(|wall| wall.name = wall.name.replace(&path, name));
    }
    Ok(proof)
}

/// The walls that did not hold.
pub(crate) fn fallen(proof: &Proof) -> impl Iterator<Item = &Wall> {
    proof.walls.iter().filter(|wall| !wall.held)
}
