//! Rows as cells of typed columns.

use std::borrow::Cow;
use std::collections::BTreeMap;

use stratbox_domain::{AxisValues, ParamValue, RunOutcome};
use stratbox_metrics::{MetricName, Metrics};

use crate::{Experiment, OutcomeKind, Row, event};

/// What a column's cells are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    Number,
    Boolean,
    Text,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Cell<'a> {
    Nothing,
    Integer(i64),
    Number(f64),
    Boolean(bool),
    Text(Cow<'a, str>),
}

/// What a cell is taken from.
enum Source {
    Fixed(fn(&Row) -> Cell<'_>),
    Metric(MetricName),
    Param(String),
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    source: Source,
}

type Fixed = (&'static str, Kind, fn(&Row) -> Cell<'_>);

const FIXED: [Fixed; 11] = [
    ("variant", Kind::Integer, |row| integer(Some(row.variant))),
    ("iteration", Kind::Integer, |row| integer(Some(row.iteration.into()))),
    ("strategy", Kind::Text, |row| text(Some(&row.strategy))),
    ("run_key", Kind::Text, |row| Cell::Text(event::hex(&row.key, &mut [0; 64]).to_owned().into())),
    ("outcome", Kind::Text, |row| text(Some(kind(row).label()))),
    ("fault_label", Kind::Text, |row| text(fault(row).map(|fault| fault.label.label()))),
    ("fault_code", Kind::Text, |row| text(fault(row).map(|fault| &*fault.code))),
    ("fault_bar", Kind::Integer, |row| integer(fault(row).and_then(|fault| fault.bar))),
    ("fault_message", Kind::Text, |row| text(fault(row).map(|fault| &*fault.message))),
    ("interruption", Kind::Text, |row| text(interruption(row))),
    ("fuel", Kind::Integer, |row| integer(fuel(row))),
];

/// The columns of an experiment's results.
pub(super) fn columns(experiment: &Experiment) -> Vec<Column> {
    let fixed = FIXED.into_iter().map(|(name, kind, get)| Column {
        name: name.to_owned(),
        kind,
        source: Source::Fixed(get),
    });
    let metrics = MetricName::ALL.into_iter().map(|metric| Column {
        name: metric.to_string(),
        kind: if is_count(metric) { Kind::Integer } else { Kind::Number },
        source: Source::Metric(metric),
    });
    let params = params(experiment).into_iter().map(|(name, kind)| Column {
        name: format!("param.{name}"),
        kind,
        source: Source::Param(name),
    });
    fixed.chain(metrics).chain(params).collect()
}

impl Column {
    pub(super) fn cell<'a>(&self, row: &'a Row) -> Cell<'a> {
        match &self.source {
            Source::Fixed(get) => get(row),
            Source::Metric(metric) => metrics(row).map_or(Cell::Nothing, |metrics| match metric {
                MetricName::Trades => integer(Some(metrics.trades)),
                MetricName::Signals => integer(Some(metrics.signals)),
                _ => metrics.get(*metric).value().map_or(Cell::Nothing, Cell::Number),
            }),
            Source::Param(name) => match (row.params.get(name), self.kind) {
                (None, _) => Cell::Nothing,
                (Some(ParamValue::Boolean(value)), Kind::Boolean) => Cell::Boolean(*value),
                (Some(ParamValue::Integer(value)), Kind::Integer) => Cell::Integer(*value),
                (Some(ParamValue::Integer(value)), Kind::Number) => Cell::Number(*value as f64),
                (Some(ParamValue::Number(value)), Kind::Number) => Cell::Number(*value),
                (Some(ParamValue::Text(value)), _) => Cell::Text(Cow::Borrowed(value)),
                (Some(value), _) => Cell::Text(value.to_string().into()),
            },
        }
    }
}

/// Every parameter that a strategy has, and what holds all its values.
fn params(experiment: &Experiment) -> BTreeMap<String, Kind> {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    let spaces = experiment.strategies.iter().filter_map(|strategy| strategy.space.as_ref());
    for axis in spaces.flat_map(stratbox_domain::Space::axes) {
        for kind in kinds_of(&axis.values) {
            kinds.entry(axis.name.clone()).and_modify(|known| *known = both(*known, kind)).or_insert(kind);
        }
    }
    kinds
}

fn kinds_of(values: &AxisValues) -> Vec<Kind> {
    match values {
        AxisValues::List(values) => values
            .iter()
            .map(|value| match value {
                ParamValue::Boolean(_) => Kind::Boolean,
                ParamValue::Integer(_) => Kind::Integer,
                ParamValue::Number(_) => Kind::Number,
                ParamValue::Text(_) => Kind::Text,
            })
            .collect(),
        AxisValues::IntegerRange { .. } | AxisValues::UniformInteger { .. } => vec![Kind::Integer],
        AxisValues::NumberRange { .. } | AxisValues::UniformNumber { .. } => vec![Kind::Number],
    }
}

/// What holds values of two kinds.
fn both(one: Kind, other: Kind) -> Kind {
    match (one, other) {
        (one, other) if one == other => one,
        (Kind::Integer, Kind::Number) | (Kind::Number, Kind::Integer) => Kind::Number,
        _ => Kind::Text,
    }
}

fn is_count(metric: MetricName) -> bool {
    matches!(metric, MetricName::Trades | MetricName::Signals)
}

fn integer<'a>(value: Option<u64>) -> Cell<'a> {
    value.map_or(Cell::Nothing, |value| Cell::Integer(crate::convert::int(value)))
}

fn text(value: Option<&str>) -> Cell<'_> {
    value.map_or(Cell::Nothing, |value| Cell::Text(Cow::Borrowed(value)))
}

pub(super) fn kind(row: &Row) -> OutcomeKind {
    OutcomeKind::of(&row.outcome)
}

pub(super) fn metrics(row: &Row) -> Option<&Metrics> {
    if let RunOutcome::Completed(metrics) = &row.outcome { Some(metrics) } else { None }
}

pub(super) fn fault(row: &Row) -> Option<&stratbox_domain::Fault> {
    if let RunOutcome::Faulted(fault) = &row.outcome { Some(fault) } else { None }
}

pub(super) fn interruption(row: &Row) -> Option<&'static str> {
    if let RunOutcome::Interrupted(reason) = &row.outcome { Some(reason.label()) } else { None }
}

/// How far an interrupted run came is a matter of time.
pub(super) fn fuel(row: &Row) -> Option<u64> {
    (kind(row) != OutcomeKind::Interrupted).then_some(row.fuel)
}
