//! A stranger's module to a component, and a component to machine code: in confined processes, one for each.

use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_bytes::ByteBuf;
use stratbox_compiler::{CompileError, Componentize, Diagnostics};
use stratbox_domain::{Digest, KeyBuilder};
use stratbox_intake::component::{ComponentLimits, Profile, Shape};
use stratbox_jail::{Failure as Jail, Jailer, Policy};
use stratbox_sandbox::Guests;
use stratbox_vault::Shelf;

use crate::failure::{Failure, FailureKind, told};
use crate::worker::protocol::{self, Assembled, Assembly, Threads};

/// What compiling one component may take. Honest ones take a third of a second and 200 MB.
const MEMORY_BYTES: u64 = 2 << 30;
pub(crate) const WALL: Duration = Duration::from_secs(30);
const CPU_SECONDS: u64 = 60;
/// Machine code is some seven times as large as its component.
const CODE_BYTES: usize = 128 << 20;

/// Compiles components.
#[derive(Clone)]
pub struct Workshop {
    pub(crate) jailer: Jailer,
    pub(crate) limits: ComponentLimits,
    pub(crate) profile: Profile,
    pub(crate) threads: Threads,
}

/// Machine code, and what its component looked like.
#[derive(Serialize, Deserialize)]
pub(crate) struct Made {
    pub(crate) code: ByteBuf,
    pub(crate) shape: Box<Shape>,
}

impl Workshop {
    /// One whose workers are started by `jailer`, with the limits that the command has.
    #[must_use]
    pub fn new(jailer: Jailer) -> Self {
        Self { jailer, limits: ComponentLimits::default(), profile: Profile::Strict, threads: Threads::All }
    }

    /// Machine code of a component that is composed with the engine's parts, made anew in a worker.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn compile(&self, guests: &Guests, component: &[u8]) -> Result<Vec<u8>, String> {
        let words = |failure: Failure| match failure.hint {
            Some(hint) => format!("{}; {hint}", failure.message),
            None => failure.message,
        };
        self.assemble(guests, component).map(|made| made.code.into_vec()).map_err(words)
    }

    /// Machine code of a component that is composed with the engine's parts: from the shelf, or made.
    pub(crate) fn make(
        &self,
        guests: &Guests,
        component: &[u8],
        code: &Digest,
        shelf: &Shelf,
    ) -> Result<Made, Failure> {
        // What the gate lets through depends on its limits, and what is on the shelf has been through it.
        let limits = serde_json::to_vec(&(&self.limits, self.profile)).unwrap_or_default();
        let key = KeyBuilder::new("made").field("code", code.as_bytes()).field("gate", &limits).finish();
        if let Some(made) = shelf.load(&key).and_then(|bytes| rmp_serde::from_slice(&bytes).ok()) {
            return Ok(made);
        }
        let made = self.assemble(guests, component)?;
        let kept = rmp_serde::to_vec_named(&made).map_err(|error| Failure::environment(error.to_string()))?;
        shelf.store(&key, &kept)?;
        Ok(made)
    }

    /// Machine code of a component, made anew.
    fn assemble(&self, guests: &Guests, component: &[u8]) -> Result<Made, Failure> {
        let bytes = |bytes: &[u8]| ByteBuf::from(bytes.to_vec());
        let assembly = Assembly::Compile {
            component: bytes(component),
            venue: bytes(&guests.venue),
            driver: bytes(&guests.driver),
            limits: Box::new(self.limits.clone()),
            profile: self.profile,
        };
        let answer =
            self.ask(&assembly).map_err(|failure| stopped(&failure).unwrap_or_else(|| failure.into()))?;
        match answer {
            Assembled::Code { code, shape } => Ok(Made { code, shape }),
            Assembled::Refused(refused) => Err(Failure::refused(refused)),
            Assembled::Unfit(problem) => Err(stratbox_sandbox::Error::Component(told(&problem)).into()),
            Assembled::Failed(problem) => Err(Failure::environment(told(&problem))),
            Assembled::Component(_) => Err(Failure::environment("a worker answered what was not asked")),
        }
    }

    fn ask(&self, assembly: &Assembly) -> Result<Assembled, Jail> {
        let policy = Policy {
            read: Vec::new(),
            write: None,
            memory_bytes: MEMORY_BYTES,
            data_bytes: Some(MEMORY_BYTES),
            cpu_seconds: CPU_SECONDS,
            // As in a runner: what was compiled is loaded once, to see whether it can be.
            file_bytes: 16 << 20,
            descriptors: 32,
            processes: 64,
        };
        let mut worker = self.jailer.start(protocol::assembler(self.profile, self.threads), &policy, WALL)?;
        worker.send(assembly)?;
        worker.receive(CODE_BYTES, Instant::now() + WALL, &AtomicBool::new(false))
    }
}

impl Componentize for Workshop {
    fn componentize(&self, name: &str, module: &[u8]) -> Result<Vec<u8>, CompileError> {
        let name = name.to_owned();
        match self.ask(&Assembly::Componentize { module: ByteBuf::from(module.to_vec()) }) {
            Ok(Assembled::Component(component)) => Ok(component.into_vec()),
            Ok(Assembled::Unfit(problem)) => {
                Err(CompileError::Rejected { name, diagnostics: Diagnostics::single(told(&problem)) })
            }
            Ok(_) => Err(CompileError::Stopped {
                name,
                problem: "the worker answered what was not asked".to_owned(),
                hint: "this is a bug in stratbox; please report it",
            }),
            Err(failure) => Err(match stopped(&failure) {
                Some(failure) => CompileError::Stopped { name, problem: failure.message, hint: SIMPLER },
                None => CompileError::Jail(failure),
            }),
        }
    }
}

const SIMPLER: &str = "make it smaller, or split functions that are very large";

/// A compilation that did not come to its own end is the component's doing, since honest ones stay far below every limit.
fn stopped(failure: &Jail) -> Option<Failure> {
    let problem = match failure {
        Jail::OutOfMemory => format!("compiling it needs more than {} MiB of memory", MEMORY_BYTES >> 20),
        Jail::TimedOut { .. } | Jail::CpuTime => {
            format!("compiling it takes longer than {} s", WALL.as_secs())
        }
        Jail::Crashed { how, .. } => format!("the engine's compiler crashed on it ({how})"),
        Jail::Protocol { .. } => "the engine's compiler answered nonsense".to_owned(),
        Jail::TooMuchOutput => "the engine's compiler wrote without end".to_owned(),
        _ => return None,
    };
    Some(Failure::new(FailureKind::Contract, problem).hint(SIMPLER))
}
