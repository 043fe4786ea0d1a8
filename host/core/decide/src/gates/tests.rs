use proptest::prelude::*;

use super::*;

const HALF: Bound = Bound::AwayFrom { value: 0.5, by: 0.25 };

#[test]
fn a_gate_answers_with_the_figure_and_how_far_it_is_from_the_threshold() {
    for (bound, value, passed, margin) in [
        (Bound::AtLeast(1.0), 1.25, true, 0.25),
        (Bound::AtMost(0.5), 0.75, false, -0.25),
        (Bound::Below(0.5), 0.25, true, 0.25),
        (Bound::Above(10.0), 8.0, false, -2.0),
        (HALF, 1.0, true, 0.25),
        (HALF, 0.0, true, 0.25),
        (HALF, 0.375, false, -0.125),
    ] {
        let answer = Gate::new("it", bound).ask(Figure::of(value));
        assert_eq!((answer.passed, answer.margin), (passed, Some(margin)), "{bound:?}");
        assert_eq!(answer.threshold, bound.threshold());
    }
}

#[test]
fn a_figure_at_its_threshold_passes_unless_it_must_be_beyond() {
    let passes = |bound: Bound, value| Gate::new("it", bound).ask(Figure::of(value)).passed;
    assert!(passes(Bound::AtLeast(0.95), 0.95) && passes(Bound::AtMost(0.2), 0.2));
    assert!(!passes(Bound::Below(0.2), 0.2) && !passes(Bound::Above(10.0), 10.0));
    assert!(!passes(HALF, 0.25) && !passes(HALF, 0.75));
}

#[test]
fn a_missing_figure_fails_whatever_the_rule_and_says_why() {
    let bounds = [
        Bound::AtLeast(-1e300),
        Bound::AtMost(1e300),
        Bound::Below(1e300),
        Bound::Above(-1e300),
        Bound::AwayFrom { value: 1e300, by: 0.0 },
    ];
    for bound in bounds {
        assert!(Gate::new("dsr", bound).ask(Figure::of(0.0)).passed);
        let answer = Gate::new("dsr", bound).ask(Missing::TooFewReturns.into());
        assert!(!answer.passed);
        assert_eq!(answer.margin, None);
        assert_eq!(answer.missing, Some(Missing::TooFewReturns.to_string()));
        assert_eq!(answer.reason(), "`dsr` is missing: there are fewer than three returns");
    }
}

#[test]
fn the_reason_says_where_the_figure_is_and_by_how_much() {
    for (bound, value, said) in [
        (Bound::AtLeast(1.0), 0.85, "0.85: less than 1 by 0.15"),
        (Bound::AtLeast(1.0), 1.0, "1: at least 1, with 0 to spare"),
        (Bound::AtMost(0.5), 0.75, "0.75: more than 0.5 by 0.25"),
        (Bound::AtMost(0.5), 0.25, "0.25: at most 0.5, with 0.25 to spare"),
        (Bound::Below(0.2), 0.1, "0.1: less than 0.2 by 0.1"),
        (Bound::Below(0.2), 0.2, "0.2: not less than 0.2"),
        (Bound::Below(0.2), 0.3, "0.3: more than 0.2 by 0.1"),
        (Bound::Above(10.0), 12.0, "12: more than 10 by 2"),
        (Bound::Above(10.0), 10.0, "10: not more than 10"),
        (Bound::Above(10.0), 8.0, "8: less than 10 by 2"),
        (HALF, 0.498, "0.498: only 0.002 away from 0.5, which must be more than 0.25"),
        (HALF, 0.875, "0.875: 0.375 away from 0.5, which is more than 0.25"),
    ] {
        assert_eq!(Gate::new("it", bound).ask(Figure::of(value)).reason(), format!("`it` is {said}"));
    }
}

#[test]
fn a_verdict_accepts_what_every_gate_passes() {
    let gates = overfitting_gates();
    let verdict = |dsr: f64, pbo: f64| {
        Verdict::of(&gates, |name| Figure::of(if name == "dsr" { dsr } else { pbo })).accepted
    };
    assert!(verdict(0.96, 0.1));
    assert!(!verdict(0.94, 0.1));
    assert!(!verdict(0.96, 0.3));
}

#[test]
fn no_gate_at_all_accepts_nothing() {
    assert!(!Verdict::of(&[], |_| Figure::of(1.0)).accepted);
}

