//! The sections of a queue file, as they are written, with their defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;
use std::time::Duration;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use stratbox_decide::splits::{Length, Period, WalkForwardKind, WalkForwardSettings};
use stratbox_decide::{Gate, Tier, TierSettings};
use stratbox_domain::{Limits, ParamValue, VenuePolicy};
use stratbox_metrics::MetricName;

use crate::render::text::inline;
use crate::sweep::{DataSource, Date};

/// Values of one parameter, at most.
const MOST_VALUES: usize = 10_000;

/// Everything in a queue file but its strategies.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sections {
    pub(super) data: DataEntry,
    #[serde(default)]
    pub(super) venue: VenuePolicy,
    #[serde(default)]
    pub(super) limits: Limits,
    #[serde(default)]
    pub(super) validation: Validation,
    #[serde(default)]
    pub(super) tiers: Tiers,
}

/// Which bars, and which of them are held out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DataEntry {
    pub(super) sources: Vec<DataSource>,
    /// First day or moment.
    pub(super) from: Option<Date>,
    /// First day or moment that is left out.
    pub(super) to: Option<Date>,
    /// What only the last tier reads.
    pub(super) holdout: Option<HoldoutEntry>,
}

/// Bars that are held out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HoldoutEntry {
    pub(super) from: Date,
    /// As `to` of the data without one.
    pub(super) to: Option<Date>,
}

/// How strategies are validated: nothing of it changes what a run comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Validation {
    pub(super) max_workers: NonZeroUsize,
    /// With fewer strategies than this one worker does all.
    pub(super) min_queue_depth_for_parallel: usize,
    pub(super) worker_timeout_seconds: f64,
    pub(super) l0_timeout_multiplier: f64,
    pub(super) l1_timeout_multiplier: f64,
    pub(super) l2_timeout_multiplier: f64,
    /// Nothing is begun after the first strategy that does not pass.
    pub(super) fail_fast: bool,
    /// The share of a tier that may fail before somebody is asked.
    pub(super) auto_escalate_threshold: f64,
    /// Whether a failure that can be mended waits for another try; otherwise it is a failure like any other.
    pub(super) auto_retry_fixable: bool,
    pub(super) max_retries: u32,
    /// Up to which tier strategies that pass go on by themselves.
    pub(super) escalate_to: Tier,
    pub(super) fixable_margin: f64,
    /// For the plan; in whatever currency.
    pub(super) cost_per_cpu_hour: f64,
    /// Variants of one strategy, at most.
    pub(super) max_variants: u64,
    /// More attempts after a time-out, each in a fresh process.
    pub(super) timeout_retries: u32,
    /// More attempts after a worker was lost.
    pub(super) loss_retries: u32,
    pub(super) cpu_threshold: f64,
    pub(super) memory_threshold: f64,
    /// Whether a holdout is good enough on which trials were made before it was held out.
    pub(super) accept_used_holdout: bool,
}

impl Default for Validation {
    fn default() -> Self {
        Self {
            max_workers: const { NonZeroUsize::new(4).expect("it is not zero") },
            min_queue_depth_for_parallel: 2,
            worker_timeout_seconds: 600.0,
            l0_timeout_multiplier: 1.0,
            l1_timeout_multiplier: 1.5,
            l2_timeout_multiplier: 1.5,
            fail_fast: false,
            auto_escalate_threshold: 0.5,
            auto_retry_fixable: true,
            max_retries: 3,
            escalate_to: Tier::L0,
            fixable_margin: 0.25,
            cost_per_cpu_hour: 0.0,
            max_variants: 256,
            timeout_retries: 1,
            loss_retries: 3,
            cpu_threshold: 0.8,
            memory_threshold: 0.8,
            accept_used_holdout: false,
        }
    }
}

impl Validation {
    /// The first setting that makes no sense.
    pub(super) fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: f64, low: f64, high: f64| match (low..=high).contains(&value) {
            true => Ok(()),
            false => Err(format!("`validation.{name}` is `{value}`: it must be from {low} to {high}")),
        };
        within("worker_timeout_seconds", self.worker_timeout_seconds, 0.001, 86_400.0)?;
        within("l0_timeout_multiplier", self.l0_timeout_multiplier, 0.01, 100.0)?;
        within("l1_timeout_multiplier", self.l1_timeout_multiplier, 0.01, 100.0)?;
        within("l2_timeout_multiplier", self.l2_timeout_multiplier, 0.01, 100.0)?;
        within("auto_escalate_threshold", self.auto_escalate_threshold, 0.0, 1.0)?;
        within("fixable_margin", self.fixable_margin, 0.0, 1.0)?;
        within("cost_per_cpu_hour", self.cost_per_cpu_hour, 0.0, 1e9)?;
        within("cpu_threshold", self.cpu_threshold, 0.0, 1.0)?;
        within("memory_threshold", self.memory_threshold, 0.0, 1.0)?;
        within("max_variants", self.max_variants as f64, 1.0, 1e5)?;
        within("max_retries", f64::from(self.max_retries), 0.0, 1_000.0)?;
        within("timeout_retries", f64::from(self.timeout_retries), 0.0, 100.0)?;
        within("loss_retries", f64::from(self.loss_retries), 0.0, 100.0)?;
        within("max_workers", self.max_workers.get() as f64, 1.0, f64::from(stratbox_sandbox::MAX_RUNS.get()))
    }

    /// How long one attempt at a tier may take.
    pub(super) fn timeout(&self, tier: Tier) -> Duration {
        let multiplier = match tier {
            Tier::L0 => self.l0_timeout_multiplier,
            Tier::L1 => self.l1_timeout_multiplier,
            Tier::L2 => self.l2_timeout_multiplier,
        };
        Duration::from_secs_f64(self.worker_timeout_seconds * multiplier)
    }

    /// The limits of a run at a tier: none may take longer than the whole attempt.
    pub(super) fn limits(&self, limits: &Limits, tier: Tier) -> Limits {
        let most = u64::try_from(self.timeout(tier).as_millis()).unwrap_or(u64::MAX).max(1);
        Limits { wall_ms: limits.wall_ms.min(most), ..*limits }
    }
}

