//! The keys of runs: what makes two runs the same run.

use stratbox_domain::{Digest, KeyBuilder, Limits, ParamValue, Params, RunKey, VenuePolicy};
use stratbox_sandbox::Identity;

/// Everything in a run's key but its parameters, which differ from variant to variant.
#[derive(Clone)]
pub(crate) struct RunKeys(KeyBuilder);

impl RunKeys {
    /// Keys of runs of one strategy on the same bars under the same rules, by this version of the engine, and by this
    /// program, which makes the figures.
    pub(crate) fn new(
        strategy: &Identity,
        bars: &Digest,
        policy: &VenuePolicy,
        limits: &Limits,
        engine: &str,
    ) -> Self {
        Self::by(&strategy.composition, bars, policy, limits, engine, env!("CARGO_PKG_VERSION"))
    }

    fn by(
        artifact: &Digest,
        bars: &Digest,
        policy: &VenuePolicy,
        limits: &Limits,
        engine: &str,
        program: &str,
    ) -> Self {
        // As it is printed, every field of it: a number's text is its own, and tables are in the order of their keys.
        let venue = serde_json::to_vec(policy).expect("a policy is numbers, names and tables");
        // Destructured, so that a new field cannot be forgotten.
        let Limits { fuel, fuel_per_bar, memory_bytes, wall_ms, log_bytes } = *limits;
        let key = KeyBuilder::new("run")
            .field("artifact", artifact.as_bytes())
            .field("bars", bars.as_bytes())
            .field("venue", &venue)
            .field("fuel", &fuel.to_le_bytes())
            .field("fuel_per_bar", &fuel_per_bar.to_le_bytes())
            .field("memory_bytes", &memory_bytes.to_le_bytes())
            .field("wall_ms", &wall_ms.to_le_bytes())
            .field("log_bytes", &log_bytes.to_le_bytes())
            .field("engine", engine.as_bytes())
            .field("program", program.as_bytes());
        Self(key)
    }

    /// What they have in common: runs with the same base and the same parameters are the same run.
    pub(crate) fn base(&self) -> Digest {
        self.0.clone().finish()
    }

    /// The key of the run with these parameters.
    pub(crate) fn of(&self, params: &Params) -> RunKey {
        with_params(self.0.clone(), params).finish()
    }
}

/// What tells parameters apart in a run's key, and nothing else.
pub(crate) fn params_digest(params: &Params) -> Digest {
    with_params(KeyBuilder::new("parameters"), params).finish()
}

