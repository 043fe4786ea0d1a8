//! The contract's and the engine's types as wasmtime lowers and lifts them.

use bytes::Bytes;
use stratbox_domain::{Columns, Fill, Instrument, Manifest, ParamKind, ParamSpec, ParamValue, Params, Side};
use wasmtime::component::{ComponentType, Lift, Lower};

mod policy;

pub(crate) use policy::{WireIncrements, WirePolicy, WireSummary};

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireColumns {
    instrument: Bytes,
    time: Bytes,
    ohlcv: Bytes,
}

impl From<Columns> for WireColumns {
    fn from(columns: Columns) -> Self {
        let Columns { rows: _, instrument, time, ohlcv } = columns;
        Self { instrument, time, ohlcv }
    }
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireInstrument<'a> {
    symbol: &'a str,
}

pub(crate) fn to_wire_instruments(instruments: &[Instrument]) -> Vec<WireInstrument<'_>> {
    instruments.iter().map(|instrument| WireInstrument { symbol: &instrument.symbol }).collect()
}

#[derive(ComponentType, Lower)]
#[component(variant)]
pub(crate) enum WireValue<'a> {
    #[component(name = "integer")]
    Integer(i64),
    #[component(name = "number")]
    Number(f64),
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "text")]
    Text(&'a str),
}

#[derive(ComponentType, Lower)]
#[component(record)]
pub(crate) struct WireParameter<'a> {
    name: &'a str,
    value: WireValue<'a>,
}

pub(crate) fn to_wire_parameters(params: &Params) -> Vec<WireParameter<'_>> {
    let value = |value| match value {
        &ParamValue::Integer(v) => WireValue::Integer(v),
        &ParamValue::Number(v) => WireValue::Number(v),
        &ParamValue::Boolean(v) => WireValue::Boolean(v),
        ParamValue::Text(v) => WireValue::Text(v),
    };
    params.iter().map(|(name, v)| WireParameter { name, value: value(v) }).collect()
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "lifted by discriminant")]
pub(crate) enum WireSide {
    #[component(name = "buy")]
    Buy,
    #[component(name = "sell")]
    Sell,
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(record)]
pub(crate) struct WireFill {
    order: u64,
    instrument: u32,
    time: i64,
    side: WireSide,
    price: f64,
    quantity: f64,
    fee: f64,
    position: f64,
}

impl From<WireFill> for Fill {
    fn from(fill: WireFill) -> Self {
        let WireFill { order, instrument, time, side, price, quantity, fee, position } = fill;
        let side = match side {
            WireSide::Buy => Side::Buy,
            WireSide::Sell => Side::Sell,
        };
        Self { order, instrument, time, side, price, quantity, fee, position }
    }
}

#[derive(ComponentType, Lift, Clone, Copy)]
#[component(enum)]
#[repr(u8)]
#[expect(dead_code, reason = "lifted by discriminant")]
pub(crate) enum WireLevel {
    #[component(name = "debug")]
    Debug,
    #[component(name = "info")]
    Info,
    #[component(name = "warn")]
    Warn,
    #[component(name = "error")]
    Error,
}

impl WireLevel {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireIntegerRange {
    min: i64,
    max: i64,
    step: i64,
    default: i64,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireNumberRange {
    min: f64,
    max: f64,
    step: f64,
    default: f64,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireChoice {
    choices: Vec<String>,
    default: String,
}

#[derive(ComponentType, Lift)]
#[component(variant)]
pub(crate) enum WireKind {
    #[component(name = "integer")]
    Integer(WireIntegerRange),
    #[component(name = "number")]
    Number(WireNumberRange),
    #[component(name = "boolean")]
    Boolean(bool),
    #[component(name = "choice")]
    Choice(WireChoice),
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireSpec {
    name: String,
    description: String,
    kind: WireKind,
}

#[derive(ComponentType, Lift)]
#[component(record)]
pub(crate) struct WireManifest {
    name: String,
    version: String,
    description: String,
    parameters: Vec<WireSpec>,
}

impl From<WireManifest> for Manifest {
    fn from(manifest: WireManifest) -> Self {
        let WireManifest { name, version, description, parameters } = manifest;
        Self { name, version, description, parameters: parameters.into_iter().map(from_wire_spec).collect() }
    }
}

fn from_wire_spec(spec: WireSpec) -> ParamSpec {
    let kind = match spec.kind {
        WireKind::Integer(WireIntegerRange { min, max, step, default }) => {
            ParamKind::Integer { min, max, step, default }
        }
        WireKind::Number(WireNumberRange { min, max, step, default }) => {
            ParamKind::Number { min, max, step, default }
        }
        WireKind::Boolean(default) => ParamKind::Boolean { default },
        WireKind::Choice(WireChoice { choices, default }) => ParamKind::Choice { choices, default },
    };
    ParamSpec { name: spec.name, description: spec.description, kind }
}
