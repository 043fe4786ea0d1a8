//! `stratbox doctor`: what isolation this machine really gives, as far as a process can find out by trying.

use std::os::unix::fs::MetadataExt;

use serde::Serialize;
use stratbox_compiler::Toolchain;
use stratbox_domain::Limits;
use stratbox_intake::component::{ComponentLimits, FEATURES};
use stratbox_intake::source::SourceLimits;
use stratbox_jail::{Confinement, Proof};

use crate::failure::{Failure, WITHOUT_JAIL, shown};
use crate::render::Report;
use crate::render::text::inline;
use crate::walls::{Tried, fallen, try_walls};
use crate::wiring::{Setting, Walls, engine_version};

/// What was found.
#[derive(Serialize)]
pub(crate) struct DoctorReport {
    /// Whether strangers' code can be compiled and run here.
    pub(crate) ready: bool,
    pub(crate) kernel: String,
    /// Whether this is root, whom the limit on threads does not bind.
    pub(crate) root: bool,
    pub(crate) landlock: Landlock,
    /// Whether system calls are filtered.
    pub(crate) seccomp: bool,
    pub(crate) worker_jail: Jail,
    pub(crate) tool_jail: Jail,
    pub(crate) vault: Finding,
    pub(crate) toolchain: Finding,
    pub(crate) engine: Finding,
    /// What wasm features strategies may use.
    pub(crate) features: Vec<String>,
    pub(crate) limits: InForce,
    pub(crate) isolation: Walls,
    /// What is in the way, the first of it.
    #[serde(skip)]
    failure: Option<Failure>,
}

/// The kernel's access control for files, ports and signals.
#[derive(Serialize)]
pub(crate) struct Landlock {
    /// Null without a jail.
    pub(crate) abi: Option<i32>,
    /// What a newer kernel would add as a second wall.
    pub(crate) lacks: Vec<&'static str>,
}

/// A jail, seen from inside.
#[derive(Serialize)]
pub(crate) struct Jail {
    pub(crate) holds: bool,
    pub(crate) walls: Vec<JailWall>,
    /// Why there is none.
    pub(crate) problem: Option<String>,
}

/// What was tried, and what happened.
#[derive(Serialize)]
pub(crate) struct JailWall {
    pub(crate) name: String,
    pub(crate) held: bool,
    pub(crate) evidence: String,
}

/// Something that must be there.
#[derive(Serialize)]
pub(crate) struct Finding {
    pub(crate) ok: bool,
    /// What it is, or what is wrong with it.
    pub(crate) what: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) hint: Option<String>,
}

/// The limits that hold when nobody says anything.
#[derive(Serialize)]
pub(crate) struct InForce {
    pub(crate) run: Limits,
    pub(crate) compiler: CompilerLimits,
    /// What a source may be.
    pub(crate) source: SourceLimits,
    /// What a component may be.
    pub(crate) component: ComponentLimits,
}

/// What compiling one source may take.
#[derive(Serialize)]
pub(crate) struct CompilerLimits {
    pub(crate) memory_bytes: u64,
    pub(crate) wall_seconds: f64,
    pub(crate) cpu_seconds: u64,
    pub(crate) disk_bytes: u64,
}

/// Looks at everything, whatever is wrong with some of it.
pub(crate) fn examine(setting: &Setting) -> Result<DoctorReport, Failure> {
    let Tried { survey, tool } = try_walls(&setting.jailer(), &setting.worker);
    let mut failures = Vec::new();
    if setting.confinement == Confinement::None {
        let turned_off =
            Failure::environment("the jail is turned off: strangers' code could do all that you can do");
        failures.push(turned_off.hint("leave `--dangerously-without-jail` out"));
    }
    let seccomp = setting.confinement == Confinement::Jailed && survey.proof.is_ok();
    let worker_jail = jail(survey.proof, &mut failures);
    let tool_jail = jail(tool, &mut failures);
    let vault = finding(vault(setting), &mut failures);
    let toolchain = finding(toolchain(), &mut failures);
    let engine = finding(engine_version(), &mut failures);
    let tools = setting.tools;
    Ok(DoctorReport {
        ready: failures.is_empty(),
        kernel: inline(&survey.kernel),
        root: survey.root,
        landlock: Landlock { abi: survey.landlock_abi, lacks: survey.landlock_lacks },
        seccomp,
        worker_jail,
        tool_jail,
        vault,
        toolchain,
        engine,
        features: FEATURES.iter_names().map(|(name, _)| name.to_ascii_lowercase()).collect(),
        limits: InForce {
            run: Limits::default(),
            compiler: CompilerLimits {
                memory_bytes: tools.memory_bytes,
                wall_seconds: tools.wall.as_secs_f64(),
                cpu_seconds: tools.cpu_seconds,
                disk_bytes: tools.disk_bytes,
            },
            source: setting.gate.unwrap_or_default(),
            component: setting.components.clone(),
        },
        isolation: setting.walls(0),
        failure: failures.into_iter().next(),
    })
}

fn jail(proof: Result<Proof, stratbox_jail::Failure>, failures: &mut Vec<Failure>) -> Jail {
    match proof {
        Ok(proof) => {
            failures.extend(fallen(&proof).next().map(|wall| {
                let problem =
                    format!("a wall does not stand: {} ({})", inline(&wall.name), inline(&wall.evidence));
                Failure::environment(problem).hint(WITHOUT_JAIL)
            }));
            let holds = fallen(&proof).next().is_none();
            let walls = proof.walls.into_iter().map(|wall| JailWall {
                name: inline(&wall.name),
                held: wall.held,
                evidence: inline(&wall.evidence),
            });
            Jail { holds, walls: walls.collect(), problem: None }
        }
        Err(failure) => {
            let failure = Failure::from(failure);
            let problem = Some(failure.message.clone());
            failures.push(failure);
            Jail { holds: false, walls: Vec::new(), problem }
        }
    }
}

fn finding(found: Result<String, Failure>, failures: &mut Vec<Failure>) -> Finding {
    match found {
        Ok(what) => Finding { ok: true, what, hint: None },
        Err(failure) => {
            let found = Finding { ok: false, what: failure.message.clone(), hint: failure.hint.clone() };
            failures.push(failure);
            found
        }
    }
}

/// Opening it checks whose it is and who may write to it.
fn vault(setting: &Setting) -> Result<String, Failure> {
    setting.vault()?;
    let path = setting.cache.join("vault");
    let mode = std::fs::metadata(&path).map_or(0, |metadata| metadata.mode() & 0o7777);
    Ok(format!("`{}`: its user's alone (mode {mode:04o})", shown(&path)))
}

fn toolchain() -> Result<String, Failure> {
    let toolchain = Toolchain::find()?;
    let release = toolchain.version().lines().next().unwrap_or_default();
    Ok(format!("{} in `{}`", inline(release), shown(toolchain.sysroot())))
}

impl Report for DoctorReport {
    fn human(&self) -> String {
        crate::render::doctor::human(self)
    }

    fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }
}
