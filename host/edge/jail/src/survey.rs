//! What this machine offers.

use std::time::Duration;

use crate::failure::Failure;
use crate::jailer::Jailer;
use crate::proof::Proof;
use crate::{Confinement, Policy};

/// The role of a worker that only proves its jail.
pub(crate) const SURVEY_ROLE: &str = "stratbox-jail-survey";

/// What landlock's later versions add to the needed one. Seccomp refuses all of it, too.
const ADDITIONS: [(i32, &str); 3] = [
    (5, "no commands to devices"),
    (6, "no signals and no abstract sockets beyond the jail"),
    (9, "no sockets by path"),
];

/// What this machine offers.
#[derive(Debug)]
pub struct Survey {
    /// The kernel's release.
    pub kernel: String,
    /// Whether we are root, whom the limit on threads does not bind.
    pub root: bool,
    /// What children of the jailer get.
    pub confinement: Confinement,
    /// The kernel's landlock ABI, when a jail was made.
    pub landlock_abi: Option<i32>,
    /// What a newer kernel's landlock would add as a second wall, when a jail was made.
    pub landlock_lacks: Vec<&'static str>,
    /// What a throw-away worker found, or why there was none.
    pub proof: Result<Proof, Failure>,
}

/// Looks at this machine, and has a throw-away worker of `jailer` try its walls.
pub fn survey(jailer: &Jailer) -> Survey {
    let policy = Policy {
        read: Vec::new(),
        write: None,
        memory_bytes: 64 << 20,
        data_bytes: None,
        cpu_seconds: 10,
        file_bytes: 1 << 16,
        descriptors: 16,
        processes: 4,
    };
    let proof =
        jailer.start(SURVEY_ROLE, &policy, Duration::from_secs(10)).map(|worker| worker.evidence().clone());
    let landlock_abi = proof.as_ref().ok().and_then(|proof| proof.landlock_abi);
    let lacks = |abi| ADDITIONS.iter().filter(move |(since, _)| *since > abi).map(|(_, what)| *what);
    Survey {
        kernel: rustix::system::uname().release().to_string_lossy().into_owned(),
        root: rustix::process::geteuid().is_root(),
        confinement: jailer.confinement(),
        landlock_abi,
        landlock_lacks: landlock_abi.map(|abi| lacks(abi).collect()).unwrap_or_default(),
        proof,
    }
}