/// What each tier is.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(non_snake_case, reason = "tiers are written as they are called")]
pub(super) struct Tiers {
    L0: Cheap,
    L1: Thorough,
    L2: Final,
}

/// The table `L0`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Cheap {
    months: NonZeroU32,
    instruments: NonZeroUsize,
    gates: Option<Vec<Gate>>,
}

impl Default for Cheap {
    fn default() -> Self {
        let months = const { NonZeroU32::new(6).expect("it is not zero") };
        Self { months, instruments: NonZeroUsize::MIN, gates: None }
    }
}

/// The table `L1`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Thorough {
    walk_forward: Option<WalkForwardSettings>,
    gates: Option<Vec<Gate>>,
}

/// The table `L2`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Final {
    gates: Option<Vec<Gate>>,
}

/// What each tier is, with everything filled in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct TierRules {
    /// Of `L0`: the last months of what choosing may read.
    pub(super) months: u32,
    /// Of `L0`: the first files of the data.
    pub(super) instruments: usize,
    /// Of `L1`.
    pub(super) walk_forward: WalkForwardSettings,
    gates: [Vec<Gate>; 3],
}

impl TierRules {
    /// What a tier's strategies must pass.
    pub(super) fn gates(&self, tier: Tier) -> &[Gate] {
        &self.gates[place(tier)]
    }

    /// All of a tier that can change its figures, for its fingerprints; which bars it reads is told there by the bars.
    pub(super) fn digested(&self, tier: Tier) -> Vec<u8> {
        match tier {
            Tier::L0 | Tier::L2 => Vec::new(),
            Tier::L1 => serde_json::to_vec(&self.walk_forward).expect("settings are numbers and names"),
        }
    }
}

fn place(tier: Tier) -> usize {
    match tier {
        Tier::L0 => 0,
        Tier::L1 => 1,
        Tier::L2 => 2,
    }
}

/// Three years choose, the next one judges, and so on.
fn default_walk_forward() -> WalkForwardSettings {
    let years = |text: &str| Length::Time(text.parse::<Period>().expect("it is a period"));
    WalkForwardSettings {
        kind: WalkForwardKind::default(),
        train: years("3y"),
        test: years("1y"),
        step: None,
        purge: Length::default(),
        embargo: Length::default(),
        partial: true,
    }
}

impl Tiers {
    /// With everything filled in that is not said.
    pub(super) fn resolve(&self) -> Result<TierRules, String> {
        let walk_forward = self.L1.walk_forward.clone().unwrap_or_else(default_walk_forward);
        walk_forward.validate().map_err(|error| format!("`tiers.L1`: {error}"))?;
        let gates = |tier: Tier, written: &Option<Vec<Gate>>| match written {
            None => Ok(TierSettings::of(tier).gates),
            Some(written) if written.is_empty() => {
                Err(format!("`tiers.{tier}.gates` is empty: a tier without a gate would let nobody through"))
            }
            Some(written) => {
                written.iter().try_for_each(|gate| check_gate(gate, tier)).map(|()| written.clone())
            }
        };
        Ok(TierRules {
            months: self.L0.months.get(),
            instruments: self.L0.instruments.get(),
            walk_forward,
            gates: [
                gates(Tier::L0, &self.L0.gates)?,
                gates(Tier::L1, &self.L1.gates)?,
                gates(Tier::L2, &self.L2.gates)?,
            ],
        })
    }
}

/// Figures of a tier besides metrics.
fn figures_of(tier: Tier) -> &'static [&'static str] {
    match tier {
        Tier::L0 => &["ic"],
        Tier::L1 => &["efficiency"],
        Tier::L2 => &["psr", "dsr", "pbo"],
    }
}

