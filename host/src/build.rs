//! `stratbox build` and `stratbox inspect`: what a strategy's file becomes, and what is in it.

use serde::Serialize;
use stratbox_compiler::Diagnostics;
use stratbox_domain::{Digest, Manifest};
use stratbox_intake::component::Shape;
use stratbox_intake::source::LiteralData;

use crate::cli::{BuildArgs, InspectArgs};
use crate::failure::{Failure, shown};
use crate::file;
use crate::render::Report;
use crate::strategy::Strategy;
use crate::wiring::{Engine, Setting, Walls};

/// A strategy that was compiled.
#[derive(Serialize)]
pub(crate) struct BuildReport {
    pub(crate) strategy: String,
    pub(crate) source: String,
    pub(crate) component: Blob,
    pub(crate) artifact: Blob,
    /// Whether the component was there already.
    pub(crate) cached: bool,
    /// Source to component.
    pub(crate) compile_seconds: f64,
    /// Component to native code.
    pub(crate) link_seconds: f64,
    /// Where the component was written.
    pub(crate) output: Option<String>,
    /// Warnings.
    pub(crate) diagnostics: Diagnostics,
    pub(crate) isolation: Walls,
}

/// What a strategy is.
#[derive(Serialize)]
pub(crate) struct InspectReport {
    pub(crate) strategy: String,
    pub(crate) source: String,
    pub(crate) manifest: Manifest,
    pub(crate) component: Blob,
    pub(crate) artifact: Blob,
    /// Interfaces that the component imports.
    pub(crate) imports: Vec<String>,
    /// What the component looks like: sizes and counts, as the gate measured them.
    pub(crate) shape: Shape,
    /// How much data the source carries: answers worked out beforehand look like a lot of it. Null for a component.
    pub(crate) literals: Option<LiteralData>,
    pub(crate) isolation: Walls,
}

/// Some code.
#[derive(Serialize)]
pub(crate) struct Blob {
    pub(crate) digest: Digest,
    pub(crate) bytes: usize,
}

pub(crate) fn build(
    args: &BuildArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<BuildReport, Failure> {
    if args.file.extension().is_some_and(|extension| extension == "wasm") {
        let message = format!("`{}` is a component already", shown(&args.file));
        return Err(Failure::usage(message).hint("use `stratbox inspect` to look at it"));
    }
    args.output.as_deref().map_or(Ok(()), |output| file::check_target(output, &[&args.file]))?;
    let engine = Engine::start(setting, note)?;
    let strategy = Strategy::load(&engine, &args.file)?;
    if let Some(path) = &args.output {
        file::write(path, |out| out.write_all(&strategy.component))?;
    }
    Ok(BuildReport {
        component: component(&strategy),
        artifact: artifact(&strategy),
        strategy: strategy.name,
        source: strategy.source,
        cached: strategy.build.cached,
        compile_seconds: strategy.build.compile.as_secs_f64(),
        link_seconds: strategy.build.link.as_secs_f64(),
        output: args.output.as_deref().map(shown),
        diagnostics: strategy.build.diagnostics,
        isolation: engine.walls(),
    })
}

pub(crate) fn inspect(
    args: &InspectArgs,
    setting: &Setting,
    note: &dyn Fn(&str),
) -> Result<InspectReport, Failure> {
    let engine = Engine::start(setting, note)?;
    let strategy = Strategy::load(&engine, &args.file)?;
    Ok(InspectReport {
        component: component(&strategy),
        artifact: artifact(&strategy),
        imports: strategy.code.shape().import_names.clone(),
        shape: strategy.code.shape().clone(),
        literals: strategy.literals,
        isolation: engine.walls(),
        strategy: strategy.name,
        source: strategy.source,
        manifest: strategy.manifest,
    })
}

fn component(strategy: &Strategy) -> Blob {
    Blob { digest: strategy.code.identity().component, bytes: strategy.component.len() }
}

fn artifact(strategy: &Strategy) -> Blob {
    Blob { digest: strategy.code.identity().code, bytes: strategy.code.bytes().len() }
}

impl Report for BuildReport {
    fn human(&self) -> String {
        crate::render::build::build(self)
    }
}

impl Report for InspectReport {
    fn human(&self) -> String {
        crate::render::build::inspect(self)
    }
}
