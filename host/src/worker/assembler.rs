//! The worker that compiles: a stranger's module or component goes in, machine code comes out.

use std::process::ExitCode;

use serde_bytes::ByteBuf;
use stratbox_intake::component::{self, Profile};
use stratbox_jail::{Connection, Server};
use stratbox_sandbox::{Error, Guests, Sandbox};

use super::protocol::{Assembled, Assembly};
use crate::wiring::RunRecorder;

/// The engine is made before the jail closes, since it reserves address space; it sees no stranger's byte until then.
pub(super) fn prepare(profile: Profile, parallel: bool) -> Option<Server> {
    let sandbox = Sandbox::<RunRecorder>::for_compiling(profile, parallel).ok()?;
    Some(Box::new(move |connection| serve(&sandbox, connection)))
}

fn serve(sandbox: &Sandbox<RunRecorder>, mut connection: Connection) -> ExitCode {
    while let Ok(Some(assembly)) = connection.receive::<Assembly>() {
        if connection.send(&assemble(sandbox, assembly)).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn assemble(sandbox: &Sandbox<RunRecorder>, assembly: Assembly) -> Assembled {
    match assembly {
        Assembly::Componentize { module } => match stratbox_compiler::componentize(&module) {
            Ok(component) => Assembled::Component(ByteBuf::from(component)),
            Err(problem) => Assembled::Unfit(problem),
        },
        Assembly::Compile { component, venue, driver, limits, profile } => {
            let shape = match component::inspect(&component, &limits, profile) {
                Ok(shape) => Box::new(shape),
                Err(refusal) => return Assembled::Refused(refusal.into()),
            };
            let guests = Guests { venue: venue.into_vec(), driver: driver.into_vec() };
            match sandbox.precompile(&guests, &component) {
                Ok(code) => Assembled::Code { code: ByteBuf::from(code), shape },
                Err(Error::Component(problem)) => Assembled::Unfit(problem),
                Err(error) => Assembled::Failed(error.to_string()),
            }
        }
    }
}
