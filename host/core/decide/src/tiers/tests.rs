use stratbox_metrics::Missing;

use super::*;

/// What the gates of a tier say of these figures; others are missing.
fn accepts(tier: Tier, figures: &[(&str, f64)]) -> bool {
    let figure = |name: &str| match figures.iter().find(|(known, _)| *known == name) {
        Some((_, value)) => Figure::of(*value),
        None => Missing::NotRecorded.into(),
    };
    TierSettings::of(tier).judge(figure).accepted
}

#[test]
fn l0_wants_more_than_ten_signals_that_are_not_a_coin_toss_and_know_the_sign() {
    let l0 = |signals, hit_rate, ic| {
        accepts(Tier::L0, &[("signals", signals), ("hit_rate", hit_rate), ("ic", ic)])
    };
    assert!(l0(11.0, 0.52, 0.02) && l0(11.0, 0.47, 0.02));
    assert!(!l0(10.0, 0.52, 0.02));
    assert!(!l0(11.0, 0.498, 0.02));
    assert!(!l0(11.0, 0.52, 0.01));
}

#[test]
fn l1_wants_a_sharpe_ratio_of_one_a_drawdown_of_a_fifth_at_most_and_half_of_the_trades() {
    let l1 = |sharpe, drawdown, win_rate| {
        accepts(Tier::L1, &[("sharpe", sharpe), ("max_drawdown", drawdown), ("win_rate", win_rate)])
    };
    assert!(l1(1.0, -0.20, 0.5) && l1(2.0, 0.0, 0.6));
    assert!(!l1(0.99, -0.1, 0.6));
    assert!(!l1(2.0, -0.21, 0.6));
    assert!(!l1(2.0, -0.1, 0.49));
}

#[test]
fn l2_wants_what_is_probably_not_luck() {
    let l2 = |dsr, pbo| accepts(Tier::L2, &[("dsr", dsr), ("pbo", pbo)]);
    assert!(l2(0.95, 0.19));
    assert!(!l2(0.94, 0.19) && !l2(0.95, 0.20));
}

#[test]
fn a_tier_without_one_of_its_figures_is_not_passed() {
    assert!(!accepts(Tier::L2, &[("dsr", 1.0)]));
    assert!(!accepts(Tier::L0, &[]));
}

#[test]
fn settings_are_read_as_they_are_written() {
    for tier in Tier::ALL {
        let settings = TierSettings::of(tier);
        let text = toml::to_string(&settings).unwrap();
        assert_eq!(toml::from_str::<TierSettings>(&text).unwrap(), settings, "{text}");
    }
    assert!(toml::from_str::<TierSettings>("gates = []\ngate = 1").is_err());
}

#[test]
fn a_verdict_carries_what_it_is_a_verdict_on() {
    let verdict = TierVerdict {
        tier: Tier::L2,
        fingerprint: "c0ffee".to_owned(),
        split: "holdout, from 2022-01-01".to_owned(),
        trials: 202,
        verdict: TierSettings::of(Tier::L2).judge(|_| Missing::TooFewVariants.into()),
    };
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(
        (&json["tier"], &json["trials"], &json["accepted"]),
        (&"L2".into(), &202.into(), &false.into())
    );
    assert_eq!(json["gates"][1]["threshold"], 0.2);
    assert_eq!(serde_json::from_value::<TierVerdict>(json).unwrap(), verdict);
}
