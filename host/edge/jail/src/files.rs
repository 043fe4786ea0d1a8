//! Landlock: which files, and no TCP.

use std::io;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd,
    Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, make_bitflags,
};

use crate::Policy;

/// The oldest that is good enough: files and TCP.
const NEEDED: ABI = ABI::V4;
/// The newest that is known here. What it adds is used where the kernel has it.
const NEWEST: ABI = ABI::V9;

/// Why landlock is not in force.
pub(crate) enum Refusal {
    /// The kernel cannot, or will not.
    Unsupported(String),
    /// The policy names what cannot be opened.
    Path(io::Error),
}

impl From<RulesetError> for Refusal {
    fn from(error: RulesetError) -> Self {
        Self::Unsupported(error.to_string())
    }
}

/// Confines this thread, and what it starts, to the paths of `policy`. Gives the kernel's landlock ABI.
pub(crate) fn confine(policy: &Policy) -> Result<i32, Refusal> {
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(NEEDED))?
        .handle_access(AccessNet::from_all(NEEDED))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?;
    for path in &policy.read {
        rules = rules.add_rule(beneath(path, AccessFs::from_read(NEEDED))?)?;
    }
    if let Some(path) = &policy.write {
        rules = rules.add_rule(beneath(path, private())?)?;
    }
    let status = rules.restrict_self()?;
    match (&status.ruleset, status.landlock) {
        (
            RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced,
            LandlockStatus::Available { effective_abi, kernel_abi },
        ) if status.no_new_privs => Ok(kernel_abi.unwrap_or(effective_abi as i32)),
        _ => Err(Refusal::Unsupported(format!("{status:?}"))),
    }
}

/// All that is done to ordinary files and directories, but no execution.
fn private() -> BitFlags<AccessFs> {
    make_bitflags!(AccessFs::{
        ReadFile | ReadDir | WriteFile | Truncate | MakeReg | MakeDir | RemoveFile | RemoveDir | Refer
    })
}

/// `access` to a path and what is below it.
fn beneath(path: &Path, access: BitFlags<AccessFs>) -> Result<PathBeneath<PathFd>, Refusal> {
    let cannot =
        |why: String| Refusal::Path(io::Error::other(format!("cannot use `{}`: {why}", path.display())));
    if !path.is_absolute() {
        return Err(cannot("it is not an absolute path".into()));
    }
    let is_directory = path.metadata().map_err(|error| cannot(error.to_string()))?.is_dir();
    let opened = PathFd::new(path).map_err(|error| cannot(error.to_string()))?;
    let access = if is_directory { access } else { access & AccessFs::from_file(NEEDED) };
    Ok(PathBeneath::new(opened, access))
}