#[test]
fn an_answer_is_written_with_its_rule() {
    let answer = Gate::new("dsr", Bound::AtLeast(0.5)).ask(Figure::of(0.75));
    assert_eq!(
        serde_json::to_string(&answer).unwrap(),
        r#"{"figure":"dsr","at_least":0.5,"value":0.75,"threshold":0.5,"margin":0.25,"passed":true,"#
            .to_owned()
            + r#""reason":"`dsr` is 0.75: at least 0.5, with 0.25 to spare"}"#
    );
}

#[test]
fn a_gate_is_read_as_it_is_written() {
    for (text, bound) in [
        ("at_least = 1.5", Bound::AtLeast(1.5)),
        ("at_most = 1.5", Bound::AtMost(1.5)),
        ("below = 1.5", Bound::Below(1.5)),
        ("above = 10", Bound::Above(10.0)),
        ("away_from = { value = 0.5, by = 0.25 }", HALF),
    ] {
        let gate: Gate = toml::from_str(&format!("figure = \"it\"\n{text}")).unwrap();
        assert_eq!(gate, Gate::new("it", bound));
        let json = serde_json::to_string(&gate).unwrap();
        assert_eq!(serde_json::from_str::<Gate>(&json).unwrap(), gate, "{json}");
    }
}

#[test]
fn a_gate_without_one_finite_bound_is_refused() {
    for text in [
        "",
        "at_least = 1\nat_most = 2",
        "above = nan",
        "below = inf",
        "away_from = { value = 0.5 }",
        "away_from = { value = 0.5, by = -0.1 }",
        "away_from = { value = 0.5, by = nan }",
        "away_from = { value = inf, by = 0.1 }",
        "at_lest = 1",
        "at_least = 1\nextra = 1",
    ] {
        let refused = toml::from_str::<Gate>(&format!("figure = \"it\"\n{text}"));
        assert!(refused.is_err(), "{text}");
    }
    let said = toml::from_str::<Gate>("figure = \"it\"").unwrap_err().to_string();
    assert!(said.contains("gate on `it`: give it one of `at_least`"), "{said}");
}

#[test]
fn an_answer_that_contradicts_its_numbers_is_put_right_when_it_is_read() {
    let forged = r#"{"gates":[{"figure":"dsr","at_least":0.5,"value":0.25,"margin":9,"passed":true}],"accepted":true}"#;
    let verdict: Verdict = serde_json::from_str(forged).unwrap();
    assert!(!verdict.accepted && !verdict.gates[0].passed);
    assert_eq!(verdict.gates[0].margin, Some(-0.25));
}

#[test]
fn an_answer_without_a_figure_and_without_a_known_reason_is_refused() {
    let read = |rest: &str| {
        serde_json::from_str::<GateAnswer>(&format!(r#"{{"figure":"dsr","at_least":0.5,"value":{rest}}}"#))
    };
    assert!(read("0.5").is_ok() && read(r#"null,"missing":"the run has no data""#).is_ok());
    assert!(read("null").is_err());
    let said = read(r#"null,"missing":"bad luck""#).unwrap_err().to_string();
    assert!(said.contains("gate on `dsr`: no such reason for a missing figure: `bad luck`"), "{said}");
}

fn bounds() -> impl Strategy<Value = Bound> {
    let number = -1e3..1e3_f64;
    prop_oneof![
        number.clone().prop_map(Bound::AtLeast),
        number.clone().prop_map(Bound::AtMost),
        number.clone().prop_map(Bound::Below),
        number.clone().prop_map(Bound::Above),
        (number, 0.0..1e3_f64).prop_map(|(value, by)| Bound::AwayFrom { value, by }),
    ]
}

proptest! {
    #[test]
    fn the_sign_of_the_margin_is_the_answer(bound in bounds(), value in -3e3..3e3_f64) {
        let margin = bound.margin(value);
        prop_assume!(margin != 0.0);
        prop_assert_eq!(bound.admits(value), margin > 0.0);
    }

    #[test]
    fn a_verdict_is_read_back_as_it_was_written(
        asked in prop::collection::vec((bounds(), prop_oneof![
            (-1000..1000_i32).prop_map(|it| Figure::of(f64::from(it) / 8.0)),
            (0..Missing::ALL.len()).prop_map(|at| Missing::ALL[at].into()),
        ]), 0..4),
    ) {
        let answers: Vec<GateAnswer> =
            asked.into_iter().map(|(bound, figure)| Gate::new("it", bound).ask(figure)).collect();
        let verdict = Verdict::from(answers);
        let json = serde_json::to_string(&verdict).unwrap();
        let read: Verdict = serde_json::from_str(&json).unwrap();
        prop_assert_eq!(read.accepted, verdict.accepted);
        prop_assert_eq!(serde_json::to_string(&read).unwrap(), json);
    }
}
