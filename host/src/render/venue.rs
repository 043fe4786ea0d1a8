//! A venue's policy as people read it: all of it, on one line.

use stratbox_domain::{
    FeeModel, FillAt, InstrumentPolicy, LimitFill, MakerTaker, PerShare, SlippageModel, VenuePolicy,
};

use super::text::{counted, grouped, inline};

/// The conventions under which the figures came about.
pub(crate) fn venue(policy: &VenuePolicy) -> String {
    let currency = policy.currency.as_ref().map(|name| format!(" {}", inline(name))).unwrap_or_default();
    let mut text = format!(
        "cash {}{currency}, {}, {}, leverage {}, {}, at most {}, {} at a time and {} in all; {}, limits {}",
        policy.initial_cash,
        fees(policy),
        slippage(policy),
        policy.leverage,
        if policy.allow_short { "short sales allowed" } else { "no short sales" },
        counted(u64::from(policy.max_open_orders), "open order"),
        grouped(u64::from(policy.max_orders_per_bar)),
        grouped(u64::from(policy.max_orders)),
        match policy.fill_at {
            FillAt::NextOpen => "market orders fill at the next bar's open",
            FillAt::SameClose => "market orders fill at the close of the bar they are sent on",
        },
        match policy.limit_fill {
            LimitFill::Touch => "when touched",
            LimitFill::Penetrate => "when penetrated",
        },
    );
    // What is not charged or bounded is not named.
    if let Some(share) = policy.volume_share {
        text += &format!(", at most {share} of a bar's volume");
    }
    if policy.maintenance_margin > 0.0 {
        text += &format!(", closed out below {} of exposure", policy.maintenance_margin);
    }
    for (name, rate) in [
        ("borrowing", policy.borrow_bps_a_year),
        ("interest", policy.interest_bps_a_year),
        ("debit interest", policy.debit_bps_a_year),
    ] {
        if rate > 0.0 {
            text += &format!(", {name} {rate} bps a year");
        }
    }
    policy.instruments.iter().for_each(|(symbol, policy)| text += &instrument(symbol, policy));
    if let Some(reason) = policy.optimistic() {
        text += &format!("; OPTIMISTIC: {reason}");
    }
    text
}

fn fees(policy: &VenuePolicy) -> String {
    match policy.fees {
        FeeModel::BasisPoints => format!("fee {} bps", policy.fee_bps),
        FeeModel::PerShare(PerShare { amount, minimum, maximum_share }) => {
            let most = maximum_share.map(|share| format!(", at most {share} of the value"));
            format!("fee {amount} a unit, at least {minimum}{}", most.unwrap_or_default())
        }
        FeeModel::MakerTaker(MakerTaker { maker_bps, taker_bps }) => {
            format!("fee {maker_bps} bps for makers and {taker_bps} bps for takers")
        }
    }
}

fn slippage(policy: &VenuePolicy) -> String {
    match policy.slippage {
        SlippageModel::BasisPoints => format!("slippage {} bps", policy.slippage_bps),
        SlippageModel::HalfSpreadBps(bps) => format!("half a spread of {bps} bps"),
        SlippageModel::HalfSpread(price) => format!("half a spread of {price}"),
        SlippageModel::ShareOfRange(share) => format!("slippage {share} of the bar's range"),
        SlippageModel::SquareRootImpact(coefficient) => {
            format!("square-root impact with coefficient {coefficient}")
        }
    }
}

fn instrument(symbol: &str, policy: &InstrumentPolicy) -> String {
    let steps = [("tick", policy.tick), ("lot", policy.lot), ("at least", policy.min_quantity)];
    let named = steps.iter().filter(|(_, step)| *step > 0.0).map(|(name, step)| format!(" {name} {step}"));
    let currency = policy.currency.iter().map(|name| format!(" in {}", inline(name)));
    let text: String = named.chain(currency).collect();
    if text.is_empty() { text } else { format!("; {}{text}", inline(symbol)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_figure_goes_without_the_whole_policy() {
        let text = venue(&VenuePolicy { allow_short: false, ..VenuePolicy::default() });
        assert_eq!(
            text,
            "cash 100000, fee 5 bps, slippage 0 bps, leverage 1, no short sales, at most 1,000 open orders, 1,000 at a time and 1,000,000 in all; market \
             orders fill at the next bar's open, limits when touched"
        );
    }

    #[test]
    fn what_is_set_is_named() {
        let of = |symbol: &str, policy| [(symbol.to_owned(), policy)].into();
        let policy = VenuePolicy {
            currency: Some("USD".to_owned()),
            fee_bps: 0.0,
            fees: FeeModel::PerShare(PerShare { amount: 0.005, minimum: 1.0, maximum_share: Some(0.01) }),
            slippage: SlippageModel::SquareRootImpact(0.5),
            limit_fill: LimitFill::Penetrate,
            volume_share: Some(0.1),
            maintenance_margin: 0.25,
            borrow_bps_a_year: 50.0,
            debit_bps_a_year: 600.0,
            instruments: of("SPY", InstrumentPolicy { tick: 0.01, lot: 1.0, ..InstrumentPolicy::default() }),
            ..VenuePolicy::default()
        };
        assert_eq!(
            venue(&policy),
            "cash 100000 USD, fee 0.005 a unit, at least 1, at most 0.01 of the value, square-root impact with coefficient 0.5, leverage 1, \
             short sales allowed, at most 1,000 open orders, 1,000 at a time and 1,000,000 in all; market orders fill at the next bar's open, \
             limits when penetrated, at most 0.1 of a bar's volume, closed out below 0.25 of exposure, borrowing 50 bps a year, \
             debit interest 600 bps a year; SPY tick 0.01 lot 1"
        );
    }

    #[test]
    fn fills_at_the_same_close_are_marked_as_optimistic() {
        let text = venue(&VenuePolicy { fill_at: FillAt::SameClose, ..VenuePolicy::default() });
        assert!(text.contains("; OPTIMISTIC: market orders fill at the close"), "{text}");
    }

    #[test]
    fn a_symbol_cannot_start_a_line() {
        let policy = InstrumentPolicy { tick: 1.0, ..InstrumentPolicy::default() };
        assert_eq!(instrument("A\nB", &policy), r"; A\u{a}B tick 1");
    }
}
