use super::*;
use crate::Instrument;

fn refusal(policy: &VenuePolicy) -> String {
    policy.validate().map_err(|error| error.to_string()).unwrap_err()
}

fn with(symbol: &str, policy: InstrumentPolicy) -> VenuePolicy {
    VenuePolicy { instruments: [(symbol.to_owned(), policy)].into(), ..VenuePolicy::default() }
}

fn per_share(amount: f64, minimum: f64, maximum_share: Option<f64>) -> VenuePolicy {
    let fees = FeeModel::PerShare(PerShare { amount, minimum, maximum_share });
    VenuePolicy { fee_bps: 0.0, fees, ..VenuePolicy::default() }
}

#[test]
fn the_defaults_and_every_model_are_valid() {
    let policy = VenuePolicy::default();
    let slippage = |slippage| VenuePolicy { slippage, ..VenuePolicy::default() };
    let maker = FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: 4.0 });
    for policy in [
        policy.clone(),
        per_share(0.005, 1.0, Some(0.01)),
        VenuePolicy { fee_bps: 0.0, fees: maker, ..policy.clone() },
        slippage(SlippageModel::HalfSpreadBps(2.0)),
        slippage(SlippageModel::HalfSpread(0.01)),
        slippage(SlippageModel::ShareOfRange(0.1)),
        slippage(SlippageModel::SquareRootImpact(1.0)),
        VenuePolicy { leverage: 4.0, maintenance_margin: 0.25, ..policy.clone() },
        VenuePolicy { volume_share: Some(0.05), ..policy },
        with("A", InstrumentPolicy { tick: 0.01, lot: 100.0, min_quantity: 1.0, currency: None }),
    ] {
        assert_eq!(policy.validate(), Ok(()), "{policy:?}");
    }
}

#[test]
fn a_number_that_is_none_is_refused_in_every_field() {
    let policy = VenuePolicy::default;
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -1.0, 1e300] {
        let slippage = |slippage| VenuePolicy { slippage, ..policy() };
        let maker = FeeModel::MakerTaker(MakerTaker { maker_bps: bad, taker_bps: 1.0 });
        let taker = FeeModel::MakerTaker(MakerTaker { maker_bps: 1.0, taker_bps: bad });
        let cases = [
            ("initial_cash", VenuePolicy { initial_cash: bad, ..policy() }),
            ("fee_bps", VenuePolicy { fee_bps: bad, ..policy() }),
            ("slippage_bps", VenuePolicy { slippage_bps: bad, ..policy() }),
            ("volume_share", VenuePolicy { volume_share: Some(bad), ..policy() }),
            ("leverage", VenuePolicy { leverage: bad, ..policy() }),
            ("maintenance_margin", VenuePolicy { maintenance_margin: bad, ..policy() }),
            ("borrow_bps_a_year", VenuePolicy { borrow_bps_a_year: bad, ..policy() }),
            ("interest_bps_a_year", VenuePolicy { interest_bps_a_year: bad, ..policy() }),
            ("debit_bps_a_year", VenuePolicy { debit_bps_a_year: bad, ..policy() }),
            ("fees.per_share.amount", per_share(bad, 1.0, None)),
            ("fees.per_share.minimum", per_share(1.0, bad, None)),
            ("fees.per_share.maximum_share", per_share(1.0, 1.0, Some(bad))),
            ("fees.maker_taker.maker_bps", VenuePolicy { fees: maker, fee_bps: 0.0, ..policy() }),
            ("fees.maker_taker.taker_bps", VenuePolicy { fees: taker, fee_bps: 0.0, ..policy() }),
            ("slippage.half_spread_bps", slippage(SlippageModel::HalfSpreadBps(bad))),
            ("slippage.half_spread", slippage(SlippageModel::HalfSpread(bad))),
            ("slippage.share_of_range", slippage(SlippageModel::ShareOfRange(bad))),
            ("slippage.square_root_impact", slippage(SlippageModel::SquareRootImpact(bad))),
            ("instruments.A.tick", with("A", InstrumentPolicy { tick: bad, ..Default::default() })),
            ("instruments.A.lot", with("A", InstrumentPolicy { lot: bad, ..Default::default() })),
            (
                "instruments.A.min_quantity",
                with("A", InstrumentPolicy { min_quantity: bad, ..Default::default() }),
            ),
        ];
        for (field, policy) in cases {
            let words = refusal(&policy);
            assert!(words.starts_with(&format!("`{field}` is `{bad}`: it must be ")), "{words}");
        }
    }
}