fn with_params(key: KeyBuilder, params: &Params) -> KeyBuilder {
    params.iter().fold(key, |key, (name, value)| {
        let key = key.field("parameter", name.as_bytes());
        match value {
            ParamValue::Boolean(value) => key.field("boolean", &[u8::from(*value)]),
            ParamValue::Integer(value) => key.field("integer", &value.to_le_bytes()),
            ParamValue::Number(value) => key.field("number", &value.to_bits().to_le_bytes()),
            ParamValue::Text(value) => key.field("text", value.as_bytes()),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stratbox_domain::{
        FeeModel, FillAt, InstrumentPolicy, LimitFill, MakerTaker, PerShare, SlippageModel,
    };

    fn keys() -> RunKeys {
        let (policy, limits) = (VenuePolicy::default(), Limits::default());
        RunKeys::by(&Digest::of(b"artifact"), &Digest::of(b"bars"), &policy, &limits, "engine", "1.0.0")
    }

    fn params(value: ParamValue) -> Params {
        [("a".to_owned(), value)].into()
    }

    #[test]
    fn the_same_run_has_the_same_key() {
        assert_eq!(keys().of(&params(ParamValue::Integer(3))), keys().of(&params(ParamValue::Integer(3))));
    }

    #[test]
    fn values_that_print_alike_have_different_keys() {
        let of = |value| keys().of(&params(value));
        let values = [
            ParamValue::Integer(3),
            ParamValue::Number(3.0),
            ParamValue::Text("3".to_owned()),
            ParamValue::Number(0.0),
            ParamValue::Number(-0.0),
            ParamValue::Boolean(true),
        ];
        let distinct: std::collections::BTreeSet<_> = values.map(of).into_iter().collect();
        assert_eq!(distinct.len(), 6);
    }

    #[test]
    fn whatever_can_change_a_result_changes_the_key() {
        let versions = |artifact: &[u8],
                        bars: &[u8],
                        policy: VenuePolicy,
                        limits: Limits,
                        engine: &str,
                        program: &str| {
            let (artifact, bars) = (Digest::of(artifact), Digest::of(bars));
            RunKeys::by(&artifact, &bars, &policy, &limits, engine, program).of(&Params::new())
        };
        let key = |artifact: &[u8], bars: &[u8], policy: VenuePolicy, limits: Limits, engine: &str| {
            versions(artifact, bars, policy, limits, engine, "1.0.0")
        };
        let (policy, limits) = (VenuePolicy::default, Limits::default());
        let all = [
            key(b"artifact", b"bars", policy(), limits, "engine"),
            key(b"other", b"bars", policy(), limits, "engine"),
            key(b"artifact", b"other", policy(), limits, "engine"),
            key(b"artifact", b"bars", policy(), Limits { fuel: 1, ..limits }, "engine"),
            key(b"artifact", b"bars", policy(), Limits { fuel_per_bar: 1, ..limits }, "engine"),
            key(b"artifact", b"bars", policy(), Limits { memory_bytes: 1, ..limits }, "engine"),
            key(b"artifact", b"bars", policy(), Limits { wall_ms: 1, ..limits }, "engine"),
            key(b"artifact", b"bars", policy(), Limits { log_bytes: 1, ..limits }, "engine"),
            key(b"artifact", b"bars", policy(), limits, "other"),
            versions(b"artifact", b"bars", policy(), limits, "engine", "1.0.1"),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn every_setting_of_the_venue_changes_the_key() {
        let policy = VenuePolicy::default;
        let maker = FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: 5.0 });
        let per_share =
            |maximum_share| FeeModel::PerShare(PerShare { amount: 1.0, minimum: 5.0, maximum_share });
        let tick = |symbol: &str, tick| {
            [(symbol.to_owned(), InstrumentPolicy { tick, ..InstrumentPolicy::default() })].into()
        };
        let all = [
            policy(),
            VenuePolicy { initial_cash: 1.0, ..policy() },
            VenuePolicy { currency: Some("USD".to_owned()), ..policy() },
            VenuePolicy { fee_bps: 1.0, ..policy() },
            VenuePolicy { fee_bps: 1.0_f64.next_up(), ..policy() },
            VenuePolicy { fees: maker, ..policy() },
            VenuePolicy { fees: per_share(None), ..policy() },
            VenuePolicy { fees: per_share(Some(0.01)), ..policy() },
            VenuePolicy { slippage_bps: 1.0, ..policy() },
            VenuePolicy { slippage: SlippageModel::HalfSpread(1.0), ..policy() },
            VenuePolicy { slippage: SlippageModel::HalfSpreadBps(1.0), ..policy() },
            VenuePolicy { slippage: SlippageModel::ShareOfRange(1.0), ..policy() },
            VenuePolicy { slippage: SlippageModel::SquareRootImpact(1.0), ..policy() },
            VenuePolicy { fill_at: FillAt::SameClose, ..policy() },
            VenuePolicy { limit_fill: LimitFill::Penetrate, ..policy() },
            VenuePolicy { volume_share: Some(1.0), ..policy() },
            VenuePolicy { leverage: 2.0, ..policy() },
            VenuePolicy { allow_short: false, ..policy() },
            VenuePolicy { maintenance_margin: 0.5, ..policy() },
            VenuePolicy { borrow_bps_a_year: 1.0, ..policy() },
            VenuePolicy { interest_bps_a_year: 1.0, ..policy() },
            VenuePolicy { debit_bps_a_year: 1.0, ..policy() },
            VenuePolicy { max_open_orders: 1, ..policy() },
            VenuePolicy { max_orders_per_bar: 1, ..policy() },
            VenuePolicy { max_orders: 1, ..policy() },
            VenuePolicy { instruments: tick("A", 0.01), ..policy() },
            VenuePolicy { instruments: tick("B", 0.01), ..policy() },
            VenuePolicy { instruments: tick("A", 0.02), ..policy() },
        ];
        let key = |policy: &VenuePolicy| {
            let (artifact, bars) = (Digest::of(b"artifact"), Digest::of(b"bars"));
            RunKeys::by(&artifact, &bars, policy, &Limits::default(), "engine", "1.0.0").base()
        };
        let distinct: std::collections::BTreeSet<_> = all.iter().map(key).collect();
        assert_eq!(distinct.len(), all.len());
    }
}
