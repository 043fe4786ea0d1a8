//! What makes two validations the same one.

use stratbox_decide::Tier;
use stratbox_domain::{Digest, KeyBuilder, Params};

use super::cases::{Asked, Case};
use super::grounds::Stage;
use crate::key::params_digest;
use crate::wiring::{Code, Engine};

/// Of a strategy that has a component, with everything that it is run with. What its figures are judged by is no part of it.
pub(super) fn of_code(engine: &Engine, on: On<'_>, code: &Code, params: &[Params]) -> String {
    let key = common(on, engine.version([code])).field("artifact", code.identity().composition.as_bytes());
    let each = |key: KeyBuilder, params: &Params| key.field("variant", params_digest(params).as_bytes());
    params.iter().fold(key, each).finish().to_string()
}

/// Of a source from which nothing can be made that runs.
pub(super) fn of_source(engine: &Engine, on: On<'_>, source: &Digest) -> String {
    common(on, engine.version([]))
        .field("written", &json(&on.case.params))
        .field("source", source.as_bytes())
        .finish()
        .to_string()
}

/// A strategy at a tier, on its bars.
#[derive(Clone, Copy)]
pub(super) struct On<'a> {
    pub(super) asked: &'a Asked,
    pub(super) case: &'a Case,
    pub(super) tier: Tier,
    pub(super) stage: &'a Stage,
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("settings are numbers and names")
}

fn common(On { asked, tier, stage, .. }: On<'_>, engine: &str) -> KeyBuilder {
    KeyBuilder::new("validation")
        .field("tier", tier.as_str().as_bytes())
        .field("bars", stage.bars.summary.digest.as_bytes())
        .field("range", &json(&stage.range))
        .field("venue", &json(&asked.venue))
        .field("limits", &json(&asked.limits))
        .field("settings", &asked.rules.digested(tier))
        .field("engine", engine.as_bytes())
        .field("program", env!("CARGO_PKG_VERSION").as_bytes())
}