#[test]
fn two_models_at_once_are_refused() {
    let both = VenuePolicy { fee_bps: 5.0, ..per_share(0.01, 0.0, None) };
    assert_eq!(
        refusal(&both),
        "`fee_bps` is `5`: it must be 0 or left out, since `fees` names another model"
    );
    let slippage = SlippageModel::ShareOfRange(0.1);
    let both = VenuePolicy { slippage_bps: 2.0, slippage, ..VenuePolicy::default() };
    assert!(refusal(&both).starts_with("`slippage_bps` is `2`"));
}

#[test]
fn a_maintenance_margin_leaves_room_for_the_leverage() {
    let policy = VenuePolicy { leverage: 4.0, maintenance_margin: 0.3, ..VenuePolicy::default() };
    assert!(
        refusal(&policy).ends_with("at most 1 / `leverage`: more would close out what is just affordable")
    );
}

#[test]
fn a_second_currency_is_refused_in_words() {
    let euro = InstrumentPolicy { currency: Some("EUR".to_owned()), ..Default::default() };
    let account = |currency: Option<&str>| VenuePolicy {
        currency: currency.map(str::to_owned),
        ..with("A", euro.clone())
    };
    assert_eq!(account(Some("EUR")).validate(), Ok(()));
    assert_eq!(
        refusal(&account(Some("USD"))),
        "`instruments.A.currency` is `EUR`: it must be `USD`, the account's: several currencies are not supported"
    );
    assert!(refusal(&account(None)).ends_with("several currencies are not supported"));
    let odd = VenuePolicy { currency: Some("us\ndollar".to_owned()), ..VenuePolicy::default() };
    assert!(refusal(&odd).starts_with(r"`currency` is `us\ndollar`"));
}

#[test]
fn increments_come_by_symbol_and_an_unknown_symbol_is_named_with_the_known_ones() {
    let policy = with("B", InstrumentPolicy { tick: 0.5, lot: 10.0, ..Default::default() });
    let instruments = |symbols: &[&str]| -> Vec<Instrument> {
        symbols.iter().map(|symbol| Instrument { symbol: (*symbol).to_owned() }).collect()
    };
    let increments = policy.increments(&instruments(&["A", "B"])).unwrap();
    assert_eq!(increments, [Increments::default(), Increments { tick: 0.5, lot: 10.0, min_quantity: 0.0 }]);
    assert_eq!(
        policy.increments(&instruments(&["A", "C"])).unwrap_err().to_string(),
        "`instruments` names `B`, which is no instrument of this run that can be traded: there is `A`, `C`"
    );
}

#[cfg(feature = "host")]
mod written {
    use super::*;

    fn read(text: &str) -> Result<VenuePolicy, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        assert_eq!(read("{}").unwrap(), VenuePolicy::default());
    }

    #[test]
    fn another_fee_model_takes_the_place_of_the_default_basis_points() {
        let policy = read(r#"{"fees": {"per_share": {"amount": 0.005, "minimum": 1}}}"#).unwrap();
        assert_eq!(policy, per_share(0.005, 1.0, None));
        let both = read(r#"{"fee_bps": 5, "fees": {"per_share": {"amount": 0.005}}}"#).unwrap();
        assert!(both.validate().is_err());
    }

    #[test]
    fn what_is_written_is_read_back() {
        let policy = VenuePolicy {
            currency: Some("USD".to_owned()),
            slippage: SlippageModel::SquareRootImpact(0.5),
            fill_at: FillAt::SameClose,
            limit_fill: LimitFill::Penetrate,
            volume_share: Some(0.1),
            instruments: with("BRK.B", InstrumentPolicy { tick: 0.01, ..Default::default() }).instruments,
            ..per_share(0.005, 1.0, Some(0.01))
        };
        for policy in [policy, VenuePolicy::default()] {
            let text = serde_json::to_string(&policy).unwrap();
            assert_eq!(read(&text).unwrap(), policy, "{text}");
        }
    }

    #[test]
    fn unknown_keys_are_refused_at_every_depth() {
        for text in [
            r#"{"fee": 5}"#,
            r#"{"fees": {"per_share": {"amount": 1, "most": 2}}}"#,
            r#"{"fees": {"per_unit": {"amount": 1}}}"#,
            r#"{"slippage": {"magic": 1}}"#,
            r#"{"instruments": {"A": {"ticks": 1}}}"#,
        ] {
            let words = read(text).unwrap_err();
            assert!(words.contains("unknown"), "{words}");
        }
    }

    #[test]
    fn a_list_of_currencies_is_refused_in_words() {
        let words = read(r#"{"currency": ["USD", "EUR"]}"#).unwrap_err();
        assert!(words.starts_with("several currencies are not supported"), "{words}");
    }
}
