//! What makes two validations the same one.

use stratbox_decide::Tier;
use stratbox_domain::{Digest, KeyBuilder};

use super::cases::{Asked, Case};
use super::grounds::Stage;
use crate::wiring::{Code, Engine};

/// Of a strategy that has a component.
pub(super) fn of_code(engine: &Engine, on: On<'_>, code: &Code, population: Option<&Digest>) -> String {
    let artifact = code.identity().composition;
    let key = common(on, engine.version([code])).field("artifact", artifact.as_bytes());
    let key = population.map_or(key.clone(), |digest| key.field("population", digest.as_bytes()));
    key.finish().to_string()
}

/// Of a source from which nothing can be made that runs.
pub(super) fn of_source(engine: &Engine, on: On<'_>, source: &Digest) -> String {
    common(on, engine.version([])).field("source", source.as_bytes()).finish().to_string()
}

/// A strategy at a tier, on its bars.
#[derive(Clone, Copy)]
pub(super) struct On<'a> {
    pub(super) asked: &'a Asked,
    pub(super) case: &'a Case,
    pub(super) tier: Tier,
    pub(super) stage: &'a Stage,
}

fn common(On { asked, case, tier, stage }: On<'_>, engine: &str) -> KeyBuilder {
    let limits = asked.validation.limits(&asked.limits, tier);
    let json = |value: serde_json::Result<Vec<u8>>| value.expect("settings are numbers and names");
    KeyBuilder::new("validation")
        .field("tier", tier.as_str().as_bytes())
        .field("params", &json(serde_json::to_vec(&case.params)))
        .field("bars", stage.bars.summary.digest.as_bytes())
        .field("range", &json(serde_json::to_vec(&stage.range)))
        .field("venue", &json(serde_json::to_vec(&asked.venue)))
        .field("limits", &json(serde_json::to_vec(&limits)))
        .field("settings", &asked.rules.digested(tier))
        .field("engine", engine.as_bytes())
        .field("program", env!("CARGO_PKG_VERSION").as_bytes())
}