/// Refuses a gate on a figure that its tier does not have.
fn check_gate(gate: &Gate, tier: Tier) -> Result<(), String> {
    let extra = figures_of(tier);
    if extra.contains(&gate.figure.as_str()) {
        return Ok(());
    }
    let Err(error) = gate.figure.parse::<MetricName>() else { return Ok(()) };
    let extra: Vec<String> = extra.iter().map(|it| format!("`{it}`")).collect();
    Err(format!("`tiers.{tier}.gates`: {}, or of {}", inline(&error.to_string()), extra.join(", ")))
}

/// What is written of one strategy, besides its name and what is managed of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StrategyEntry {
    pub(super) source: PathBuf,
    #[serde(default)]
    pub(super) params: BTreeMap<String, Values>,
    pub(super) data: Option<DataEntry>,
    /// Higher ones are validated first.
    #[serde(default)]
    pub(super) priority: i32,
}

/// One value or a list of them; at least one.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Values(pub(super) Vec<ParamValue>);

// By hand rather than `untagged`, which forgets why values were refused.
impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValuesVisitor;

        fn one<E>(value: ParamValue) -> Result<Values, E> {
            Ok(Values(vec![value]))
        }

        impl<'de> Visitor<'de> for ValuesVisitor {
            type Value = Values;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value, or a list of values such as `[1, 2, 3]`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<Values, E> {
                one(ParamValue::Boolean(value))
            }

            fn visit_i64<E: Error>(self, value: i64) -> Result<Values, E> {
                one(ParamValue::Integer(value))
            }

            fn visit_u64<E: Error>(self, value: u64) -> Result<Values, E> {
                i64::try_from(value)
                    .map_err(|_| E::custom("a whole number beyond 64 bits"))
                    .map(|value| Values(vec![ParamValue::Integer(value)]))
            }

            fn visit_f64<E: Error>(self, value: f64) -> Result<Values, E> {
                one(ParamValue::Number(value))
            }

            fn visit_str<E: Error>(self, value: &str) -> Result<Values, E> {
                one(ParamValue::Text(value.to_owned()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
                let mut values = Vec::new();
                while let Some(Values(more)) = list.next_element()? {
                    if values.len() >= MOST_VALUES {
                        return Err(A::Error::custom(format!("more than {MOST_VALUES} values")));
                    }
                    match <[ParamValue; 1]>::try_from(more) {
                        Ok([value]) => values.push(value),
                        Err(_) => return Err(A::Error::custom("a list in a list")),
                    }
                }
                if values.is_empty() { Err(A::Error::custom("an empty list")) } else { Ok(Values(values)) }
            }
        }
        deserializer.deserialize_any(ValuesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tiers(document: serde_json::Value) -> Result<TierRules, String> {
        serde_json::from_value::<Tiers>(document).map_err(|error| error.to_string())?.resolve()
    }

    #[test]
    fn what_is_not_said_of_tiers_and_of_validation_has_a_default() {
        let rules = tiers(json!({})).unwrap();
        assert_eq!((rules.months, rules.instruments), (6, 1));
        assert_eq!(rules.gates(Tier::L2), TierSettings::of(Tier::L2).gates);
        assert!(Validation::default().check().is_ok());
        assert_eq!(Validation::default().timeout(Tier::L1), Duration::from_secs(900));
    }

    #[test]
    fn a_gate_has_one_bound_and_a_figure_that_its_tier_has() {
        let gate = |gate: serde_json::Value| tiers(json!({ "L0": { "gates": [gate] } }));
        assert!(gate(json!({ "figure": "ic", "above": 0.01 })).is_ok());
        assert!(gate(json!({ "figure": "hit_rate", "away_from": { "value": 0.5, "by": 0.01 } })).is_ok());
        assert!(gate(json!({ "figure": "ic", "above": 0.01, "below": 1.0 })).is_err());
        let other = gate(json!({ "figure": "dsr", "above": 0.95 })).unwrap_err();
        assert!(other.contains("or of `ic`"), "{other}");
        assert!(tiers(json!({ "L0": { "gates": [] } })).unwrap_err().contains("is empty"));
    }

    #[test]
    fn a_parameter_has_a_value_or_a_list_of_them() {
        let read = |text: serde_json::Value| serde_json::from_value::<Values>(text).map(|it| it.0);
        assert_eq!(read(json!(3)).unwrap(), [ParamValue::Integer(3)]);
        assert_eq!(read(json!([1, 2.5])).unwrap(), [ParamValue::Integer(1), ParamValue::Number(2.5)]);
        for wrong in [json!([]), json!([[1, 2]]), json!({ "min": 1 })] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_may_take_no_longer_than_the_attempt_it_is_part_of() {
        let validation = Validation { worker_timeout_seconds: 2.0, ..Validation::default() };
        assert_eq!(validation.limits(&Limits::default(), Tier::L0).wall_ms, 2_000);
        assert_eq!(Validation::default().limits(&Limits::default(), Tier::L0).wall_ms, 60_000);
        let zero = Validation { worker_timeout_seconds: 0.0, ..Validation::default() };
        assert!(zero.check().unwrap_err().contains("`validation.worker_timeout_seconds` is `0`"));
    }
}
